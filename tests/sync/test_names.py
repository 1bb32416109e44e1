"""The last name that Sugar requires, for contacts of Google that have none: the ladder, end to end."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sync.situations import causes, everything_on
from tests.world import World


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
