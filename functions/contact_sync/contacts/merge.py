"""Three-way merge of two contacts over their base, field by field.

Changed on one side: it goes to the other, if that side may be written. Changed on both to the same value: agreed. To
different values: the policy decides that field only and the loss is reported. What may not be written is not absorbed
into the base either, so allowing it later catches up.

Two values are the same if the richer one, reduced to what the other side can hold, equals the other. The richer form
is never overwritten by its own reduction, and the base keeps the richer form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .contact import FIELDS, Contact
from .normal_form import comparison_key, email_key, is_empty
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

    def fields_to_write(self, side: Side) -> tuple[str, ...]:
        """Names of the fields that `side` needs written."""
        target = self.targets.get(side)
        return tuple(name for name in FIELDS if target is not None and getattr(target, name) is not None)


@dataclass(slots=True)
class _FieldMerge:
    """The result of one field: the value to write per side, the new base value, and a loss."""

    writes: dict[Side, Any]
    base: Any
    loss: Loss | None = None


def merge(
    contacts: Mapping[Side, Contact],
    base: Contact | None,
    holds: Mapping[Side, Holds],
    winner: Side,
    allowed: Allowed,
) -> Merged:
    """Merge both sides' contacts over `base` (None for a first merge, where nothing was agreed on yet).

    `winner` is the side that wins a field on which both sides changed to different values.
    """
    known_base = base or Contact()
    reduced = {
        side: {
            "base": holds[side](known_base),
            "other": holds[side](contacts[side.other]),
        }
        for side in Side
    }
    targets: dict[Side, dict[str, Any]] = {side: {} for side in Side}
    agreed: dict[str, Any] = {}
    losses: list[Loss] = []
    for name in FIELDS:
        values = {side: getattr(contacts[side], name) for side in Side}
        if any(value is None for value in values.values()):
            agreed[name] = getattr(known_base, name)
            continue
        fitted = {
            side: {what: getattr(contact, name) for what, contact in reduced[side].items()} for side in Side
        }
        one = _merge_emails if name == "emails" else _merge_value
        result = one(name, values, getattr(known_base, name), fitted, winner, allowed)
        agreed[name] = result.base
        for side, value in result.writes.items():
            targets[side][name] = value
        if result.loss:
            losses.append(result.loss)
    return Merged(
        {side: replace(Contact(), **values) for side, values in targets.items() if values},
        Contact(**agreed),
        tuple(losses),
    )


def differs_from_base(contact: Contact, base: Contact | None, holds: Holds) -> bool:
    """Whether a side's content differs from the base under the reduction: the test for "edited since"."""
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
        elif not _same(name, value, agreed) and not _same(name, value, getattr(reduced, name)):
            return True
    return False


def _same(name: str, one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return comparison_key(name, one) == comparison_key(name, other)


def _merge_value(
    name: str,
    values: Mapping[Side, Any],
    base: Any,
    fitted: Mapping[Side, Mapping[str, Any]],
    winner: Side,
    allowed: Allowed,
) -> _FieldMerge:
    richer = _richer(name, values, fitted, base)
    if richer is not None:
        return _FieldMerge({}, values[richer] if not _same(name, base, values[richer]) else base)
    changed = {
        side
        for side in Side
        if base is None
        or not (_same(name, values[side], base) or _same(name, values[side], fitted[side]["base"]))
    }
    if base is None or is_empty(base):
        changed = {side for side in changed if not is_empty(values[side])}
    if not changed:
        return _FieldMerge({}, base)
    source = winner if len(changed) == 2 else next(iter(changed))
    target = source.other
    value = fitted[target]["other"]
    held = not is_empty(value) or is_empty(values[source])
    if not held or not allowed(target, name, values[target]):
        return _FieldMerge({}, base)
    loss = Loss(name, source, values[source], values[target]) if len(changed) == 2 else None
    return _FieldMerge({target: value}, values[source], loss)


def _richer(
    name: str, values: Mapping[Side, Any], fitted: Mapping[Side, Mapping[str, Any]], base: Any
) -> Side | None:
    """The side with the richer of two values that are the same; None if they differ."""
    if _same(name, values[Side.SUGAR], values[Side.GOOGLE]):
        for side in Side:
            if _same(name, base, values[side]):
                return side
        return Side.SUGAR
    for side in Side:
        if _same(name, values[side.other], fitted[side.other]["other"]):
            return side
    return None


def _merge_emails(
    name: str,
    values: Mapping[Side, Any],
    base: Any,
    fitted: Mapping[Side, Mapping[str, Any]],
    winner: Side,
    allowed: Allowed,
) -> _FieldMerge:
    """Merge the address sets: an element added on either side is kept, one removed on one side is gone.

    An address that a side cannot hold is neither there nor removed there.
    """
    spelled: dict[str, str] = {}
    for email in (*values[Side.SUGAR], *values[Side.GOOGLE], *(base or ())):
        spelled.setdefault(email_key(email), email)
    present = {side: {email_key(email) for email in values[side]} for side in Side}
    before = {email_key(email) for email in base or ()}
    cannot_hold = {
        side: {email_key(email) for email in (*values[side.other], *(base or ()))}
        - {email_key(email) for email in (*(fitted[side]["other"] or ()), *(fitted[side]["base"] or ()))}
        - present[side]
        for side in Side
    }
    view = {side: present[side] | (cannot_hold[side] & before) for side in Side}
    wanted = {
        key
        for key in spelled
        if (
            key in view[Side.SUGAR]
            if (key in view[Side.SUGAR]) != (key in before)
            else key in view[Side.GOOGLE]
        )
    }
    writes: dict[Side, Any] = {}
    after = dict(view)
    for side in Side:
        target = wanted - cannot_hold[side]
        if target != present[side] and allowed(side, name, values[side]):
            writes[side] = tuple(spelled[key] for key in spelled if key in target)
            after[side] = target | (cannot_hold[side] & wanted)
    agreed = set()
    for key in spelled:
        holders = [side for side in Side if key not in cannot_hold[side]]
        there = {key in after[side] for side in holders}
        if (key in before) if len(there) > 1 else there == {True}:
            agreed.add(key)
    if base is not None and agreed == before:
        return _FieldMerge(writes, base)
    return _FieldMerge(writes, tuple(spelled[key] for key in spelled if key in agreed))
