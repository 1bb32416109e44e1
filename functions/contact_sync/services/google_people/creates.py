"""Creating contacts. A create is never sent twice: a doubtful one is found later by the mark it carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...contacts.google_person import MARK_KEY
from ...contacts.json_values import as_maps
from ...errors import OutcomeUnknown
from ..outcome import Outcome, Status
from .calls import SOURCES, Calls, Json
from .faults import NOT_FOUND, Fault, Rejected
from .reads import READ_MASK
from .values import Person, is_person
from .writes import SINGLES, chunks, halves, in_order, in_turn, of_fault, singly

BATCH_LIMIT = 200

New = tuple[str, Person]
"""The caller's key, which is also the value of the mark in clientData, and the person to create."""


def create_people(calls: Calls, items: Sequence[New]) -> list[Outcome]:
    """Create the persons; outcomes in the order of `items`, DONE ones with the person as Google keeps it."""
    return in_order([key for key, _ in items], _create(calls, items))


def _create(calls: Calls, items: Sequence[New]) -> list[Outcome]:
    if len(items) <= SINGLES:
        return in_turn(singly(items), _key, lambda part: [_create_one(calls, part[0])])
    return in_turn(chunks(items, BATCH_LIMIT), _key, lambda part: _create_batch(calls, part))


def _create_one(calls: Calls, item: New) -> Outcome:
    key, person = item
    request = calls.api.people.createContact(body=dict(person), personFields=READ_MASK, sources=SOURCES)
    try:
        person = calls.write(request)
    except Rejected as rejected:
        return _refused(key, rejected.fault)
    except OutcomeUnknown as lost:
        return Outcome(key, Status.UNKNOWN, reason=lost.code)
    return _answered(key, _by_mark([person]))


def _create_batch(calls: Calls, items: Sequence[New]) -> list[Outcome]:
    body = {
        "contacts": [{"contactPerson": dict(person)} for _, person in items],
        "readMask": READ_MASK,
        "sources": SOURCES,
    }
    try:
        answer = calls.write(calls.api.people.batchCreateContacts(body=body))
    except OutcomeUnknown as lost:
        return [Outcome(key, Status.UNKNOWN, reason=lost.code) for key, _ in items]
    except Rejected as rejected:
        return _after_refusal(calls, items, rejected.fault)
    marked = _by_mark([result.get("person") for result in as_maps(answer.get("createdPeople"))])
    return [_answered(key, marked) for key, _ in items]


def _answered(key: str, marked: Mapping[str, Json]) -> Outcome:
    """Success without the person, as it was created, is as doubtful as no answer."""
    person = marked.get(key)
    if person is None:
        return Outcome(key, Status.UNKNOWN, reason="google_malformed")
    return Outcome(key, Status.DONE, person)


def _after_refusal(calls: Calls, items: Sequence[New], fault: Fault) -> list[Outcome]:
    """Nothing of the batch was created: set the guilty ones aside and send the others again."""
    guilty = {int(position): each for position, each in fault.elements().items() if position.isdigit()}
    bad = [_refused(items[position][0], each) for position, each in guilty.items() if position < len(items)]
    if bad:
        rest = [item for position, item in enumerate(items) if position not in guilty]
        return in_turn([rest], _key, lambda part: _create(calls, part)) + bad if rest else bad
    if fault.full or fault.status in (404, 409):
        # A missing group is the only thing a create can fail to find, and new contacts all get the same one.
        return [_refused(key, fault) for key, _ in items]
    return in_turn(halves(items), _key, lambda part: _create(calls, part))


def _refused(key: str, fault: Fault) -> Outcome:
    if fault.status in (404, NOT_FOUND):
        return Outcome(key, Status.REFUSED, reason=fault.plain_reason, field="memberships")
    return of_fault(key, fault)


def _by_mark(answered: Sequence[object]) -> dict[str, Json]:
    return {
        str(data.get("value")): person
        for person in answered
        if is_person(person)
        for data in as_maps(person.get("clientData"))
        if data.get("key") == MARK_KEY
    }


def _key(item: New) -> str:
    return item[0]
