"""What Sugar can hold of a Contact: field names, lengths, dropdown values, accounts, valid addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from . import birthday
from .contact import ADDRESSES, FIELDS, Address, Contact
from .normal_form import ADDRESS_PARTS, company_key, normal, salutation_key

ADDRESS_KEYS: Mapping[str, Mapping[str, str]] = {
    field: {part: f"{field}_{part.replace('postal_code', 'postalcode')}" for part in ADDRESS_PARTS}
    for field in ADDRESSES
}
"""Contact's address field -> part -> Sugar's field."""

_RENAMED = {
    "company": ("account_name", "account_id"),
    "emails": ("email",),
    "birthday": ("birthdate",),
    **{field: tuple(parts.values()) for field, parts in ADDRESS_KEYS.items()},
}
KEYS: Mapping[str, tuple[str, ...]] = {field: _RENAMED.get(field, (field,)) for field in FIELDS}
"""Contact's field -> the fields of a Sugar record that hold it."""

REQUEST_FIELDS: tuple[str, ...] = (
    "id",
    *(key for keys in KEYS.values() for key in keys),
    "assigned_user_id",
    "sync_contact",
    "date_modified",
)
"""The fields to ask Sugar for."""


@dataclass(frozen=True, slots=True)
class SugarSchema:
    """What an instance allows: `lengths` in characters by Sugar field; `salutations`, None for any."""

    lengths: Mapping[str, int]
    salutations: frozenset[str] | None


DEFAULT_SCHEMA = SugarSchema(
    lengths={
        **dict.fromkeys(("first_name", "last_name", "title", "twitter", "facebook"), 100),
        **dict.fromkeys(("phone_work", "phone_mobile", "phone_home", "phone_other", "phone_fax"), 100),
        "department": 255,
        **{
            f"{address}_{part}": length
            for address in ADDRESSES
            for part, length in (
                ("street", 150),
                ("city", 100),
                ("state", 100),
                ("postalcode", 20),
                ("country", 255),
            )
        },
    },
    salutations=frozenset({"Mr.", "Ms.", "Mrs.", "Miss", "Dr.", "Prof."}),
)
"""An instance as it is installed: SugarCRM's stock field definitions of Contacts."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts a user sees: `company_key` of a name -> id, None where not exactly one has that name."""

    ids: Mapping[str, str | None]

    def id_of(self, name: str) -> str | None:
        """The account of that name, if exactly one visible account has it."""
        return self.ids.get(company_key(name))


NO_ACCOUNTS = Accounts({})

# Narrower than the mail standards: what SugarCRM's own check accepts without doubt.
_EMAIL = re.compile(
    r"(?=.{3,254}$)(?=[^@]{1,64}@)"
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)


def reduce(contact: Contact, schema: SugarSchema, accounts: Accounts) -> Contact:
    """What Sugar can hold of the contact; unknown fields stay unknown.

    Sugar silently cuts text that is too long and keeps any text in a dropdown, so both are decided here. A
    company is held as a known account only, a birthday with its year only, an address of an invalid syntax
    not at all.
    """
    tidied = normal(contact)
    known = {name: value for name in FIELDS if (value := getattr(tidied, name)) is not None}
    held = Contact(**{name: _reduced(name, value, schema, accounts) for name, value in known.items()})
    if held.last_name == "" and held.first_name:
        return replace(held, first_name=clip(held.first_name, "last_name", schema))
    return held


def clip(text: str, key: str, schema: SugarSchema) -> str:
    """The text as far as Sugar's field holds it. Sugar trims, so a cut never ends in a blank."""
    length = schema.lengths.get(key)
    return text if length is None else text[:length].rstrip()


def _reduced(field: str, value: Any, schema: SugarSchema, accounts: Accounts) -> Any:
    if isinstance(value, Address):
        keys = ADDRESS_KEYS[field]
        return Address(**{part: clip(getattr(value, part), keys[part], schema) for part in ADDRESS_PARTS})
    if field == "emails":
        return tuple(address for address in value if _EMAIL.fullmatch(address))
    if field == "company":
        return value if accounts.id_of(value) else ""
    if field == "birthday":
        date = birthday.parse(value)
        return value if date and date[0] else ""
    if field == "salutation":
        return _known_salutation(value, schema)
    return clip(value, KEYS[field][0], schema)


def _known_salutation(value: str, schema: SugarSchema) -> str:
    if schema.salutations is None:
        return clip(value, "salutation", schema)
    allowed = sorted(known for known in schema.salutations if salutation_key(known) == salutation_key(value))
    return value if value in allowed else next(iter(allowed), "")
