"""Reading Google persons and what is sent to change them, field by field."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from contact_sync.contacts import google_person
from contact_sync.contacts.contact import Address, Contact
from contact_sync.contacts.normal_form import EMPTY
from local_stack.google.normalise import stored_items

CONTACT = {"source": {"type": "CONTACT", "id": "s1"}}
PRIMARY = {**CONTACT, "primary": True}
PROFILE = {"source": {"type": "PROFILE", "id": "p1"}}


def person(**fields: list[dict[str, Any]]) -> dict[str, Any]:
    """A person as Google shows it: with derived values and metadata, the first item of a field primary."""
    return {field: stored_items(field, items, "s1", "NL") for field, items in fields.items()}


def patched(before: dict[str, Any] | None, base: Contact | None = None, **values: Any) -> dict[str, Any]:
    """What is sent so that the person holds these values."""
    return google_person.patch(before, Contact(**values), base)


ROWS = [
    ("salutation", "Dr.", {"names": [{"honorificPrefix": "Dr."}]}),
    ("first_name", "Ana", {"names": [{"givenName": "Ana"}]}),
    ("last_name", "Ruiz", {"names": [{"familyName": "Ruiz"}]}),
    ("company", "Acme", {"organizations": [{"name": "Acme"}]}),
    ("title", "CTO", {"organizations": [{"title": "CTO"}]}),
    ("department", "IT", {"organizations": [{"department": "IT"}]}),
    ("emails", ("a@x.org", "b@x.org"), {"emailAddresses": [{"value": "a@x.org"}, {"value": "b@x.org"}]}),
    ("phone_work", "1", {"phoneNumbers": [{"type": "work", "value": "1"}]}),
    ("phone_mobile", "1", {"phoneNumbers": [{"type": "mobile", "value": "1"}]}),
    ("phone_home", "1", {"phoneNumbers": [{"type": "home", "value": "1"}]}),
    ("phone_other", "1", {"phoneNumbers": [{"type": "other", "value": "1"}]}),
    ("phone_fax", "1", {"phoneNumbers": [{"type": "workFax", "value": "1"}]}),
    (
        "primary_address",
        Address("1 Road\nFloor 2", "Rome", "RM", "00100", "Italy"),
        {
            "addresses": [
                {
                    "type": "work",
                    "streetAddress": "1 Road\nFloor 2",
                    "city": "Rome",
                    "region": "RM",
                    "postalCode": "00100",
                    "country": "Italy",
                }
            ]
        },
    ),
    ("alt_address", Address(city="Rome"), {"addresses": [{"type": "home", "city": "Rome"}]}),
    ("birthday", "1980-02-29", {"birthdays": [{"date": {"year": 1980, "month": 2, "day": 29}}]}),
    ("birthday", "--02-29", {"birthdays": [{"date": {"month": 2, "day": 29}}]}),
    ("description", "a\nb", {"biographies": [{"value": "a\nb", "contentType": "TEXT_PLAIN"}]}),
    ("twitter", "ana", {"imClients": [{"protocol": "twitter", "username": "ana"}]}),
    ("facebook", "ana.ruiz", {"imClients": [{"protocol": "facebook", "username": "ana.ruiz"}]}),
]


@pytest.mark.parametrize(("field", "value", "lists"), ROWS, ids=[row[0] for row in ROWS])
def test_every_field_is_written_read_and_cleared(field: str, value: Any, lists: dict[str, Any]) -> None:
    assert patched(person(), **{field: value}) == lists
    after = person(**lists)
    assert getattr(google_person.read(after, None), field) == value
    assert patched(after, **{field: getattr(EMPTY, field)}) == {name: [] for name in lists}


def test_items_of_a_profile_are_neither_read_nor_sent_back() -> None:
    shown = person(phoneNumbers=[{"type": "work", "value": "1"}])
    shown["phoneNumbers"].append({"metadata": PROFILE, "type": "home", "value": "2"})
    shown["names"] = [{"metadata": PROFILE, "givenName": "Ana"}]
    contact = google_person.read(shown, None)
    assert (contact.phone_work, contact.phone_home, contact.first_name) == ("1", "", "")
    assert patched(shown, phone_mobile="3")["phoneNumbers"] == [
        {"type": "work", "value": "1"},
        {"type": "mobile", "value": "3"},
    ]


# Several items for one slot

PHONES = [{"type": "work", "value": "3"}, {"type": "work", "value": "1"}, {"type": "work", "value": "2"}]


def unprimary(shown: dict[str, Any]) -> dict[str, Any]:
    return {field: [{**item, "metadata": CONTACT} for item in items] for field, items in shown.items()}


def test_of_several_phones_of_a_type_base_then_primary_then_the_smallest_is_read() -> None:
    shown = person(phoneNumbers=PHONES)
    assert google_person.read(shown, Contact(phone_work="2")).phone_work == "2"
    assert google_person.read(shown, Contact(phone_work="9")).phone_work == "3"
    assert google_person.read(unprimary(shown), Contact(phone_work="9")).phone_work == "1"


def test_only_the_item_that_was_read_changes() -> None:
    after = patched(person(phoneNumbers=PHONES), Contact(phone_work="2"), phone_work="5")
    assert after == {"phoneNumbers": [*PHONES[:2], {"type": "work", "value": "5"}]}


def test_clearing_one_of_several_phones_leaves_the_others() -> None:
    after = patched(person(phoneNumbers=PHONES), Contact(phone_work="2"), phone_work="")
    assert after == {"phoneNumbers": PHONES[:2]}


def test_custom_labels_and_types_without_a_slot_are_carried_through() -> None:
    numbers = [
        {"type": "Ski hut", "value": "1"},
        {"type": "workMobile", "value": "2"},
        {"type": "homeFax", "value": "3"},
    ]
    shown = person(phoneNumbers=numbers)
    assert all(
        getattr(google_person.read(shown, None), f"phone_{kind}") == "" for kind in ("home", "fax", "mobile")
    )
    assert patched(shown, phone_fax="9")["phoneNumbers"] == [*numbers, {"type": "workFax", "value": "9"}]


def test_an_item_without_a_type_is_the_other_one_and_stays_without() -> None:
    shown = person(phoneNumbers=[{"value": "1"}], addresses=[{"city": "Rome"}])
    contact = google_person.read(shown, None)
    assert (contact.phone_other, contact.alt_address) == ("1", Address(city="Rome"))
    assert patched(shown, phone_other="2", alt_address=Address(city="Ostia")) == {
        "phoneNumbers": [{"value": "2"}],
        "addresses": [{"city": "Ostia"}],
    }


def test_the_organisation_nearest_to_the_base_is_read_and_changed() -> None:
    organizations = [{"name": "Old", "title": "CEO"}, {"name": "Acme", "title": "CTO", "jobDescription": "J"}]
    shown = person(organizations=organizations)
    assert google_person.read(shown, None).company == "Old"
    base = Contact(company="Acme", title="Engineer", department="")
    assert google_person.read(shown, base).title == "CTO"
    after = patched(shown, base, company="Beta", title="")
    assert after == {"organizations": [organizations[0], {"name": "Beta", "jobDescription": "J"}]}


def test_an_organisation_equal_to_the_base_goes_before_one_that_holds_more() -> None:
    shown = person(organizations=[{"title": "CTO", "name": "Old"}, {"title": "CTO"}])
    assert google_person.read(shown, Contact(title="CTO", company="", department="")).company == ""


def test_without_base_and_primary_the_current_organisation_is_read() -> None:
    shown = unprimary(person(organizations=[{"name": "A"}, {"name": "B", "current": True}]))
    assert google_person.read(shown, None).company == "B"


def test_home_and_other_addresses_share_a_slot() -> None:
    shown = person(addresses=[{"type": "other", "city": "Rome"}, {"type": "home", "city": "Ostia"}])
    assert google_person.read(shown, None).alt_address == Address(city="Rome")
    assert google_person.read(shown, Contact(alt_address=Address(city="Ostia"))).alt_address == Address(
        city="Ostia"
    )


# What an item holds beside the contact's values


def test_names_are_sent_as_structured_parts_only() -> None:
    shown = person(
        names=[{"givenName": "Ana", "middleName": "M", "familyName": "Ruiz", "phoneticGivenName": "A"}]
    )
    assert "displayName" in shown["names"][0]
    assert patched(shown, last_name="Gil", first_name="") == {
        "names": [{"middleName": "M", "familyName": "Gil", "phoneticGivenName": "A"}]
    }


def test_a_single_name_without_ours_is_changed_and_not_doubled() -> None:
    assert patched(person(names=[{"middleName": "M"}]), first_name="Ana")["names"] == [
        {"middleName": "M", "givenName": "Ana"}
    ]


def test_a_changed_part_of_an_address_leaves_the_others_and_drops_what_was_derived() -> None:
    item = {
        "type": "work",
        "streetAddress": "1 Road",
        "extendedAddress": "Floor 2",
        "poBox": "P7",
        "city": "Rome",
    }
    shown = person(addresses=[{**item, "country": "Italy", "countryCode": "IT"}])
    before = google_person.read(shown, None).primary_address
    assert before == Address("1 Road\nFloor 2", "Rome", country="Italy")
    moved = patched(shown, primary_address=Address("2 Road\nFloor 2", "Rome", country="Spain"))
    assert moved == {"addresses": [{**item, "streetAddress": "2 Road", "country": "Spain"}]}
    assert patched(shown, primary_address=Address()) == {"addresses": [{"type": "work", "poBox": "P7"}]}


def test_a_new_street_takes_the_place_of_both_lines() -> None:
    shown = person(addresses=[{"type": "work", "streetAddress": "1 Road", "extendedAddress": "Floor 2"}])
    assert patched(shown, primary_address=Address("3 Lane")) == {
        "addresses": [{"type": "work", "streetAddress": "3 Lane"}]
    }


def test_an_address_without_parts_is_read_from_its_text() -> None:
    shown = person(addresses=[{"type": "work", "formattedValue": "1 Road, Rome"}], phoneNumbers=[])
    assert google_person.read(shown, None).primary_address == Address("1 Road, Rome")
    assert google_person.carried(shown, "addresses") == [{"type": "work", "formattedValue": "1 Road, Rome"}]


def test_a_country_known_by_code_only_is_read() -> None:
    shown = person(addresses=[{"type": "work", "countryCode": "IT", "city": "Rome"}])
    assert google_person.read(shown, None).primary_address == Address(city="Rome", country="IT")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Met at <b>R&amp;D</b></p><p>Call&nbsp;back</p>", "Met at R&D\nCall\xa0back"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<ul><li>a</li>\n<li>b</li></ul><script>x()</script>", "a\nb"),
        ("1 &lt; 2", "1 < 2"),
    ],
)
def test_html_notes_are_read_as_text_and_written_on_change_only(html: str, text: str) -> None:
    shown = person(biographies=[{"value": html, "contentType": "TEXT_HTML"}])
    read = google_person.read(shown, None).description
    assert read is not None
    assert read.replace("\n\n", "\n") == text
    assert patched(shown, description=read) == {}
    assert patched(shown, description="new") == {
        "biographies": [{"value": "new", "contentType": "TEXT_PLAIN"}]
    }


def test_plain_notes_are_not_taken_for_html() -> None:
    assert (
        google_person.read(person(biographies=[{"value": "a <b> &amp;"}]), None).description == "a <b> &amp;"
    )


@pytest.mark.parametrize("birthday", [{"text": "in May"}, {"date": {"year": 1980}}, {"date": {"month": 5}}])
def test_a_birthday_that_is_no_day_is_unknown_and_stays(birthday: dict[str, Any]) -> None:
    shown = person(birthdays=[birthday])
    assert google_person.read(shown, None).birthday is None
    assert patched(shown, birthday="1980-01-01") == {}


def test_a_birthday_that_is_no_date_is_not_held() -> None:
    assert google_person.reduce(Contact(birthday="soon", title=" CTO ")) == Contact(birthday="", title="CTO")
    assert patched(None, birthday="1981-02-29") == {}


# E-mail addresses


def test_the_primary_address_is_read_first() -> None:
    shown = person(emailAddresses=[{"value": "a@x.org"}, {"value": "b@x.org"}, {"value": "A@x.org"}])
    shown["emailAddresses"].reverse()
    assert google_person.read(shown, None).emails == ("a@x.org", "b@x.org")


def test_a_change_of_addresses_keeps_labels_and_puts_the_primary_one_first() -> None:
    items = [
        {"value": "A@x.org", "type": "Ski hut", "displayName": "Ana"},
        {"value": "b@x.org", "type": "work"},
    ]
    shown = person(emailAddresses=items)
    assert patched(shown, emails=("new@x.org", "b@x.org", "a@x.org"))["emailAddresses"] == [
        {"value": "new@x.org"},
        *items,
    ]
    assert patched(shown, emails=("b@x.org", "a@x.org")) == {}
    assert patched(shown, emails=("b@x.org",))["emailAddresses"] == items[1:]


def test_a_corrected_address_keeps_its_label() -> None:
    shown = person(emailAddresses=[{"value": "a@x.og", "type": "work"}, {"value": "b@x.org"}])
    assert patched(shown, emails=("a@x.org", "b@x.org"))["emailAddresses"] == [
        {"value": "a@x.org", "type": "work"},
        {"value": "b@x.org"},
    ]


def test_lists_that_may_have_been_cut_are_unknown_and_stay() -> None:
    numbers = [{"type": "work", "value": str(number)} for number in range(100)]
    addresses = [{"value": f"{number}@x.org"} for number in range(100)]
    cut = person(phoneNumbers=numbers, emailAddresses=addresses)
    contact = google_person.read(cut, None)
    assert (contact.emails, contact.phone_work, contact.phone_home) == (None, None, None)
    assert patched(cut, emails=("a@x.org",), phone_home="1") == {}
    whole = person(phoneNumbers=[*numbers, {"type": "home", "value": "1"}])
    assert google_person.read(whole, None).phone_home == "1"


# Creating, and what a person tells of itself


def test_a_new_person_carries_our_mark_and_its_groups() -> None:
    contact = Contact(first_name="Ana", emails=("a@x.org",), title="")
    body = {
        "names": [{"givenName": "Ana"}],
        "emailAddresses": [{"value": "a@x.org"}],
        "clientData": [{"key": "contact-sync", "value": "m1"}],
    }
    assert google_person.new_person(contact, "m1", None) == body
    labelled = google_person.new_person(contact, "m1", "contactGroups/5a")
    assert google_person.groups(labelled) == {"contactGroups/5a", "contactGroups/myContacts"}
    assert google_person.mark(labelled) == "m1"


def test_a_mark_is_ours_only_under_our_key() -> None:
    entries = [{"key": "other-app", "value": "1"}, {"key": "contact-sync", "value": "m2"}]
    assert google_person.mark({"clientData": entries[:1]}) is None
    merged = {"clientData": [*entries, {"key": "contact-sync", "value": "m1"}]}
    assert google_person.marks(merged) == {"m1", "m2"}
    assert google_person.mark(merged) == "m1"


def test_a_person_tells_its_ids_version_and_time() -> None:
    source = {"type": "CONTACT", "id": "5a", "etag": "#x", "updateTime": "2026-07-27T12:43:24.772772Z"}
    shown = {
        "resourceName": "people/c90",
        "metadata": {
            "sources": [{"type": "PROFILE", "id": "p1", "etag": "#p"}, source],
            "previousResourceNames": ["people/c7"],
        },
    }
    assert google_person.google_id(shown) == "c90"
    assert google_person.previous_ids(shown) == ("c7",)
    assert (google_person.source_id(shown), google_person.source_etag(shown)) == ("5a", "#x")
    assert google_person.modified_at(shown) == datetime(2026, 7, 27, 12, 43, 24, 772772, tzinfo=UTC)
    assert not google_person.is_deleted(shown)


def test_a_tombstone_tells_no_time() -> None:
    source = {"type": "CONTACT", "id": "5a", "updateTime": "1970-01-01T00:00:00Z"}
    tombstone = {"resourceName": "people/c1", "metadata": {"deleted": True, "sources": [source]}}
    assert google_person.is_deleted(tombstone)
    assert google_person.modified_at(tombstone) is None


def test_a_person_without_metadata_tells_nothing() -> None:
    bare = {"resourceName": "people/c1"}
    assert (google_person.source_id(bare), google_person.modified_at(bare)) == (None, None)
    assert (google_person.previous_ids(bare), google_person.groups(bare)) == ((), frozenset())
