"""The keys with which Google signs ID tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import requests
from google.auth import transport

from ..errors import TransientForUser
from .exchange import Exchanged, Lost, exchange, parsed

_SECONDS = 20.0
_LIFE = timedelta(hours=1)
_WAIT = timedelta(minutes=1)


class SigningKeys(transport.Request):
    """Fetches Google's signing keys for google-auth, which would do so for every token; kept for an hour."""

    def __init__(self, http: requests.Session, now: Callable[[], datetime]) -> None:
        self._http = http
        self._now = now
        self._kept: _Answer | None = None
        self._fetched_at = datetime.min.replace(tzinfo=UTC)

    def __call__(self, url: str, *_args: object, **_options: object) -> transport.Response:
        """The keys, from memory where they are fresh enough."""
        if self._kept is None or self._now() - self._fetched_at > _LIFE:
            self._kept = self._fetched(url)
            self._fetched_at = self._now()
        return self._kept

    def _fetched(self, url: str) -> _Answer:
        with suppress(Lost, ValueError):
            answer = exchange(self._http, "GET", url, seconds=_SECONDS)
            if answer.status == 200 and _are_keys(parsed(answer.content)):
                return _Answer(answer)
        raise TransientForUser("google_unavailable", "Google's sign-in service did not answer")

    def forget(self) -> bool:
        """Have the keys fetched again, unless they just were: made-up key ids must not cause a fetch each."""
        if self._now() - self._fetched_at < _WAIT:
            return False
        self._kept = None
        return True


def _are_keys(body: object) -> bool:
    """Certificates by their ids."""
    return isinstance(body, dict) and all(isinstance(certificate, str) for certificate in body.values())


class _Answer(transport.Response):
    """An answer as google-auth takes it."""

    def __init__(self, answer: Exchanged) -> None:
        self._answer = answer

    @property
    def status(self) -> int:
        return self._answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._answer.headers

    @property
    def data(self) -> bytes:
        return self._answer.content
