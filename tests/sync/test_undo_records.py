"""Undo of creates and deletions: on the one side only, without doubles, and never by deleting on the other."""

from __future__ import annotations

import pytest
from tests.sync.ordering import apply, deliver, last, set_switches, undo
from tests.world import WITH_DELETES, World, link

from contact_sync.contacts.mapping import State
from contact_sync.contacts.side import Side
from contact_sync.sync import orders, resolve


@pytest.mark.parametrize("side", list(Side))
def test_a_create_is_taken_back_where_it_was_made_and_nowhere_else(side: Side) -> None:
    world = World()
    world.set(from_sugar=WITH_DELETES.from_sugar, from_google=WITH_DELETES.from_google)
    if side is Side.GOOGLE:
        world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test", phone_work="+34 1")
    else:
        world.add_google("Ana", "Ruiz", "ana@x.test", organizations=[{"name": "Nobody Inc"}])
    world.settle()
    found, (action,) = undo(world, last(world, "create").id)
    assert (found.counts, found.message is not None) == ({f"{side}_deleted": 1}, True)
    apply(world, found.id)
    sugar_id = action.sugar_id or ""
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.missing.side, mapping.missing.delete_on) == (State.UNLINKED, side, False)
    world.settle()
    world.sync("reconcile")
    world.settle()
    kept, lost = (world.sugar_names(), world.google_names())[:: 1 if side is Side.GOOGLE else -1]
    assert (kept, lost) == (["Ana Ruiz"], [])
    assert world.user().deletions == {}
    resolve.link_again(world.db, world.first.sub, sugar_id)
    world.settle()
    assert world.sugar_names() == world.google_names() == ["Ana Ruiz"]


def test_a_created_contact_that_was_edited_since_is_not_deleted() -> None:
    world = World()
    _, google_id = link(world)
    entry = last(world, "create")
    world.edit_google(google_id, organizations=[{"title": "Boss"}])
    found, _ = undo(world, entry.id)
    assert (found.state, found.message) == (
        "refused",
        "The contact was edited since it was created: title.",
    )


def test_undoing_the_undo_of_a_create_in_google_links_the_two_again() -> None:
    world = World()
    sugar_id, _ = link(world)
    apply(world, undo(world, last(world, "create").id)[0].id)
    world.clock.advance(minutes=1)
    found, _ = undo(world, last(world, "delete").id)
    assert (found.state, found.counts) == ("ready", {"google_created": 1})
    apply(world, found.id)
    world.settle()
    assert world.google_names() == ["Ana Ruiz"]
    assert world.mapping(sugar_id).state is State.LINKED


def test_undoing_the_undo_of_a_create_in_sugar_is_what_link_again_is_for() -> None:
    world = World()
    world.add_google("Ana", "Ruiz", "ana@x.test")
    world.settle()
    apply(world, undo(world, last(world, "create").id)[0].id)
    world.clock.advance(minutes=1)
    found, _ = undo(world, last(world, "delete").id)
    assert (found.state, "Link it again" in (found.message or "")) == ("refused", True)


def deleted(side: Side) -> tuple[World, str]:
    """A pair that a person deleted on the other side, and the sync on this one."""
    world = World()
    world.set(from_sugar=WITH_DELETES.from_sugar, from_google=WITH_DELETES.from_google)
    sugar_id, google_id = link(world, title="Cook", phone_work="+34 1")
    world.clock.advance(minutes=15)
    if side is Side.GOOGLE:
        world.sugar.delete_contact(sugar_id)
    else:
        world.delete_google(google_id)
    world.settle()
    assert (world.google_contacts(), world.sugar_contacts()) == ([], [])
    return world, sugar_id


def test_a_contact_deleted_in_google_comes_back_there_only_and_can_be_linked_again() -> None:
    world, sugar_id = deleted(Side.GOOGLE)
    found, (action,) = undo(world, last(world, "delete").id)
    assert found.counts == {"google_created": 1}
    assert "Link again" in (found.message or "")
    assert (action.sugar_id, action.after[Side.GOOGLE]["title"]) == (sugar_id, "Cook")
    done = apply(world, found.id)
    assert dict(done.counts) == {"google_created": 1}
    (contact,) = world.google_contacts()
    assert contact["organizations"][0]["title"] == "Cook"
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.missing.side) == (State.UNLINKED, Side.SUGAR)
    world.settle()
    world.sync("reconcile")
    world.settle()
    assert (world.google_names(), world.sugar_names()) == (["Ana Ruiz"], [])
    resolve.link_again(world.db, world.first.sub, sugar_id)
    world.settle()
    assert (world.google_names(), world.sugar_names()) == (["Ana Ruiz"], ["Ana Ruiz"])


def test_a_record_deleted_in_sugar_comes_back_there_only_and_can_be_linked_again() -> None:
    world, sugar_id = deleted(Side.SUGAR)
    found, (action,) = undo(world, last(world, "delete").id)
    assert found.counts == {"sugar_created": 1}
    assert action.sugar_id != sugar_id
    apply(world, found.id)
    (record,) = world.sugar_contacts()
    assert (record["title"], record["assigned_user_id"]) == ("Cook", world.first.sugar_user)
    mapping = world.mapping(action.sugar_id or "")
    assert (mapping.state, mapping.missing.side) == (State.UNLINKED, Side.GOOGLE)
    world.settle()
    world.sync("reconcile")
    world.settle()
    assert (world.google_names(), world.sugar_names()) == ([], ["Ana Ruiz"])
    resolve.link_again(world.db, world.first.sub, action.sugar_id or "")
    world.settle()
    assert (world.google_names(), world.sugar_names()) == (["Ana Ruiz"], ["Ana Ruiz"])


def test_a_deletion_of_what_is_there_again_is_not_undone() -> None:
    world, _ = deleted(Side.GOOGLE)
    entry = last(world, "delete")
    apply(world, undo(world, entry.id)[0].id)
    world.clock.advance(minutes=1)
    found, _ = undo(world, entry.id)
    assert (found.state, found.message) == ("refused", "The contact is in Google already.")
    world, _ = deleted(Side.SUGAR)
    entry = last(world, "delete")
    world.sugar.restore_contact(entry.sugar_id)
    assert undo(world, entry.id)[0].message == "The contact is in Sugar already."


def test_a_name_that_was_made_up_for_sugar_is_made_up_again() -> None:
    world = World()
    world.set(from_sugar=WITH_DELETES.from_sugar, from_google=WITH_DELETES.from_google)
    google_id = world.add_google("Cher", "", "cher@x.test")
    world.settle()
    world.clock.advance(minutes=15)
    world.delete_google(google_id)
    world.settle()
    found, (action,) = undo(world, last(world, "delete").id)
    apply(world, found.id)
    assert [(record["first_name"], record["last_name"]) for record in world.sugar_contacts()] == [
        ("", "Cher")
    ]
    assert world.mapping(action.sugar_id or "").filled.value == "Cher"


def test_a_contact_that_the_scope_button_deleted_comes_back_out_of_scope() -> None:
    world = World()
    sugar_id, _ = link(world)
    world.sugar.add_user("bob", id="user-bob")
    world.sugar.edit_contact(sugar_id, assigned_user_id="user-bob")
    world.clock.advance(days=1, minutes=1)
    world.settle()
    orders.order_clean(world.engine, world.first.sub, 1)
    deliver(world, only="clean")
    found, _ = undo(world, last(world, "delete").id)
    apply(world, found.id)
    world.settle()
    assert world.google_names() == ["Ana Ruiz"]
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.google_id is not None) == (State.OUT_OF_SCOPE, True)


def test_a_record_deleted_in_sugar_comes_back_once_however_often_that_is_undone() -> None:
    world = World()
    set_switches(world)
    sugar_id, google_id = link(world)
    world.clock.advance(minutes=15)
    world.delete_google(google_id)
    world.settle()
    entry = last(world, "delete", Side.SUGAR)
    first, second = undo(world, entry.id)[0], undo(world, entry.id)[0]
    assert (first.state, second.state) == ("ready", "ready")
    apply(world, first.id)
    apply(world, second.id)
    third, actions = undo(world, entry.id)
    assert (third.state, actions) == ("refused", [])
    assert world.sugar_names() == ["Ana Ruiz"]
    restored = world.sugar_contacts()[0]["id"]
    world.sugar.delete_contact(restored)
    world.settle()
    apply(world, undo(world, entry.id)[0].id)
    assert [record["id"] for record in world.sugar_contacts()] not in ([], [restored])
