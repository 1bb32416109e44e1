"""When two values of a field are the same content, and the normal form and readable forms of a Contact."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import astuple, fields, replace
from typing import Any

from .composed import composed
from .contact import ADDRESSES, FIELDS, PHONES, Address, Contact
from .phone import phone_key

EMPTY = Contact(
    **{name: "" for name in FIELDS if name not in (*ADDRESSES, "emails")},
    emails=(),
    primary_address=Address(),
    alt_address=Address(),
)
"""The Contact whose every field is known to be empty."""

ADDRESS_PARTS: tuple[str, ...] = tuple(part.name for part in fields(Address))

_HALVES = re.compile("[\ud800-\udfff]")
_BLANKS = re.compile(r"\s+")
_IN_ANGLES = re.compile(r"<([^<>]*)>\s*$")


def tidy(text: str) -> str:
    """Text in composed Unicode, without blanks around it, newlines as LF. Inner spacing is content."""
    if text.isascii():
        # Composed already; a book holds hundreds of thousands of such texts.
        return text.replace("\r\n", "\n").replace("\r", "\n").strip()
    # JSON can carry halves of surrogate pairs, which nothing can store.
    whole = text.encode(errors="replace").decode() if _HALVES.search(text) else text
    return composed("NFC", whole.replace("\r\n", "\n").replace("\r", "\n")).strip()


def email_key(address: str) -> str:
    """What an address is compared by as content: case and blanks around it do not count."""
    return tidy(address).casefold()


def match_address(address: str) -> str:
    """What an address is compared by when looking for the same person, "" for text that is no address.

    `Ana <ana+crm@example.org>` gives `ana@example.org`: the display part and the tag do not count.
    """
    bare = _IN_ANGLES.search(address)
    local, at, domain = email_key(bare.group(1) if bare else address).rpartition("@")
    mailbox = local.partition("+")[0] or local
    return f"{mailbox}{at}{domain}" if mailbox and domain else ""


def company_key(name: str) -> str:
    """What a company's name is compared by: Sugar finds accounts without regard to case."""
    return _BLANKS.sub(" ", tidy(name)).casefold()


def salutation_key(value: str) -> str:
    """What a salutation is compared by: "Dr" and "Dr." are the same."""
    return tidy(value).removesuffix(".").casefold()


def comparison_key(field: str, value: Any) -> Hashable:
    """Two known values of a field are the same content if and only if their keys are equal."""
    if field == "emails":
        return frozenset(key for address in value if (key := email_key(address)))
    if field in ADDRESSES:
        return tuple(tidy(part) for part in astuple(value))
    if field in PHONES:
        return phone_key(value)
    if field == "company":
        return company_key(value)
    if field == "salutation":
        return salutation_key(value)
    if field in ("twitter", "facebook"):
        return tidy(value).removeprefix("@").casefold()
    return tidy(value)


def same(field: str, one: Any, other: Any) -> bool:
    """Whether two values of a field are the same content. Unknown is the same as unknown only."""
    if one is None or other is None:
        return one is other
    return one == other or comparison_key(field, one) == comparison_key(field, other)


def is_empty(value: Any) -> bool:
    """Whether a value is known to hold nothing. Unknown (None) is not empty."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, Address):
        return not any(part.strip() for part in astuple(value))
    return value is not None and not any(address.strip() for address in value)


def normal(contact: Contact) -> Contact:
    """The contact with tidy text and each address once (the first spelling stays). Idempotent."""
    return Contact(**{name: _normal_value(getattr(contact, name)) for name in FIELDS})


def display_name(contact: Contact) -> str:
    """What a person calls this contact: its name, else the company, else an address, else ""."""
    company, emails = contact.company or "", contact.emails or ()
    return full_name(contact) or tidy(company) or next(iter(emails), "")


def full_name(contact: Contact) -> str:
    """First and last name, "" if there is neither."""
    return " ".join(part for name in (contact.first_name, contact.last_name) if (part := tidy(name or "")))


def full_name_key(contact: Contact) -> str:
    """What a full name is compared by when looking for the same person, "" if there is none."""
    return _BLANKS.sub(" ", composed("NFKC", full_name(contact)).casefold()).strip()


def to_plain(contact: Contact) -> dict[str, Any]:
    """The contact as plain data; unknown fields and empty parts of addresses are left out."""
    return {name: _plain_value(value) for name in FIELDS if (value := getattr(contact, name)) is not None}


def from_plain(plain: Mapping[str, Any]) -> Contact:
    """The contact of `to_plain` data. Other names are ignored, values of another type are unknown."""
    return Contact(**{name: _value_of(name, plain[name]) for name in FIELDS if name in plain})


def size(contact: Contact) -> int:
    """Bytes of text in a contact, roughly."""
    return sum(
        len(text.encode(errors="replace")) for name in FIELDS for text in _texts(getattr(contact, name))
    )


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, Address):
        return astuple(value)
    return (value,) if isinstance(value, str) else value or ()


def field_text(field: str, value: Any) -> str:
    """One value as a person reads it in the history; "" for empty and unknown."""
    if value is None:
        return ""
    if field == "emails":
        return ", ".join(value)
    if field in ADDRESSES:
        town = " ".join(filter(None, (value.postal_code, value.city)))
        lines = (*value.street.split("\n"), town, value.state, value.country)
        return ", ".join(line for line in lines if line)
    return str(value)


def _normal_value(value: Any) -> Any:
    if isinstance(value, str):
        return tidy(value)
    if isinstance(value, Address):
        return replace(value, **{part: tidy(getattr(value, part)) for part in ADDRESS_PARTS})
    if value is None:
        return None
    first: dict[str, str] = {}
    for address in value:
        first.setdefault(email_key(address), tidy(address))
    first.pop("", None)
    return tuple(first.values())


def _plain_value(value: Any) -> Any:
    if isinstance(value, Address):
        return {part: text for part in ADDRESS_PARTS if (text := getattr(value, part))}
    return list(value) if isinstance(value, tuple) else value


def _value_of(field: str, plain: Any) -> Any:
    if field == "emails":
        return tuple(map(str, plain)) if isinstance(plain, list | tuple) else None
    if field in ADDRESSES:
        if not isinstance(plain, Mapping):
            return None
        return Address(**{part: str(plain[part]) for part in ADDRESS_PARTS if part in plain})
    return plain if isinstance(plain, str) else None
