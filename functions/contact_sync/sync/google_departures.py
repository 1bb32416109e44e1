"""Google contacts that are gone: tombstones in the feed, and what a complete listing no longer shows.

Both only note it; a direct read decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..contacts import google_person
from ..contacts.mapping import IndexEntry, State
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.side import Side
from ..store import backlog, google_index, mappings
from .aside import unread
from .engine import ECHO_DELAY
from .intake_sugar import note_deleted
from .marks import Marks
from .session import Session


def departed(
    session: Session,
    marks: Marks,
    people: Sequence[Mapping[str, Any]],
    entries: Mapping[str, IndexEntry],
    mapped: Mapping[str, ContactMapping],
    moved: Collection[str],
) -> None:
    """Mark a page's tombstones. `entries`: what is known of the page's persons, by the names in it; `moved`: known
    names that a person of the page had before.

    A contact that was renamed and deleted between two looks comes as a tombstone of a name that nobody knows. Its
    entry is found by the source id, which a tombstone carries too (captured answers of people.connections.list).
    """
    alive = {google_person.google_id(person) for person in people if not google_person.is_deleted(person)}
    for person in people:
        google_id = google_person.google_id(person)
        entry = entries.get(google_id)
        if entry is None or not google_person.is_deleted(person) or entry.google_id in moved:
            continue
        mapping = mapped.get(entry.mapping or "")
        former = entry.google_id != google_id
        if former and entry.google_id in alive:
            continue
        if former and mapping is None:
            _doubt(session, marks, entry)
        else:
            # One that was renamed may be so again, and its newest name still be on its way in the feed.
            at = session.engine.now() + ECHO_DELAY if former else None
            _tombstone(session, marks, entry, mapping, at)


def listed(session: Session, ids: set[str]) -> Marks:
    """Compare a complete listing with the index: what is stored but not listed may be gone; a direct read decides."""
    now, db, user_id = session.engine.now(), session.engine.db, session.user.id
    absent = sorted(google_index.ids(db, user_id).keys() - ids)
    marks = Marks(session)
    entries = google_index.get(db, user_id, absent)
    mapped = mappings.get(db, user_id, sorted({entry.mapping for entry in entries.values() if entry.mapping}))
    for entry in entries.values():
        mapping = mapped.get(entry.mapping or "")
        if mapping is None:
            _doubt(session, marks, entry)
        else:
            # So soon after our own write the listing proves nothing: the direct read has to wait.
            at = mapping.written_at + ECHO_DELAY if mapping.written_at is not None else now
            _tombstone(session, marks, entry, mapping, at)
    return marks


def _tombstone(
    session: Session,
    marks: Marks,
    entry: IndexEntry,
    mapping: ContactMapping | None,
    at: datetime | None = None,
) -> None:
    """A contact is reported deleted: an unlinked one is forgotten, a linked one noted on its mapping, and looked at
    from `at` on."""
    if unread(session, marks, mapping or entry):
        return
    if mapping is None:
        closing = [backlog.close(session.user.id, entry.backlog)] if entry.backlog else []
        marks.put(google_index.remove(session.user.id, entry.google_id), *closing)
    elif mapping.google_id != entry.google_id:
        marks.put(google_index.remove(session.user.id, entry.google_id))
    elif mapping.state is State.GONE:
        # Should it come back from the trash, it is another mapping's.
        settled = replace(mapping, google_id=None, google_source_id=None)
        marks.put(settled, google_index.remove(session.user.id, entry.google_id))
    else:
        note_deleted(session, marks, mapping, Side.GOOGLE, at)


def _doubt(session: Session, marks: Marks, entry: IndexEntry) -> None:
    """An unlinked contact may be gone: nothing of it is forgotten before it was asked for."""
    if entry.due_at is None and not unread(session, marks, entry):
        marks.put(replace(entry, due_at=session.engine.now()))
