"""What of an update can be taken back, field by field, and what is left out of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from ..contacts.actions import Update
from ..contacts.contact import ADDRESSES, Contact
from ..contacts.field_words import field_words
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.merge import Leave, Merged, edited
from ..contacts.normal_form import email_key, field_text, is_empty, same
from ..contacts.plan import may_write
from ..contacts.settings import Direction, SyncSettings
from ..contacts.side import Side
from ..store.records import Change, HistoryEntry
from .batch import Case
from .choice import Declined

NAMES = {Side.SUGAR: "Sugar", Side.GOOGLE: "Google"}
CHANGED = "This field was changed again since then"
UNKNOWN = "The history does not hold the previous value of"
_MANY = {CHANGED: "These fields were changed again since then"}
_ON = Direction(enabled=True, update=True, create=True, delete=True)


def taken_back(
    entry: HistoryEntry,
    side: Side,
    before: Contact,
    case: Case,
    mapping: ContactMapping,
    settings: SyncSettings,
    *,
    on_both: bool,
) -> tuple[str, Update]:
    """What gives the fields of an update of `side` their previous values, and what a person should know of it.

    What is taken back on one side only rests: both sides keep what they have then. Raises Declined if nothing can be.
    """
    fields = [
        _Field(entry, side, change, getattr(before, change.field), case, mapping) for change in entry.changes
    ]
    may = may_write(mapping, case.views, msgspec.structs.replace(settings, from_sugar=_ON, from_google=_ON))
    targets: dict[Side, dict[str, Any]] = {one: {} for one in Side}
    rests: list[str] = []
    left_out: dict[str, str] = {}
    for field in fields:
        on_other = on_both and may(side.other, field.name) is Leave.YES and field.other_may_take()
        if field.name in case.views[side].denied:
            left_out[field.name] = f"You may not change this field in {NAMES[side]}"
        elif field.value is None:
            left_out[field.name] = UNKNOWN
        elif not (field.stands_on_both() if on_other else field.stands_alone()):
            left_out[field.name] = CHANGED
        else:
            for one in Side if on_other else [side]:
                if not field.is_back(one):
                    targets[one][field.name] = field.target(one)
            if not on_other:
                rests.append(field.name)
    written = {one: Contact(**values) for one, values in targets.items() if values}
    if not written:
        raise Declined(_told(left_out))
    note = (
        f"{_said(side, targets, rests)} {_told(left_out)}{' That is left out.' if left_out else ''}".strip()
    )
    return note, Update(Merged(written, mapping.base or Contact()), rests=tuple(rests))


class _Field:
    """One field of the entry: how it stands on both sides, and what it would become."""

    def __init__(
        self, entry: HistoryEntry, side: Side, change: Change, value: Any, case: Case, mapping: ContactMapping
    ) -> None:
        self.name = change.field
        self.value = value
        """What was there before."""
        self._merge = entry.action == "merge"
        self._side, self._change, self._views = side, change, case.views
        self._now = {one: getattr(contact, self.name) for one, contact in case.contacts.items()}
        self._edited = {
            one: self.name in edited(contact, mapping.base, case.views[one].holds, mapping.held.get(one))
            for one, contact in case.contacts.items()
        }
        old, new = _keys(value), _keys(change.after.split(", ")) if change.after else set()
        self._added, self._removed = new - old, old - new

    def other_may_take(self) -> bool:
        """Whether the previous value is one for the side that was not written, and that can hold it.

        Before the two were linked each had values of its own: what was not there on the one is no reason to take it
        from the other.
        """
        if self._merge and (self.name == "emails" or is_empty(self.value)):
            return False
        return is_empty(self.value) or not is_empty(self._fitted(self._side.other, self.value))

    def is_back(self, side: Side) -> bool:
        """Whether a side has what was there before, already: an interrupted run wrote it, or a person did."""
        now = self._now[side]
        if self.name == "emails":
            return not self._added & _keys(now) and self._removed <= _keys(now)
        return same(self.name, now, self._fitted(side, self.value))

    def stands_alone(self) -> bool:
        """Whether the written side has what the entry left there, and nobody changed the field anywhere since."""
        if self._edited[self._side.other] or self.is_back(self._side):
            return False
        if self.name == "emails":
            return self._as_written(self._side) and not self._edited[self._side]
        return self._as_written(self._side)

    def stands_on_both(self) -> bool:
        """Whether each side has what the entry left there, or what was there before."""
        return all(self.is_back(side) or self._as_written(side) for side in Side)

    def target(self, side: Side) -> Any:
        """What the field becomes on a side. Of the addresses, those are taken back that the entry was about."""
        if self.name != "emails":
            return self._fitted(side, self.value)
        wanted = (_keys(self._now[side]) - self._added) | self._removed
        spelled = {
            email_key(email): email for email in (*reversed(self._now[side] or ()), *reversed(self.value))
        }
        return self._fitted(side, tuple(spelled[key] for key in reversed(spelled) if key in wanted))

    def _as_written(self, side: Side) -> bool:
        now = self._now[side]
        if self.name == "emails":
            return self._added <= _keys(now) and not self._removed & _keys(now)
        return shows(self.name, now, self._change.after) if side is self._side else not self._edited[side]

    def _fitted(self, side: Side, value: Any) -> Any:
        """A value as the side that was not written can hold it; the other one held its own."""
        if side is self._side:
            return value
        return getattr(self._views[side].holds(Contact(**{self.name: value})), self.name)


def shows(name: str, value: object, text: str) -> bool:
    """Whether a field holds what the history says of it."""
    if field_text(name, value) == text:
        return True
    if name in ADDRESSES:
        return False
    told = tuple(text.split(", ")) if name == "emails" and text else text or (() if name == "emails" else "")
    return same(name, value, told)


def _keys(emails: Iterable[str] | Any) -> set[str]:
    return {email_key(email) for email in emails} if isinstance(emails, tuple | list) else set()


def _said(side: Side, targets: dict[Side, dict[str, Any]], rests: list[str]) -> str:
    """What becomes of the fields."""
    both = [name for name in dict.fromkeys((*targets[side], *targets[side.other])) if name not in rests]
    there = f"Both sides get what was there before: {field_words(*both)}. " if both else ""
    alone = (
        f"Only {NAMES[side]} gets what was there before: {field_words(*rests)}. "
        "The sync leaves the two sides as they are then, until either is changed."
    )
    return there + (alone if rests else "")


def _told(left_out: dict[str, str]) -> str:
    """What is not taken back, and why."""
    names = {why: [name for name, given in left_out.items() if given == why] for why in left_out.values()}
    return " ".join(
        f"{(why if len(those) == 1 else _MANY.get(why, why))}: {field_words(*those)}."
        for why, those in names.items()
    )
