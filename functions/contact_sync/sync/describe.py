"""A decided action as a person is shown it, and its fingerprint.

The fingerprint says what an action was decided on (both sides' versions, the base) and what it would do (its kind, the
content to be written). Who plans anew and gets the same one may carry out what was shown.
"""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

from ..contacts import google_person, sugar_record
from ..contacts.actions import Action, Become, Create, Delete, Quarantine, Renew, Update
from ..contacts.contact import FIELDS, PRIVATE_FIELDS, Contact, with_fields
from ..contacts.normal_form import display_name, field_text, is_empty, to_plain
from ..contacts.side import Side
from ..store.records import PlannedAction, PlannedChange
from .batch import Batch, Case
from .prepare import Writes
from .session import Session

Held = dict[Side, Contact]


def kinds(case: Case) -> tuple[str, ...]:
    """The words under which an action is counted."""
    action = case.action
    if isinstance(action, Update):
        written = tuple(f"{side}_updated" for side in Side if side in action.merged.targets)
        return ("merged", *written) if action.links else written or ("agreed",)
    if isinstance(action, Create | Delete):
        done = "created" if isinstance(action, Create) else "deleted"
        return tuple(f"{side}_{done}" for side in (action.side, action.side.other)[: 1 + bool(action.also)])
    if isinstance(action, Quarantine):
        return ("quarantined",)
    if isinstance(action, Become):
        return (str(action.state),)
    return ("renewed",)


def fingerprint(session: Session, batch: Batch, case: Case) -> str:
    """The same for the same action on the same records, whoever plans it and when."""
    mapping, record, person = case.mapping, case.record, case.person
    stands_on = [
        sugar_record.modified_at(record) if record else None,
        google_person.google_id(person) if person else None,
        google_person.source_etag(person) if person else None,
        to_plain(mapping.base) if mapping and mapping.base else None,
    ]
    does = [_does(case.action), _with_new_record(session, batch, case.action)]
    text = json.dumps([case.key, kinds(case), does, stands_on], sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()[:32]


def _does(action: Action) -> Any:
    """What an action does, without what differs from one planning to the next (times, counts in messages)."""
    if isinstance(action, Update):
        return {str(side): to_plain(target) for side, target in action.merged.targets.items()}
    if isinstance(action, Create):
        return [to_plain(contact) for contact in (action.contact, action.also) if contact is not None]
    if isinstance(action, Quarantine):
        return [action.cause, action.field, sorted(action.partners)]
    if isinstance(action, Become):
        return [action.missing.side if action.missing else None, action.forget]
    return [action.missing] if isinstance(action, Renew) else []


def _with_new_record(session: Session, batch: Batch, action: Action) -> Any:
    """What a record to be created gets beside the content: by the settings, the user's rights and Sugar's accounts."""
    if not isinstance(action, Create):
        return None
    if action.side is Side.GOOGLE:
        return session.settings.google_label
    account = session.held_by_sugar(action.contact, batch.accounts).company
    return [account, sorted(session.denied), session.settings.sugar_scope]


def described(session: Session, batch: Batch, case: Case, writes: Writes, decided_on: str) -> PlannedAction:
    """Both records before and after, and which fields change. `writes` are those that the batch would send,
    `decided_on` is the fingerprint that the case had before they were prepared."""
    action, mapping = case.action, case.mapping
    before = _held_before(case)
    after = _held_after(session, batch, case, writes, before)
    contact = before.get(Side.SUGAR) or before.get(Side.GOOGLE) or next(iter(after.values()), Contact())
    message = action.message if isinstance(action, Quarantine) else case.note
    return PlannedAction(
        id=case.key,
        action=kinds(case)[0],
        kinds=kinds(case),
        name=(mapping.name if mapping else "") or display_name(contact),
        fingerprint=decided_on,
        sugar_id=mapping.sugar_id if mapping else None,
        google_id=case.google_id,
        before={side: to_plain(held) for side, held in before.items()},
        after={side: to_plain(held) for side, held in after.items()},
        changes=tuple(change for side in Side for change in _changes(side, action, before, after)),
        message=message,
    )


def unknown(case: Case) -> PlannedAction:
    """A contact that is put aside: nothing is known of it but what is stored."""
    mapping, action = case.mapping, case.action
    return PlannedAction(
        id=case.key,
        action="quarantined",
        kinds=("quarantined",),
        name=mapping.name if mapping else "",
        fingerprint="",
        sugar_id=mapping.sugar_id if mapping else None,
        google_id=case.google_id,
        message=action.message if isinstance(action, Quarantine) else None,
    )


def _held_before(case: Case) -> Held:
    """What each side shows: in Sugar, what stands in for a missing last name is seen."""
    held = {side: case.contacts[side] for side in Side if case.views[side].present}
    if Side.SUGAR in held and case.record is not None:
        held[Side.SUGAR] = sugar_record.read(case.record, None)
    return held


def _held_after(session: Session, batch: Batch, case: Case, writes: Writes, before: Held) -> Held:
    """What each side will show: of what is written, as much as it can hold."""
    action, after = case.action, dict(before)
    if isinstance(action, Delete):
        after.pop(action.side, None)
        if action.also:
            after.pop(action.side.other, None)
    elif isinstance(action, Update):
        target = action.merged.targets.get(Side.GOOGLE)
        if target is not None and Side.GOOGLE in after:
            after[Side.GOOGLE] = with_fields(after[Side.GOOGLE], target)
        fields = _sugar_fields(case, writes)
        if fields and case.record is not None:
            shown = sugar_record.read({**case.record, **fields}, None)
            company = action.merged.targets[Side.SUGAR].company if "account_id" in fields else None
            after[Side.SUGAR] = shown if company is None else replace(shown, company=company)
    elif isinstance(action, Create) and action.side is Side.GOOGLE:
        after[Side.GOOGLE] = google_person.reduce(action.contact)
    elif isinstance(action, Create):
        fields = _sugar_fields(case, writes)
        names = {name: fields.get(name, "") for name in ("first_name", "last_name")}
        after[Side.SUGAR] = replace(session.held_by_sugar(action.contact, batch.accounts), **names)
        if action.also is not None:
            after[Side.GOOGLE] = google_person.reduce(action.also)
    return after


def _sugar_fields(case: Case, writes: Writes) -> dict[str, Any]:
    """The fields that Sugar would be sent for a case."""
    keys = {key for key, held in writes.cases[Side.SUGAR].items() if held is case}
    return {name: value for write in writes.sugar if write.id in keys for name, value in write.fields.items()}


def _changes(side: Side, action: Action, before: Held, after: Held) -> list[PlannedChange]:
    """The fields that are written, by what a person would see of them."""
    if not isinstance(action, Update | Create) or side not in after:
        return []
    now, then = before.get(side, Contact()), after[side]
    changes = []
    for name in FIELDS:
        texts = field_text(name, getattr(now, name)), field_text(name, getattr(then, name))
        if texts[0] != texts[1]:
            exposed = side is Side.SUGAR and name in PRIVATE_FIELDS and not is_empty(getattr(then, name))
            changes.append(PlannedChange(side, name, *texts, exposed))
    return changes
