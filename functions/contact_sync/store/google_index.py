"""users/{google_sub}/google_index/{google_id}: every Google contact of the user, by ids and keys only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..contacts.mapping import IndexEntry
from . import users
from .batches import read_all, with_any
from .database import Database, Document, Query
from .documents import (
    EVER,
    UNREADABLE,
    Unreadable,
    as_data,
    changed_data,
    document_id,
    from_data,
    record_id,
    salvaged,
)
from .paging import every
from .wire import DOCUMENT_ID
from .write import Kind, Write

_NULLS = ("mapping", "backlog")
"""Stored when None: queries ask for contacts without a mapping, and outside the backlog."""


def get(db: Database, user_id: str, google_ids: Iterable[str]) -> dict[str, IndexEntry]:
    """The entries that exist, by Google id."""
    found = read_all(db, (_path(user_id, google_id) for google_id in google_ids))
    return {entry.google_id: entry for entry in map(_entry, found)}


def due(
    db: Database, user_id: str, now: datetime, limit: int, after: tuple[datetime, str] | None = None
) -> list[IndexEntry]:
    """Google contacts that wait for work, longest due first; `after` is due_at and id of the last one seen."""
    query = Query(
        _collection(user_id),
        (("due_at", "<=", now),),
        order_by=("due_at", DOCUMENT_ID),
        limit=limit,
        start_after=(after[0], document_id(after[1])) if after else None,
    )
    return [_entry(document) for document in db.query(query)]


def next_due(db: Database, user_id: str) -> datetime | None:
    """The earliest due_at of all entries."""
    query = Query(
        _collection(user_id), (("due_at", ">=", EVER),), order_by=("due_at",), limit=1, fields=("due_at",)
    )
    return next((document.data["due_at"] for document in db.query(query)), None)


def count_due(db: Database, user_id: str, now: datetime) -> int:
    """How many entries wait for work now."""
    return db.count(_collection(user_id), (("due_at", "<=", now),))


def with_keys(db: Database, user_id: str, keys: Iterable[str]) -> list[IndexEntry]:
    """The Google contacts that have any of these match keys."""
    return [
        _entry(found)
        for found in with_any(db, _collection(user_id), "match_keys", "array_contains_any", keys)
    ]


def with_source_ids(db: Database, user_id: str, source_ids: Iterable[str]) -> list[IndexEntry]:
    """The Google contacts with any of these contact source ids; they outlive a change of resource name."""
    return [_entry(found) for found in with_any(db, _collection(user_id), "source_id", "in", source_ids)]


def that_chose(db: Database, user_id: str, sugar_id: str) -> list[IndexEntry]:
    """The Google contacts that wait to be joined with this Sugar record: chosen by a person, or second copies."""
    query = Query(_collection(user_id), (("directive.partner", "==", sugar_id),))
    return [_entry(document) for document in db.query(query)]


def ids(db: Database, user_id: str) -> dict[str, str | None]:
    """The Sugar id of every Google contact's mapping (None: it has none), by Google id."""
    query = Query(_collection(user_id), order_by=(DOCUMENT_ID,), fields=("mapping",))
    return {record_id(document.id): document.data.get("mapping") for document in every(db, query)}


def count(db: Database, user_id: str, **equals: Any) -> int:
    """How many entries have these values."""
    return db.count(_collection(user_id), tuple((field, "==", value) for field, value in equals.items()))


def put(user_id: str, entry: IndexEntry) -> Write:
    """The whole entry, new or replaced. Raises Unreadable for one that was not read whole."""
    if entry.unreadable:
        raise Unreadable("an index entry")
    data = as_data(entry, without=("google_id", "updated_at", "unreadable"), nulls=_NULLS)
    return Write(_path(user_id, entry.google_id), Kind.SET, data)


def patch(user_id: str, google_id: str, **fields: Any) -> Write:
    """The named fields of an entry that exists; None clears one."""
    return Write(_path(user_id, google_id), Kind.UPDATE, changed_data(IndexEntry, fields, nulls=_NULLS))


def remove(user_id: str, google_id: str) -> Write:
    """Forget the Google contact."""
    return Write(_path(user_id, google_id), Kind.DELETE)


def _collection(user_id: str) -> str:
    return f"{users.path(user_id)}/google_index"


def _path(user_id: str, google_id: str) -> str:
    return f"{_collection(user_id)}/{document_id(google_id)}"


def _entry(document: Document) -> IndexEntry:
    known = {"google_id": record_id(document.id)}
    try:
        entry = from_data(IndexEntry, document.data, **known)
    except UNREADABLE:
        entry = replace(salvaged(IndexEntry, document.data, **known), unreadable=True)
    return replace(entry, updated_at=document.updated_at)
