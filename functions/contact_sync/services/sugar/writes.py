"""Writes to contacts: in /bulk chunks that adapt to their duration, each sent once; one outcome per write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from ...errors import OutcomeUnknown, RateLimited, SyncError
from ..outcome import Outcome, Status
from .calls import Caller, Item, TooLarge
from .content import read_names, shows
from .faults import named_field, plain_reason
from .records import record_item
from .transport import Answer, segment

NOT_SENT: Final = "not sent"
"""Reason of a TRANSIENT outcome whose write never left: time was up, or Sugar refused the whole call."""
LARGEST_CHUNK: Final = 200
_QUICK_SECONDS: Final = 10.0
_SLOW_SECONDS: Final = 25.0
_LEAST_SECONDS: Final = 5.0
_MARGIN: Final = 0.8
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


class Writer:
    """Writes as one user."""

    def __init__(self, caller: Caller, fields: Sequence[str], now: Callable[[], datetime]) -> None:
        self._caller = caller
        self._fields = fields
        self._now = now

    def write(self, writes: Sequence[SugarWrite], chunk: int, deadline: Callable[[], float]) -> WriteResult:
        """Carry out deletes, then updates, then creates. `deadline` answers the seconds a call may last."""
        queue = sorted(writes, key=lambda write: _ORDER[write.kind])
        outcomes: list[Outcome] = []
        error: SyncError | None = None
        chunk = max(1, min(chunk, LARGEST_CHUNK))
        seconds_each = 0.0
        while queue and error is None:
            part = queue[: _fitting(chunk, deadline(), seconds_each)]
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
                results, error = self._resolve(part, deadline)
            except SyncError as fault:
                error = fault
                break
            else:
                seconds = (self._now() - began).total_seconds()
                seconds_each = seconds / len(part)
                chunk = _adapted(chunk, len(part), seconds)
            outcomes += results
            queue = queue[len(part) :]
        return WriteResult(outcomes + [_not_sent(write, error) for write in queue], chunk, error)

    def _send(self, part: Sequence[SugarWrite], deadline: Callable[[], float]) -> list[Answer]:
        return self._caller.write_bulk([self._item(write) for write in part], deadline())

    def _item(self, write: SugarWrite) -> Item:
        if write.kind == "create":
            return Item("Contacts", "POST", {**write.fields, "id": write.id})
        if write.kind == "delete":
            return Item(f"Contacts/{segment(write.id)}", "DELETE")
        headers = {"X-Timestamp": write.expected} if write.expected else {}
        return replace(record_item(write.id, self._fields), method="PUT", data=write.fields, headers=headers)

    def _settle(
        self, part: Sequence[SugarWrite], answers: Sequence[Answer], deadline: Callable[[], float]
    ) -> tuple[list[Outcome], SyncError | None]:
        """Outcomes of a chunk that was answered. A refused create may exist already: it is read."""
        pairs = list(zip(part, answers, strict=True))
        refused = [write for write, answer in pairs if write.kind == "create" and answer.status == 422]
        held, error = self._read(refused, deadline)
        doubtful = {write.id for write in refused if write.id not in held or held[write.id] is not None}
        return [
            _existing(write, held.get(write.id)) if write.id in doubtful else _outcome(write, answer)
            for write, answer in pairs
        ], error

    def _resolve(
        self, part: Sequence[SugarWrite], deadline: Callable[[], float]
    ) -> tuple[list[Outcome], SyncError | None]:
        """Outcomes of a chunk whose answer was lost, by what Sugar holds now; nothing of it is sent again."""
        held, error = self._read(part, deadline)
        return [_resolved(write, held) for write in part], error

    def _read(
        self, writes: Sequence[SugarWrite], deadline: Callable[[], float]
    ) -> tuple[dict[str, dict[str, Any] | None], SyncError | None]:
        """The records now, None where there is none; an id that could not be read is left out."""
        held: dict[str, dict[str, Any] | None] = {}
        seconds = deadline()
        if seconds < _LEAST_SECONDS:
            return held, None
        items = [record_item(write.id, [*self._fields, *read_names(write.fields)]) for write in writes]
        try:
            answers = self._caller.read_bulk(items, seconds)
        except SyncError as error:
            return held, error
        for write, answer in zip(writes, answers, strict=True):
            if answer.status == 200 and isinstance(answer.body, dict):
                held[write.id] = answer.body
            elif answer.status == 404 and answer.label == "not_found":
                held[write.id] = None
        return held, None


def _outcome(write: SugarWrite, answer: Answer) -> Outcome:
    status, body = answer.status, answer.body
    if status == 200:
        if write.kind == "delete":
            return Outcome(write.id, Status.DONE)
        if isinstance(body, dict):
            return Outcome(write.id, Status.DONE, body)
        return Outcome(write.id, Status.UNKNOWN)
    if status == 404:
        # A created record can lie outside what its creator sees: the answer is then 404 although it exists.
        gone = {"delete": Status.DONE, "update": Status.GONE, "create": Status.UNKNOWN}
        return Outcome(write.id, gone[write.kind])
    if status == 409:
        record = body.get("record") if isinstance(body, dict) else None
        record = record if isinstance(record, dict) else None
        done = record is not None and shows(record, write.fields)
        return Outcome(write.id, Status.DONE if done else Status.CONFLICT, record)
    reason = plain_reason(answer, write.fields)
    if status in (400, 403, 413, 422):
        return Outcome(write.id, Status.REFUSED, reason=reason, field=named_field(reason, write.fields))
    return Outcome(write.id, Status.TRANSIENT, reason=reason)


def _existing(write: SugarWrite, record: Mapping[str, Any] | None) -> Outcome:
    if record is None:
        return Outcome(write.id, Status.UNKNOWN)
    done = shows(record, write.fields)
    return Outcome(write.id, Status.DONE if done else Status.CONFLICT, record)


def _resolved(write: SugarWrite, held: Mapping[str, dict[str, Any] | None]) -> Outcome:
    record = held.get(write.id)
    if write.kind == "delete":
        gone = write.id in held and record is None
        return Outcome(write.id, Status.DONE if gone else Status.UNKNOWN)
    if record is not None and shows(record, write.fields):
        return Outcome(write.id, Status.DONE, record)
    return Outcome(write.id, Status.UNKNOWN)


def _not_sent(write: SugarWrite, error: SyncError | None) -> Outcome:
    wait = error.retry_after if isinstance(error, RateLimited) else None
    return Outcome(write.id, Status.TRANSIENT, reason=NOT_SENT, retry_after=wait)


def _fitting(chunk: int, left: float, seconds_each: float) -> int:
    """How many writes to send with so many seconds left: a chunk that is cut off leaves doubtful outcomes."""
    if left < _LEAST_SECONDS:
        return 0
    return min(chunk, int(left * _MARGIN / seconds_each)) if seconds_each else chunk


def _adapted(chunk: int, sent: int, seconds: float) -> int:
    if seconds > _SLOW_SECONDS:
        return max(1, sent // 2)
    if seconds < _QUICK_SECONDS and sent >= chunk:
        return min(LARGEST_CHUNK, chunk * 2)
    return chunk
