"""What the sync did, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..contacts.side import Side
from ..store import history
from ..store.records import Change, HistoryEntry
from .caller import user_id
from .operation import Answer, Asked, Operations
from .site import PAGE, Cursor, Text, site

routes = Operations("history")


class HistoryQuery(Asked, frozen=True, kw_only=True):
    """Which entries: of one contact (an id of either side), of one run, or all."""

    contact: Text | None = None
    run: Text | None = None
    cursor: Cursor | None = None


class FieldChange(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """One field; `lost` is a value that lost a conflict, where there was one."""

    field: str
    before: str
    after: str
    lost: str | None = None


class HistoryItem(Answer, frozen=True, kw_only=True):
    """One action that was carried out. `before` is the whole record it replaced, as far as it is kept."""

    id: str
    at: datetime
    run: str
    trigger: str
    action: str
    side: Side | None
    name: str
    sugar_id: str | None
    google_id: str | None
    before: dict[str, Any] | None
    changes: list[FieldChange]


class HistoryPage(Answer, frozen=True, kw_only=True):
    """Entries, newest first; `next` is the cursor of the next page."""

    items: list[HistoryItem]
    next: str | None


@routes.get("/history")
def listed(query: HistoryQuery) -> HistoryPage:
    """What was done, newest first."""
    found, following = history.page(
        site().engine.db,
        user_id(),
        contact=query.contact.removeprefix("people/") if query.contact else None,
        run=query.run,
        cursor=query.cursor,
        limit=PAGE,
    )
    return HistoryPage(items=[shown(entry) for entry in found], next=following)


def shown(entry: HistoryEntry) -> HistoryItem:
    """A stored entry as it is answered."""
    return HistoryItem(
        id=entry.id,
        at=entry.at,
        run=entry.run,
        trigger=entry.trigger,
        action=entry.action,
        side=entry.side,
        name=entry.name,
        sugar_id=entry.sugar_id,
        google_id=entry.google_id,
        before=dict(entry.before) if entry.before is not None else None,
        changes=[_change(change) for change in entry.changes],
    )


def _change(change: Change) -> FieldChange:
    return FieldChange(field=change.field, before=change.before, after=change.after, lost=change.lost)
