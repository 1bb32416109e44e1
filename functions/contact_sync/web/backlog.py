"""The backlog: contacts that wait for a decision of the user, and the decisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from flask import Blueprint, Response, jsonify

from ..store import backlog
from ..store.database import Database
from ..store.records import BacklogEntry
from .caller import caller, user_id
from .names import Names
from .runs import run_soon
from .site import PAGE, Json, Refusal, body, query_value, site

routes = Blueprint("backlog", __name__)

Decide = Callable[[Database, str, Sequence[str]], int]


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of the candidates it is."""

    partner: str


class Selection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All entries of a cause, or of a group."""

    cause: str | None = None
    group: str | None = None


@routes.get("/backlog")
def listed() -> Response:
    """Open entries, newest first, of one cause if asked for."""
    found, following = backlog.page(
        site().engine.db,
        user_id(),
        cause=query_value("cause"),
        cursor=query_value("cursor"),
        limit=PAGE,
    )
    names = Names.of(site(), caller().user, found)
    return jsonify({"items": [_shown(entry, names) for entry in found], "next": following})


@routes.post("/backlog/<string(maxlength=120):entry>/release")
def release(entry: str) -> Response:
    """Decide again about one contact, on fresh reads."""
    from ..sync import resolve

    return _decide_one(resolve.release, entry)


@routes.post("/backlog/<string(maxlength=120):entry>/keep")
def keep(entry: str) -> Response:
    """Leave one contact as it is."""
    from ..sync import resolve

    return _decide_one(resolve.keep, entry)


@routes.post("/backlog/<string(maxlength=120):entry>/choose")
def choose(entry: str) -> Response:
    """Link an ambiguous contact with one of its candidates."""
    from ..sync import resolve

    partner = body(Choice).partner.removeprefix("people/")
    try:
        resolve.choose(site().engine.db, user_id(), entry, partner)
    except resolve.Refused as refused:
        raise Refusal.of_decision(refused.status, str(refused)) from None
    return _decided(1)


@routes.post("/backlog/release")
def release_all() -> Response:
    """Decide again about all contacts of a cause or group."""
    from ..sync import resolve

    return _decide(resolve.release, _selected())


@routes.post("/backlog/keep")
def keep_all() -> Response:
    """Leave all contacts of a cause or group as they are."""
    from ..sync import resolve

    return _decide(resolve.keep, _selected())


def _selected() -> list[str]:
    wanted = body(Selection)
    if (wanted.cause is None) == (wanted.group is None):
        raise Refusal(400, "invalid_request", "Name either a cause or a group.")
    found = backlog.every_entry(site().engine.db, user_id(), cause=wanted.cause, group=wanted.group)
    return [entry.id for entry in found]


def _decide_one(decide: Decide, entry: str) -> Response:
    if entry not in backlog.get(site().engine.db, user_id(), [entry]):
        raise Refusal(404, "not_found", "There is no such entry; perhaps it was decided already.")
    return _decide(decide, [entry])


def _decide(decide: Decide, entries: Sequence[str]) -> Response:
    from ..sync.resolve import Refused

    try:
        count = decide(site().engine.db, user_id(), entries)
    except Refused as refused:
        # Some of many may have been decided before the refusal.
        run_soon(site(), caller().user)
        raise Refusal.of_decision(refused.status, str(refused)) from None
    return _decided(count)


def _decided(count: int) -> Response:
    if count:
        run_soon(site(), caller().user)
    return jsonify({"count": count})


def _shown(entry: BacklogEntry, names: Names) -> Json:
    return {
        "id": entry.id,
        "name": entry.name or names.google.get(entry.google_id or "", ""),
        "sugar_id": entry.sugar_id,
        "google_id": entry.google_id,
        "cause": entry.cause,
        "message": entry.message,
        "field": entry.field,
        "group": entry.group,
        "attempts": entry.attempts,
        "since": entry.since,
        "records": entry.records,
        "partners": [{"id": partner, "name": names.partner(partner)} for partner in entry.partners],
    }
