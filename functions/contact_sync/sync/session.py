"""What one run knows: the user and their settings as loaded, both sides as this user, and what was counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ..contacts import google_person, sugar_record
from ..contacts.contact import Contact
from ..contacts.mapping import Filled
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.settings import SyncSettings
from ..contacts.side import Side
from ..contacts.sugar_record import Accounts, SugarSchema
from ..errors import TransientForUser
from ..services.google_people import GooglePeople
from ..services.sugar import Scope, SugarContacts
from ..store import system
from ..store.records import SugarMetadata, User
from .engine import Engine
from .lease import LeaseHolder
from .tokens import GoogleToken, SugarToken, TokenBox

METADATA_AGE = timedelta(days=1)
NOTHING_KNOWN = SugarMetadata({})
LOOK_SECONDS = 120.0
"""How long calls of the look may begin, before there is a lease."""
LONGEST_CALL = 50.0
"""Seconds that one call to either side may last."""


@dataclass(slots=True)
class Session:
    """One run of one user. `lease` is set as soon as the run holds it."""

    engine: Engine
    run: str
    trigger: str
    user: User
    settings: SyncSettings
    sugar: SugarContacts
    google: GooglePeople
    lease: LeaseHolder | None = None
    order: bool = False
    """Somebody watches this run's document: the task named it."""
    asked: datetime | None = None
    """When the sync was asked for, where that was before this run."""
    left_out_at: datetime | None = None
    """What was due until then was left out by an apply that was ordered after this sync."""
    started: datetime = field(default_factory=lambda: datetime.min)
    counts: Counter[str] = field(default_factory=Counter)
    puts_aside: bool = False
    """Contacts were put aside that the user document does not tell of yet."""
    _metadata: SugarMetadata | None = None
    _recalled: bool = False

    @classmethod
    def open(
        cls, engine: Engine, run: str, trigger: str, user: User, settings: SyncSettings, box: TokenBox
    ) -> Session:
        """A session with both clients speaking for the user."""
        session = cls(
            engine,
            run,
            trigger,
            user,
            settings,
            SugarContacts(
                engine.sugar,
                SugarToken(box, user.sugar_user_id or "", user.sugar_user_name),
                sugar_record.REQUEST_FIELDS,
                lambda: session.seconds_left() + LONGEST_CALL if session.seconds_left() > 0 else 0.0,
            ),
            GooglePeople(
                engine.google_http,
                engine.people_endpoint,
                GoogleToken(box),
                engine.sleep,
                lambda: session.seconds_left(),
            ),
        )
        session.started = engine.now()
        if user.sugar_denied:
            # A right that was given back shows in no feed.
            session.sugar.ask_rights()
        session.sugar.portions.on_timeout(session.recall)
        return session

    def seconds_left(self) -> float:
        """Seconds in which outside calls may still begin."""
        if self.lease is not None:
            return self.lease.seconds_left()
        return LOOK_SECONDS - (self.engine.now() - self.started).total_seconds()

    def ensure_time(self) -> None:
        """Raises TransientForUser `out_of_time` if no outside call may begin any more."""
        if self.seconds_left() <= 0:
            raise TransientForUser("out_of_time", "the run's time is over", retry_after=0.0)

    @property
    def holder(self) -> LeaseHolder:
        """The lease; a bug if the run does not hold one."""
        if self.lease is None:
            raise RuntimeError("this step needs the lease")
        return self.lease

    @property
    def scope(self) -> Scope:
        """Which Sugar records the user syncs."""
        return Scope(self.settings.sugar_scope, self.user.sugar_user_id or "")

    def in_scope(self, record: Mapping[str, Any]) -> bool:
        """Whether a Sugar record, as this user reads it, belongs to the user's scope."""
        if self.settings.sugar_scope == "mine":
            return bool(record.get("assigned_user_id") == self.user.sugar_user_id)
        if self.settings.sugar_scope == "flagged":
            return record.get("sync_contact") in (True, 1, "1", "true")
        return True

    def deletes(self, side: Side) -> bool:
        """Whether a deletion noted now may be carried out on `side`: the switch is on, and was at the last intake."""
        return self.settings.may("delete", side) and bool(self.user.cursors.deletes_on.get(side))

    def creates(self, side: Side) -> bool:
        """Whether records may be created on `side` now."""
        paused = side is Side.GOOGLE and self.user.creates_paused is not None
        return self.settings.may("create", side) and not paused

    @property
    def denied(self) -> frozenset[str]:
        """The Contact fields that Sugar does not let the user write: as read in this run, else as stored."""
        read = self.sugar.denied
        return frozenset(self.user.sugar_denied) if read is None else sugar_record.fields_in(read)

    @property
    def links(self) -> bool:
        """Whether pairs may be linked: some switch is on."""
        return self.settings.anything

    def terms(self, contact: Contact) -> tuple[str, ...]:
        """The contact's match terms as this user's index holds them."""
        return self.engine.hashed_terms(self.user.id, contact)

    def recall(self) -> None:
        """Begin with what earlier runs found out about how much this Sugar answers in one call."""
        if self._recalled:
            return
        self._recalled = True
        self._metadata = system.load_metadata(self.engine.db)
        if self._metadata is not None:
            self.sugar.portions.limit(self._metadata.portions)

    def remember(self, chunk: int | None = None) -> None:
        """Keep that for the next run, where it changed; `chunk` is the size of writing calls."""
        self.recall()
        known = self._metadata or NOTHING_KNOWN
        fresh = replace(known, chunk=chunk or known.chunk, portions=self.sugar.portions.sizes)
        if fresh != known:
            self._metadata = fresh
            system.save_metadata(self.engine.db, fresh)

    @property
    def google_look(self) -> int:
        """The number of this run's look at Google; the same in a run that has to begin an unfinished one again."""
        return self.user.cursors.google_looks

    @property
    def metadata(self) -> SugarMetadata:
        """Lengths, allowed values and sizes of calls of this Sugar instance, read at most once a day."""
        self.recall()
        known = self._metadata
        if known is None or self.engine.now() - known.fetched_at > METADATA_AGE:
            self.ensure_time()
            lengths, salutations = self.engine.sugar.schema(enums=True)
            now = self.engine.now()
            known = replace(known or NOTHING_KNOWN, lengths=lengths, salutations=salutations, fetched_at=now)
            system.save_metadata(self.engine.db, known)
            self._metadata = known
        return known

    @property
    def schema(self) -> SugarSchema:
        """What Sugar's fields can hold."""
        salutations = self.metadata.salutations
        return SugarSchema(self.metadata.lengths, frozenset(salutations) if salutations is not None else None)

    def held_by_sugar(self, contact: Contact, accounts: Accounts) -> Contact:
        """A contact reduced to what Sugar can hold of it."""
        return sugar_record.reduce(contact, self.schema, accounts)


def read_sugar(record: Mapping[str, Any], mapping: ContactMapping | None) -> Contact:
    """A Sugar record as a Contact, with the mapping's filler in hand."""
    filled: Filled | None = mapping.filled if mapping else None
    return sugar_record.read(record, filled)


def read_google(person: Mapping[str, Any], mapping: ContactMapping | None) -> Contact:
    """A Google person as a Contact, with the mapping's base in hand."""
    return google_person.read(person, mapping.base if mapping else None)
