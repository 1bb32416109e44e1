"""Intake: turn both feeds into due marks, to the end, page by page, both sides at once.

The feeds, an expired sync token, a changed setting and the periodic reconcile all run through here; a full intake is
the same code from the beginning. A cursor moves only after what it covers is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..contacts import google_person
from ..contacts.settings import intake_relevant
from ..contacts.side import Side
from ..errors import SyncTokenExpired, TransientForUser
from ..services.google_people import PeoplePage
from ..services.sugar import ChangePage, DeletionPage
from ..store.records import Cursors, Position, Proof, User
from . import google_departures, intake_google, intake_sugar
from .aside import flush
from .listing import list_scope
from .look import OVERLAP, Looked, Need, resumable, sugar_start
from .marks import Marks
from .proof import is_proof
from .session import Session


def marks_of(
    session: Session, need: Need, changes: ChangePage, deletions: DeletionPage, people: PeoplePage | None
) -> Marks:
    """Marks for a page of every feed: Sugar's changes and deletions, Google's changes. Nothing is written."""
    marks = Marks(session)
    if changes.records:
        intake_sugar.changed(session, marks, changes.records, full=need.sugar_full)
    if deletions.ids:
        intake_sugar.deleted(session, marks, deletions.ids)
    if people is not None and people.people:
        intake_google.changed(session, marks, people.people, full=False)
    return marks


def first_marks(session: Session, looked: Looked) -> Marks:
    """Marks for the first pages."""
    return marks_of(session, looked.need, looked.sugar.changes, looked.sugar.deletions, looked.people)


class Intake:
    """The intake of one run. `finish` answers whether it got to the end; if not, the run needs a continuation."""

    def __init__(self, session: Session, looked: Looked) -> None:
        self.session = session
        self.looked = looked
        self.cursors = session.user.cursors
        self.proof = session.user.proof
        resumed = resumable(session.user, looked.need)
        self.start = resumed.start if resumed else looked.sugar.server_time
        self._since, _ = sugar_start(session.user, looked.need)

    def finish(self, marks: Marks) -> bool:
        """Take everything in. `marks` are those of the first pages."""
        session = self.session
        self._store(lambda: first_marks(session, self.looked), marks)
        changes, deletions, people = (
            self.looked.sugar.changes,
            self.looked.sugar.deletions,
            self.looked.people,
        )
        while not (
            changes.end and deletions.next_offset is None and (people is None or people.next_page is None)
        ):
            if session.holder.seconds_left() <= 0:
                self._save_position(changes)
                return False
            (changes, deletions), people = self._next(changes, deletions, people)
            page = (changes, deletions, people)
            self._store(lambda page=page: marks_of(session, self.looked.need, *page))  # type: ignore[misc]
            self._save_position(changes)
        if people is not None and people.next_sync_token and not self._relists_with_token:
            self.cursors = looked_at_google(self.cursors, people.next_sync_token)
        if self.looked.need.google_full and not self._list_google():
            self._save_position(changes, ended=True)
            return False
        self.cursors = replace(self.cursors, watermark=self.start, position=None)
        if self.looked.need.sugar_full and self.looked.need.google_full:
            self._full_intake_done()
        if self.looked.need.listing:
            found = self._list_scope()
            if found is None:
                return False
            self.cursors = replace(self.cursors, listed_at=session.engine.now())
            if is_proof(found, session.holder.user.proof, self.cursors):
                self.proof = found
        self._save_cursors(complete=True)
        return True

    def _store(self, make: Callable[[], Marks], marks: Marks | None = None) -> None:
        """Store a page's marks before any cursor may pass it. Where somebody else wrote a document meanwhile, the
        page is marked again on what is stored now."""
        for _ in self.session.engine.tries():
            if flush(self.session, marks if marks is not None else make()):
                return
            marks = None
        raise TransientForUser("contention", "The contacts are being changed by somebody else.")

    @property
    def _relists_with_token(self) -> bool:
        return self.looked.need.google_full and not self.looked.need.keeps_token

    def _next(
        self, changes: ChangePage, deletions: DeletionPage, people: PeoplePage | None
    ) -> tuple[tuple[ChangePage, DeletionPage], PeoplePage | None]:
        """The next page of every feed that has one."""
        session = self.session

        def from_sugar() -> tuple[ChangePage, DeletionPage]:
            more = replace(changes, records=[])
            if not changes.end:
                more = session.sugar.changes(session.scope, self._since, changes.position)
            gone = replace(deletions, ids=[])
            if deletions.next_offset is not None:
                since = (session.user.cursors.watermark or self.start) - OVERLAP
                gone = session.sugar.deletions(session.scope, since, deletions.next_offset)
            return more, gone

        def from_google() -> PeoplePage | None:
            if people is None or people.next_page is None:
                return replace(people, people=[]) if people else None
            try:
                return session.google.changes(session.user.cursors.sync_token, people.next_page)
            except SyncTokenExpired:
                # Partial pages are discarded: the full listing begins again, with a new token.
                need = replace(self.looked.need, google_full=True, keeps_token=False)
                self.looked = replace(self.looked, need=need)
                return None

        sugar, google = session.engine.both(from_sugar, from_google)
        return sugar, google

    def _list_scope(self) -> Proof | None:
        """List the scope. The feeds are taken in: where that does not get to its end, it alone goes on."""
        found = None
        try:
            found = list_scope(self.session)
        finally:
            if found is None:
                self.cursors = replace(self.cursors, listed_at=None)
                self._save_cursors(complete=False)
        return found

    def _list_google(self) -> bool:
        """List all of Google's contacts, complete within this run. A contact that is stored but absent is suspect."""
        session = self.session
        first = session.user.cursors.full_at is None and session.user.cursors.sync_token is None
        keeps = self.looked.need.keeps_token
        seen: set[str] = set()
        page_token: str | None = None
        while True:
            if session.holder.seconds_left() <= 0:
                return False
            page = session.google.changes(None, page_token, want_token=not keeps)

            def listed_page(people: Sequence[Mapping[str, Any]] = page.people) -> Marks:
                marks = Marks(session)
                intake_google.changed(session, marks, people, full=True, first=first)
                return marks

            self._store(listed_page)
            seen.update(google_person.google_id(person) for person in page.people)
            page_token = page.next_page
            if page_token is None:
                break
        self._store(lambda: google_departures.listed(session, seen))
        if page.next_sync_token and not keeps:
            self.cursors = replace(
                looked_at_google(self.cursors, page.next_sync_token), token_at=session.engine.now()
            )
        return True

    def _save_position(self, changes: ChangePage, *, ended: bool = False) -> None:
        """Remember how far the pass over Sugar got; also its end, where the run cannot finish the rest."""
        if changes.position is None or (changes.end and not ended):
            return
        position = Position(
            self.start,
            changes.position.date_modified,
            changes.position.id,
            full=self.looked.need.sugar_full,
            version=self.session.user.settings_version,
        )
        self.cursors = replace(self.cursors, position=position)
        self._save_cursors(complete=False)

    def _full_intake_done(self) -> None:
        session = self.session
        self.cursors = replace(
            self.cursors,
            full_at=session.engine.now(),
            settings_version=session.user.settings_version,
            in_force=intake_relevant(session.settings),
            listed_at=None,
        )

    def _save_cursors(self, *, complete: bool) -> None:
        """Everything they cover is stored: the cursors may move."""
        session, loaded = self.session, self.session.user.cursors

        def moved(user: User) -> Mapping[str, Any]:
            """The cursors; a reconnect during this run keeps its word that the next intake deletes nothing."""
            deletes_on = user.cursors.deletes_on
            if complete and deletes_on == loaded.deletes_on:
                deletes_on = {side: session.settings.may("delete", side) for side in Side}
            return {"cursors": replace(self.cursors, deletes_on=deletes_on), "proof": self.proof}

        known = session.holder.user
        if moved(known) != {"cursors": known.cursors, "proof": known.proof}:
            session.holder.commit([], moved)
            session.holder.user = replace(session.holder.user, proof=self.proof)


def idle_cursors(session: Session, looked: Looked) -> Cursors:
    """The cursors after a look that found nothing to do."""
    token = looked.people.next_sync_token if looked.people else None
    cursors = session.user.cursors
    return replace(
        looked_at_google(cursors, token) if token else cursors,
        watermark=looked.sugar.server_time,
        position=None,
        deletes_on={side: session.settings.may("delete", side) for side in Side},
    )


def looked_at_google(cursors: Cursors, sync_token: str) -> Cursors:
    """The cursors after all that Google had to show was taken in."""
    return replace(cursors, sync_token=sync_token, google_looks=cursors.google_looks + 1)
