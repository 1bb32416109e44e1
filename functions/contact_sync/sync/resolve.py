"""What a person decides about single contacts: release, keep, choose a partner, link again, unlink.

Nothing is written to either side here. A decision is left with the contact as a directive, the contact is due at
once, and the next run carries it out on fresh reads. Every decision is one commit that also sets the user's
`pending` hint; a run that is under way notices it by the user document.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from ..contacts.mapping import Directive, IndexEntry, State
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.match import TWIN
from ..contacts.side import Side
from ..store import backlog, google_index, mappings, users
from ..store.database import Database
from ..store.records import BacklogEntry
from ..store.write import Conflict, Write
from .chosen import CHOSEN, Lost, lost, partner_chosen_for
from .marks import amended, awaited_deletion, guarded

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""Due time of a released contact: it goes ahead of everything else."""
DELETES = ("deleted_and_edited", "merged_in_google", "mass_delete")
"""Causes whose release carries the deletion out."""
OWN_CONTACT = ("ambiguous", "duplicate", "deleted_and_edited")
"""Causes whose keeping makes a contact of its own."""


class Refused(Exception):
    """The decision is not possible: `status` is the HTTP status that fits (404 or 409)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def release(db: Database, user_id: str, entry_ids: Sequence[str]) -> int:
    """Decide again about these backlog entries; a deletion that was asked about is carried out."""

    def decide(entry: BacklogEntry, item: ContactMapping | IndexEntry) -> ContactMapping | IndexEntry:
        kind = "delete" if entry.cause in DELETES else "again"
        released = replace(item, directive=Directive(kind), due_at=FIRST, backlog=None)
        if isinstance(released, IndexEntry):
            return released
        # What was confirmed counts for the guard no more; what was only waiting in the backlog counts from now on.
        waits = None if kind == "delete" else awaited_deletion(released)
        return replace(released, deletion_waits=waits, flips={})

    return _resolve(db, user_id, entry_ids, decide)


def keep(db: Database, user_id: str, entry_ids: Sequence[str]) -> int:
    """Leave things as they are: a contact of its own where that was the question, else unlinked or left alone."""

    def decide(entry: BacklogEntry, item: ContactMapping | IndexEntry) -> ContactMapping | IndexEntry:
        if entry.cause in OWN_CONTACT:
            return replace(item, directive=Directive("create"), due_at=FIRST, backlog=None)
        if isinstance(item, IndexEntry):
            return replace(item, left_alone=True, due_at=None, backlog=None)
        if item.state is State.NEW:
            return replace(item, state=State.UNLINKED, due_at=None, backlog=None)
        return replace(item, state=State.UNLINKED, due_at=None, backlog=None, deletion_waits=None)

    return _resolve(db, user_id, entry_ids, decide)


def choose(db: Database, user_id: str, entry_id: str, partner: str) -> None:
    """Link an ambiguous contact with this one of its candidates."""
    entry = backlog.get(db, user_id, [entry_id]).get(entry_id)
    if entry is None:
        raise Refused(404, "There is no such backlog entry.")
    if entry.cause != "ambiguous" or partner not in entry.partners or partner.startswith(TWIN):
        raise Refused(409, "This contact is not one of the candidates.")
    there = Side.GOOGLE if entry.sugar_id is not None else Side.SUGAR
    why = lost(db, user_id, there, partner) or _promised(db, user_id, there, partner)
    if why is not None:
        raise Refused(409, f"{why.why} Nothing was decided.")

    def decide(_entry: BacklogEntry, item: ContactMapping | IndexEntry) -> ContactMapping | IndexEntry:
        return replace(item, directive=Directive("link", partner), due_at=FIRST, backlog=None)

    if not _resolve(db, user_id, [entry_id], decide):
        raise Refused(404, "There is no such entry any more; perhaps it was decided already.")
    # The others who asked the same question are decided about again.
    others = [
        other.id for other in backlog.every_entry(db, user_id, cause="ambiguous") if _asks_about(other, entry)
    ]
    if others:
        # The choice itself is made: one that is being worked on just now asks again by itself.
        with suppress(Refused):
            release(db, user_id, others)


def _promised(db: Database, user_id: str, side: Side, partner: str) -> Lost | None:
    """A record of `side` that was chosen for another contact before, and waits for the next sync."""
    chosen: Sequence[ContactMapping | IndexEntry]
    if side is Side.GOOGLE:
        chosen = mappings.that_chose(db, user_id, partner)
    else:
        chosen = google_index.that_chose(db, user_id, partner)
    taken = next((item for item in chosen if partner_chosen_for(item) == partner), None)
    if taken is None:
        return None
    name = (taken.name if isinstance(taken, ContactMapping) else "") or "another contact"
    return Lost(f"{CHOSEN[side]} was chosen for {name} before; the next sync links the two.")


def link_again(db: Database, user_id: str, sugar_id: str) -> None:
    """Link an unlinked contact again. Raises Refused."""

    def decide(mapping: ContactMapping) -> ContactMapping:
        if mapping.state is State.GONE:
            raise Refused(404, "This contact is gone on both sides.")
        if mapping.state in (State.CREATING, State.OUT_OF_SCOPE):
            raise Refused(409, "This contact cannot be linked now.")
        directive = Directive("link") if mapping.state is State.UNLINKED else Directive("again")
        return replace(mapping, directive=directive, due_at=FIRST, backlog=None)

    _change_mapping(db, user_id, sugar_id, decide)


def unlink(db: Database, user_id: str, sugar_id: str) -> None:
    """Stop syncing a contact; both sides keep it. Raises Refused."""

    def decide(mapping: ContactMapping) -> ContactMapping:
        if mapping.state is State.GONE:
            raise Refused(404, "This contact is gone on both sides.")
        if mapping.state in (State.CREATING, State.NEW):
            raise Refused(409, "This contact is not linked yet.")
        return replace(
            mapping,
            state=State.UNLINKED,
            missing=None,
            deletion_waits=None,
            directive=None,
            due_at=None,
            backlog=None,
        )

    _change_mapping(db, user_id, sugar_id, decide)


def _resolve(
    db: Database,
    user_id: str,
    entry_ids: Sequence[str],
    decide: Callable[[BacklogEntry, ContactMapping | IndexEntry], ContactMapping | IndexEntry],
) -> int:
    """Apply a decision to backlog entries, in commits of bounded size. Returns how many were open."""
    resolved = 0
    entries = backlog.get(db, user_id, entry_ids)
    for start in range(0, len(entry_ids), 100):
        part = [entries[key] for key in entry_ids[start : start + 100] if key in entries]
        known = mappings.get(db, user_id, [entry.sugar_id for entry in part if entry.sugar_id])
        unmapped = google_index.get(
            db, user_id, [entry.google_id for entry in part if entry.google_id and not entry.sugar_id]
        )
        groups: list[list[Write]] = []
        for entry in part:
            item: ContactMapping | IndexEntry | None
            item = known.get(entry.sugar_id) if entry.sugar_id else unmapped.get(entry.google_id or "")
            closing = backlog.close(user_id, entry.id)
            if item is None or item.backlog != entry.id:
                groups.append([closing])
                continue
            groups.append([_decided(user_id, item, decide(entry, item)), closing])
            resolved += 1
        _commit(db, user_id, [write for group in groups for write in group])
    return resolved


def _change_mapping(
    db: Database, user_id: str, sugar_id: str, decide: Callable[[ContactMapping], ContactMapping]
) -> None:
    mapping = mappings.get(db, user_id, [sugar_id]).get(sugar_id)
    if mapping is None:
        raise Refused(404, "There is no such contact.")
    if mapping.unreadable:
        raise Refused(409, "What is stored about this contact cannot be read.")
    decided = decide(mapping)
    closing = [backlog.close(user_id, mapping.backlog)] if mapping.backlog else []
    _commit(db, user_id, [guarded(user_id, decided), *closing])


def _decided(user_id: str, item: ContactMapping | IndexEntry, decided: ContactMapping | IndexEntry) -> Write:
    """The write of an item as decided; of one whose document could not be read only what the decision changes."""
    if not item.unreadable:
        return guarded(user_id, decided)
    fields = {name: getattr(decided, name, None) for name in ("state", "left_alone", "backlog", "due_at")}
    changed = {name: value for name, value in fields.items() if value != getattr(item, name, None)}
    return amended(user_id, item, **changed)


def _commit(db: Database, user_id: str, writes: Sequence[Write]) -> None:
    try:
        db.commit([*writes, users.update(user_id, pending=FIRST)])
    except Conflict:
        raise Refused(409, "A sync is working on this contact right now. Try again in a moment.") from None


def _asks_about(other: BacklogEntry, entry: BacklogEntry) -> bool:
    ids = {entry.sugar_id, entry.google_id, *entry.partners} - {None}
    return bool(ids & {other.sugar_id, other.google_id, *other.partners})
