"""users/{google_sub}/private/listing: how far a listing of the scope got that one run had no time for."""

from __future__ import annotations

from datetime import datetime

from . import users
from .database import Database
from .documents import UNREADABLE, as_data, from_data
from .records import Listing
from .write import Kind, Write

MOST_CHARACTERS = 900_000
"""A document holds a little more than a million bytes."""


def read(db: Database, user_id: str, now: datetime) -> Listing | None:
    """The listing that was begun, if there is one that is still of use: one that cannot be read is not."""
    path = _path(user_id)
    found = db.get([path]).get(path)
    try:
        listing = from_data(Listing, found.data) if found else None
    except UNREADABLE:
        return None
    return listing if listing is not None and listing.good_until > now else None


def put(user_id: str, listing: Listing) -> Write | None:
    """Keep it; None if it is larger than a document may be."""
    if len(listing.ids) > MOST_CHARACTERS:
        return None
    return Write(_path(user_id), Kind.SET, as_data(listing))


def remove(user_id: str) -> Write:
    """It is over."""
    return Write(_path(user_id), Kind.DELETE)


def _path(user_id: str) -> str:
    return f"{users.path(user_id)}/private/listing"
