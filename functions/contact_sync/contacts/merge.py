"""Three-way merge of two contacts over their base, field by field.

Changed on one side: it goes to the other, if that side may be written. Changed on both to the same value: agreed. To
different values: the policy decides that field only and the loss is reported. What a switch forbids is not absorbed
into the base, so allowing it later catches up.

Two values are the same if the richer one, reduced to what the other side can hold, equals the other. The richer form
is never overwritten by its own reduction, and the base keeps the richer form.

A side has changed a field if it shows neither the base nor what it *held* instead when that field was last settled.
`held` speaks of two cases:
    one side only   it held less of the base (a cut text, no such account); where it can hold more by now, it gets it
    both sides      the difference was left standing, because the other side cannot or must not take it, or because it
                    was there when the two were linked. It is no edit of anybody; where it may travel by now, it does
A set (the addresses) is settled address by address in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from .contact import FIELDS, Contact
from .normal_form import email_key, is_empty, same
from .side import Side

Holds = Callable[[Contact], Contact]
"""Reduces a contact to what one side can hold of it."""
Winner = Callable[[str], Side]
"""The side that wins a field on which both sides changed to different values."""


class Leave(Enum):
    """Whether a field of a side may be written."""

    YES = "yes"
    NOT_NOW = "not now"
    """A switch forbids it: nothing moves, so the change stays a change until the switch is on."""
    NEVER = "never"
    """Rights or the user's word keep it from that side: the difference is left standing."""


May = Callable[[Side, str], Leave]


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
    """By side, the fields in which it does not hold the base, and what it holds; all others are None."""

    def fields_to_write(self, side: Side) -> tuple[str, ...]:
        """Names of the fields that `side` needs written."""
        target = self.targets.get(side)
        return tuple(name for name in FIELDS if target is not None and getattr(target, name) is not None)


@dataclass(slots=True)
class _FieldMerge:
    """The result of one field: what to write per side, the new base, what a side holds instead, and a loss."""

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
    """What a side held when the field was last settled, where that was not the base."""
    base_fitted: Mapping[Side, Any]
    """The base, reduced to what a side can hold."""
    other_fitted: Mapping[Side, Any]
    """The other side's value, reduced likewise."""

    @property
    def first(self) -> bool:
        """Whether nothing is known of this field yet: what the sides hold now is where it begins."""
        return self.base is None and not self.held

    def standing(self) -> _FieldMerge:
        """The difference is left standing as it is."""
        return _FieldMerge({}, self.base, dict(self.now))


def merge(
    contacts: Mapping[Side, Contact],
    base: Contact | None,
    holds: Mapping[Side, Holds],
    winner: Winner,
    may: May,
    held: Mapping[Side, Contact] | None = None,
    rests: Collection[str] = (),
    writes: bool = True,
) -> Merged:
    """Merge both sides' contacts over `base` (None for a first merge, where nothing was agreed on yet).

    `held` is what an earlier merge said of that base. `rests` are fields whose difference a person wants left
    standing: they are not written until either side changes them; of the addresses, none is that rests itself. Without
    `writes` the two are only compared: what would be written stays to be written.
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
            result = _merge_emails(values, may, rests="emails" in rests, writes=writes)
        else:
            result = _merge_value(name, values, winner, may, rests=name in rests, writes=writes)
        agreed[name] = result.base
        for side, value in result.writes.items():
            targets[side][name] = value
        for side, value in result.held.items():
            still_held[side][name] = value
        if result.loss:
            losses.append(result.loss)
    return Merged(_contacts(targets), Contact(**agreed), tuple(losses), _contacts(still_held))


def edited(
    contact: Contact, base: Contact | None, holds: Holds, held: Contact | None = None
) -> tuple[str, ...]:
    """Names of the fields that a side changed since they were last settled.

    `held` is what the side held then, where that was not the base.
    """
    reduced = holds(base) if base is not None else Contact()
    return tuple(
        name
        for name in FIELDS
        if (value := getattr(contact, name)) is not None
        and _is_edited(
            name,
            value,
            getattr(base, name) if base is not None else None,
            getattr(reduced, name),
            getattr(held, name) if held is not None else None,
            whole=base is not None,
        )
    )


def _is_edited(name: str, value: Any, base: Any, reduced: Any, held: Any, *, whole: bool) -> bool:
    if base is None and held is None:
        # Of a contact that was never agreed on, everything is new; of a field, what it holds.
        return not whole or not is_empty(value)
    return not any(same(name, value, known) for known in (base, reduced, held))


def _contacts(values: Mapping[Side, Mapping[str, Any]]) -> dict[Side, Contact]:
    return {side: Contact(**fields) for side, fields in values.items() if fields}


def _merge_value(
    name: str, values: _Values, winner: Winner, may: May, *, rests: bool, writes: bool
) -> _FieldMerge:
    now, base = values.now, values.base
    unchanged = _FieldMerge({}, base, values.held)
    richer = _richer(name, values)
    if richer is not None:
        agreed = base if same(name, base, now[richer]) else now[richer]
        less = {} if same(name, now[richer.other], agreed) else {richer.other: now[richer.other]}
        return _FieldMerge({}, agreed, less)
    edits = {side for side in Side if _changed(name, side, values)}
    if base is None or is_empty(base):
        edits = {side for side in edits if not is_empty(now[side])}
    changed = edits or (set() if rests else _catching_up(name, values))
    if not changed:
        return unchanged
    source = winner(name) if len(changed) == 2 else next(iter(changed))
    target = source.other
    leave = may(target, name)
    if leave is Leave.NOT_NOW:
        return values.standing() if values.first else unchanged
    value = values.other_fitted[target]
    holdable = not is_empty(value) or is_empty(now[source])
    if not holdable or leave is Leave.NEVER:
        # What nobody changed stays what it was: a value that a side could not hold is no edit of that side.
        return values.standing() if edits else unchanged
    if not writes:
        return unchanged
    less = {} if same(name, value, now[source]) else {target: value}
    loss = Loss(name, source, now[source], now[target]) if len(changed) == 2 else None
    return _FieldMerge({target: value}, now[source], less, loss)


def _changed(name: str, side: Side, values: _Values) -> bool:
    known = (values.base, values.base_fitted[side], values.held.get(side))
    return not any(same(name, values.now[side], value) for value in known)


def _catching_up(name: str, values: _Values) -> set[Side]:
    """The sides whose value the other one lacks although nobody changed it since: it could not be held, or was left
    standing. A side whose value was there when they last agreed has nothing to tell then."""
    now, base = values.now, values.base
    if len(values.held) < len(Side):
        return {side for side in Side if same(name, now[side], base)}
    told = {side for side in Side if not same(name, now[side], base)}
    return {side for side in told if not (is_empty(now[side]) and (base is None or is_empty(base)))}


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


def _merge_emails(values: _Values, may: May, *, rests: bool, writes: bool) -> _FieldMerge:
    """Merge the address sets: an element added on either side is kept, one removed on one side is gone.

    An address that a side cannot hold, or could not hold so far, is neither there nor removed there. One that is left
    standing is an addition: whatever keeps an address from being removed leaves the removal a change.
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
    apart = present[Side.SUGAR] ^ present[Side.GOOGLE]
    resting = {key for key in apart if rests and not changed[key]}
    wanted = {
        key
        for key in spelled
        if key not in resting and any(key in present[side] for side in changed[key] or Side)
    }
    written: dict[Side, Any] = {}
    after = dict(present)
    leave = {side: may(side, "emails") for side in Side}
    for side in Side:
        target = (wanted | (resting & present[side])) - cannot_hold[side]
        if writes and target != present[side] and leave[side] is Leave.YES:
            written[side] = tuple(spelled[key] for key in spelled if key in target)
            after[side] = target
    agreed = {key for key in spelled if _agreed(key, after, cannot_hold, key in before)}
    settled = {}
    for side in Side:
        stands = leave[side.other] is Leave.NEVER or (values.first and leave[side.other] is Leave.NOT_NOW)
        lacking = {key for key in agreed - after[side] if key in cannot_hold[side] or key not in had[side]}
        more = {key for key in after[side] - agreed if key in had[side] or (stands and key in wanted)}
        settled[side] = (agreed - lacking) | more
    held = {
        side: tuple(spelled[key] for key in spelled if key in keys)
        for side, keys in settled.items()
        if keys != agreed
    }
    if base is not None and agreed == before:
        return _FieldMerge(written, base, held)
    return _FieldMerge(written, tuple(spelled[key] for key in spelled if key in agreed), held)


def _keys(emails: Iterable[str] | None) -> set[str]:
    return {email_key(email) for email in emails or ()}


def _agreed(
    key: str, after: Mapping[Side, set[str]], cannot_hold: Mapping[Side, set[str]], before: bool
) -> bool:
    """Whether both sides have an address, as far as they can hold it; where they differ, what was agreed before."""
    there = {key in after[side] for side in Side if key not in cannot_hold[side]}
    return before if len(there) > 1 else there == {True}
