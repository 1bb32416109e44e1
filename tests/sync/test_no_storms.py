"""Runs that follow each other without a pause, and work that nobody comes back to."""

from __future__ import annotations

import itertools
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


def test_a_stopped_user_who_is_written_to_meanwhile_is_no_fault_of_ours() -> None:
    world, *_ = linked()
    sub = world.first.sub
    world.db.commit([users.update(sub, paused=True, next_sync_at=world.clock.now())])

    def touch(_request: Any) -> None:
        world.firestore.before_commit = None
        world.db.commit([users.update(sub, email="new@corp.test")])

    world.firestore.before_commit = touch
    assert world.sync("schedule")["phase"] == "stopped"
