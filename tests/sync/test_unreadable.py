"""Contacts that cannot be read, or keep being refused: looked at again ever later, never without a pause."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.sync.situations import causes, linked
from tests.world import World, link, switches

from contact_sync.contacts.mapping import State
from contact_sync.sync import resolve


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


def test_a_contact_whose_reading_is_refused_for_good_is_put_aside_at_once() -> None:
    world, sugar_id, google_id = linked()
    world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.google.faults.add("400", "batchGet", times=None)
    world.sync()
    [entry] = world.backlog()
    assert (entry.cause, entry.sugar_id) == ("refused", sugar_id)
    world.google.faults.clear()
    resolve.release(world.db, world.first.sub, [entry.id])
    world.settle()
    assert (causes(world), world.sugar.contact(sugar_id)["title"]) == ([], "CEO")


def test_an_outage_of_all_reads_is_no_contacts_own_failure() -> None:
    world, *pair = linked()
    pairs = [pair, link(world, first="Ben", last="Okafor", email="ben@x.test")]
    for _, google_id in pairs:
        world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.sugar.faults.add("500 db_error", "/Contacts/[^/]+$", "GET", times=None)
    for _ in range(12):
        world.sync()
        world.clock.advance(minutes=10)
    assert causes(world) == []
    world.sugar.faults.clear()
    world.settle()
    assert [world.sugar.contact(sugar_id)["title"] for sugar_id, _ in pairs] == ["CEO", "CEO"]


@pytest.mark.parametrize("subject", ["sugar", "google"])
def test_a_match_that_cannot_be_read_is_waited_for_with_pauses_and_nobody_is_doubled(subject: str) -> None:
    world = World()
    world.set(**switches(su=True, sc=subject == "sugar", gu=True, gc=subject == "google"))
    if subject == "google":
        sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
        world.settle()
        world.add_google("Ana", "Ruiz", "ana@x.test")
        world.sugar.faults.add("500 db_error", f"/Contacts/{sugar_id}", "GET", times=None)
    else:
        world.add_google("Ana", "Ruiz", "ana@x.test")
        world.settle()
        sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
        world.google.faults.add("400", "batchGet", times=None)
    world.tasks.clear()
    world.sync()
    assert follow(world, 12) <= 3
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 1
    world.sugar.faults.clear()
    world.google.faults.clear()
    world.clock.advance(minutes=30)
    world.settle()
    resolve.release(world.db, world.first.sub, [entry.id for entry in world.backlog()])
    world.settle()
    assert world.mapping(sugar_id).state is State.LINKED
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 1
