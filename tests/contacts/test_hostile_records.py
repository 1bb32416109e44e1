"""Odd records are read without raising: any JSON in a Sugar record, any content in a Google person."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contact_sync.contacts import google_person, match, sugar_record
from contact_sync.contacts.contact import FIELDS, Contact
from contact_sync.contacts.normal_form import display_name, field_text, to_plain

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
TEXT = st.text(max_size=6)
NUMBER = st.integers(-5, 5000)
ITEM = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(
            ("value", "type", "givenName", "familyName", "name", "title", "protocol", "username"), TEXT
        ),
        "date": st.fixed_dictionaries({}, optional={"year": NUMBER, "month": NUMBER, "day": NUMBER}),
        "current": st.booleans(),
        "contentType": st.sampled_from(["TEXT_PLAIN", "TEXT_HTML"]),
        "metadata": st.fixed_dictionaries({}, optional={"primary": st.booleans()}),
    },
)
SUGAR_KEYS = [*sugar_record.REQUEST_FIELDS, "_acl", "_erased_fields"]
ITEMS = [name for name in google_person.PERSON_FIELDS.split(",") if name not in ("metadata", "memberships")]


def usable(contact: Contact) -> None:
    display_name(contact)
    to_plain(contact)
    match.terms(contact)
    for name in FIELDS:
        field_text(name, getattr(contact, name))


@given(st.dictionaries(st.sampled_from(SUGAR_KEYS), JSON, max_size=8))
def test_any_sugar_record_is_read(record: dict[str, Any]) -> None:
    usable(sugar_record.read(record, None))
    sugar_record.denied_fields(record)
    sugar_record.is_stub(record)


@given(st.dictionaries(st.sampled_from(ITEMS), st.lists(ITEM, max_size=3), max_size=8))
def test_any_google_person_is_read(person: dict[str, Any]) -> None:
    usable(google_person.read(person, None))
    google_person.mark(person)
    google_person.groups(person)
    google_person.is_deleted(person)
    google_person.source_id(person)
