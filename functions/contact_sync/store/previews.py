"""users/{google_sub}/previews/{id} and its actions: what a run would do, kept for an hour.

The plan's own data is passed through as it is: only the preview's maker and its page know what it means.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from . import users
from .database import Database, Query
from .documents import document_id, plain, record_id
from .paging import page
from .wire import DOCUMENT_ID
from .write import Kind, Write


def put(user_id: str, preview: str, data: Mapping[str, Any], expire_at: datetime) -> Write:
    """The preview itself: its state and counts."""
    return Write(_path(user_id, preview), Kind.SET, plain(data) | {"expire_at": expire_at})


def patch(user_id: str, preview: str, data: Mapping[str, Any]) -> Write:
    """Some fields of a preview that exists."""
    return Write(_path(user_id, preview), Kind.UPDATE, plain(data))


def put_action(
    user_id: str, preview: str, action: str, data: Mapping[str, Any], expire_at: datetime
) -> Write:
    """One planned action. Actions are listed by their id."""
    where = f"{_path(user_id, preview)}/actions/{document_id(action)}"
    return Write(where, Kind.SET, plain(data) | {"expire_at": expire_at})


def get(db: Database, user_id: str, preview: str, now: datetime) -> dict[str, Any] | None:
    """The preview, unless its hour is over (Firestore removes expired documents only within a day)."""
    where = _path(user_id, preview)
    found = db.get([where]).get(where)
    return found.data if found and found.data["expire_at"] > now else None


def actions(
    db: Database, user_id: str, preview: str, now: datetime, *, cursor: str | None = None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of the actions, each with its `id`, and the next page's cursor. Expired ones are left out."""
    query = Query(f"{_path(user_id, preview)}/actions", order_by=(DOCUMENT_ID,))
    documents, following = page(db, query, cursor, limit)
    live = (document for document in documents if document.data["expire_at"] > now)
    return [{"id": record_id(document.id), **document.data} for document in live], following


def _path(user_id: str, preview: str) -> str:
    return f"{users.path(user_id)}/previews/{document_id(preview)}"
