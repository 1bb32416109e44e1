"""Sync Now, and the progress and past of runs."""

from __future__ import annotations

import logging
from datetime import timedelta

from ..errors import SyncError, TransientForAll
from ..store import runs, system, users
from ..store.records import RunRecord, User
from ..store.write import Conflict
from ..sync import schedule
from . import account
from .caller import user_id
from .operation import Answer, Asked, Operations
from .site import PAGE, Cursor, Moment, Refusal, Site, refusals, site

log = logging.getLogger("contact_sync.web")

routes = Operations("runs")

QUEUED = "queued"
LONGEST = timedelta(minutes=10)
"""A run that began longer ago and has no end recorded was cut off: its lease lasts five minutes."""
LONGEST_QUEUED = timedelta(hours=1)
GRANTED_AGAIN = ("disconnected", "permission_missing", "reconnect")
"""Connections that granting access cures."""


class Started(Answer, frozen=True, kw_only=True):
    """The run that does what was asked for."""

    run: str


class RunsQuery(Asked, frozen=True, kw_only=True):
    """Which runs."""

    cursor: Cursor | None = None


class RunItem(Answer, frozen=True, kw_only=True):
    """How far a run is, or how it ended. `waiting` counts the contacts that are left for the next one."""

    run: str
    trigger: str
    phase: str
    done: int
    total: int
    waiting: int
    counts: dict[str, int]
    started: Moment
    finished: Moment | None
    error: str | None


class RunsPage(Answer, frozen=True, kw_only=True):
    """Runs, newest first; `next` is the cursor of the next page."""

    items: list[RunItem]
    next: str | None


@routes.post("/sync", status=202, errors=(409, 429, 502))
def sync() -> Started:
    """Sync now; while a run works, have it followed by another and answer that one."""
    from ..sync.orders import order_sync

    account.try_again(site(), user_id())
    with refusals():
        return Started(run=_running(site(), user_id()) or order_sync(site().engine, user_id()))


@routes.get("/runs")
def listed(query: RunsQuery) -> RunsPage:
    """The latest runs, newest first."""
    found, following = runs.page(site().engine.db, user_id(), cursor=query.cursor, limit=PAGE)
    return RunsPage(items=[shown(run) for run in found], next=following)


@routes.get("/runs/{run}")
def one(run: str) -> RunItem:
    """One run: how far it is, or how it ended."""
    found = runs.get(site().engine.db, user_id(), run)
    if found is None:
        raise Refusal(404, "not_found", "There is no such run, or it is too long ago.")
    return shown(found)


def newest() -> RunItem | None:
    """The run that was asked for last."""
    found, _ = runs.page(site().engine.db, user_id(), limit=1)
    return shown(found[0]) if found else None


def shown(run: RunRecord) -> RunItem:
    """A stored run as it is answered."""
    cut_off = run.finished is None and site().engine.now() - run.started > (
        LONGEST_QUEUED if run.phase == QUEUED else LONGEST
    )
    return RunItem(
        run=run.id,
        trigger=run.trigger,
        phase="interrupted" if cut_off else run.phase,
        done=run.done,
        total=run.total,
        waiting=run.waiting,
        counts=dict(run.counts),
        started=run.started,
        finished=run.finished,
        error="interrupted" if cut_off else run.error,
    )


def run_soon(site: Site, user: User) -> None:
    """Have a decision of the user carried out at once.

    One task serves the decisions of a second, and begins after it, so that none can come after its look. The decision
    is stored already: where its task cannot be enqueued, the dispatcher finds the user due a moment later.
    """
    second = site.engine.now().replace(microsecond=0)
    name = schedule.successor_task("decision", user.id, second.isoformat())
    payload = {"user": user.id, "trigger": "manual"}
    try:
        site.engine.enqueue(payload, name=name, at=second + timedelta(seconds=1), urgent=True)
    except SyncError as error:
        log.warning("a decision waits for the dispatcher", extra={"code": error.code})
        if user.connection == "connected":
            site.engine.db.commit([users.update(user.id, next_sync_at=second)])


def require_connection(site: Site, user: User) -> None:
    """Refuse, in plain words, where the user may not sync."""
    reason = site.engine.policy.disabled
    if reason is not None:
        raise Refusal(409, "disabled", f"Your administrator has switched syncing off: {reason}")
    paused = system.pause(site.engine.db)
    if paused is not None or user.paused:
        raise Refusal(409, "paused", paused or "Syncing is paused for you. Ask your administrator.")
    if user.connection != "connected":
        message = user.connection_message or "Your Google account is not connected."
        way = "Open /grant to connect." if user.connection in GRANTED_AGAIN else ""
        raise Refusal(409, user.connection, message, way=way)


def _running(site: Site, user_id: str) -> str | None:
    """The run that works now, asked to be followed by another; None if none does."""
    for _ in site.engine.tries():
        found = users.read(site.engine.db, user_id)
        if found is None:
            raise Refusal(401, "not_signed_in", "You are not signed in.", way="Open /sign-in.")
        user, updated_at = found
        require_connection(site, user)
        if user.lease is None or user.lease.until <= site.engine.now():
            return None
        try:
            if not user.lease.again:
                site.engine.db.commit([users.update(user_id, if_updated_at=updated_at, lease__again=True)])
        except Conflict:
            continue
        return user.lease.run
    raise TransientForAll("contention", "Your data keeps changing at this moment")
