"""Due marks: what the feeds say about mappings and index entries, as groups of writes.

A mark never decides what will be done; it only says that a contact has to be looked at. Only what the settings let
something happen to is marked due: a changed setting takes everything in again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..contacts.contact import FIELDS, PRIVATE_FIELDS, Contact
from ..contacts.mapping import IndexEntry, State
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.merge import edited
from ..contacts.normal_form import same
from ..contacts.plan import open_fields
from ..contacts.side import Side
from ..store import backlog, google_index, mappings
from ..store.write import Write
from .engine import addresses

if TYPE_CHECKING:
    from .session import Session

RELEASED_BY_EDIT = ("refused", "no_name")
"""Causes that an edit of the record may have cured."""


@dataclass(slots=True)
class Marks:
    """What several pages ask to be stored, as groups of writes that belong together.

    Pages of both sides may concern the same contact: a later page sees what an earlier one marked, and a document is
    written once, with all that is known of it.
    """

    session: Session
    earliest: datetime | None = None
    """The earliest moment something of them is due."""
    _groups: dict[str, dict[str, Write]] = field(default_factory=dict)
    """By path of every document that is written: its group, by path."""
    _mappings: dict[str, ContactMapping] = field(default_factory=dict)
    _unplaced: dict[str, IndexEntry] = field(default_factory=dict)

    def put(self, *items: ContactMapping | IndexEntry | Write) -> None:
        """Add one group."""
        group: dict[str, Write] = {}
        for item in items:
            write = item if isinstance(item, Write) else guarded(self.session.user.id, item)
            group |= self._groups.get(write.path, {})
            group[write.path] = write
            if isinstance(item, Write):
                continue
            absent = item.absent if isinstance(item, ContactMapping) else None
            for at in (item.due_at, absent.due_at if absent is not None else None):
                if at is not None and (self.earliest is None or at < self.earliest):
                    self.earliest = at
            if isinstance(item, ContactMapping):
                self._mappings[item.sugar_id] = item
            elif item.mapping is None:
                self._unplaced[item.google_id] = item
        self._groups |= dict.fromkeys(group, group)

    def doubt(self, item: ContactMapping | IndexEntry) -> None:
        """Something in the feed could not be understood: a direct read decides about this contact."""
        if item.backlog is None and (item.due_at is None or item.due_at > self.session.engine.now()):
            self.put(replace(item, due_at=self.session.engine.now()))

    def items(self, paths: Collection[str]) -> list[ContactMapping | IndexEntry]:
        """The marked contacts whose group holds one of these paths."""
        groups = [
            group for group in {id(g): g for g in self._groups.values()}.values() if group.keys() & paths
        ]
        written = {path for group in groups for path in group}
        marked: list[ContactMapping | IndexEntry] = [*self._mappings.values(), *self._unplaced.values()]
        return [item for item in marked if guarded(self.session.user.id, item).path in written]

    def groups(self) -> list[list[Write]]:
        """Every group once."""
        return [
            list(group.values()) for group in {id(group): group for group in self._groups.values()}.values()
        ]

    def mappings(self, sugar_ids: Collection[str]) -> dict[str, ContactMapping]:
        """The mappings that are stored or marked, by Sugar id."""
        stored = mappings.get(self.session.engine.db, self.session.user.id, sugar_ids)
        return stored | {key: self._mappings[key] for key in sugar_ids if key in self._mappings}

    def linkable(self, side: Side, terms: Mapping[str, Collection[str]]) -> set[str]:
        """Which of these records of `side` share an address with an unplaced record of the other side.

        `terms` are hashed match terms by record key. Without a create switch only these have anything to wait for.
        """
        session = self.session
        wanted = sorted({term for held in terms.values() for term in addresses(held)})
        if not wanted or not session.links:
            return set()
        db, user_id = session.engine.db, session.user.id
        if side is Side.SUGAR:
            entries = [*google_index.with_keys(db, user_id, wanted), *self._unplaced.values()]
            held = {term for entry in entries if entry.mapping is None for term in entry.match_keys}
        else:
            known = [*mappings.with_keys(db, user_id, wanted), *self._mappings.values()]
            held = {term for mapping in known if mapping.state is State.NEW for term in mapping.match_keys}
        return {key for key, own in terms.items() if held.intersection(addresses(own))}

    def __bool__(self) -> bool:
        return bool(self._groups)


def guarded(user_id: str, item: ContactMapping | IndexEntry) -> Write:
    """The write of a mapping or index entry, only if nobody else wrote the document since it was read."""
    write = (
        mappings.put(user_id, item) if isinstance(item, ContactMapping) else google_index.put(user_id, item)
    )
    return replace(write, if_updated_at=item.updated_at)


def amended(user_id: str, item: ContactMapping | IndexEntry, **fields: Any) -> Write:
    """The write of single fields of a stored item, only if nobody else wrote the document since it was read."""
    write = (
        mappings.patch(user_id, item.sugar_id, **fields)
        if isinstance(item, ContactMapping)
        else google_index.patch(user_id, item.google_id, **fields)
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


def awaited_deletion(mapping: ContactMapping) -> Side | None:
    """The side on which a deletion waits once the mapping is due again: one that was noted in the backlog, too."""
    missing = mapping.missing
    linked = mapping.state is State.LINKED
    return missing.side.other if linked and missing is not None and missing.delete_on else None


def seen_changed(
    session: Session, mapping: ContactMapping, side: Side, contact: Contact, at: datetime | None
) -> ContactMapping:
    """A linked mapping whose `side` shows this contact, in a record of that time: due if that is an edit."""
    changed = edited(contact, mapping.base, lambda value: value, mapping.held.get(side))
    marked = replace(mapping, seen=mapping.seen.seeing(side, contact, changed, at))
    return _due_for_update(session, marked) if changed or _rest_ends(mapping, side, contact) else marked


def _rest_ends(mapping: ContactMapping, side: Side, contact: Contact) -> bool:
    """Whether a field that rests shows something else by now: also where that is what both sides agreed on before."""
    held = mapping.held.get(side, Contact())
    return any(
        (value := getattr(held, name)) is not None and not same(name, value, getattr(contact, name))
        for name in mapping.holds
        if getattr(contact, name) is not None
    )


def catching_up(session: Session, mapping: ContactMapping) -> ContactMapping:
    """A linked mapping as a full intake marks it: what a side could not hold or take so far, it may by now."""
    keeps = session.settings.private_fields == "keep"
    kept = set(PRIVATE_FIELDS).difference(open_fields(mapping)) if keeps else set()
    apart = {
        name
        for held in mapping.held.values()
        for name in FIELDS
        if name not in kept.union(mapping.holds) and getattr(held, name) is not None
    }
    return _due_for_update(session, mapping) if apart else mapping


def _due_for_update(session: Session, mapping: ContactMapping) -> ContactMapping:
    if not any(session.settings.may("update", side) for side in Side):
        return mapping
    return replace(mapping, due_at=due_from(mapping, session.engine.now()))


def due_from(mapping: ContactMapping, now: datetime) -> datetime:
    """When a mapping that has work is due: now, unless it is due already or waits after a failure."""
    at = mapping.due_at
    return at if at is not None and (mapping.attempts or at <= now) else now
