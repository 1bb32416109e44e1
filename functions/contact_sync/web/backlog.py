"""The backlog: contacts that wait for a decision of the user, and the decisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from ..contacts.side import Side
from ..errors import SyncError
from ..store import backlog, mappings
from ..store.database import Database
from ..store.records import BacklogEntry
from .caller import caller, user_id
from .names import Names, partner_of
from .operation import Answer, Asked, Operations, Sent
from .runs import run_soon
from .site import PAGE, Cursor, Moment, Refusal, Text, refusals, site

routes = Operations("backlog")

DECIDED = "There is no such entry; perhaps it was decided already."

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

    schema: ClassVar[Mapping[str, Any]] = {
        "oneOf": [
            {"required": [named], "properties": {named: {"type": "string"}, other: {"type": "null"}}}
            for named, other in (("cause", "group"), ("group", "cause"))
        ]
    }

    cause: Text | None = None
    group: Text | None = None


class Decided(Answer, frozen=True, kw_only=True):
    """How many entries were decided."""

    count: int


class Partner(Answer, frozen=True, kw_only=True):
    """A record that this contact may be, or that it looks like, and the side it is on."""

    id: str
    name: str
    side: Side


class BacklogItem(Answer, frozen=True, kw_only=True):
    """A contact that waits for a decision, and why. `records` are both sides as last seen.

    `deletes_on` is the side on which a release would delete it, where a deletion is the question.
    """

    id: str
    name: str
    sugar_id: str | None
    google_id: str | None
    cause: str
    message: str
    field: str | None
    group: str | None
    attempts: int
    since: Moment
    records: dict[str, Any] | None
    partners: list[Partner]
    deletes_on: Side | None


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
    return BacklogPage(items=_shown(found), next=following)


class Cause(Answer, frozen=True, kw_only=True):
    """Entries with one cause, and of one group where they form one.

    `message` is the group's, `deletes_on` the side on which its release would delete.
    """

    cause: str
    group: str | None
    count: int
    message: str | None
    deletes_on: Side | None


class CausesPage(Answer, frozen=True, kw_only=True):
    """Every cause and group that there is now; `next` is always null."""

    items: list[Cause]
    next: str | None


@routes.get("/backlog/causes")
def causes() -> CausesPage:
    """How many entries are open, by cause and group."""
    found = backlog.causes(site().engine.db, user_id())
    items = [
        Cause(
            cause=one.cause,
            group=one.group,
            count=one.count,
            message=one.message,
            deletes_on=_asked_about(one.cause, one.group),
        )
        for one in found
    ]
    return CausesPage(items=items, next=None)


@routes.get("/backlog/{entry}")
def one(entry: str) -> BacklogItem:
    """One open entry."""
    return _shown([_open(entry)])[0]


@routes.post("/backlog/{entry}/release", errors=(409, 502))
def release(entry: str) -> Decided:
    """Decide again about one contact, on fresh reads."""
    from ..sync import resolve

    return _decide_one(resolve.release, entry)


@routes.post("/backlog/{entry}/keep", errors=(409, 502))
def keep(entry: str) -> Decided:
    """Leave one contact as it is."""
    from ..sync import resolve

    return _decide_one(resolve.keep, entry)


@routes.post("/backlog/{entry}/choose", errors=(409, 502))
def choose(entry: str, body: Choice) -> Decided:
    """Have an ambiguous contact linked with one of its candidates, by the sync that follows.

    Refused, with who has it, where that candidate can be had no more.
    """
    from ..sync import resolve

    with refusals():
        resolve.choose(site().engine.db, user_id(), entry, body.partner.removeprefix("people/"))
    return _decided(1)


@routes.post("/backlog/release", errors=(404, 409, 502))
def release_all(body: Selection) -> Decided:
    """Decide again about all contacts of a cause or group."""
    from ..sync import resolve

    return _decide(resolve.release, _selected(body))


@routes.post("/backlog/keep", errors=(404, 409, 502))
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
    decided = _decide(decide, [_open(entry).id])
    if not decided.count:
        raise Refusal(404, "not_found", DECIDED)
    return decided


def _decide(decide: Decide, entries: Sequence[str]) -> Decided:
    try:
        with refusals():
            return _decided(decide(site().engine.db, user_id(), entries))
    except (Refusal, SyncError):
        # Some of many may have been decided before that.
        run_soon(site(), caller().user)
        raise


def _decided(count: int) -> Decided:
    if count:
        run_soon(site(), caller().user)
    return Decided(count=count)


def _open(entry: str) -> BacklogEntry:
    found = backlog.get(site().engine.db, user_id(), [entry])
    if entry not in found:
        raise Refusal(404, "not_found", DECIDED)
    return found[entry]


def _shown(entries: Sequence[BacklogEntry]) -> list[BacklogItem]:
    names, deletes_on = Names.of(site(), caller().user, entries), _deletes_on(entries)
    return [
        BacklogItem(
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
            records=names.records(entry),
            partners=[_partner(names, entry, partner) for partner in entry.partners],
            deletes_on=deletes_on.get(entry.id),
        )
        for entry in entries
    ]


def _partner(names: Names, entry: BacklogEntry, partner: str) -> Partner:
    side, record_id = partner_of(entry, partner)
    return Partner(id=record_id, name=names.partner(record_id), side=side)


def _deletes_on(entries: Sequence[BacklogEntry]) -> dict[str, Side]:
    """By entry, where a deletion is the question: the side that still has the contact."""
    edited = [entry.sugar_id for entry in entries if entry.cause == "deleted_and_edited" and entry.sugar_id]
    known = mappings.get(site().engine.db, user_id(), edited) if edited else {}
    sides: dict[str, Side] = {}
    for entry in entries:
        mapping = known.get(entry.sugar_id or "")
        side = _asked_about(entry.cause, entry.group)
        if mapping is not None and mapping.missing is not None:
            side = mapping.missing.side.other
        if side is not None:
            sides[entry.id] = side
    return sides


def _asked_about(cause: str, group: str | None) -> Side | None:
    """The side on which deletions wait, as far as cause and group tell: it is part of a group's name."""
    if cause == "merged_in_google":
        return Side.SUGAR
    side = (group or "").removeprefix("mass_delete-").partition("-")[0]
    return Side(side) if cause == "mass_delete" and side in list(Side) else None
