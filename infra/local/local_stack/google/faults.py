"""Failures on order: what goes wrong, on which requests, how often."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from . import errors
from .errors import ApiError, OAuthError

_ERRORS: dict[str, Callable[[], Exception]] = {
    "400": errors.invalid,
    "401": lambda: errors.unauthenticated("Unknown"),
    "403 scope": lambda: errors.scope_insufficient("Unknown"),
    "403 disabled": errors.service_disabled,
    "404": errors.not_found,
    "409": lambda: ApiError(409, "The operation was aborted.", "ABORTED"),
    "429 rate": lambda: errors.rate_limited(
        "Critical write requests", "CriticalWritesPerMinutePerProjectPerUser", "critical_write_requests"
    ),
    "429 fbs": errors.account_quota_exceeded,
    "500": errors.internal,
    "502 html": lambda: BadGateway(),
    "503": errors.unavailable,
    "expired sync token": lambda: errors.expired_sync_token("FAILED_PRECONDITION"),
    "invalid_grant": lambda: OAuthError(400, "invalid_grant", "Token has been expired or revoked."),
}
_CONDITIONS = frozenset(
    {"slow", "drop_before", "drop_after", "500 afterwards", "stale etag", "batch without details"}
)
KINDS = frozenset(_ERRORS) | _CONDITIONS


class BadGateway(Exception):
    """502 with an HTML page, from in front of the service."""


@dataclass
class Fault:
    """One order: what happens to matching requests, how many of them are left, how many pass before."""

    kind: str
    method: re.Pattern[str]
    path: re.Pattern[str]
    left: int | None
    after: int
    seconds: float


@dataclass(frozen=True)
class Faults:
    """What happens to one request."""

    error: Exception | None = None
    slow: float = 0.0
    drop_before: bool = False
    drop_after: bool = False
    fails_afterwards: bool = False
    stale_etag: bool = False
    without_details: bool = False


class FaultPlan:
    """The failures that are ordered."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(
        self,
        kind: str | int,
        path: str = "",
        method: str = "",
        *,
        times: int | None = 1,
        after: int = 0,
        seconds: float = 0.0,
    ) -> None:
        """Order a failure for the next `times` matching requests (None: all) after the first `after` of them.

        `path` is a regular expression searched in the path with its query, `method` one for the HTTP method.
        `seconds` is how long "slow" takes: its effect happens, and a caller that waits less sees a timeout.
        "drop_before" closes the connection instead of doing anything, "drop_after" does it and then closes,
        "500 afterwards" does it and then says that it failed.
        """
        if str(kind) not in KINDS:
            raise ValueError(f"unknown kind of fault {kind!r}, known: {', '.join(sorted(KINDS))}")
        self._faults.append(Fault(str(kind), re.compile(method), re.compile(path), times, after, seconds))

    def clear(self) -> None:
        """Forget all orders."""
        self._faults.clear()

    def strike(self, method: str, target: str) -> Faults:
        """What the orders do to this request; they are used up by it. Only the first error counts."""
        hit: dict[str, Fault] = {}
        error: Exception | None = None
        for fault in list(self._faults):
            if not (fault.method.search(method) and fault.path.search(target)):
                continue
            if fault.kind in _ERRORS and error is not None:
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.left is not None:
                fault.left -= 1
                if fault.left <= 0:
                    self._faults.remove(fault)
            hit[fault.kind] = fault
            if fault.kind in _ERRORS:
                error = _ERRORS[fault.kind]()
        return Faults(
            error=error,
            slow=hit["slow"].seconds if "slow" in hit else 0.0,
            drop_before="drop_before" in hit,
            drop_after="drop_after" in hit,
            fails_afterwards="500 afterwards" in hit,
            stale_etag="stale etag" in hit,
            without_details="batch without details" in hit,
        )
