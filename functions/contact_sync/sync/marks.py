"""Due marks: what the feeds say about mappings and index entries, as groups of writes.

A mark never decides what will be done; it only says that a contact has to be looked at. Only what the settings let
something happen to is marked due: a changed setting takes everything in again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ..contacts.mapping import IndexEntry, State
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.side import Side
from ..store import backlog, google_index, mappings
from ..store.write import Write
from .engine import addresses
from .session import Session

RELEASED_BY_EDIT = ("refused", "no_name")
"""Causes that an edit of the record may have cured."""


@dataclass(slots=True)
class Marks:
    """Writes that belong together, and the earliest moment something of them is due."""

    user_id: str
    groups: list[list[Write]] = field(default_factory=list)
    earliest: datetime | None = None

    def put(self, *items: ContactMapping | IndexEntry | Write) -> None:
        """Add one group."""
        writes: list[Write] = []
        for item in items:
            if isinstance(item, Write):
                writes.append(item)
                continue
            if item.due_at is not None and (self.earliest is None or item.due_at < self.earliest):
                self.earliest = item.due_at
            writes.append(guarded(self.user_id, item))
        self.groups.append(writes)

    def __bool__(self) -> bool:
        return bool(self.groups)


def guarded(user_id: str, item: ContactMapping | IndexEntry) -> Write:
    """The write of a mapping or index entry, only if nobody else wrote the document since it was read."""
    write = (
        mappings.put(user_id, item) if isinstance(item, ContactMapping) else google_index.put(user_id, item)
    )
    return replace(write, if_updated_at=item.updated_at)


def backlog_id(cause: str, key: str) -> str:
    """The id of a backlog entry: readable, and one per contact and cause."""
    return f"{cause}-{key}"


def cause_of(entry_id: str) -> str:
    """The cause in a backlog id."""
    return entry_id.split("-", 1)[0]


def released_by_edit(user_id: str, item: ContactMapping | IndexEntry) -> Write | None:
    """Closes the item's backlog entry if its cause is one that an edit may cure."""
    if item.backlog is None or cause_of(item.backlog) not in RELEASED_BY_EDIT:
        return None
    return backlog.close(user_id, item.backlog)


def linkable(session: Session, side: Side, terms: Mapping[str, Collection[str]]) -> set[str]:
    """Which of these records of `side` share an address with an unplaced record of the other side.

    `terms` are hashed match terms by record key. Without a create switch only these have anything to wait for.
    """
    wanted = sorted({term for held in terms.values() for term in addresses(held)})
    if not wanted or not session.links:
        return set()
    held: set[str] = set()
    found: Iterable[ContactMapping | IndexEntry]
    if side is Side.SUGAR:
        found = [
            e for e in google_index.with_keys(session.engine.db, session.user.id, wanted) if e.mapping is None
        ]
    else:
        known = mappings.with_keys(session.engine.db, session.user.id, wanted)
        found = [mapping for mapping in known if mapping.state is State.NEW]
    for item in found:
        held.update(item.match_keys)
    return {key for key, own in terms.items() if held.intersection(addresses(own))}


def flush(session: Session, batches: Sequence[Marks]) -> None:
    """Commit marks; the first due mark also sets the user's `pending` hint, in the same commit."""
    groups = [group for marks in batches for group in marks.groups]
    if not groups:
        return
    times = [marks.earliest for marks in batches if marks.earliest is not None]
    pending = session.holder.user.pending
    if times and (pending is None or min(times) < pending):
        # The hint may be early, never late: it goes ahead of the marks of later commits.
        session.holder.commit([], pending=min(times))
        session.holder.user = replace(session.holder.user, pending=min(times))
    session.holder.commit(groups)
