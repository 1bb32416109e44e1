"""Disconnect when things go wrong: a process dies, Google fails, the grant ends. No contact is lost, none left over."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest
from tests.sync.parting import (
    CREATED,
    deleted,
    deliver,
    disconnect,
    ended,
    nothing_kept,
    progress,
    reconnect,
    states,
    synced_world,
)
from tests.world import Crash, World

from contact_sync.contacts.mapping import State
from contact_sync.contacts.side import Side
from contact_sync.store import mappings, users
from contact_sync.store.records import Tokens
from contact_sync.sync.disconnect import order_disconnect
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.work import work


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_that_dies_around_any_call_leaves_the_rest_to_the_next_delivery(when: str) -> None:
    died = 0
    for k in itertools.count(1):
        world = synced_world()
        run = order_disconnect(world.engine, world.first.sub, "created", 3)
        task = world.tasks[0]
        with world.dying(Side.GOOGLE, k, when):
            if not _dies(world, task[0]):
                break
        died += 1
        world.engine = world.make_engine()
        world.tasks[:] = [task]
        deliver(world)
        ended(world, run)
    assert died >= 5


@pytest.mark.parametrize("hook", ["before_commit", "after_commit"])
def test_a_process_that_dies_around_any_commit_leaves_the_rest_to_the_next_delivery(hook: str) -> None:
    died = 0
    for k in itertools.count(1):
        world = synced_world()
        run = order_disconnect(world.engine, world.first.sub, "created", 3)
        task = world.tasks[0]
        setattr(world.firestore, hook, _at(k))
        dead = _dies(world, task[0])
        setattr(world.firestore, hook, None)
        if not dead:
            break
        died += 1
        world.engine = world.make_engine()
        world.tasks[:] = [task]
        deliver(world)
        ended(world, run)
    assert died >= 5


@pytest.mark.parametrize("kind", ["503", "429 rate", "drop_after", "drop_before", "502 html"])
def test_google_failing_for_a_while_delays_it_only(kind: str) -> None:
    for k in range(5):
        world = synced_world()
        world.google.faults.add(kind, "^/v1", times=4, after=k)
        world.google.faults.add(kind, "^/revoke", times=2)
        run = order_disconnect(world.engine, world.first.sub, "created", 3)
        deliver(world)
        ended(world, run)


def test_a_book_of_more_than_a_page_is_deleted_in_batches() -> None:
    world = World()
    world.set(overflow="continue")
    for number in range(120):
        world.add_sugar(first_name="No", last_name=f"{number:03}", email=f"n{number}@x.test")
    world.settle()
    run = disconnect(world, count=120)
    assert world.google_contacts() == []
    assert progress(world, run).counts == {"google_deleted": 120}
    assert len([entry for entry in world.history() if entry.action == "delete"]) == 120


def test_a_run_whose_time_is_over_is_continued() -> None:
    world = synced_world()
    run = order_disconnect(world.engine, world.first.sub, "created", 3)
    world.google_transport.before = lambda _request: world.clock.advance(seconds=100)
    summaries = deliver(world)
    world.google_transport.before = None
    assert [summary["phase"] for summary in summaries][:-1] == ["waiting"] * (len(summaries) - 1)
    assert len(summaries) > 1
    ended(world, run)


def test_a_grant_that_dies_on_the_way_stops_it_and_loses_no_contact() -> None:
    for k in range(1, 5):
        world = synced_world()
        calls = itertools.count(1)

        def revoke(_request: object, world: World = world, k: int = k, calls: Any = calls) -> None:
            if next(calls) == k:
                world.google.revoke_grant(world.first.sub)

        run = order_disconnect(world.engine, world.first.sub, "created", 3)
        world.google_transport.before = revoke
        deliver(world)
        world.google_transport.before = None
        gone = 5 - len(world.google_contacts())
        assert deleted(world) == sorted(CREATED)[:gone] or len(deleted(world)) == gone
        user, found = world.user(), progress(world, run)
        assert (user.connection, user.disconnecting, user.lease) == ("reconnect", None, None), k
        assert (found.error, found.counts["google_stayed"]) == ("reconnect", 3 - gone), k
        assert user.connection_message.startswith(_contacts(3 - gone)), k
        reconnect(world)
        assert mappings.created_in_google(world.db, world.first.sub) == 3 - gone
        run = disconnect(world, count=3 - gone)
        assert world.google_names() == ["Di Both", "Ed Google"]
        assert deleted(world) == sorted(CREATED)
        assert nothing_kept(world)


def test_a_contact_that_google_does_not_delete_stays_as_it_is_and_is_counted() -> None:
    world = synced_world()
    bo = next(one for one in world.all_mappings().values() if one.name == "Bo Sugar")
    world.google.faults.add("400", f"{bo.google_id}:deleteContact", times=None)
    run = disconnect(world)
    found = progress(world, run)
    assert (found.counts, found.error) == (
        {"google_deleted": 2, "google_stayed": 1},
        "contacts_stayed",
    )
    assert "1 contact could not be deleted" in world.user().connection_message
    assert world.google_names() == ["Bo Sugar", "Di Both", "Ed Google"]
    stayed = world.mapping(bo.sugar_id)
    assert (stayed.state, stayed.google_id, stayed.match_keys) == (State.LINKED, bo.google_id, bo.match_keys)
    assert world.entry(bo.google_id).match_keys
    assert deleted(world) == ["Ana", "Cy"]
    assert nothing_kept(world)


def test_a_contact_that_keeps_failing_does_not_keep_the_user_connected() -> None:
    world = synced_world()
    bo = next(one for one in world.all_mappings().values() if one.name == "Bo Sugar")
    world.google.faults.add("500", f"{bo.google_id}:deleteContact", times=None)
    run = disconnect(world)
    assert progress(world, run).counts == {"google_deleted": 2, "google_stayed": 1}
    assert states(world)["Bo Sugar"] == "linked"
    assert deleted(world) == ["Ana", "Cy"]
    assert nothing_kept(world)


def test_a_google_that_stays_away_leaves_the_user_connected_and_says_so() -> None:
    world = synced_world()
    world.google.faults.add("503", "^/v1", times=None)
    run = disconnect(world)
    user, found = world.user(), progress(world, run)
    assert (user.connection, user.disconnecting) == ("connected", None)
    assert (found.error, found.counts) == ("disconnect_failed", {"google_stayed": 3})
    assert "3 contacts" in user.connection_message
    world.google.faults.clear()
    world.settle()
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 5
    ended(world, disconnect(world, count=3))


def test_what_was_to_be_deleted_and_was_not_is_linked_again_where_the_disconnect_was_given_up() -> None:
    world = synced_world()
    world.google.faults.add("429 rate", "deleteContact", times=None)
    run = disconnect(world)
    found = progress(world, run)
    assert (found.error, found.counts) == ("disconnect_failed", {"google_stayed": 3})
    assert world.user().connection == "connected"
    world.google.faults.clear()
    world.clock.advance(minutes=11)
    world.settle()
    assert set(states(world).values()) == {"linked"}
    assert world.google_names() == world.sugar_names()
    assert len(world.google_contacts()) == 5
    assert deleted(world) == []


def test_tokens_are_forgotten_even_if_google_does_not_take_the_grant_back() -> None:
    world = synced_world()
    world.google.faults.add("503", "^/revoke", times=None)
    run = disconnect(world)
    assert users.load(world.db, world.cipher, world.first.sub).tokens == Tokens()
    assert world.user().connection == "disconnected"
    found = progress(world, run)
    assert (found.error, found.counts) == ("not_revoked", {"google_deleted": 3})
    assert "Remove it in your Google account" in world.user().connection_message


def test_a_create_whose_outcome_is_not_known_is_found_and_deleted() -> None:
    world = synced_world(propagation_delay=60)
    world.add_sugar(first_name="Gus", last_name="Doubt", email="gus@x.test")
    with world.dying(Side.GOOGLE, 2, "after"), pytest.raises(Crash):
        world.sync()
    assert "Gus Doubt" in world.google_names()
    assert states(world)["Gus Doubt"] == "creating"
    world.tasks.clear()
    world.engine = world.make_engine()
    run = disconnect(world, count=4)
    assert world.google_names() == ["Di Both", "Ed Google"]
    assert deleted(world) == ["Ana", "Bo", "Cy", "Gus"]
    assert progress(world, run).counts == {"google_deleted": 4}


def test_a_create_that_never_reached_google_is_taken_back() -> None:
    world = synced_world()
    world.add_sugar(first_name="Gus", last_name="Doubt", email="gus@x.test")
    with world.dying(Side.GOOGLE, 2, "before"), pytest.raises(Crash):
        world.sync()
    assert states(world)["Gus Doubt"] == "creating"
    world.tasks.clear()
    disconnect(world)
    assert states(world)["Gus Doubt"] == "new"
    reconnect(world)
    world.settle()
    assert "Gus Doubt" in world.google_names()


def test_what_a_dead_run_planned_is_settled_before_google_is_out_of_reach() -> None:
    world = synced_world()
    di = next(one for one in world.all_mappings().values() if one.name == "Di Both")
    world.sugar.delete_contact(di.sugar_id)
    with world.dying(Side.GOOGLE, 3, "after"), pytest.raises(Crash):
        world.sync()
    assert world.google_contact(di.google_id) is None
    world.tasks.clear()
    disconnect(world, "none")
    assert deleted(world) == ["Di"]
    assert world.user().planned_run is None


def _contacts(count: int) -> str:
    return "1 contact" if count == 1 else f"{count} contacts"


def _dies(world: World, payload: Mapping[str, Any]) -> bool:
    try:
        work(world.engine, WorkerRequest(**payload))
    except Crash:
        return True
    return False


def _at(k: int) -> Any:
    counter = itertools.count(1)

    def hook(_request: Any) -> None:
        if next(counter) == k:
            raise Crash

    return hook
