"""How a run ends: what the user document remembers, when the user is next due, and the one successor.

A fault that only this user has to wait for is answered with one later task, attempt by attempt; after the last attempt
the next interval tries again. A fault that all users share is raised: the queue backs off.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..errors import OperatorMustAct, SyncError, TransientForAll, TransientForUser, UserMustAct
from ..store import google_index, mappings, runs, users
from ..store.records import Cursors, RunRecord, User
from ..store.write import Write
from . import schedule
from .engine import Engine
from .load import Ready, Stopped
from .preview import Preview
from .progress import KEPT, Progress
from .session import Session

log = logging.getLogger("contact_sync.run")

Summary = dict[str, Any]


@dataclass(slots=True)
class Ending:
    """Collects, while a run works, what its end depends on."""

    session: Session
    progress: Progress
    attempt: int = 0
    preview: Preview | None = None
    incomplete: bool = False
    """The intake did not get to the end."""
    planned: bool = False
    """This run planned history entries."""
    unsettled: bool = False
    """Some of them are left for the next run to settle."""
    retry_at: list[datetime] = field(default_factory=list)
    """When contacts that could not be finished, or that wait for a while, are due again."""

    def idle(self, cursors: Cursors, updated_at: datetime) -> Summary:
        """Nothing to do: one write. Only a run that somebody asked for leaves a run document."""
        session, now = self.session, self.session.engine.now()
        next_sync_at = schedule.next_sync(session.settings, session.user, now, session.user.pending)
        fields = {"cursors": cursors, "next_sync_at": next_sync_at}
        writes = [users.update(session.user.id, if_updated_at=updated_at, **fields)]
        if session.trigger != "schedule":
            writes.append(self.progress.write("done", finished=True))
        session.engine.db.commit(writes)
        return {"run": session.run, "phase": "idle", "counts": {}, "done": 0, "total": 0, "waiting": 0}

    def finish(self, error: SyncError | None) -> Summary:
        """Record the end and give the lease back. Raises the error again if it concerns all users."""
        session, now = self.session, self.session.engine.now()
        db, user_id = session.engine.db, session.user.id
        pending = self._next_due()
        if pending is not None and pending > now:
            self.retry_at.append(pending)
        elif pending is not None:
            waiting = mappings.count_due(db, user_id, now) + google_index.count_due(db, user_id, now)
            self.progress.waiting = waiting
        summary = self.progress.summary(error.code if error else None)
        known = session.holder.user

        def fields(user: User) -> Mapping[str, Any]:
            # A decision taken meanwhile is due as well: it changed the document, so this runs again.
            hint = pending if user == known else self._next_due()
            values: dict[str, Any] = {"pending": hint, **self._state(user, error)}
            if self.preview is None:
                values["last_run"] = summary
            if self.planned and not self.unsettled:
                values["planned_run"] = None
            return values

        writes: list[Write] = [self.progress.write("done", finished=True, error=summary["error"])]
        if self.preview is not None:
            writes += self.preview.finished(self.progress.waiting, summary["error"])
        session.holder.release(writes, fields)
        self._follow(error)
        if isinstance(error, TransientForAll):
            raise error
        return summary

    def _next_due(self) -> datetime | None:
        db, user_id = self.session.engine.db, self.session.user.id
        due = (mappings.next_due(db, user_id), google_index.next_due(db, user_id))
        return min((at for at in due if at is not None), default=None)

    def failed_look(self, error: SyncError, updated_at: datetime) -> Summary:
        """The look failed: nothing is stored but the state of the user."""
        if isinstance(error, TransientForAll):
            raise error
        session = self.session
        summary = self.progress.summary(error.code)
        fields = {**self._state(session.user, error), "last_run": summary}
        writes = [users.update(session.user.id, if_updated_at=updated_at, **fields)]
        if session.trigger != "schedule":
            writes.append(self.progress.write("done", finished=True, error=error.code))
        session.engine.db.commit(writes)
        self._follow(error)
        return summary

    def lost(self) -> Summary:
        """Another run took the lease over: nothing is recorded about contacts, only that this run is over."""
        session = self.session
        with suppress(SyncError):
            session.engine.db.commit([self.progress.write("done", finished=True, error="lost")])
        return {"run": session.run, "phase": "lost", "counts": dict(session.counts)}

    def _state(self, user: User, error: SyncError | None) -> dict[str, Any]:
        """The user's state after this run, and when they are next due."""
        session, now = self.session, self.session.engine.now()
        same = user.settings_version == session.user.settings_version
        settings = session.settings if same else session.engine.policy.apply(user.settings)
        if isinstance(error, UserMustAct) and user.connection == session.user.connection:
            return {"connection": error.code, "connection_message": error.message, "next_sync_at": None}
        if isinstance(error, OperatorMustAct):
            log.error("the deployment needs its operator", extra={"code": error.code})
        again = self._again_at(error)
        if again is not None:
            # The successor goes first; the schedule takes over if it gets lost.
            return {"next_sync_at": schedule.next_sync(settings, user, again)}
        retry_at = min(self.retry_at, default=None)
        message = error.message if error is not None else ""
        return {
            "next_sync_at": schedule.next_sync(settings, user, now, retry_at),
            "connection_message": message,
        }

    def _again_at(self, error: SyncError | None) -> datetime | None:
        """When this user's run is tried again after a transient fault; None: not by a successor of this one."""
        if not isinstance(error, TransientForUser) or self.attempt >= schedule.MOST_ATTEMPTS:
            return None
        asked = timedelta(seconds=error.retry_after or 0)
        return self.session.engine.now() + max(schedule.backoff(self.attempt + 1), asked)

    def _follow(self, error: SyncError | None) -> None:
        """Enqueue at most one successor: the rest of the work at once, or another try later."""
        session, user_id = self.session, self.session.user.id
        again = self._again_at(error)
        if again is not None:
            # However many runs fail in this minute, one task tries again.
            payload = {"user": user_id, "trigger": session.trigger, "attempt": self.attempt + 1}
            name = schedule.successor_task("retry", user_id, f"{self.attempt}/{again:%Y-%m-%dT%H:%M}")
            session.engine.enqueue(self._continuing(payload), name=name, at=again)
            return
        if error is not None:
            return
        lease = session.lease.user.lease if session.lease is not None else None
        asked = lease is not None and lease.again
        more = self.progress.waiting > 0 and session.settings.overflow == "continue" and self.preview is None
        if self.incomplete or asked or more:
            payload = {"user": user_id, "trigger": "continue"}
            name = schedule.successor_task("continue", user_id, session.run)
            session.engine.enqueue(self._continuing(payload) if self.incomplete else payload, name=name)
        elif self.retry_at and self.preview is None and not session.settings.auto.enabled:
            # Whatever run asks for it, one task looks at what is due then.
            at = max(min(self.retry_at), session.engine.now())
            name = schedule.successor_task("due", user_id, at.isoformat())
            session.engine.enqueue({"user": user_id, "trigger": "continue"}, name=name, at=at)

    def _continuing(self, payload: dict[str, Any]) -> dict[str, Any]:
        """A preview goes on as that preview."""
        return payload if self.preview is None else {**payload, "trigger": "preview", "run": self.preview.id}


def failed_load(engine: Engine, user_id: str, trigger: str, run_id: str, error: OperatorMustAct) -> Summary:
    """The user's tokens cannot be decrypted: the operator has to repair the key ring."""
    log.error("the deployment needs its operator", extra={"code": error.code})
    if trigger != "schedule":
        engine.db.commit([_over(engine, user_id, trigger, run_id, error.code)])
    return {"run": run_id, "phase": "stopped", "error": error.code, "counts": {}}


def stopped(engine: Engine, found: Stopped, trigger: str, run_id: str) -> Summary:
    """A user who may not sync: said, and no longer due."""
    user = found.user
    writes: list[Write] = []
    if user is not None and user.next_sync_at is not None:
        # A stop of everybody ends without this user doing anything: look again now and then.
        again = engine.now() + schedule.STOPPED if found.everybody else None
        writes.append(users.update(user.id, if_updated_at=found.updated_at, next_sync_at=again))
    if user is not None and trigger != "schedule":
        writes.append(_over(engine, user.id, trigger, run_id, found.reason))
    if writes:
        engine.db.commit(writes)
    return {"run": run_id, "phase": "stopped", "error": found.reason, "counts": {}}


def busy(engine: Engine, ready: Ready, payload: Mapping[str, Any], run_id: str) -> Summary:
    """Another run holds the lease. A scheduled run just ends; any other asks for one successor."""
    lease = ready.user.lease
    if lease is not None and payload["trigger"] != "schedule":
        if not lease.again:
            engine.db.commit([users.update(ready.user.id, if_updated_at=ready.updated_at, lease__again=True)])
        name = schedule.successor_task("lease", ready.user.id, lease.id)
        announced = "run" in payload and payload["trigger"] != "preview"
        if not engine.enqueue(payload, name=name, at=lease.until) and announced:
            # Another successor does this run's work; whoever watches this one is told that it is over.
            engine.db.commit([_over(engine, ready.user.id, payload["trigger"], run_id)])
    return {"run": lease.run if lease else run_id, "phase": "busy", "counts": {}}


def _over(engine: Engine, user_id: str, trigger: str, run_id: str, error: str | None = None) -> Write:
    """The document of a run that ended before it did anything."""
    now = engine.now()
    ended = RunRecord(run_id, trigger, now, finished=now, phase="done", error=error, expire_at=now + KEPT)
    return runs.put(user_id, ended)
