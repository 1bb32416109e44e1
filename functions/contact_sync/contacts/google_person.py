"""Google Person <-> Contact, a lens: `read` gives the Contact, `patch` what to send to hold another.

    read(person, base)            -> Contact
    patch(person, contact, base)  -> {person field: complete list}

Only items of the contact itself are read, never those Google shows from a profile. Patching with what was
read changes nothing; reading after a patch gives the contact; what the Contact does not hold is carried
through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from . import birthday
from .contact import Contact
from .google_slots import SLOTS, Slot, is_primary
from .json_values import as_map, as_maps, as_text, as_time
from .normal_form import email_key, normal, same, tidy

Person = Mapping[str, Any]
Items = list[dict[str, Any]]

PERSON_FIELDS = (
    "names,emailAddresses,phoneNumbers,addresses,organizations,birthdays,biographies,imClients,clientData,"
    "memberships,metadata"
)
"""The read mask."""

MARK_KEY = "contact-sync"
"""Key of the clientData entry that says which mapping a contact was created for."""

MY_CONTACTS = "contactGroups/myContacts"
"""The group of all contacts that a user sees in the list; a contact created with groups needs it named."""

_CUT_AT = 100
"""Listings give at most so many addresses and numbers of a person, without saying that they left some out."""

# Set by the server, whatever is sent (People API discovery document).
_READ_ONLY = frozenset(
    {"metadata", "formattedType", "canonicalForm", "formattedProtocol", "displayNameLastFirst"}
)
# Built by the server from the parts of an item: sent back beside changed parts they would be stale.
_DERIVED = {"names": {"displayName", "unstructuredName"}, "addresses": {"formattedValue"}}


def read(person: Person, base: Contact | None) -> Contact:
    """The contact a person shows. Of several items that fit one slot the one equal to the base is read.

    A birthday that is no date, and addresses or numbers that a listing may have cut, are unknown.
    """
    values: dict[str, Any] = {}
    for slot in SLOTS:
        owned = slot.owned(_sourced(person, slot.items), _base_of(slot, base))
        values |= dict.fromkeys(slot.fields) if _unknown(person, slot.items) else slot.values(owned)
    emails = None if _unknown(person, "emailAddresses") else _addresses(person)
    return normal(Contact(**values, emails=emails))


def reduce(contact: Contact) -> Contact:
    """What Google can hold of the contact: all of its normal form, but of birthdays only dates."""
    held = normal(contact)
    if held.birthday and birthday.parse(held.birthday) is None:
        return replace(held, birthday="")
    return held


def patch(person: Person | None, contact: Contact, base: Contact | None) -> dict[str, Items]:
    """The person's fields that change, each as the complete list to send; an empty list clears.

    Of a slot only the item that `read` takes changes; a value that is equal already is left as it is spelled.
    Unknown fields, of the contact or of the person, are not touched.
    """
    held = reduce(contact)
    shown = {} if person is None else person
    changed: dict[str, Items] = {}
    for field in dict.fromkeys(slot.items for slot in SLOTS):
        before = carried(shown, field)
        after = before if _unknown(shown, field) else _patched(field, shown, held, base)
        if after != before:
            changed[field] = after
    if held.emails is not None and not _unknown(shown, "emailAddresses"):
        emails = _patched_emails(shown, held.emails)
        if emails is not None:
            changed["emailAddresses"] = emails
    return changed


def new_person(contact: Contact, mark: str, label: str | None) -> dict[str, Any]:
    """The body of a create: the contact, our mark, and the group `label` (a resource name) if given."""
    person: dict[str, Any] = {**patch(None, contact, None), "clientData": [{"key": MARK_KEY, "value": mark}]}
    if label:
        groups = dict.fromkeys((label, MY_CONTACTS))
        person["memberships"] = [
            {"contactGroupMembership": {"contactGroupResourceName": group}} for group in groups
        ]
    return person


def carried(person: Person, field: str) -> Items:
    """A field's items of the contact itself, as they are sent back: without what only the server sets."""
    return [_sendable(field, item) for item in _sourced(person, field)]


def mark(person: Person) -> str | None:
    """Our mark. A contact that Google merged from several has several: then the smallest."""
    return min(marks(person), default=None)


def marks(person: Person) -> frozenset[str]:
    """All our marks on a contact."""
    entries = _sourced(person, "clientData")
    return frozenset(
        value for entry in entries if entry.get("key") == MARK_KEY and (value := as_text(entry.get("value")))
    )


def google_id(person: Person) -> str:
    """The resource name without "people/"."""
    return str(person["resourceName"]).removeprefix("people/")


def previous_ids(person: Person) -> tuple[str, ...]:
    """Ids the person had before; Google tells them on calls with a sync token only."""
    names = as_map(person.get("metadata")).get("previousResourceNames")
    known = names if isinstance(names, list | tuple) else ()
    return tuple(name.removeprefix("people/") for name in known if isinstance(name, str))


def source_id(person: Person) -> str | None:
    """Id of the contact source, which outlives a change of the resource name."""
    return as_text(_source(person).get("id")) or None


def source_etag(person: Person) -> str | None:
    """Etag of the contact source: the version of what can be written."""
    return as_text(_source(person).get("etag")) or None


def modified_at(person: Person) -> datetime | None:
    """When the contact last changed. A deleted person tells no time: None."""
    return None if is_deleted(person) else as_time(_source(person).get("updateTime"))


def is_deleted(person: Person) -> bool:
    """Whether this is a tombstone."""
    return bool(as_map(person.get("metadata")).get("deleted"))


def groups(person: Person) -> frozenset[str]:
    """Resource names of the contact groups the person is in."""
    memberships = (as_map(item.get("contactGroupMembership")) for item in as_maps(person.get("memberships")))
    return frozenset(name for each in memberships if (name := as_text(each.get("contactGroupResourceName"))))


def _source(person: Person) -> Mapping[str, Any]:
    sources = as_maps(as_map(person.get("metadata")).get("sources"))
    return next((source for source in sources if source.get("type") == "CONTACT"), {})


def _sourced(person: Person, field: str) -> list[Mapping[str, Any]]:
    """The items of the contact itself; an item that names no source is one that we made."""
    return [
        item
        for item in as_maps(person.get(field))
        if as_map(as_map(item.get("metadata")).get("source")).get("type", "CONTACT") == "CONTACT"
    ]


def _sendable(field: str, item: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in item.items() if key not in _READ_ONLY}
    derived = _DERIVED.get(field, set())
    has_parts = bool(kept.keys() - derived - {"type"})
    return {key: value for key, value in kept.items() if not (has_parts and key in derived)}


def _unknown(person: Person, field: str) -> bool:
    """Whether a list is cut, or no list."""
    items = person.get(field, [])
    if not isinstance(items, list | tuple):
        return True
    return field in ("emailAddresses", "phoneNumbers") and len(items) == _CUT_AT


def _base_of(slot: Slot, base: Contact | None) -> dict[str, Any]:
    return {} if base is None else {name: getattr(base, name) for name in slot.fields}


def _patched(field: str, person: Person, held: Contact, base: Contact | None) -> Items:
    originals = _sourced(person, field)
    items: list[dict[str, Any] | None] = [*carried(person, field)]
    for slot in (slot for slot in SLOTS if slot.items == field):
        owned = slot.owned(originals, _base_of(slot, base))
        now = slot.values(owned)
        wanted = {name: getattr(held, name) for name in slot.fields}
        differing = {
            name: value
            for name, value in wanted.items()
            if value is not None and now[name] is not None and not same(name, now[name], value)
        }
        if not differing:
            continue
        if owned is None:
            items.append(slot.changed(None, differing))
            continue
        place = next(index for index, item in enumerate(originals) if item is owned)
        items[place] = slot.changed(items[place], differing)
    return [item for item in items if item is not None]


def _addresses(person: Person) -> tuple[str, ...]:
    """The e-mail addresses, the primary one first."""
    items = [item for item in _sourced(person, "emailAddresses") if tidy(as_text(item.get("value")) or "")]
    return tuple(item["value"] for item in sorted(items, key=lambda item: not is_primary(item)))


def _patched_emails(person: Person, emails: tuple[str, ...]) -> Items | None:
    """The list with exactly these addresses, None if it has them. What stays keeps its spelling and labels.

    The contact's first address comes first: Google takes the first item for the primary one.
    """
    items = carried(person, "emailAddresses")
    new = {email_key(address): address for address in emails}
    wanted = frozenset(new)
    kept: Items = []
    gone: Items = []
    for item in items:
        key = email_key(as_text(item.get("value")) or "")
        new.pop(key, None)
        (kept if key in wanted or not key else gone).append(item)
    if not gone and not new:
        return None
    if len(gone) == len(new) == 1:
        # One address was corrected: its label stays.
        kept.append({**gone[0], "value": next(iter(new.values()))})
    else:
        kept += [{"value": address} for address in new.values()]
    first = email_key(emails[0]) if emails else ""
    return sorted(kept, key=lambda item: email_key(as_text(item.get("value")) or "") != first)
