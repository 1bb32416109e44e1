"""The button of the scope: the Google contacts of Sugar records that left the scope are deleted in Google.

Both sides are read first: a record that is back in scope keeps its contact and is looked at by the next sync. Each
contact is in the history with its whole record. The guard does not count them: their number was confirmed, and never
are more deleted than that, whatever another run found out between the order and this one.
"""

from __future__ import annotations

from ..contacts.actions import Become, Delete, Nothing, Presence, Update, Wait
from ..contacts.mapping import State
from ..contacts.side import Side
from ..errors import SyncError
from ..services.sugar import NOT_SENT
from ..store import mappings
from .batch import Batch, Case
from .choice import Choice, decided
from .due import at_once
from .session import Session


class LeftScope(Choice):
    """The mappings that left the scope and still have a Google contact, each once; `confirmed` is their number."""

    def __init__(self, session: Session, confirmed: int) -> None:
        super().__init__(session)
        self._confirmed = confirmed
        self._after: str | None = None
        self._ended = False
        self._unsent = False

    def next(self) -> Batch | None:
        """The next ones, by Google id. Raises SyncError `count_changed` if there are more than were confirmed."""
        session = self.session
        if self._after is None:
            self._check_count()
        found = mappings.left_scope(session.engine.db, session.user.id, at_once(session), self._after)
        if not found:
            self._ended = True
            return None
        self._after = found[-1].google_id
        batch = decided(session, [mapping for mapping in found if mapping.backlog is None])
        for case in batch.cases:
            self._decide(case)
        return batch

    def carried_out(self, batch: Batch) -> None:
        """Take note of deletions that were not sent."""
        outcomes = [outcome for case in batch.cases for outcome in case.outcomes.values()]
        self._unsent = self._unsent or any(outcome.reason == NOT_SENT for outcome in outcomes)

    def unfinished(self) -> bool:
        """Whether there may be more."""
        return not self._ended or self._unsent

    def _check_count(self) -> None:
        session = self.session
        left = mappings.count_with_google(session.engine.db, session.user.id, State.OUT_OF_SCOPE)
        if left + session.counts.get("google_deleted", 0) > self._confirmed:
            raise SyncError("count_changed", "More contacts left the scope than were confirmed")

    def _decide(self, case: Case) -> None:
        """Delete what is out of scope still; what is not is left to the ordinary rules."""
        if isinstance(case.action, Update):
            case.action = Wait("it is back in scope")
            case.due_again = self.session.engine.now()
        elif (
            isinstance(case.action, Nothing)
            and case.views[Side.SUGAR].presence is Presence.HIDDEN
            and case.views[Side.GOOGLE].present
        ):
            then = Become(State.OUT_OF_SCOPE, forget=Side.GOOGLE)
            case.action = Delete(Side.GOOGLE, released=True, then=then)
