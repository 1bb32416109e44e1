"""What a run works on: which contacts come next, read and decided. Every kind of run has its own choice."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterable

from ..contacts.actions import Forget, Nothing, Update, Wait
from ..contacts.mapping import IndexEntry
from ..contacts.mapping import Mapping as ContactMapping
from ..store import google_index, mappings
from .batch import Batch, Case
from .decide import Decider
from .due import Place, at_once, due, item_id, last_places, parted, places_after
from .engine import BATCH
from .gather import Gatherer
from .guard import guard
from .session import Session

MOST_VISITS = 3
"""A contact that is due again at once is looked at this often within one run."""


class Declined(Exception):
    """What was ordered is not possible: the message says why, and what to do instead."""


class Choice(ABC):
    """The contacts of one run, batch by batch."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @abstractmethod
    def next(self) -> Batch | None:
        """The next contacts, decided; None: there are no more. Raises Declined."""

    def carried_out(self, batch: Batch) -> None:
        """Take note of what became of a batch, once that is recorded."""
        return

    def unfinished(self) -> bool:
        """Whether this very run has to come back for something."""
        return False

    def waiting(self) -> int:
        """How many contacts would follow those given so far."""
        return 0


def decided(
    session: Session,
    chosen: Iterable[ContactMapping],
    entries: Iterable[IndexEntry] = (),
    *,
    companies: Collection[str] = (),
) -> Batch:
    """These contacts, read directly and decided by the ordinary rules, the guard's included.

    Of records that are alike the first one decides what becomes of the others: they come by their ids, so that a
    preview and the run that applies it agree. `companies` are looked up in Sugar beside those that the contacts name.
    """
    gatherer = Gatherer(session)
    by_id = sorted(chosen, key=lambda mapping: mapping.sugar_id)
    batch = gatherer.gather(by_id, sorted(entries, key=lambda entry: entry.google_id), companies)
    Decider(session, gatherer).decide(batch)
    guard(session, batch)
    return batch


class DueContacts(Choice):
    """What is due, until 100 actions are done."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._visits: Counter[str] = Counter()
        self._acted = 0
        left_out = session.left_out_at
        self._after = places_after(left_out) if left_out is not None else {}

    def next(self) -> Batch | None:
        """What is due now; contacts that stay due come again, a few times."""
        if self._acted >= BATCH:
            return None
        chosen = due(self.session, at_once(self.session, BATCH - self._acted), self._after)
        keys = {item_id(one.item) for one in chosen}
        if all(self._visits[key] >= MOST_VISITS for key in keys):
            return None
        self._visits.update(keys)
        batch = decided(self.session, *parted(chosen))
        self._acted += sum(not isinstance(case.action, Nothing | Wait) for case in batch.cases)
        return batch


class DueOnce(Choice):
    """What is due, each contact once, until 100 actions are planned: nothing is carried out, so all stay due."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._planned = 0
        self._seen: set[str] = set()
        self._after: dict[str, Place] = {}

    def next(self) -> Batch | None:
        """The due contacts that follow those seen."""
        if self._planned >= BATCH:
            return None
        chosen = due(self.session, at_once(self.session, BATCH - self._planned), self._after)
        if not chosen:
            return None
        self._after |= last_places(chosen)
        # The partner of a planned link is due as well, and its turn comes later: nothing is planned twice.
        chosen = [one for one in chosen if item_id(one.item) not in self._seen]
        asked = {item_id(one.item) for one in chosen}
        batch = decided(self.session, *parted(chosen))
        # What the guard adds is not planned here, only counted by it.
        batch.cases = [case for case in batch.cases if asked & _ids(case)]
        self._planned += sum(is_plan(case) for case in batch.cases)
        self._seen |= asked | self._due_partners(batch)
        return batch

    def waiting(self) -> int:
        """The due contacts beyond those seen."""
        db, user_id, now = self.session.engine.db, self.session.user.id, self.session.engine.now()
        all_due = mappings.count_due(db, user_id, now) + google_index.count_due(db, user_id, now)
        return max(0, all_due - len(self._seen))

    def _due_partners(self, batch: Batch) -> set[str]:
        """The due contacts that a planned link takes in."""
        now = self.session.engine.now()
        parts = [part for case in batch.cases for part in (case.mapping, case.entry) if part is not None]
        return {item_id(part) for part in parts if part.due_at is not None and part.due_at <= now}


def is_plan(case: Case) -> bool:
    """Whether there is something to tell a person about: more than what only the store takes note of."""
    action = case.action
    if isinstance(action, Update):
        return bool(action.merged.targets) or action.links
    return not isinstance(action, Nothing | Wait | Forget)


def _ids(case: Case) -> set[str]:
    own = {case.mapping.sugar_id} if case.mapping is not None else set()
    return own | {google_id for google_id in (case.google_id,) if google_id is not None}
