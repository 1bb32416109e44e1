"""A process that dies anywhere, or an answer that is lost anywhere, changes when things happen and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from tests.sync.rich_world import Settled, after_the_storm, deliver_tasks, rich_world, settled, uninterrupted
from tests.world import Crash, World, link

from contact_sync.contacts.side import Side
from contact_sync.errors import TransientForAll


@pytest.fixture(scope="module")
def undisturbed() -> Settled:
    """How the rich world settles when nothing happens to it."""
    return uninterrupted()


def test_the_undisturbed_run_does_what_the_crashes_are_to_interrupt(undisturbed: Settled) -> None:
    world = rich_world()
    counts = world.sync()["counts"]
    done = {"sugar_created": 2, "google_created": 2, "sugar_updated": 3, "google_updated": 3, "merged": 1}
    assert counts == done | {"sugar_deleted": 1, "google_deleted": 1}
    assert undisturbed.deletions == {("sugar", "eve@x.test"): 1, ("google", "dan@x.test"): 1}
    assert undisturbed.losses == {("sugar", "title", "Baker"): 1}
    assert undisturbed.sugar == undisturbed.google
    assert undisturbed.backlog == ()


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_that_dies_around_any_outside_call_loses_and_doubles_nothing(
    undisturbed: Settled, side: Side, when: str
) -> None:
    died = 0
    for k in itertools.count(1):
        world = rich_world()
        with world.dying(side, k, when):
            if not _dies(world):
                break
        died += 1
        assert after_the_storm(world) == undisturbed, f"died {when} call {k} to {side}"
    assert died >= 3


@pytest.mark.parametrize("hook", ["before_commit", "after_commit"])
def test_a_process_that_dies_around_any_commit_loses_and_doubles_nothing(
    undisturbed: Settled, hook: str
) -> None:
    died = 0
    for k in itertools.count(1):
        world = rich_world()
        setattr(world.firestore, hook, _at(k, Crash()))
        if not _dies(world):
            break
        setattr(world.firestore, hook, None)
        died += 1
        assert after_the_storm(world) == undisturbed, f"died in {hook} {k}"
    assert died >= 5


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
@pytest.mark.parametrize("side", list(Side))
def test_a_connection_lost_at_any_call_loses_and_doubles_nothing(
    undisturbed: Settled, side: Side, kind: str
) -> None:
    for k, world in _worlds():
        if side is Side.SUGAR:
            world.sugar.faults.add(kind, "^/bulk$", skip=k)
        else:
            world.google.faults.add(kind, after=k)
        if not _was_disturbed(world, side):
            break
        assert after_the_storm(world) == undisturbed, f"{kind} at call {k + 1} to {side}"
    assert k >= 3


@pytest.mark.parametrize("side", list(Side))
def test_an_answer_that_comes_too_late_loses_and_doubles_nothing(undisturbed: Settled, side: Side) -> None:
    for k, world in _worlds():
        if side is Side.SUGAR:
            world.sugar.faults.add("slow", "^/bulk$", skip=k, seconds=120)
        else:
            world.google.faults.add("slow", after=k, seconds=120)
        if not _was_disturbed(world, side):
            break
        assert after_the_storm(world) == undisturbed, f"call {k + 1} to {side}"
    assert k >= 3


def test_a_server_error_for_a_write_that_took_effect_loses_and_doubles_nothing(undisturbed: Settled) -> None:
    """A proxy in front of either server may answer 502 for what the server has carried out."""
    for side in Side:
        for k in itertools.count(1):
            world = rich_world()
            transport = world.sugar_transport if side is Side.SUGAR else world.google_transport
            struck: list[int] = []
            transport.after = _spoil(k, struck)
            _run(world)
            transport.after = None
            if not struck:
                break
            assert after_the_storm(world) == undisturbed, f"502 after call {k} to {side}"
        assert k >= 3


@pytest.mark.parametrize("side", list(Side))
def test_a_run_that_died_and_is_delivered_again_under_its_id_loses_and_doubles_nothing(
    undisturbed: Settled, side: Side
) -> None:
    """The queue delivers the same task again, run id and all."""
    for k in itertools.count(1):
        world = rich_world()
        with world.dying(side, k, "after"):
            if not _dies(world, run_id="asked"):
                break
        world.clock.advance(minutes=16)
        world.engine = world.make_engine()
        world.sync(run_id="asked")
        assert after_the_storm(world) == undisturbed, f"died after call {k} to {side}"


@pytest.mark.parametrize(("side", "delay"), [(Side.SUGAR, 0), (Side.GOOGLE, 0), (Side.GOOGLE, 5 * 60)])
def test_the_queue_alone_brings_a_run_that_died_to_its_end(
    undisturbed: Settled, side: Side, delay: float
) -> None:
    """Nobody presses a button and no schedule is on: the dead run's task is delivered again, and its successors.
    Google's feed may lag by minutes."""
    for k in itertools.count(1):
        world = rich_world(delay=delay)
        with world.dying(side, k, "after"):
            if not _dies(world):
                break
        world.engine = world.make_engine()
        deliver_tasks(world)
        assert settled(world) == undisturbed, f"died after call {k} to {side}"


def test_a_process_that_dies_again_while_it_mends_a_crash_loses_and_doubles_nothing(
    undisturbed: Settled,
) -> None:
    """The run that finds out what became of a dead one's writes dies around its own calls as well."""
    for k in range(1, 7):
        world = rich_world()
        with world.dying(Side.SUGAR, 3, "after"):
            assert _dies(world)
        world.clock.advance(minutes=16)
        world.engine = world.make_engine()
        with world.dying(Side.GOOGLE if k % 2 else Side.SUGAR, 1 + k // 2, "after"):
            _dies(world)
        assert after_the_storm(world) == undisturbed, f"second crash {k}"


def _dies(world: World, **more: Any) -> bool:
    try:
        world.sync(**more)
    except Crash:
        return True
    return False


def _run(world: World) -> None:
    """One run as the queue sees it: a fault that all users share is raised, everything else is recorded."""
    with suppress(TransientForAll):
        world.sync()


def _worlds() -> Iterator[tuple[int, World]]:
    return ((k, rich_world()) for k in itertools.count())


def _was_disturbed(world: World, side: Side) -> bool:
    """Run; whether the planned fault struck."""
    _run(world)
    if side is Side.SUGAR:
        return bool(world.sugar.faults.struck)
    left = world.google.faults.strike("GET", "/never")
    return not any((left.slow, left.drop_before, left.drop_after))


def _at(k: int, error: BaseException) -> Callable[[Any], None]:
    """A hook that raises at its k-th call."""
    counter = itertools.count(1)

    def hook(_request: Any) -> None:
        if next(counter) == k:
            raise error

    return hook


def _spoil(k: int, struck: list[int]) -> Callable[[Any, Any], None]:
    """Replace the k-th answer by a proxy's error page."""
    counter = itertools.count(1)

    def after(_request: Any, response: Any) -> None:
        if next(counter) == k:
            struck.append(k)
            response.status_code, response.reason = 502, "Bad Gateway"
            response.headers.update({"Content-Type": "text/html"})
            response._content = b"<html>Bad Gateway</html>"

    return after


@pytest.mark.parametrize("put_back", ["title", "phone_mobile"])
def test_one_value_put_back_after_a_crash_costs_no_other_its_place_in_the_history(put_back: str) -> None:
    world = World()
    old = {"title": "Baker", "phone_mobile": "+34 600 000 001"}
    sugar_id, google_id = link(world)
    world.sugar.edit_contact(sugar_id, **old)
    world.clock.advance(minutes=1)
    world.edit_google(
        google_id,
        organizations=[{"title": "Cook"}],
        phoneNumbers=[{"value": "+34 600 000 002", "type": "mobile"}],
    )
    written = len(world.sugar.writes)
    for k in itertools.count(1):
        with world.dying(Side.SUGAR, k, "after"), suppress(Crash):
            world.sync()
        if len(world.sugar.writes) > written:
            break
        world.clock.advance(minutes=6)
    world.sugar.edit_contact(sugar_id, **{put_back: old[put_back]})
    world.clock.advance(minutes=6)
    world.engine = world.make_engine()
    world.settle()
    lost = {change.field: change.lost for entry in world.history() for change in entry.changes if change.lost}
    assert lost == old
