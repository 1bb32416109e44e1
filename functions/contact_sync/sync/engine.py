"""What a run needs from outside: the database, both vendors, the queue, time, chance. Chosen once, in `main`."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import requests

from ..config_formats import Policy, QuietHours
from ..contacts import match
from ..contacts.contact import Contact
from ..contacts.name_words import name_words
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

MOST_RESERVED = 20
"""So many of a contact's addresses are reserved with a create: more of them are no single person's."""
OUTAGE = timedelta(minutes=2)
"""When to try again where a whole side did not answer."""


FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
"""Seconds between a refused conditional write and its repetition, at most; they double, less a part by chance."""
MOST_TRIES = 8


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
        # What the log knows of this work (user, run) goes with it.
        other = pool.submit(copy_context().run, second)
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
    allowed_domains: tuple[str, ...] = ()
    """Whose accounts are synced: a domain that leaves the list stops those who signed in before. None: not asked."""
    version: str = ""
    """Which program this is: another one may read what this one could not."""
    chance: Callable[[], float] = random.random

    def tries(self, until: datetime | None = None) -> Iterator[None]:
        """Rounds of a read and a conditional write, for whoever leaves the loop by succeeding: every round but the
        first begins after a pause, so that those who want the same document do not keep meeting there.

        They end after 8 rounds (some ten seconds), and with `until` not before that time.
        """
        for number in itertools.count(1):
            yield
            if number >= MOST_TRIES and (until is None or self.now() >= until):
                return
            self.sleep(min(FIRST_PAUSE * 2 ** min(number - 1, 9), LONGEST_PAUSE) * (1 - self.chance() / 2))

    def hashed_terms(self, user_id: str, contact: Contact) -> tuple[str, ...]:
        """The contact's match terms as the index stores them: kept apart by user, unreadable without the key."""
        return tuple(sorted(self._hashed(user_id, term) for term in match.terms(contact)))

    def create_keys(self, contact: Contact) -> tuple[str, ...]:
        """What a create of this contact is reserved under: the same for all users, unreadable without the key."""
        found = addresses(match.terms(contact))[:MOST_RESERVED]
        return tuple(self._digest(f"create\n{term}") for term in found)

    def hashed_words(self, contact: Contact) -> tuple[str, ...]:
        """The words of the contact's name as a reservation holds them."""
        return tuple(sorted(self._digest(f"word\n{word}") for word in name_words(contact)))

    def _hashed(self, user_id: str, term: str) -> str:
        return term[:2] + self._digest(f"{user_id}\n{term}")

    def _digest(self, text: str) -> str:
        # JSON can carry halves of surrogate pairs, which no UTF-8 text can.
        return hmac.new(self.index_key, text.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()[:32]


def addresses(terms: Iterable[str]) -> list[str]:
    """The terms by which records are looked up: addresses, not the named ones."""
    return [term for term in terms if term.startswith(match.ADDRESS)]
