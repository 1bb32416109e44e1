"""The journal: what a crash would lose, committed before any outside write.

The intent of every create (its outcome can be found out later), with its reservation where it is one in Sugar; that a
linked contact is left alone from now on where its deletion on one side is not to travel; that a field rests where its
change on one side is not to; and, as history entries in state `planned`, every deletion with its whole record and every
value that loses a conflict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..contacts.actions import Create, Delete, Update, Wait
from ..contacts.contact import Contact, with_fields
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.mapping import State
from ..contacts.normal_form import display_name
from ..contacts.side import Side
from ..store import history, mappings
from ..store.write import Write
from . import story
from .aside import NOT_STORABLE
from .batch import Batch, Case
from .engine import ECHO_DELAY
from .marks import guarded
from .prepare import Writes
from .reservations import AGAIN, Reservations
from .session import Session


def journal(session: Session, batch: Batch, writes: Writes) -> bool:
    """Commit the intents; whether history entries were planned.

    A contact that somebody else wrote meanwhile, or that another user is creating in Sugar just now, is left for later.
    """
    groups: dict[str, list[Write]] = {}
    shared: dict[str, list[str]] = {}
    planned = False
    writes.reservations = reservations = _reservations(session, batch)

    def step(case: Case) -> None:
        nonlocal planned
        group: list[Write] = []
        if isinstance(case.action, Create):
            if case.action.side is Side.SUGAR:
                paths = reservations.take(case.action.contact, _new_sugar_id(case, writes))
                if paths is None:
                    _leave(session, case, writes, session.engine.now() + AGAIN)
                    return
                for path in paths:
                    shared.setdefault(path, []).append(case.key)
            group += _intent(session, case, case.action, writes)
        elif isinstance(case.action, Delete):
            group += _apart(session, case, case.action)
        elif isinstance(case.action, Update) and case.action.rests:
            group += _resting(session, case, case.action)
        entries = story.planned(session, case)
        planned = planned or bool(entries)
        group += [history.put(session.user.id, entry) for entry in entries]
        if group:
            groups[case.key] = group

    batch.each(step)
    for case in batch.cases:
        if case.aside:
            writes.leave(case)
            groups.pop(case.key, None)
    if not groups:
        return False
    for path, keys in shared.items():
        going_on = [key for key in keys if key in groups]
        if going_on:
            _join(groups, going_on, reservations.write(path))
    fields: dict[str, Any] = {"planned_run": session.run} if planned else {}
    once = {id(group): group for group in groups.values()}
    dropped = session.holder.commit(once.values(), **fields)
    for case in batch.cases:
        paths = {write.path for write in groups.get(case.key, ())}
        if paths & session.holder.unstorable:
            writes.leave(case)
            case.put_aside(NOT_STORABLE)
        elif paths & dropped:
            _leave(session, case, writes, session.engine.now())
    return planned


def _reservations(session: Session, batch: Batch) -> Reservations:
    """What is reserved of the records that the batch is to create in Sugar."""
    reservations = Reservations(session, batch.read_at)
    actions = [case.action for case in batch.cases if isinstance(case.action, Create)]
    reservations.read([action.contact for action in actions if action.side is Side.SUGAR])
    return reservations


def _new_sugar_id(case: Case, writes: Writes) -> str:
    if case.mapping is not None:
        return case.mapping.sugar_id
    return writes.new_ids[case.entry.google_id] if case.entry is not None else ""


def _join(groups: dict[str, list[Write]], keys: Sequence[str], write: Write) -> None:
    """One group of all these contacts' groups and this write: a document is written once, and for all of them."""
    joined = groups[keys[0]]
    for key in keys[1:]:
        other = groups[key]
        if other is not joined:
            joined += other
            groups.update({one: joined for one, group in groups.items() if group is other})
    joined.append(write)


def _intent(session: Session, case: Case, action: Create, writes: Writes) -> list[Write]:
    """The mapping in state `creating`, its base the content that will be written, and the index entry with it."""
    now, user_id = session.engine.now(), session.user.id
    due_at = now + ECHO_DELAY
    if case.mapping is not None:
        mapping = case.mapping
    elif case.entry is not None:
        sugar_id = writes.new_ids[case.entry.google_id]
        mapping = ContactMapping(
            sugar_id,
            google_id=case.entry.google_id,
            google_source_id=case.entry.source_id,
            name=display_name(action.contact),
            match_keys=session.terms(action.contact),
        )
    else:
        return []
    intent = replace(
        mapping,
        state=State.CREATING,
        base=action.contact,
        created_side=action.side,
        created_at=now,
        due_at=due_at,
        directive=None,
        filled=writes.filled.get(mapping.sugar_id, mapping.filled),
    )
    if action.side is Side.GOOGLE or case.entry is None:
        return [guarded(user_id, intent)]
    entry = replace(case.entry, mapping=intent.sugar_id, due_at=None, directive=None, attempts=0)
    return [mappings.put(user_id, intent), guarded(user_id, entry)]


def _apart(session: Session, case: Case, action: Delete) -> list[Write]:
    """The mapping as it will be, before the record is deleted: nobody must take the deletion for one that travels.

    Should it not take effect, the contact is alive when it is looked at next, and linked again.
    """
    mapping, then = case.mapping, action.then
    if mapping is None or then is None or mapping.state is not State.LINKED:
        return []
    due_at = session.engine.now() + ECHO_DELAY
    case.mapping = replace(
        mapping, state=then.state, missing=then.missing, deletion_waits=None, due_at=due_at
    )
    return [guarded(session.user.id, case.mapping)]


def _resting(session: Session, case: Case, action: Update) -> list[Write]:
    """The mapping as it will be, before a field is written on one side only: nobody must take that for an edit.

    Should it not take effect, both sides still show the same, and that ends the rest.
    """
    if case.mapping is None:
        return []
    contacts = {
        side: with_fields(contact, action.merged.targets.get(side, Contact()))
        for side, contact in case.contacts.items()
    }
    case.mapping = case.mapping.resting(action.rests, contacts)
    return [guarded(session.user.id, case.mapping)]


def _leave(session: Session, case: Case, writes: Writes, until: datetime) -> None:
    """Send nothing for this case, and look at it again then."""
    writes.leave(case)
    case.action = Wait("somebody else is at it")
    case.due_again = until
