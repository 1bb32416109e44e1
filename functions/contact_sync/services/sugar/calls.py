"""Calls under a token that may have died: renewed once, replayed once; and many requests in one /bulk.

A 401 to the whole request means that nothing of it ran, so a replay after it is safe for writes too.
Anything else is sent again only if it reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from ...errors import OperatorMustAct, OutcomeUnknown, SyncError, TransientForUser, UserMustAct
from ..exchange import LONGEST_SECONDS
from .faults import fault_of, item_fault_of, lost_fault
from .transport import Answer, Lost, SugarConfig, Transport

_SHORTEST_SECONDS: Final = 1.0
_ME_SECONDS: Final = 10.0
"""Asking alone whose a token is takes no more of a call's time than this."""
_ANOTHERS: Final = "token_of_another_user"
"""The label, beside Sugar's own, of a token that is refused because it is somebody else's."""
_NOTHING_RAN: Final = frozenset({400, 401, 403, 404, 405, 411, 414, 415, 422, 429, 431, 433})
"""Answers to a whole /bulk that come before its first item."""


class Token(Protocol):
    """A token that its owner keeps, shares and renews."""

    def current(self) -> str:
        """The token to use now."""
        ...

    def renew(self, rejected: str) -> str:
        """The token to use after Sugar refused `rejected`: someone else's newer one, or a new one."""
        ...


class UserToken(Token, Protocol):
    """A token to act as one user. It is issued for a name, and names change hands: so Sugar is asked whose it is."""

    def proven(self, token: str) -> bool:
        """Whether Sugar has said that the token is this user's."""
        ...

    def prove(self, token: str, user_id: str, user_name: str) -> bool:
        """Sugar says whose the token is. False: it is somebody else's, and not to be used."""
        ...


@dataclass(frozen=True, slots=True)
class Item:
    """One request inside a /bulk, or alone. `path` is below the version, with its query, and taken as it stands."""

    path: str
    method: str = "GET"
    data: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class TooLarge(Exception):
    """The whole /bulk was refused for its size; nothing ran."""


class Caller:
    """Sugar as the owner of a token sees it."""

    renewals = 1

    def __init__(
        self, transport: Transport, token: Token, deadline: Callable[[], float] | None = None
    ) -> None:
        """`deadline` answers how many seconds a reading call may last from now; 0: none may begin."""
        self._transport = transport
        self._token = token
        self._deadline = deadline

    @property
    def config(self) -> SugarConfig:
        """Where Sugar is and who we are there."""
        return self._transport.config

    def read(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, seconds: float = LONGEST_SECONDS
    ) -> Any:
        """The JSON answered to a request that only reads; a lost one is sent once more."""
        answer = self.ask(method, path, body, seconds)
        if answer.status != 200 or not answer.is_json:
            raise self.fault(answer, _name(path))
        return answer.body

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, seconds: float = LONGEST_SECONDS
    ) -> Answer:
        """Like `read`, but every answer except a final 401 is the caller's to judge."""
        try:
            return self._send_renewing(method, path, body, self._limited(seconds))
        except Lost as lost:
            if lost.timed_out:
                raise lost_fault(lost) from lost
        try:
            return self._send_renewing(method, path, body, self._limited(seconds))
        except Lost as lost:
            raise lost_fault(lost) from lost

    def read_bulk(self, items: Sequence[Item], seconds: float = LONGEST_SECONDS) -> list[Answer]:
        """Answers to requests that only read, in order."""
        if not items:
            return []
        body = self.read("POST", "bulk", self._bulk_body(items), seconds)
        answers = _bulk_answers(body, len(items))
        if answers is None or any(answer.status == 0 for answer in answers):
            raise TransientForUser("sugar_error", "Sugar answered a bulk read incompletely")
        return answers

    def write_bulk(self, items: Sequence[Item], seconds: float) -> list[Answer]:
        """Answers to requests that write, in order; sent once.

        `OutcomeUnknown`: some, all or none of them ran. `TooLarge` and every other error: none of them ran.
        """
        try:
            answer = self._send_renewing("POST", "bulk", self._bulk_body(items), seconds, reads=False)
        except Lost as lost:
            if not lost.sent:
                raise lost_fault(lost) from lost
            raise OutcomeUnknown("sugar_outcome_unknown", "Sugar's answer to a bulk write was lost") from lost
        if answer.status == 413:
            raise TooLarge
        answers = _bulk_answers(answer.body, len(items)) if answer.status == 200 else None
        if answers is not None:
            return answers
        maintenance = answer.status == 503 and answer.label == "maintenance"
        if answer.status in _NOTHING_RAN or 300 <= answer.status < 400 or maintenance:
            raise self.fault(answer, "bulk")
        raise OutcomeUnknown("sugar_outcome_unknown", f"Sugar answered {answer.status} to a bulk write")

    def write_alone(self, item: Item, seconds: float) -> Answer:
        """The answer to one request that writes, without a /bulk around it; sent once.

        `OutcomeUnknown`: it may have run. Every other error: it did not.
        """
        try:
            return self._send_renewing(
                item.method, item.path, item.data, seconds, reads=False, headers=item.headers
            )
        except Lost as lost:
            if not lost.sent:
                raise lost_fault(lost) from lost
            raise OutcomeUnknown("sugar_outcome_unknown", "Sugar's answer to a write was lost") from lost

    def fault(self, answer: Answer, what: str) -> SyncError:
        """The error for an answer other than 200."""
        return fault_of(answer, what)

    def refused(self) -> SyncError:
        """The error for a token that is refused although it was just renewed."""
        return TransientForUser("sugar_token_refused", "Sugar refuses the user's fresh token")

    def _send_renewing(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        seconds: float,
        *,
        reads: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        token = self._token.current()
        answer = self._send(method, path, token, body, seconds, reads, headers)
        renewed = 0
        while self._refuses_token(path, answer):
            renewed += 1
            # A new token that is somebody else's is not counted: the next one is for the name the user has now.
            if renewed > self.renewals + (answer.label == _ANOTHERS):
                raise self.refused()
            token = self._token.renew(token)
            answer = self._send(method, path, token, body, seconds, reads, headers)
        return answer

    def _send(
        self,
        method: str,
        path: str,
        token: str,
        body: Mapping[str, Any] | None,
        seconds: float,
        reads: bool,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send once under this token. `reads`: nothing is changed by it."""
        return self._transport.send(method, path, token, body, seconds, headers)

    def _refuses_token(self, path: str, answer: Answer) -> bool:
        """Whether an answer means that our token is dead."""
        return answer.status == 401 and answer.is_json

    def _limited(self, seconds: float) -> float:
        left = seconds if self._deadline is None else self._deadline()
        if left <= 0:
            raise TransientForUser("out_of_time", "the run's time is over", retry_after=0.0)
        return max(_SHORTEST_SECONDS, min(seconds, left))

    def _bulk_body(self, items: Sequence[Item]) -> dict[str, Any]:
        return {"requests": [self._encode(item) for item in items]}

    def _encode(self, item: Item) -> dict[str, Any]:
        encoded: dict[str, Any] = {"url": self._transport.bulk_url(item.path), "method": item.method}
        if item.headers:
            encoded["headers"] = dict(item.headers)
        if item.data is not None:
            # A JSON text, not an object: that is what the documentation shows, and some releases insist.
            encoded["data"] = json.dumps(item.data)
        return encoded


class UserCaller(Caller):
    """Sugar as one user sees it.

    Nothing is written, and no answer is given out, under a token that was not shown to be this user's: `/me` rides in
    a /bulk that reads, and goes ahead of any other call.
    """

    _token: UserToken

    def __init__(
        self, transport: Transport, token: UserToken, deadline: Callable[[], float] | None = None
    ) -> None:
        super().__init__(transport, token, deadline)
        self.me: Any = None
        """What `/me` last answered in this run."""
        self.asks_me = False
        """The next /bulk that reads asks it, too: for the user's rights."""

    def _send(
        self,
        method: str,
        path: str,
        token: str,
        body: Mapping[str, Any] | None,
        seconds: float,
        reads: bool,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        in_bulk = reads and path == "bulk" and body is not None
        if self._token.proven(token) and not (self.asks_me and in_bulk):
            return super()._send(method, path, token, body, seconds, reads, headers)
        if reads and path == "bulk" and body is not None:
            return self._read_and_prove(token, body, seconds)
        try:
            me = super()._send("GET", "me", token, None, min(seconds, _ME_SECONDS), reads=True)
        except Lost as lost:
            if reads:
                raise
            # Of what was to be written nothing was sent.
            raise lost_fault(lost) from lost
        if me.status not in (200, 401):
            raise self.fault(me, "me")
        return self._unless_owned(token, me) or super()._send(
            method, path, token, body, seconds, reads, headers
        )

    def _read_and_prove(self, token: str, body: Mapping[str, Any], seconds: float) -> Answer:
        items = [*body["requests"], self._encode(Item("me"))]
        answer = super()._send("POST", "bulk", token, {"requests": items}, seconds, reads=True)
        if answer.status != 200:
            return answer
        answers = _bulk_answers(answer.body, len(items))
        if answers is not None and self._token.proven(token) and answers[-1].status != 401:
            # Whose it is was known; that the rights could not be told concerns nothing else.
            self._note(answers[-1])
            return Answer(200, answer.body[:-1])
        if answers is None or answers[-1].status == 0:
            raise TransientForUser("sugar_error", "Sugar answered a bulk read incompletely")
        if answers[-1].status not in (200, 401):
            raise item_fault_of(answers[-1], "me")
        return self._unless_owned(token, answers[-1]) or Answer(200, answer.body[:-1])

    def _unless_owned(self, token: str, me: Answer) -> Answer | None:
        """None where the token is the user's; else the answer of a Sugar that refuses it."""
        if me.status == 401:
            return me
        user = me.body.get("current_user") if isinstance(me.body, dict) else None
        if not isinstance(user, dict) or not user.get("id"):
            raise TransientForUser("sugar_error", "Sugar does not say whose the token is")
        owned = self._token.prove(token, str(user["id"]), str(user.get("user_name") or ""))
        if owned:
            self._note(me)
        return None if owned else Answer(401, {"error": _ANOTHERS})

    def _note(self, me: Answer) -> None:
        if me.status == 200:
            self.me, self.asks_me = me.body, False


class ServiceCaller(Caller):
    """Sugar as the service administrator sees it: a refusal is the operator's to cure."""

    renewals = 2
    """A token that another instance stored may have died since; then a second renewal makes a new one."""

    def _refuses_token(self, path: str, answer: Answer) -> bool:
        # Sugar's identity service says need_login of a user whom it does not let us impersonate: our own session is
        # good, and a new one would end that of every other instance.
        about_user = path.startswith("oauth2/sudo/") and answer.label == "need_login"
        return super()._refuses_token(path, answer) and not about_user

    def fault(self, answer: Answer, what: str) -> SyncError:
        """The error for an answer other than 200."""
        fault = super().fault(answer, what)
        if isinstance(fault, UserMustAct):
            return OperatorMustAct("sugar_service_rights", fault.message)
        return fault

    def refused(self) -> SyncError:
        """The error for a session that is refused although it was just renewed."""
        return OperatorMustAct("sugar_session_refused", "Sugar refuses the service user's fresh session")


def _bulk_answers(body: Any, count: int) -> list[Answer] | None:
    if not isinstance(body, list) or len(body) != count:
        return None
    return [_item_answer(entry) for entry in body]


def _item_answer(entry: Any) -> Answer:
    """One that makes no sense has the status 0: it concerns its own item alone."""
    try:
        return Answer(int(entry["status"]), entry.get("contents"))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return Answer(0)


def _name(path: str) -> str:
    """The module or endpoint without ids and query, which may carry contact data."""
    return path.partition("?")[0].partition("/")[0]
