"""Disconnect: what the sync created in Google goes if the user wants it, everything else stays, and nothing is kept
that lets us act for the user."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from tests.world import CONTACTS_SCOPE, WITH_DELETES, Auto, Crash, World

from contact_sync.config_formats import Policy
from contact_sync.contacts.mapping import State
from contact_sync.contacts.side import Side
from contact_sync.errors import TransientForAll, UserMustAct
from contact_sync.store import google_index, history, mappings, runs, tokens, users
from contact_sync.store.records import Lease, Tokens
from contact_sync.sync.disconnect import order_disconnect
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.resolve import Refused
from contact_sync.sync.work import work

CREATED = ("Ana", "Bo", "Cy")


@dataclass
class SyncedWorld(World):
    """Three contacts that the sync created in Google, one it linked there, and one it created in Sugar."""

    refresh: str = ""
    """The grant that the world began with."""


def synced_world(**more: Any) -> SyncedWorld:
    world = SyncedWorld(**more)
    world.refresh = users.load(world.db, world.cipher, world.first.sub).tokens.google_refresh or ""
    world.set(from_sugar=WITH_DELETES.from_sugar, from_google=WITH_DELETES.from_google)
    for name in CREATED:
        world.add_sugar(first_name=name, last_name="Sugar", email=f"{name.lower()}@x.test")
    world.add_sugar(first_name="Di", last_name="Both", email="di@x.test")
    world.add_google("Di", "Both", "di@x.test")
    world.add_google("Ed", "Google", "ed@x.test")
    world.clock.advance(seconds=world.propagation_delay)
    world.settle()
    world.tasks.clear()
    return world


def deliver(world: World, most: int = 40) -> list[dict[str, Any]]:
    """Do as the queue does: each task at its time, again if it failed, until none is left."""
    summaries: list[dict[str, Any]] = []
    due = [(at or world.clock.now(), payload) for payload, _, at in world.tasks]
    world.tasks.clear()
    for _ in range(most):
        if not due:
            return summaries
        due.sort(key=lambda task: task[0])
        at, payload = due.pop(0)
        world.clock.time = max(world.clock.time, at)
        try:
            summaries.append(work(world.engine, WorkerRequest(**payload)))
        except TransientForAll:
            due.append((world.clock.now() + timedelta(seconds=30), payload))
        due += [(at or world.clock.now(), payload) for payload, _, at in world.tasks]
        world.tasks.clear()
    raise AssertionError("the tasks never end")


def disconnect(world: World, delete: Any = "created", count: int | None = None) -> str:
    run = order_disconnect(world.engine, world.first.sub, delete, count)
    deliver(world)
    return run


def progress(world: World, run: str) -> Any:
    return runs.get(world.db, world.first.sub, run)


def states(world: World) -> dict[str, str]:
    return {mapping.name: str(mapping.state) for mapping in world.all_mappings().values()}


def deleted(world: World) -> list[str]:
    """Who was deleted in Google, with the whole record, by the history; fails if anybody is told twice."""
    told = [entry for entry in world.history() if entry.action == "delete" and entry.side is Side.GOOGLE]
    names = [entry.before["names"][0]["givenName"] for entry in told if entry.before]
    assert len(names) == len(told) == len(set(names))
    return sorted(names)


def nothing_kept(world: SyncedWorld) -> bool:
    """No tokens here, and those that were here are of no use."""
    stored = users.load(world.db, world.cipher, world.first.sub)
    try:
        world.engine.oauth.refresh(world.refresh)
    except UserMustAct:
        return stored.tokens == Tokens() and stored.tokens_updated_at is None
    return False


def reconnect(world: SyncedWorld) -> None:
    """The user grants access again, as the web function records it."""
    held = Tokens(google_refresh=world.google.grant(world.first.sub), google_scopes=(CONTACTS_SCOPE,))
    fresh = users.update(
        world.first.sub, connection="connected", connection_message="", cursors__deletes_on={}
    )
    world.refresh = held.google_refresh or ""
    world.db.commit([tokens.put(world.cipher, world.first.sub, held), fresh])


def ended(world: SyncedWorld, run: str) -> None:
    """The disconnect with `created` came to its end, whatever happened on the way."""
    assert world.google_names() == ["Di Both", "Ed Google"]
    assert len(world.sugar_contacts()) == 5
    assert deleted(world) == sorted(CREATED)
    assert states(world) == {
        **{f"{name} Sugar": "gone" for name in CREATED},
        "Di Both": "linked",
        "Ed Google": "linked",
    }
    assert history.planned(world.db, world.first.sub, run) == []
    user = world.user()
    assert (user.connection, user.disconnecting, user.lease) == ("disconnected", None, None)
    assert (user.planned_run, user.pending, user.next_sync_at) == (None, None, None)
    assert nothing_kept(world)
    found = progress(world, run)
    assert (found.phase, found.error, found.counts) == ("done", None, {"google_deleted": 3})
    assert len(google_index.ids(world.db, world.first.sub)) == 2


def test_what_the_sync_created_in_google_is_deleted_and_nothing_else() -> None:
    world = synced_world()
    assert mappings.created_in_google(world.db, world.first.sub) == 3
    run = disconnect(world, count=3)
    ended(world, run)
    assert (progress(world, run).done, progress(world, run).total) == (3, 3)


def test_without_deleting_every_contact_and_mapping_stays() -> None:
    world = synced_world()
    before = states(world)
    run = disconnect(world, "none")
    assert len(world.google_contacts()) == 5
    assert states(world) == before
    assert nothing_kept(world)
    assert world.user().connection == "disconnected"
    assert progress(world, run).counts == {}
    assert deleted(world) == []


def test_settings_stay_and_no_run_starts_any_more() -> None:
    world = synced_world()
    world.set(auto=Auto(enabled=True))
    world.settle()
    settings = world.user().settings
    disconnect(world, "none")
    assert world.user().settings == settings
    assert world.user().next_sync_at is None
    world.forget_calls()
    assert world.sync("manual")["error"] == "disconnected"
    assert world.calls() == (0, 0)


def test_an_order_is_refused_if_the_count_is_no_longer_what_the_user_saw() -> None:
    world = synced_world()
    with pytest.raises(Refused, match="3 contacts") as refused:
        order_disconnect(world.engine, world.first.sub, "created", 2)
    assert refused.value.status == 409
    assert world.user().connection == "connected"
    assert world.tasks == []


def test_an_order_marks_the_user_at_once_and_shows_a_queued_run() -> None:
    world = synced_world()
    run = order_disconnect(world.engine, world.first.sub, "created", None)
    user = world.user()
    assert (user.connection, user.next_sync_at) == ("disconnecting", None)
    assert user.connection_message
    assert (progress(world, run).phase, progress(world, run).trigger) == ("queued", "disconnect")
    assert [payload for payload, _, _ in world.tasks] == [
        {"user": world.first.sub, "trigger": "disconnect", "run": run}
    ]
    assert world.sync("manual")["error"] == "disconnecting"


def test_a_second_order_answers_the_run_under_way_and_replaces_a_task_that_got_lost() -> None:
    world = synced_world()
    run = order_disconnect(world.engine, world.first.sub, "created", None)
    world.tasks.clear()
    assert order_disconnect(world.engine, world.first.sub, "none", None) == run
    deliver(world)
    ended(world, run)


def test_an_order_that_the_queue_does_not_take_can_be_given_again() -> None:
    world = synced_world()

    def refuse(*_args: Any, **_options: Any) -> bool:
        raise TransientForAll("queue_unavailable")

    with pytest.raises(TransientForAll):
        order_disconnect(world.make_engine(enqueue=refuse), world.first.sub, "created", None)
    run = disconnect(world)
    ended(world, run)


def test_a_task_that_is_delivered_again_after_the_end_changes_nothing() -> None:
    world = synced_world()
    run = disconnect(world)
    found, user = progress(world, run), world.user()
    world.forget_calls()
    again = WorkerRequest(user=world.first.sub, trigger="disconnect", run=run)
    assert work(world.engine, again)["phase"] == "idle"
    assert (progress(world, run), world.user(), world.calls()) == (found, user, (0, 0))


def test_contacts_that_a_person_edited_or_deleted_in_google_meanwhile() -> None:
    world = synced_world()
    by_name = {mapping.name: mapping for mapping in world.all_mappings().values()}
    world.edit_google(by_name["Ana Sugar"].google_id, organizations=[{"title": "Edited"}])
    world.delete_google(by_name["Bo Sugar"].google_id)
    run = disconnect(world)
    assert world.google_names() == ["Di Both", "Ed Google"]
    assert deleted(world) == ["Ana", "Cy"]
    (kept,) = [entry for entry in world.history() if entry.name == "Ana Sugar" and entry.action == "delete"]
    assert kept.before is not None
    assert kept.before["organizations"][0]["title"] == "Edited"
    assert states(world)["Bo Sugar"] == "linked"
    assert progress(world, run).counts == {"google_deleted": 2}


def test_a_created_contact_that_was_unlinked_or_left_the_scope_is_deleted_too() -> None:
    world = synced_world()
    by_name = {mapping.name: mapping.sugar_id for mapping in world.all_mappings().values()}
    world.sugar.edit_contact(by_name["Ana Sugar"], assigned_user_id="somebody")
    world.clock.advance(days=2)
    world.settle()
    assert states(world)["Ana Sugar"] == "out_of_scope"
    bo = world.mapping(by_name["Bo Sugar"])
    world.db.commit([mappings.put(world.first.sub, _unlinked(bo))])
    run = disconnect(world, count=3)
    ended(world, run)


def test_a_contact_of_the_user_that_only_took_a_created_ones_place_stays() -> None:
    world = synced_world()
    by_name = {mapping.name: mapping for mapping in world.all_mappings().values()}
    own = world.add_google("Ana", "Sugar", "ana@x.test")
    world.delete_google(by_name["Ana Sugar"].google_id)
    world.settle()
    assert world.mapping(by_name["Ana Sugar"].sugar_id).google_id == own
    run = disconnect(world)
    assert world.google_contact(own) is not None
    assert deleted(world) == ["Bo", "Cy"]
    assert progress(world, run).counts["google_deleted"] == 2


def test_nothing_is_due_any_more() -> None:
    world = synced_world()
    mapping = next(one for one in world.all_mappings().values() if one.name == "Di Both")
    world.sugar.delete_contact(mapping.sugar_id)
    world.db.commit([mappings.patch(world.first.sub, mapping.sugar_id, due_at=world.clock.now())])
    world.add_google("Fay", "New", "fay@x.test")
    world.sync("preview", run_id="p", preview="p")
    assert google_index.next_due(world.db, world.first.sub) is not None
    disconnect(world, "none")
    assert mappings.next_due(world.db, world.first.sub) is None
    assert google_index.next_due(world.db, world.first.sub) is None


# From every state of the connection


@pytest.mark.parametrize("state", ["sugar_user_missing", "sugar_access_denied", "too_many"])
def test_sugar_is_not_needed_to_disconnect(state: str) -> None:
    world = synced_world()
    world.db.commit([users.update(world.first.sub, connection=state)])
    world.sugar_transport.before = _down
    run = disconnect(world)
    world.sugar_transport.before = None
    ended(world, run)


@pytest.mark.parametrize("state", ["reconnect", "permission_missing", "disconnected"])
def test_a_dead_grant_can_be_forgotten_but_not_deleted_with(state: str) -> None:
    world = synced_world()
    world.google.revoke_grant(world.first.sub)
    world.db.commit([users.update(world.first.sub, connection=state)])
    with pytest.raises(Refused, match="without deleting") as refused:
        order_disconnect(world.engine, world.first.sub, "created", None)
    assert refused.value.status == 409
    disconnect(world, "none")
    assert world.user().connection == "disconnected"
    assert nothing_kept(world)
    assert len(world.google_contacts()) == 5


def test_tokens_that_nobody_can_decrypt_are_forgotten() -> None:
    world = synced_world()
    world.db.commit([_garbled(world)])
    with pytest.raises(Refused):
        order_disconnect(world.engine, world.first.sub, "created", None)
    disconnect(world, "none")
    assert world.user().connection == "disconnected"
    assert users.load(world.db, world.cipher, world.first.sub).tokens_updated_at is None


def test_while_everything_is_paused_nothing_is_deleted_but_one_may_leave() -> None:
    world = synced_world()
    world.engine = world.make_engine(policy=Policy(disabled="maintenance"))
    with pytest.raises(Refused, match="paused"):
        order_disconnect(world.engine, world.first.sub, "created", None)
    disconnect(world, "none")
    assert nothing_kept(world)


def test_a_pause_holds_a_deletion_back_until_it_ends() -> None:
    world = synced_world()
    run = order_disconnect(world.engine, world.first.sub, "created", None)
    open_again = world.engine
    world.engine = world.make_engine(policy=Policy(disabled="maintenance"))
    task, _, _ = world.tasks.pop()
    assert work(world.engine, WorkerRequest(**task))["phase"] == "paused"
    assert len(world.google_contacts()) == 5
    world.engine = open_again
    deliver(world)
    ended(world, run)


def test_a_run_that_works_is_waited_for() -> None:
    world = synced_world()
    until = world.clock.now() + timedelta(minutes=4)
    world.db.commit([users.update(world.first.sub, lease=Lease("l1", "other", until))])
    run = order_disconnect(world.engine, world.first.sub, "created", None)
    task, _, _ = world.tasks.pop()
    assert work(world.engine, WorkerRequest(**task))["phase"] == "busy"
    assert [at for _, _, at in world.tasks] == [until]
    assert len(world.google_contacts()) == 5
    deliver(world)
    ended(world, run)


# What goes wrong on the way


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


# Connected again


def test_after_a_new_grant_linked_contacts_go_on_being_linked() -> None:
    world = synced_world()
    disconnect(world, "none")
    by_name = {mapping.name: mapping for mapping in world.all_mappings().values()}
    world.sugar.edit_contact(by_name["Ana Sugar"].sugar_id, title="CTO")
    world.edit_google(by_name["Di Both"].google_id, organizations=[{"title": "Nurse"}])
    world.clock.advance(days=3)
    reconnect(world)
    world.settle()
    ana = world.google_contact(by_name["Ana Sugar"].google_id)
    assert ana is not None
    assert ana["organizations"][0]["title"] == "CTO"
    assert {contact["title"] for contact in world.sugar_contacts()} == {"CTO", "Nurse", ""}
    assert set(states(world).values()) == {"linked"}
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 5


def test_what_was_deleted_on_one_side_while_disconnected_is_not_deleted_on_the_other() -> None:
    world = synced_world()
    by_name = {mapping.name: mapping for mapping in world.all_mappings().values()}
    world.sugar.delete_contact(by_name["Ana Sugar"].sugar_id)
    world.sync("preview", run_id="p", preview="p")
    assert world.mapping(by_name["Ana Sugar"].sugar_id).missing is not None
    disconnect(world, "none")
    world.delete_google(by_name["Di Both"].google_id)
    world.clock.advance(days=1)
    reconnect(world)
    world.settle()
    assert states(world)["Ana Sugar"] == states(world)["Di Both"] == "unlinked"
    assert "Ana Sugar" in world.google_names()
    assert "Di Both" in world.sugar_names()


def test_created_and_deleted_contacts_mean_nothing_to_sugar_when_the_user_comes_back() -> None:
    world = synced_world()
    disconnect(world)
    before = world.sugar_names()
    world.clock.advance(minutes=20)
    reconnect(world)
    world.settle()
    assert world.sugar_names() == before
    assert world.google_names() == before


def test_created_and_deleted_contacts_stay_away_where_creating_is_off() -> None:
    world = synced_world()
    disconnect(world)
    world.set(from_sugar=WITH_DELETES.from_sugar.__class__(enabled=True, create=False, delete=True))
    world.clock.advance(minutes=20)
    reconnect(world)
    world.settle()
    assert len(world.sugar_contacts()) == 5
    assert world.google_names() == ["Di Both", "Ed Google"]


def _down(*_args: Any) -> None:
    raise ConnectionError


def _contacts(count: int) -> str:
    return "1 contact" if count == 1 else f"{count} contacts"


def _unlinked(mapping: Any) -> Any:
    return replace(mapping, state=State.UNLINKED)


def _garbled(world: World) -> Any:
    held = tokens.put(world.cipher, world.first.sub, Tokens(google_refresh="r"))
    return replace(held, data={**(held.data or {}), "google_refresh": "k9:AAAA"})


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
