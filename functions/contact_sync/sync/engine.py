"""What a run needs from outside: the database, both vendors, the queue, time, chance. Chosen once, in `main`."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import requests

from ..config_formats import Policy, QuietHours
from ..contacts import match
from ..contacts.contact import Contact
from ..services.google_oauth import GoogleOAuth
from ..services.sugar import SugarServer
from ..store.cipher import Cipher
from ..store.database import Database

A = TypeVar("A")
B = TypeVar("B")

BATCH = 100
"""A run carries out at most this many actions."""
MAX_SCOPE = 20_000
"""More Sugar records in scope than this are not taken in."""
ECHO_DELAY = timedelta(minutes=10)
"""How long a feed may lag a write: until then absence proves nothing and a doubtful create is not repeated."""

OUTAGE = timedelta(minutes=2)
"""When to try again where a whole side did not answer."""


class Enqueue(Protocol):
    """Puts one task for the worker into a queue; False if a task of that name exists already."""

    def __call__(
        self,
        payload: Mapping[str, Any],
        *,
        name: str | None = None,
        at: datetime | None = None,
        urgent: bool = False,
    ) -> bool: ...


def in_parallel(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """Run two calls at once; an error of the first is raised before one of the second."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        other = pool.submit(second)
        try:
            one = first()
        finally:
            other.exception()
        return one, other.result()


@dataclass(frozen=True, slots=True)
class Engine:
    """The surroundings of every run of this process."""

    db: Database
    cipher: Cipher
    sugar: SugarServer
    google_http: requests.Session
    people_endpoint: str
    oauth: GoogleOAuth
    enqueue: Enqueue
    index_key: bytes
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    new_id: Callable[[], str]
    both: Callable[..., Any] = in_parallel
    policy: Policy = field(default_factory=Policy)
    quiet_hours: QuietHours | None = None
    history_days: int = 90

    def hashed_terms(self, user_id: str, contact: Contact) -> tuple[str, ...]:
        """The contact's match terms as the index stores them: kept apart by user, unreadable without the key."""
        return tuple(sorted(self._hashed(user_id, term) for term in match.terms(contact)))

    def _hashed(self, user_id: str, term: str) -> str:
        # JSON can carry halves of surrogate pairs, which no UTF-8 text can.
        told = f"{user_id}\n{term}".encode(errors="surrogatepass")
        digest = hmac.new(self.index_key, told, hashlib.sha256).hexdigest()[:32]
        return term[:2] + digest


def addresses(terms: Iterable[str]) -> list[str]:
    """The terms by which records are looked up: addresses, not the named ones."""
    return [term for term in terms if term.startswith(match.ADDRESS)]
