"""What every route works with, and what it answers where it cannot do what was asked."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, cast
from urllib.parse import urlsplit

from flask import current_app
from flask.json.provider import DefaultJSONProvider
from msgspec import Meta

from ..config import Config
from ..sync.engine import Engine
from .waking import Windows

Json = dict[str, Any]
PAGE = 50
"""Items of one page of a list."""
Text = Annotated[str, Meta(max_length=1000)]
"""A text that a caller sends."""
Cursor = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=1000,
        description="The value of `next` of the page before.",
        extra_json_schema={"format": "cursor"},
    ),
]
Moment = Annotated[datetime, Meta(tz=True)]
"""A moment, with its zone, as an answer tells it."""
_EXTENSION = "contact_sync"


def _new_secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Site:
    """The deployment as the web function sees it."""

    config: Config
    engine: Engine
    new_secret: Callable[[], str] = _new_secret
    """Makes the unguessable values of a sign-in: 43 URL-safe characters, as PKCE asks for."""
    windows: Windows = field(default_factory=Windows)
    """Within which hooks share a task."""

    @property
    def home(self) -> str:
        """Where a browser goes after signing in."""
        return f"{self.config.web_url}/"

    @property
    def callback(self) -> str:
        """Where Google sends the browser back to; it must be registered with the OAuth client."""
        return f"{self.config.web_url}/oauth/callback"

    @property
    def cookie_path(self) -> str:
        """The path of the web function: other functions may live on the same host."""
        return urlsplit(self.config.web_url).path or "/"

    @property
    def cookie_name(self) -> str:
        """The name of the session cookie; with the prefix no other host can set it."""
        return "__Host-session" if self.secure and self.cookie_path == "/" else "session"

    @property
    def secure(self) -> bool:
        """Whether cookies may be limited to https. The configuration allows http on this machine only."""
        return self.config.web_url.startswith("https:")


def register(site: Site) -> None:
    """Make `site()` answer this one in the current application."""
    current_app.extensions[_EXTENSION] = site


def site() -> Site:
    """The site of the current request."""
    return cast(Site, current_app.extensions[_EXTENSION])


class Refusal(Exception):
    """The request cannot be done: the HTTP status, a stable code, and what the user can do about it.

    `more` goes into the answer beside the error. `way` is the address at which it goes on, for a program; a page has a
    button for it.
    """

    def __init__(
        self, status: int, code: str, message: str, more: Mapping[str, Any] | None = None, way: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.more = dict(more or {})
        self.way = way

    @classmethod
    def of_decision(cls, status: int, message: str) -> Refusal:
        """A decision about a contact that is not possible as the contact stands."""
        return cls(status, {404: "not_found", 429: "too_many_orders"}.get(status, "not_possible"), message)


@contextmanager
def refusals() -> Iterator[None]:
    """Answer what the sync refuses as what it is for the caller."""
    from ..sync.resolve import Refused

    try:
        yield
    except Refused as refused:
        raise Refusal.of_decision(refused.status, str(refused)) from None


class JsonDates(DefaultJSONProvider):
    """JSON with moments in UTC as ISO 8601, and keys in the order they were written."""

    sort_keys = False

    @staticmethod
    def default(o: Any) -> Any:
        """What JSON does not know by itself."""
        if isinstance(o, datetime):
            return o.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return DefaultJSONProvider.default(o)
