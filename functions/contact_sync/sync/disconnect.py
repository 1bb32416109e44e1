"""Disconnect: delete what the sync created in Google, if asked to, give the grant back, and forget the tokens.

Settings and mappings stay, so that a later grant goes on where this ended. The order is kept with the user until it is
carried out: a run that died, a lost task or a second order take up the same one.
"""

from __future__ import annotations

from typing import Literal

from ..errors import OperatorMustAct, SyncError, TransientForAll
from ..store import mappings, runs, system, users
from ..store.records import Disconnecting, RunRecord, Tokens
from ..store.users import Loaded
from ..store.write import Conflict
from . import schedule
from .disconnect_run import UNDER_WAY, DisconnectRun, Summary, contacts, enqueue
from .engine import Engine
from .lease import LeaseHolder, LeaseLost
from .load import CONTACTS_SCOPE
from .progress import KEPT
from .resolve import Refused
from .session import Session
from .tokens import TokenBox

_OUT_OF_REACH = ("reconnect", "permission_missing", "disconnected")


def order_disconnect(
    engine: Engine, user_id: str, delete: Literal["created", "none"], count: int | None = None
) -> str:
    """Have the user disconnected; answers the id of the run, of the one under way if there is one.

    `count`: how many contacts the user agreed to have deleted. Raises Refused if that is no longer right or Google
    cannot be reached to delete them, and what `engine.enqueue` raises; ordered again, the same run goes on.
    """
    for _ in engine.tries():
        loaded, now = _load(engine, user_id), engine.now()
        user = loaded.user
        if user is None:
            raise Refused(404, "There is no such user.")
        if user.disconnecting is not None:
            run = user.disconnecting.run
            # A task that got lost is replaced; however often this is asked in a minute, by one.
            enqueue(engine, user_id, run, f"again/{now:%Y-%m-%dT%H:%M}", urgent=True)
            return run
        total = mappings.created_in_google(engine.db, user_id) if delete == "created" else 0
        _check(engine, loaded, total, count if delete == "created" else None)
        order = Disconnecting(engine.new_id(), "created" if total else "none", user.connection, total)
        queued = RunRecord(order.run, "disconnect", now, phase="queued", total=total, expire_at=now + KEPT)
        marked = users.update(
            user_id,
            if_updated_at=loaded.updated_at,
            connection="disconnecting",
            connection_message=UNDER_WAY,
            next_sync_at=None,
            disconnecting=order,
        )
        try:
            engine.db.commit([marked, runs.put(user_id, queued)])
        except Conflict:
            continue
        try:
            enqueue(engine, user_id, order.run, "ordered", urgent=True)
        except SyncError as error:
            engine.db.commit([runs.patch(user_id, order.run, phase="failed", finished=now, error=error.code)])
            raise
        return order.run
    raise TransientForAll("contention", "The user document keeps changing.")


def disconnect(engine: Engine, user_id: str, run: str | None, attempt: int = 0) -> Summary:
    """Carry the order out, or go on with it; answers the summary of the run.

    Raises TransientForAll for a fault that all users share. Whatever else keeps it from its end is recorded, and
    followed by one successor where waiting helps.
    """
    for _ in engine.tries():
        loaded, now = _load(engine, user_id), engine.now()
        user = loaded.user
        order = user.disconnecting if user else None
        if user is None or loaded.updated_at is None or order is None or run not in (None, order.run):
            return {"run": run, "phase": "idle", "counts": {}}
        if user.lease is not None and user.lease.until > now:
            cause, wait = f"lease/{user.lease.id}", user.lease.until - now
            enqueue(engine, user_id, order.run, cause, attempt=attempt, wait=wait)
            return {"run": order.run, "phase": "busy", "counts": {}}
        if order.delete == "created" and _paused(engine, loaded):
            cause = f"paused/{now:%Y-%m-%dT%H:%M}"
            enqueue(engine, user_id, order.run, cause, attempt=attempt, wait=schedule.STOPPED)
            return {"run": order.run, "phase": "paused", "counts": {}}
        box = TokenBox(engine, user_id, loaded.tokens, loaded.tokens_updated_at)
        session = Session.open(engine, order.run, "disconnect", user, engine.policy.apply(user.settings), box)
        try:
            session.lease = LeaseHolder.take(engine, user, loaded.updated_at, order.run)
        except Conflict:
            continue
        try:
            return DisconnectRun(session, box, order, attempt).go()
        except LeaseLost:
            # Another delivery of the same task goes on with it.
            return {"run": order.run, "phase": "lost", "counts": {}}
    raise TransientForAll("contention", "The user document keeps changing.")


def _load(engine: Engine, user_id: str) -> Loaded:
    """The user and the tokens; tokens that nobody can decrypt any more count as none."""
    try:
        return users.load(engine.db, engine.cipher, user_id)
    except OperatorMustAct:
        user, updated_at = users.read(engine.db, user_id) or (None, None)
        return Loaded(user, updated_at, Tokens(), None, system.pause(engine.db))


def _check(engine: Engine, loaded: Loaded, total: int, count: int | None) -> None:
    """Refuse a deletion that the user did not agree to, or that cannot be carried out."""
    if count is not None and count != total:
        raise Refused(
            409, f"The sync would delete {contacts(total)} now, not {count}. Look again and confirm."
        )
    if not total:
        return
    held, user = loaded.tokens, loaded.user
    reachable = bool(held.google_refresh) and CONTACTS_SCOPE in held.google_scopes
    if user is None or user.connection in _OUT_OF_REACH or not reachable:
        raise Refused(
            409,
            "Google does not let the sync delete contacts for you any more. Connect again first, or disconnect "
            "without deleting.",
        )
    if _paused(engine, loaded):
        raise Refused(
            409, "The sync is paused and deletes nothing now. Wait, or disconnect without deleting."
        )


def _paused(engine: Engine, loaded: Loaded) -> bool:
    paused = loaded.user is not None and loaded.user.paused
    return paused or loaded.paused_all is not None or engine.policy.disabled is not None
