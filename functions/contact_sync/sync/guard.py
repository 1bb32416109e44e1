"""The guard against mass deletion: over the whole book, before the cap of a batch.

Deletions that wait on one side, open groups included, plus those carried out there within 24 hours may not exceed ten
and also a quarter of the linked mappings or 250. If they do, none is carried out: they form one group in the backlog,
bound to exactly these contacts; updates go on. Released groups do not count.

A listing may show that thousands of records are not where they were, deleted or out of scope: which, is found out batch
by batch. Until then each counts as a deletion, and where that would be too many, none is carried out.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from ..contacts.actions import Delete, Quarantine, Wait
from ..contacts.mapping import State
from ..contacts.side import Side
from ..store import mappings
from .batch import Batch, Case
from .session import Session

FEW = 10
SHARE = 0.25
MANY = 250
WINDOW = timedelta(hours=24)
BEHIND = timedelta(seconds=1)


def guard(session: Session, batch: Batch) -> None:
    """Turn deletions into a group of the backlog where there are too many; put them off where there may be."""
    for side in Side:
        deletes = [
            case
            for case in batch.cases
            if isinstance(case.action, Delete) and case.action.side is side and not case.action.released
        ]
        if not deletes:
            continue
        count = _count(session, side, deletes)
        if _too_many(session, side, count):
            _quarantine(session, batch, side, deletes)
        elif side is Side.GOOGLE and _too_many(session, side, count + _undecided(session, batch)):
            if session.trigger == "preview":
                _quarantine(session, batch, side, deletes)
            else:
                _put_off(session, side, deletes)


def bucket(side: Side, at: datetime) -> str:
    """The key of an hour's count of deletions on a side."""
    return f"{side}/{at:%Y-%m-%dT%H}"


def carried_out(session: Session, side: Side) -> int:
    """Deletions carried out on a side within the last 24 hours, by whole hours."""
    counted = session.holder.user.deletions.items()
    now = session.engine.now()
    return sum(count for key, count in counted if key.startswith(f"{side}/") and counts_still(key, now))


def counts_still(key: str, now: datetime) -> bool:
    """Whether some of an hour's count lies within the last 24 hours."""
    return key.split("/")[1] >= f"{now - WINDOW:%Y-%m-%dT%H}"


def _count(session: Session, side: Side, deletes: list[Case]) -> int:
    """Deletions that wait on a side, and those carried out there within the last 24 hours."""
    unnoted = sum(case.mapping is not None and case.mapping.deletion_waits is not side for case in deletes)
    waiting = mappings.count(session.engine.db, session.user.id, deletion_waits=side)
    return waiting + unnoted + carried_out(session, side)


def _undecided(session: Session, batch: Batch) -> int:
    """Linked contacts that Sugar's listing did not show, and that no read has decided about yet."""
    decided = sum(
        case.suspected is not None
        and case.suspected.delete_on
        and case.mapping is not None
        and case.mapping.state is State.LINKED
        for case in batch.cases
    )
    return mappings.count_absent(session.engine.db, session.user.id) - decided


def _too_many(session: Session, side: Side, count: int) -> bool:
    if count <= FEW:
        return False
    linked = mappings.count(session.engine.db, session.user.id, state=State.LINKED)
    return count > MANY or count > (linked + carried_out(session, side)) * SHARE


def _put_off(session: Session, side: Side, deletes: list[Case]) -> None:
    """Note the deletions and come back to them behind all that is still to be decided, which is due since before."""
    for case in deletes:
        case.action = Wait("other contacts that Sugar does not list are looked at first")
        case.due_again = session.engine.now() + BEHIND
        if case.mapping is not None:
            case.mapping = replace(case.mapping, deletion_waits=side)


def _quarantine(session: Session, batch: Batch, side: Side, deletes: list[Case]) -> None:
    """Put all deletions that wait on this side and are in no group yet into one."""
    group = f"mass_delete-{side}-{session.run}"
    there = "Sugar" if side is Side.GOOGLE else "Google"
    known = {case.key for case in batch.cases}
    waiting = mappings.deletions_waiting(session.engine.db, session.user.id, side)
    others = [
        Case(mapping=mapping)
        for mapping in waiting
        if mapping.sugar_id not in known and not mapping.unreadable
    ]
    count = len(deletes) + len(others)
    quarantine = Quarantine(
        "mass_delete", f"{count} contacts were deleted in {there}; none is deleted here unasked."
    )
    for case in (*deletes, *others):
        case.action = quarantine
        case.group = group
        if case.mapping is not None:
            case.mapping = replace(case.mapping, deletion_waits=side)
    batch.cases += others
