"""The laws of both lenses, over generated records: no needless write, no lost value, nothing else touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contact_sync.contacts import google_person, sugar_record
from contact_sync.contacts.contact import ADDRESSES, FIELDS, PHONES, Address, Contact
from contact_sync.contacts.google_slots import SLOTS
from contact_sync.contacts.mapping import Filled
from contact_sync.contacts.normal_form import company_key, email_key, is_empty, normal, same
from contact_sync.contacts.sugar_record import Accounts, NoName, SugarPatch, SugarSchema
from contact_sync.contacts.sugar_schema import ADDRESS_KEYS
from local_stack.google.normalise import stored_items

NAMES = st.sampled_from(["", "Ana", "ana", "Bo", " Ana ", "Anaximander", "a Bo", "Bo, A", "Á"])
TEXTS = st.sampled_from(["", "A", "B ", "a\r\nb", "a\nb", "longer than any column"])
COMPANIES = st.sampled_from(["", "Acme", "acme", "Beta", "Nobody's"])
EMAILS = st.lists(
    st.sampled_from(["a@x.org", "A@x.org", "b@x.org", "c+1@x.org", "no address", "d@x"]), max_size=3
)
NUMBERS = st.sampled_from(["", "+31 6 1", "0031-6-1", "+316 1 x2", "06 1", "ask Bo", "06 123456 789 123456"])
BIRTHDAYS = st.sampled_from(["", "1980-02-29", "1981-01-01", "--02-29", "1981-02-29", "soon"])
STREETS = st.builds(
    Address,
    street=st.sampled_from(["", "1 Road", "1 Road\nFloor 2", "Floor 2"]),
    city=st.sampled_from(["", "Rome"]),
    country=st.sampled_from(["", "IT", "Italy"]),
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(FIELDS, TEXTS),
    **dict.fromkeys(("first_name", "last_name"), NAMES),
    **dict.fromkeys(PHONES, NUMBERS),
    **dict.fromkeys(ADDRESSES, STREETS),
    "salutation": st.sampled_from(["", "Dr.", "Dr", "Herr"]),
    "company": COMPANIES,
    "emails": EMAILS.map(tuple),
    "birthday": BIRTHDAYS,
    "twitter": st.sampled_from(["", "@ana", "Ana", "bo"]),
}
CONTACTS = st.builds(Contact, **{name: st.none() | values for name, values in VALUES.items()})
MODEST = settings(max_examples=100, deadline=None)


@MODEST
@given(CONTACTS)
def test_the_normal_form_is_idempotent_and_the_same_content(contact: Contact) -> None:
    tidied = normal(contact)
    assert normal(tidied) == tidied
    assert all(same(name, getattr(contact, name), getattr(tidied, name)) for name in FIELDS)


# Sugar

SCHEMA = SugarSchema(
    lengths={"first_name": 6, "last_name": 4, "title": 3, "phone_work": 8, "primary_address_street": 7},
    salutations=frozenset({"Dr."}),
)
ACCOUNT_NAMES = {"id-acme": "Acme", "id-beta": "Beta"}
ACCOUNTS = Accounts(
    {company_key("Acme"): "id-acme", company_key("Beta"): "id-beta", company_key("Twice"): None}
)
FILLERS = st.none() | st.builds(
    Filled, st.sampled_from(["first_name", "company", "emails"]), st.sampled_from(["Ana", "Acme", "a"])
)
DENIED = st.frozensets(st.sampled_from(FIELDS), max_size=2)
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "email_address": st.sampled_from(["a@x.org", "B@x.org", "old@x.org"]),
            "opt_out": st.sampled_from([True, False, "1", "0"]),
        }
    ),
    max_size=3,
    unique_by=lambda entry: entry["email_address"],
)


@st.composite
def sugar_records(draw: st.DrawFn) -> dict[str, Any]:
    """Records as Sugar stores them: trimmed, cut, dates valid; sometimes a field is hidden."""
    record: dict[str, Any] = {"id": "s1", "lead_source": "Other", "date_modified": "2026"}
    primary = draw(st.integers(-1, 2))
    entries = enumerate(draw(ENTRIES))
    record["email"] = [{**entry, "primary_address": index == primary} for index, entry in entries]
    account = draw(st.sampled_from(["", *ACCOUNT_NAMES]))
    record |= {"account_id": account, "account_name": ACCOUNT_NAMES.get(account, "")}
    record["birthdate"] = draw(st.sampled_from(["", "1980-02-29", "1981-01-01"]))
    for field in ADDRESSES:
        address = draw(STREETS)
        record |= {key: getattr(address, part) for part, key in ADDRESS_KEYS[field].items()}
    for field in sorted(set(FIELDS) - {"company", "emails", "birthday", *ADDRESSES}):
        record[field] = draw(VALUES[field])
    record = {key: _stored(key, value) for key, value in record.items()}
    hidden = draw(st.lists(st.sampled_from(sorted(record.keys() - {"id"})), max_size=2))
    return {key: value for key, value in record.items() if key not in hidden}


def _stored(key: str, value: Any) -> Any:
    return value.strip()[: SCHEMA.lengths.get(key, 1000)].strip() if isinstance(value, str) else value


def saved(record: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The record after a PUT. What Sugar would cut or refuse must not have been sent."""
    after = {**record, **fields}
    assert all(_stored(key, value) == value for key, value in fields.items())
    if "account_id" in fields:
        after["account_name"] = ACCOUNT_NAMES[fields["account_id"]] if fields["account_id"] else ""
    for entry in fields.get("email", ()):
        assert entry["email_address"] not in ("no address", "d@x")
    if fields.get("email"):
        assert [entry["primary_address"] for entry in fields["email"]].count(True) == 1
    return after


def patched(
    record: Mapping[str, Any] | None, contact: Contact, filled: Filled | None, *denied: str
) -> SugarPatch:
    return sugar_record.patch(record, contact, filled, SCHEMA, ACCOUNTS, frozenset(denied))


@MODEST
@given(sugar_records(), FILLERS)
def test_patching_sugar_with_what_was_read_sends_nothing(
    record: dict[str, Any], filled: Filled | None
) -> None:
    patch = patched(record, sugar_record.read(record, filled), filled)
    assert patch.fields == {}
    assert patch.unwritten == frozenset()
    assert sugar_record.read(record, patch.filled) == sugar_record.read(record, filled)


@settings(MODEST, max_examples=250)
@given(st.none() | sugar_records(), CONTACTS, FILLERS, DENIED)
def test_reading_sugar_after_a_patch_gives_the_contact_reduced_to_what_sugar_holds(
    record: dict[str, Any] | None, contact: Contact, filled: Filled | None, denied: frozenset[str]
) -> None:
    if record is None:
        filled, empty = None, {"email": [], "account_id": "", "account_name": ""}
        before = empty | {key: "" for key in sugar_record.REQUEST_FIELDS if key not in empty}
    else:
        before = record
    try:
        patch = patched(record, contact, filled, *denied)
    except NoName:
        return
    after = saved(before, patch.fields)
    seen, shown = sugar_record.read(before, filled), sugar_record.read(after, patch.filled)
    meant = {name: value for name in FIELDS if (value := getattr(contact, name)) is not None}
    held = sugar_record.reduce(replace(seen, **meant), SCHEMA, ACCOUNTS)
    for name in FIELDS:
        wanted, value = meant.get(name, getattr(seen, name)), getattr(shown, name)
        if name in patch.unwritten or name in denied:
            assert same(name, value, getattr(seen, name)), name
        if name not in patch.unwritten:
            assert same(name, value, wanted) or same(name, value, getattr(held, name)), name
    assert patched(after, contact, patch.filled, *denied).fields == {}
    assert {key: after[key] for key in before.keys() - patch.fields.keys() - {"account_name"}} == {
        key: before[key] for key in before.keys() - patch.fields.keys() - {"account_name"}
    }


@MODEST
@given(sugar_records(), EMAILS)
def test_addresses_that_stay_keep_spelling_order_and_flags(record: dict[str, Any], emails: list[str]) -> None:
    sent = patched(record, Contact(emails=tuple(emails)), None).fields.get("email")
    assume(sent is not None)
    assert sent is not None
    wanted = {email_key(email) for email in emails}
    kept = [entry for entry in record.get("email", ()) if email_key(entry["email_address"]) in wanted]
    for before, after in zip(kept, sent, strict=False):
        assert after["email_address"] == before["email_address"]
        assert after["opt_out"] is (before["opt_out"] in (True, "1"))


# Google

TYPES = st.sampled_from([None, "work", "home", "other", "mobile", "workFax", "pager", "Ski hut"])
SOURCES = st.sampled_from(["CONTACT", "CONTACT", "CONTACT", "PROFILE"])


def _items(max_size: int = 4, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(st.fixed_dictionaries({}, optional=parts), max_size=max_size)


PARTS: dict[str, st.SearchStrategy[list[dict[str, Any]]]] = {
    "names": _items(
        1, honorificPrefix=VALUES["salutation"], givenName=NAMES, familyName=NAMES, middleName=st.just("M")
    ),
    "emailAddresses": _items(value=st.sampled_from(["a@x.org", "A@x.org", "b@x.org"]), type=TYPES),
    "phoneNumbers": _items(value=NUMBERS, type=TYPES),
    "addresses": _items(
        2,
        streetAddress=st.sampled_from(["1 Road", "2 Road"]),
        extendedAddress=st.just("Floor 2"),
        poBox=st.just("P7"),
        country=st.just("Italy"),
        countryCode=st.just("IT"),
        type=TYPES,
    ),
    "organizations": _items(
        2, name=COMPANIES, title=TEXTS, department=TEXTS, current=st.booleans(), jobDescription=st.just("J")
    ),
    "birthdays": st.sampled_from(
        [
            [],
            [{"date": {"year": 1980, "month": 2, "day": 29}}],
            [{"date": {"month": 2, "day": 29}}],
            [{"text": "soon"}],
        ]
    ),
    "biographies": st.sampled_from(
        [[], [{"value": "a\nb"}], [{"value": "<p>A</p>B &amp; C", "contentType": "TEXT_HTML"}]]
    ),
    "imClients": _items(
        username=VALUES["twitter"], protocol=st.sampled_from(["twitter", "Facebook", "skype"])
    ),
    "clientData": st.just([{"key": "other-app", "value": "1"}]),
}


@st.composite
def people(draw: st.DrawFn) -> dict[str, Any]:
    """Persons as Google shows them: normalised by the simulator, some items from a profile."""
    return {
        field: stored(field, draw(items))
        + [_profile(item) for item in draw(items) if draw(SOURCES) == "PROFILE"]
        for field, items in PARTS.items()
    }


def stored(field: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return stored_items(
        field, [{key: value for key, value in item.items() if value} for item in items], "s1", "NL"
    )


def _profile(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "metadata": {"source": {"type": "PROFILE", "id": "p1"}}}


def updated(person: dict[str, Any], changes: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """The person after an update with exactly these masked fields."""
    profile = {
        field: [item for item in person[field] if item not in contact_items(person, field)]
        for field in changes
    }
    return {**person, **{field: stored(field, items) + profile[field] for field, items in changes.items()}}


def contact_items(person: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    return [item for item in person[field] if item["metadata"]["source"]["type"] == "CONTACT"]


@MODEST
@given(people(), st.none() | CONTACTS)
def test_patching_google_with_what_was_read_changes_nothing(
    person: dict[str, Any], base: Contact | None
) -> None:
    assert google_person.patch(person, google_person.read(person, base), base) == {}


@settings(MODEST, max_examples=200)
@given(st.none() | people(), CONTACTS, st.none() | CONTACTS)
def test_reading_google_after_a_patch_gives_the_contact(
    person: dict[str, Any] | None, contact: Contact, base: Contact | None
) -> None:
    before = {field: [] for field in PARTS} if person is None else person
    changes = google_person.patch(person, contact, base)
    after = updated(before, changes)
    seen, held = google_person.read(before, base), google_person.reduce(contact)
    known = {name: value for name in FIELDS if (value := getattr(held, name)) is not None}
    expected = replace(seen, **{name: known[name] for name in known if getattr(seen, name) is not None})
    shown = google_person.read(after, expected)
    for name in FIELDS:
        if not _another_item_comes_up(before, expected, name):
            assert same(name, getattr(shown, name), getattr(expected, name)), name
    assert all(changes[field] != google_person.carried(before, field) for field in changes)


def _another_item_comes_up(person: Mapping[str, Any], expected: Contact, name: str) -> bool:
    """Whether the slot was cleared and Google has another item that fits: that one is not ours to remove."""
    slot = next((slot for slot in SLOTS if name in slot.fields), None)
    if slot is None or not all(is_empty(getattr(expected, field)) for field in slot.fields):
        return False
    return sum(slot.fits(item) for item in contact_items(person, slot.items)) > 1


@MODEST
@given(people(), CONTACTS, st.none() | CONTACTS)
def test_what_the_contact_does_not_hold_survives_an_update(
    person: dict[str, Any], contact: Contact, base: Contact | None
) -> None:
    changes = google_person.patch(person, contact, base)
    assert "clientData" not in changes
    held_types = {"phoneNumbers": {None, "work", "home", "other", "mobile", "workFax"}}
    for item in google_person.carried(person, "phoneNumbers"):
        if item.get("type") not in held_types["phoneNumbers"]:
            assert item in changes.get("phoneNumbers", [item])
    for item in google_person.carried(person, "imClients"):
        if item.get("protocol") == "skype":
            assert item in changes.get("imClients", [item])
    for field, key in (("names", "middleName"), ("addresses", "poBox"), ("organizations", "jobDescription")):
        carried = google_person.carried(person, field)
        assert [key in item for item in carried].count(True) == [
            key in item for item in changes.get(field, carried)
        ].count(True)


@MODEST
@given(people(), st.none() | CONTACTS, st.randoms())
def test_the_order_of_items_makes_no_change(
    person: dict[str, Any], base: Contact | None, random: Any
) -> None:
    shuffled = {field: random.sample(items, len(items)) for field, items in person.items()}
    one, other = google_person.read(person, base), google_person.read(shuffled, base)
    assert all(same(name, getattr(one, name), getattr(other, name)) for name in FIELDS)


def test_the_laws_know_every_field() -> None:
    assert set(VALUES) == set(FIELDS)
    with pytest.raises(NoName):
        patched(None, Contact(), None)
