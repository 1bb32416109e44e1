"""One HTTP exchange with an outside system, bounded whatever its server does: sent once, a total time, a total size.

`requests` limits the wait for each piece of an answer, not for the answer: a server that sends a byte now and then is
never late. So a session made here counts one time from the connect to the last byte, and reads the body piece by piece,
unpacked, up to a size: 300 KB of gzip can be 300 MB of JSON.
"""

from __future__ import annotations

import io
import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http.client import HTTPResponse
from socket import socket
from typing import Any, Final

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, ReadTimeoutError

CONNECT_SECONDS: Final = 5.0
LONGEST_SECONDS: Final = 50.0
"""No exchange lasts longer: a run's lease counts on it."""
LARGEST_ANSWER: Final = 16 << 20
"""Bytes, unpacked. A page of a thousand contacts has some three million; as Python's objects they take ten times the
room, of the 512 MiB that a function has."""
LONGEST_WAIT: Final = 3600.0
"""Seconds that anybody is put off because a server asks for it."""
_LONGEST_LIFE: Final = 366 * 86400.0
_PIECE: Final = 64 << 10


class Lost(Exception):
    """No answer came. `sent`: the request may have arrived. `timed_out`: the answer took too long, or was too long."""

    def __init__(self, sent: bool, timed_out: bool) -> None:
        super().__init__("no answer")
        self.sent = sent
        self.timed_out = timed_out


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What a server answered. The names of headers are compared without case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def session() -> requests.Session:
    """A session that never sends a request twice by itself, and whose read timeout is the time for a whole answer."""
    made = requests.Session()
    adapter = _BoundedAdapter(pool_connections=4, pool_maxsize=8, max_retries=0)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made


def exchange(
    http: requests.Session,
    method: str,
    url: str,
    *,
    seconds: float = LONGEST_SECONDS,
    headers: Mapping[str, str] | None = None,
    data: Any = None,
) -> Exchanged:
    """Send one request, once, and read what comes back within `seconds`. Redirects are answers. Raises Lost."""
    limits = (min(CONNECT_SECONDS, seconds), min(LONGEST_SECONDS, seconds))
    try:
        answer = http.request(method, url, data=data, headers=headers, timeout=limits, allow_redirects=False)
        return Exchanged(answer.status_code, answer.headers, answer.content)
    except (requests.RequestException, HTTPError) as error:
        raise Lost(sent=not _never_sent(error), timed_out=_timed_out(error)) from error


def parsed(content: bytes) -> Any:
    """The JSON of an answer. Raises ValueError for what is none, and for what is nested without end."""
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None


def asked_to_wait(retry_after: str | None, most: float = LONGEST_WAIT) -> float | None:
    """The seconds that a header Retry-After asks for, at most `most`; None where it names no such number."""
    seconds = _number(retry_after)
    return None if seconds is None else min(max(0.0, seconds), most)


def lifetime(seconds: Any) -> timedelta:
    """How long something lives for which a server names so many seconds. Raises ValueError for no such number."""
    number = _number(seconds)
    if number is None or number < 0:
        raise ValueError("no number of seconds")
    return timedelta(seconds=min(number, _LONGEST_LIFE))


def _number(text: Any) -> float | None:
    try:
        number = float(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return None if math.isnan(number) else number


def _never_sent(error: Exception) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _timed_out(error: Exception) -> bool:
    if isinstance(error, requests.Timeout):
        return not isinstance(error, requests.ConnectTimeout)
    # An answer that stalls halfway is a ConnectionError around the read timeout.
    return bool(error.args) and isinstance(error.args[0], ReadTimeoutError)


class _Reading(io.RawIOBase):
    """What comes from a socket until a moment of the monotonic clock."""

    def __init__(self, sock: socket, source: io.RawIOBase, until: float) -> None:
        self._sock = sock
        self._source = source
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for the whole answer is over")
        self._sock.settimeout(left)
        return self._source.readinto(buffer)

    def close(self) -> None:
        self._source.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket, *args: Any, until: float, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        self.fp = io.BufferedReader(_Reading(sock, self.fp.detach(), until))


class _Timed(HTTPConnection):
    """urllib3 takes what is left of the total time for the wait for each piece; here it is the time for all of them."""

    def getresponse(self) -> Any:
        left = self.timeout if isinstance(self.timeout, int | float) else LONGEST_SECONDS
        until = time.monotonic() + min(left, LONGEST_SECONDS)
        self.response_class = partial(_TimedResponse, until=until)  # type: ignore[assignment]
        try:
            return super().getresponse()
        finally:
            del self.response_class


class _TimedSecure(_Timed, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Timed


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TimedSecure


_POOLS: Final = {"http": _Pool, "https": _SecurePool}


class _TooLarge(requests.ReadTimeout):
    """Whoever asks for several things at once may ask for fewer, just as where an answer takes too long."""


class _BoundedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **more: Any) -> Any:
        manager = super().proxy_manager_for(*args, **more)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        connect, whole = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        total: Any = urllib3.Timeout(connect=connect, total=whole or LONGEST_SECONDS)
        content = bytearray()
        with super().send(request, True, total, verify, cert, proxies) as answer:
            for piece in answer.iter_content(_PIECE):
                content += piece
                if len(content) > LARGEST_ANSWER:
                    raise _TooLarge("the answer is too large", request=request)
        answer._content = bytes(content)
        return answer
