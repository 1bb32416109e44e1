"""One call to the People API: build it, send it once, and turn what goes wrong into our errors."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from ...errors import OperatorMustAct, OutcomeUnknown, TransientForUser
from ..exchange import Lost
from .faults import Rejected, account_error, read_fault
from .transport import Refusal, Transport

Json = dict[str, Any]

SOURCES = ["READ_SOURCE_TYPE_CONTACT"]
"""Without this the items of a user's public profile would be mixed into the fields."""

_RETRY_WAIT = 1.0


class Resources(NamedTuple):
    """The parts of the People API that are used, as the client library builds them."""

    people: Any
    connections: Any
    groups: Any


_NO_HTTP = object()
"""Stands where the library wants a transport to build with; every call brings its own."""


@functools.lru_cache(maxsize=4)
def resources(endpoint: str) -> Resources:
    """The API at `endpoint`, built from the discovery document that comes with the client library.

    It holds no connection. The library is imported here, where it is first needed: that takes a good third of
    a second.
    """
    from googleapiclient.discovery import build

    options = {"api_endpoint": endpoint}
    service = build(
        "people", "v1", http=_NO_HTTP, static_discovery=True, cache_discovery=False, client_options=options
    )
    people = service.people()
    return Resources(people, people.connections(), service.contactGroups())


class Calls:
    """The calls of one user. Reads are repeated once where that may help; writes are sent exactly once."""

    def __init__(self, endpoint: str, transport: Transport, sleep: Callable[[float], None]) -> None:
        self._endpoint = endpoint
        self._transport = transport
        self.sleep = sleep

    @property
    def api(self) -> Resources:
        """Where requests are built."""
        return resources(self._endpoint)

    def read(self, request: Any) -> Json:
        """Answer of a call that changes nothing. Raises Rejected, or a SyncError about the account."""
        try:
            return self._execute(request)
        except _Unavailable:
            self.sleep(_RETRY_WAIT)
        try:
            return self._execute(request)
        except _Unavailable as still:
            raise still.error from None

    def write(self, request: Any) -> Json:
        """Answer of a call that changes something.

        Raises Rejected and the SyncErrors about the account where nothing was done, OutcomeUnknown where it
        may have been.
        """
        try:
            return self._execute(request)
        except _Unavailable as lost:
            if not lost.sent:
                raise lost.error from None
            raise OutcomeUnknown(lost.error.code, lost.error.message, lost.error.retry_after) from None

    def _execute(self, request: Any) -> Json:
        try:
            answer = request.execute(http=self._transport, num_retries=0)
        except Lost as lost:
            unanswered = TransientForUser("google_unavailable", "Google did not answer")
            raise _Unavailable(unanswered, lost.sent) from None
        except Refusal as refusal:
            fault = read_fault(refusal.status, refusal.headers, refusal.content)
            error = account_error(fault)
            if isinstance(error, TransientForUser) and fault.unavailable:
                raise _Unavailable(error, sent=True) from None
            if error:
                raise error from None
            raise Rejected(fault) from None
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise _Unavailable(malformed("an answer that is no JSON object"), sent=True) from None
        return answer


class _Unavailable(Exception):
    """Google could not answer. `sent`: it may nevertheless have done what was asked."""

    def __init__(self, error: TransientForUser, sent: bool) -> None:
        super().__init__(error.code)
        self.error = error
        self.sent = sent


def listed(answer: Json, name: str) -> list[Json]:
    """The objects of a list in an answer; Google leaves an empty one out."""
    found = answer.get(name)
    if not isinstance(found, list | None):
        raise malformed(f"{name} that are no list")
    return [each for each in found or () if isinstance(each, dict)]


def token_in(answer: Json, name: str) -> str | None:
    """A token in an answer with which the next call goes on."""
    token = answer.get(name) or None
    if not isinstance(token, str | None):
        raise malformed(f"a {name} that is no text")
    return token


def malformed(what: str) -> TransientForUser:
    """An answer that makes no sense: nothing is concluded from it."""
    return TransientForUser("google_malformed", f"Google sent {what}")


def refused(rejected: Rejected) -> OperatorMustAct:
    """A refusal that no contact is to blame for: what we ask for is wrong."""
    return OperatorMustAct("google_refused", f"Google refused the call: {rejected.fault.plain_reason}")
