"""What is decided from what is remembered."""

from __future__ import annotations

from typing import Any

import pytest
from contact_sync.contacts.mapping import State
from contact_sync.errors import UserMustAct
from contact_sync.services.google_people.calls import Calls
from contact_sync.store import previews, runs, users
from contact_sync.store.records import RunRecord
from contact_sync.sync import resolve
from tests.sync.situations import ALL_ON, causes, everything_on, linked, list_again, reconnect
from tests.world import World, link, switches


def test_a_record_that_was_given_away_and_then_deleted_is_not_deleted_in_google() -> None:
    world, sugar_id, google_id = linked()
    world.settle()
    world.sugar.add_user("boss", id="user-boss")
    world.sugar.edit_contact(sugar_id, assigned_user_id="user-boss")
    world.clock.advance(minutes=30)
    world.settle()
    world.sugar.delete_contact(sugar_id)
    list_again(world)
    assert world.google_contact(google_id) is not None


def test_linking_closes_the_entry_of_the_contact_that_was_linked_with() -> None:
    world = World()
    world.set(**switches(su=True, sc=True, gu=True, gc=True))
    world.sugar.edit_user(world.first.sugar_user, acl={"Contacts": {"create": "no"}})
    world.add_google("Ana", "Ruiz", "ana@x.test")
    world.settle()
    assert causes(world) == ["refused"]
    world.sugar.edit_user(world.first.sugar_user, acl={})
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.settle()
    assert world.mapping(sugar_id).state is State.LINKED
    assert causes(world) == []


@pytest.mark.parametrize("hidden", [True, False])
def test_a_sugar_create_in_doubt_whose_record_the_user_may_not_see_is_not_sent_again(hidden: bool) -> None:
    world = World()
    world.set(**switches(gu=True, gc=True))
    world.add_google("Ana", "Ruiz", "ana@x.test")
    world.settle() if False else None
    world.sugar.faults.add("drop_after", "/Contacts$", "POST")
    world.sync()
    [record] = world.sugar_contacts()
    if hidden:
        world.sugar.hide_contact(record["id"], world.first.sugar_user)
    world.settle()
    assert len(world.sugar_contacts()) == 1


def test_newest_counts_from_the_edit_that_still_stands() -> None:
    """An edit that was taken back no longer counts."""
    world, sugar_id, google_id = linked()
    world.set(**switches(gu=True), conflict="newest")
    world.settle()
    world.clock.advance(hours=1)
    world.sugar.edit_contact(sugar_id, title="Early")
    world.settle()
    world.clock.advance(hours=1)
    world.sugar.edit_contact(sugar_id, title="")
    world.settle()
    world.clock.advance(hours=1)
    world.set(**switches())
    world.edit_google(google_id, organizations=[{"title": "Google"}])
    world.settle()
    world.clock.advance(hours=1)
    world.sugar.edit_contact(sugar_id, title="Sugar")
    world.settle()
    world.set(**switches(su=True, gu=True))
    world.settle()
    assert world.sugar.contact(sugar_id)["title"] == "Sugar"


def test_a_reconnect_during_a_run_is_not_undone_by_its_end() -> None:
    world, sugar_id, google_id = linked()
    world.sugar.edit_contact(sugar_id, title="CEO")
    done: list[int] = []

    def revoke(request: Any) -> None:
        if "batchGet" in request.url and not done:
            done.append(1)
            world.google.revoke_grant(world.first.sub)
            fresh = world.google.grant(world.first.sub)
            from contact_sync.store import tokens as store
            from contact_sync.store.records import Tokens
            from tests.world import CONTACTS_SCOPE

            held = Tokens(google_refresh=fresh, google_scopes=(CONTACTS_SCOPE,))
            world.db.commit(
                [
                    store.put(world.cipher, world.first.sub, held),
                    users.update(world.first.sub, connection="connected", cursors__deletes_on={}),
                ]
            )

    world.google_transport.before = revoke
    world.sync()
    world.google_transport.before = None
    assert done
    assert world.user().connection == "connected"


def test_a_preview_whose_look_fails_says_so() -> None:
    world = World()
    world.google.faults.add("429 fbs", "", times=None)
    world.sync("preview", run_id="p1", preview="p1", attempt=6)
    found = previews.get(world.db, world.first.sub, "p1", world.clock.now())
    assert found is not None and found["state"] == "failed"


def test_a_run_somebody_waits_for_is_told_over_when_the_tokens_cannot_be_read() -> None:
    from contact_sync.store.cipher import Cipher

    world = World()
    now = world.clock.now()
    world.db.commit([runs.put(world.first.sub, RunRecord("r1", "manual", now, phase="queued"))])
    world.engine = world.make_engine(cipher=Cipher([("k2", b"z" * 32)]))
    world.sync("manual", run_id="r1")
    found = runs.get(world.db, world.first.sub, "r1")
    assert found is not None and found.finished is not None


def test_an_address_added_in_sugar_is_known_though_nothing_may_be_written() -> None:
    """Shared addresses are no evidence, whether or not the switches let the edit travel."""
    world, sugar_id, google_id = linked()
    world.set(**switches(sc=True))
    world.settle()
    world.sugar.edit_contact(sugar_id, email=[{"email_address": "ana@x.test", "primary_address": True}, {"email_address": "info@x.test"}])
    world.settle()
    assert set(world.engine.hashed_terms(world.first.sub, __import__("contact_sync.contacts.contact", fromlist=["Contact"]).Contact(first_name="Ana", last_name="Ruiz", emails=("ana@x.test", "info@x.test")))) <= set(
        world.mapping(sugar_id).match_keys
    )


def test_deleted_while_out_of_scope_is_unlinked_for_mine() -> None:
    world, sugar_id, google_id = linked()
    world.sugar.add_user("boss", id="user-boss")
    world.sugar.edit_contact(sugar_id, assigned_user_id="user-boss")
    list_again(world)
    assert world.mapping(sugar_id).state is State.OUT_OF_SCOPE
    world.sugar.delete_contact(sugar_id)
    list_again(world)
    list_again(world)
    assert world.mapping(sugar_id).state is State.UNLINKED
