"""Runs that follow each other without a pause, and work that nobody comes back to."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from tests.sync.situations import linked, refused
from tests.world import World, switches

from contact_sync.config_formats import Policy
from contact_sync.contacts.mapping import State
from contact_sync.contacts.settings import Auto
from contact_sync.store import users
from contact_sync.store.write import Kind, Write
from contact_sync.sync import resolve
from contact_sync.sync.dispatch import dispatch


def follow(world: World, most: int) -> int:
    """Deliver the tasks that are due within a minute, one after another; how many there were, up to `most`.

    A run takes two seconds, so names that hold a time differ.
    """
    end = world.clock.now() + timedelta(minutes=1)
    for number in range(most):
        due = [task for task in world.tasks if (task[2] or world.clock.now()) <= end]
        if not due:
            return number
        task = due[0]
        world.tasks.remove(task)
        world.clock.time = max(world.clock.now(), task[2] or world.clock.now()) + timedelta(seconds=2)
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


def test_a_version_that_google_keeps_refusing_does_not_keep_runs_going_without_a_pause() -> None:
    world, sugar_id, _ = linked()
    world.set(overflow="next_period")
    world.settle()
    world.sugar.edit_contact(sugar_id, title="CEO")
    world.google.faults.add("stale etag", "updateContact", times=None)
    world.tasks.clear()
    world.sync()
    assert follow(world, 12) <= 3


def test_a_match_that_was_deleted_in_google_does_not_keep_runs_going_without_a_pause() -> None:
    """The tombstone comes minutes later; until then every direct read of the match says 404."""
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


def test_many_hooks_while_google_is_down_leave_few_tasks_behind() -> None:
    world, *_ = linked()
    world.google.faults.add("503", "", times=None)
    world.tasks.clear()
    for _ in range(7):
        world.sync("hook")
        world.clock.advance(seconds=4)
    assert len(world.tasks) <= 2


def test_a_full_intake_that_is_slow_ends_after_some_runs() -> None:
    """22 pages of records and 22 of ids at 9 s each: more than fits into one lease."""
    world = World()
    world.sugar.load(
        {
            "first_name": "Ana",
            "last_name": f"No {number}",
            "email": f"ana{number}@x.test",
            "assigned_user_id": world.first.sugar_user,
        }
        for number in range(440)
    )
    world.set(**switches(su=True))
    world.sugar.max_list_limit = 20
    world.sugar.latency = 9.0
    for _ in range(6):
        world.sync("continue")
        world.clock.advance(seconds=5)
        if world.user().cursors.full_at is not None:
            return
    raise AssertionError("the intake begins again and again")


def released_at_commit(k: int, *, deleted: bool) -> tuple[World, str] | None:
    """A refused contact that the user releases while a run is at its k-th commit, and some runs after that.

    None: the run has fewer commits.
    """
    world, sugar_id, google_id = refused()
    world.settle()
    [entry] = world.backlog()
    world.add_sugar(first_name="Ben", last_name="Okafor", email="ben@x.test")
    if deleted:
        world.delete_google(google_id)
    counter = itertools.count(1)
    done: list[int] = []

    def release(_request: Any) -> None:
        if next(counter) == k:
            world.firestore.before_commit = None
            resolve.release(world.db, world.first.sub, [entry.id])
            done.append(k)

    world.firestore.before_commit = release
    world.sync()
    world.firestore.before_commit = None
    for _ in range(8):
        world.sync()
        world.clock.advance(minutes=11)
    return (world, sugar_id) if done else None


def test_a_contact_released_while_a_run_ends_is_decided_about_by_the_next() -> None:
    """`pending`, set by the release between the run's last query and its last commit, must survive that commit."""
    released = 0
    for k in itertools.count(1):
        found = released_at_commit(k, deleted=False)
        if found is None:
            break
        world, sugar_id = found
        assert world.sugar.contact(sugar_id)["title"] == "CEO", f"released at commit {k}"
        released += 1
    assert released >= 3


def test_a_tombstone_that_meets_a_release_is_not_lost() -> None:
    """A mark that a run had to drop must be made again before the cursor passes it."""
    released = 0
    for k in itertools.count(1):
        found = released_at_commit(k, deleted=True)
        if found is None:
            break
        world, sugar_id = found
        assert world.mapping(sugar_id).state is State.GONE, f"released at commit {k}"
        released += 1
    assert released >= 3


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


@pytest.mark.parametrize("stop", ["pause", "policy"])
def test_when_a_stop_of_everybody_ends_users_are_due_again(stop: str) -> None:
    world, *_ = linked()
    world.set(auto=Auto(enabled=True))
    world.settle()
    if stop == "pause":
        world.db.commit([Write("system/pause", Kind.SET, {"reason": "maintenance"})])
        world.sync("schedule")
        world.db.commit([Write("system/pause", Kind.DELETE)])
    else:
        world.sync("schedule", engine=world.make_engine(policy=Policy(disabled="not today")))
    world.clock.advance(hours=1)
    assert dispatch(world.db, lambda named: [True for _ in named], world.clock.now())["due"] == 1


def test_an_unlinked_contact_deleted_in_sugar_makes_one_run_not_every_run() -> None:
    world, sugar_id, _ = linked()
    resolve.unlink(world.db, world.first.sub, sugar_id)
    world.settle()
    world.sugar.delete_contact(sugar_id)
    world.sync()
    world.clock.advance(minutes=1)
    assert [world.sync("schedule")["phase"] for _ in range(3)] == ["idle"] * 3


def test_a_stopped_user_who_is_written_to_meanwhile_is_no_fault_of_ours() -> None:
    world, *_ = linked()
    sub = world.first.sub
    world.db.commit([users.update(sub, paused=True, next_sync_at=world.clock.now())])

    def touch(_request: Any) -> None:
        world.firestore.before_commit = None
        world.db.commit([users.update(sub, email="new@corp.test")])

    world.firestore.before_commit = touch
    assert world.sync("schedule")["phase"] == "stopped"
