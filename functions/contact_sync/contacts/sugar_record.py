"""Sugar record <-> Contact, a lens: `read` gives the Contact, `patch` what to send to hold another.

    read(record, filled)                                   -> Contact
    patch(record, contact, filled, schema, accounts, ...)  -> SugarPatch

Patching with what was read sends nothing. Reading after a patch gives the contact, reduced to what Sugar can
hold, except for the fields the patch names as `unwritten`: those keep what Sugar had.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from . import birthday, sugar_name
from .contact import ADDRESSES, FIELDS, Address, Contact
from .json_values import as_map, as_time
from .mapping import Filled
from .normal_form import EMPTY, email_key, is_empty, normal, same, tidy
from .sugar_name import NoName
from .sugar_schema import (
    ADDRESS_KEYS,
    DEFAULT_SCHEMA,
    KEYS,
    NO_ACCOUNTS,
    REQUEST_FIELDS,
    Accounts,
    SugarSchema,
    reduce,
)

__all__ = [
    "DEFAULT_SCHEMA",
    "NO_ACCOUNTS",
    "REQUEST_FIELDS",
    "Accounts",
    "NoName",
    "SugarPatch",
    "SugarSchema",
    "denied_fields",
    "fields_in",
    "is_stub",
    "is_of",
    "modified_at",
    "patch",
    "read",
    "reduce",
]

Record = Mapping[str, Any]

_NAMES = ("first_name", "last_name")
_VERBS = ("read", "write", "edit", "create", "license")
_ENTRY_FLAGS = ("opt_out", "invalid_email", "reply_to_address")


@dataclass(frozen=True, slots=True)
class SugarPatch:
    """What to send to Sugar; nothing, if `fields` is empty.

    `filled` is the filler that stands in the last name afterwards, to be remembered in the mapping.
    `unwritten` names the Contact fields whose value Sugar keeps although the contact has another: the user
    may not write them, cannot read them, or Sugar cannot hold the new value at all (a company that is no
    known account, a birthday without its year) and has one that should not be lost for that.
    """

    fields: dict[str, Any]
    filled: Filled | None
    unwritten: frozenset[str]


def read(record: Record, filled: Filled | None) -> Contact:
    """The contact a record shows. Hidden and erased fields and missing keys are unknown.

    What stands in for a last name reads as empty, and a first name that stands there as the first name.
    """
    hidden = _hidden_keys(record)

    def shown(field: str) -> bool:
        return all(key in record and key not in hidden for key in KEYS[field])

    contact = normal(Contact(**{field: _value(field, record) for field in FIELDS if shown(field)}))
    first, last = sugar_name.read(contact.first_name, contact.last_name, filled)
    return replace(contact, first_name=first, last_name=last)


def patch(
    record: Record | None,
    contact: Contact,
    filled: Filled | None,
    schema: SugarSchema,
    accounts: Accounts,
    denied: frozenset[str] = frozenset(),
) -> SugarPatch:
    """The fields to send so that the record (None: a new one) holds the contact.

    Only what differs is sent, `""` clears. A value that is equal to the record's, or whose reduction is, is
    not sent: the richer form stays. Unknown fields are not touched, nor are the Contact fields in `denied`.
    Raises NoName where nothing can stand in for a missing last name.
    """
    current = EMPTY if record is None else read(record, filled)
    known = {name: value for name in FIELDS if (value := getattr(contact, name)) is not None}
    held = reduce(replace(current, **known), schema, accounts)
    changes: dict[str, Any] = {}
    unwritten: set[str] = set()
    for field, wanted in known.items():
        now, value = getattr(current, field), getattr(held, field)
        if same(field, now, wanted) or same(field, now, value):
            continue
        unholdable = is_empty(value) and not is_empty(wanted)
        if now is None or field in denied or unholdable:
            unwritten.add(field)
        else:
            changes[field] = value

    shown = {} if record is None else record
    names = sugar_name.Shown(
        *(None if getattr(current, name) is None else _text(shown.get(name)) for name in _NAMES)
    )
    change = sugar_name.Change(current, contact, changes, denied, schema, create=record is None)
    written = sugar_name.write(names, change, filled)
    fields = dict(written.fields)
    for field, value in changes.items():
        if field not in _NAMES:
            fields |= _sugar_fields(field, value, shown, accounts)
    return SugarPatch(fields, written.filled, frozenset(unwritten) | written.unwritten)


def fields_in(keys: Iterable[str]) -> frozenset[str]:
    """The Contact fields that are held in these fields of a Sugar record."""
    named = frozenset(keys)
    return frozenset(field for field, held_in in KEYS.items() if not named.isdisjoint(held_in))


def denied_fields(record: Record | Sequence[Any]) -> frozenset[str]:
    """The Contact fields that may not be written, by a record's `_acl` or by the `fields` of an ACL.

    Fields that may not be read count, too, as do those a business process has locked. PHP sends an empty map
    as a list.
    """
    if isinstance(record, Mapping) and as_map(record.get("_acl")).get("edit") == "no":
        return frozenset(FIELDS)
    denied = {key for key, verbs in _rights(record).items() if "no" in (verbs.get(verb) for verb in _VERBS)}
    locked = record.get("locked_fields") if isinstance(record, Mapping) else None
    return fields_in({*denied, *(str(key) for key in locked or () if isinstance(locked, list))})


def is_stub(record: Record) -> bool:
    """Whether Sugar shows no content of the record: it is deleted, or the user may not see it."""
    return not any(key in record for keys in KEYS.values() for key in keys)


def modified_at(record: Record) -> datetime | None:
    """When the record was last saved, in UTC; Sugar gives whole seconds in the calling user's time zone.

    None where it tells no time: rows that an import or a script wrote may have none.
    """
    return as_time(record.get("date_modified"))


def is_of(record: Record, date: str | None) -> bool:
    """Whether the record was last saved at this date_modified: the same moment may be told in another zone."""
    at = modified_at(record)
    return at is not None and at == as_time(date)


def _rights(record: Any) -> dict[str, Mapping[str, Any]]:
    fields = record
    if isinstance(record, Mapping) and "_acl" in record:
        fields = as_map(record["_acl"]).get("fields")
    if not isinstance(fields, Mapping):
        return {}
    return {key: verbs for key, verbs in fields.items() if isinstance(verbs, Mapping)}


def _hidden_keys(record: Record) -> frozenset[str]:
    rights = _rights(record) if "_acl" in record else {}
    unreadable = (key for key, verbs in rights.items() if verbs.get("read") == "no")
    erased = record.get("_erased_fields")
    entries = erased if isinstance(erased, list) else ()
    names = (entry.get("field_name") if isinstance(entry, Mapping) else entry for entry in entries)
    return frozenset({*unreadable, *(str(name) for name in names)})


def _value(field: str, record: Record) -> Any:
    if field in ADDRESSES:
        parts = {part: _text(record[key]) for part, key in ADDRESS_KEYS[field].items()}
        known = {part: text for part, text in parts.items() if text is not None}
        return Address(**known) if len(known) == len(parts) else None
    if field == "emails":
        if record["email"] and not isinstance(record["email"], list):
            return None
        primary_first = sorted(_entries(record), key=lambda entry: not _flag(entry.get("primary_address")))
        return tuple(entry["email_address"] for entry in primary_first)
    if field == "birthday":
        date = _text(record["birthdate"])
        return date if not date or birthday.parse(date) else None
    return _text(record[KEYS[field][0]])


def _entries(record: Record) -> list[Mapping[str, Any]]:
    entries = record.get("email")
    known = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    return [
        entry for entry in known if isinstance(entry.get("email_address"), str) and entry["email_address"]
    ]


def _text(value: Any) -> str | None:
    """Text as the record holds it, numbers as text; None for what is neither."""
    if value is None or isinstance(value, str):
        return value or ""
    try:
        return str(value) if isinstance(value, int | float) else None
    except ValueError:
        # More digits than Python writes.
        return None


def _flag(value: Any) -> bool:
    """A boolean as releases of Sugar write it: `true`, `1`, `"1"`."""
    return value not in (None, False, 0, "", "0")


def _sugar_fields(field: str, value: Any, record: Record, accounts: Accounts) -> dict[str, Any]:
    if field == "company":
        return {"account_id": accounts.id_of(value) or ""}
    if field == "emails":
        return {"email": _email_list(value, record)}
    if field in ADDRESSES:
        parts = {key: getattr(value, part) for part, key in ADDRESS_KEYS[field].items()}
        return {key: text for key, text in parts.items() if tidy(_text(record.get(key)) or "") != text}
    return {KEYS[field][0]: value}


def _email_list(addresses: tuple[str, ...], record: Record) -> list[dict[str, Any]]:
    """The whole list, which replaces Sugar's: what stays keeps spelling, place and flags."""
    wanted = {email_key(address): address for address in addresses}
    entries: list[dict[str, Any]] = []
    for entry in _entries(record):
        if wanted.pop(email_key(entry["email_address"]), None) is None:
            continue
        flags = {name: _flag(entry[name]) for name in _ENTRY_FLAGS if name in entry}
        primary = _flag(entry.get("primary_address"))
        entries.append({"email_address": entry["email_address"], "primary_address": primary, **flags})
    entries += [{"email_address": address, "primary_address": False} for address in wanted.values()]
    if entries and not any(entry["primary_address"] for entry in entries):
        first = email_key(addresses[0])
        chosen = next(entry for entry in entries if email_key(entry["email_address"]) == first)
        chosen["primary_address"] = True
    return entries
