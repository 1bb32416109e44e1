"""The canonical Contact: the value both sides are read into, compared as, and written from.

A field is `None` when it is *unknown*: the side did not return it (no right to read it, an erased field, a list cut
short). Unknown is not empty: it takes no part in comparing, merging, patching or the base. Empty is `""`, `()` or
`Address()`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True)
class Address:
    """One postal address, its parts as plain text. Lines of `street` are separated by a newline."""

    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """What a contact is to the sync.

    `emails` holds each address once, the primary one first; as a value it is a set (order never makes a change).
    `birthday` is `YYYY-MM-DD`, or `--MM-DD` without a year. Phones keep the formatting their author chose.
    """

    salutation: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    department: str | None = None
    company: str | None = None
    emails: tuple[str, ...] | None = None
    phone_work: str | None = None
    phone_mobile: str | None = None
    phone_home: str | None = None
    phone_other: str | None = None
    phone_fax: str | None = None
    primary_address: Address | None = None
    alt_address: Address | None = None
    birthday: str | None = None
    description: str | None = None
    twitter: str | None = None
    facebook: str | None = None


FIELDS: tuple[str, ...] = tuple(field.name for field in fields(Contact))
PHONES = ("phone_work", "phone_mobile", "phone_home", "phone_other", "phone_fax")
ADDRESSES = ("primary_address", "alt_address")
PRIVATE_FIELDS = ("description", "birthday", "phone_home", "alt_address")
"""What `private_fields: keep` holds back from Sugar: notes, birthday, home phone and home address."""


def with_fields(contact: Contact, target: Contact) -> Contact:
    """A contact as it is once the known fields of `target` are written."""
    return replace(
        contact, **{name: value for name in FIELDS if (value := getattr(target, name)) is not None}
    )
