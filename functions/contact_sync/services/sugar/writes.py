"""Writes to contacts: in /bulk chunks that adapt to their duration, each sent once; one outcome per write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import Any, Final, Literal

from ...contacts.sugar_record import is_stub
from ...contacts.sugar_schema import KEYS
from ...errors import ContactAtFault, OutcomeUnknown, RateLimited, SyncError
from ..outcome import Outcome, Status
from .calls import Caller, Item, TooLarge
from .content import read_names, shows
from .faults import named_field, plain_reason
from .paths import fits_item, fits_request, segment
from .portions import Portion, adapted
from .records import fetch, record_item
from .transport import Answer

NOT_SENT: Final = "not sent"
"""Reason of a TRANSIENT outcome whose write never left: time was up, or Sugar refused the whole call."""
LARGEST_CHUNK: Final = 200
_LEAST_SECONDS: Final = 5.0
_MARGIN: Final = 0.8
_NO_PATH: Final = (
    "The id of this record cannot be part of a web address, so nobody can ask Sugar to change it."
)
_ORDER: Final = {"delete": 0, "update": 1, "create": 2}


@dataclass(frozen=True, slots=True)
class SugarWrite:
    """One write to one contact. `fields` are Sugar's; a create gets `id` from us.

    `expected` is the date_modified last seen, as Sugar returned it: an update of a record that moved on is
    refused.
    """

    kind: Literal["create", "update", "delete"]
    id: str
    fields: Mapping[str, Any]
    expected: str | None = None


@dataclass(frozen=True, slots=True)
class WriteResult:
    """One outcome per write, in the order they were carried out, and the chunk size to begin with next time.

    `error` is what ended the call early, if anything did; the writes it kept back are TRANSIENT with
    `NOT_SENT`.
    """

    outcomes: list[Outcome]
    chunk: int
    error: SyncError | None = None
    unwritten: frozenset[str] = frozenset()
    """Ids of updates that have no outcome: the user may not write any of their fields."""


class Writer:
    """Writes as one user."""

    def __init__(
        self,
        caller: Caller,
        reads: Portion,
        fields: Sequence[str],
        now: Callable[[], datetime],
        still_there: Callable[[Collection[str]], set[str]],
    ) -> None:
        """`still_there` answers which of these records the service administrator can read."""
        self._caller = caller
        self._reads = reads
        self._still_there = still_there
        self._fields = fields
        self._now = now

    def write(self, writes: Sequence[SugarWrite], chunk: int, deadline: Callable[[], float]) -> WriteResult:
        """Carry out deletes, then updates, then creates. `deadline` answers the seconds a call may last."""
        queue = sorted(writes, key=lambda write: _ORDER[write.kind])
        lost = [write for write in queue if _stands_alone(write) and not fits_request(write.id)]
        outcomes = [Outcome(write.id, Status.REFUSED, reason=_NO_PATH) for write in lost]
        queue = [write for write in queue if write not in lost]
        error: SyncError | None = None
        unwritten: set[str] = set()
        chunk = max(1, min(chunk, LARGEST_CHUNK))
        seconds_each = 0.0
        while queue and error is None:
            part = _next_part(queue, _fitting(chunk, deadline(), seconds_each))
            if not part:
                break
            began = self._now()
            try:
                results, error = self._settle(part, self._send(part, deadline), deadline)
            except TooLarge:
                if len(part) > 1:
                    chunk = len(part) // 2
                    continue
                results = [Outcome(part[0].id, Status.REFUSED, reason="Sugar: the request is too large")]
            except OutcomeUnknown:
                chunk = max(1, len(part) // 2)
                results, error = self._settle(part, [None] * len(part), deadline)
            except SyncError as fault:
                error = fault
                break
            else:
                seconds = (self._now() - began).total_seconds()
                seconds_each = seconds / len(part)
                chunk = adapted(chunk, len(part), seconds, LARGEST_CHUNK)
            queue = queue[len(part) :]
            for write, outcome in zip(part, results, strict=True):
                allowed = _without_denied(write, outcome)
                if allowed is None:
                    outcomes.append(outcome)
                elif allowed.fields:
                    queue.insert(0, allowed)
                else:
                    unwritten.add(write.id)
        not_sent = [_not_sent(write, error) for write in queue]
        return WriteResult(outcomes + not_sent, chunk, error, frozenset(unwritten))

    def _send(self, part: Sequence[SugarWrite], deadline: Callable[[], float]) -> list[Answer]:
        items = [self._item(write) for write in part]
        if _stands_alone(part[0]):
            return [self._caller.write_alone(items[0], deadline())]
        return self._caller.write_bulk(items, deadline())

    def _item(self, write: SugarWrite) -> Item:
        if write.kind == "create":
            return Item("Contacts", "POST", {**write.fields, "id": write.id})
        named = segment(write.id) if _stands_alone(write) else write.id
        if write.kind == "delete":
            return Item(f"Contacts/{named}", "DELETE")
        headers = {"X-Timestamp": write.expected} if write.expected else {}
        return replace(record_item(named, self._fields), method="PUT", data=write.fields, headers=headers)

    def _settle(
        self, part: Sequence[SugarWrite], answers: Sequence[Answer | None], deadline: Callable[[], float]
    ) -> tuple[list[Outcome], SyncError | None]:
        """Outcomes of writes by their answers (None: the chunk's was lost), the doubtful ones by what Sugar holds now.

        Nothing is sent again.
        """
        pairs = list(zip(part, answers, strict=True))
        certain = {write.id: _certain(write, answer) for write, answer in pairs if answer is not None}
        doubtful = [write for write in part if certain.get(write.id) is None]
        held, error = self._held(doubtful, deadline, answered=None not in answers)
        return [
            certain.get(write.id) or _by_what_is_held(write, answer, held) for write, answer in pairs
        ], error

    def _held(
        self, writes: Sequence[SugarWrite], deadline: Callable[[], float], *, answered: bool
    ) -> tuple[dict[str, Mapping[str, Any] | None], SyncError | None]:
        """The records now; None where there is none, and without any field where the user may not see it.

        What could not be found out is left out. A user who reads 404 may only have lost the sight of a record, by this
        very write, so the administrator is asked about those that were `answered`.
        """
        if not writes or deadline() < _LEAST_SECONDS:
            return {}, None
        names = [*self._fields, *(name for write in writes for name in read_names(write.fields))]
        held: dict[str, Mapping[str, Any] | None] = {}
        try:
            read = fetch(
                self._caller, self._reads, names, self._now, [write.id for write in writes], (), (), ()
            )
            held |= {key: record for key, record in read.records.items() if record is not None}
            held |= {key: {} for key, fault in read.failed.items() if isinstance(fault, ContactAtFault)}
            unseen = [key for key, record in read.records.items() if record is None]
            there = self._still_there(unseen) if unseen and answered else set()
            held |= {key: {} if key in there else None for key in unseen}
        except SyncError as error:
            return held, error
        return held, None


def _without_denied(write: SugarWrite, outcome: Outcome) -> SugarWrite | None:
    """What is left to write where the user's rights forbid one field: Sugar refuses the whole request for it, before
    anything is changed, and names it. None: this is no such refusal, or the rest makes no sense without the field."""
    if outcome.status is not Status.REFUSED or not outcome.denied or outcome.field is None:
        return None
    together = [set(keys) for keys in KEYS.values() if outcome.field in keys]
    if outcome.field == "last_name":
        together.append({"first_name"})
    droppable = bool(together) and not (write.kind == "create" and outcome.field == "last_name")
    keys = {outcome.field}.union(*together)
    rest = {name: value for name, value in write.fields.items() if name not in keys}
    return replace(write, fields=rest) if droppable else None


def _stands_alone(write: SugarWrite) -> bool:
    """Whether it has to be a request of its own: its id does not fit the path of a /bulk item."""
    return write.kind != "create" and not fits_item(write.id)


def _next_part(queue: Sequence[SugarWrite], most: int) -> Sequence[SugarWrite]:
    if queue and _stands_alone(queue[0]):
        return queue[: min(1, most)]
    return list(takewhile(lambda write: not _stands_alone(write), queue[:most]))


def _certain(write: SugarWrite, answer: Answer) -> Outcome | None:
    """The outcome that an answer proves; None: it is in doubt.

    An error may come from a hook after the save, and Sugar reads a record back as the user before it answers: a write
    that hid it is done, and answered 403, 404 or without any field.
    """
    status, body = answer.status, answer.body
    body = body if isinstance(body, dict) else {}
    if status == 200 and body.get("id") == write.id:
        if write.kind == "delete":
            return Outcome(write.id, Status.DONE)
        return None if is_stub(body) else Outcome(write.id, Status.DONE, body)
    if write.kind == "create":
        return None
    if status == 409 and write.kind == "update":
        record = body.get("record")
        record = record if isinstance(record, dict) else None
        done = record is not None and shows(record, write.fields)
        return Outcome(write.id, Status.DONE if done else Status.CONFLICT, record)
    return _refusal(write, answer) if status in (400, 413, 422) else None


def _by_what_is_held(
    write: SugarWrite, answer: Answer | None, held: Mapping[str, Mapping[str, Any] | None]
) -> Outcome:
    """The outcome of a doubtful write. Without an answer Sugar may be at it still: then only what shows is certain."""
    unknown = Outcome(write.id, Status.UNKNOWN)
    if write.id not in held:
        return unknown
    record = held[write.id]
    if record is None and write.kind == "delete":
        return Outcome(write.id, Status.DONE)
    if record is not None and write.kind != "delete" and shows(record, write.fields):
        return Outcome(write.id, Status.DONE, record)
    if answer is None:
        return unknown
    if record is not None and is_stub(record):
        return Outcome(write.id, Status.CONFLICT) if write.kind == "delete" else unknown
    if record is None and write.kind == "update":
        return Outcome(write.id, Status.GONE)
    if write.kind == "create" and (record is not None or answer.status == 404):
        # Sugar finds no record only after it made one.
        return unknown if record is None else Outcome(write.id, Status.CONFLICT, record)
    return _refusal(write, answer)


def _refusal(write: SugarWrite, answer: Answer) -> Outcome:
    """The outcome of a write that did not take effect."""
    reason = plain_reason(answer, write.fields)
    if answer.status in (400, 403, 413, 422):
        field = named_field(reason, write.fields)
        return Outcome(write.id, Status.REFUSED, reason=reason, field=field, denied=answer.status == 403)
    return Outcome(write.id, Status.TRANSIENT, reason=reason)


def _not_sent(write: SugarWrite, error: SyncError | None) -> Outcome:
    wait = error.retry_after if isinstance(error, RateLimited) else None
    return Outcome(write.id, Status.TRANSIENT, reason=NOT_SENT, retry_after=wait)


def _fitting(chunk: int, left: float, seconds_each: float) -> int:
    """How many writes to send with so many seconds left: a chunk that is cut off leaves doubtful outcomes."""
    if left < _LEAST_SECONDS:
        return 0
    return min(chunk, int(left * _MARGIN / seconds_each)) if seconds_each else chunk
