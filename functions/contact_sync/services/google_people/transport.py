"""The People client's HTTP layer, on exchanges of our own.

httplib2, which the client uses by itself, sends a request again when the server closes the connection without
an answer, a POST too. A contact could then be created twice, so this layer sends everything exactly once. The
only repeat is after a 401, which has run nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import httplib2
import requests

from ...errors import TransientForUser
from ..exchange import exchange


class AccessToken(Protocol):
    """The user's access token, kept and renewed by the caller."""

    def current(self) -> str:
        """The token to send."""

    def renew(self, rejected: str) -> str:
        """A token that is not `rejected`, which Google refused. Raises UserMustAct if the grant is gone."""


class Refusal(Exception):
    """Google answered, and not with success. The body may be anything."""

    def __init__(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        super().__init__(f"Google answered {status}")
        self.status = status
        self.headers = headers
        self.content = content


class Transport:
    """What the People client takes for an `httplib2.Http`: one method, one request, one answer.

    `time_left` tells in seconds how long a call may still begin; None: without limit.
    """

    def __init__(
        self, session: requests.Session, token: AccessToken, time_left: Callable[[], float] | None = None
    ) -> None:
        self._session = session
        self._token = token
        self._time_left = time_left

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_ignored: object,
    ) -> tuple[httplib2.Response, bytes]:
        """Send one request and return its answer. Raises Refusal where that is no success, and Lost.

        A refusal never reaches the library, whose own errors expect bodies of a certain shape.
        """
        token = self._token.current()
        response, content = self._send(uri, method, body, headers, token)
        if response.status == 401:
            renewed = self._token.renew(token)
            response, content = self._send(uri, method, body, headers, renewed)
        if not 200 <= response.status < 300:
            raise Refusal(response.status, response, content)
        return response, content

    def _send(
        self, uri: str, method: str, body: str | bytes | None, headers: Mapping[str, str] | None, token: str
    ) -> tuple[httplib2.Response, bytes]:
        if self._time_left and self._time_left() <= 0:
            raise TransientForUser("out_of_time", "the run's time is over", retry_after=0.0)
        named = {**(headers or {}), "authorization": f"Bearer {token}"}
        answer = exchange(self._session, method, uri, headers=named, data=body)
        answered = {name.lower(): value for name, value in answer.headers.items()}
        return httplib2.Response({**answered, "status": str(answer.status)}), answer.content
