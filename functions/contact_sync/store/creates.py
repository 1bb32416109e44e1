"""system/creates/reservations/{hash}: who is creating a record in Sugar, by what the record can be found by.

The hash is that of an address, or of a name with a number, and the same for all users; nothing is held in clear.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from .database import Database
from .documents import as_data, from_data
from .write import Kind, Write

_COLLECTION = "system/creates/reservations"
_KEPT = timedelta(hours=1)
"""After its last reservation was made a document means nothing to anybody."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """One user's create of one record: under way, until `ended`."""

    user: str
    sugar_id: str
    words: tuple[str, ...]
    """The words of the name, each hashed."""
    at: datetime
    ended: datetime | None = None
    """When it was recorded what became of it."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """All creates of records with one address."""

    key: str
    creates: tuple[Reservation, ...] = ()
    updated_at: datetime | None = None
    """The document's exact update time; None: there is no document."""


@dataclass(frozen=True, slots=True)
class _Document:
    creates: tuple[Reservation, ...]
    expire_at: datetime


def path(key: str) -> str:
    """Where the reservations of that key are kept."""
    return f"{_COLLECTION}/{key}"


def get(db: Database, keys: Iterable[str]) -> dict[str, Reserved]:
    """The reservations of each key, by key. What cannot be read reserves nothing, and is written anew."""
    wanted = {path(key): key for key in keys}
    found = {key: Reserved(key) for key in wanted.values()}
    for document in db.get(wanted).values():
        key = wanted[document.path]
        try:
            creates = from_data(_Document, document.data).creates
        except msgspec.ValidationError:
            creates = ()
        found[key] = Reserved(key, creates, document.updated_at)
    return found


def put(reserved: Reserved, now: datetime) -> Write:
    """The document as it is to be, if nobody else wrote it since it was read."""
    kind = Kind.CREATE if reserved.updated_at is None else Kind.SET
    data = as_data(_Document(reserved.creates, now + _KEPT))
    return Write(path(reserved.key), kind, data, reserved.updated_at)
