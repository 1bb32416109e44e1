"""A linked Google contact is gone: who lives on in its place, who must not, and what is a deletion like any other."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sync.big_book import delete_in_google, link_many
from tests.sync.ordering import preview
from tests.sync.parting import disconnect, reconnect, synced_world
from tests.sync.situations import (
    ALL_ON,
    NO_DELETES,
    at_one_address,
    causes,
    everything_on,
    google_title,
    linked,
)
from tests.world import World, link, switches

from contact_sync.contacts.mapping import State
from contact_sync.store import google_index
from contact_sync.sync import resolve

FAMILY = "family@x.test"
NO_CREATES = switches(su=True, sd=True, gu=True, gd=True)
PRIVATE = {
    "phoneNumbers": [{"value": "+34 611 999 999", "type": "mobile"}],
    "biographies": [{"value": "private: medical notes"}],
}


def in_google(world: World, first: str, last: str, *emails: str, **more: Any) -> tuple[str, str]:
    """A linked pair that was made in Google, and so carries no mark of ours."""
    google_id = world.add_google(first, last, *emails, **more)
    world.settle()
    return world.entry(google_id).mapping, google_id


# A stranger who has the address, too


@pytest.mark.parametrize(
    "settings",
    [
        ALL_ON,
        NO_DELETES,
        NO_CREATES,
        switches(su=True, sc=True),
        switches(su=True, sc=True, sd=True),
        switches(gu=True, gd=True),
        switches(gu=True, gc=True, gd=True),
    ],
)
@pytest.mark.parametrize("name", [("Bob", "Ruiz"), ("Ana", "Ruiz"), ("", "")])
def test_nobody_who_lived_beside_a_contact_takes_its_place(
    settings: dict[str, Any], name: tuple[str, str]
) -> None:
    world, sugar_id, google_id = linked(email=FAMILY, title="CFO")
    world.set(**settings)
    bob = world.add_google(*name, FAMILY, **PRIVATE)
    world.settle()
    world.delete_google(google_id)
    world.settle()
    assert world.mapping(sugar_id).google_id != bob
    assert world.mapping(sugar_id).state is not State.LINKED
    record = world.sugar.contact(sugar_id)
    if record is not None and not record["deleted"]:
        assert (record["first_name"], record["title"]) == ("Ana", "CFO")
        assert "medical" not in record["description"]
        world.sugar.edit_contact(sugar_id, title="CEO")
        world.settle()
    assert google_title(world, bob) == ""
    assert "merged_in_google" not in causes(world)


def test_a_preview_shows_the_deletion_and_nothing_of_the_one_beside() -> None:
    world, sugar_id, google_id = linked(email=FAMILY)
    bob = world.add_google("Bob", "Ruiz", FAMILY, **PRIVATE)
    world.settle()
    world.delete_google(google_id)
    world.clock.advance(minutes=1)
    _, actions = preview(world)
    assert [(action.kinds, action.sugar_id, action.google_id == bob) for action in actions] == [
        (("sugar_deleted",), sugar_id, False)
    ]
    assert world.mapping(sugar_id).google_id == google_id


@pytest.mark.parametrize("labelled", [True, False])
def test_a_label_makes_a_stranger_no_successor(labelled: bool) -> None:
    world = World()
    label = world.google.add_group(world.first.sub, "Work")
    world.set(**ALL_ON, google_label=label)
    sugar_id, google_id = link(world, email=FAMILY, title="CFO")
    world.add_google("Bob", "Ruiz", FAMILY, groups=[label] if labelled else [], **PRIVATE)
    world.settle()
    world.delete_google(google_id)
    world.settle()
    assert world.mapping(sugar_id).state is State.GONE
    assert "Ana Ruiz" not in world.sugar_names()


@pytest.mark.parametrize("settings", [ALL_ON, NO_CREATES])
def test_a_namesake_who_is_given_the_address_takes_no_place_either(settings: dict[str, Any]) -> None:
    world, sugar_id, google_id = linked(everything_on(**NO_CREATES | {"from_sugar": ALL_ON["from_sugar"]}))
    beside = world.add_google("Ana", "Ruiz", "home@x.test", **PRIVATE)
    world.settle()
    world.edit_google(beside, emailAddresses=[{"value": "home@x.test"}, {"value": "ana@x.test"}])
    world.delete_google(google_id)
    world.settle()
    assert world.mapping(sugar_id).state is State.GONE
    assert world.google_contact(beside) is not None


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("same_name", [True, False])
def test_of_several_at_one_address_the_deleted_one_goes_and_the_others_stay(
    count: int, same_name: bool
) -> None:
    world = everything_on()
    if same_name:
        pairs = [link(world, email=f"{n}@x.test") for n in range(count)]
        for sugar_id, _ in pairs:
            world.sugar.edit_contact(sugar_id, email=[{"email_address": "info@x.test"}])
        world.settle()
    else:
        pairs = list(at_one_address(world, *("Ana", "Ben", "Cleo")[:count]).values())
    world.delete_google(pairs[0][1])
    world.settle()
    assert causes(world) == []
    assert {record["id"] for record in world.sugar_contacts()} == {sugar_id for sugar_id, _ in pairs[1:]}
    assert len(world.google_contacts()) == count - 1


def test_colleagues_at_one_address_who_are_all_deleted_all_go() -> None:
    world = everything_on()
    for _, google_id in at_one_address(world, "Ana", "Ben", "Cleo").values():
        world.delete_google(google_id)
    world.settle()
    assert (world.sugar_contacts(), world.backlog()) == ([], [])


def test_where_others_share_the_address_a_new_contact_of_the_name_is_a_new_contact() -> None:
    world = everything_on()
    pairs = at_one_address(world, "Ana", "Ben")
    world.delete_google(pairs["Ana"][1])
    world.add_google("Ana", "Ruiz", "info@x.test")
    world.settle()
    assert world.mapping(pairs["Ana"][0]).state is State.GONE
    assert world.mapping(pairs["Ben"][0]).google_id == pairs["Ben"][1]
    assert world.sugar_names() == world.google_names() == ["Ana Ruiz", "Ben Ruiz"]
    assert world.backlog() == []


def test_a_sugar_record_that_was_deleted_and_made_again_is_a_new_one_in_google_too() -> None:
    world, sugar_id, google_id = linked()
    world.sugar.delete_contact(sugar_id)
    again = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.settle()
    assert world.google_contact(google_id) is None
    assert world.mapping(again).state is State.LINKED
    assert world.backlog() == []


def test_where_nothing_is_deleted_a_contact_made_again_at_a_shared_address_is_asked_about() -> None:
    world = everything_on(**NO_DELETES)
    pairs = at_one_address(world, "Ana", "Ben")
    world.delete_google(pairs["Ana"][1])
    world.add_google("Ana", "Ruiz", "info@x.test")
    world.settle()
    assert world.mapping(pairs["Ana"][0]).state is State.UNLINKED
    assert causes(world) == ["duplicate"]


def test_what_is_stored_from_an_earlier_version_proves_nothing() -> None:
    world, sugar_id, google_id = linked(everything_on(**NO_CREATES | {"from_sugar": ALL_ON["from_sugar"]}))
    beside = world.add_google("Ana", "Ruiz", "ana@x.test")
    world.settle()
    world.db.commit([google_index.patch(world.first.sub, beside, since=None, keyed=None)])
    world.delete_google(google_id)
    world.settle()
    assert world.mapping(sugar_id).state is State.GONE


def test_who_lived_beside_is_remembered_over_a_disconnect() -> None:
    world = synced_world()
    world.set(from_google=NO_CREATES["from_google"])
    beside = world.add_google("Ana", "Sugar", "ana@x.test", **PRIVATE)
    world.settle()
    disconnect(world, "none")
    world.clock.advance(days=1)
    reconnect(world)
    world.settle()
    (ana,) = [mapping for mapping in world.all_mappings().values() if mapping.name == "Ana Sugar"]
    world.delete_google(ana.google_id)
    world.settle()
    assert world.mapping(ana.sugar_id).state is State.GONE
    assert world.google_contact(beside) is not None


# The same person, made again


@pytest.mark.parametrize("page_limit", [None, 1])
@pytest.mark.parametrize("order", ["made first", "deleted first"])
@pytest.mark.parametrize("again", [("Ana", "Ruiz"), ("Ana María", "Ruíz")])
def test_a_contact_that_was_made_again_between_two_looks_is_followed(
    page_limit: int | None, order: str, again: tuple[str, str]
) -> None:
    world, sugar_id, google_id = linked(title="CFO")
    if page_limit:
        world.google.knobs.page_limit = page_limit
    if order == "deleted first":
        world.delete_google(google_id)
    fresh = world.add_google(*again, "ana@x.test")
    if order == "made first":
        world.delete_google(google_id)
    world.settle()
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.google_id) == (State.LINKED, fresh)
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 1
    assert world.backlog() == []


@pytest.mark.parametrize(
    ("name", "emails"),
    [
        (("Bob", "Ruiz"), ["ana@x.test", "second@x.test"]),
        (("Ana", ""), ["ana@x.test", "second@x.test"]),
        (("", ""), ["ana@x.test", "second@x.test"]),
        (("Ana", "Ruiz"), ["ana@x.test"]),
        (("Ana", "Ruiz"), []),
    ],
)
def test_a_new_contact_of_another_name_or_without_one_of_the_addresses_takes_no_place(
    name: tuple[str, str], emails: list[str]
) -> None:
    world, sugar_id, google_id = linked(
        email=[{"email_address": "ana@x.test"}, {"email_address": "second@x.test"}]
    )
    world.delete_google(google_id)
    world.add_google(*name, *emails, phoneNumbers=[{"value": "+34 600 100 200"}])
    world.settle()
    assert world.mapping(sugar_id).state is State.GONE


@pytest.mark.parametrize("labelled", [True, False])
def test_a_contact_made_again_is_followed_only_with_the_label(labelled: bool) -> None:
    world = World()
    label = world.google.add_group(world.first.sub, "Work")
    world.set(**ALL_ON, google_label=label)
    sugar_id, google_id = link(world)
    world.delete_google(google_id)
    fresh = world.add_google("Ana", "Ruiz", "ana@x.test", groups=[label] if labelled else [])
    world.settle()
    assert (world.mapping(sugar_id).google_id == fresh) is labelled
    assert (world.mapping(sugar_id).state is State.LINKED) is labelled


def test_of_two_new_contacts_of_the_name_none_is_taken_for_it() -> None:
    world, sugar_id, google_id = linked()
    world.delete_google(google_id)
    fresh = [world.add_google("Ana", "Ruiz", "ana@x.test") for _ in range(2)]
    world.settle()
    assert world.mapping(sugar_id).state is State.GONE
    assert world.mapping(sugar_id).google_id not in fresh


def test_a_contact_that_has_only_numbers_is_not_followed() -> None:
    world = everything_on()
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", phone_mobile="+34600100200")
    world.settle()
    world.delete_google(world.mapping(sugar_id).google_id)
    world.add_google("Ana", "Ruiz", phoneNumbers=[{"value": "+34 600 100 200", "type": "mobile"}])
    world.settle()
    assert world.mapping(sugar_id).state is State.GONE
    assert world.sugar_names() == ["Ana Ruiz"]


def test_a_contact_made_again_while_its_deletion_waits_is_followed_when_that_is_released() -> None:
    world = everything_on()
    pairs = link_many(world, 12)
    delete_in_google(world, pairs)
    world.settle()
    assert causes(world) == ["mass_delete"] * 12
    record = world.sugar.contact(pairs[0][0])
    address = record["email"][0]["email_address"]
    fresh = world.add_google(record["first_name"], record["last_name"], address)
    world.settle()
    resolve.release(world.db, world.first.sub, [entry.id for entry in world.backlog() if entry.sugar_id])
    world.settle(most=80)
    assert (world.mapping(pairs[0][0]).state, world.mapping(pairs[0][0]).google_id) == (State.LINKED, fresh)
    assert len(world.sugar_contacts()) == 1


# Two linked contacts made one in Google, neither with a mark of ours


@pytest.mark.parametrize("page_limit", [None, 1])
def test_two_namesakes_merged_in_google_are_asked_about(page_limit: int | None) -> None:
    world = everything_on()
    lost, lost_google = in_google(world, "Ana", "Ruiz", "ana@x.test")
    kept, kept_google = in_google(world, "Ana", "Ruiz", "anna@x.test")
    if page_limit:
        world.google.knobs.page_limit = page_limit
    world.google.merge_contacts(world.first.sub, f"people/{kept_google}", [f"people/{lost_google}"])
    world.settle()
    (entry,) = world.backlog()
    assert (entry.cause, entry.sugar_id, entry.partners) == ("merged_in_google", lost, (kept,))
    assert {record["id"] for record in world.sugar_contacts()} == {kept, lost}


def test_a_namesake_who_had_the_address_for_a_while_was_not_merged() -> None:
    world = everything_on()
    lost, lost_google = in_google(world, "Ana", "Ruiz", "ana@x.test")
    kept, kept_google = in_google(world, "Ana", "Ruiz", "anna@x.test")
    world.edit_google(kept_google, emailAddresses=[{"value": "anna@x.test"}, {"value": "ana@x.test"}])
    world.settle()
    world.delete_google(lost_google)
    world.settle()
    assert causes(world) == []
    assert [record["id"] for record in world.sugar_contacts()] == [kept]
    assert world.mapping(lost).state is State.GONE


def test_a_linked_contact_of_another_name_that_is_given_the_address_was_not_merged() -> None:
    world = everything_on()
    lost, lost_google = in_google(world, "Ana", "Ruiz", "ana@x.test")
    kept, kept_google = in_google(world, "Ben", "Okafor", "ben@x.test")
    world.edit_google(kept_google, emailAddresses=[{"value": "ben@x.test"}, {"value": "ana@x.test"}])
    world.delete_google(lost_google)
    world.settle()
    assert causes(world) == []
    assert [record["id"] for record in world.sugar_contacts()] == [kept]


def test_two_namesakes_that_both_vanish_into_a_new_one_are_one_linked_and_one_asked_about() -> None:
    world = everything_on()
    one, first = in_google(world, "Ana", "Ruiz", "ana@x.test")
    other, second = in_google(world, "Ana", "Ruiz", "anna@x.test")
    fresh = world.add_google("Ana", "Ruiz", "ana@x.test", "anna@x.test")
    world.delete_google(first)
    world.delete_google(second)
    world.settle()
    holders = [m.sugar_id for m in world.all_mappings().values() if m.google_id == fresh]
    assert len(holders) == 1
    (entry,) = world.backlog()
    assert entry.cause == "merged_in_google"
    assert {entry.sugar_id, *holders} == {one, other}
