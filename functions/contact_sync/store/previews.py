"""users/{google_sub}/previews/{id} and its actions: what a run would do, kept for an hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from . import users
from .database import Database, Document, Query
from .documents import as_data, changed_data, document_id, from_data, record_id
from .paging import every, page
from .records import PlannedAction, PreviewRecord
from .wire import DOCUMENT_ID
from .write import Kind, Write


class Choosable(NamedTuple):
    """An action as far as it is chosen by: its kinds, and whether it is to be carried out."""

    id: str
    kinds: frozenset[str]
    ticked: bool


def put(user_id: str, preview: PreviewRecord) -> Write:
    """The preview itself, new or replaced."""
    return Write(_path(user_id, preview.id), Kind.SET, as_data(preview, without=("id", "updated_at")))


def patch(user_id: str, preview: str, *, if_updated_at: datetime | None = None, **fields: Any) -> Write:
    """The named fields of a preview that exists; None clears one."""
    return Write(_path(user_id, preview), Kind.UPDATE, changed_data(PreviewRecord, fields), if_updated_at)


def put_action(user_id: str, preview: str, action: PlannedAction, expire_at: datetime) -> Write:
    """One planned action. Actions are listed by their id."""
    data = as_data(action, without=("id",)) | {"expire_at": expire_at}
    return Write(_action_path(user_id, preview, action.id), Kind.SET, data)


def get(db: Database, user_id: str, preview: str, now: datetime) -> PreviewRecord | None:
    """The preview, unless its time is over (Firestore removes expired documents only within a day)."""
    where = _path(user_id, preview)
    found = db.get([where]).get(where)
    if found is None or found.data["expire_at"] <= now:
        return None
    known = from_data(PreviewRecord, found.data, id=record_id(found.id))
    return replace(known, updated_at=found.updated_at)


def actions(
    db: Database,
    user_id: str,
    preview: str,
    now: datetime,
    *,
    kind: str | None = None,
    cursor: str | None = None,
    limit: int,
) -> tuple[list[PlannedAction], str | None]:
    """A page of the actions, of one kind or all, and the next page's cursor. Expired ones are left out."""
    where = (("kinds", "array_contains", kind),) if kind else ()
    query = Query(f"{_path(user_id, preview)}/actions", where, order_by=(DOCUMENT_ID,))
    documents, following = page(db, query, cursor, limit)
    return [_action(document) for document in documents if document.data["expire_at"] > now], following


def action(db: Database, user_id: str, preview: str, action: str, now: datetime) -> PlannedAction | None:
    """One planned action, unless its time is over."""
    where = _action_path(user_id, preview, action)
    found = db.get([where]).get(where)
    return _action(found) if found and found.data["expire_at"] > now else None


def choosable(db: Database, user_id: str, preview: str) -> list[Choosable]:
    """All actions, as far as they are chosen by."""
    query = Query(f"{_path(user_id, preview)}/actions", order_by=(DOCUMENT_ID,), fields=("kinds", "ticked"))
    return [
        Choosable(
            record_id(document.id),
            frozenset(document.data["kinds"]),
            document.data.get("ticked", True),
        )
        for document in every(db, query)
    ]


def tick(user_id: str, preview: str, action: str, ticked: bool) -> Write:
    """Whether an action is to be carried out."""
    return Write(_action_path(user_id, preview, action), Kind.UPDATE, {"ticked": ticked})


def _action(document: Document) -> PlannedAction:
    return from_data(PlannedAction, document.data, id=record_id(document.id))


def _path(user_id: str, preview: str) -> str:
    return f"{users.path(user_id)}/previews/{document_id(preview)}"


def _action_path(user_id: str, preview: str, action: str) -> str:
    return f"{_path(user_id, preview)}/actions/{document_id(action)}"
