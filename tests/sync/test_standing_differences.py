"""Differences that are left standing, because one side cannot or must not take the other's value: nobody's edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.sync.situations import causes
from tests.world import WITH_DELETES, World, link

from contact_sync.contacts.mapping import State
from contact_sync.contacts.settings import Direction
from contact_sync.contacts.side import Side

Differ = Callable[[World, str, str], None]


def private_note(world: World, _sugar_id: str, google_id: str) -> None:
    world.set(private_fields="keep")
    world.edit_google(google_id, biographies=[{"value": "likes tea"}])


def lost_year(world: World, sugar_id: str, google_id: str) -> None:
    world.sugar.edit_contact(sugar_id, birthdate="1980-05-06")
    world.settle()
    world.edit_google(google_id, birthdays=[{"date": {"month": 5, "day": 6}}])


def unknown_company(world: World, sugar_id: str, google_id: str) -> None:
    world.sugar.edit_contact(sugar_id, account_id=world.sugar.add_account(name="Acme"))
    world.settle()
    world.edit_google(google_id, organizations=[{"name": "Not in Sugar"}])


def no_choice(world: World, _sugar_id: str, google_id: str) -> None:
    name = {"honorificPrefix": "Herr", "givenName": "Ana", "familyName": "Ruiz"}
    world.edit_google(google_id, names=[name])


def no_right(world: World, sugar_id: str, google_id: str) -> None:
    world.sugar.restrict_contact(sugar_id, world.first.sugar_user, {"title": {"write": "no"}})
    world.edit_google(google_id, organizations=[{"title": "Chef"}])


def no_address(world: World, _sugar_id: str, google_id: str) -> None:
    world.edit_google(google_id, emailAddresses=[{"value": "ana@x.test"}, {"value": "ana at home"}])


STANDING = [
    pytest.param(private_note, id="a private note"),
    pytest.param(lost_year, id="a birthday that lost its year"),
    pytest.param(unknown_company, id="a company that Sugar does not know"),
    pytest.param(no_choice, id="a salutation that Sugar does not offer"),
    pytest.param(no_right, id="a field that may not be written"),
    pytest.param(no_address, id="an address that Sugar refuses"),
]


def standing(differ: Differ, **settings: Any) -> tuple[World, str, str]:
    """A linked pair with a difference that was left standing three months ago."""
    world = World()
    world.set(from_sugar=WITH_DELETES.from_sugar, from_google=WITH_DELETES.from_google, **settings)
    sugar_id, google_id = link(world)
    differ(world, sugar_id, google_id)
    world.settle()
    world.clock.advance(days=90)
    world.settle()
    return world, sugar_id, google_id


def mobile(world: World, google_id: str) -> list[str]:
    return [phone["value"] for phone in world.google_contact(google_id).get("phoneNumbers", ())]


@pytest.mark.parametrize("newest", Side)
@pytest.mark.parametrize("differ", STANDING)
def test_it_makes_no_later_edit_of_another_field_older(differ: Differ, newest: Side) -> None:
    world, sugar_id, google_id = standing(differ)
    edits: dict[Side, Callable[[], Any]] = {
        Side.SUGAR: lambda: world.sugar.edit_contact(sugar_id, phone_mobile="+34 600 000 001"),
        Side.GOOGLE: lambda: world.edit_google(
            google_id, phoneNumbers=[{"value": "+34 600 000 002", "type": "mobile"}]
        ),
    }
    for side in (newest.other, newest):
        edits[side]()
        world.clock.advance(minutes=1)
    world.settle()
    expected = "+34 600 000 001" if newest is Side.SUGAR else "+34 600 000 002"
    assert world.sugar.contact(sugar_id)["phone_mobile"] == expected
    assert mobile(world, google_id) == [expected]


def test_of_two_fields_that_both_sides_changed_each_is_the_newest_ones() -> None:
    world = World()
    sugar_id, google_id = link(world)
    world.sugar.edit_contact(sugar_id, title="Sugar, first")
    world.clock.advance(minutes=1)
    world.edit_google(google_id, organizations=[{"title": "Google, second"}])
    world.clock.advance(minutes=1)
    world.google.edit_contact(
        world.first.sub,
        f"people/{google_id}",
        phoneNumbers=[{"value": "+34 600 000 002", "type": "mobile"}],
    )
    world.set(
        from_sugar=Direction(enabled=False, create=False), from_google=Direction(enabled=False, create=False)
    )
    world.sync()
    world.clock.advance(minutes=1)
    world.sugar.edit_contact(sugar_id, phone_mobile="+34 600 000 001")
    world.sync()
    world.set(from_sugar=WITH_DELETES.from_sugar, from_google=WITH_DELETES.from_google)
    world.settle()
    record = world.sugar.contact(sugar_id)
    assert (record["title"], record["phone_mobile"]) == ("Google, second", "+34 600 000 001")


@pytest.mark.parametrize("differ", STANDING)
def test_a_deletion_of_a_contact_that_nobody_touched_since_is_carried_out(differ: Differ) -> None:
    world, sugar_id, google_id = standing(differ)
    world.sugar.delete_contact(sugar_id)
    world.clock.advance(minutes=1)
    world.settle()
    assert (causes(world), world.google_contact(google_id)) == ([], None)


@pytest.mark.parametrize("differ", STANDING)
def test_so_is_one_in_google(differ: Differ) -> None:
    world, sugar_id, google_id = standing(differ)
    world.delete_google(google_id)
    world.clock.advance(minutes=1)
    world.settle()
    assert (causes(world), world.sugar.contact(sugar_id)) == ([], None)


@pytest.mark.parametrize("differ", STANDING)
def test_a_deletion_after_a_real_edit_is_asked_about(differ: Differ) -> None:
    world, sugar_id, google_id = standing(differ)
    world.sugar.delete_contact(sugar_id)
    world.edit_google(google_id, phoneNumbers=[{"value": "+34 600 000 002", "type": "mobile"}])
    world.clock.advance(minutes=1)
    world.settle()
    assert causes(world) == ["deleted_and_edited"]


ONLY_IN_GOOGLE = {
    "phoneNumbers": [{"value": "+34 600 000 002", "type": "mobile"}],
    "emailAddresses": [{"value": "ana@x.test"}, {"value": "ana@home.test"}],
    "biographies": [{"value": "likes tea"}],
    "organizations": [{"name": "Not in Sugar", "title": "Chef"}],
    "addresses": [{"type": "home", "city": "Bonn"}],
}


def linked_one_way() -> tuple[World, str, str]:
    """Only Sugar's changes go to Google, where the contact was before, with more than Sugar knows."""
    world = World()
    world.set(
        private_fields="keep",
        from_sugar=WITH_DELETES.from_sugar,
        from_google=Direction(enabled=False, create=False),
    )
    google_id = world.add_google("Ana", "Ruiz", **ONLY_IN_GOOGLE)
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.settle()
    assert world.mapping(sugar_id).google_id == google_id
    return world, sugar_id, google_id


def test_what_google_had_before_the_link_makes_no_deletion_in_sugar_a_question() -> None:
    world, sugar_id, google_id = linked_one_way()
    world.sugar.delete_contact(sugar_id)
    world.clock.advance(minutes=1)
    world.settle()
    assert (causes(world), world.google_contact(google_id)) == ([], None)


@pytest.mark.parametrize("field", sorted(ONLY_IN_GOOGLE))
def test_what_was_edited_against_a_switch_does(field: str) -> None:
    edits: dict[str, Any] = {
        "phoneNumbers": [{"value": "+34 600 000 003", "type": "mobile"}],
        "emailAddresses": [*ONLY_IN_GOOGLE["emailAddresses"], {"value": "ana@club.test"}],
        "biographies": [{"value": "likes coffee"}],
        "organizations": [{"name": "Not in Sugar", "title": "CEO"}],
        "addresses": [{"type": "home", "city": "Köln"}],
    }
    world, sugar_id, google_id = linked_one_way()
    world.edit_google(google_id, **{field: edits[field]})
    world.settle()
    world.sugar.delete_contact(sugar_id)
    world.clock.advance(minutes=1)
    world.settle()
    assert causes(world) == ["deleted_and_edited"]


def test_what_stood_for_a_switch_travels_once_the_switch_is_on() -> None:
    world, sugar_id, google_id = linked_one_way()
    world.set(from_google=Direction(enabled=True, create=False), private_fields="share")
    world.settle()
    record = world.sugar.contact(sugar_id)
    assert (record["phone_mobile"], record["title"]) == ("+34 600 000 002", "Chef")
    assert record["description"] == "likes tea"
    assert [entry["email_address"] for entry in record["email"]] == ["ana@x.test", "ana@home.test"]
    assert mobile(world, google_id) == ["+34 600 000 002"]


def test_what_stands_travels_once_the_other_side_can_take_it() -> None:
    world, sugar_id, _ = standing(unknown_company)
    world.sugar.add_account(name="Not in Sugar")
    world.clock.advance(days=7)
    world.settle()
    assert world.sugar.contact(sugar_id)["account_name"] == "Not in Sugar"


def test_what_stands_is_replaced_by_an_edit_of_the_other_side() -> None:
    world, sugar_id, google_id = standing(unknown_company)
    world.sugar.edit_contact(sugar_id, account_id=world.sugar.add_account(name="Beta"))
    world.settle()
    assert world.google_contact(google_id)["organizations"][0]["name"] == "Beta"
    assert world.sugar.contact(sugar_id)["account_name"] == "Beta"


@pytest.mark.parametrize("differ", STANDING)
def test_it_makes_no_work(differ: Differ) -> None:
    world, sugar_id, _ = standing(differ)
    before = world.writes()
    for _ in range(3):
        world.clock.advance(minutes=30)
        assert world.sync()["phase"] == "idle"
    assert world.writes() == before
    assert world.mapping(sugar_id).state is State.LINKED


# Private fields


PRIVATE = {
    "description": ("note", {"biographies": [{"value": "medical"}]}),
    "birthdate": ("1970-01-02", {"birthdays": [{"date": {"year": 1980, "month": 5, "day": 6}}]}),
    "phone_home": ("+34 1", {"phoneNumbers": [{"value": "+34 600 000 009", "type": "home"}]}),
    "alt_address_city": ("Rome", {"addresses": [{"type": "home", "city": "Bonn"}]}),
}


@pytest.mark.parametrize("newer", [0, 5], ids=["Sugar newer", "Google newer"])
@pytest.mark.parametrize("planted", [True, False])
@pytest.mark.parametrize("field", sorted(PRIVATE))
def test_no_first_merge_draws_a_private_value_into_sugar(field: str, planted: bool, newer: int) -> None:
    """Anyone who may edit contacts in Sugar could plant one with somebody's address."""
    bait, private = PRIVATE[field]
    world = World()
    world.set(private_fields="keep")
    sugar_id = world.add_sugar(
        first_name="Ana", last_name="Ruiz", email="ana@x.test", **({field: bait} if planted else {})
    )
    world.clock.advance(minutes=newer)
    google_id = world.add_google("Ana", "Ruiz", "ana@x.test", **private)
    before = world.google_contact(google_id)
    world.settle()
    assert world.mapping(sugar_id).google_id == google_id
    assert world.sugar.contact(sugar_id)[field] == (bait if planted else "")
    if newer or not planted:
        key = next(iter(private))
        assert world.google_contact(google_id)[key] == before[key]


@pytest.mark.parametrize("field", sorted(PRIVATE))
def test_a_private_field_is_open_as_long_as_sugar_holds_a_value(field: str) -> None:
    value, private = PRIVATE[field]
    world = World()
    world.set(private_fields="keep")
    sugar_id, google_id = link(world, **{field: value})
    world.edit_google(google_id, **private)
    world.settle()
    taken = world.sugar.contact(sugar_id)[field]
    assert taken not in ("", value)
    world.sugar.edit_contact(sugar_id, **{field: ""})
    world.settle()
    world.edit_google(google_id, **private)
    world.settle()
    assert world.sugar.contact(sugar_id)[field] == ""
    world.sugar.edit_contact(sugar_id, **{field: value})
    world.settle()
    world.edit_google(google_id, **private)
    world.settle()
    assert world.sugar.contact(sugar_id)[field] == value


def test_what_is_shared_goes_also_by_a_first_merge() -> None:
    world = World()
    world.add_google("Ana", "Ruiz", "ana@x.test", biographies=[{"value": "likes tea"}])
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.settle()
    assert world.sugar.contact(sugar_id)["description"] == "likes tea"
