"""users/{google_sub}/runs/{id}: progress of a run while it works, its summary afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from . import users
from .database import Database, Document, Query
from .documents import (
    UNREADABLE,
    as_data,
    changed_data,
    document_id,
    from_data,
    record_id,
    salvaged,
    why,
)
from .paging import page as read_page
from .records import RunRecord
from .wire import DOCUMENT_ID
from .write import Kind, Write


def put(user_id: str, run: RunRecord) -> Write:
    """The whole record, new or replaced."""
    return Write(_path(user_id, run.id), Kind.SET, as_data(run, without=("id",)))


def patch(user_id: str, run: str, **fields: Any) -> Write:
    """The named fields of a record that exists; None clears one."""
    return Write(_path(user_id, run), Kind.UPDATE, changed_data(RunRecord, fields))


def get(db: Database, user_id: str, run: str) -> RunRecord | None:
    """One run."""
    where = _path(user_id, run)
    found = db.get([where]).get(where)
    return _run(found) if found else None


def page(
    db: Database, user_id: str, *, cursor: str | None = None, limit: int
) -> tuple[list[RunRecord], str | None]:
    """Runs, newest first, and the next page's cursor."""
    query = Query(_collection(user_id), order_by=("-started", f"-{DOCUMENT_ID}"))
    documents, following = read_page(db, query, cursor, limit)
    return [_run(document) for document in documents], following


def since(db: Database, user_id: str, start: datetime) -> list[RunRecord]:
    """The runs that began at this time or later, newest first; the latest hundred."""
    query = Query(_collection(user_id), (("started", ">=", start),), ("-started",), limit=100)
    return [_run(document) for document in db.query(query)]


def matching(db: Database, user_id: str, **equals: Any) -> list[RunRecord]:
    """Runs whose fields have these values, newest first; of very many some."""
    query = Query(
        _collection(user_id), tuple((name, "==", value) for name, value in equals.items()), limit=100
    )
    found = [_run(document) for document in db.query(query)]
    return sorted(found, key=lambda run: run.started, reverse=True)


def _collection(user_id: str) -> str:
    return f"{users.path(user_id)}/runs"


def _path(user_id: str, run: str) -> str:
    return f"{_collection(user_id)}/{document_id(run)}"


def _run(document: Document) -> RunRecord:
    """The run; of one whose document cannot be read what it still tells, and as its error the reason."""
    known = {"id": record_id(document.id)}
    try:
        return from_data(RunRecord, document.data, **known)
    except UNREADABLE as error:
        trigger, started = document.data.get("trigger"), document.data.get("started")
        return salvaged(
            RunRecord,
            document.data,
            **known,
            trigger=trigger if isinstance(trigger, str) else "?",
            started=started if isinstance(started, datetime) else document.updated_at,
            error=f"unreadable: {why(error)}",
        )
