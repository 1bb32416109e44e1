"""Undo of one history entry: previewed, applied like any preview, refused where it would trample a later edit."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sync.ordering import apply, last, moved, preview, run, shown, undo
from tests.world import World, link, switches

from contact_sync.contacts.side import Side
from contact_sync.sync import orders
from contact_sync.sync.resolve import Refused


def updated(**settings: Any) -> tuple[World, str, str]:
    """A linked contact whose title, changed in Sugar, the sync wrote to Google."""
    world = World()
    sugar_id, google_id = link(world, title="Cook")
    world.set(**settings)
    world.settle()
    world.clock.advance(minutes=5)
    world.sugar.edit_contact(sugar_id, title="CTO")
    world.settle()
    world.tasks.clear()
    assert title(world, google_id) == "CTO"
    return world, sugar_id, google_id


def title(world: World, google_id: str) -> str:
    contact = world.google_contact(google_id)
    assert contact is not None
    return contact.get("organizations", [{}])[0].get("title", "")


def sugar_title(world: World, sugar_id: str) -> str:
    return next(record["title"] for record in world.sugar_contacts() if record["id"] == sugar_id)


def test_an_update_is_taken_back_where_it_was_written() -> None:
    world, sugar_id, google_id = updated()
    found, (action,) = undo(world, last(world, "update").id)
    assert (found.state, found.message) == (
        "ready",
        "Only Google gets what was there before: title. The sync leaves the two sides as they are then, until either "
        "is changed.",
    )
    assert [(one.side, one.field, one.before, one.after) for one in action.changes] == [
        ("google", "title", "CTO", "Cook")
    ]
    assert title(world, google_id) == "CTO"
    done = apply(world, found.id)
    assert (done.error, dict(done.counts), moved(world, found.id)) == (None, {"google_updated": 1}, {})
    assert (title(world, google_id), sugar_title(world, sugar_id)) == ("Cook", "CTO")
    # Nothing follows by itself: a sync would carry out what the person left out, too.
    assert world.tasks == []
    world.settle()
    assert (title(world, google_id), sugar_title(world, sugar_id)) == ("Cook", "CTO")
    entry = last(world, "update", Side.GOOGLE)
    assert (entry.trigger, [(one.field, one.after) for one in entry.changes]) == ("undo", [("title", "Cook")])


def test_an_undo_needs_no_switch() -> None:
    world, _, google_id = updated()
    world.set(**switches())
    found, _ = undo(world, last(world, "update").id)
    apply(world, found.id)
    assert title(world, google_id) == "Cook"


def test_only_the_fields_of_the_entry_are_written() -> None:
    world, sugar_id, google_id = updated()
    world.edit_google(google_id, biographies=[{"value": "likes tea"}])
    world.settle()
    found, _ = undo(world, last(world, "update", Side.GOOGLE).id)
    apply(world, found.id)
    world.settle()
    contact = world.google_contact(google_id)
    assert contact is not None
    assert (title(world, google_id), contact["biographies"][0]["value"]) == ("Cook", "likes tea")


def test_a_later_edit_of_the_same_field_is_not_trampled() -> None:
    world, sugar_id, google_id = updated()
    entry = last(world, "update")
    world.edit_google(google_id, organizations=[{"title": "Boss"}])
    found, actions = undo(world, entry.id)
    assert (found.state, actions) == ("refused", [])
    assert found.message == "This field was changed again since then: title."
    with pytest.raises(Refused):
        orders.order_apply(world.engine, world.first.sub, found.id, [])


def test_an_edit_between_preview_and_apply_is_not_trampled_either() -> None:
    world, sugar_id, google_id = updated()
    found, _ = undo(world, last(world, "update").id)
    world.edit_google(google_id, organizations=[{"title": "Boss"}])
    apply(world, found.id)
    assert title(world, google_id) == "Boss"
    assert moved(world, found.id) == {sugar_id: "This field was changed again since then: title."}
    assert [task[0]["trigger"] for task in world.tasks] == []


def test_an_undo_can_be_undone() -> None:
    world, sugar_id, google_id = updated(**switches(su=True, sc=True))
    apply(world, undo(world, last(world, "update").id)[0].id)
    world.clock.advance(minutes=1)
    again = next(entry for entry in world.history() if entry.trigger == "undo")
    apply(world, undo(world, again.id)[0].id)
    assert title(world, google_id) == "CTO"


def test_addresses_and_mail_are_put_back() -> None:
    world = World()
    sugar_id, google_id = link(
        world, primary_address_street="Old 1", primary_address_city="Rome", email="ana@x.test"
    )
    world.clock.advance(minutes=5)
    world.sugar.edit_contact(
        sugar_id,
        primary_address_street="New 2\nFloor 3",
        email=[{"email_address": "ana@new.test", "primary_address": True}],
    )
    world.settle()
    found, _ = undo(world, last(world, "update", Side.GOOGLE).id)
    assert found.state == "ready"
    apply(world, found.id)
    world.settle()
    contact = world.google_contact(google_id)
    assert contact is not None
    assert [mail["value"] for mail in contact["emailAddresses"]] == ["ana@x.test"]
    assert contact["addresses"][0]["streetAddress"] == "Old 1"
    assert world.sugar_contacts()[0]["primary_address_street"] == "New 2\nFloor 3"


def test_what_a_merge_wrote_is_taken_back_on_the_side_that_was_written() -> None:
    world = World()
    world.set(**switches(su=True, sc=True))
    world.add_sugar(first_name="Cy", last_name="Lee", email="cy@x.test", title="Chef")
    google_id = world.add_google("Cy", "Lee", "cy@x.test")
    world.settle()
    assert title(world, google_id) == "Chef"
    found, _ = undo(world, last(world, "merge").id)
    apply(world, found.id)
    assert title(world, google_id) == ""
    world.settle()
    assert title(world, google_id) == ""


@pytest.mark.parametrize("gone", list(Side))
def test_what_is_not_linked_any_more_cannot_be_taken_back(gone: Side) -> None:
    world, sugar_id, google_id = updated()
    entry = last(world, "update")
    if gone is Side.SUGAR:
        world.sugar.delete_contact(sugar_id)
    else:
        world.delete_google(google_id)
    assert undo(world, entry.id)[0].state == "refused"
    world.settle()
    assert undo(world, entry.id)[0].state == "refused"


# What can never be undone is refused when it is ordered


def test_entries_that_wrote_nothing_say_what_to_do_instead() -> None:
    world = World()
    sugar_id, google_id = link(world)
    world.clock.advance(minutes=15)
    world.delete_google(google_id)
    world.settle()
    entry = last(world, "unlinked")
    with pytest.raises(Refused) as refused:
        orders.order_undo(world.engine, world.first.sub, entry.id)
    assert (refused.value.status, "Link again" in str(refused.value)) == (409, True)
    with pytest.raises(Refused) as refused:
        orders.order_undo(world.engine, world.first.sub, "no-such-entry")
    assert refused.value.status == 404
    assert world.tasks == []


def test_a_preview_of_an_undo_is_no_sync() -> None:
    world, sugar_id, _ = updated()
    world.add_sugar(first_name="Late", last_name="Comer", email="late@x.test")
    found, actions = undo(world, last(world, "update").id)
    assert (len(actions), found.waiting) == (1, 0)
    apply(world, found.id)
    assert world.google_names() == ["Ana Ruiz"]
    assert preview(world)[0].counts["google_created"] == 1
    assert run(world, shown(world, found.id)[0].id).trigger == "preview"
