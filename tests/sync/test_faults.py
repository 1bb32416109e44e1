"""Faults of the other systems change when things happen, not what comes of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from tests.sync.rich_world import Settled, after_the_storm, assert_sound, rich_world, uninterrupted
from tests.world import WITH_DELETES, Auto, World

from contact_sync.errors import TransientForAll
from contact_sync.store import runs
from local_stack.firestore.errors import StatusError

SUGAR_FAULTS = ("500 db_error", "503 maintenance", "502 html", "429", "401")
GOOGLE_FAULTS = ("429 rate", "429 fbs", "500", "502 html", "503", "401")


@pytest.fixture(scope="module")
def undisturbed() -> Settled:
    """How the rich world settles when nothing happens to it."""
    return uninterrupted()


@pytest.mark.parametrize("kind", SUGAR_FAULTS)
def test_a_fault_of_sugar_at_any_call_changes_only_the_time(undisturbed: Settled, kind: str) -> None:
    for k in itertools.count():
        world = rich_world()
        world.sugar.faults.add(kind, "^/(bulk|oauth2)", skip=k)
        _run(world)
        if not world.sugar.faults.struck:
            break
        assert after_the_storm(world) == undisturbed, f"{kind} at call {k + 1}"
    assert k >= 3


@pytest.mark.parametrize("kind", GOOGLE_FAULTS)
def test_a_fault_of_google_at_any_call_changes_only_the_time(undisturbed: Settled, kind: str) -> None:
    for k in range(_google_calls()):
        world = rich_world()
        world.google.faults.add(kind, "/v1/people", after=k)
        _run(world)
        assert after_the_storm(world) == undisturbed, f"{kind} at call {k + 1}"


@pytest.mark.parametrize("kind", ["503 maintenance", "502 html", "429", "drop_after"])
def test_a_fault_of_sugar_at_any_call_of_a_first_sync_changes_only_the_time(kind: str) -> None:
    for k in itertools.count():
        world = first_sync_world()
        world.sugar.faults.add(kind, skip=k)
        _run(world)
        if not world.sugar.faults.struck:
            break
        world.clock.advance(minutes=6)
        world.settle()
        assert world.sugar_names() == world.google_names() == ["Ana Ruiz", "Ben Okafor", "Cleo Adams"], k
        assert_sound(world)
    assert k >= 6


@pytest.mark.parametrize("kind", ["503", "429 fbs", "drop_before"])
def test_a_fault_of_google_at_any_call_of_a_first_sync_changes_only_the_time(kind: str) -> None:
    for k in range(6):
        world = first_sync_world()
        world.google.faults.add(kind, after=k)
        _run(world)
        world.clock.advance(minutes=6)
        world.settle()
        assert world.sugar_names() == world.google_names() == ["Ana Ruiz", "Ben Okafor", "Cleo Adams"], k
        assert_sound(world)


def test_an_hour_without_google_is_caught_up_by_itself(undisturbed: Settled) -> None:
    world = rich_world()
    world.google.faults.add("503", times=None)
    for _ in range(12):
        world.sync()
        world.clock.advance(minutes=5)
    world.google.faults.clear()
    assert after_the_storm(world) == undisturbed


def test_a_transient_fault_is_answered_with_one_later_task_that_counts_the_attempts() -> None:
    world = World()
    world.settle()
    world.google.faults.add("503", times=None)
    world.tasks.clear()
    asked = {"trigger": "manual", "attempt": 0}
    delays = []
    for _ in range(7):
        world.sync(asked["trigger"], attempt=asked["attempt"])
        if not world.tasks:
            break
        [(payload, _, at)] = world.tasks
        world.tasks.clear()
        assert at is not None
        delays.append((at - world.clock.now()).total_seconds())
        asked = dict(payload)
        world.clock.time = at
    assert delays == [30, 60, 120, 240, 480, 960]
    assert world.user().connection_message


# What all users share


@pytest.mark.parametrize("k", range(4))
def test_sugar_in_maintenance_is_told_to_the_queue_and_the_lease_is_given_back(k: int) -> None:
    world = rich_world()
    world.sugar.faults.add("503 maintenance", "^/bulk$", skip=k, times=None)
    if k < 3:
        with pytest.raises(TransientForAll) as raised:
            world.sync()
        assert raised.value.code == "sugar_down"
    assert world.user().lease is None
    assert world.user().connection == "connected"


@pytest.mark.parametrize("trigger", ["manual", "preview", "schedule"])
def test_who_ordered_a_run_is_told_what_it_waits_for(trigger: str) -> None:
    world = rich_world()
    world.sugar.faults.add("503 maintenance", "^/bulk$", times=1)
    with pytest.raises(TransientForAll):
        world.sync(trigger, run_id="r1")
    told = runs.get(world.engine.db, world.first.sub, "r1")
    if trigger == "schedule":
        assert told is None
        return
    assert told is not None
    assert (told.phase, told.finished, told.error) == ("queued", None, "sugar_down")
    world.sync(trigger, run_id="r1")
    over = runs.get(world.engine.db, world.first.sub, "r1")
    assert over is not None
    assert (over.finished is not None, over.error) == (True, None)


@pytest.mark.parametrize("hook", ["before_commit", "after_commit"])
def test_firestore_unavailable_at_any_commit_changes_only_the_time(undisturbed: Settled, hook: str) -> None:
    for k in itertools.count(1):
        world = rich_world()
        struck: list[int] = []
        setattr(world.firestore, hook, _unavailable(k, struck))
        _run(world)
        setattr(world.firestore, hook, None)
        if not struck:
            break
        assert after_the_storm(world) == undisturbed, f"{hook} {k}"
    assert k >= 5


def test_firestore_down_for_good_ends_the_run_with_a_fault_for_all() -> None:
    world = rich_world()
    world.firestore.before_commit = _unavailable(None, [])
    with pytest.raises(TransientForAll) as raised:
        world.sync()
    assert raised.value.code == "firestore_unavailable"


# What the operator must see to


def test_a_wrong_sugar_password_stops_the_run_and_is_not_tried_over_and_over() -> None:
    world = World()
    world.set(auto=Auto(enabled=True))
    world.sugar.edit_user("svc", password="changed")
    world.sugar_transport.calls.clear()
    summaries = [world.sync("schedule") for _ in range(5)]
    assert {summary["error"] for summary in summaries} == {"sugar_credentials"}
    assert sum("oauth2/token" in path for _, path in world.sugar_transport.calls) == 1
    assert world.user().connection == "connected"
    assert world.tasks == []


@pytest.mark.parametrize("platform", ["gsync", "gsync_user"])
def test_an_unregistered_platform_stops_the_run_and_is_no_fault_of_the_user(platform: str) -> None:
    world = World()
    world.sugar.platforms.discard(platform)
    assert world.sync()["error"] == "sugar_platform"
    assert world.user().connection == "connected"
    world.sugar.platforms.add(platform)
    world.clock.advance(minutes=2)
    assert world.sync()["error"] is None


def first_sync_world() -> World:
    """A new user with one contact of their own on each side, and one on both."""
    world = World()
    world.set(from_sugar=WITH_DELETES.from_sugar, from_google=WITH_DELETES.from_google)
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.add_google("Ben", "Okafor", "ben@x.test")
    world.add_sugar(first_name="Cleo", last_name="Adams", email="cleo@x.test", title="Vet")
    world.add_google("Cleo", "Adams", "cleo@x.test")
    return world


def _run(world: World) -> dict[str, Any]:
    """One run as the queue sees it: a fault that all users share is raised, everything else is recorded."""
    try:
        return world.sync()
    except TransientForAll as error:
        return {"error": error.code}


def _google_calls() -> int:
    world = rich_world()
    world.sync()
    return world.calls()[1]


def _unavailable(k: int | None, struck: list[int]) -> Callable[[Any], None]:
    """A hook with which Firestore fails at its k-th commit, or at each (None)."""
    counter = itertools.count(1)

    def hook(_request: Any) -> None:
        number = next(counter)
        if k in (None, number):
            struck.append(number)
            raise StatusError(grpc.StatusCode.UNAVAILABLE, "The service is currently unavailable.")

    return hook
