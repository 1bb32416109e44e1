"""Settle what an earlier run planned and never recorded: done, or removed, by what both sides now hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..contacts import google_person
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.normal_form import field_text
from ..contacts.side import Side
from ..store import history, mappings
from ..store.records import HistoryEntry
from ..store.write import Write
from .barrier import Barrier
from .due import at_once
from .session import Session, read_google, read_sugar


def settle(session: Session) -> None:
    """Settle the planned entries of `planned_run` and clear it. What a slow Sugar leaves to the next run is less."""
    run = session.holder.user.planned_run
    if run is None:
        return
    entries = history.planned(session.engine.db, session.user.id, run)
    count = at_once(session)
    while len(entries) > count:
        session.holder.commit(_settled(session, entries[:count]))
        entries = entries[count:]
    session.holder.commit(_settled(session, entries), planned_run=None)


def _settled(session: Session, entries: Sequence[HistoryEntry]) -> list[list[Write]]:
    if not entries:
        return []
    sugar_ids = sorted({entry.sugar_id for entry in entries if entry.sugar_id})
    google_ids = sorted({entry.google_id for entry in entries if entry.google_id})
    people, fetched = session.engine.both(
        lambda: session.google.get(google_ids), lambda: session.sugar.fetch(sugar_ids)
    )
    known = mappings.get(session.engine.db, session.user.id, sugar_ids)
    writes: list[list[Write]] = []

    def tell(entry: HistoryEntry) -> None:
        writes.append([history.patch(session.user.id, entry.id, state=history.DONE)])

    def step(entry: HistoryEntry) -> None:
        sugar_id, google_id = entry.sugar_id or "", entry.google_id or ""
        unread = google_id in people.failed if entry.side is Side.GOOGLE else sugar_id in fetched.failed
        record, person = fetched.records.get(sugar_id), people.people.get(google_id)
        # What cannot be read now is told: rather a story too many than a value lost.
        if unread or _took_effect(entry, record, person, known.get(sugar_id)):
            tell(entry)
        else:
            writes.append([history.remove(session.user.id, entry.id)])

    Barrier().each(entries, step, tell)
    return writes


def _took_effect(
    entry: HistoryEntry,
    record: Mapping[str, Any] | None,
    person: Mapping[str, Any] | None,
    mapping: ContactMapping | None,
) -> bool:
    """Whether a deletion is done; whether an update that made values lose a conflict is.

    A write carries all its fields or none: one that shows what was written proves it for the others, which somebody
    may have put back since. Where none does, it is not done as long as some losing value is still there.
    """
    if entry.action == "delete":
        if entry.side is Side.SUGAR:
            return record is None
        return person is None or google_person.source_id(person) is None
    if entry.side is Side.SUGAR:
        contact = read_sugar(record, mapping) if record is not None else None
    else:
        contact = read_google(person, mapping) if person is not None else None
    if contact is None:
        return False
    shown = {
        change.field: field_text(change.field, getattr(contact, change.field)) for change in entry.changes
    }
    written = any(shown[change.field] == change.after != change.before for change in entry.changes)
    return written or not any(shown[change.field] == change.lost for change in entry.changes)
