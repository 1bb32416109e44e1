"""One run of one user, from the load to the record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ..contacts.plan import Create, Delete, Nothing, Update, Wait
from ..contacts.settings import SyncSettings
from ..contacts.side import Side
from ..contacts.sugar_record import fields_in
from ..errors import SyncError, TransientForAll, TransientForUser, UserMustAct
from ..store import google_index, mappings, users
from ..store.records import User
from ..store.write import Conflict
from . import schedule
from .apply import apply
from .batch import Batch, choose
from .decide import Decider
from .engine import BATCH, MAX_SCOPE, Engine
from .gather import Gatherer
from .guard import bucket, counts_still, guard
from .intake import Intake, first_marks, idle_cursors
from .journal import journal
from .lease import LeaseHolder, LeaseLost
from .load import Ready, Stopped, load
from .look import Looked, look, resumable
from .marks import Marks
from .prepare import prepare
from .preview import Preview
from .progress import Progress
from .record import Recorder
from .session import Session
from .settle import settle

Summary = dict[str, Any]
MOST_VISITS = 3
"""A contact that is due again at once is looked at this often within one run."""


def run(
    engine: Engine,
    user_id: str,
    trigger: str,
    run_id: str | None = None,
    attempt: int = 0,
    preview: str | None = None,
) -> Summary:
    """Run once for a user and answer the summary.

    Raises TransientForAll where every user is affected; whatever else goes wrong is recorded with the user and, where
    waiting helps, followed by one successor.
    """
    run_id = run_id or engine.new_id()
    for _ in range(5):
        ready = load(engine, user_id)
        if isinstance(ready, Stopped):
            return _stopped(engine, ready, run_id)
        held = ready.user.lease
        if held is not None and held.until > engine.now():
            try:
                return _busy(engine, ready, trigger, run_id)
            except Conflict:
                continue
        session = Session.open(engine, run_id, trigger, ready.user, ready.settings, ready.box)
        try:
            return _Run(session, ready.updated_at, attempt, preview).go()
        except Conflict:
            continue
    raise TransientForAll("contention", "The user document keeps changing.")


class _Run:
    """The steps of one run. Raises Conflict, before anything was stored, if the user changed since the load."""

    def __init__(self, session: Session, updated_at: datetime, attempt: int, preview: str | None) -> None:
        self.session = session
        self.engine = session.engine
        self.updated_at = updated_at
        self.attempt = attempt
        self.progress = Progress(session)
        self.preview = Preview(session, preview) if preview else None
        self.planned_left = False
        self.retry_at: list[datetime] = []
        self.incomplete = False

    def go(self) -> Summary:
        """Look; if there is anything to do, take the lease and do it."""
        session = self.session
        try:
            looked = look(session)
            marks = first_marks(session, looked)
        except SyncError as error:
            return self._failed_look(error)
        if session.trigger != "preview" and self._idle(looked, marks):
            fields = {
                "cursors": idle_cursors(session, looked),
                "next_sync_at": schedule.next_sync(session.settings, session.user, self.engine.now()),
            }
            self.engine.db.commit([users.update(session.user.id, if_updated_at=self.updated_at, **fields)])
            return {"run": session.run, "phase": "idle", "counts": {}, "done": 0, "total": 0, "waiting": 0}
        session.lease = LeaseHolder.take(self.engine, session.user, self.updated_at, session.run)
        try:
            return self._leased(looked, marks)
        except LeaseLost:
            return {"run": session.run, "phase": "lost", "counts": dict(session.counts)}

    def _idle(self, looked: Looked, marks: tuple[Marks, Marks, Marks]) -> bool:
        user = self.session.user
        nothing_due = user.pending is None or user.pending > self.engine.now()
        at_rest = user.cursors.position is None and user.planned_run is None
        return looked.complete and not looked.need.anything and not any(marks) and nothing_due and at_rest

    def _leased(self, looked: Looked, marks: tuple[Marks, Marks, Marks]) -> Summary:
        error: SyncError | None = None
        try:
            error = self._work(looked, marks)
        except SyncError as raised:
            error = raised
        return self._finish(error)

    def _work(self, looked: Looked, marks: tuple[Marks, Marks, Marks]) -> SyncError | None:
        session = self.session
        session.holder.commit([[self.progress.write("reading")]])
        settle(session)
        if looked.need.sugar_full and resumable(session.user, looked.need) is None:
            self._before_full_intake()
        if not Intake(session, looked).finish(marks):
            self.incomplete = True
            return None
        return self._rounds()

    def _before_full_intake(self) -> None:
        """The scope is counted before anything of it is stored; the user's rights are read once per full intake."""
        session = self.session
        count = session.sugar.count(session.scope)
        if count > MAX_SCOPE:
            raise UserMustAct(
                "too_many", f"{count} Sugar contacts are in scope; at most {MAX_SCOPE} can be kept in sync."
            )
        denied = tuple(sorted(fields_in(session.sugar.me_denied())))
        session.user = replace(session.user, scope_count=count, sugar_denied=denied)
        session.holder.commit([], scope_count=count, sugar_denied=denied)

    def _rounds(self) -> SyncError | None:
        """Batches until 100 actions are done, nothing is due, or the time is short."""
        visits: Counter[str] = Counter()
        acted = 0
        while acted < BATCH and self.session.holder.seconds_left() > 0:
            chosen, entries = choose(self.session, BATCH - acted)
            keys = [mapping.sugar_id for mapping in chosen] + [entry.google_id for entry in entries]
            if not keys or all(visits[key] >= MOST_VISITS for key in keys):
                return None
            visits.update(keys)
            gatherer = Gatherer(self.session)
            batch = gatherer.gather(chosen, entries)
            Decider(self.session, gatherer).decide(batch.cases)
            guard(self.session, batch)
            if self.preview is not None:
                self.preview.store(batch)
                return None
            acted += sum(not isinstance(case.action, Nothing | Wait) for case in batch.cases)
            errors = self._carry_out(batch)
            if errors:
                return errors[0]
        return None

    def _carry_out(self, batch: Batch) -> tuple[SyncError, ...]:
        session, progress = self.session, self.progress
        writes = prepare(session, batch)
        journal(session, batch, writes)
        progress.total += sum(isinstance(case.action, Update | Create | Delete) for case in batch.cases)
        applied = apply(session, batch, writes)
        recorder = Recorder(session, batch, writes)
        groups = recorder.groups()
        progress.done += sum(bool(case.outcomes) for case in batch.cases)
        fields: dict[str, Any] = {}
        if any(recorder.deleted.values()):
            fields["deletions"] = self._buckets(recorder.deleted)
        if recorder.pauses is not None:
            fields["creates_paused"] = recorder.pauses
            session.user = replace(session.user, creates_paused=recorder.pauses)
        self.planned_left = self.planned_left or recorder.unsettled
        self.retry_at += recorder.retry_at
        session.holder.commit([*groups, [progress.write("writing")]], **fields)
        return applied.errors

    def _buckets(self, deleted: Mapping[Side, int]) -> dict[str, int]:
        """Hourly counts of deletions, those older than a day dropped."""
        now = self.engine.now()
        user = self.session.holder.user
        kept = {key: count for key, count in user.deletions.items() if counts_still(key, now)}
        for side, count in deleted.items():
            if count:
                key = bucket(side, now)
                kept[key] = kept.get(key, 0) + count
        self.session.holder.user = replace(user, deletions=kept)
        return kept

    # The end of a run

    def _finish(self, error: SyncError | None) -> Summary:
        session, now = self.session, self.engine.now()
        db, user_id = self.engine.db, session.user.id
        times = [
            at
            for at in (mappings.next_due(db, user_id), google_index.next_due(db, user_id))
            if at is not None
        ]
        pending = min(times, default=None)
        if pending is not None and pending <= now:
            self.progress.waiting = mappings.count_due(db, user_id, now) + google_index.count_due(
                db, user_id, now
            )
        retry_at = self._retry_at(error)
        summary = self.progress.summary(error.code if error else None)
        stop = error if isinstance(error, UserMustAct) else None

        def fields(user: User) -> Mapping[str, Any]:
            values: dict[str, Any] = {"pending": pending, "last_run": summary}
            values["next_sync_at"] = schedule.next_sync(self._settings(user), user, now, retry_at)
            if user.planned_run == session.run and not self.planned_left:
                values["planned_run"] = None
            if stop is not None:
                values |= {"connection": stop.code, "connection_message": stop.message, "next_sync_at": None}
            return values

        writes = [self.progress.write("done", finished=True, error=summary["error"])]
        if self.preview is not None:
            writes += self.preview.finished(self.progress.waiting, summary["error"])
        session.holder.release(writes, fields)
        self._follow(error, retry_at)
        if isinstance(error, TransientForAll):
            raise error
        return summary

    def _settings(self, user: User) -> SyncSettings:
        return (
            self.session.settings
            if user.settings_version == self.session.user.settings_version
            else user.settings
        )

    def _retry_at(self, error: SyncError | None) -> datetime | None:
        """When something that could not be finished should be tried again."""
        times = list(self.retry_at)
        if isinstance(error, TransientForUser) and self.attempt < schedule.MOST_ATTEMPTS:
            asked = timedelta(seconds=error.retry_after or 0)
            times = [self.engine.now() + max(schedule.backoff(self.attempt + 1), asked)]
        return min(times, default=None)

    def _follow(self, error: SyncError | None, retry_at: datetime | None) -> None:
        """Enqueue at most one successor: the rest of the work at once, or another try later."""
        session, now = self.session, self.engine.now()
        user = session.holder.user
        again = user.lease is not None and user.lease.again
        waits = self.progress.waiting > 0 and session.settings.overflow == "continue" and self.preview is None
        payload: dict[str, Any] = {"user": user.id, "trigger": "continue"}
        if error is None and (again or waits or self.incomplete):
            name = schedule.successor_task("continue", user.id, session.run)
            self.engine.enqueue(payload, name=name)
        elif (
            retry_at is not None and not session.settings.auto.enabled and not isinstance(error, UserMustAct)
        ):
            if isinstance(error, TransientForUser):
                payload = {"user": user.id, "trigger": session.trigger, "attempt": self.attempt + 1}
            name = schedule.successor_task("retry", user.id, session.run)
            self.engine.enqueue(payload, name=name, at=max(retry_at, now))

    def _failed_look(self, error: SyncError) -> Summary:
        """The look failed: nothing is stored but the state of the user."""
        session, now = self.session, self.engine.now()
        if isinstance(error, TransientForAll):
            raise error
        fields: dict[str, Any] = {}
        retry_at = self._retry_at(error)
        if isinstance(error, UserMustAct):
            fields = {"connection": error.code, "connection_message": error.message, "next_sync_at": None}
        else:
            fields["next_sync_at"] = schedule.next_sync(session.settings, session.user, now, retry_at)
        summary = self.progress.summary(error.code)
        fields["last_run"] = summary
        self.engine.db.commit([users.update(session.user.id, if_updated_at=self.updated_at, **fields)])
        if isinstance(error, TransientForUser) and retry_at is not None and not session.settings.auto.enabled:
            payload = {"user": session.user.id, "trigger": session.trigger, "attempt": self.attempt + 1}
            name = schedule.successor_task("retry", session.user.id, session.run)
            self.engine.enqueue(payload, name=name, at=retry_at)
        return summary


def _stopped(engine: Engine, stopped: Stopped, run_id: str) -> Summary:
    """A user who may not sync: said, and no longer due."""
    user = stopped.user
    if user is not None and user.next_sync_at is not None:
        engine.db.commit([users.update(user.id, if_updated_at=stopped.updated_at, next_sync_at=None)])
    return {"run": run_id, "phase": "stopped", "error": stopped.reason, "counts": {}}


def _busy(engine: Engine, ready: Ready, trigger: str, run_id: str) -> Summary:
    """Another run holds the lease. A scheduled run just ends; any other asks for one successor."""
    lease = ready.user.lease
    if lease is not None and trigger != "schedule":
        if not lease.again:
            engine.db.commit([users.update(ready.user.id, if_updated_at=ready.updated_at, lease__again=True)])
        payload = {"user": ready.user.id, "trigger": trigger}
        engine.enqueue(
            payload, name=schedule.successor_task("lease", ready.user.id, lease.id), at=lease.until
        )
    return {"run": lease.run if lease else run_id, "phase": "busy", "counts": {}}
