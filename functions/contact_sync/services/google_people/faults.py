"""What Google says when it does not do what was asked, and which of our errors that is.

Bodies may be JSON of two styles, or an HTML page from a proxy or for an unknown path; all are survived.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...contacts.json_values import as_maps
from ...errors import OperatorMustAct, RateLimited, SyncError, TransientForUser, UserMustAct
from ..exchange import LONGEST_WAIT, asked_to_wait, parsed

RATE_LIMIT_WAIT = 5.0
"""Seconds. The quotas are per minute, and shorter waits only collect more refusals."""
EXHAUSTED_WAIT = 300.0
"""Seconds. Limits on the account itself ("FBS") and daily ones last minutes to hours."""
LONGEST_EXHAUSTED: Final = 6 * 3600.0
"""Seconds that such a limit may put a user off at most; nothing else may for more than an hour."""
_MESSAGE: Final = 2000
"""Characters of a message that are looked at; what is longer would take its time to search."""

_TIMED_OUT = frozenset({408, 499})
INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION, OUT_OF_RANGE = 3, 5, 9, 11
"""Codes of google.rpc.Status, as found in the elements of a batch."""
_UNKNOWN = 2

# A quotation that the cut of a message left open is one as well.
_QUOTED = re.compile(r"\"[^\"]*(?:\"|$)|“[^”]*(?:”|$)")
_PRIVATE = re.compile(r"\S+@\S+|\+?\d[\d ()./-]{4,}\d")
_FIELD = re.compile(r"\bperson\.([a-z]\w*)", re.IGNORECASE)
_RATE_REASONS = frozenset({"RATE_LIMIT_EXCEEDED", "rateLimitExceeded", "userRateLimitExceeded"})


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal as Google worded it, of a whole call or of one element of a batch."""

    status: int
    """The HTTP status; for an element of a batch its google.rpc code."""
    message: str = ""
    reason: str = ""
    details: tuple[Mapping[str, Any], ...] = ()
    retry_after: float | None = None

    @property
    def unavailable(self) -> bool:
        """Somebody on the way failed or gave up: what was asked may have been done all the same."""
        return self.status >= 500 or self.status in _TIMED_OUT

    @property
    def full(self) -> bool:
        """The account holds as many contacts as Google allows."""
        return "MY_CONTACTS_OVERFLOW_COUNT" in self.message or "MY_CONTACTS_OVERFLOW_COUNT" in self.reason

    @property
    def stale(self) -> bool:
        """The etag sent is not the current one, or none was sent: read again."""
        return self.status in (400, INVALID_ARGUMENT, FAILED_PRECONDITION) and "etag" in self.message

    @property
    def field(self) -> str | None:
        """The Person field that Google names as the bad one, if any."""
        for detail in self.details:
            for violation in as_maps(detail.get("fieldViolations")):
                if violation.get("field"):
                    return str(violation["field"])
        named = _FIELD.search(self.message)
        return named[1] if named and named[1] not in ("etag", "metadata") else None

    @property
    def plain_reason(self) -> str:
        """Google's words without anything that could be a contact's data."""
        return _PRIVATE.sub("…", _QUOTED.sub("…", self.message))[:300] or f"HTTP {self.status}"

    def elements(self) -> dict[str, Fault]:
        """The guilty elements of a refused batch by resource name or position; empty if Google named none."""
        found: dict[str, Fault] = {}
        for detail in self.details:
            errors = detail.get("contactErrors")
            if isinstance(errors, Mapping):
                found |= {str(key): element(status) for key, status in errors.items()}
        return found


class Rejected(Exception):
    """Google refused a call because of what it asked for; nothing was done. Never leaves this package."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.plain_reason)
        self.fault = fault


def element(status: Any) -> Fault:
    """The fault of one element, from its google.rpc.Status."""
    if not isinstance(status, Mapping):
        return Fault(status=0)
    details, code = tuple(as_maps(status.get("details"))), status.get("code")
    # Something is wrong with it, though nothing says what.
    number = code if isinstance(code, int) else _UNKNOWN if code else 0
    return Fault(number, _said(status.get("message")), _reason(details), details)


def read_fault(status: int, headers: Mapping[str, str], content: bytes) -> Fault:
    """The fault of an answer that is no success."""
    try:
        body = parsed(content)
    except ValueError:
        body = None
    error = body.get("error") if isinstance(body, dict) else None
    error = error if isinstance(error, dict) else {}
    details = tuple(as_maps(error.get("details")))
    reason = _reason(details) or _reason(as_maps(error.get("errors")))
    wait = asked_to_wait(headers.get("retry-after"), LONGEST_EXHAUSTED)
    return Fault(status, _said(error.get("message")), reason, details, wait)


def account_error(fault: Fault) -> SyncError | None:
    """Our error where the fault concerns the whole account, None where it is about what was asked."""
    status = fault.status
    if fault.full:
        return None
    if fault.unavailable:
        wait = None if fault.retry_after is None else min(fault.retry_after, LONGEST_WAIT)
        return TransientForUser("google_unavailable", f"Google answered {status}", wait)
    if status == 401:
        return UserMustAct("reconnect", "Google no longer accepts the connection")
    if status == 429 or (status == 403 and fault.reason in _RATE_REASONS):
        return _rate_limited(fault)
    if status == 403:
        return _forbidden(fault)
    return None


def _rate_limited(fault: Fault) -> RateLimited:
    said = " ".join([fault.message, *(str(detail) for detail in fault.details)]).lower()
    lasting = "exhausted" in fault.message.lower() or any(
        word in said for word in ("fbs quota", "per day", "perday", "daily")
    )
    asked, message = fault.retry_after or 0.0, "Google's quota is used up for now"
    if lasting:
        return RateLimited("google_exhausted", message, max(EXHAUSTED_WAIT, asked))
    return RateLimited("google_rate_limited", message, min(max(RATE_LIMIT_WAIT, asked), LONGEST_WAIT))


def _forbidden(fault: Fault) -> SyncError:
    if (
        fault.reason == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
        or "insufficient authentication scopes" in fault.message
    ):
        return UserMustAct("permission_missing", "access to Google Contacts was not granted")
    if fault.reason == "SERVICE_DISABLED":
        return OperatorMustAct(
            "people_api_disabled", "the People API is not enabled in the Google Cloud project"
        )
    return OperatorMustAct("google_forbidden", f"Google forbids access to contacts: {fault.plain_reason}")


def _reason(details: Sequence[Mapping[str, Any]]) -> str:
    return next((_said(detail["reason"]) for detail in details if detail.get("reason")), "")


def _said(text: Any) -> str:
    return str(text or "")[:_MESSAGE]
