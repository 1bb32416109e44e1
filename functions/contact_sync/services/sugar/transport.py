"""One HTTP exchange with Sugar: time limits, JSON, and what is known of a request whose answer never came.

Nothing here sends a request twice. `requests` does not retry by itself unless its adapter was built to;
whoever mounts an adapter with retries on the session breaks the promise that a write is sent once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, ReadTimeoutError

from ...contacts.json_values import as_text

CONNECT_SECONDS: Final = 5.0
_NO_ANSWER: Final = (requests.Timeout, requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
READ_SECONDS: Final = 50.0
"""No call lasts longer: a run's lease counts on it."""


@dataclass(frozen=True)
class SugarConfig:
    """Where Sugar is and who we are there: a service administrator, on two registered platforms."""

    url: str
    username: str
    password: str = field(repr=False)
    platform: str
    sudo_platform: str
    """A platform of its own: a sudo token on ours would evict the service session."""
    client_id: str = "sugar"
    rest_version: str = "v11_11"


@dataclass(frozen=True, slots=True)
class Answer:
    """What Sugar said to a request, or to one item of a /bulk. `is_json` is false for a proxy's page."""

    status: int
    body: Any = None
    is_json: bool = True
    retry_after: float | None = None

    @property
    def label(self) -> str:
        """Sugar's word for the error (`error`); its message is localized and never branched on."""
        return str(self.body.get("error", "")) if isinstance(self.body, dict) else ""

    @property
    def message(self) -> str:
        """Sugar's text about the error, for people."""
        return str(self.body.get("error_message", "")) if isinstance(self.body, dict) else ""

    def records(self) -> list[dict[str, Any]]:
        """The rows of a list answer. One without an id is nobody's."""
        rows = self.body.get("records") if isinstance(self.body, dict) else None
        listed = rows if isinstance(rows, list) else ()
        return [row for row in listed if isinstance(row, dict) and as_text(row.get("id"))]

    def next_offset(self) -> int | None:
        """Where the list goes on; None: it ended."""
        value = int(self.body.get("next_offset", -1)) if isinstance(self.body, dict) else -1
        return value if value >= 0 else None


class Lost(Exception):
    """No answer came. `sent`: the request may have reached Sugar. `timed_out`: Sugar took too long."""

    def __init__(self, sent: bool, timed_out: bool) -> None:
        super().__init__("no answer from Sugar")
        self.sent = sent
        self.timed_out = timed_out


class Transport:
    """Sends requests to one Sugar instance over one `requests.Session`."""

    def __init__(self, config: SugarConfig, http: requests.Session) -> None:
        self.config = config
        self._http = http
        self._root = f"{config.url.rstrip('/')}/rest/{config.rest_version}/"
        # Users share the session; a cookie of one must never travel with the token of another.
        http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def send(
        self,
        method: str,
        path: str,
        token: str | None = None,
        body: Mapping[str, Any] | None = None,
        seconds: float = READ_SECONDS,
        extra: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request, once, with these `extra` headers. `path` is below the version, with its query.

        Raises `Lost`.
        """
        headers = {"Accept": "application/json", **(extra or {})}
        if token is not None:
            headers["OAuth-Token"] = token
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body)
        try:
            response = self._http.request(
                method,
                self._root + path,
                data=data,
                headers=headers,
                timeout=(min(CONNECT_SECONDS, seconds), min(READ_SECONDS, seconds)),
                allow_redirects=False,
            )
        except _NO_ANSWER as error:
            raise Lost(sent=not _never_sent(error), timed_out=_timed_out(error)) from error
        return _answer(response)

    def bulk_url(self, path: str) -> str:
        """The `url` of a /bulk item: it starts with the version."""
        return f"/{self.config.rest_version}/{path}"


def _never_sent(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _timed_out(error: requests.RequestException) -> bool:
    if isinstance(error, requests.Timeout):
        return not isinstance(error, requests.ConnectTimeout)
    # An answer that stalls halfway is a ConnectionError around the read timeout.
    return bool(error.args) and isinstance(error.args[0], ReadTimeoutError)


def _answer(response: requests.Response) -> Answer:
    try:
        retry_after = float(response.headers.get("Retry-After", ""))
    except ValueError:
        retry_after = None
    try:
        body = json.loads(response.content)
    except ValueError:
        return Answer(response.status_code, is_json=False, retry_after=retry_after)
    return Answer(response.status_code, body, retry_after=retry_after)
