"""Reading Sugar records and what is sent to change them, field by field."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from contact_sync.contacts import sugar_record
from contact_sync.contacts.contact import FIELDS, Address, Contact
from contact_sync.contacts.mapping import Filled
from contact_sync.contacts.normal_form import EMPTY
from contact_sync.contacts.sugar_record import DEFAULT_SCHEMA, Accounts, NoName, SugarPatch, SugarSchema

ACCOUNTS = Accounts({"acme": "acc-1", "twins": None})


def record(**values: Any) -> dict[str, Any]:
    """A record with every field shown, empty unless given."""
    empty = {key: "" for key in sugar_record.REQUEST_FIELDS}
    return {**empty, "id": "s1", "email": [], "_acl": {"fields": {}}, "last_name": "Ruiz", **values}


def patched(
    before: dict[str, Any] | None, filled: Filled | None = None, *denied: str, **values: Any
) -> SugarPatch:
    """What is sent so that the record holds these values."""
    return sugar_record.patch(before, Contact(**values), filled, DEFAULT_SCHEMA, ACCOUNTS, frozenset(denied))


def entry(address: str, primary: Any = False, **flags: Any) -> dict[str, Any]:
    return {"email_address": address, "primary_address": primary, **flags}


ROWS = [
    ("salutation", "Dr.", {"salutation": "Dr."}),
    ("first_name", "Ana", {"first_name": "Ana"}),
    ("last_name", "Ruiz", {"last_name": "Ruiz"}),
    ("title", "CTO", {"title": "CTO"}),
    ("department", "IT", {"department": "IT"}),
    ("phone_work", "+1 555", {"phone_work": "+1 555"}),
    ("phone_mobile", "1", {"phone_mobile": "1"}),
    ("phone_home", "2", {"phone_home": "2"}),
    ("phone_other", "3", {"phone_other": "3"}),
    ("phone_fax", "4", {"phone_fax": "4"}),
    ("birthday", "1980-02-29", {"birthdate": "1980-02-29"}),
    ("description", "a\nb", {"description": "a\nb"}),
    ("twitter", "ana", {"twitter": "ana"}),
    ("facebook", "ana.ruiz", {"facebook": "ana.ruiz"}),
    (
        "primary_address",
        Address("1 Road\nFloor 2", "Rome", "RM", "00100", "Italy"),
        {
            "primary_address_street": "1 Road\nFloor 2",
            "primary_address_city": "Rome",
            "primary_address_state": "RM",
            "primary_address_postalcode": "00100",
            "primary_address_country": "Italy",
        },
    ),
    ("alt_address", Address(city="Rome"), {"alt_address_city": "Rome"}),
    ("emails", ("a@x.org", "b@x.org"), {"email": [entry("a@x.org", True), entry("b@x.org")]}),
]


@pytest.mark.parametrize(("field", "value", "fields"), ROWS, ids=[row[0] for row in ROWS])
def test_every_field_is_read_written_and_cleared(field: str, value: Any, fields: dict[str, Any]) -> None:
    before = record(last_name="" if field == "last_name" else "Ruiz")
    assert patched(before, **{field: value}).fields == fields
    after = {**before, **fields}
    assert getattr(sugar_record.read(after, None), field) == value
    if field == "last_name":
        return
    cleared = patched(after, **{field: getattr(EMPTY, field)}).fields
    assert cleared == {key: [] if key == "email" else "" for key in fields}


def test_the_company_is_written_as_a_known_account() -> None:
    linked = record(account_id="acc-1", account_name="Acme")
    assert sugar_record.read(linked, None).company == "Acme"
    assert patched(record(), company="ACME").fields == {"account_id": "acc-1"}
    assert patched(linked, company="acme").fields == {}
    assert patched(linked, company="").fields == {"account_id": ""}


@pytest.mark.parametrize("company", ["Nobody's", "Twins"])
def test_a_company_that_is_not_exactly_one_account_unlinks_none(company: str) -> None:
    assert patched(record(), company=company) == SugarPatch({}, None, frozenset())
    linked = record(account_id="acc-1", account_name="Acme")
    assert patched(linked, company=company) == SugarPatch({}, None, frozenset({"company"}))


def test_an_ambiguous_account_that_is_linked_already_stays() -> None:
    assert patched(record(account_id="acc-7", account_name="Twins"), company="Twins").unwritten == frozenset()


def test_what_sugar_does_not_show_is_unknown_and_not_written() -> None:
    shown = record(
        _acl={"fields": {"phone_home": {"read": "no", "write": "no"}, "alt_address_city": {"read": "no"}}},
        _erased_fields=["title", {"field_name": "email", "id": "e1"}],
    )
    del shown["description"], shown["account_id"]
    contact = sugar_record.read(shown, None)
    unknown = {"phone_home", "alt_address", "title", "emails", "description", "company"}
    assert {name for name in FIELDS if getattr(contact, name) is None} == unknown
    patch = patched(shown, phone_home="1", description="x", emails=("a@x.org",))
    assert patch == SugarPatch({}, None, frozenset({"phone_home", "description", "emails"}))


def test_denied_fields_are_left_out_and_named() -> None:
    patch = patched(record(title="CTO"), None, "title", title="CEO", department="IT")
    assert patch == SugarPatch({"department": "IT"}, None, frozenset({"title"}))
    assert patched(record(title="CTO"), None, "title", title="CTO").unwritten == frozenset()


@pytest.mark.parametrize(
    ("rights", "fields"),
    [
        ([], set()),
        ({"_acl": {"fields": []}}, set()),
        ({"_acl": {"fields": {"phone_mobile": {"write": "no", "create": "no"}}}}, {"phone_mobile"}),
        ({"account_id": {"write": "no"}, "birthdate": {"read": "no"}}, {"company", "birthday"}),
        ({"alt_address_city": {"write": "no"}, "lead_source": {"write": "no"}}, {"alt_address"}),
        ({"_acl": {"fields": {}}, "locked_fields": ["email"]}, {"emails"}),
        ({"title": {"write": "yes"}}, set()),
    ],
)
def test_field_rights_name_the_contact_fields_that_may_not_be_written(rights: Any, fields: set[str]) -> None:
    assert sugar_record.denied_fields(rights) == fields


def test_dates_are_read_in_utc() -> None:
    time = datetime(2026, 3, 1, 9, 0, 5, tzinfo=UTC)
    for text in ("2026-03-01T10:00:05+01:00", "2026-03-01T09:00:05Z", "2026-03-01T04:00:05-05:00"):
        assert sugar_record.modified_at({"date_modified": text}) == time


def test_a_stub_shows_no_content() -> None:
    assert sugar_record.is_stub({"id": "s1", "date_modified": "x", "_module": "Contacts", "_acl": {}})
    assert not sugar_record.is_stub({"id": "s1", "last_name": ""})


# Reduction


def test_the_reduction_is_what_sugar_can_hold() -> None:
    contact = Contact(
        title="x" * 99 + " yz",
        primary_address=Address(postal_code="9" * 21),
        salutation="dr",
        company="Nobody's",
        birthday="--02-29",
        emails=("a@x.org", "no address", "ä@x.org", "Ana <a@x.org>"),
        description="long " * 100,
    )
    held = sugar_record.reduce(contact, DEFAULT_SCHEMA, ACCOUNTS)
    assert held.title == "x" * 99
    assert held.primary_address == Address(postal_code="9" * 20)
    assert held.salutation == "Dr."
    assert held.company == held.birthday == ""
    assert held.emails == ("a@x.org",)
    assert held.description == ("long " * 100).strip()
    assert held.phone_work is None


@pytest.mark.parametrize("birthday", ["1981-02-29", "0000-01-01", "soon", "--02-29"])
def test_a_birthday_that_is_no_date_with_a_year_is_not_held(birthday: str) -> None:
    assert sugar_record.reduce(Contact(birthday=birthday), DEFAULT_SCHEMA, ACCOUNTS).birthday == ""
    assert patched(record(), birthday=birthday).fields == {}
    kept = patched(record(birthdate="1980-01-01"), birthday=birthday)
    assert kept == SugarPatch({}, None, frozenset({"birthday"}))


def test_salutations_are_free_where_the_dropdown_is_unknown() -> None:
    free = SugarSchema({}, None)
    assert sugar_record.reduce(Contact(salutation="Herr"), free, ACCOUNTS).salutation == "Herr"
    assert sugar_record.reduce(Contact(salutation="Herr"), DEFAULT_SCHEMA, ACCOUNTS).salutation == ""


def test_the_record_keeps_what_is_equal_to_the_value_or_its_reduction() -> None:
    before = record(title="x" * 100, phone_work="+1 (555) 0100", email=[entry("A@x.org", True)])
    assert (
        patched(before, title="x" * 120, phone_work="001 555 0100", emails=("a@x.org", "no address")).fields
        == {}
    )


def test_of_an_address_only_the_parts_that_differ_are_sent() -> None:
    before = record(primary_address_street="1 Road", primary_address_city="Rome")
    assert patched(before, primary_address=Address("1 Road", "Ostia")).fields == {
        "primary_address_city": "Ostia"
    }


# E-mail addresses


def test_the_primary_address_is_read_first_whatever_its_flag_looks_like() -> None:
    entries = [entry("a@x.org", "0"), entry("b@x.org", "1"), entry(""), entry("c@x.org", False)]
    assert sugar_record.read(record(email=entries), None).emails == ("b@x.org", "a@x.org", "c@x.org")


def test_a_change_of_addresses_keeps_flags_spelling_and_the_primary_one() -> None:
    before = record(
        email=[entry("A@x.org", "0", opt_out="1", invalid_email="0"), entry("b@x.org", "1"), entry("c@x.org")]
    )
    sent = patched(before, emails=("new@x.org", "b@x.org", "a@x.org")).fields["email"]
    assert sent == [
        entry("A@x.org", False, opt_out=True, invalid_email=False),
        entry("b@x.org", True),
        entry("new@x.org", False),
    ]


def test_a_removed_primary_address_is_followed_by_the_first_of_the_contact() -> None:
    before = record(email=[entry("a@x.org", True), entry("b@x.org")])
    assert patched(before, emails=("c@x.org", "b@x.org")).fields["email"] == [
        entry("b@x.org"),
        entry("c@x.org", True),
    ]


def test_another_order_of_addresses_is_no_change() -> None:
    before = record(email=[entry("a@x.org", True), entry("b@x.org")])
    assert patched(before, emails=("b@x.org", "A@X.ORG")).fields == {}


# The name that Sugar requires

LADDER = [
    ({"first_name": "Ana", "company": "Acme"}, Filled("first_name", "Ana"), {}),
    ({"company": "Nobody's", "title": "CTO"}, Filled("company", "Nobody's"), {"title": "CTO"}),
    (
        {"emails": ("no address", "ana.r@x.org")},
        Filled("emails", "ana.r"),
        {"email": [entry("ana.r@x.org", True)]},
    ),
]


@pytest.mark.parametrize(("values", "filled", "others"), LADDER, ids=["first name", "company", "mailbox"])
def test_a_missing_last_name_is_filled_by_the_ladder(
    values: dict[str, Any], filled: Filled, others: dict[str, Any]
) -> None:
    patch = patched(None, last_name="", **values)
    others = others | ({"account_id": "acc-1"} if values.get("company") == "Acme" else {})
    assert patch == SugarPatch({"last_name": filled.value, **others}, filled, frozenset())
    shown = sugar_record.read(record(**patch.fields), patch.filled)
    assert (shown.first_name, shown.last_name) == (values.get("first_name", ""), "")


def test_without_any_name_there_is_nothing_to_create() -> None:
    with pytest.raises(NoName):
        patched(None, title="CTO")
    with pytest.raises(NoName):
        patched(record(), last_name="")


def test_a_last_name_replaces_the_filler_and_gives_the_first_name_back() -> None:
    patch = patched(record(last_name="Ana"), Filled("first_name", "Ana"), first_name="Ana", last_name="Ruiz")
    assert patch == SugarPatch({"first_name": "Ana", "last_name": "Ruiz"}, None, frozenset())


def test_a_removed_last_name_moves_the_first_name() -> None:
    patch = patched(record(first_name="Ana"), last_name="")
    assert patch == SugarPatch(
        {"first_name": "", "last_name": "Ana"}, Filled("first_name", "Ana"), frozenset()
    )


def test_the_filler_follows_the_rung_it_stands_for() -> None:
    renamed = patched(record(last_name="Ana"), Filled("first_name", "Ana"), first_name="Anna")
    assert renamed == SugarPatch({"last_name": "Anna"}, Filled("first_name", "Anna"), frozenset())
    higher = patched(record(last_name="Acme"), Filled("company", "Acme"), first_name="Ana")
    assert higher == SugarPatch({"last_name": "Ana"}, Filled("first_name", "Ana"), frozenset())


@pytest.mark.parametrize("filled", [Filled("company", "Nobody's"), Filled("emails", "b")])
def test_the_filler_stays_while_its_rung_does(filled: Filled) -> None:
    before = record(last_name=filled.value, email=[entry("a@x.org", True), entry("b@x.org")])
    patch = patched(before, filled, emails=("a@x.org", "b@x.org", "c@x.org"))
    assert (patch.filled, "last_name" in patch.fields) == (filled, False)


def test_an_account_renamed_in_sugar_leaves_the_filler() -> None:
    before = record(last_name="Acme", account_id="acc-9", account_name="Beta")
    patch = patched(before, Filled("company", "Acme"), company="Beta", last_name="", title="CTO")
    assert patch == SugarPatch({"title": "CTO"}, Filled("company", "Acme"), frozenset())


def test_a_filler_that_someone_replaced_is_a_name() -> None:
    shown = sugar_record.read(record(last_name="Ruiz"), Filled("first_name", "Ana"))
    assert (shown.first_name, shown.last_name) == ("", "Ruiz")
    shown = sugar_record.read(record(last_name="Ana", first_name="Bo"), Filled("first_name", "Ana"))
    assert (shown.first_name, shown.last_name) == ("Bo", "Ana")


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("", "Ana Ruiz", ("Ana", "Ruiz")),
        ("", "Ana  de la Ruiz", ("Ana", "de la Ruiz")),
        ("", "Ruiz, Ana", ("Ana", "Ruiz")),
        ("", "ÁNA", ("ÁNA", "")),
        ("Ana", "Ana", ("Ana", "")),
        ("Ana", "Ana Ruiz", ("Ana", "Ana Ruiz")),
        ("", "Anaximander", ("", "Anaximander")),
        ("", "", ("", "")),
    ],
)
def test_a_first_name_that_stands_in_is_read_beside_what_was_typed_to_it(
    first: str, last: str, name: tuple[str, str]
) -> None:
    before = record(first_name=first, last_name=last)
    shown = sugar_record.read(before, Filled("first_name", "Ana"))
    assert (shown.first_name, shown.last_name) == name
    assert sugar_record.read(before, None).last_name == last


def test_a_name_that_was_typed_to_the_filler_is_set_apart_only_when_it_changes() -> None:
    before, filled = record(last_name="Ana Ruiz"), Filled("first_name", "Ana")
    assert patched(before, filled, title="CTO") == SugarPatch({"title": "CTO"}, filled, frozenset())
    assert patched(before, filled, last_name="Weber").fields == {"first_name": "Ana", "last_name": "Weber"}
    assert patched(before, filled, first_name="Bea").fields == {"first_name": "Bea", "last_name": "Ruiz"}
    cleared = patched(before, filled, last_name="")
    assert cleared == SugarPatch({"last_name": "Ana"}, filled, frozenset())


def test_a_record_that_sugar_keeps_without_a_last_name_is_left_so() -> None:
    assert patched(record(last_name=""), first_name="Ana", last_name="") == SugarPatch(
        {"first_name": "Ana"}, None, frozenset()
    )


def test_without_the_right_to_the_last_name_the_filler_is_not_moved() -> None:
    filled = Filled("first_name", "Ana")
    patch = patched(record(last_name="Ana"), filled, "last_name", first_name="Anna")
    assert patch == SugarPatch({}, filled, frozenset({"first_name"}))
    company = Filled("company", "Acme")
    patch = patched(record(last_name="Acme"), company, "last_name", first_name="Ana")
    assert patch == SugarPatch({"first_name": "Ana"}, company, frozenset())


def test_without_the_right_to_the_first_name_the_next_rung_is_taken() -> None:
    before = record(first_name="Ana", account_id="acc-1", account_name="Acme")
    patch = patched(before, None, "first_name", last_name="")
    assert patch == SugarPatch({"last_name": "Acme"}, Filled("company", "Acme"), frozenset())
