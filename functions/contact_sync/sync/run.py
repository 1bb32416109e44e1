"""One run of one user, from the load to the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from .. import logs
from ..contacts.actions import Create, Delete, Update
from ..contacts.side import Side
from ..contacts.sugar_record import fields_in
from ..errors import OperatorMustAct, SyncError, UserMustAct
from ..services.sugar import NOT_SENT
from ..store import runs, users
from ..store.records import Proof, RunRecord, User
from ..store.write import Conflict
from .apply import apply
from .approved import approved, left_out_at
from .aside import NOT_STORABLE, commit_aside, take_up_again, waits_for_another_version
from .batch import Batch, Case
from .choice import Choice, DueContacts
from .clean import LeftScope
from .ending import Ending, Summary
from .engine import MAX_SCOPE, Engine
from .guard import bucket, counts_still
from .intake import Intake, first_marks, idle_cursors
from .journal import journal
from .lease import LeaseHolder, LeaseLost
from .load import Stopped, load
from .look import Looked, look, resumable
from .marks import Marks
from .prepare import prepare
from .preview import planned
from .progress import Progress
from .proof import after
from .record import Recorder
from .request import payload_of
from .session import Session
from .settle import settle
from .triggers import ORDERED, WITH_OWN_WORK
from .unstarted import busy, contended, failed_load, stopped


def run(
    engine: Engine,
    user_id: str,
    trigger: str,
    run_id: str | None = None,
    attempt: int = 0,
    asked: datetime | None = None,
    spare: bool = False,
) -> Summary:
    """Run once for a user and answer the summary. `asked` and `spare` as in `WorkerRequest`.

    Raises TransientForAll where every user is affected; whatever else goes wrong is recorded with the user and, where
    waiting helps, followed by one successor.
    """
    begun = runs.get(engine.db, user_id, run_id) if run_id else None
    if begun is not None and begun.finished is not None and (trigger in ORDERED or begun.asked is not None):
        # The queue may deliver a task twice: what was ordered once is done once.
        return {"run": begun.id, "phase": "done", "error": begun.error, "counts": dict(begun.counts)}
    asked = begun.asked if begun is not None else asked
    payload = payload_of(user_id, trigger, run_id, asked, spare=spare)
    order, run_id = run_id is not None and trigger != "schedule", run_id or engine.new_id()
    logs.bind(run=run_id)
    for _ in engine.tries():
        try:
            ready = load(engine, user_id, trigger)
        except OperatorMustAct as error:
            return failed_load(engine, user_id, trigger, run_id, error)
        try:
            if _superfluous(ready.user, trigger, engine.now(), asked if spare and not order else None):
                return {"run": run_id, "phase": "idle", "counts": {}}
            if isinstance(ready, Stopped):
                return stopped(engine, ready, trigger, run_id)
            held = ready.user.lease
            if held is not None and held.until > engine.now():
                return busy(engine, ready, payload, run_id)
            session = Session.open(engine, run_id, trigger, ready.user, ready.settings, ready.box)
            session.order, session.asked = order, asked
            return _Run(session, ready.updated_at, attempt, begun).go()
        except Conflict:
            continue
    return contended(engine, payload, run_id, attempt)


def _superfluous(user: User | None, trigger: str, now: datetime, spare_since: datetime | None) -> bool:
    """Whether the task's work is done: somebody else did what it stands in for, or the user is not due any more. What
    tries a scheduled run again stands in for that one: the user is due next behind it."""
    if user is None:
        return False
    if spare_since is not None:
        return user.synced_at is not None and user.synced_at >= spare_since
    return trigger == "schedule" and (user.next_sync_at is None or user.next_sync_at > now)


class _Run:
    """The steps of one run. Raises Conflict, before anything was stored, if the user changed since the load."""

    def __init__(self, session: Session, updated_at: datetime, attempt: int, begun: RunRecord | None) -> None:
        self.session = session
        self.engine = session.engine
        self.updated_at = updated_at
        self.progress = Progress(session)
        if begun is not None:
            self.progress.go_on(begun)
        self.ending = Ending(session, self.progress, attempt)

    def go(self) -> Summary:
        """Look; if there is anything to do, take the lease and do it."""
        session = self.session
        try:
            looked = look(session)
            if self._given_rights():
                looked = look(session)
            marks = first_marks(session, looked)
        except SyncError as error:
            return self.ending.failed_look(error, self.updated_at)
        if session.user.connection != "connected":
            self._cured()
        if session.trigger not in WITH_OWN_WORK and self._idle(looked, marks):
            return self.ending.idle(idle_cursors(session, looked), self.updated_at)
        session.lease = LeaseHolder.take(self.engine, session.user, self.updated_at, session.run)
        try:
            return self._leased(looked, marks)
        except LeaseLost:
            return self.ending.lost()

    def _given_rights(self) -> bool:
        """Whether Sugar lets the user write fields by now that it did not before: what was left standing for that is
        found by a full intake. What the look read of the rights is stored."""
        session, user = self.session, self.session.user
        denied = tuple(sorted(session.denied))
        if denied == user.sugar_denied:
            return False
        given = not set(user.sugar_denied) <= set(denied) and user.cursors.full_at is not None
        cursors = replace(user.cursors, in_force="") if given else user.cursors
        write = users.update(user.id, if_updated_at=self.updated_at, sugar_denied=denied, cursors=cursors)
        self.updated_at = self.engine.db.commit([write])[write.path]
        session.user = replace(user, sugar_denied=denied, cursors=cursors)
        return given

    def _cured(self) -> None:
        """Both sides answer again: what an administrator had to cure is cured."""
        fields: dict[str, Any] = {"connection": "connected", "connection_message": ""}
        write = users.update(self.session.user.id, if_updated_at=self.updated_at, **fields)
        self.updated_at = self.engine.db.commit([write])[write.path]
        self.session.user = replace(self.session.user, **fields)

    def _idle(self, looked: Looked, marks: Marks) -> bool:
        user = self.session.user
        nothing_due = user.pending is None or user.pending > self.engine.now()
        at_rest = user.cursors.position is None and user.planned_run is None
        at_rest = at_rest and not waits_for_another_version(self.session)
        return looked.complete and not looked.need.anything and not marks and nothing_due and at_rest

    def _leased(self, looked: Looked, marks: Marks) -> Summary:
        error: SyncError | None = None
        try:
            error = self._work(looked, marks)
        except SyncError as raised:
            if raised.code == "out_of_time":
                self.ending.incomplete = True
            else:
                error = raised
        return self.ending.finish(error)

    def _work(self, looked: Looked, marks: Marks) -> SyncError | None:
        session = self.session
        session.recall()
        session.holder.commit([[self.progress.write("reading")]])
        settle(session)
        begins_anew = looked.need.sugar_full and resumable(session.user, looked.need) is None
        if (begins_anew or waits_for_another_version(session)) and take_up_again(session):
            marks = first_marks(session, looked)
        if begins_anew:
            self._before_full_intake()
            if session.user.creates_paused is not None:
                # The reason may be gone by now: try again, and pause again if it is not.
                session.user = replace(session.user, creates_paused=None)
                session.holder.commit([], creates_paused=None)
                marks = first_marks(session, looked)
        if not Intake(session, looked).finish(marks):
            self.ending.incomplete = True
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
        """Batch after batch until there is no more to do, or the time is short."""
        if self.session.trigger == "preview":
            self._plan()
            return None
        choice = _choice(self.session, self.progress)
        if choice is None:
            return None
        while self.session.holder.seconds_left() > 0:
            batch = choice.next()
            if batch is None:
                break
            errors = self._carry_out(batch)
            choice.carried_out(batch)
            if errors:
                return errors[0]
        self.ending.incomplete = choice.unfinished()
        return None

    def _plan(self) -> None:
        """Batch after batch until there is enough for a preview; nothing is carried out."""
        asked = planned(self.session)
        if asked is not None:
            preview, choice = asked
            preview.plan(choice)

    def _carry_out(self, batch: Batch) -> tuple[SyncError, ...]:
        session, progress = self.session, self.progress
        writes = prepare(session, batch)
        unsettled = self.ending.unsettled
        if journal(session, batch, writes):
            self.ending.planned = self.ending.unsettled = True
        acts = sum(isinstance(case.action, Update | Create | Delete) for case in batch.cases)
        progress.total = max(progress.total, progress.done + acts)
        applied = apply(session, batch, writes)
        recorder = Recorder(session, batch, writes)
        groups = recorder.groups()
        progress.done += sum(_was_sent(case) for case in batch.cases)
        fields: dict[str, Any] = {}
        if any(recorder.deleted.values()):
            fields["deletions"] = self._buckets(recorder.deleted)
        if recorder.pauses is not None:
            fields["creates_paused"] = recorder.pauses
            session.user = replace(session.user, creates_paused=recorder.pauses)
        self.ending.retry_at += recorder.retry_at
        fields |= self._proven(batch) | self._taken_rights()
        ended = writes.reservations.ended(batch.cases) if writes.reservations is not None else []
        told = [group for _, group in groups]
        session.holder.commit([*told, *ended, [progress.write("writing")]], **fields)
        for case, group in groups:
            if session.holder.unstorable & {write.path for write in group}:
                case.put_aside(NOT_STORABLE)
        commit_aside(session, recorder.put_aside())
        self.ending.unsettled = unsettled or recorder.unsettled
        return applied.errors

    def _taken_rights(self) -> dict[str, Any]:
        """What the batch's reads told of fields that the user may not write any more. What is given back is noticed by
        a look."""
        session = self.session
        denied = tuple(sorted(session.denied | set(session.user.sugar_denied)))
        if denied == session.user.sugar_denied:
            return {}
        session.user = replace(session.user, sugar_denied=denied)
        return {"sugar_denied": denied}

    def _proven(self, batch: Batch) -> dict[str, Proof]:
        """The proof of the sync, where this batch put something right that its comparison had found."""
        known = self.session.holder.user.proof
        if known is None or not known.waiting:
            return {}
        proof = after(known, batch)
        self.session.holder.user = replace(self.session.holder.user, proof=proof)
        return {"proof": proof} if proof != known else {}

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


def _was_sent(case: Case) -> bool:
    return any(outcome.reason != NOT_SENT for outcome in case.outcomes.values())


def _choice(session: Session, progress: Progress) -> Choice | None:
    """What the run works on by what it was asked for; None: on nothing beyond the intake."""
    match session.trigger:
        case "inventory":
            return None
        case "apply":
            return approved(session)
        case "clean":
            return LeftScope(session, progress.total)
        case _:
            session.left_out_at = left_out_at(session)
            return DueContacts(session)
