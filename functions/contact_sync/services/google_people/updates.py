"""Updating contacts: named fields replaced, under the etag of the read that the new content was made from.

A stale etag may mean that someone edited the contact, or only that Google has not spread a change of its own
yet; a fresh read tells. A lost answer is settled by a read as well. Either way nothing is written over an
unseen edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ...contacts.google_person import carried
from ...errors import OutcomeUnknown, SyncError
from ..outcome import Outcome, Status
from .calls import SOURCES, Calls, Json
from .content import holds, same_content
from .faults import NOT_FOUND, Fault, Rejected
from .reads import READ_MASK, get_people
from .values import Person, PersonUpdate, contact_source, google_id, is_person
from .writes import SINGLES, chunks, halves, in_order, in_turn, of_fault, postponed, singly

BATCH_LIMIT = 200

WAITS = (1.0, 3.0)
"""Seconds before a resend: even an etag just read is sometimes refused until Google's replicas agree."""


@dataclass
class _Open:
    """Elements that sending did not settle."""

    stale: list[PersonUpdate] = field(default_factory=list)
    doubtful: list[PersonUpdate] = field(default_factory=list)


def update_people(calls: Calls, items: Sequence[PersonUpdate]) -> list[Outcome]:
    """Carry out the updates; outcomes in the order of `items`, DONE ones with the person as it is now."""
    return in_order([item.key for item in items], _update(calls, items, tries=0))


def _update(calls: Calls, items: Sequence[PersonUpdate], tries: int) -> list[Outcome]:
    left = _Open()
    outcomes = _send(calls, items, left, tries)
    if left.doubtful:
        outcomes += _settle_doubt(calls, left.doubtful)
    if left.stale:
        outcomes += _settle_stale(calls, left.stale, tries)
    return outcomes


def _send(calls: Calls, items: Sequence[PersonUpdate], left: _Open, tries: int) -> list[Outcome]:
    if len(items) <= SINGLES:
        return in_turn(singly(items), _key, lambda part: _send_one(calls, part[0], left))
    return in_turn(chunks(items, BATCH_LIMIT), _key, lambda part: _send_batch(calls, part, left, tries))


def _send_one(calls: Calls, item: PersonUpdate, left: _Open) -> list[Outcome]:
    request = calls.api.people.updateContact(
        resourceName=item.person["resourceName"],
        body={"resourceName": item.person["resourceName"], **_version(item.person), **item.fields},
        updatePersonFields=",".join(sorted(item.fields)),
        personFields=READ_MASK,
        sources=SOURCES,
    )
    try:
        person = calls.write(request)
    except OutcomeUnknown:
        person = None
    except Rejected as rejected:
        return _refused(item, rejected.fault, left)
    if is_person(person):
        return [Outcome(item.key, Status.DONE, person)]
    left.doubtful.append(item)
    return []


def _send_batch(calls: Calls, items: Sequence[PersonUpdate], left: _Open, tries: int) -> list[Outcome]:
    mask = sorted({name for item in items for name in item.fields})
    body = {
        "contacts": {
            item.person["resourceName"]: _version(item.person) | _all_fields(item, mask) for item in items
        },
        "updateMask": ",".join(mask),
        "readMask": READ_MASK,
        "sources": SOURCES,
    }
    try:
        answer = calls.write(calls.api.people.batchUpdateContacts(body=body))
    except OutcomeUnknown:
        left.doubtful += items
        return []
    except Rejected as rejected:
        return _after_refusal(calls, items, rejected.fault, left, tries)
    results = answer.get("updateResult")
    outcomes = []
    for item in items:
        result = results.get(item.person["resourceName"]) if isinstance(results, dict) else None
        person = result.get("person") if isinstance(result, dict) else None
        if is_person(person):
            outcomes.append(Outcome(item.key, Status.DONE, person))
        else:
            left.doubtful.append(item)
    return outcomes


def _all_fields(item: PersonUpdate, mask: Sequence[str]) -> Json:
    """Every masked field of one person: the mask is the batch's, and a field left out would be cleared."""
    return {name: item.fields[name] if name in item.fields else carried(item.person, name) for name in mask}


def _after_refusal(
    calls: Calls, items: Sequence[PersonUpdate], fault: Fault, left: _Open, tries: int
) -> list[Outcome]:
    """Nothing of the batch was written: set the guilty ones aside and send the others again."""
    guilty = fault.elements()
    bad = [item for item in items if item.person["resourceName"] in guilty]
    if bad:
        outcomes = [o for item in bad for o in _refused(item, guilty[item.person["resourceName"]], left)]
        rest = [item for item in items if item.person["resourceName"] not in guilty]
        return (
            in_turn([rest], _key, lambda part: _send(calls, part, left, tries)) if rest else []
        ) + outcomes
    if fault.status == 409:
        return [of_fault(item.key, fault) for item in items]
    if tries == 0 and (fault.stale or fault.status == 404):
        # One read of all tells which are gone or edited, cheaper than finding them by halving.
        left.stale += items
        return []
    return in_turn(halves(items), _key, lambda part: _send(calls, part, left, tries))


def _refused(item: PersonUpdate, fault: Fault, left: _Open) -> list[Outcome]:
    if fault.stale:
        left.stale.append(item)
        return []
    if fault.status in (404, NOT_FOUND):
        return [Outcome(item.key, Status.GONE)]
    return [of_fault(item.key, fault)]


def _settle_doubt(calls: Calls, items: Sequence[PersonUpdate]) -> list[Outcome]:
    """What became of updates without an answer; what does not show is planned anew, on another etag."""
    try:
        read = get_people(calls, [google_id(item.person) for item in items])
    except SyncError:
        return [Outcome(item.key, Status.TRANSIENT, reason="google_unavailable") for item in items]
    outcomes = []
    for item in items:
        name = google_id(item.person)
        person = read.people.get(name)
        if person and holds(person, item.fields):
            outcomes.append(Outcome(item.key, Status.DONE, person))
        elif name in read.people and person is None:
            outcomes.append(Outcome(item.key, Status.GONE))
        else:
            outcomes.append(Outcome(item.key, Status.TRANSIENT, reason="google_unavailable"))
    return outcomes


def _settle_stale(calls: Calls, items: Sequence[PersonUpdate], tries: int) -> list[Outcome]:
    """Read again; what nobody edited is sent again with the new etag."""
    try:
        read = get_people(calls, [google_id(item.person) for item in items])
    except SyncError as error:
        return postponed([item.key for item in items], error)
    outcomes = []
    again = []
    for item in items:
        name = google_id(item.person)
        person = read.people.get(name)
        if name in read.failed:
            outcomes.append(Outcome(item.key, Status.TRANSIENT, reason=read.failed[name].code))
        elif person is None:
            outcomes.append(Outcome(item.key, Status.GONE))
        elif holds(person, item.fields):
            outcomes.append(Outcome(item.key, Status.DONE, person))
        elif tries < len(WAITS) and same_content(person, item.person, item.fields):
            again.append(PersonUpdate(item.key, person, item.fields))
        else:
            outcomes.append(Outcome(item.key, Status.CONFLICT))
    if again:
        calls.sleep(WAITS[tries])
        try:
            outcomes += _update(calls, again, tries + 1)
        except SyncError as error:
            outcomes += postponed([item.key for item in again], error)
    return outcomes


def _version(person: Person) -> dict[str, Any]:
    """The etag and the contact source of the read; Google's documentation asks for both."""
    source = contact_source(person)
    version = {"etag": person.get("etag")}
    if not source:
        return version
    return version | {
        "metadata": {"sources": [{name: source[name] for name in ("type", "id", "etag") if name in source}]}
    }


def _key(item: PersonUpdate) -> str:
    return item.key
