"""The backlog: contacts that wait for a decision of the user, and the decisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from ..store import backlog
from ..store.database import Database
from ..store.records import BacklogEntry
from .caller import caller, user_id
from .names import Names
from .operation import Answer, Asked, Operations, Sent
from .runs import run_soon
from .site import PAGE, Cursor, Refusal, Text, site

routes = Operations("backlog")

Decide = Callable[[Database, str, Sequence[str]], int]


class BacklogQuery(Asked, frozen=True, kw_only=True):
    """Which entries: of one cause, of one group, or all."""

    cause: Text | None = None
    group: Text | None = None
    cursor: Cursor | None = None


class Choice(Sent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of the candidates it is."""

    partner: Text


class Selection(Sent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All entries of a cause, or of a group: one of the two."""

    cause: Text | None = None
    group: Text | None = None


class Decided(Answer, frozen=True, kw_only=True):
    """How many entries were decided."""

    count: int


class Partner(Answer, frozen=True, kw_only=True):
    """A record that this contact may be, or that it looks like."""

    id: str
    name: str


class BacklogItem(Answer, frozen=True, kw_only=True):
    """A contact that waits for a decision, and why. `records` are both sides as last seen, where they are kept."""

    id: str
    name: str
    sugar_id: str | None
    google_id: str | None
    cause: str
    message: str
    field: str | None
    group: str | None
    attempts: int
    since: datetime
    records: dict[str, Any] | None
    partners: list[Partner]


class BacklogPage(Answer, frozen=True, kw_only=True):
    """Open entries, newest first; `next` is the cursor of the next page."""

    items: list[BacklogItem]
    next: str | None


@routes.get("/backlog")
def listed(query: BacklogQuery) -> BacklogPage:
    """Open entries, newest first."""
    found, following = backlog.page(
        site().engine.db,
        user_id(),
        cause=query.cause,
        group=query.group,
        cursor=query.cursor,
        limit=PAGE,
    )
    names = Names.of(site(), caller().user, found)
    return BacklogPage(items=[_shown(entry, names) for entry in found], next=following)


@routes.post("/backlog/{entry}/release")
def release(entry: str) -> Decided:
    """Decide again about one contact, on fresh reads."""
    from ..sync import resolve

    return _decide_one(resolve.release, entry)


@routes.post("/backlog/{entry}/keep")
def keep(entry: str) -> Decided:
    """Leave one contact as it is."""
    from ..sync import resolve

    return _decide_one(resolve.keep, entry)


@routes.post("/backlog/{entry}/choose")
def choose(entry: str, body: Choice) -> Decided:
    """Link an ambiguous contact with one of its candidates."""
    from ..sync import resolve

    try:
        resolve.choose(site().engine.db, user_id(), entry, body.partner.removeprefix("people/"))
    except resolve.Refused as refused:
        raise Refusal.of_decision(refused.status, str(refused)) from None
    return _decided(1)


@routes.post("/backlog/release")
def release_all(body: Selection) -> Decided:
    """Decide again about all contacts of a cause or group."""
    from ..sync import resolve

    return _decide(resolve.release, _selected(body))


@routes.post("/backlog/keep")
def keep_all(body: Selection) -> Decided:
    """Leave all contacts of a cause or group as they are."""
    from ..sync import resolve

    return _decide(resolve.keep, _selected(body))


def _selected(wanted: Selection) -> list[str]:
    if (wanted.cause is None) == (wanted.group is None):
        raise Refusal(400, "invalid_request", "Name either a cause or a group.")
    found = backlog.every_entry(site().engine.db, user_id(), cause=wanted.cause, group=wanted.group)
    return [entry.id for entry in found]


def _decide_one(decide: Decide, entry: str) -> Decided:
    if entry not in backlog.get(site().engine.db, user_id(), [entry]):
        raise Refusal(404, "not_found", "There is no such entry; perhaps it was decided already.")
    return _decide(decide, [entry])


def _decide(decide: Decide, entries: Sequence[str]) -> Decided:
    from ..sync.resolve import Refused

    try:
        count = decide(site().engine.db, user_id(), entries)
    except Refused as refused:
        # Some of many may have been decided before the refusal.
        run_soon(site(), caller().user)
        raise Refusal.of_decision(refused.status, str(refused)) from None
    return _decided(count)


def _decided(count: int) -> Decided:
    if count:
        run_soon(site(), caller().user)
    return Decided(count=count)


def _shown(entry: BacklogEntry, names: Names) -> BacklogItem:
    return BacklogItem(
        id=entry.id,
        name=entry.name or names.google.get(entry.google_id or "", ""),
        sugar_id=entry.sugar_id,
        google_id=entry.google_id,
        cause=entry.cause,
        message=entry.message,
        field=entry.field,
        group=entry.group,
        attempts=entry.attempts,
        since=entry.since,
        records=dict(entry.records) if entry.records is not None else None,
        partners=[Partner(id=partner, name=names.partner(partner)) for partner in entry.partners],
    )
