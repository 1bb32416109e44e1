"""Settle what an earlier run planned and never recorded: done, or removed, by what both sides now hold."""

from __future__ import annotations

from ..contacts import google_person
from ..contacts.normal_form import comparison_key, field_text
from ..contacts.side import Side
from ..store import history
from ..store.records import HistoryEntry
from ..store.write import Write
from .session import Session, read_google, read_sugar


def settle(session: Session) -> None:
    """Settle the planned entries of `planned_run`, in one commit that also clears it."""
    run = session.holder.user.planned_run
    if run is None or run == session.run:
        return
    entries = history.planned(session.engine.db, session.user.id, run)
    writes: list[list[Write]] = []
    if entries:
        sugar_ids = sorted({entry.sugar_id for entry in entries if entry.sugar_id})
        google_ids = sorted({entry.google_id for entry in entries if entry.google_id})
        people, fetched = session.engine.both(
            lambda: session.google.get(google_ids), lambda: session.sugar.fetch(sugar_ids)
        )
        for entry in entries:
            record = fetched.records.get(entry.sugar_id or "")
            person = people.people.get(entry.google_id or "")
            if _took_effect(entry, record, person):
                writes.append([history.patch(session.user.id, entry.id, state="done")])
            else:
                writes.append([history.remove(session.user.id, entry.id)])
    session.holder.commit(writes, planned_run=None)


def _took_effect(entry: HistoryEntry, record: dict | None, person: dict | None) -> bool:  # type: ignore[type-arg]
    """Whether the side the entry writes to shows it."""
    if entry.action == "delete":
        if entry.side is Side.SUGAR:
            return record is None
        return person is None or google_person.source_id(person) is None
    if entry.side is Side.SUGAR:
        contact = read_sugar(record, None) if record is not None else None
    else:
        contact = read_google(person, None) if person is not None else None
    if contact is None:
        return False
    return all(
        _same_text(change.field, field_text(change.field, getattr(contact, change.field)), change.after)
        for change in entry.changes
    )


def _same_text(name: str, one: str, other: str) -> bool:
    if name.startswith("phone_"):
        return comparison_key(name, one) == comparison_key(name, other)
    return sorted(one.split(", ")) == sorted(other.split(", "))
