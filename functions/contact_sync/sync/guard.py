"""The guard against mass deletion: over the whole book, before the cap of a batch.

Deletions that wait on one side, open groups included, plus those carried out there within 24 hours may not exceed ten
and also a quarter of the linked mappings or 250. If they do, none is carried out: they form one group in the backlog,
bound to exactly these contacts; updates go on. Released groups do not count.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from ..contacts.actions import Delete, Quarantine
from ..contacts.mapping import State
from ..contacts.side import Side
from ..store import mappings
from .batch import Batch, Case
from .session import Session

FEW = 10
SHARE = 0.25
MANY = 250
WINDOW = timedelta(hours=24)


def guard(session: Session, batch: Batch) -> None:
    """Turn deletions into a group of the backlog where there are too many."""
    for side in Side:
        deletes = [
            case
            for case in batch.cases
            if isinstance(case.action, Delete) and case.action.side is side and not case.action.released
        ]
        if deletes and _too_many(session, side, deletes):
            _quarantine(session, batch, side, deletes)


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


def _too_many(session: Session, side: Side, deletes: list[Case]) -> bool:
    db, user_id = session.engine.db, session.user.id
    done = carried_out(session, side)
    unnoted = sum(case.mapping is not None and case.mapping.deletion_waits is not side for case in deletes)
    waiting = mappings.count(db, user_id, deletion_waits=side) + unnoted
    total = waiting + done
    if total <= FEW:
        return False
    linked = mappings.count(db, user_id, state=State.LINKED) + done
    return total > MANY or total > linked * SHARE


def _quarantine(session: Session, batch: Batch, side: Side, deletes: list[Case]) -> None:
    """Put all deletions that wait on this side and are in no group yet into one."""
    group = f"mass_delete-{side}-{session.run}"
    there = "Sugar" if side is Side.GOOGLE else "Google"
    known = {case.key for case in batch.cases}
    waiting = mappings.deletions_waiting(session.engine.db, session.user.id, side)
    others = [Case(mapping=mapping) for mapping in waiting if mapping.sugar_id not in known]
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
