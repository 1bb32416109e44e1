"""Reservations: no two users create the same person in Sugar at the same time.

Between the look-up of candidates and the create lie seconds to minutes, and what somebody else created in between is
not among the candidates. So every create is reserved beforehand, under each address of the contact, in the very commit
that journals its intent: whoever comes second is refused, and finds the record when looking again.

A reservation counts until it is ten minutes old; recording what became of the create ends it for everybody who looks
for candidates from then on. A create in doubt is not recorded, and keeps its reservation.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ..contacts.actions import Create
from ..contacts.contact import Contact
from ..contacts.name_words import words_agree
from ..contacts.side import Side
from ..services.outcome import Status
from ..store import creates
from ..store.creates import Reservation, Reserved
from ..store.write import Kind, Write
from .batch import Case
from .engine import ECHO_DELAY
from .session import Session

AGAIN = timedelta(minutes=1)
"""When who was refused looks again. A list may lag a write, so a create that ended this short before a look-up may be
missing from it all the same."""

MOST = 200
"""So many reservations of one address are kept, the newest: it is nobody's own, and the document has to fit."""


@dataclass(slots=True)
class Reservations:
    """The reservations that the creates of one batch need, as they were read and as they are to be."""

    session: Session
    looked_at: datetime
    """When this batch looked for candidates."""
    known: dict[str, Reserved] = field(default_factory=dict)
    """By key."""
    taken: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The keys reserved by this batch, by the Sugar id of the record to be created."""

    def read(self, contacts: list[Contact]) -> None:
        """Read what is reserved of what these contacts can be found by."""
        keys = {key for contact in contacts for key in self.session.engine.create_keys(contact)}
        if keys:
            self.known = creates.get(self.session.engine.db, sorted(keys))

    def take(self, contact: Contact, sugar_id: str) -> list[str] | None:
        """Reserve a create; the paths of the documents to be written with its intent. None: somebody else is at it."""
        engine, user = self.session.engine, self.session.user.id
        keys, words = engine.create_keys(contact), engine.hashed_words(contact)
        held = [other for key in keys for other in self.known[key].creates if other.user != user]
        if any(words_agree(other.words, words) and self._counts(other) for other in held):
            return None
        own = Reservation(user, sugar_id, words, engine.now())
        for key in keys:
            kept = [other for other in self.known[key].creates if self._counts(other)]
            self.known[key] = replace(self.known[key], creates=(*kept[1 - MOST :], own))
        self.taken[sugar_id] = keys
        return [creates.path(key) for key in keys]

    def write(self, path: str) -> Write:
        """The document at this path with what was reserved by now."""
        return creates.put(self.known[path.rpartition("/")[2]], self.session.engine.now())

    def ended(self, cases: list[Case]) -> list[list[Write]]:
        """One group for each document: the creates of these cases are recorded, and reserve nothing any more."""
        now, over = self.session.engine.now(), set[str]()
        for case in cases:
            outcome = case.outcomes.get(Side.SUGAR)
            if (
                isinstance(case.action, Create)
                and outcome is not None
                and outcome.status is not Status.UNKNOWN
            ):
                over.add(outcome.key)
        changed = {key for sugar_id in over for key in self.taken.get(sugar_id, ())}
        for key in changed:
            fresh = tuple(
                replace(one, ended=now) if one.sugar_id in over else one for one in self.known[key].creates
            )
            self.known[key] = replace(self.known[key], creates=fresh)
        return [[replace(creates.put(self.known[key], now), kind=Kind.SET)] for key in sorted(changed)]

    def _counts(self, other: Reservation) -> bool:
        if other.ended is not None and other.ended + AGAIN <= self.looked_at:
            return False
        return abs(self.looked_at - other.at) < ECHO_DELAY
