"""users/{google_sub}/backlog/{id}: contacts that wait for a human. A closed entry is deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from . import users
from .batches import read_all
from .database import Database, Document, Query
from .documents import UNREADABLE, as_data, changed_data, document_id, from_data, record_id, salvaged
from .paging import every
from .paging import page as read_page
from .records import BacklogEntry
from .wire import DOCUMENT_ID
from .write import Kind, Write


def put(user_id: str, entry: BacklogEntry) -> Write:
    """The whole entry, new or replaced."""
    return Write(_path(user_id, entry.id), Kind.SET, as_data(entry, without=("id",)))


def patch(user_id: str, entry: str, **fields: Any) -> Write:
    """The named fields of an entry that exists; None clears one."""
    return Write(_path(user_id, entry), Kind.UPDATE, changed_data(BacklogEntry, fields))


def close(user_id: str, entry: str) -> Write:
    """The entry is settled."""
    return Write(_path(user_id, entry), Kind.DELETE)


def get(db: Database, user_id: str, ids: Iterable[str]) -> dict[str, BacklogEntry]:
    """The entries that exist, by id."""
    found = read_all(db, (_path(user_id, entry) for entry in ids))
    return {entry.id: entry for entry in map(_entry, found)}


def page(
    db: Database,
    user_id: str,
    *,
    cause: str | None = None,
    group: str | None = None,
    cursor: str | None = None,
    limit: int,
) -> tuple[list[BacklogEntry], str | None]:
    """Entries, newest first, and the next page's cursor; of one cause or group."""
    query = Query(_collection(user_id), _conditions(cause, group), order_by=("-since", f"-{DOCUMENT_ID}"))
    documents, following = read_page(db, query, cursor, limit)
    return [_entry(document) for document in documents], following


def every_entry(
    db: Database, user_id: str, *, cause: str | None = None, group: str | None = None
) -> list[BacklogEntry]:
    """All entries, or all of one cause or group."""
    query = Query(_collection(user_id), _conditions(cause, group), order_by=(DOCUMENT_ID,))
    return [_entry(document) for document in every(db, query, page_size=500)]


def count(db: Database, user_id: str) -> int:
    """How many entries there are."""
    return db.count(_collection(user_id))


@dataclass(frozen=True, slots=True)
class Cause:
    """Open entries with one cause; those that form a group are counted by themselves."""

    cause: str
    group: str | None
    count: int
    message: str | None
    """What is asked about a group; single entries have messages of their own."""


def causes(db: Database, user_id: str) -> list[Cause]:
    """How many entries there are, by cause and group. Reads one entry of each, and counts the others."""
    groups = [
        Cause(
            str(first.get("cause")),
            first["group"],
            _count(db, user_id, group=first["group"]),
            first.get("message"),
        )
        for first in _first_of_each(db, user_id, "group")
    ]
    single = []
    for first in _first_of_each(db, user_id, "cause"):
        cause = first["cause"]
        grouped = sum(group.count for group in groups if group.cause == cause)
        single.append(Cause(cause, None, _count(db, user_id, cause=cause) - grouped, None))
    return [*groups, *(cause for cause in single if cause.count > 0)]


def _first_of_each(db: Database, user_id: str, field: str) -> Iterator[dict[str, Any]]:
    """One entry for each text in a field: each query begins after the one found by the query before. What is no text
    is passed over: a comparison finds values of its own type alone."""
    where: tuple[tuple[str, str, Any], ...] = ((field, ">=", ""),)
    while found := db.query(Query(_collection(user_id), where, order_by=(field,), limit=1)):
        yield found[0].data
        where = ((field, ">", found[0].data[field]),)


def _count(db: Database, user_id: str, cause: str | None = None, group: str | None = None) -> int:
    return db.count(_collection(user_id), _conditions(cause, group))


def _conditions(cause: str | None, group: str | None) -> tuple[tuple[str, str, Any], ...]:
    wanted = (("cause", cause), ("group", group))
    return tuple((field, "==", value) for field, value in wanted if value is not None)


def _collection(user_id: str) -> str:
    return f"{users.path(user_id)}/backlog"


def _path(user_id: str, entry: str) -> str:
    return f"{_collection(user_id)}/{document_id(entry)}"


def _entry(document: Document) -> BacklogEntry:
    entry = record_id(document.id)
    try:
        return from_data(BacklogEntry, document.data, id=entry)
    except UNREADABLE:
        told = salvaged(_Told, document.data)
        return BacklogEntry(
            entry,
            told.sugar_id,
            told.google_id,
            told.name,
            cause="unreadable",
            message="What is stored about this question cannot be read.",
            since=document.updated_at,
        )


@dataclass(frozen=True)
class _Told:
    """What an entry that cannot be read may still tell."""

    sugar_id: str | None = None
    google_id: str | None = None
    name: str = ""
