"""What the sync did, newest first; as a list, as a file, and undone one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from flask import Response

from ..contacts.side import Side
from ..store import history
from ..store.records import Change, HistoryEntry
from . import history_csv
from .caller import caller, user_id
from .operation import Answer, Asked, Operations, Sent
from .preview import PreviewOrdered
from .runs import require_connection
from .site import PAGE, Cursor, Moment, Refusal, Text, refusals, site

routes = Operations("history")


class HistoryQuery(Asked, frozen=True, kw_only=True):
    """Which entries: of one contact (an id of either side), of one run, or all."""

    contact: Text | None = None
    run: Text | None = None
    cursor: Cursor | None = None


class ExportQuery(Asked, frozen=True, kw_only=True):
    """Which entries: of one contact (an id of either side), of one run, or all."""

    contact: Text | None = None
    run: Text | None = None


class Undo(Sent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where it is taken back: on the side that was written, or on both. Without a body: where it was written."""

    optional: ClassVar[bool] = True

    sides: Literal["written", "both"] = "written"


class FieldChange(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """One field; `lost` is a value that lost a conflict, where there was one."""

    field: str
    before: str
    after: str
    lost: str | None = None


class HistoryItem(Answer, frozen=True, kw_only=True):
    """One action that was carried out. `before` is the whole record it replaced, as far as it is kept."""

    id: str
    at: Moment
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
    found, following = _page(user_id(), query.contact, query.run, query.cursor)
    return HistoryPage(items=[shown(entry) for entry in found], next=following)


@routes.get("/history.csv", content="text/csv")
def export(query: ExportQuery) -> Response:
    """The history as a file, newest first: one line for each field that changed.

    The file is UTF-8 with a byte order mark, as spreadsheets expect. A value that a spreadsheet would take for a
    formula has an apostrophe before it.
    """
    return history_csv.download(_pages(user_id(), query))


@routes.get("/history/{entry}")
def one(entry: str) -> HistoryItem:
    """One entry."""
    found = history.get(site().engine.db, user_id(), entry)
    if found is None or found.state != history.DONE:
        raise Refusal(404, "not_found", "There is no such entry, or it is too long ago.")
    return shown(found)


@routes.post("/history/{entry}/undo", status=202, errors=(409, 429, 502))
def undo(entry: str, body: Undo) -> PreviewOrdered:
    """Plan to undo one entry: a preview, which is then applied like any other.

    What is taken back only where it was written differs from then on, and rests until either side changes it.
    """
    from ..sync.orders import order_undo

    require_connection(site(), caller().user)
    with refusals():
        return PreviewOrdered(preview=order_undo(site().engine, user_id(), entry, body.sides))


def _page(
    user: str, contact: str | None, run: str | None, cursor: str | None
) -> tuple[list[HistoryEntry], str | None]:
    contact = contact.removeprefix("people/") if contact is not None else None
    return history.page(site().engine.db, user, contact=contact, run=run, cursor=cursor, limit=PAGE)


def _pages(user: str, query: ExportQuery) -> Iterator[list[HistoryEntry]]:
    """All pages; each is read when it is asked for."""
    cursor: str | None = None
    while True:
        found, cursor = _page(user, query.contact, query.run, cursor)
        yield found
        if cursor is None:
            return


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
