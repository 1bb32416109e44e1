"""What is decided from what is remembered."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from tests.sync.rich_world import assert_sound
from tests.sync.situations import causes, linked, list_again
from tests.world import CONTACTS_SCOPE, Crash, World, switches

from contact_sync.contacts.contact import Contact
from contact_sync.contacts.mapping import State
from contact_sync.contacts.side import Side
from contact_sync.store import runs, tokens, users
from contact_sync.store.cipher import Cipher
from contact_sync.store.records import RunRecord, Tokens


def test_a_record_that_was_given_away_and_then_deleted_is_not_deleted_in_google() -> None:
    """Leaving the scope is never a deletion, whatever the new owner does with the record afterwards."""
    world, sugar_id, google_id = linked()
    world.sugar.add_user("boss", id="user-boss")
    world.sugar.edit_contact(sugar_id, assigned_user_id="user-boss")
    world.clock.advance(minutes=30)
    world.settle()
    world.sugar.delete_contact(sugar_id)
    list_again(world)
    assert world.google_contact(google_id) is not None


def test_what_is_deleted_while_out_of_scope_is_unlinked() -> None:
    world, sugar_id, _ = linked()
    world.sugar.add_user("boss", id="user-boss")
    world.sugar.edit_contact(sugar_id, assigned_user_id="user-boss")
    list_again(world)
    assert world.mapping(sugar_id).state is State.OUT_OF_SCOPE
    world.sugar.delete_contact(sugar_id)
    list_again(world)
    assert world.mapping(sugar_id).state is State.UNLINKED


def test_a_sugar_create_in_doubt_whose_record_the_user_may_not_see_is_not_sent_again() -> None:
    """Only the service administrator can tell that it exists."""
    doubts = 0
    for k in itertools.count(1):
        world = World()
        world.set(**switches(gu=True, gc=True))
        world.add_google("Ana", "Ruiz", "ana@x.test")
        try:
            with world.dying(Side.SUGAR, k, "after"):
                world.sync()
        except Crash:
            if not world.sugar_contacts():
                continue
        else:
            break
        [record] = world.sugar_contacts()
        world.sugar.hide_contact(record["id"], world.first.sugar_user)
        world.clock.advance(minutes=16)
        world.engine = world.make_engine()
        world.settle()
        assert len(world.sugar_contacts()) == 1, f"died after call {k}"
        doubts += 1
    assert doubts


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


def test_newest_does_not_count_from_an_edit_that_was_taken_back() -> None:
    world, sugar_id, google_id = linked()
    world.set(**switches(gu=True), conflict="newest")
    world.settle()
    for title in ("Early", ""):
        world.clock.advance(hours=1)
        world.sugar.edit_contact(sugar_id, title=title)
        world.settle()
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
    world, sugar_id, _ = linked()
    world.sugar.edit_contact(sugar_id, title="CEO")
    done: list[int] = []

    def reconnect(request: Any) -> None:
        if "batchGet" not in request.url or done:
            return
        done.append(1)
        world.google.revoke_grant(world.first.sub)
        held = Tokens(google_refresh=world.google.grant(world.first.sub), google_scopes=(CONTACTS_SCOPE,))
        connected = users.update(world.first.sub, connection="connected", cursors__deletes_on={})
        world.db.commit([tokens.put(world.cipher, world.first.sub, held), connected])

    world.google_transport.before = reconnect
    world.sync()
    world.google_transport.before = None
    assert done
    assert world.user().connection == "connected"


def test_a_run_somebody_waits_for_is_told_over_when_the_tokens_cannot_be_read() -> None:
    world = World()
    now = world.clock.now()
    world.db.commit([runs.put(world.first.sub, RunRecord("r1", "manual", now, phase="queued"))])
    world.engine = world.make_engine(cipher=Cipher([("k2", b"z" * 32)]))
    world.sync("manual", run_id="r1")
    found = runs.get(world.db, world.first.sub, "r1")
    assert found is not None and found.finished is not None


def test_an_address_added_in_sugar_is_known_though_no_switch_lets_it_travel() -> None:
    """An address that several share is no evidence, so the keys of every record must be those of now."""
    world, sugar_id, _ = linked()
    world.set(**switches(sc=True))
    world.settle()
    emails = ("ana@x.test", "info@x.test")
    world.sugar.edit_contact(
        sugar_id,
        email=[{"email_address": email, "primary_address": email == emails[0]} for email in emails],
    )
    world.settle()
    now = world.engine.hashed_terms(
        world.first.sub, Contact(first_name="Ana", last_name="Ruiz", emails=emails)
    )
    assert set(world.mapping(sugar_id).match_keys) == set(now)


@pytest.mark.parametrize("hook", ["before_commit", "after_commit"])
def test_a_process_that_dies_around_any_commit_of_a_first_sync_loses_and_doubles_nothing(hook: str) -> None:
    died = 0
    for k in itertools.count(1):
        world = World()
        for name in ("Ann", "Bob", "Cid"):
            world.add_sugar(first_name=name, last_name="Sugar", email=f"{name}@s.test")
            world.add_google(name, "Google", f"{name}@g.test")
        world.add_sugar(first_name="Ivy", last_name="Both", email="ivy@x.test")
        world.add_google("Ivy", "Both", "ivy@x.test")
        counter = itertools.count(1)

        def die(_request: Any, counter: Any = counter, k: int = k) -> None:
            if next(counter) == k:
                raise Crash

        setattr(world.firestore, hook, die)
        try:
            world.sync()
            over = True
        except Crash:
            over = False
        setattr(world.firestore, hook, None)
        if over:
            break
        died += 1
        world.clock.advance(minutes=16)
        world.engine = world.make_engine()
        world.settle()
        assert len(world.sugar_names()) == len(world.google_names()) == 7, f"died in {hook} {k}"
        assert world.sugar_names() == world.google_names()
        assert_sound(world)
    assert died >= 5
