"""Deleting contacts. What is gone already counts as deleted."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import OutcomeUnknown, SyncError
from ..outcome import Outcome, Status
from .calls import Calls
from .faults import Rejected
from .reads import get_people
from .values import resource_name
from .writes import SINGLES, chunks, halves, in_order, in_turn, of_fault, singly

BATCH_LIMIT = 500


def delete_people(calls: Calls, ids: Sequence[str]) -> list[Outcome]:
    """Delete the contacts with these ids; outcomes in the order of `ids`."""
    wanted = list(dict.fromkeys(ids))
    doubtful: list[str] = []
    outcomes = _delete(calls, wanted, doubtful)
    return in_order(ids, outcomes + _settle_doubt(calls, doubtful))


def _delete(calls: Calls, ids: Sequence[str], doubtful: list[str]) -> list[Outcome]:
    if len(ids) <= SINGLES:
        return in_turn(singly(ids), str, lambda part: _delete_one(calls, part[0], doubtful))
    return in_turn(chunks(ids, BATCH_LIMIT), str, lambda part: _delete_batch(calls, part, doubtful))


def _delete_one(calls: Calls, google_id: str, doubtful: list[str]) -> list[Outcome]:
    try:
        calls.write(calls.api.people.deleteContact(resourceName=resource_name(google_id)))
    except OutcomeUnknown:
        doubtful.append(google_id)
        return []
    except Rejected as rejected:
        if rejected.fault.status != 404:
            return [of_fault(google_id, rejected.fault)]
    return [Outcome(google_id, Status.DONE)]


def _delete_batch(calls: Calls, ids: Sequence[str], doubtful: list[str]) -> list[Outcome]:
    body = {"resourceNames": [resource_name(each) for each in ids]}
    try:
        calls.write(calls.api.people.batchDeleteContacts(body=body))
    except OutcomeUnknown:
        doubtful += ids
        return []
    except Rejected as rejected:
        if rejected.fault.status == 409:
            return [of_fault(each, rejected.fault) for each in ids]
        gone = _missing(calls, ids) if rejected.fault.status == 404 else []
        done = [Outcome(each, Status.DONE) for each in gone]
        rest = [each for each in ids if each not in set(gone)]
        parts = [rest] if gone else halves(rest)
        return done + in_turn(
            [part for part in parts if part], str, lambda part: _delete(calls, part, doubtful)
        )
    return [Outcome(each, Status.DONE) for each in ids]


def _missing(calls: Calls, ids: Sequence[str]) -> list[str]:
    """Which of the ids are no contacts any more. A 404 of a batch means that none of it was deleted."""
    return [each for each, person in get_people(calls, ids).people.items() if person is None]


def _settle_doubt(calls: Calls, ids: Sequence[str]) -> list[Outcome]:
    if not ids:
        return []
    try:
        gone = set(_missing(calls, ids))
    except SyncError:
        gone = set()
    return [
        Outcome(each, Status.DONE)
        if each in gone
        else Outcome(each, Status.TRANSIENT, reason="google_unavailable")
        for each in ids
    ]
