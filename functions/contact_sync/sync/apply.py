"""Apply: send the writes. Google strictly in sequence, Sugar beside it, one call at a time each; deletes go first.

A deletion needs a confirming read: the fetch, if it is younger than 30 seconds, else it is repeated here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..contacts import google_person
from ..contacts.side import Side
from ..errors import SyncError
from ..services.outcome import Outcome, Status
from ..services.sugar import NOT_SENT, SugarWrite
from .batch import Batch
from .prepare import Writes
from .session import Session

CONFIRM_AGE = 30.0
"""Seconds for which a read confirms a deletion."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What ended a side's writes early, if anything did."""

    errors: tuple[SyncError, ...] = ()


def apply(session: Session, batch: Batch, writes: Writes) -> Applied:
    """Send everything; every case gets an outcome for each side it writes to."""
    google_error, sugar_error = session.engine.both(
        lambda: _side(Side.GOOGLE, writes, lambda: _to_google(session, batch, writes)),
        lambda: _side(Side.SUGAR, writes, lambda: _to_sugar(session, batch, writes)),
    )
    return Applied(tuple(error for error in (google_error, sugar_error) if error is not None))


def _side(side: Side, writes: Writes, send: Callable[[], SyncError | None]) -> SyncError | None:
    """Run one side's writes; what got no outcome because of an error was not sent."""
    error: SyncError | None
    try:
        error = send()
    except SyncError as raised:
        error = raised
    for key, case in writes.cases[side].items():
        case.outcomes.setdefault(side, Outcome(key, Status.TRANSIENT, reason=NOT_SENT))
    return error


def _record(side: Side, writes: Writes, outcomes: Iterable[Outcome]) -> None:
    for outcome in outcomes:
        writes.cases[side][outcome.key].outcomes[side] = outcome


def _to_google(session: Session, batch: Batch, writes: Writes) -> None:
    if session.holder.seconds_left() <= 0:
        return
    deletes = _confirmed_google(session, batch, writes) if writes.google_deletes else []
    if deletes:
        _record(Side.GOOGLE, writes, session.google.delete(deletes))
    if writes.google_updates and session.holder.seconds_left() > 0:
        _record(Side.GOOGLE, writes, session.google.update(writes.google_updates))
    if writes.google_creates and session.holder.seconds_left() > 0:
        _record(Side.GOOGLE, writes, session.google.create(writes.google_creates))


def _to_sugar(session: Session, batch: Batch, writes: Writes) -> SyncError | None:
    sending: Sequence[SugarWrite] = writes.sugar
    if not sending or session.holder.seconds_left() <= 0:
        return None
    if any(write.kind == "delete" for write in sending):
        sending = _confirmed_sugar(session, batch, writes)
    if not sending:
        return None
    result = session.sugar.write(sending, session.metadata.chunk, session.holder.seconds_left)
    _record(Side.SUGAR, writes, result.outcomes)
    for key in result.unwritten:
        del writes.cases[Side.SUGAR][key]
    session.remember(chunk=result.chunk)
    return result.error


def _stale(session: Session, batch: Batch) -> bool:
    return (session.engine.now() - batch.read_at).total_seconds() > CONFIRM_AGE


def _confirmed_google(session: Session, batch: Batch, writes: Writes) -> list[str]:
    """The deletions whose contact is still as it was when they were decided."""
    if not _stale(session, batch):
        return writes.google_deletes
    fresh = session.google.get(writes.google_deletes)
    confirmed = []
    for key in writes.google_deletes:
        case = writes.cases[Side.GOOGLE][key]
        person = fresh.people.get(key)
        before = google_person.source_etag(case.person) if case.person else None
        if key in fresh.failed or (person is not None and google_person.source_etag(person) != before):
            case.outcomes[Side.GOOGLE] = Outcome(key, Status.CONFLICT)
        else:
            confirmed.append(key)
    return confirmed


def _confirmed_sugar(session: Session, batch: Batch, writes: Writes) -> list[SugarWrite]:
    if not _stale(session, batch):
        return writes.sugar
    deletes = [write.id for write in writes.sugar if write.kind == "delete"]
    fresh = session.sugar.fetch(deletes)
    unchanged = set()
    for key in deletes:
        case = writes.cases[Side.SUGAR][key]
        record = fresh.records.get(key)
        before = (case.record or {}).get("date_modified")
        if key in fresh.failed or (record is not None and record.get("date_modified") != before):
            case.outcomes[Side.SUGAR] = Outcome(key, Status.CONFLICT)
        else:
            unchanged.add(key)
    return [write for write in writes.sugar if write.kind != "delete" or write.id in unchanged]
