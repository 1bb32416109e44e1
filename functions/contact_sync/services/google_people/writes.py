"""What creates, updates and deletes have in common: strictly one after another, one outcome per element.

An error that concerns the whole account raises while nothing was sent yet. Later it would hide what already
happened, so the rest answers TRANSIENT and the next call meets the error again. `retry_after` is set on
elements that only had to stand back: the contact itself is not to blame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from ...errors import OperatorMustAct, SyncError, TransientForUser, UserMustAct
from ..outcome import Outcome, Status
from .faults import FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND, OUT_OF_RANGE, RATE_LIMIT_WAIT, Fault

Item = TypeVar("Item")

SINGLES = 5
"""Up to this many elements go by single calls.

A batch costs 6 reads, 6 writes and 200 of the daily writes of Google's quotas, whatever its size.
"""

_FOR_GOOD = frozenset({INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION, OUT_OF_RANGE})


def in_turn(
    parts: Sequence[Sequence[Item]],
    key: Callable[[Item], str],
    send: Callable[[Sequence[Item]], list[Outcome]],
) -> list[Outcome]:
    """Send each part; once an error or an outcome says wait, the parts after it are not sent."""
    outcomes: list[Outcome] = []
    for position, part in enumerate(parts):
        try:
            answered = send(part)
        except SyncError as error:
            if position == 0:
                raise_if_final(error)
            return outcomes + postponed([key(item) for left in parts[position:] for item in left], error)
        outcomes += answered
        waiting = next((each for each in answered if each.retry_after is not None), None)
        if waiting:
            left = [key(item) for part in parts[position + 1 :] for item in part]
            return outcomes + [_waits(each, waiting.reason, waiting.retry_after) for each in left]
    return outcomes


def raise_if_final(error: SyncError) -> None:
    """Let through an error that waiting does not cure."""
    if isinstance(error, UserMustAct | OperatorMustAct):
        raise error


def postponed(keys: Sequence[str], error: SyncError) -> list[Outcome]:
    """Outcomes of elements that were not sent because of `error`."""
    wait = error.retry_after if isinstance(error, TransientForUser) else None
    return [_waits(key, error.code, wait) for key in keys]


def _waits(key: str, reason: str, seconds: float | None) -> Outcome:
    return Outcome(key, Status.TRANSIENT, reason=reason, retry_after=seconds or 0.0)


def of_fault(key: str, fault: Fault) -> Outcome:
    """The outcome of an element that Google refused, by its own fault or that of a call for it alone."""
    if fault.full:
        return Outcome(key, Status.FULL, reason="google_full")
    if fault.status == 409:
        return _waits(key, "google_busy", RATE_LIMIT_WAIT)
    if fault.status in _FOR_GOOD or 400 <= fault.status < 500:
        return Outcome(key, Status.REFUSED, reason=fault.plain_reason, field=fault.field)
    return Outcome(key, Status.TRANSIENT, reason=fault.plain_reason)


def singly(items: Sequence[Item]) -> list[Sequence[Item]]:
    """Each item as a part of its own."""
    return chunks(items, 1)


def chunks(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """The items in parts of at most `size`."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def halves(items: Sequence[Item]) -> list[Sequence[Item]]:
    """The items in two parts: how the guilty one is found when Google does not name it."""
    middle = len(items) // 2
    return [items[:middle], items[middle:]]


def in_order(keys: Sequence[str], outcomes: Iterable[Outcome]) -> list[Outcome]:
    """The outcomes in the order in which the elements were given."""
    by_key = {outcome.key: outcome for outcome in outcomes}
    return [by_key[key] for key in keys]
