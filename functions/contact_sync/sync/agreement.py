"""What both sides agree on after the writes: the linked mapping, its base taken from what each side answered.

What a side answers may differ from what it was sent (it trims, clips, normalises), so the base is never what we meant
to write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..contacts import google_person
from ..contacts.actions import Become, Create, Presence, SideView, Update
from ..contacts.contact import PRIVATE_FIELDS, Contact, with_fields
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.mapping import Seen, State
from ..contacts.merge import Holds, edited
from ..contacts.normal_form import display_name
from ..contacts.plan import agreed_base, flips_after, still_open
from ..contacts.side import Side
from ..services.outcome import Outcome, Status
from .batch import Batch, Case
from .prepare import Writes
from .session import Session, read_google, read_sugar


def after_update(
    session: Session, writes: Writes, case: Case, mapping: ContactMapping, action: Update
) -> ContactMapping:
    """The mapping after an update or a first merge, as far as the writes took effect."""
    now = session.engine.now()
    done = {side: outcome for side, outcome in case.outcomes.items() if outcome.status is Status.DONE}
    if Side.SUGAR in done or Side.SUGAR not in case.outcomes:
        mapping = replace(mapping, filled=writes.filled.get(mapping.sugar_id, mapping.filled))
    record, person = _held(case.record, done.get(Side.SUGAR)), _held(case.person, done.get(Side.GOOGLE))
    contacts = {Side.SUGAR: read_sugar(record, mapping), Side.GOOGLE: read_google(person, mapping)}
    if action.rests:
        # What may have taken effect is taken for it: where it has not, the sides are equal still and nothing rests.
        for side, outcome in case.outcomes.items():
            if outcome.status is Status.UNKNOWN:
                contacts[side] = with_fields(contacts[side], action.merged.targets.get(side, Contact()))
        mapping = mapping.resting(action.rests, contacts)
    views = {side: replace(case.views[side], contact=contacts[side]) for side in Side}
    first = mapping.base is None or (action.links and mapping.state is State.NEW)
    base, held = agreed_base(mapping, views, None if first else mapping.base, session.settings)
    flips = {
        key: flip if flip.side in done else mapping.flips[key]
        for key, flip in flips_after(mapping, action.merged, case.contacts, now).items()
        if flip.side in done or key in mapping.flips
    }

    seen = replace(
        mapping.seen,
        sugar_date=record.get("date_modified"),
        google_etag=google_person.source_etag(person),
        sugar_deleted_at=None,
    )
    for side in Side:
        changed = edited(contacts[side], base, views[side].holds, held.get(side))
        seen = seen.seeing(side, contacts[side], changed, case.views[side].modified_at)
    return replace(
        mapping,
        google_id=google_person.google_id(person),
        google_source_id=google_person.source_id(person),
        name=display_name(contacts[Side.SUGAR]) or display_name(contacts[Side.GOOGLE]),
        match_keys=session.terms(contacts[Side.SUGAR]),
        state=State.LINKED,
        base=base,
        held=held,
        holds=mapping.still_resting(held),
        filled=mapping.filled if _is_filled(record, mapping) else None,
        open=_open(mapping, case.contacts[Side.SUGAR], contacts[Side.SUGAR], first=first),
        seen=seen,
        missing=None,
        deletion_waits=None,
        written_at=now if done else mapping.written_at,
        flips=flips,
        expire_at=None,
    )


def after_create(
    session: Session, batch: Batch, writes: Writes, case: Case, action: Create, outcome: Outcome
) -> tuple[ContactMapping, Mapping[str, Any]]:
    """The mapping after a create that took effect, and the Google person it is linked with."""
    now = session.engine.now()
    record, person = case.record or {}, case.person or {}
    if action.side is Side.GOOGLE:
        person = outcome.record or {}
        mapping = case.mapping or ContactMapping("")
    else:
        record = outcome.record or {}
        mapping = ContactMapping(outcome.key, filled=writes.filled.get(outcome.key))
    contacts: dict[Side, Contact] = {
        Side.SUGAR: read_sugar(record, mapping),
        Side.GOOGLE: google_person.read(person, action.contact),
    }
    holds: dict[Side, Holds] = {
        Side.GOOGLE: google_person.reduce,
        Side.SUGAR: lambda contact: session.held_by_sugar(contact, batch.accounts),
    }
    views = {
        side: SideView(Presence.PRESENT, contacts[side], case.views[side].modified_at, holds[side])
        for side in Side
    }
    base, held = agreed_base(None, views, None, session.settings)
    linked = replace(
        mapping,
        google_id=google_person.google_id(person),
        google_source_id=google_person.source_id(person),
        name=display_name(contacts[action.side.other]),
        match_keys=session.terms(contacts[Side.SUGAR]),
        state=State.LINKED,
        base=base,
        held=held,
        open=_open(mapping, contacts[Side.SUGAR], contacts[Side.SUGAR], first=True),
        seen=Seen(record.get("date_modified"), google_person.source_etag(person)),
        created_side=action.side,
        created_at=now,
        written_at=now,
        # A record of our id with other content was changed right after the create: look at it again.
        due_at=now if outcome.status is Status.CONFLICT else None,
        attempts=0,
        directive=None,
    )
    return linked, person


def after_restore(
    session: Session, writes: Writes, case: Case, action: Create, then: Become, outcome: Outcome
) -> ContactMapping:
    """The mapping of a record that was created again while the other side is not there: not linked."""
    now, record = session.engine.now(), outcome.record or {}
    mapping = case.mapping or ContactMapping(outcome.key)
    restored = replace(
        mapping,
        state=then.state,
        missing=then.missing,
        base=action.contact,
        created_at=now,
        written_at=now,
        due_at=None,
        attempts=0,
        directive=None,
    )
    if action.side is Side.SUGAR:
        restored = replace(restored, filled=writes.filled.get(outcome.key), created_side=Side.SUGAR)
        seen = Seen(sugar_date=record.get("date_modified"))
        return replace(restored, base=read_sugar(record, restored), seen=seen)
    return replace(
        restored,
        google_id=google_person.google_id(record),
        google_source_id=google_person.source_id(record),
        base=google_person.read(record, action.contact),
        seen=Seen(google_etag=google_person.source_etag(record)),
    )


def _is_filled(record: Mapping[str, Any], mapping: ContactMapping) -> bool:
    """Whether the record still shows the filler, as far as can be seen: a last name of its own ends it."""
    plain = read_sugar(record, None)
    return not plain.last_name or read_sugar(record, mapping) != plain


def _open(mapping: ContactMapping, before: Contact, after: Contact, *, first: bool) -> tuple[str, ...]:
    """The private fields that are open to Google's edits: what Sugar held when the two were linked, and does still."""
    if first:
        shown = tuple(name for name in PRIVATE_FIELDS if getattr(before, name) is not None)
        mapping = replace(mapping, open=shown)
    return still_open(replace(mapping, open=still_open(mapping, before)), after)


def _held(read: Mapping[str, Any] | None, outcome: Outcome | None) -> Mapping[str, Any]:
    """What a side holds now: the answer to our write, else what was read."""
    return (outcome.record if outcome else None) or read or {}
