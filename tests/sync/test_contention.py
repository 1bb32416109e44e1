"""A document that others keep writing: what is ours is written in the end, after pauses, and never over theirs."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from tests.sync.ordering import deliver, run
from tests.world import Auto, World

from contact_sync.errors import TransientForAll
from contact_sync.store import users
from contact_sync.sync import orders
from local_stack.firestore.errors import StatusError


def touched(world: World, times: int, *, leased: bool) -> list[int]:
    """Have somebody write the user document before so many commits of ours, with or without the lease held."""
    seen: list[int] = []

    def touch(request: Any) -> None:
        name = f"/users/{world.first.sub}"
        ours = any(
            write.update.name.endswith(name) and write.HasField("current_document")
            for write in request.writes
        )
        if ours and len(seen) < times and (world.user().lease is not None) is leased:
            seen.append(1)
            world.db.commit([users.update(world.first.sub, email=f"{len(seen)}@corp.test")])

    world.firestore.before_commit = touch
    return seen


def work_to_do(world: World) -> None:
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")


def test_a_lease_outlasts_any_number_of_settings_saved_meanwhile() -> None:
    world = World()
    work_to_do(world)
    seen = touched(world, 15, leased=True)
    began = world.clock.now()
    assert world.sync()["error"] is None
    assert len(seen) == 15
    assert world.google_names() == ["Ana Ruiz"]
    assert (world.user().email, world.user().lease) == ("15@corp.test", None)
    assert (world.clock.now() - began).total_seconds() > 2, "there are pauses"


def test_a_run_that_finds_no_quiet_moment_is_tried_again_and_stops_no_queue() -> None:
    world = World()
    work_to_do(world)
    seen = touched(world, 8, leased=False)
    asked = orders.order_sync(world.engine, world.first.sub)
    deliver(world)
    assert len(seen) == 8
    assert world.google_names() == ["Ana Ruiz"]
    assert run(world, asked).finished is not None


@pytest.mark.parametrize("trigger", ["schedule", "hook"])
def test_contention_of_one_user_leaves_a_task_for_later(trigger: str) -> None:
    world = World()
    world.set(auto=Auto(enabled=True))
    work_to_do(world)
    world.make_due()
    touched(world, 99, leased=False)
    assert world.sync(trigger)["error"] == "contention"
    [(payload, _, at)] = world.tasks
    assert (payload["trigger"], payload["attempt"]) == (trigger, 1)
    assert at is not None and at > world.clock.now()


def test_contention_that_never_ends_is_told_in_the_end() -> None:
    world = World()
    work_to_do(world)
    touched(world, 999, leased=False)
    with pytest.raises(TransientForAll):
        world.sync("hook", attempt=6)


@pytest.mark.parametrize("k", range(1, 9))
def test_a_commit_given_up_for_contention_is_no_lost_lease(k: int) -> None:
    world = World()
    work_to_do(world)
    calls: list[int] = []

    def aborted(_request: Any) -> None:
        calls.append(1)
        if k <= len(calls) < k + 6:
            raise StatusError(grpc.StatusCode.ABORTED, "Too much contention on these documents.")

    world.firestore.before_commit = aborted
    assert world.sync()["phase"] in ("done", "idle")
    world.firestore.before_commit = None
    world.settle()
    assert world.google_names() == ["Ana Ruiz"]
