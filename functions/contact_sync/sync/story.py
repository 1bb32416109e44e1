"""The story of a batch as history entries: what was done, with what it replaced.

Ids follow from run, contact and kind, so a repeated record writes no second entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ..contacts import google_person
from ..contacts.actions import Become, Create, Delete, Update
from ..contacts.contact import FIELDS, Contact
from ..contacts.normal_form import field_text, to_plain
from ..contacts.side import Side
from ..services.outcome import Status
from ..store import history
from ..store.records import Change, HistoryEntry
from .batch import Case
from .session import Session, read_sugar


def planned(session: Session, case: Case) -> list[HistoryEntry]:
    """Entries to be there before the writes: deletions with their whole record, and values that lose a conflict."""
    action = case.action
    if isinstance(action, Delete):
        return [
            _entry(session, case, "delete", action.side, "planned", before=_whole_record(case, action.side))
        ]
    if isinstance(action, Update) and action.merged.losses:
        losers = {loss.winner.other for loss in action.merged.losses}
        return [_update_entry(session, case, action, side, "planned") for side in Side if side in losers]
    return []


def told(session: Session, case: Case) -> list[HistoryEntry]:
    """Entries for what was carried out."""
    action = case.action
    done = [side for side in Side if side in case.outcomes and case.outcomes[side].status is Status.DONE]
    if isinstance(action, Update):
        entries = [_update_entry(session, case, action, side, "done") for side in done]
        if action.links and not entries:
            entries.append(_entry(session, case, "link", None, "done"))
        return entries
    if isinstance(action, Create):
        return [
            _entry(
                session,
                case,
                "create",
                side,
                "done",
                changes=_all_fields(Contact(), _answered(case, side, action.contact)),
            )
            for side in done
        ]
    if isinstance(action, Delete):
        return [
            _entry(session, case, "delete", side, "done", before=_whole_record(case, side)) for side in done
        ]
    if isinstance(action, Become):
        return [_entry(session, case, str(action.state), None, "done")]
    return []


def _update_entry(session: Session, case: Case, action: Update, side: Side, state: str) -> HistoryEntry:
    merged = action.merged
    lost = {
        loss.field: field_text(loss.field, loss.lost) for loss in merged.losses if loss.winner is not side
    }
    before = case.contacts[side]
    target = _answered(case, side, merged.targets.get(side, Contact()))
    changes = tuple(
        Change(
            name,
            field_text(name, getattr(before, name)),
            field_text(name, getattr(target, name)),
            lost.get(name),
        )
        for name in merged.fields_to_write(side)
    )
    kind = "merge" if action.links else "update"
    return _entry(session, case, kind, side, state, before=to_plain(before), changes=changes)


def _answered(case: Case, side: Side, sent: Contact) -> Contact:
    """What a side said it holds after a write: that may be less than it was sent. Without an answer, what was sent."""
    outcome = case.outcomes.get(side)
    if outcome is None or outcome.status is not Status.DONE or outcome.record is None:
        return sent
    if side is Side.SUGAR:
        return read_sugar(outcome.record, case.mapping)
    return google_person.read(outcome.record, sent)


def _all_fields(before: Contact, after: Contact) -> tuple[Change, ...]:
    return tuple(
        Change(name, field_text(name, getattr(before, name)), text)
        for name in FIELDS
        if (text := field_text(name, getattr(after, name)))
    )


def _whole_record(case: Case, side: Side) -> Mapping[str, Any] | None:
    return case.record if side is Side.SUGAR else case.person


def _entry(
    session: Session,
    case: Case,
    action: str,
    side: Side | None,
    state: str,
    *,
    before: Mapping[str, Any] | None = None,
    changes: tuple[Change, ...] = (),
) -> HistoryEntry:
    now, mapping = session.engine.now(), case.mapping
    return HistoryEntry(
        id=history.entry_id(session.run, case.key, f"{action}-{side or 'state'}{_version(case)}"),
        at=now,
        run=session.run,
        trigger=case.trigger or session.trigger,
        sugar_id=mapping.sugar_id if mapping else None,
        google_id=case.google_id,
        name=mapping.name if mapping else "",
        action=action,
        side=side,
        state=state,
        before=before,
        changes=changes,
        expire_at=now + timedelta(days=session.engine.history_days),
    )


def _version(case: Case) -> str:
    """The version of what is stored that was decided on. A run that comes to the same contact again, in a later batch
    or because its task was delivered twice, tells a new story; the same one recorded again does not."""
    item = case.mapping or case.entry
    at = item.updated_at if item else None
    return f"-{at:%Y%m%dT%H%M%S%f}" if at else ""
