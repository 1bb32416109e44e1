"""What a run works on: which contacts come next, read and decided. Every kind of run has its own choice."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from heapq import merge

from ..contacts.actions import Forget, Nothing, Update, Wait
from ..contacts.mapping import IndexEntry
from ..contacts.mapping import Mapping as ContactMapping
from ..store import google_index, mappings
from .batch import Batch, Case
from .decide import Decider
from .engine import BATCH
from .gather import Gatherer
from .guard import guard
from .session import Session

MOST_VISITS = 3
"""A contact that is due again at once is looked at this often within one run."""

After = tuple[datetime, str] | None
"""due_at and id of the last one seen."""


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
    Decider(session, gatherer).decide(batch.cases)
    guard(session, batch)
    return batch


class DueContacts(Choice):
    """What is due, released contacts first (they are due since ever), until 100 actions are done."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._visits: Counter[str] = Counter()
        self._acted = 0

    def next(self) -> Batch | None:
        """What is due now; contacts that stay due come again, a few times."""
        if self._acted >= BATCH:
            return None
        chosen, entries = _due(self.session, BATCH - self._acted)
        keys = [mapping.sugar_id for mapping in chosen] + [entry.google_id for entry in entries]
        if all(self._visits[key] >= MOST_VISITS for key in keys):
            return None
        self._visits.update(keys)
        batch = decided(self.session, chosen, entries)
        self._acted += sum(not isinstance(case.action, Nothing | Wait) for case in batch.cases)
        return batch


class DueOnce(Choice):
    """What is due, each contact once, until 100 actions are planned: nothing is carried out, so all stay due."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._planned = 0
        self._seen: set[str] = set()
        self._after: tuple[After, After] = (None, None)

    def next(self) -> Batch | None:
        """The due contacts that follow those seen."""
        if self._planned >= BATCH:
            return None
        chosen, entries = _due(self.session, BATCH - self._planned, self._after)
        if not (chosen or entries):
            return None
        of_mappings, of_entries = self._after
        if chosen:
            of_mappings = (chosen[-1].due_at or self.session.engine.now(), chosen[-1].sugar_id)
        if entries:
            of_entries = (entries[-1].due_at or self.session.engine.now(), entries[-1].google_id)
        self._after = (of_mappings, of_entries)
        # The partner of a planned link is due as well, and its turn comes later: nothing is planned twice.
        chosen = [mapping for mapping in chosen if mapping.sugar_id not in self._seen]
        entries = [entry for entry in entries if entry.google_id not in self._seen]
        asked = {mapping.sugar_id for mapping in chosen} | {entry.google_id for entry in entries}
        batch = decided(self.session, chosen, entries)
        # What the guard adds is not planned here, only counted by it.
        batch.cases = [case for case in batch.cases if asked & _ids(case)]
        self._planned += sum(is_plan(case) for case in batch.cases)
        self._seen |= asked | self._due_partners(batch)
        return batch

    def waiting(self) -> int:
        """The due contacts beyond those seen."""
        db, user_id, now = self.session.engine.db, self.session.user.id, self.session.engine.now()
        due = mappings.count_due(db, user_id, now) + google_index.count_due(db, user_id, now)
        return max(0, due - len(self._seen))

    def _due_partners(self, batch: Batch) -> set[str]:
        """The due contacts that a planned link takes in."""
        now = self.session.engine.now()
        parts = [part for case in batch.cases for part in (case.mapping, case.entry) if part is not None]
        due = [part for part in parts if part.due_at is not None and part.due_at <= now]
        return {part.sugar_id if isinstance(part, ContactMapping) else part.google_id for part in due}


def is_plan(case: Case) -> bool:
    """Whether there is something to tell a person about: more than what only the store takes note of."""
    action = case.action
    if isinstance(action, Update):
        return bool(action.merged.targets) or action.links
    return not isinstance(action, Nothing | Wait | Forget)


def _ids(case: Case) -> set[str]:
    own = {case.mapping.sugar_id} if case.mapping is not None else set()
    return own | {google_id for google_id in (case.google_id,) if google_id is not None}


def _due(
    session: Session, limit: int, after: tuple[After, After] = (None, None)
) -> tuple[list[ContactMapping], list[IndexEntry]]:
    """Up to `limit` due contacts by due time."""
    now, db, user_id = session.engine.now(), session.engine.db, session.user.id
    of_mappings, of_entries = after

    def place(item: ContactMapping | IndexEntry) -> tuple[datetime, str]:
        return item.due_at or now, item.sugar_id if isinstance(item, ContactMapping) else item.google_id

    due: Iterable[ContactMapping | IndexEntry] = merge(
        mappings.due(db, user_id, now, limit, of_mappings),
        google_index.due(db, user_id, now, limit, of_entries),
        key=place,
    )
    chosen = [item for item, _ in zip(due, range(limit), strict=False)]
    return (
        [item for item in chosen if isinstance(item, ContactMapping)],
        [item for item in chosen if isinstance(item, IndexEntry)],
    )
