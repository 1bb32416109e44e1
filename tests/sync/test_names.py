"""The last name that Sugar requires, for contacts of Google that have none: the ladder, end to end."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sync.situations import causes, everything_on
from tests.world import Crash, World, switches

from contact_sync.contacts.side import Side


def created(given: str = "", family: str = "", *emails: str, **more: Any) -> tuple[World, str, str]:
    """A Google contact that was created in Sugar."""
    world = everything_on()
    google_id = world.add_google(given, family, *emails, **more)
    world.settle()
    return world, world.sugar_contacts()[0]["id"], google_id


def in_sugar(world: World, sugar_id: str) -> tuple[str, str]:
    record = world.sugar.contact(sugar_id)
    return record["first_name"], record["last_name"]


def in_google(world: World, google_id: str) -> tuple[str | None, str | None]:
    name = world.google_contact(google_id).get("names", [{}])[0]
    return name.get("givenName"), name.get("familyName")


COMPANY = {"organizations": [{"name": "Acme"}]}


def quiet(world: World) -> None:
    """Nothing more is written, also when everything is taken in again."""
    writes = world.writes()
    world.sync("reconcile")
    world.settle()
    assert world.writes() == writes


@pytest.mark.parametrize(
    ("given", "family", "emails", "more", "shown"),
    [
        ("Ana", "Ruiz", ("ana@x.test",), COMPANY, ("Ana", "Ruiz")),
        ("", "Ruiz", ("ana@x.test",), COMPANY, ("", "Ruiz")),
        ("Ana", "", ("info@x.test",), COMPANY, ("", "Ana")),
        ("", "", ("info@x.test",), COMPANY, ("", "Acme")),
        ("", "", ("info@x.test",), {}, ("", "info")),
    ],
)
def test_the_ladder_is_last_name_first_name_company_mailbox(
    given: str, family: str, emails: tuple[str, ...], more: dict[str, Any], shown: tuple[str, str]
) -> None:
    world, sugar_id, google_id = created(given, family, *emails, **more)
    assert in_sugar(world, sugar_id) == shown
    assert in_google(world, google_id) == (given or None, family or None)
    writes = world.writes()
    world.settle()
    assert world.writes() == writes


def test_without_anything_to_be_called_by_it_is_asked_about_until_it_has_something() -> None:
    world = everything_on()
    google_id = world.add_google(phoneNumbers=[{"value": "+34 600 100 200", "type": "mobile"}])
    world.settle()
    assert world.sugar_contacts() == [] and causes(world) == ["no_name"]
    world.edit_google(google_id, names=[{"givenName": "Ana"}])
    world.settle()
    assert world.sugar_names() == ["Ana"] and not causes(world)


def test_the_filler_goes_when_a_last_name_appears_in_google() -> None:
    world, sugar_id, google_id = created("Ana", "", "ana@x.test")
    world.edit_google(google_id, names=[{"givenName": "Ana", "familyName": "Ruiz"}])
    world.settle()
    assert in_sugar(world, sugar_id) == ("Ana", "Ruiz")
    assert world.mapping(sugar_id).filled is None


def test_the_filler_goes_when_somebody_types_a_last_name_in_sugar() -> None:
    world, sugar_id, google_id = created("Ana", "", "ana@x.test")
    world.sugar.edit_contact(sugar_id, first_name="Ana", last_name="Ruiz")
    world.settle()
    assert in_google(world, google_id) == ("Ana", "Ruiz")
    assert in_sugar(world, sugar_id) == ("Ana", "Ruiz")
    assert world.mapping(sugar_id).filled is None


def test_the_filler_follows_its_source() -> None:
    world, sugar_id, google_id = created("Ana", "", "ana@x.test")
    world.edit_google(google_id, names=[{"givenName": "Anna"}])
    world.settle()
    assert in_sugar(world, sugar_id) == ("", "Anna")
    assert in_google(world, google_id) == ("Anna", None)


def test_a_first_name_that_appears_later_takes_the_place_of_a_lower_rung() -> None:
    world, sugar_id, google_id = created("", "", "info@x.test")
    world.edit_google(google_id, names=[{"givenName": "Ana"}])
    world.settle()
    assert in_sugar(world, sugar_id) == ("", "Ana")
    assert in_google(world, google_id) == ("Ana", None)


def test_a_filler_is_never_written_to_google_whatever_else_changes() -> None:
    world, sugar_id, google_id = created("", "", "info@x.test", **COMPANY)
    world.sugar.edit_contact(sugar_id, title="CTO", phone_work="+34 1")
    world.settle()
    contact = world.google_contact(google_id)
    assert in_google(world, google_id) == (None, None)
    assert contact["organizations"][0]["title"] == "CTO"
    assert contact["organizations"][0]["name"] == "Acme"


def test_a_last_name_that_is_cleared_in_google_is_filled_in_sugar() -> None:
    world, sugar_id, google_id = created("Ana", "Ruiz", "ana@x.test")
    world.edit_google(google_id, names=[{"givenName": "Ana"}])
    world.settle()
    assert in_sugar(world, sugar_id) == ("", "Ana")
    assert in_google(world, google_id) == ("Ana", None)


# A person edits what stands in for the last name


@pytest.mark.parametrize(
    ("typed", "sugar", "google"),
    [
        ({"last_name": "Ruiz"}, ("Ana", "Ruiz"), ("Ana", "Ruiz")),
        ({"first_name": "Ana", "last_name": "Ruiz"}, ("Ana", "Ruiz"), ("Ana", "Ruiz")),
        ({"first_name": "Bea", "last_name": "Ruiz"}, ("Bea", "Ruiz"), ("Bea", "Ruiz")),
        ({"last_name": "Ana Ruiz"}, ("", "Ana Ruiz"), ("Ana", "Ruiz")),
        ({"last_name": "ana de la Ruiz"}, ("", "ana de la Ruiz"), ("ana", "de la Ruiz")),
        ({"last_name": "Ruiz, Ana"}, ("", "Ruiz, Ana"), ("Ana", "Ruiz")),
        ({"last_name": "Anaximander"}, ("Ana", "Anaximander"), ("Ana", "Anaximander")),
        ({"last_name": "ANÁ"}, ("", "ANÁ"), ("ANÁ", None)),
        ({"first_name": "Ana"}, ("Ana", "Ana"), ("Ana", None)),
        ({"last_name": ""}, ("Ana", ""), ("Ana", None)),
    ],
)
def test_whatever_is_typed_over_a_first_name_that_stands_in_loses_no_first_name(
    typed: dict[str, str], sugar: tuple[str, str], google: tuple[str, str | None]
) -> None:
    world, sugar_id, google_id = created("Ana", "", "ana@x.test")
    world.sugar.edit_contact(sugar_id, **typed)
    world.settle()
    assert in_google(world, google_id) == google
    assert in_sugar(world, sugar_id) == sugar
    quiet(world)
    world.sugar.edit_contact(sugar_id, title="CTO")
    world.settle()
    assert (in_google(world, google_id), in_sugar(world, sugar_id)) == (google, sugar)
    quiet(world)


@pytest.mark.parametrize(
    ("edited", "name"),
    [
        ({"givenName": "Anna"}, ("Anna", "Ruiz")),
        ({"givenName": "Ana", "familyName": "Weber"}, ("Ana", "Weber")),
        ({"givenName": "Anna", "familyName": "Ruiz"}, ("Anna", "Ruiz")),
        ({"givenName": "Ana", "middleName": "Luz"}, None),
    ],
)
@pytest.mark.parametrize("typed", ["Ruiz", "Ana Ruiz"])
@pytest.mark.parametrize("conflict", ["sugar", "google"])
def test_names_that_were_edited_on_both_sides_keep_every_first_name(
    edited: dict[str, str], name: tuple[str, str] | None, typed: str, conflict: str
) -> None:
    world, sugar_id, google_id = created("Ana", "", "ana@x.test")
    world.set(conflict=conflict)
    world.settle()
    world.sugar.edit_contact(sugar_id, last_name=typed)
    world.edit_google(google_id, names=[edited])
    world.settle()
    in_both = in_sugar(world, sugar_id), in_google(world, google_id)
    for first, last in in_both:
        words = f"{first or ''} {last or ''}".split()
        assert "Ana" in words or "Anna" in words
        assert len(words) == len(set(words))
    if name is not None:
        first, last = name if conflict == "google" or name[1] == "Ruiz" else (name[0], "Ruiz")
        assert in_google(world, google_id) == (first, last)
        assert " ".join(in_sugar(world, sugar_id)).split()[-2:] == [first, last]
    quiet(world)


def test_a_first_name_that_may_not_be_written_to_sugar_is_not_taken_for_a_cleared_one() -> None:
    world, sugar_id, google_id = created("Ana", "", "ana@x.test")
    world.set(**switches(su=True, sc=True))
    world.settle()
    world.sugar.edit_contact(sugar_id, last_name="Ruiz")
    world.settle()
    assert in_google(world, google_id) == ("Ana", "Ruiz")
    assert in_sugar(world, sugar_id) == ("", "Ruiz")
    world.sugar.edit_contact(sugar_id, title="CTO")
    world.settle()
    assert in_google(world, google_id) == ("Ana", "Ruiz")
    quiet(world)
    world.set(**switches(su=True, sc=True, gu=True, gc=True))
    world.settle()
    assert in_google(world, google_id) == ("Ana", "Ruiz")
    assert in_sugar(world, sugar_id) == ("Ana", "Ruiz")


@pytest.mark.parametrize("by_the_record", [True, False])
def test_a_first_name_that_sugar_refuses_is_not_taken_for_a_cleared_one(by_the_record: bool) -> None:
    def allow(**fields: dict[str, str]) -> None:
        if by_the_record:
            world.sugar.restrict_contact(sugar_id, world.first.sugar_user, fields)
        else:
            world.sugar.edit_user(world.first.sugar_user, acl={"Contacts": {"fields": fields}})

    world, sugar_id, google_id = created("Ana", "", "ana@x.test")
    allow(first_name={"write": "no", "create": "no"})
    world.sugar.edit_contact(sugar_id, last_name="Ruiz")
    world.settle()
    for title in ("CTO", "CEO"):
        world.sugar.edit_contact(sugar_id, title=title)
        world.settle()
        world.clock.advance(days=7)
        world.settle()
        assert in_google(world, google_id) == ("Ana", "Ruiz")
    allow()
    world.clock.advance(days=7)
    world.settle()
    assert in_google(world, google_id) == ("Ana", "Ruiz")
    assert in_sugar(world, sugar_id) == ("Ana", "Ruiz")
    quiet(world)


@pytest.mark.parametrize(("more", "filler"), [(COMPANY, "Acme"), ({}, "ana.r")])
@pytest.mark.parametrize("account", [True, False])
@pytest.mark.parametrize("typed", ["Ruiz", "Acme Ruiz"])
def test_a_last_name_typed_over_a_company_or_a_mailbox_leaves_those(
    more: dict[str, Any], filler: str, account: bool, typed: str
) -> None:
    world = everything_on()
    if account:
        world.sugar.add_account("Acme")
    google_id = world.add_google("", "", "ana.r@x.test", **more)
    world.settle()
    (record,) = world.sugar_contacts()
    assert record["last_name"] == filler
    world.sugar.edit_contact(record["id"], last_name=typed)
    world.settle()
    contact = world.google_contact(google_id)
    assert in_google(world, google_id) == (None, typed)
    assert contact.get("organizations", [{}])[0].get("name") == more.get("organizations", [{}])[0].get("name")
    assert [item["value"] for item in contact["emailAddresses"]] == ["ana.r@x.test"]
    assert [item["email_address"] for item in world.sugar.contact(record["id"])["email"]] == ["ana.r@x.test"]
    quiet(world)


def test_a_first_name_typed_beside_a_company_that_stands_in_goes_to_google_alone() -> None:
    world, sugar_id, google_id = created("", "", "info@x.test", **COMPANY)
    world.sugar.edit_contact(sugar_id, first_name="Ana")
    world.settle()
    assert in_google(world, google_id) == ("Ana", None)
    assert world.google_contact(google_id)["organizations"][0]["name"] == "Acme"
    quiet(world)


@pytest.mark.parametrize("crash", ["before", "after"])
@pytest.mark.parametrize("side", list(Side))
def test_a_first_name_survives_a_crash_in_the_middle_of_giving_it_back(side: Side, crash: str) -> None:
    world, sugar_id, google_id = created("Ana", "", "ana@x.test")
    world.sugar.edit_contact(sugar_id, last_name="Ruiz")
    world.forget_calls()
    for k in range(1, 8):
        try:
            with world.dying(side, k, crash):
                world.sync()
        except Crash:
            world.clock.advance(minutes=11)
    world.settle()
    assert in_google(world, google_id) == ("Ana", "Ruiz")
    assert in_sugar(world, sugar_id) == ("Ana", "Ruiz")
