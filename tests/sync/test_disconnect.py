"""Disconnect: what the sync created in Google goes if the user wants it, everything else stays, and nothing is kept
that lets us act for the user."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.sync.parting import (
    deleted,
    deliver,
    disconnect,
    ended,
    nothing_kept,
    progress,
    states,
    synced_world,
)
from tests.world import Auto, World

from contact_sync.config_formats import Policy
from contact_sync.contacts.mapping import State
from contact_sync.errors import TransientForAll
from contact_sync.store import google_index, mappings, tokens, users
from contact_sync.store.records import Lease, Tokens
from contact_sync.sync.disconnect import order_disconnect
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.resolve import Refused
from contact_sync.sync.work import work


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
    world.sync("inventory")
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


def _down(*_args: Any) -> None:
    raise ConnectionError


def _unlinked(mapping: Any) -> Any:
    return replace(mapping, state=State.UNLINKED)


def _garbled(world: World) -> Any:
    held = tokens.put(world.cipher, world.first.sub, Tokens(google_refresh="r"))
    return replace(held, data={**(held.data or {}), "google_refresh": "k9:AAAA"})
