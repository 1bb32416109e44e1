"""What counts as the same content, and the readable forms of a contact."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_sync.contacts import normal_form
from contact_sync.contacts.contact import FIELDS, Address, Contact
from contact_sync.contacts.normal_form import EMPTY, is_empty, match_address, normal, same


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("title", " CTO ", "CTO"),
        ("first_name", "Andre\u0301", "Andr\u00e9"),
        ("description", "a\r\nb\rc", "a\nb\nc\n"),
        ("salutation", "Dr", "Dr."),
        ("company", "ACME  Ltd", "Acme Ltd"),
        ("emails", ("a@x.org", "B@x.org"), ("b@X.org", " A@x.org", "a@x.org")),
        ("primary_address", Address(street="1 Road\r\nFloor 2"), Address(street="1 Road\nFloor 2 ")),
        ("twitter", "@Ana", "ana"),
        ("facebook", "Ana.Ruiz", "ana.ruiz"),
        ("birthday", None, None),
    ],
)
def test_the_same_content_in_another_spelling_is_the_same(field: str, one: Any, other: Any) -> None:
    assert same(field, one, other)
    assert same(field, other, one)


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("last_name", "ruiz", "Ruiz"),
        ("description", "a  b", "a b"),
        ("emails", ("a@x.org",), ("a+crm@x.org",)),
        ("emails", ("a@x.org",), ()),
        ("primary_address", Address(city="Rome"), Address(state="Rome")),
        ("birthday", "--05-01", "1980-05-01"),
        ("title", None, ""),
        ("emails", (), None),
    ],
)
def test_other_content_is_not_the_same(field: str, one: Any, other: Any) -> None:
    assert not same(field, one, other)


@pytest.mark.parametrize(
    "spelling",
    ["+44 20 7946 0000", "0044 (20) 7946-0000", "+44 (0)20 7946 0000", "\u202a+44.20.79460000\u202c"],
)
def test_phones_are_compared_by_number(spelling: str) -> None:
    assert same("phone_work", spelling, "+442079460000")


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("+1 555 0100 ext. 12", "+1 555 0100x12", True),
        ("06-123 45 678;ext=9", "0612345678 #9", True),
        ("+1 555 0100 ext. 12", "+1 555 0100 ext. 13", False),
        ("+1 555 0100", "+1 555 0100 ext. 13", False),
        ("020 7946 0000", "+44 20 7946 0000", False),
        ("020 7946", "20 7946", False),
        ("+39 06 698", "+39 6 698", False),
        ("555 0100 ask Bo", "555 0100 ask Al", False),
        ("555 0100 ask Bo", "555 0100", False),
        ("ask Bo", "", False),
    ],
)
def test_phones_differ_by_number_extension_and_words(one: str, other: str, equal: bool) -> None:
    assert same("phone_home", one, other) is equal


@given(st.text("+0123 ()-x#;ext=Bo", max_size=12))
def test_any_text_can_be_compared_as_a_phone(text: str) -> None:
    assert same("phone_fax", text, f" {text}\u200e ")


def test_empty_is_blank_and_unknown_is_not_empty() -> None:
    assert all(is_empty(getattr(EMPTY, name)) for name in FIELDS)
    assert all(map(is_empty, (" \n", ("",), Address(street=" "))))
    assert not any(map(is_empty, (None, "a", ("a",), Address(state="a"))))


def test_the_normal_form_is_tidy_and_holds_each_address_once() -> None:
    contact = Contact(first_name=" Ana\r\n", emails=("A@x.org ", "", "a@x.org", "b@x.org"))
    assert normal(contact) == Contact(first_name="Ana", emails=("A@x.org", "b@x.org"))


@pytest.mark.parametrize(
    ("written", "matched"),
    [
        (" Ana@X.org ", "ana@x.org"),
        ("Ana Ruiz <ana+crm@x.org>", "ana@x.org"),
        ("+31612@x.org", "+31612@x.org"),
        ("no address", ""),
        ("ana@", ""),
        ("@x.org", ""),
        ("", ""),
    ],
)
def test_matching_ignores_display_part_tag_and_case(written: str, matched: str) -> None:
    assert match_address(written) == matched


@pytest.mark.parametrize(
    ("contact", "name"),
    [
        (Contact(first_name="Ana", last_name="Ruiz", company="Acme"), "Ana Ruiz"),
        (Contact(last_name=" Ruiz ", first_name=""), "Ruiz"),
        (Contact(first_name="", company="Acme", emails=("a@x.org",)), "Acme"),
        (Contact(emails=("a@x.org", "b@x.org")), "a@x.org"),
        (Contact(), ""),
    ],
)
def test_the_display_name_is_name_else_company_else_address(contact: Contact, name: str) -> None:
    assert normal_form.display_name(contact) == name


def test_full_names_are_compared_without_case_width_and_spacing() -> None:
    wide = Contact(first_name="\uff21na  Maria", last_name="STRASSE")
    assert normal_form.full_name_key(wide) == normal_form.full_name_key(
        Contact(first_name="Ana", last_name="Maria Straße")
    )
    assert normal_form.full_name_key(Contact(company="Acme")) == ""


FULL = Contact(
    **{name: name for name in FIELDS if name not in ("emails", "primary_address", "alt_address", "title")},
    emails=("a@x.org", "b@x.org"),
    primary_address=Address(street="1 Road", postal_code="123", country="IT"),
    alt_address=Address(),
)


@pytest.mark.parametrize("contact", [FULL, EMPTY, Contact()])
def test_plain_data_gives_the_contact_back(contact: Contact) -> None:
    assert normal_form.from_plain(normal_form.to_plain(contact)) == contact


def test_plain_data_is_readable_and_leaves_out_what_is_unknown() -> None:
    plain = normal_form.to_plain(FULL)
    assert plain["emails"] == ["a@x.org", "b@x.org"]
    assert plain["primary_address"] == {"street": "1 Road", "postal_code": "123", "country": "IT"}
    assert "title" not in plain


def test_foreign_names_and_types_in_plain_data_are_unknown() -> None:
    plain = {
        "title": 3,
        "emails": "a",
        "alt_address": [],
        "nickname": "x",
        "last_name": None,
        "company": "Acme",
    }
    assert normal_form.from_plain(plain) == Contact(company="Acme")


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("emails", ("a@x.org", "b@x.org"), "a@x.org, b@x.org"),
        ("title", "CTO", "CTO"),
        ("title", None, ""),
        ("alt_address", Address(), ""),
        (
            "alt_address",
            Address("1 Road\nFloor 2", "Rome", "RM", "00100", "Italy"),
            "1 Road, Floor 2, 00100 Rome, RM, Italy",
        ),
    ],
)
def test_history_shows_values_as_a_person_reads_them(field: str, value: Any, text: str) -> None:
    assert normal_form.field_text(field, value) == text
