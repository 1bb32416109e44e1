"""Views: both sides of every case as planning sees them, made from what was read directly.

Absence alone is never a deletion: what proves one is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..contacts import google_person, sugar_record
from ..contacts.actions import Presence, SideView
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.mapping import Missing, State
from ..contacts.normal_form import company_key
from ..contacts.side import Side
from ..contacts.sugar_record import Accounts
from ..errors import ContactAtFault, SyncError, TransientForAll, TransientForUser
from ..services.google_people import Read
from ..services.outcome import Outcome, Status
from ..services.sugar import Fetched
from .batch import Batch, Case
from .engine import ECHO_DELAY, OUTAGE
from .session import Session, read_google, read_sugar


class Views:
    """What was read of both sides, and what it shows of each case."""

    def __init__(self, session: Session, people: Read, fetched: Fetched) -> None:
        self.session = session
        self.people = people
        self.fetched = fetched
        self.accounts = Accounts(
            {company_key(name): ids[0] if len(ids) == 1 else None for name, ids in fetched.accounts.items()}
        )
        self._down = _down(people, fetched)
        self._asked: set[str] = set()
        """Records that the user cannot read, and the service administrator was asked about."""
        self._gone: set[str] = set()
        """Those of them that the administrator cannot find either."""
        self._owned: set[str] = set()
        """Those of the gone ones that provably were the user's until they were deleted."""

    def show(self, batch: Batch) -> None:
        """Set the views of every case."""
        self._confirm_absent([case for case in batch.cases if not case.aside])
        batch.each(self._view)

    def _view(self, case: Case) -> None:
        self._view_sugar(case)
        self._settle_doubt(case)
        self._view_google(case)

    def present(self, case: Case, person: Mapping[str, Any]) -> None:
        """This is the case's Google contact."""
        case.person = person
        contact = read_google(person, case.mapping)
        case.views[Side.GOOGLE] = SideView(
            Presence.PRESENT, contact, google_person.modified_at(person), google_person.reduce
        )

    def of_record(self, record: Mapping[str, Any], mapping: ContactMapping | None) -> SideView:
        """A Sugar record that was read, as planning sees it."""
        if sugar_record.is_stub(record) or not self.session.in_scope(record):
            return SideView(Presence.HIDDEN)
        return SideView(
            Presence.PRESENT,
            read_sugar(record, mapping),
            sugar_record.modified_at(record),
            lambda contact: self.session.held_by_sugar(contact, self.accounts),
            self.session.denied | sugar_record.denied_fields(record),
        )

    def _confirm_absent(self, cases: Sequence[Case]) -> None:
        """Ask the service administrator about the records that the user cannot read: only what the administrator
        cannot find either is deleted. A tombstone in the user's own deletion poll is proof enough.
        """
        doubtful = [
            case.mapping.sugar_id
            for case in cases
            if case.mapping is not None
            and self.fetched.records.get(case.mapping.sugar_id, "unread") is None
            and not case.mapping.misses(Side.SUGAR)
            and not self._too_early(case.mapping)
        ]
        if not doubtful:
            return
        session, server = self.session, self.session.engine.sugar
        portions = session.sugar.portions
        self._asked = set(doubtful)
        self._gone = self._asked - server.still_there(doubtful, portions, session.ensure_time)
        self._owned = server.deleted_within(session.scope, self._gone, portions, session.ensure_time)

    def _too_early(self, mapping: ContactMapping) -> bool:
        """Whether a create's outcome cannot be told yet by a record that is not found."""
        if mapping.state is not State.CREATING:
            return False
        now = self.session.engine.now()
        return mapping.created_side is Side.GOOGLE or now - (mapping.created_at or now) < ECHO_DELAY

    def _view_google(self, case: Case) -> None:
        mapping, google_id = case.mapping, case.google_id
        if google_id is None:
            return
        error = self.people.failed.get(google_id)
        if error is not None:
            self._unread(case, Side.GOOGLE, error)
            return
        person = self.people.people.get(google_id)
        if person is not None and google_person.source_id(person) is not None:
            self.present(case, person)
            return
        noted = mapping is None or mapping.misses(Side.GOOGLE)
        settled = mapping is not None and mapping.state in (State.GONE, State.OUT_OF_SCOPE, State.UNLINKED)
        # Beside a deleted record the 404 is the effect that our own deletion had; there is nothing left to lose.
        both = case.views[Side.SUGAR].presence is Presence.DELETED
        case.views[Side.GOOGLE] = SideView(
            Presence.DELETED if noted or settled or both else Presence.UNCONFIRMED
        )

    def _view_sugar(self, case: Case) -> None:
        mapping = case.mapping
        if mapping is None:
            return
        sugar_id = mapping.sugar_id
        error = self.fetched.failed.get(sugar_id)
        if isinstance(error, ContactAtFault):
            case.views[Side.SUGAR] = SideView(Presence.HIDDEN)
            return
        if error is not None:
            self._unread(case, Side.SUGAR, error)
            return
        record = self.fetched.records.get(sugar_id)
        if record is not None:
            case.record = record
            case.views[Side.SUGAR] = self.of_record(record, mapping)
            return
        deleted = mapping.misses(Side.SUGAR) or sugar_id in self._gone
        if mapping.state is State.CREATING and not deleted and sugar_id not in self._asked:
            case.views[Side.SUGAR] = SideView(Presence.UNCONFIRMED)
            return
        case.views[Side.SUGAR] = SideView(Presence.DELETED if deleted else Presence.HIDDEN)
        if deleted and mapping.missing is None and mapping.state is State.LINKED:
            noted = mapping.absent
            on = noted.delete_on if noted is not None else self.session.deletes(Side.GOOGLE)
            waits = on and sugar_id in self._owned
            case.mapping = replace(mapping, missing=Missing(Side.SUGAR, self.session.engine.now(), waits))

    @staticmethod
    def _settle_doubt(case: Case) -> None:
        """Once the record was read, or found not to be there, what a listing did not show is no question any more."""
        mapping = case.mapping
        if mapping is None or mapping.absent is None:
            return
        if case.views[Side.SUGAR].presence is not Presence.UNCONFIRMED:
            case.suspected = mapping.absent
            case.mapping = replace(mapping, absent=None)

    def _unread(self, case: Case, side: Side, error: SyncError) -> None:
        """Nothing is decided on a side that could not be read."""
        case.views[side] = SideView(Presence.UNCONFIRMED)
        if side in self._down:
            case.due_again = self.session.engine.now() + OUTAGE
        elif isinstance(error, TransientForUser | TransientForAll):
            case.unread = Outcome(
                case.key, Status.TRANSIENT, reason=error.message, retry_after=error.retry_after
            )
        else:
            case.unread = Outcome(case.key, Status.REFUSED, reason=error.message)


def _down(people: Read, fetched: Fetched) -> set[Side]:
    """The sides that answered none of several reads: that is no contact's own failure."""
    google = len(people.failed) > 1 and not people.people
    sugar = len(fetched.failed) > 1 and not fetched.records
    return {side for side, down in ((Side.GOOGLE, google), (Side.SUGAR, sugar)) if down}
