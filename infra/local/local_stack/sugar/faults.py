"""Faults on demand: what real servers, proxies and networks do to a client."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import SugarError, not_authorized

_AFTERWARDS = {
    "500 afterwards": SugarError(500, "fatal_error", "An exception occurred after the record was saved."),
    "403 afterwards": not_authorized(),
    "404 afterwards": SugarError(404, "not_found", "Could not find record"),
}
KINDS = frozenset(
    {
        *("500 db_error", "503 maintenance", "502 html", "429", "401", "422 hook"),
        *("slow", "drop_before", "drop_after"),
        *_AFTERWARDS,
    }
)


@dataclass
class Fault:
    """A fault that strikes matching requests, also those inside /bulk.

    `method` and `path` are regular expressions, searched in the verb and in the path below the version, such
    as
    `/Contacts/filter`; None matches everything. `skip` matches go through first, then `times` are struck
    (None: all).

    slow: the request is carried out, then the answer takes `seconds`. drop_before and drop_after: the
    connection is
    lost before or after the effect; inside /bulk that leaves the earlier items done and the later ones not.
    422 hook: refused by a rule of the company's own, a hook that throws before the save.
    500, 403 and 404 afterwards: the request is carried out and then refused, as by a hook that throws after
    the save, or by rights that the save itself took away.
    """

    kind: str
    path: str | None = None
    method: str | None = None
    times: int | None = 1
    skip: int = 0
    seconds: float = 0.0
    retry_after: int | None = None

    def matches(self, method: str, path: str) -> bool:
        """Whether the request is meant."""
        return (self.method is None or re.fullmatch(self.method, method, re.I) is not None) and (
            self.path is None or re.search(self.path, path) is not None
        )


class FaultPlan:
    """The faults in force; the first that matches a request strikes."""

    def __init__(self) -> None:
        self.struck: list[tuple[str, str, str]] = []
        self._faults: list[Fault] = []

    def add(
        self,
        kind: str,
        path: str | None = None,
        method: str | None = None,
        *,
        times: int | None = 1,
        skip: int = 0,
        seconds: float = 0.0,
        retry_after: int | None = None,
    ) -> Fault:
        """Plan a fault; see Fault. Raises ValueError for an unknown kind."""
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}; known: {', '.join(sorted(KINDS))}")
        fault = Fault(kind, path, method, times, skip, seconds, retry_after)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Heal everything."""
        self._faults.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that strikes this request, counted down."""
        for fault in self._faults:
            if fault.times == 0 or not fault.matches(method, path):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
            self.struck.append((fault.kind, method, path))
            return fault
        return None


def refusal(kind: str) -> SugarError | None:
    """The error answer of a fault that refuses a request without any effect; None for the other kinds."""
    return {
        "500 db_error": SugarError(
            500, "db_error", "Database failure. Please refer to sugarcrm.log for details."
        ),
        "503 maintenance": SugarError(
            503, "maintenance", "The server is in maintenance mode.", {"url": "/maintenance"}
        ),
        "502 html": SugarError(502, "bad_gateway", "Bad Gateway"),
        "429": SugarError(429, "too_many_requests", "Too Many Requests"),
        "401": SugarError(401, "invalid_grant", "The access token provided is invalid."),
        "422 hook": SugarError(422, "invalid_parameter", "A contact needs a sponsor."),
    }.get(kind)


def refusal_afterwards(kind: str) -> SugarError | None:
    """The error answer of a fault that refuses a request once its effect is there; None for the other kinds."""
    return _AFTERWARDS.get(kind)
