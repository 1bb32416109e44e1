"""The contacts of one batch: what was chosen, what was read, what is to be done, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..contacts.actions import Action, Nothing, Presence, Quarantine, SideView
from ..contacts.contact import Contact
from ..contacts.mapping import Absent, IndexEntry
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.match import Match
from ..contacts.side import Side
from ..contacts.sugar_record import Accounts
from ..services.outcome import Outcome
from .aside import CAUSE, FAILED
from .barrier import Barrier
from .chosen import Lost

NO_RECORD = SideView(Presence.NONE)


@dataclass(slots=True)
class Case:
    """One contact. A Google contact without a partner has no mapping; its `entry` says who it is."""

    mapping: ContactMapping | None = None
    entry: IndexEntry | None = None
    record: Mapping[str, Any] | None = None
    """The Sugar record as read directly."""
    person: Mapping[str, Any] | None = None
    """The Google person as read directly."""
    suspected: Absent | None = None
    """Sugar's listing did not show the record; this round's read has decided what that means."""
    views: dict[Side, SideView] = field(default_factory=lambda: dict.fromkeys(Side, NO_RECORD))
    match: Match | None = None
    action: Action = field(default_factory=Nothing)
    outcomes: dict[Side, Outcome] = field(default_factory=dict)
    due_again: datetime | None = None
    """When to look again: where nothing can be decided now, or where what is done has to go further."""
    unread: Outcome | None = None
    """Why a record that the decision needs could not be read: handled like a write that failed."""
    lost: Lost | None = None
    """Why the partner that a person chose cannot be had."""
    partner: ContactMapping | IndexEntry | None = None
    """The matching record, where it could not be read: it is looked at by itself."""
    group: str | None = None
    """The mass deletion this contact belongs to."""
    note: str | None = None
    """What a person should know about the action, in plain words."""
    trigger: str | None = None
    """What the history names as the cause, where that is not the run's trigger."""
    aside: bool = False
    """Nothing more is done about it than to put it into the backlog."""

    def put_aside(self, message: str = FAILED) -> None:
        """From here on it is left alone."""
        self.aside, self.action = True, Quarantine(CAUSE, message)
        self.due_again = self.unread = self.partner = self.match = self.lost = None

    @property
    def key(self) -> str:
        """What identifies the contact in history and logs: its Sugar id, else its Google id."""
        if self.mapping is not None:
            return self.mapping.sugar_id
        return self.entry.google_id if self.entry else ""

    @property
    def google_id(self) -> str | None:
        """The Google contact's id, if there is one."""
        if self.mapping is not None and self.mapping.google_id is not None:
            return self.mapping.google_id
        return self.entry.google_id if self.entry else None

    def held(self, side: Side) -> Mapping[str, Any]:
        """What a side holds now, as far as this run knows: the answer to its write, else what was read."""
        outcome = self.outcomes.get(side)
        read = self.record if side is Side.SUGAR else self.person
        return (outcome.record if outcome else None) or read or {}

    @property
    def contacts(self) -> dict[Side, Contact]:
        """Both sides' content; unknown where a side is not there."""
        return {side: self.views[side].contact or Contact() for side in Side}


@dataclass(slots=True)
class Batch:
    """All cases of one round, and when they were read."""

    cases: list[Case] = field(default_factory=list)
    accounts: Accounts = field(default_factory=lambda: Accounts({}))
    read_at: datetime = datetime.min
    barrier: Barrier = field(default_factory=Barrier)

    def each(self, step: Callable[[Case], object], cases: Sequence[Case] | None = None) -> None:
        """Take this step for every case (or some of them), behind the barrier."""
        chosen = self.cases if cases is None else cases
        self.barrier.each((case for case in chosen if not case.aside), step, Case.put_aside)
