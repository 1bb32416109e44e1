"""A Google contact under another resource name, merged into another one, copied, or created twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.sync.situations import (
    ALL_ON,
    NO_DELETES,
    everything_on,
    google_title,
    linked,
    sugar_title,
)
from tests.world import Direction, World, link

from contact_sync.contacts.google_person import MARK_KEY
from contact_sync.contacts.mapping import State
from contact_sync.contacts.side import Side
from contact_sync.sync import resolve


def rename(world: World, google_id: str, between: Callable[[], object] | None = None) -> str:
    """Google gives the contact another resource name; with `between` the old one is reported deleted before."""
    name = world.google.rename_contact(world.first.sub, f"people/{google_id}", tombstone=between)
    return name.removeprefix("people/")


def assert_one_pair(world: World, sugar_id: str, google_id: str) -> None:
    """Nothing was doubled or lost, and every Google id is in one place only."""
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.google_id) == (State.LINKED, google_id)
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 1
    assert {key: entry.mapping for key, entry in world.all_entries().items()} == {google_id: sugar_id}
    assert world.backlog() == []


def mark(sugar_id: str) -> dict[str, Any]:
    return {"clientData": [{"key": MARK_KEY, "value": sugar_id}]}


# Renamed


def test_a_renamed_contact_is_followed() -> None:
    world, sugar_id, google_id = linked()
    before = world.writes()
    fresh = rename(world, google_id)
    world.settle()
    assert_one_pair(world, sugar_id, fresh)
    assert world.writes() == before
    world.sugar.edit_contact(sugar_id, title="CEO")
    world.settle()
    assert google_title(world, fresh) == "CEO"


@pytest.mark.parametrize("deletes", [True, False])
@pytest.mark.parametrize("place", ["same page", "earlier page"])
def test_the_tombstone_of_a_former_name_deletes_nothing(place: str, deletes: bool) -> None:
    world, sugar_id, google_id = linked(everything_on(**(ALL_ON if deletes else NO_DELETES)))
    if place == "earlier page":
        world.google.knobs.page_limit = 1
    fresh = rename(world, google_id, lambda: None)
    world.settle()
    assert_one_pair(world, sugar_id, fresh)


def test_a_tombstone_that_comes_in_a_look_of_its_own_is_a_deletion_and_the_contact_is_taken_in_anew() -> None:
    world, sugar_id, google_id = linked()
    fresh = rename(world, google_id, world.sync)
    assert world.mapping(sugar_id).state is State.GONE
    world.settle()
    (record,) = world.sugar_contacts()
    assert (record["last_name"], record["id"] != sugar_id) == ("Ruiz", True)
    assert world.mapping(record["id"]).google_id == fresh
    holders = [mapping for mapping in world.all_mappings().values() if mapping.google_id == fresh]
    assert len(holders) == 1


def test_a_rename_without_former_names_is_known_by_its_source() -> None:
    world, sugar_id, google_id = linked()
    fresh = rename(world, google_id)
    # Only answers to a sync token tell former names; this one has expired, and everything is listed.
    world.google.knobs.sync_token_lifetime = timedelta(0)
    world.sync()
    world.google.knobs.sync_token_lifetime = timedelta(days=7)
    world.settle()
    assert_one_pair(world, sugar_id, fresh)


def test_an_edit_that_reads_a_contact_under_its_new_name_first_follows_it() -> None:
    world = World(propagation_delay=300)
    world.set(**ALL_ON)
    world, sugar_id, google_id = linked(world)
    world.clock.advance(minutes=10)
    world.settle()
    fresh = rename(world, google_id)
    world.sugar.edit_contact(sugar_id, title="CEO")
    world.sync()
    assert google_title(world, fresh) == "CEO"
    assert world.mapping(sugar_id).google_id == fresh
    world.settle()
    assert_one_pair(world, sugar_id, fresh)


def test_what_was_unlinked_for_a_tombstone_is_linked_again_when_the_new_name_comes_in_a_later_look() -> None:
    world, sugar_id, google_id = linked(everything_on(**NO_DELETES))
    fresh = rename(world, google_id, lambda: (world.sync(), world.sugar.edit_contact(sugar_id, title="CEO")))
    world.settle()
    assert_one_pair(world, sugar_id, fresh)
    assert google_title(world, fresh) == "CEO"


@pytest.mark.parametrize("kept", ["mark", "addresses"])
def test_a_contact_that_lives_on_as_another_one_is_followed(kept: str) -> None:
    world, sugar_id, google_id = linked()
    again = world.add_google("Ana", "Ruiz", *(["ana@x.test"] if kept == "addresses" else []))
    if kept == "mark":
        world.edit_google(again, **mark(sugar_id))
    world.delete_google(google_id)
    world.settle()
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.google_id) == (State.LINKED, again)
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 1
    assert {key: entry.mapping for key, entry in world.all_entries().items()} == {again: sugar_id}


def test_only_some_of_the_addresses_are_somebody_else() -> None:
    world, sugar_id, google_id = linked(
        email=[{"email_address": "ana@x.test"}, {"email_address": "office@x.test"}]
    )
    world.delete_google(google_id)
    world.add_google("Reception", "Desk", "office@x.test")
    world.settle()
    assert world.mapping(sugar_id).state is State.GONE
    assert world.sugar_names() == ["Reception Desk"]


# Merged in the Contacts web page


def merged() -> tuple[World, str, str, str, str]:
    """Two linked contacts, the second merged into the first by the user in Google."""
    world, kept, kept_google = linked()
    lost, lost_google = link(world, first="Anna", last="Ruiz", email="anna@x.test", title="CTO")
    world.google.merge_contacts(world.first.sub, f"people/{kept_google}", [f"people/{lost_google}"])
    world.settle()
    return world, kept, kept_google, lost, lost_google


def test_a_merge_of_two_linked_contacts_deletes_nothing_and_asks() -> None:
    world, kept, kept_google, lost, _ = merged()
    (entry,) = world.backlog()
    assert (entry.cause, entry.sugar_id, entry.partners) == ("merged_in_google", lost, (kept,))
    assert {record["id"] for record in world.sugar_contacts()} == {kept, lost}
    assert world.mapping(kept).google_id == kept_google
    addresses = {item["email_address"] for item in world.sugar.contact(kept)["email"]}
    assert addresses == {"ana@x.test", "anna@x.test"}


def test_releasing_a_merge_deletes_the_loser_in_sugar() -> None:
    world, kept, _, lost, _ = merged()
    resolve.release(world.db, world.first.sub, [entry.id for entry in world.backlog()])
    world.settle()
    assert [record["id"] for record in world.sugar_contacts()] == [kept]
    assert world.mapping(lost).state is State.GONE
    assert world.backlog() == []


def test_releasing_a_merge_without_the_switch_unlinks_the_loser() -> None:
    world, _, _, lost, _ = merged()
    world.set(**NO_DELETES)
    resolve.release(world.db, world.first.sub, [entry.id for entry in world.backlog()])
    world.settle()
    assert world.mapping(lost).state is State.UNLINKED
    assert len(world.sugar_contacts()) == 2


def test_keeping_a_merge_unlinks_the_loser() -> None:
    world, _, _, lost, _ = merged()
    resolve.keep(world.db, world.first.sub, [entry.id for entry in world.backlog()])
    world.settle()
    assert world.mapping(lost).state is State.UNLINKED
    assert len(world.sugar_contacts()) == 2
    assert len(world.google_contacts()) == 1


@pytest.mark.parametrize("survivor", ["linked", "unlinked"])
def test_a_merge_with_an_unlinked_contact_loses_nothing(survivor: str) -> None:
    no_creates = Direction(enabled=True, create=False, delete=True)
    world, sugar_id, google_id = linked(everything_on(from_google=no_creates), title="CTO")
    other = world.add_google("Ana", "Ruiz", "home@x.test")
    world.settle()
    kept, lost = (google_id, other) if survivor == "linked" else (other, google_id)
    world.google.merge_contacts(world.first.sub, f"people/{kept}", [f"people/{lost}"])
    world.settle()
    assert_one_pair(world, sugar_id, kept)
    addresses = {item["email_address"] for item in world.sugar.contact(sugar_id)["email"]}
    assert addresses == {"ana@x.test", "home@x.test"}
    assert sugar_title(world, sugar_id) == "CTO"


@pytest.mark.parametrize(("survivor", "created"), [("linked", Side.GOOGLE), ("unlinked", None)])
def test_a_contact_of_the_person_s_own_is_none_that_we_created_whatever_is_merged_into_it(
    survivor: str, created: Side | None
) -> None:
    world, sugar_id, google_id = linked(everything_on(from_google=Direction(enabled=True, create=False)))
    assert world.mapping(sugar_id).created_side is Side.GOOGLE
    other = world.add_google("Ana", "Ruiz", "home@x.test")
    world.settle()
    kept, lost = (google_id, other) if survivor == "linked" else (other, google_id)
    world.google.merge_contacts(world.first.sub, f"people/{kept}", [f"people/{lost}"])
    world.settle()
    assert (world.mapping(sugar_id).google_id, world.mapping(sugar_id).created_side) == (kept, created)


def test_two_doubles_that_are_both_deleted_are_both_deleted() -> None:
    world, _, _ = linked(email="shared@x.test")
    world.add_sugar(first_name="Bea", last_name="Ruiz", email="shared@x.test")
    world.settle()
    for contact in world.google_contacts():
        world.delete_google(contact["resourceName"].removeprefix("people/"))
    world.settle()
    assert (world.sugar_contacts(), world.backlog()) == ([], [])


# Our own duplicate, and copies of our mark


def test_our_own_duplicate_of_a_create_sent_twice_is_deleted_again_without_any_switch() -> None:
    world, sugar_id, google_id = linked(everything_on(**NO_DELETES))
    twin = world.add_google("Ana", "Ruiz", "ana@x.test", **mark(sugar_id))
    world.settle()
    assert world.google_contact(twin) is None
    assert_one_pair(world, sugar_id, google_id)


def test_a_duplicate_that_was_edited_meanwhile_is_a_contact_of_its_own() -> None:
    world, sugar_id, google_id = linked()
    copy = world.add_google("Ana", "Weber", "weber@x.test", **mark(sugar_id))
    world.settle()
    assert world.google_contact(copy) is not None
    assert world.mapping(sugar_id).google_id == google_id
    assert world.sugar_names() == ["Ana Ruiz", "Ana Weber"]


def test_a_copy_of_a_contact_that_we_did_not_create_in_google_is_not_ours_to_delete() -> None:
    world = everything_on()
    google_id = world.add_google("Ana", "Ruiz", "ana@x.test")
    world.settle()
    (sugar_id,) = world.all_mappings()
    copy = world.add_google("Ana", "Ruiz", "ana@x.test", **mark(sugar_id))
    world.settle()
    assert world.google_contact(copy) is not None
    assert world.mapping(sugar_id).google_id == google_id
    assert len(world.sugar_contacts()) == 1


def test_a_mark_of_somebody_else_means_nothing() -> None:
    world = everything_on()
    world.add_google("Ana", "Ruiz", "ana@x.test", **mark("00000000-aaaa"))
    world.settle()
    assert world.sugar_names() == ["Ana Ruiz"]


def test_the_mark_of_a_contact_that_waits_to_be_placed_is_its_google_side() -> None:
    world = World()
    world.set(from_sugar=Direction(enabled=True, create=False))
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test", title="CTO")
    world.settle()
    google_id = world.add_google("Anna", "Other", "other@x.test", **mark(sugar_id))
    world.settle()
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.google_id, mapping.created_side) == (State.LINKED, google_id, Side.GOOGLE)
