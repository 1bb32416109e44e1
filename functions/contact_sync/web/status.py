"""How things stand: the function itself, the session, the connection, and the sync as a whole."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import msgspec
from flask import Blueprint, Response, jsonify, session

from ..contacts.mapping import State
from ..contacts.side import Side
from ..store import backlog, google_index, mappings, system
from ..store.database import Database
from ..store.records import User
from .caller import caller
from .connection import Connection, connection_of
from .operation import Answer, Operations
from .site import Moment, site

routes = Operations("status")
public = Blueprint("public", __name__)


@public.get("/health")
def health() -> Response:
    """The function is up; nothing outside is asked."""
    return jsonify({"status": "ok"})


class SessionState(Answer, frozen=True, kw_only=True):
    """Who calls; `csrf_token` is the value of the header X-CSRF-Token for a browser's unsafe requests."""

    email: str
    csrf_token: str | None


class Counts(Answer, frozen=True, kw_only=True):
    """The sync in numbers. Those of an address book that was never read are null."""

    linked: int
    waiting: int
    quarantined: int
    unlinked: int
    out_of_scope: int
    sugar_contacts: int | None
    google_contacts: int | None


class Status(Answer, frozen=True, kw_only=True):
    """How things stand."""

    connection: Connection
    paused: str | None
    disabled: str | None
    creates_paused: str | None
    counts: Counts
    running: str | None
    last_run: dict[str, Any] | None
    next_run: Moment | None


@routes.get("/session")
def get_session() -> SessionState:
    """Who is signed in."""
    return SessionState(email=caller().user.email, csrf_token=session.get("csrf"))


@routes.get("/status")
def get_status() -> Status:
    """Connection, counts, the run that works now, the last and the next one."""
    user, db, now = caller().user, site().engine.db, site().engine.now()
    lease = user.lease if user.lease and user.lease.until > now else None
    return Status(
        connection=connection_of(user),
        paused=system.pause(db) or ("Syncing is paused for you." if user.paused else None),
        disabled=site().engine.policy.disabled,
        creates_paused=user.creates_paused,
        counts=_counts(user, now),
        running=lease.run if lease else None,
        last_run=dict(user.last_run) if user.last_run is not None else None,
        next_run=user.next_sync_at,
    )


def _counts(user: User, now: datetime) -> Counts:
    """Every number is a call to Firestore, so they are asked for side by side."""
    db, known = site().engine.db, user.cursors.full_at is not None
    asked: dict[str, Callable[[], int | None]] = {
        "linked": lambda: mappings.count(db, user.id, state=State.LINKED),
        "waiting": lambda: mappings.count_due(db, user.id, now) + google_index.count_due(db, user.id, now),
        "quarantined": lambda: backlog.count(db, user.id),
        "unlinked": lambda: mappings.count(db, user.id, state=State.UNLINKED),
        "out_of_scope": lambda: mappings.count(db, user.id, state=State.OUT_OF_SCOPE),
        "sugar_contacts": lambda: mappings.count_in_sugar(db, user.id) if known else user.scope_count,
        "google_contacts": lambda: _google_contacts(db, user.id) if known else None,
    }
    with ThreadPoolExecutor(len(asked)) as pool:
        numbers = pool.map(lambda ask: ask(), asked.values())
    return msgspec.convert(dict(zip(asked, numbers, strict=True)), Counts)


def _google_contacts(db: Database, user_id: str) -> int:
    """What the index holds, without those it remembers although they are gone."""
    missing = {"missing.side": Side.GOOGLE}
    lost = sum(
        mappings.count(db, user_id, **missing, state=state) for state in (State.LINKED, State.UNLINKED)
    )
    return google_index.count(db, user_id) - mappings.count_with_google(db, user_id, State.GONE) - lost
