"""Requests to Sugar's REST interface, each sent once, and its answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

import requests

from ...contacts.json_values import as_map, as_text
from ...errors import TransientForUser
from ..exchange import LONGEST_SECONDS, Exchanged, asked_to_wait, exchange, parsed
from ..exchange import Lost as Lost

_WORD: Final = 100
"""Characters: Sugar's words for errors have some twenty. Its texts for people are cut where they are shown."""


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
    rest_version: str = "v11_12"


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
        return str(self.body.get("error", ""))[:_WORD] if isinstance(self.body, dict) else ""

    @property
    def message(self) -> str:
        """Sugar's text about the error, for people."""
        return str(self.body.get("error_message", "")) if isinstance(self.body, dict) else ""

    def records(self) -> list[dict[str, Any]]:
        """The rows of a list answer. One without an id is nobody's; raises TransientForUser where there is no list."""
        if self.status != 200:
            return []
        rows = self.body.get("records") if isinstance(self.body, dict) else None
        if not isinstance(rows, list):
            raise TransientForUser("sugar_error", "Sugar answered a list that is none")
        return [row for row in rows if isinstance(row, dict) and as_text(row.get("id"))]

    def next_offset(self) -> int | None:
        """Where the list goes on; None: it ended."""
        try:
            value = int(self.body.get("next_offset", -1)) if isinstance(self.body, dict) else -1
        except (TypeError, ValueError, OverflowError):
            raise TransientForUser("sugar_error", "Sugar answered a list without its end") from None
        return value if value >= 0 else None


def token_in(body: Any, name: str) -> str:
    """A token of an answer, which a header can carry as it is. Raises ValueError where there is none."""
    token = as_map(body).get(name)
    if not (isinstance(token, str) and token and token.isascii() and token.isprintable()):
        raise ValueError(f"no {name}")
    return token


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
        seconds: float = LONGEST_SECONDS,
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
        url = self._root + path
        return _answer(exchange(self._http, method, url, seconds=seconds, headers=headers, data=data))

    def bulk_url(self, path: str) -> str:
        """The `url` of a /bulk item: it starts with the version."""
        return f"/{self.config.rest_version}/{path}"


def _answer(exchanged: Exchanged) -> Answer:
    retry_after = asked_to_wait(exchanged.headers.get("Retry-After"))
    try:
        body = parsed(exchanged.content)
    except ValueError:
        return Answer(exchanged.status, is_json=False, retry_after=retry_after)
    return Answer(exchanged.status, body, retry_after=retry_after)
