"""Runs that follow each other without a pause, and work that nobody comes back to."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from contact_sync.config_formats import Policy
from contact_sync.contacts.mapping import State
from contact_sync.contacts.settings import Auto
from contact_sync.store import users
from contact_sync.store.write import Kind, Write
from contact_sync.sync import resolve
from contact_sync.sync.dispatch import dispatch
from tests.sync.situations import ALL_ON, everything_on, linked, list_again, refused
from tests.world import World, link, switches


def follow(world: World, most: int) -> int:
    """Deliver the tasks that are due within a minute, one after another; how many there were, up to `most`."""
    end = world.clock.now() + timedelta(minutes=1)
    for number in range(most):
        due = [task for task in world.tasks if (task[2] or world.clock.now()) <= end]
        if not due:
            return number
        task = due[0]
        world.tasks.remove(task)
        world.clock.time = max(world.clock.now(), task[2] or world.clock.now())
        world.sync(str(task[0]["trigger"]), attempt=int(task[0].get("attempt", 0)))
    return most


@pytest.mark.parametrize("overflow", ["next_period", "continue"])
def test_a_record_that_stays_unreadable_does_not_keep_runs_going_without_a_pause(overflow: str) -> None:
    world, sugar_id, google_id = linked()
    world.set(overflow=overflow)
    world.settle()
    world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.sugar.faults.add("500 db_error", f"/Contacts/{sugar_id}", "GET", times=None)
    world.tasks.clear()
    world.sync()
    assert follow(world, 12) <= 3


def test_a_contact_that_stays_unreadable_ends_in_the_backlog() -> None:
    world, sugar_id, google_id = linked()
    world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.sugar.faults.add("500 db_error", f"/Contacts/{sugar_id}", "GET", times=None)
    for _ in range(40):
        world.sync()
        world.clock.advance(minutes=10)
    assert [entry.sugar_id for entry in world.backlog()] == [sugar_id]


def test_a_match_that_left_the_scope_unnoticed_does_not_keep_runs_going_without_a_pause() -> None:
    world = World()
    world.set(**switches(gu=True, gc=True), overflow="next_period")
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.settle()
    assert world.mapping(sugar_id).state is State.NEW
    world.sugar.add_user("boss", id="user-boss")
    world.sugar.edit_contact(sugar_id, assigned_user_id="user-boss")
    world.add_google("Ana", "Ruiz", "ana@x.test")
    world.tasks.clear()
    world.sync()
    assert follow(world, 12) <= 3


def test_a_match_that_was_deleted_in_google_does_not_keep_runs_going_without_a_pause() -> None:
    world = World(propagation_delay=300)
    world.set(**switches(su=True), overflow="next_period")
    google_id = world.add_google("Ana", "Ruiz", "ana@x.test")
    world.clock.advance(minutes=10)
    world.settle()
    world.delete_google(google_id)
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.tasks.clear()
    world.sync()
    assert follow(world, 12) <= 3


def test_a_contact_released_while_a_run_ends_is_decided_about_by_the_next() -> None:
    released = 0
    for k in itertools.count(1):
        world, sugar_id, google_id = refused()
        [entry] = world.backlog()
        world.add_sugar(first_name="Ben", last_name="Okafor", email="ben@x.test")
        counter, done = itertools.count(1), []

        def release(_request: Any, world: World = world, k: int = k, entry: Any = entry) -> None:
            if next(counter) == k:  # noqa: B023
                world.firestore.before_commit = None
                resolve.release(world.db, world.first.sub, [entry.id])
                done.append(k)  # noqa: B023

        world.firestore.before_commit = release
        world.sync()
        world.firestore.before_commit = None
        if not done:
            break
        released += 1
        world.clock.advance(minutes=1)
        for _ in range(3):
            world.sync()
            world.clock.advance(minutes=11)
        assert world.sugar.contact(sugar_id)["title"] == "CEO", f"released at commit {k}"
    assert released >= 3


@pytest.mark.parametrize("pages", [11])
def test_a_full_intake_that_is_slow_ends_after_some_runs(pages: int) -> None:
    world = World()
    world.sugar.load(
        {
            "first_name": "Ana",
            "last_name": f"No {number}",
            "email": f"ana{number}@x.test",
            "assigned_user_id": world.first.sugar_user,
        }
        for number in range(pages * 200)
    )
    world.set(**switches(su=True))
    world.sugar.latency = 19.0
    for _ in range(8):
        world.sync("continue")
        world.clock.advance(seconds=5)
        if world.user().cursors.full_at is not None:
            return
    raise AssertionError(f"the intake never ends: {world.user().cursors}")


def test_what_a_new_policy_allows_is_found_by_the_next_runs() -> None:
    world = World()
    world.set(**switches(su=True, sc=True))
    world.add_google("Ana", "Ruiz", "ana@x.test")
    world.settle()
    assert world.sugar_names() == []
    forced = {"from_google.enabled": True, "from_google.create": True}
    world.engine = world.make_engine(policy=Policy(forced=forced))
    world.settle()
    assert world.sugar_names() == ["Ana Ruiz"]


def test_when_a_pause_for_everybody_ends_users_are_due_again() -> None:
    world, *_ = linked()
    world.set(auto=Auto(enabled=True))
    world.settle()
    world.db.commit([Write("system/pause", Kind.SET, {"reason": "maintenance"})])
    world.sync("schedule")
    world.db.commit([Write("system/pause", Kind.DELETE)])
    world.clock.advance(hours=1)
    assert dispatch(world.db, lambda named: [True for _ in named], world.clock.now())["due"] == 1


def test_a_user_unlinked_contact_deleted_in_sugar_makes_one_run_not_every_run() -> None:
    world, sugar_id, _ = linked()
    resolve.unlink(world.db, world.first.sub, sugar_id)
    world.settle()
    world.sugar.delete_contact(sugar_id)
    world.sync()
    world.clock.advance(minutes=1)
    assert [world.sync("schedule")["phase"] for _ in range(3)] == ["idle"] * 3
