"""E-mail addresses as Sugar keeps them: one row per address for the whole system, shared by every record that
has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from .errors import invalid_parameter

_SYNTAX = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
)


@dataclass
class Address:
    """A shared row. The spelling first stored stays; the flags belong to the address, not to a record."""

    id: str
    email_address: str
    invalid_email: bool = False
    opt_out: bool = False

    @property
    def caps(self) -> str:
        """The unique key."""
        return self.email_address.upper()

    def values(self) -> dict[str, Any]:
        """As a related record of a filter."""
        return {
            "id": self.id,
            "email_address": self.email_address,
            "email_address_caps": self.caps,
            "invalid_email": self.invalid_email,
            "opt_out": self.opt_out,
        }


class EmailLink(NamedTuple):
    """A record's tie to a shared address."""

    caps: str
    primary: bool
    reply_to: bool = False


class EmailItem(NamedTuple):
    """One submitted address, checked but not stored; None leaves a shared flag alone."""

    address: str
    primary: bool
    invalid_email: bool | None
    opt_out: bool | None
    reply_to: bool = False


def truth(value: Any) -> bool:
    """PHP's notion of a boolean in a request."""
    return value not in (None, False, 0, "", "0", "false", "off", "no", [], {})


def read_items(value: Iterable[Any]) -> list[EmailItem]:
    """Check a submitted list: items without an address are skipped, repeats dropped; raises 422 on bad
    syntax.

    Exactly one item of a non-empty list is primary: the first flagged, else the first.
    """
    items: dict[str, EmailItem] = {}
    for entry in value:
        if not isinstance(entry, dict) or not entry.get("email_address"):
            continue
        address = str(entry["email_address"]).strip()
        if not _SYNTAX.fullmatch(address):
            raise invalid_parameter(f"{address} is an invalid email address")
        item = EmailItem(
            address,
            primary=truth(entry.get("primary_address")),
            invalid_email=_given(entry, "invalid_email"),
            opt_out=_given(entry, "opt_out"),
            reply_to=truth(entry.get("reply_to_address")),
        )
        items.setdefault(address.upper(), item)
    chosen = next((key for key, item in items.items() if item.primary), next(iter(items), None))
    return [item._replace(primary=key == chosen) for key, item in items.items()]


def _given(entry: dict[str, Any], name: str) -> bool | None:
    return None if entry.get(name) is None else truth(entry[name])


class AddressBook:
    """All shared address rows, and which records of a module carry each."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._rows: dict[str, Address] = {}
        self._holders: dict[tuple[str, str], set[str]] = {}

    def __getitem__(self, caps: str) -> Address:
        return self._rows[caps]

    def __iter__(self) -> Iterator[Address]:
        return iter(self._rows.values())

    def add(self, address: Address) -> None:
        """Put in a shared row as it is."""
        self._rows[address.caps] = address

    def store(self, items: Iterable[EmailItem]) -> tuple[EmailLink, ...]:
        """Create missing rows, apply submitted flags to the shared ones, and return the record's links."""
        links = []
        for item in items:
            caps = item.address.upper()
            row = self._rows.get(caps)
            if row is None:
                row = self._rows[caps] = Address(self._new_id(), item.address)
            if item.invalid_email is not None:
                row.invalid_email = item.invalid_email
            if item.opt_out is not None:
                row.opt_out = item.opt_out
            links.append(EmailLink(caps, item.primary, item.reply_to))
        return tuple(links)

    def move(self, module: str, record_id: str, old: Iterable[EmailLink], new: Iterable[EmailLink]) -> None:
        """Keep the index of who has an address."""
        for link in old:
            self._holders.get((module, link.caps), set()).discard(record_id)
        for link in new:
            self._holders.setdefault((module, link.caps), set()).add(record_id)

    def holders(self, module: str, caps: Iterable[str]) -> set[str]:
        """Ids of the records that have one of these addresses."""
        return set().union(*(self._holders.get((module, key), ()) for key in caps))

    def shown(self, links: Iterable[EmailLink]) -> list[dict[str, Any]]:
        """The `email` field of a record: the primary address first."""
        entries = []
        for link in sorted(links, key=lambda link: not link.primary):
            row = self._rows[link.caps]
            entries.append(
                {
                    "email_address": row.email_address,
                    "primary_address": link.primary,
                    "invalid_email": row.invalid_email,
                    "opt_out": row.opt_out,
                    "email_address_id": row.id,
                    "reply_to_address": link.reply_to,
                }
            )
        return entries

    def primary(self, links: Iterable[EmailLink]) -> str:
        """The primary address, or an empty text."""
        return next((self._rows[link.caps].email_address for link in links if link.primary), "")
