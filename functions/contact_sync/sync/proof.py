"""Proof of the sync: after a full intake, how many pairs are equal on both sides, and what became of the others.

A full intake compares every record of both sides with its mapping by content and notes a difference there; the listing
of the scope that ends it reads how every mapping stands. So the proof costs nothing of its own. What differs is put
right by the ordinary plan, batch by batch, and counted as that is recorded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from ..contacts.actions import Nothing, Presence, Update
from ..contacts.mapping import State
from ..contacts.merge import edited
from ..contacts.side import Side
from ..services.outcome import Status
from ..store.mappings import Standing
from ..store.records import Cursors, Proof
from .batch import Batch, Case


def of_listing(states: Mapping[str, Standing], ids: Collection[str], at: datetime) -> Proof:
    """How the book stands where `ids` are all records in scope. What is not among them left it or was deleted, which
    is counted once it is decided."""
    equal = orphaned = waiting = 0
    entered = len(set(ids) - states.keys())
    for sugar_id, stands in states.items():
        if stands.state is not State.LINKED:
            back = stands.state is State.OUT_OF_SCOPE or (stands.state is State.NEW and stands.due)
            entered += back and sugar_id in ids
        elif stands.missing:
            orphaned += 1
        elif sugar_id not in ids or stands.differs or stands.due or stands.backlog is not None:
            waiting += 1
        else:
            equal += 1
    return Proof(at, equal, orphaned=orphaned, entered=entered, waiting=waiting)


def is_proof(found: Proof, known: Proof | None, cursors: Cursors) -> bool:
    """Whether a listing follows a full intake that none has followed yet."""
    return cursors.full_at is not None and (known is None or known.at < cursors.full_at <= found.at)


def after(proof: Proof, batch: Batch) -> Proof:
    """The proof once a batch is recorded: pairs that waited since the comparison are equal by now, or put right."""
    working = [case for case in batch.cases if not case.aside]
    done = [case for case in working if _waited(case, proof.at)]
    repaired = sum(isinstance(case.action, Update) and _written(case) for case in done)
    equal = sum(isinstance(case.action, Update | Nothing) and _is_equal(case) for case in done)
    found = Counter(_missed(case, proof.at) for case in working)
    orphaned, left = found[Presence.DELETED], found[Presence.HIDDEN]
    return replace(
        proof,
        equal=proof.equal + equal,
        repaired=proof.repaired + repaired,
        orphaned=proof.orphaned + orphaned,
        left=proof.left + left,
        waiting=max(0, proof.waiting - equal - repaired - orphaned - left),
    )


def _missed(case: Case, at: datetime) -> Presence | None:
    """What became of the record of a pair that the listing did not show."""
    mapping, suspected = case.mapping, case.suspected
    if mapping is None or suspected is None or suspected.at > at or mapping.state is not State.LINKED:
        return None
    return case.views[Side.SUGAR].presence


def _is_equal(case: Case) -> bool:
    """Whether both sides were found to agree: nothing was sent, and no switch holds a difference back."""
    mapping, action = case.mapping, case.action
    if mapping is None or case.outcomes:
        return False
    agreed = action.merged if isinstance(action, Update) else mapping
    return not any(
        view.contact is not None and edited(view.contact, agreed.base, view.holds, agreed.held.get(side))
        for side, view in case.views.items()
    )


def compared(proof: Proof) -> int:
    """How many pairs there were: none at the very first intake."""
    return proof.equal + proof.repaired + proof.orphaned + proof.left + proof.waiting


def sentence(proof: Proof) -> str:
    """The proof in words."""
    said = [f"{_pairs(proof.equal)} equal", f"{proof.repaired:,} repaired", f"{proof.orphaned:,} orphaned"]
    more = {"entered the scope": proof.entered, "left the scope": proof.left, "still waiting": proof.waiting}
    return ", ".join(said + [f"{count:,} {what}" for what, count in more.items() if count])


def _pairs(count: int) -> str:
    return "1 pair" if count == 1 else f"{count:,} pairs"


def _waited(case: Case, at: datetime) -> bool:
    """Whether a linked pair was due, seen to differ or not listed when the comparison was made, however late its turn
    came."""
    mapping, suspected = case.mapping, case.suspected
    if mapping is None or mapping.state is not State.LINKED or mapping.missing is not None:
        return False
    times = (
        mapping.due_at,
        suspected.at if suspected is not None else None,
        *(mapping.seen.changed_at(side) for side in Side),
    )
    return any(time is not None and time <= at for time in times)


def _written(case: Case) -> bool:
    """Whether all that was to be written was."""
    return bool(case.outcomes) and all(outcome.status is Status.DONE for outcome in case.outcomes.values())
