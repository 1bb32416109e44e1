"""How a run ends: what the user document remembers, when the user is next due, and what follows.

A fault that only this user has to wait for is answered with one later task, attempt by attempt; after the last attempt
the next interval tries again. A fault that all users share is raised: the queue backs off.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ..contacts.settings import SyncSettings
from ..errors import OperatorMustAct, SyncError, TransientForAll, TransientForUser, UserMustAct
from ..store import google_index, mappings, users
from ..store.records import Cursors, Lease, User
from ..store.write import Write
from . import schedule
from .preview import unplanned
from .progress import Progress
from .request import payload_of
from .session import Session
from .triggers import ALIKE, AWAITED, ORDERED

log = logging.getLogger("contact_sync.run")

Summary = dict[str, Any]


@dataclass(slots=True)
class Ending:
    """Collects, while a run works, what its end depends on."""

    session: Session
    progress: Progress
    attempt: int = 0
    incomplete: bool = False
    """The run did not get to the end of its intake, or of what it was ordered to do."""
    planned: bool = False
    """This run planned history entries."""
    unsettled: bool = False
    """Some of them are left for the next run to settle."""
    retry_at: list[datetime] = field(default_factory=list)
    """When contacts that could not be finished, or that wait for a while, are due again."""

    @property
    def ordered(self) -> bool:
        """Whether a person ordered this run for one purpose."""
        return self.session.trigger in ORDERED

    def idle(self, cursors: Cursors, updated_at: datetime) -> Summary:
        """Nothing to do: one write. Only a run that somebody asked for leaves a run document."""
        session, now = self.session, self.session.engine.now()
        next_sync_at = self._next_sync(session.settings, session.user, now, session.user.pending)
        fields = {"cursors": cursors, "next_sync_at": next_sync_at, "synced_at": session.started}
        writes = [users.update(session.user.id, if_updated_at=updated_at, **fields)]
        if session.trigger != "schedule":
            writes.append(self.progress.write("done", finished=True))
        session.engine.db.commit(writes)
        return {"run": session.run, "phase": "idle", "counts": {}, "done": 0, "total": 0, "waiting": 0}

    def finish(self, error: SyncError | None) -> Summary:
        """Record the end and give the lease back. Raises the error again if it concerns all users."""
        session, now = self.session, self.session.engine.now()
        db, user_id = session.engine.db, session.user.id
        session.remember()
        pending = self._next_due()
        if pending is not None and pending > now:
            self.retry_at.append(pending)
        elif pending is not None and not self.ordered:
            waiting = mappings.count_due(db, user_id, now) + google_index.count_due(db, user_id, now)
            self.progress.waiting = waiting
        summary = self.progress.summary(error.code if error else None)
        known = session.holder.user

        def fields(user: User) -> Mapping[str, Any]:
            # A decision taken meanwhile is due as well: it changed the document, so this runs again.
            hint = pending if user == known else self._next_due()
            values: dict[str, Any] = {"pending": hint, **self._state(user, error)}
            if session.trigger != "preview":
                values["last_run"] = summary
            if error is None and not self.ordered and not self.incomplete:
                values["synced_at"] = session.started
            if self.planned and not self.unsettled:
                values["planned_run"] = None
            return values

        session.holder.release(self._end(error), fields)
        self._follow(error)
        if isinstance(error, TransientForAll):
            raise error
        return summary

    def _end(self, error: SyncError | None) -> list[Write]:
        """The run document: over, or waiting for the task that goes on with what was ordered."""
        if self._goes_on(error):
            return [self.progress.write("queued")]
        session, code = self.session, error.code if error else None
        writes = [self.progress.write("done", finished=True, error=code)]
        if error is not None:
            writes += unplanned(
                session.engine, session.user.id, session.trigger, session.run, error.code, error.message
            )
        return writes

    def _goes_on(self, error: SyncError | None) -> bool:
        """Whether another task of this run follows: ours, or the queue's where all users have to wait."""
        if isinstance(error, TransientForAll):
            return self.ordered or self.session.order
        return self.ordered and (self.incomplete if error is None else self._again_at(error) is not None)

    def _next_due(self) -> datetime | None:
        db, user_id = self.session.engine.db, self.session.user.id
        due = (mappings.next_due(db, user_id), google_index.next_due(db, user_id))
        return min((at for at in due if at is not None), default=None)

    def failed_look(self, error: SyncError, updated_at: datetime) -> Summary:
        """The look failed: nothing is stored but the state of the user."""
        if isinstance(error, TransientForAll):
            self._tell(error)
            raise error
        session = self.session
        session.remember()
        summary = self.progress.summary(error.code)
        fields = self._state(session.user, error)
        if session.trigger != "preview":
            fields["last_run"] = summary
        writes = [users.update(session.user.id, if_updated_at=updated_at, **fields)]
        if session.trigger != "schedule":
            writes += self._end(error)
        session.engine.db.commit(writes)
        self._follow(error)
        return summary

    def _tell(self, error: SyncError) -> None:
        """Let whoever watches this run know what it waits for; the queue delivers its task again."""
        if self.session.order:
            with suppress(SyncError):
                self.session.engine.db.commit([self.progress.write("queued", error=error.code)])

    def lost(self) -> Summary:
        """Another run took the lease over: nothing is recorded about contacts, only that this run is over."""
        session = self.session
        with suppress(SyncError):
            writes = unplanned(session.engine, session.user.id, session.trigger, session.run, "lost")
            session.engine.db.commit([self.progress.write("done", finished=True, error="lost"), *writes])
        return {"run": session.run, "phase": "lost", "counts": dict(session.counts)}

    def _state(self, user: User, error: SyncError | None) -> dict[str, Any]:
        """The user's state after this run, and when they are next due."""
        session, now = self.session, self.session.engine.now()
        same = user.settings_version == session.user.settings_version
        settings = session.settings if same else session.engine.policy.apply(user.settings)
        if isinstance(error, UserMustAct) and user.connection == session.user.connection:
            stopped = replace(user, connection=error.code)
            return {
                "connection": error.code,
                "connection_message": error.message,
                "next_sync_at": schedule.next_sync(settings, stopped, now),
            }
        if isinstance(error, OperatorMustAct):
            log.error("the deployment needs its operator", extra={"code": error.code})
        again = self._again_at(error)
        if again is not None:
            # The successor goes first; the schedule takes over if it gets lost.
            return {"next_sync_at": self._next_sync(settings, user, again)}
        retry_at = min(self.retry_at, default=None)
        message = error.message if error is not None else ""
        return {
            "next_sync_at": self._next_sync(settings, user, now, retry_at),
            "connection_message": message,
        }

    def _next_sync(
        self, settings: SyncSettings, user: User, after: datetime, retry_at: datetime | None = None
    ) -> datetime | None:
        """When the scheduler is to run this user again. What was ordered beside the regular sync puts none off."""
        lease = user.lease
        if lease is not None and user.next_sync_at == lease.until:
            # A scheduled run found us at work and left the user due at the lease's end, in case we die.
            due = self.session.engine.now() if self.ordered else self.session.user.next_sync_at
            user = replace(user, next_sync_at=due)
        regular = schedule.next_sync(settings, user, after, retry_at)
        if self.ordered and regular is not None and user.next_sync_at is not None:
            return min(regular, user.next_sync_at)
        return regular

    def _again_at(self, error: SyncError | None) -> datetime | None:
        """When this user's run is tried again after a transient fault; None: not by a successor of this one."""
        if not isinstance(error, TransientForUser) or self.attempt >= schedule.MOST_ATTEMPTS:
            return None
        asked = timedelta(seconds=error.retry_after or 0)
        return self.session.engine.now() + max(schedule.backoff(self.attempt + 1), asked)

    def _follow(self, error: SyncError | None) -> None:
        """Enqueue what follows: another try later, or the rest of the work at once. An ordered run goes on as what it
        is; the sync that somebody asked for meanwhile follows it."""
        session, user_id = self.session, self.session.user.id
        enqueue, urgent = session.engine.enqueue, session.trigger in AWAITED
        own = payload_of(user_id, session.trigger, session.run)
        since = session.asked or session.started
        again = self._again_at(error)
        if again is not None:
            # However many syncs fail in this minute, one task tries again; none, if another sync was faster.
            cause = f"{self.attempt}/{again:%Y-%m-%dT%H:%M}"
            payload = payload_of(user_id, session.trigger, asked=since, spare=session.trigger in ALIKE)
            if self.ordered:
                payload, cause = own, f"{session.run}/{cause}"
            name = schedule.successor_task("retry", user_id, cause)
            enqueue({**payload, "attempt": self.attempt + 1}, name=name, at=again, urgent=urgent)
        elif self.ordered and self.incomplete and error is None:
            name = schedule.successor_task("continue", user_id, session.holder.lease.id)
            enqueue(own, name=name, urgent=urgent)
        # With automatic syncs off, what goes on with this sync must be told from what is asked for later.
        asked = None if session.settings.auto.enabled else since
        lease = session.holder.user.lease if session.lease is not None else None
        orders = lease.orders if lease is not None else {}
        for run, trigger in orders.items():
            name = schedule.successor_task("continue", user_id, f"{run}/{session.holder.lease.id}")
            enqueue(payload_of(user_id, trigger, run), name=name, urgent=trigger in AWAITED)
        if set(orders.values()) - ORDERED:
            return
        if self._sync_follows(error, lease):
            wished = lease is not None and lease.again
            cause = f"{session.run}/{lease.id if lease is not None else ''}" if self.ordered else session.run
            name = schedule.successor_task("continue", user_id, cause)
            enqueue(
                payload_of(user_id, "continue", asked=None if wished else asked), name=name, urgent=wished
            )
        elif error is None and self.retry_at and not self.ordered and not session.settings.auto.enabled:
            # Whatever run asks for it, one task looks at what is due then.
            at = max(min(self.retry_at), session.engine.now())
            name = schedule.successor_task("due", user_id, at.isoformat())
            enqueue(payload_of(user_id, "continue", asked=asked), name=name, at=at)

    def _sync_follows(self, error: SyncError | None, lease: Lease | None) -> bool:
        wished = lease is not None and lease.again
        if self.ordered:
            return wished
        if error is not None:
            return False
        # What an apply left out stays due, and waits for the next order.
        more = self.progress.waiting > 0 and self.session.settings.overflow == "continue"
        return self.incomplete or wished or (more and self.session.left_out_at is None)
