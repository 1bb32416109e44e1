"""Three-way merge of two contacts over their base, field by field.

Changed on one side: it goes to the other, if that side may be written. Changed on both to the same value: agreed. To
different values: the policy decides that field only and the loss is reported. What may not be written is not absorbed
into the base either, so allowing it later catches up.

Two values are the same if the richer one, reduced to what the other side can hold, equals the other. The richer form
is never overwritten by its own reduction, and the base keeps the richer form. What a side can hold changes with time
(an account of that name appears, a column is widened), so what it held of the base is kept beside it, as `held`: a
side that still shows exactly that did not change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .contact import FIELDS, Contact
from .normal_form import email_key, is_empty, same
from .side import Side

Holds = Callable[[Contact], Contact]
"""Reduces a contact to what one side can hold of it."""
Allowed = Callable[[Side, str, Any], bool]
"""Whether a field of a side may be written; the third argument is the value that side holds now."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A value that lost a conflict: `lost` stood on the side opposite the winner."""

    field: str
    winner: Side
    kept: Any
    lost: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge asks for. A target holds only the fields to be written on that side; all others are None."""

    targets: Mapping[Side, Contact]
    base: Contact
    losses: tuple[Loss, ...] = ()
    held: Mapping[Side, Contact] = field(default_factory=dict)
    """By side, the fields in which it holds less than the base, and what it holds; all others are None."""

    def fields_to_write(self, side: Side) -> tuple[str, ...]:
        """Names of the fields that `side` needs written."""
        target = self.targets.get(side)
        return tuple(name for name in FIELDS if target is not None and getattr(target, name) is not None)


@dataclass(slots=True)
class _FieldMerge:
    """The result of one field: what to write per side, the new base, what a side holds of it, and a loss."""

    writes: dict[Side, Any]
    base: Any
    held: Mapping[Side, Any]
    loss: Loss | None = None


@dataclass(frozen=True, slots=True)
class _Values:
    """One field as the two sides have it now, as it was agreed on, and as each side could hold either."""

    now: Mapping[Side, Any]
    base: Any
    held: Mapping[Side, Any]
    """What a side held of the base when it was agreed on, where that was less."""
    base_fitted: Mapping[Side, Any]
    """The base, reduced to what a side can hold."""
    other_fitted: Mapping[Side, Any]
    """The other side's value, reduced likewise."""


def merge(
    contacts: Mapping[Side, Contact],
    base: Contact | None,
    holds: Mapping[Side, Holds],
    winner: Side,
    allowed: Allowed,
    held: Mapping[Side, Contact] | None = None,
) -> Merged:
    """Merge both sides' contacts over `base` (None for a first merge, where nothing was agreed on yet).

    `held` is what an earlier merge said of that base. `winner` is the side that wins a field on which both sides
    changed to different values.
    """
    known_base = base or Contact()
    base_fitted = {side: holds[side](known_base) for side in Side}
    other_fitted = {side: holds[side](contacts[side.other]) for side in Side}
    targets: dict[Side, dict[str, Any]] = {side: {} for side in Side}
    still_held: dict[Side, dict[str, Any]] = {side: {} for side in Side}
    agreed: dict[str, Any] = {}
    losses: list[Loss] = []
    for name in FIELDS:
        before = {
            side: value
            for side, contact in (held or {}).items()
            if (value := getattr(contact, name)) is not None
        }
        values = _Values(
            {side: getattr(contacts[side], name) for side in Side},
            getattr(known_base, name),
            before,
            {side: getattr(base_fitted[side], name) for side in Side},
            {side: getattr(other_fitted[side], name) for side in Side},
        )
        if any(value is None for value in values.now.values()):
            result = _FieldMerge({}, values.base, before)
        elif name == "emails":
            result = _merge_emails(values, allowed)
        else:
            result = _merge_value(name, values, winner, allowed)
        agreed[name] = result.base
        for side, value in result.writes.items():
            targets[side][name] = value
        for side, value in result.held.items():
            still_held[side][name] = value
        if result.loss:
            losses.append(result.loss)
    return Merged(_contacts(targets), Contact(**agreed), tuple(losses), _contacts(still_held))


def differs_from_base(
    contact: Contact, base: Contact | None, holds: Holds, held: Contact | None = None
) -> bool:
    """Whether a side's content differs from the base under the reduction: the test for "edited since".

    `held` is what the side held of the base where that was less.
    """
    if base is None:
        return True
    reduced = holds(base)
    for name in FIELDS:
        value, agreed = getattr(contact, name), getattr(base, name)
        if value is None:
            continue
        if agreed is None:
            if not is_empty(value):
                return True
        elif not any(
            same(name, value, known)
            for known in (agreed, getattr(reduced, name), getattr(held, name) if held else None)
        ):
            return True
    return False


def _contacts(values: Mapping[Side, Mapping[str, Any]]) -> dict[Side, Contact]:
    return {side: Contact(**fields) for side, fields in values.items() if fields}


def _merge_value(name: str, values: _Values, winner: Side, allowed: Allowed) -> _FieldMerge:
    now, base = values.now, values.base
    unchanged = _FieldMerge({}, base, values.held)
    richer = _richer(name, values)
    if richer is not None:
        agreed = base if same(name, base, now[richer]) else now[richer]
        less = {} if same(name, now[richer.other], agreed) else {richer.other: now[richer.other]}
        return _FieldMerge({}, agreed, less)
    changed = {side for side in Side if _changed(name, side, values)}
    if base is None or is_empty(base):
        changed = {side for side in changed if not is_empty(now[side])}
    if not changed:
        # One side could not hold the base as the other has it, and can now.
        changed = {side for side in Side if same(name, now[side], base)}
    if not changed:
        return unchanged
    source = winner if len(changed) == 2 else next(iter(changed))
    target = source.other
    value = values.other_fitted[target]
    holdable = not is_empty(value) or is_empty(now[source])
    if not holdable or not allowed(target, name, now[target]):
        return unchanged
    less = {} if same(name, value, now[source]) else {target: value}
    loss = Loss(name, source, now[source], now[target]) if len(changed) == 2 else None
    return _FieldMerge({target: value}, now[source], less, loss)


def _changed(name: str, side: Side, values: _Values) -> bool:
    if values.base is None:
        return True
    known = (values.base, values.base_fitted[side], values.held.get(side))
    return not any(same(name, values.now[side], value) for value in known)


def _richer(name: str, values: _Values) -> Side | None:
    """The side with the richer of two values that are the same; None if they differ."""
    now = values.now
    if same(name, now[Side.SUGAR], now[Side.GOOGLE]):
        for side in Side:
            if same(name, values.base, now[side]):
                return side
        return Side.SUGAR
    for side in Side:
        if same(name, now[side.other], values.other_fitted[side.other]):
            return side
    return None


def _merge_emails(values: _Values, allowed: Allowed) -> _FieldMerge:
    """Merge the address sets: an element added on either side is kept, one removed on one side is gone.

    An address that a side cannot hold, or could not hold so far, is neither there nor removed there.
    """
    now, base = values.now, values.base
    spelled: dict[str, str] = {}
    for email in (*now[Side.SUGAR], *now[Side.GOOGLE], *(base or ())):
        spelled.setdefault(email_key(email), email)
    before, present = _keys(base), {side: _keys(now[side]) for side in Side}
    cannot_hold = {
        side: _keys((*now[side.other], *(base or ())))
        - _keys((*(values.other_fitted[side] or ()), *(values.base_fitted[side] or ())))
        - present[side]
        for side in Side
    }
    had = {
        side: _keys(values.held[side]) if side in values.held else before - cannot_hold[side] for side in Side
    }
    changed = {
        key: [side for side in Side if (key in present[side]) != (key in had[side])] for key in spelled
    }
    wanted = {
        key
        for key in spelled
        if (any(key in present[side] for side in changed[key]) if changed[key] else key in before)
    }
    writes: dict[Side, Any] = {}
    after = dict(present)
    for side in Side:
        target = wanted - cannot_hold[side]
        if target != present[side] and allowed(side, "emails", now[side]):
            writes[side] = tuple(spelled[key] for key in spelled if key in target)
            after[side] = target
    agreed = {key for key in spelled if _agreed(key, after, cannot_hold, key in before)}
    held = {
        side: tuple(spelled[key] for key in spelled if key in agreed - lacking)
        for side in Side
        if (
            lacking := {
                key for key in agreed - after[side] if key in cannot_hold[side] or key not in had[side]
            }
        )
    }
    if base is not None and agreed == before:
        return _FieldMerge(writes, base, held)
    return _FieldMerge(writes, tuple(spelled[key] for key in spelled if key in agreed), held)


def _keys(emails: Iterable[str] | None) -> set[str]:
    return {email_key(email) for email in emails or ()}


def _agreed(
    key: str, after: Mapping[Side, set[str]], cannot_hold: Mapping[Side, set[str]], before: bool
) -> bool:
    """Whether both sides have an address, as far as they can hold it; where they differ, what was agreed before."""
    there = {key in after[side] for side in Side if key not in cannot_hold[side]}
    return before if len(there) > 1 else there == {True}
