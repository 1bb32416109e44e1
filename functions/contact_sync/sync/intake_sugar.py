"""What Sugar's feed means for the mappings: changed records, deletions, and the listing of the scope."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ..contacts import sugar_record
from ..contacts.mapping import Absent, Missing, Seen, State
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.normal_form import display_name
from ..contacts.plan import open_fields, still_open
from ..contacts.side import Side
from ..store import backlog
from ..store.write import Write
from .aside import unread
from .barrier import Barrier
from .engine import ECHO_DELAY
from .marks import Marks, awaited_deletion, catching_up, due_from, released_by_edit, seen_changed
from .session import Session, read_sugar

GONE_FOR = timedelta(days=30)


def changed(session: Session, marks: Marks, records: Sequence[Mapping[str, Any]], *, full: bool) -> None:
    """Mark a page of records as the change feed shows them. `full`: settings may have changed since last time."""
    known = marks.mappings([record["id"] for record in records])
    unplaced: dict[str, ContactMapping] = {}

    def step(record: Mapping[str, Any]) -> None:
        mapping = known.get(record["id"])
        if sugar_record.is_stub(record) or (mapping is not None and unread(session, marks, mapping)):
            return
        if mapping is None:
            if session.in_scope(record):
                unplaced[record["id"]] = _new(session, record)
            return
        if mapping.state is State.NEW and mapping.backlog is None:
            fresh = _new(session, record)
            same = sugar_record.is_of(record, mapping.seen.sugar_date)
            if session.in_scope(record) and same and (mapping.due_at is not None or not full):
                return
            unplaced[record["id"]] = replace(
                fresh, updated_at=mapping.updated_at, due_at=mapping.due_at, directive=mapping.directive
            )
            return
        _mark_known(session, marks, record, mapping, full=full)

    def suspect(record: Mapping[str, Any]) -> None:
        marks.doubt(known.get(record["id"]) or ContactMapping(record["id"]))

    Barrier().each(records, step, suspect)
    _mark_unplaced(session, marks, unplaced, known)


def _new(session: Session, record: Mapping[str, Any]) -> ContactMapping:
    contact = read_sugar(record, None)
    return ContactMapping(
        sugar_id=record["id"],
        name=display_name(contact),
        match_keys=session.terms(contact),
        state=State.NEW,
        seen=Seen(sugar_date=record.get("date_modified")),
    )


def _mark_unplaced(
    session: Session,
    marks: Marks,
    unplaced: Mapping[str, ContactMapping],
    known: Mapping[str, ContactMapping],
) -> None:
    """Store records that have no partner yet; due are those that may be created or linked."""
    creates = session.creates(Side.GOOGLE)
    due = set(unplaced)
    if not creates:
        due = marks.linkable(Side.SUGAR, {key: mapping.match_keys for key, mapping in unplaced.items()})
    for key, mapping in unplaced.items():
        due_at = mapping.due_at or (session.engine.now() if key in due else None)
        fresh = replace(mapping, due_at=due_at)
        before = known.get(key)
        if before is None or replace(before, updated_at=None) != replace(fresh, updated_at=None):
            marks.put(fresh)


def _mark_known(
    session: Session, marks: Marks, record: Mapping[str, Any], mapping: ContactMapping, *, full: bool
) -> None:
    now = session.engine.now()
    edited = not sugar_record.is_of(record, mapping.seen.sugar_date)
    closing: list[Write] = []
    marked = mapping
    if mapping.state not in (State.GONE, State.CREATING):
        contact = read_sugar(record, mapping)
        # An address that several share is no evidence: the keys of every record are those of now.
        marked = replace(mapping, match_keys=session.terms(contact))
        opened = still_open(mapping, contact)
        if opened != open_fields(mapping):
            # Whoever types it anew has not opened it, whether a run wrote meanwhile or not.
            marked = replace(marked, open=opened)
    if mapping.backlog is not None:
        released = released_by_edit(session.user.id, mapping) if edited else None
        if released is not None:
            closing.append(released)
            marked = replace(marked, backlog=None, due_at=now, deletion_waits=awaited_deletion(mapping))
        if released is not None or (edited and mapping.state is State.NEW):
            marked = replace(marked, seen=replace(mapping.seen, sugar_date=record.get("date_modified")))
    elif mapping.state is State.LINKED:
        marked = _marked_linked(session, record, marked)
        if full:
            marked = catching_up(session, marked)
    elif mapping.due_at is None or mapping.due_at > now:
        marked = _marked_apart(session, record, marked, again=full or edited)
    if marked != mapping:
        marks.put(marked, *closing)


def _marked_apart(
    session: Session, record: Mapping[str, Any], mapping: ContactMapping, *, again: bool
) -> ContactMapping:
    """The mark of a mapping that is not linked. `again`: a record whose mapping is gone may be alive."""
    now = session.engine.now()
    match mapping.state:
        case State.UNLINKED if mapping.misses(Side.SUGAR):
            return replace(mapping, due_at=now)
        case State.UNLINKED if mapping.seen.sugar_deleted_at is not None:
            return replace(mapping, seen=replace(mapping.seen, sugar_deleted_at=None))
        case State.OUT_OF_SCOPE if session.in_scope(record):
            return replace(mapping, due_at=now)
        case State.GONE if mapping.due_at is None and again:
            gone_at = mapping.expire_at - GONE_FOR if mapping.expire_at else now
            return replace(mapping, due_at=max(now, gone_at + ECHO_DELAY))
    return mapping


def _marked_linked(session: Session, record: Mapping[str, Any], mapping: ContactMapping) -> ContactMapping:
    now = session.engine.now()
    if not session.in_scope(record) or mapping.misses(Side.SUGAR):
        return replace(mapping, due_at=due_from(mapping, now))
    contact = read_sugar(record, mapping)
    return seen_changed(session, mapping, Side.SUGAR, contact, sugar_record.modified_at(record))


def deleted(session: Session, marks: Marks, ids: Collection[str]) -> None:
    """Mark records that Sugar's deletion poll names. Every one is noted, so that the guard can count them."""
    for mapping in marks.mappings(ids).values():
        note_deleted(session, marks, mapping, Side.SUGAR)


def note_deleted(
    session: Session,
    marks: Marks,
    mapping: ContactMapping,
    side: Side,
    at: datetime | None = None,
    *,
    owned: bool = True,
) -> None:
    """Note on a mapping that its record on `side` is reported deleted. A direct read decides: now, or from `at` on.

    `owned`: it is proven that it belonged to the user's scope until then; if not, nothing is deleted for it.
    """
    now = session.engine.now()
    due_at = max(now, at or now)
    if mapping.unreadable or mapping.state is State.GONE or mapping.misses(side):
        return
    if side is Side.SUGAR and mapping.state is State.UNLINKED:
        if mapping.seen.sugar_deleted_at is not None:
            return
        # The deletion poll names it for as long as the overlap lasts, and nothing else tells that it was seen.
        mapping = replace(mapping, seen=replace(mapping.seen, sugar_deleted_at=now))
    if mapping.state is State.CREATING:
        # The outcome of the create comes first; the deletion counts once that is known.
        marks.put(
            replace(mapping, missing=Missing(side, now, session.deletes(side.other), session.google_look))
        )
        return
    if mapping.state is State.LINKED:
        waits = session.deletes(side.other) and owned
        both = mapping.missing is not None
        # Google shows a tombstone once; that a Sugar record is gone can be confirmed again at any time.
        first = mapping.missing if side is Side.SUGAR else None
        missing = first or Missing(side, now, waits, session.google_look)
        marked = replace(mapping, missing=missing, deletion_waits=side.other if waits and not both else None)
        if mapping.backlog is None:
            marks.put(replace(marked, due_at=due_at))
        elif both:
            # Both sides are gone: there is nothing left to ask a human about.
            marks.put(
                replace(marked, backlog=None, due_at=now), backlog.close(session.user.id, mapping.backlog)
            )
        else:
            marks.put(replace(marked, deletion_waits=None))
        return
    if mapping.backlog is not None and mapping.state is State.NEW:
        marks.put(replace(mapping, backlog=None, due_at=now), backlog.close(session.user.id, mapping.backlog))
    elif mapping.due_at is None or mapping.due_at > now:
        marks.put(replace(mapping, due_at=now))


def doubted(session: Session, marks: Marks, sugar_ids: Collection[str], *, absent: bool) -> None:
    """Mark mappings that a listing contradicts: a direct read decides.

    `absent`: the scope was listed without them. Each is noted as a possible deletion before any of them is decided, so
    that the guard counts the whole book.
    """
    now = session.engine.now()
    doubt = Absent(now, session.deletes(Side.GOOGLE), now)
    for mapping in marks.mappings(sugar_ids).values():
        settled = absent and mapping.state not in (State.LINKED, State.NEW)
        if settled or mapping.misses(Side.SUGAR) or unread(session, marks, mapping):
            continue
        if absent:
            # What has no place in Google yet waits for nothing but this.
            due_at = mapping.due_at if mapping.state is State.LINKED else None
            marked = replace(mapping, absent=mapping.absent or doubt, due_at=due_at, backlog=None)
        else:
            marked = replace(mapping, due_at=due_from(mapping, now), backlog=None)
        if marked != mapping:
            closing = [backlog.close(session.user.id, mapping.backlog)] if mapping.backlog else []
            marks.put(marked, *closing)
