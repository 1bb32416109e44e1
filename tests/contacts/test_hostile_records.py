"""Odd records are read without raising: any JSON in a Sugar record or a Google person, any text in a note."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_sync.contacts import google_person, match, sugar_record
from contact_sync.contacts.contact import FIELDS, Contact
from contact_sync.contacts.google_slots import SLOTS
from contact_sync.contacts.mapping import Filled
from contact_sync.contacts.normal_form import display_name, field_text, full_name_key, to_plain
from contact_sync.contacts.note_text import plain_text
from contact_sync.contacts.sugar_record import DEFAULT_SCHEMA, NO_ACCOUNTS, NoName

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=6)
"""Halves of surrogate pairs included: JSON can carry them."""
HUGE = 10**5000
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
KEYS = sorted(
    {"value", "type", "protocol", "username", "metadata", "current", "contentType", "key", "date"}
    | {"givenName", "familyName", "honorificPrefix", "name", "title", "department", "contactGroupMembership"}
    | {"streetAddress", "extendedAddress", "city", "region", "postalCode", "country", "formattedValue"}
)
TYPES = st.sampled_from(["work", "mobile", "home", "other", "workFax", "twitter", "CONTACT", "TEXT_HTML"])
DATE = st.dictionaries(st.sampled_from(["year", "month", "day"]), JSON | st.integers(-5, 5000))
METADATA = st.dictionaries(
    st.sampled_from(["primary", "deleted", "previousResourceNames", "source", "sources"]),
    JSON | st.lists(st.dictionaries(st.sampled_from(["type", "id", "etag", "updateTime"]), JSON | TYPES)),
    max_size=3,
)
ITEM = st.dictionaries(st.sampled_from(KEYS), JSON | TYPES | DATE | METADATA, max_size=4)
SUGAR_KEYS = [*sugar_record.REQUEST_FIELDS, "_acl", "_erased_fields", "locked_fields"]
ITEMS = [*google_person.PERSON_FIELDS.split(","), "resourceName"]
VALID = Contact(
    first_name="Ana",
    last_name="Ruiz",
    company="Acme",
    emails=("ana@x.test",),
    phone_work="+31 6 1",
    birthday="1980-01-02",
    description="note",
)

SUGAR = st.dictionaries(st.sampled_from(SUGAR_KEYS), JSON | st.lists(ITEM, max_size=2), max_size=8)
GOOGLE = st.dictionaries(st.sampled_from(ITEMS), st.lists(ITEM, max_size=3) | JSON | METADATA, max_size=8)


def usable(contact: Contact) -> None:
    display_name(contact)
    full_name_key(contact)
    to_plain(contact)
    match.terms(contact)
    google_person.reduce(contact)
    sugar_record.reduce(contact, DEFAULT_SCHEMA, NO_ACCOUNTS)
    for name in FIELDS:
        field_text(name, getattr(contact, name))


@given(SUGAR)
def test_any_sugar_record_is_read_and_written(record: dict[str, Any]) -> None:
    contact = sugar_record.read(record, None)
    usable(contact)
    usable(sugar_record.read(record, Filled("company", "Acme")))
    sugar_record.denied_fields(record)
    sugar_record.is_stub(record)
    sugar_record.modified_at(record)
    sugar_record.is_of(record, "2026-01-01T00:00:00Z")
    assert sugar_record.patch(record, contact, None, DEFAULT_SCHEMA, NO_ACCOUNTS).fields == {}
    sugar_record.patch(record, VALID, None, DEFAULT_SCHEMA, NO_ACCOUNTS)
    google_person.new_person(contact, "mark", "contactGroups/1")


@given(GOOGLE)
def test_any_google_person_is_read_and_written(person: dict[str, Any]) -> None:
    contact = google_person.read(person, None)
    usable(contact)
    usable(google_person.read(person, VALID))
    google_person.mark(person)
    google_person.groups(person)
    google_person.is_deleted(person)
    google_person.source_id(person)
    google_person.source_etag(person)
    google_person.modified_at(person)
    google_person.previous_ids(person)
    assert google_person.patch(person, contact, None) == {}
    google_person.patch(person, VALID, contact)
    with suppress(NoName):
        sugar_record.patch(None, contact, None, DEFAULT_SCHEMA, NO_ACCOUNTS)


@pytest.mark.parametrize("field", sorted({slot.items for slot in SLOTS} | {"emailAddresses"}))
def test_what_should_be_a_list_and_is_none_is_unknown_and_left_alone(field: str) -> None:
    person = {"resourceName": "people/c1", field: {"0": "odd"}}
    contact = google_person.read(person, None)
    assert any(getattr(contact, name) is None for name in FIELDS)
    assert field not in google_person.patch(person, VALID, None)


@pytest.mark.parametrize("value", [["a"], {"a": "b"}, HUGE], ids=["list", "map", "huge number"])
def test_a_value_that_is_no_text_is_unknown_not_empty(value: Any) -> None:
    assert sugar_record.read({"title": value}, None).title is None
    assert google_person.read({"organizations": [{"title": value}]}, None).title is None
    assert sugar_record.read({"email": {"0": {"email_address": "ana@x.test"}}}, None).emails is None


NOTES = st.lists(
    st.sampled_from(
        ["<", ">", "</", "<!--", "-->", "<!", "<?", "<![foo[", "]]>", "<p", "<script>", "&#", "9"]
    )
    | st.sampled_from(["'", '"', "=", " ", "a", "&amp;", "&#x41;", "</script>", "<br/>", "\n"]),
    max_size=20,
)


@given(NOTES)
def test_any_note_is_read(pieces: list[str]) -> None:
    plain_text("".join(pieces))


@pytest.mark.parametrize(
    "html, text",
    [
        ("<p>Call &#" + "9" * 4301 + "; first</p>", "Call \ufffd first"),
        ("<![foo[bar]]>note", "note"),
        ('<b title="a > b">bold</b><!-- <p> -->, then <script>x < y</script>more', "bold, then more"),
        ("3 < 4 &lt; 5 <br>line", "3 < 4 < 5\nline"),
        ("it's <a href='x>y'>here", "it's here"),
        ("it's <a href='x>y</a>", "it's y"),
        ("left open <a href=", "left open <a href="),
        ("<!-- never closed> text", "text"),
    ],
)
def test_a_note_shows_what_a_reader_sees(html: str, text: str) -> None:
    assert plain_text(html) == text


@pytest.mark.parametrize(
    "piece", ["<a ", "<!--", "</", '<a b="', "<![", "&#", "<script>", "<a '>", "<a \">'"]
)
def test_a_note_of_unclosed_tags_takes_no_longer_than_another(piece: str) -> None:
    began = time.perf_counter()
    plain_text(piece * (120_000 // len(piece)))
    assert time.perf_counter() - began < 2
