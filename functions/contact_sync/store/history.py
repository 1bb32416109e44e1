"""users/{google_sub}/history/{id}: one entry per applied action; `planned` until its outcome is recorded."""

from __future__ import annotations

from typing import Any

from . import users
from .database import Database, Document, Query
from .documents import as_data, changed_data, document_id, from_data, record_id
from .paging import every
from .paging import page as read_page
from .records import HistoryEntry
from .wire import DOCUMENT_ID
from .write import Kind, Write

PLANNED = "planned"
DONE = "done"


def entry_id(run: str, key: str, kind: str) -> str:
    """The id of the entry about one action of a run, so that recording it again writes no second one.

    `key` is the Sugar id, or the Google id of a contact without a mapping; `kind` tells apart what one run
    does to one contact.
    """
    return f"{run}.{kind}.{key}"


def put(user_id: str, entry: HistoryEntry) -> Write:
    """The whole entry, new or replaced. `contact_ids` holds both ids once more, to be found by either."""
    contact = [held for held in (entry.sugar_id, entry.google_id) if held]
    return Write(
        _path(user_id, entry.id),
        Kind.SET,
        as_data(entry, without=("id",)) | {"contact_ids": contact},
    )


def patch(user_id: str, entry: str, **fields: Any) -> Write:
    """The named fields of an entry that exists, such as state=DONE. Its ids change by `put` only."""
    if {"sugar_id", "google_id"} & fields.keys():
        raise ValueError("The ids of a history entry are changed by putting the whole entry")
    return Write(_path(user_id, entry), Kind.UPDATE, changed_data(HistoryEntry, fields))


def remove(user_id: str, entry: str) -> Write:
    """An action that turned out not to have happened."""
    return Write(_path(user_id, entry), Kind.DELETE)


def tells(write: Write) -> bool:
    """Whether a write says what became of an action: it stays true whatever becomes of the writes beside it."""
    planned = write.data is not None and write.data.get("state") == PLANNED
    return "/history/" in write.path and not planned


def get(db: Database, user_id: str, entry: str) -> HistoryEntry | None:
    """One entry."""
    where = _path(user_id, entry)
    found = db.get([where]).get(where)
    return _entry(found) if found else None


def planned(db: Database, user_id: str, run: str) -> list[HistoryEntry]:
    """The entries of a run whose outcome is not recorded."""
    query = Query(
        _collection(user_id), (("run", "==", run), ("state", "==", PLANNED)), order_by=(DOCUMENT_ID,)
    )
    return [_entry(document) for document in every(db, query, page_size=200)]


def page(
    db: Database,
    user_id: str,
    *,
    contact: str | None = None,
    run: str | None = None,
    cursor: str | None = None,
    limit: int,
) -> tuple[list[HistoryEntry], str | None]:
    """Done entries, newest first, and the next page's cursor; of one contact (id of either side) or run."""
    where: list[tuple[str, str, Any]] = [("state", "==", DONE)]
    if run is not None:
        where.append(("run", "==", run))
    if contact is not None:
        where.append(("contact_ids", "array_contains", contact))
    query = Query(_collection(user_id), tuple(where), order_by=("-at", f"-{DOCUMENT_ID}"))
    documents, following = read_page(db, query, cursor, limit)
    return [_entry(document) for document in documents], following


def _collection(user_id: str) -> str:
    return f"{users.path(user_id)}/history"


def _path(user_id: str, entry: str) -> str:
    return f"{_collection(user_id)}/{document_id(entry)}"


def _entry(document: Document) -> HistoryEntry:
    return from_data(HistoryEntry, document.data, id=record_id(document.id))
