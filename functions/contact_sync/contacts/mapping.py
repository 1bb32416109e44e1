"""The mapping: one contact of one user, what was last seen of each side, and the base both agreed on."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from .contact import Contact
from .normal_form import comparison_key
from .side import Side


class State(StrEnum):
    """Where a mapping stands."""

    NEW = "new"
    """Seen in Sugar, not placed in Google yet."""
    CREATING = "creating"
    """A create is journalled and its outcome not recorded."""
    LINKED = "linked"
    UNLINKED = "unlinked"
    """One side was deleted and the other kept (`missing` names it), or the user unlinked (`missing` is empty)."""
    OUT_OF_SCOPE = "out_of_scope"
    GONE = "gone"
    """Both sides are gone, or were removed on disconnect. Kept 30 days so that late echoes resurrect nothing."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A side that was found deleted: when it was noted, and whether the delete switch was on then."""

    side: Side
    at: datetime
    delete_on: bool
    look: int | None = None
    """The look at Google (`Cursors.google_looks`) that was under way: what an earlier one showed lived beside it."""


@dataclass(frozen=True, slots=True)
class Absent:
    """A listing did not show the record: it left the scope or was deleted, which a direct read decides, from `due_at`
    on. Until then it may be a deletion; `delete_on` as in `Missing`."""

    at: datetime
    delete_on: bool
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Filled:
    """The filler that stands in Sugar's last name for a contact that has none.

    `source` is the Contact field the filler was taken from (`first_name`, `company` or `emails`).
    """

    source: str
    value: str


@dataclass(frozen=True, slots=True)
class Sight:
    """The content that a field shows, as a hash, and the record's own time in the look that first saw it."""

    hash: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """What was last seen of each side, and since when.

    `sugar_date` is Sugar's date_modified as it was returned (ISO 8601), `google_etag` the etag of Google's contact
    source. `times` has, by side and field, only what was changed since it was last settled.
    """

    sugar_date: str | None = None
    google_etag: str | None = None
    times: MappingType[Side, MappingType[str, Sight]] = field(default_factory=dict)
    sugar_deleted_at: datetime | None = None
    """When Sugar's deletion was seen of a contact that the user unlinked: `missing` does not tell of it."""

    def since(self, side: Side, name: str, value: Any) -> datetime | None:
        """Since when a side is known to show this value of a field."""
        sight = self.times.get(side, {}).get(name)
        return sight.at if sight is not None and sight.hash == content_hash(name, value) else None

    def changed_at(self, side: Side) -> datetime | None:
        """When the latest of the changes was first seen that `side` shows."""
        return max((sight.at for sight in self.times.get(side, {}).values()), default=None)

    def seeing(self, side: Side, contact: Contact, names: Iterable[str], at: datetime | None) -> Seen:
        """The same, where `side` shows this contact, changed in these fields, in a record of that time."""
        times = {
            name: Sight(content_hash(name, value), first)
            for name in names
            if (first := self.since(side, name, value := getattr(contact, name)) or at) is not None
        }
        others = {other: known for other, known in self.times.items() if other is not side}
        return replace(self, times={**others, side: times} if times else others)


def content_hash(name: str, value: Any) -> str:
    """A short hash of a field's content: equal for equal content, however it is spelled."""
    key = comparison_key(name, value) if value is not None else None
    text = repr(sorted(key) if isinstance(key, frozenset) else key)
    return sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Flip:
    """One field that we wrote on one side: from which text to which, and when (for seeing a loop)."""

    side: Side
    before: str
    after: str
    times: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Directive:
    """What a person decided about this contact; the next run carries it out and clears it.

    kinds: `again` decide again on fresh reads; `delete` carry the deletion out; `create` make it a contact of its own;
    `link` join it with `partner` (a Google id without "people/").
    """

    kind: str
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """One contact of one user. The Sugar id is its key: it is known before a create, because we choose it."""

    sugar_id: str
    google_id: str | None = None
    """The resource name without "people/"."""
    google_source_id: str | None = None
    name: str = ""
    match_keys: tuple[str, ...] = ()
    state: State = State.NEW
    base: Contact | None = None
    held: MappingType[Side, Contact] = field(default_factory=dict)
    """What a side held of a field when it was last settled, where that was not the base: see `merge`."""
    holds: tuple[str, ...] = ()
    """The fields that a person took back on one side only: they rest until either side changes them."""
    open: tuple[str, ...] | None = None
    """The private fields in which Sugar held a value when the two were linked, and has held one ever since."""
    seen: Seen = field(default_factory=Seen)
    missing: Missing | None = None
    absent: Absent | None = None
    """Sugar's listing of the scope did not show the record."""
    deletion_waits: Side | None = None
    """The side on which a deletion waits to be carried out, in an open group too; what the guard counts."""
    created_side: Side | None = None
    created_at: datetime | None = None
    """When a create was last sent for this mapping (the journal's time)."""
    written_at: datetime | None = None
    """When we last wrote either side: a 404 soon after proves nothing."""
    filled: Filled | None = None
    flips: MappingType[str, Flip] = field(default_factory=dict)
    backlog: str | None = None
    directive: Directive | None = None
    due_at: datetime | None = None
    attempts: int = 0
    expire_at: datetime | None = None
    updated_at: datetime | None = field(default=None, compare=False)
    """Update time of the document this was read from; not written."""
    unreadable: bool = field(default=False, compare=False)
    """The document could not be read: this is what it still tells. Never written."""

    def resting(self, names: Iterable[str], contacts: MappingType[Side, Contact]) -> Mapping:
        """The same, where these fields rest as both sides show them."""
        values = {side: {name: getattr(contacts[side], name) for name in names} for side in Side}
        held = {side: replace(self.held.get(side, Contact()), **values[side]) for side in Side}
        others = (name for name in self.holds if name not in values[Side.SUGAR])
        return replace(self, held=held, holds=(*others, *values[Side.SUGAR]))

    def still_resting(self, held: MappingType[Side, Contact]) -> tuple[str, ...]:
        """The fields that still rest where this is held by now: nothing was settled since, or some addresses differ."""

        def of(contacts: MappingType[Side, Contact], name: str) -> list[Any]:
            values = (getattr(contacts.get(side, Contact()), name) for side in Side)
            return [value for value in values if value is not None]

        return tuple(
            name
            for name in self.holds
            if of(held, name) and (name == "emails" or of(held, name) == of(self.held, name))
        )

    def misses(self, side: Side) -> bool:
        """Whether `side` is noted as deleted."""
        return self.missing is not None and self.missing.side is side


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One Google contact of the user; `mapping` is a Sugar id, or None while it is not linked.

    A contact without a mapping is known by ids and keys only, never by name or address.
    """

    google_id: str
    mapping: str | None = None
    source_id: str | None = None
    match_keys: tuple[str, ...] = ()
    backlog: str | None = None
    left_alone: bool = False
    """The user decided that it stays in Google only."""
    directive: Directive | None = None
    due_at: datetime | None = None
    attempts: int = 0
    since: int | None = None
    """The look at Google that first showed it; None: an early one, nobody noted which."""
    keyed: int | None = None
    """The look during which its keys last changed, first sight included; None as above."""
    updated_at: datetime | None = field(default=None, compare=False)
    """Update time of the document this was read from; not written."""
    unreadable: bool = field(default=False, compare=False)
    """The document could not be read: this is what it still tells. Never written."""

    def with_keys(self, keys: tuple[str, ...], look: int) -> IndexEntry:
        """The entry with the keys that this look at Google shows."""
        return self if keys == self.match_keys else replace(self, match_keys=keys, keyed=look)

    def came_with(self, look: int) -> bool:
        """Whether no look before that one showed the contact."""
        return self.since is not None and self.since >= look

    def changed_with(self, look: int) -> bool:
        """Whether its keys are those of that look or a later one."""
        return self.keyed is not None and self.keyed >= look
