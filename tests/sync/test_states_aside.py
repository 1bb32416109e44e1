"""The state table of a mapping, continued: out of scope, gone, and in the backlog."""

from __future__ import annotations

import pytest
from tests.sync.situations import (
    causes,
    everything_on,
    gone,
    google_title,
    linked,
    list_again,
    out_of_scope,
    refuse_changes,
    refused,
    restore_google,
    sugar_title,
)
from tests.world import World, switches

from contact_sync.contacts.mapping import State
from contact_sync.contacts.side import Side
from contact_sync.sync import resolve


def refusal(world: World, decision: str, sugar_id: str) -> int:
    """The HTTP status with which linking or unlinking is refused."""
    with pytest.raises(resolve.Refused) as refused:
        getattr(resolve, decision)(world.db, world.first.sub, sugar_id)
    return refused.value.status


def link_again(world: World, sugar_id: str) -> None:
    resolve.link_again(world.db, world.first.sub, sugar_id)
    world.settle()


def unlink(world: World, sugar_id: str) -> None:
    resolve.unlink(world.db, world.first.sub, sugar_id)
    world.settle()


# out of scope


def test_out_of_scope_is_written_on_neither_side() -> None:
    world, sugar_id, google_id = out_of_scope()
    before = world.writes()
    world.sugar.edit_contact(sugar_id, title="CEO")
    world.edit_google(google_id, organizations=[{"title": "CFO"}])
    list_again(world)
    assert world.writes() == before
    assert world.mapping(sugar_id).state is State.OUT_OF_SCOPE


def test_out_of_scope_and_back_is_linked_and_merged_over_the_kept_base() -> None:
    world, sugar_id, google_id = out_of_scope()
    world.sugar.edit_contact(sugar_id, title="CEO")
    world.edit_google(google_id, phoneNumbers=[{"value": "+34600100200", "type": "mobile"}])
    world.settle()
    world.sugar.edit_contact(sugar_id, assigned_user_id=world.first.sugar_user)
    world.settle()
    assert world.mapping(sugar_id).state is State.LINKED
    assert google_title(world, google_id) == "CEO"
    assert world.sugar.contact(sugar_id)["phone_mobile"] == "+34600100200"


def test_out_of_scope_and_deleted_in_google_only_forgets_the_google_side() -> None:
    world, sugar_id, google_id = out_of_scope()
    world.delete_google(google_id)
    world.settle()
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.google_id, mapping.base) == (State.OUT_OF_SCOPE, None, None)
    assert world.sugar.contact(sugar_id) is not None
    world.sugar.edit_contact(sugar_id, assigned_user_id=world.first.sugar_user)
    world.settle()
    fresh = world.mapping(sugar_id)
    assert (fresh.state, fresh.google_id not in (None, google_id)) == (State.LINKED, True)


def flagged_out_of_scope() -> tuple[World, str, str]:
    """Out of scope by a flag, so that the deletion poll, which knows no flag, still names the record."""
    world = everything_on(sugar_scope="flagged")
    sugar_id = world.add_sugar(
        first_name="Ana", last_name="Ruiz", email="ana@x.test", sync_contact_users=[world.first.sugar_user]
    )
    world.settle()
    google_id = world.mapping(sugar_id).google_id
    world.sugar.set_flag(world.first.sugar_user, sugar_id, False)
    world.settle()
    assert world.mapping(sugar_id).state is State.OUT_OF_SCOPE
    return world, sugar_id, google_id


def test_out_of_scope_and_deleted_in_sugar_is_unlinked() -> None:
    world, sugar_id, google_id = flagged_out_of_scope()
    world.sugar.delete_contact(sugar_id)
    world.settle()
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.missing.side) == (State.UNLINKED, Side.SUGAR)
    assert world.google_contact(google_id) is not None


def test_out_of_scope_without_a_google_side_and_deleted_in_sugar_is_gone() -> None:
    world, sugar_id, google_id = flagged_out_of_scope()
    world.delete_google(google_id)
    world.settle()
    world.sugar.delete_contact(sugar_id)
    world.settle()
    assert world.mapping(sugar_id).state is State.GONE


def test_out_of_scope_cannot_be_linked_but_unlinked() -> None:
    world, sugar_id, _ = out_of_scope()
    assert refusal(world, "link_again", sugar_id) == 409
    unlink(world, sugar_id)
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.missing) == (State.UNLINKED, None)


# gone


def test_gone_and_alive_again_in_sugar_becomes_new_after_ten_minutes() -> None:
    world, sugar_id, google_id = gone()
    world.sugar.restore_contact(sugar_id)
    world.settle()
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.google_id not in (None, google_id)) == (State.LINKED, True)
    assert world.google_names() == ["Ana Ruiz"]


def test_gone_and_alive_again_in_google_is_a_contact_of_its_own() -> None:
    world, sugar_id, google_id = gone()
    restore_google(world, google_id)
    world.settle()
    (fresh,) = [mapping for mapping in world.all_mappings().values() if mapping.state is State.LINKED]
    assert (fresh.sugar_id != sugar_id, fresh.google_id) == (True, google_id)
    assert world.sugar_names() == ["Ana Ruiz"]
    assert [m.sugar_id for m in world.all_mappings().values() if m.google_id == google_id] == [fresh.sugar_id]


def test_gone_and_alive_again_on_both_sides_is_linked_once() -> None:
    world, sugar_id, google_id = gone()
    world.sugar.restore_contact(sugar_id)
    restore_google(world, google_id)
    world.settle()
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.google_id) == (State.LINKED, google_id)
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 1


def test_what_the_sync_did_not_create_in_this_life_is_not_remembered_as_created() -> None:
    world, sugar_id, google_id = gone()
    assert world.mapping(sugar_id).created_side is Side.GOOGLE
    world.add_google("Ana", "Ruiz", "ana@x.test")
    world.set(**switches(su=True, sc=True, sd=True, gu=True))
    world.settle()
    world.sugar.restore_contact(sugar_id)
    world.settle()
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.created_side) == (State.LINKED, None)
    assert len(world.google_contacts()) == 1


def test_gone_ignores_the_scope_and_decisions() -> None:
    world, sugar_id, _ = gone()
    list_again(world)
    assert world.mapping(sugar_id).state is State.GONE
    assert refusal(world, "link_again", sugar_id) == 404
    assert refusal(world, "unlink", sugar_id) == 404


# in the backlog


def test_in_the_backlog_an_edit_of_another_cause_stays_and_is_not_due() -> None:
    world, sugar_id, google_id = linked(title="CTO")
    world.sugar.edit_contact(sugar_id, title="CEO")
    world.delete_google(google_id)
    world.settle()
    assert causes(world) == ["deleted_and_edited"]
    world.sugar.edit_contact(sugar_id, title="CFO")
    world.settle()
    assert causes(world) == ["deleted_and_edited"]
    assert world.mapping(sugar_id).due_at is None


@pytest.mark.parametrize("edited", ["google", "sugar"])
def test_a_refusal_is_released_once_by_an_edit_of_either_side(edited: str) -> None:
    world, sugar_id, google_id = refused()
    if edited == "sugar":
        world.sugar.edit_contact(sugar_id, department="North")
    else:
        world.edit_google(google_id, organizations=[{"title": "CEO", "department": "North"}])
    world.settle()
    assert causes(world) == []
    assert (sugar_title(world, sugar_id), google_title(world, google_id)) == ("CEO", "CEO")


def test_a_refusal_that_stays_is_not_tried_again_without_an_edit() -> None:
    world, sugar_id, google_id = refused()
    refuse_changes(world)
    world.edit_google(google_id, organizations=[{"title": "CFO"}])
    world.settle()
    assert causes(world) == ["refused"]
    attempts = len(world.sugar.item_calls)
    world.clock.advance(hours=1)
    world.settle()
    tried = [path for verb, path in world.sugar.item_calls[attempts:] if verb == "PUT"]
    assert tried == []


@pytest.mark.parametrize("deleted", ["google", "sugar"])
def test_a_deletion_in_the_backlog_is_noted_and_decided_on_release(deleted: str) -> None:
    world, sugar_id, google_id = refused()
    if deleted == "google":
        world.delete_google(google_id)
    else:
        world.sugar.delete_contact(sugar_id)
    world.settle()
    assert causes(world) == ["refused"]
    assert world.mapping(sugar_id).missing.side == deleted
    resolve.release(world.db, world.first.sub, [entry.id for entry in world.backlog()])
    world.settle()
    if deleted == "google":
        # Sugar's record is as both sides agreed on it: it is deleted, too.
        assert world.mapping(sugar_id).state is State.GONE
        assert world.sugar_contacts() == []
    else:
        assert causes(world) == ["deleted_and_edited"]
        assert world.google_contact(google_id) is not None


def test_both_sides_deleted_in_the_backlog_closes_the_entry() -> None:
    world, sugar_id, google_id = refused()
    world.delete_google(google_id)
    world.settle()
    world.sugar.delete_contact(sugar_id)
    world.settle()
    assert causes(world) == []
    assert world.mapping(sugar_id).state is State.GONE


def test_leaving_the_scope_closes_the_entry() -> None:
    world, sugar_id, _ = refused()
    world.sugar.edit_contact(sugar_id, assigned_user_id="svc")
    list_again(world)
    assert causes(world) == []
    assert world.mapping(sugar_id).state is State.OUT_OF_SCOPE


def test_linking_again_closes_the_entry_and_decides_anew() -> None:
    world, sugar_id, _ = refused()
    link_again(world, sugar_id)
    assert causes(world) == []
    assert sugar_title(world, sugar_id) == "CEO"


def test_unlinking_closes_the_entry() -> None:
    world, sugar_id, _ = refused()
    unlink(world, sugar_id)
    assert causes(world) == []
    assert world.mapping(sugar_id).state is State.UNLINKED
    assert sugar_title(world, sugar_id) == ""
