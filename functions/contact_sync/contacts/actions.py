"""What a direct read of both sides showed, and what can be done about it: plain values, without a decision."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .contact import Contact
from .mapping import Flip, Missing, State
from .merge import Holds, Merged
from .side import Side


class Presence(StrEnum):
    """What a direct read of one side showed."""

    PRESENT = "present"
    DELETED = "deleted"
    """Proven: a tombstone, or a confirmed 404. Absence alone never is."""
    HIDDEN = "hidden"
    """The record left the user's scope or sight."""
    UNCONFIRMED = "unconfirmed"
    """Not found, but nothing proves a deletion yet."""
    NONE = "none"
    """The mapping knows no record on this side."""


def _whole(contact: Contact) -> Contact:
    return contact


@dataclass(frozen=True, slots=True)
class SideView:
    """One side as this run read it directly."""

    presence: Presence
    contact: Contact | None = None
    modified_at: datetime | None = None
    holds: Holds = _whole
    denied: frozenset[str] = frozenset()
    """Contact fields that the user may not write here."""

    @property
    def present(self) -> bool:
        """Whether there is a record to work with."""
        return self.presence is Presence.PRESENT and self.contact is not None


@dataclass(frozen=True, slots=True)
class Update:
    """Both sides are there: write the targets (maybe none), remember the base. `links`: they were not linked.

    `rests`: fields that both sides keep as they are then, until either changes them.
    """

    merged: Merged
    flips: MappingType[str, Flip] = field(default_factory=dict)
    links: bool = False
    rests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Become:
    """Only the mapping's state changes; no side is written.

    `forget` names a side whose id (and, with it, the base) the mapping gives up. A contact that is alive there is
    one without a partner from then on.
    """

    state: State
    missing: Missing | None = None
    forget: Side | None = None


@dataclass(frozen=True, slots=True)
class Create:
    """Create the missing record on `side` with this content.

    `then`: what the mapping becomes where the other side is not there; None: both sides are linked. `also`: the content
    that the other side, which is not there either, gets after that.
    """

    side: Side
    contact: Contact
    then: Become | None = None
    also: Contact | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the record on `side`; `released`: a person confirmed it, the guard does not count it.

    `then`: what the mapping becomes; None: both sides are gone. `also`: the other side's record is deleted after that.
    """

    side: Side
    released: bool = False
    then: Become | None = None
    also: bool = False


@dataclass(frozen=True, slots=True)
class Forget:
    """A record that was never placed is gone: the mapping is removed."""


@dataclass(frozen=True, slots=True)
class Renew:
    """The survivor of a deletion on `missing` becomes a contact of its own: Google gone, the mapping is `new` again;
    Sugar gone, the old mapping is `gone` and gives up the Google contact, which gets a mapping with a new id."""

    missing: Side


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A human has to look: why, in plain words, and which field or which other records it is about."""

    cause: str
    message: str
    field: str | None = None
    partners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be decided yet; look again after a while."""

    why: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is nothing to do."""


Action = Update | Create | Delete | Become | Forget | Renew | Quarantine | Wait | Nothing
