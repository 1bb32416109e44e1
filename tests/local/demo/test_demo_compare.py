"""The demo's own idea of when a Sugar contact and a Google contact are the same person."""

from __future__ import annotations

from typing import Any

import pytest

from local_stack.demo.compare import differences, field_count

SUGAR = {
    "salutation": "Dr.",
    "first_name": "Ana",
    "last_name": "Ruiz",
    "title": "CTO",
    "department": "R&D",
    "email": ["ana@x.example", "ana@home.example"],
    "phone_work": "+34 941 200 001",
    "phone_mobile": "+34 600 100 200",
    "phone_home": "941200002",
    "phone_other": "ask Bob",
    "phone_fax": "+34 941 200 003 ext. 4",
    "primary_address_street": "Calle Mayor 1\n2º B",
    "primary_address_city": "Logroño",
    "primary_address_postalcode": "26001",
    "alt_address_country": "España",
    "birthdate": "1980-02-29",
    "description": "First line\nsecond line",
    "twitter": "@ana",
    "facebook": "ana.ruiz",
}
PERSON: dict[str, Any] = {
    "names": [{"honorificPrefix": "Dr", "givenName": "Ana", "middleName": "B.", "familyName": "Ruiz"}],
    "organizations": [{"name": "HARBOUR CAFÉ", "title": "CTO", "department": "R&D"}],
    "emailAddresses": [{"value": "ANA@x.example"}, {"value": "ana@home.example"}],
    "phoneNumbers": [
        {"value": "0034 941 200001", "type": "work"},
        {"value": "+34600100200", "type": "mobile"},
        {"value": "941 20 00 02", "type": "home"},
        {"value": "ask Bob", "type": "other"},
        {"value": "+34 941 200 003 x4", "type": "workFax"},
        {"value": "+34 1", "type": "Boat"},
    ],
    "addresses": [
        {
            "type": "work",
            "streetAddress": "Calle Mayor 1",
            "extendedAddress": "2º B",
            "city": "Logroño",
            "postalCode": "26001",
        },
        {"type": "home", "country": "España"},
    ],
    "birthdays": [{"date": {"year": 1980, "month": 2, "day": 29}}],
    "biographies": [{"value": "First line\nsecond line", "contentType": "TEXT_PLAIN"}],
    "imClients": [
        {"protocol": "twitter", "username": "@ana"},
        {"protocol": "facebook", "username": "ana.ruiz"},
    ],
}
COMPANIES = ["Harbour Café"]


def found(world: Any, sugar: dict[str, Any], person: dict[str, Any]) -> list[str]:
    account = {} if sugar.get("account_id") == "" else {"account_id": world.account}
    _, record = world.sugar_record(**{**account, **sugar})
    _, shown = world.person(**person)
    return [difference.field for difference in differences(record, shown, COMPANIES)]


def test_two_spellings_of_the_same_contact_do_not_differ(aftermath: Any) -> None:
    assert found(aftermath, SUGAR, PERSON) == []


@pytest.mark.parametrize(
    ("field", "named"),
    [(name, name) for name in ("title", "department", "description", "twitter", "facebook", "salutation")]
    + [(name, name) for name in SUGAR if name.startswith("phone_")]
    + [("first_name", "name"), ("last_name", "name"), ("birthdate", "birthday"), ("email", "e-mail")]
    + [("primary_address_street", "primary_address"), ("alt_address_country", "alt_address")],
)
@pytest.mark.parametrize("change", ["other", "missing"])
def test_every_field_counts(aftermath: Any, field: str, named: str, change: str) -> None:
    others = {"birthdate": "1981-01-01", "email": ["ben@x.example"], "salutation": "Mr."}
    nothing: Any = [] if field == "email" else ""
    other = others.get(field, "Other 7") if change == "other" else nothing
    if field == "last_name" and change == "missing":
        other = "Ana"
    assert named in found(aftermath, {**SUGAR, field: other}, PERSON)


@pytest.mark.parametrize("field", sorted(PERSON))
def test_what_google_lacks_is_found(aftermath: Any, field: str) -> None:
    assert found(aftermath, SUGAR, {name: value for name, value in PERSON.items() if name != field})


def test_another_company_counts(aftermath: Any) -> None:
    assert found(aftermath, SUGAR, {**PERSON, "organizations": [{"title": "CTO", "department": "R&D"}]}) == [
        "company"
    ]
    assert found(aftermath, {**SUGAR, "account_id": ""}, PERSON) == ["company"]


@pytest.mark.parametrize(
    ("sugar", "person"),
    [
        ({"last_name": "Cher"}, {"names": [{"givenName": "Cher"}]}),
        ({"last_name": "Harbour Café"}, {"organizations": [{"name": "Harbour Café"}]}),
        (
            {"last_name": "office", "email": "office@x.example"},
            {"emailAddresses": [{"value": "office@x.example"}]},
        ),
        ({"last_name": "x" * 100}, {"names": [{"familyName": "x" * 140}]}),
        ({"last_name": "A"}, {"names": [{"familyName": "A"}], "emailAddresses": [{"value": "call me"}]}),
        (
            {"last_name": "A"},
            {"names": [{"familyName": "A"}], "birthdays": [{"date": {"month": 2, "day": 1}}]},
        ),
        ({"last_name": "A"}, {"names": [{"familyName": "A", "honorificPrefix": "Señora"}]}),
        (
            {"last_name": "A", "account_id": ""},
            {"names": [{"familyName": "A"}], "organizations": [{"name": "Unknown"}]},
        ),
        (
            {"last_name": "A", "description": "One & two\n\nthree"},
            {
                "names": [{"familyName": "A"}],
                "biographies": [{"value": "<p>One &amp; <b>two</b></p>three", "contentType": "TEXT_HTML"}],
            },
        ),
        (
            {"last_name": "A", "phone_mobile": "2"},
            {"names": [{"familyName": "A"}], "phoneNumbers": [{"value": v, "type": "mobile"} for v in "12"]},
        ),
    ],
)
def test_what_sugar_cannot_hold_is_no_difference(
    aftermath: Any, sugar: dict[str, Any], person: dict[str, Any]
) -> None:
    without_account = "organizations" not in person
    assert found(aftermath, {**({"account_id": ""} if without_account else {}), **sugar}, person) == []


def test_filled_fields_are_counted(aftermath: Any) -> None:
    _, record = aftermath.sugar_record(**SUGAR)
    assert field_count(record) == 5 + 5 + 2 + 4 + 1
