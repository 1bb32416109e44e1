"""What Google's feed means for the index and the mappings: persons, renames, our own marks, tombstones.

Previous resource names, source ids and our own marks are resolved before tombstones: a contact that Google renamed
comes as a tombstone of the old name and a change of the new one, and is neither deleted nor new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ..contacts import google_person
from ..contacts.mapping import Directive, IndexEntry, State
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.merge import edited
from ..contacts.side import Side
from ..store import backlog, google_index
from .aside import unread
from .barrier import Barrier
from .engine import ECHO_DELAY
from .google_departures import departed
from .intake_sugar import GONE_FOR
from .look import google_ids
from .marks import Marks, awaited_deletion, catching_up, due_from, released_by_edit, seen_changed
from .session import Session, read_google

MARK = "m:"
"""Prefix of the index key that says which mapping's mark a contact carries; matching does not use it."""

DUPLICATE = "duplicate"
"""Directive of an index entry: it is our own create, sent twice; it is deleted again."""


@dataclass(slots=True)
class _Page:
    """A page of persons with what is stored about them."""

    session: Session
    full: bool
    marks: Marks
    entries: dict[str, IndexEntry]
    mapped: dict[str, ContactMapping]
    unplaced: dict[str, tuple[IndexEntry, IndexEntry | None, bool]] = field(default_factory=dict)
    """Entries without a partner: as they shall be, as they are stored, and whether the label allows a create."""


def changed(
    session: Session, marks: Marks, people: Sequence[Mapping[str, Any]], *, full: bool, first: bool = False
) -> None:
    """Mark a page of persons. `full`: a complete listing; `first`: nothing was stored before this intake."""
    db, user_id = session.engine.db, session.user.id
    entries = google_index.get(db, user_id, google_ids(people))
    strangers = [person for person in people if google_person.google_id(person) not in entries]
    former = {} if first else _former_entries(session, strangers)
    alive = [person for person in people if not google_person.is_deleted(person)]
    unknown = [person for person in strangers if not google_person.is_deleted(person)]
    marked = {mark for person in unknown for mark in google_person.marks(person)}
    wanted = {entry.mapping for entry in (*entries.values(), *former.values())} | marked
    mapped = marks.mappings(sorted(sugar_id for sugar_id in wanted if sugar_id))
    page = _Page(session, full, marks, entries, mapped)
    moved: set[str] = set()

    def step(person: Mapping[str, Any]) -> None:
        google_id = google_person.google_id(person)
        if google_id in entries:
            _known(page, person, entries[google_id])
        elif google_id in former:
            moved.add(former[google_id].google_id)
            _rename(page, person, former[google_id])
        elif not _ours(page, person):
            _unplaced(page, person, None)

    def suspect(person: Mapping[str, Any]) -> None:
        google_id = google_person.google_id(person)
        entry = entries.get(google_id) or new_entry(session, google_id, google_person.source_id(person), ())
        marks.doubt(page.mapped.get(entry.mapping or "") or entry)

    Barrier().each(
        [*unknown, *(person for person in alive if google_person.google_id(person) in entries)], step, suspect
    )
    departed(session, marks, people, entries | former, mapped, moved)
    _store_unplaced(page)


def index_terms(
    session: Session, person: Mapping[str, Any], mapping: ContactMapping | None
) -> tuple[str, ...]:
    """The keys under which the index knows a person: its match terms, and our marks where it carries any."""
    marks = sorted(MARK + own for own in google_person.marks(person))
    return (*session.terms(read_google(person, mapping)), *marks)


def new_entry(session: Session, google_id: str, source_id: str | None, keys: tuple[str, ...]) -> IndexEntry:
    """The entry of a contact that this look at Google shows for the first time."""
    look = session.google_look
    return IndexEntry(google_id, None, source_id, keys, since=look, keyed=look)


def _former_entries(session: Session, people: Sequence[Mapping[str, Any]]) -> dict[str, IndexEntry]:
    """Index entries of unknown persons, dead ones too, under their previous names or the same source id, by the new
    google id."""
    if not people:
        return {}
    db, user_id = session.engine.db, session.user.id
    names = {old: person for person in people for old in google_person.previous_ids(person)}
    # Of several with one source the living one is meant.
    dead_first = sorted(people, key=google_person.is_deleted, reverse=True)
    sources = {google_person.source_id(person): person for person in dead_first}
    found = {
        google_person.google_id(names[old]): entry
        for old, entry in google_index.get(db, user_id, sorted(names)).items()
    }
    for entry in google_index.with_source_ids(db, user_id, sorted(source for source in sources if source)):
        found.setdefault(google_person.google_id(sources[entry.source_id]), entry)
    return found


def _rename(page: _Page, person: Mapping[str, Any], old: IndexEntry) -> None:
    """Google gave a known contact another resource name: index and mapping follow it."""
    session = page.session
    new_id, source = google_person.google_id(person), google_person.source_id(person)
    mapping = page.mapped.get(old.mapping or "")
    if unread(session, page.marks, mapping or old):
        return
    entry = replace(old, google_id=new_id, source_id=source, updated_at=None)
    removal = google_index.remove(session.user.id, old.google_id)
    if mapping is None:
        page.marks.put(entry, removal)
        return
    now = session.engine.now()
    followed = renamed(mapping, new_id, source)
    if mapping.state is State.GONE:
        entry = replace(entry, due_at=_after_echo(mapping, now))
    elif mapping.backlog is None:
        followed = replace(followed, due_at=due_from(mapping, now))
    page.mapped[mapping.sugar_id] = followed
    page.marks.put(entry, removal, followed)


def renamed(mapping: ContactMapping, google_id: str, source_id: str | None) -> ContactMapping:
    """The mapping with its contact under another name: it is alive, so a linked one does not miss it."""
    itself = mapping.google_source_id in (None, source_id)
    followed = replace(
        mapping,
        google_id=google_id,
        google_source_id=source_id,
        # One that the person had before, and merged ours into, is none that we created.
        created_side=mapping.created_side if itself or mapping.created_side is Side.SUGAR else None,
    )
    if mapping.misses(Side.GOOGLE) and mapping.state in (State.LINKED, State.CREATING):
        return replace(followed, missing=None, deletion_waits=None)
    return followed


def _after_echo(mapping: ContactMapping, now: datetime) -> datetime:
    """When a contact whose mapping is gone is looked at: echoes of its former life are over then."""
    gone_at = mapping.expire_at - GONE_FOR if mapping.expire_at else now
    return max(now, gone_at + ECHO_DELAY)


def _ours(page: _Page, person: Mapping[str, Any]) -> bool:
    """Resolve an unknown contact that carries our mark. False: the mark means nothing, it is an ordinary contact."""
    found = (page.mapped.get(mark) for mark in sorted(google_person.marks(person)))
    return any(mapping is not None and _is_of(page, person, mapping) for mapping in found)


def _is_of(page: _Page, person: Mapping[str, Any], mapping: ContactMapping) -> bool:
    """Resolve an unknown contact that carries the mark of this mapping."""
    session, now = page.session, page.session.engine.now()
    google_id, source = google_person.google_id(person), google_person.source_id(person)
    contact = read_google(person, mapping)
    terms = index_terms(session, person, mapping)
    if unread(session, page.marks, mapping):
        page.marks.put(replace(new_entry(session, google_id, source, terms), mapping=mapping.sugar_id))
        return True
    waits = mapping.state is State.NEW and mapping.google_id is None
    if waits or (mapping.state is State.CREATING and mapping.created_side is Side.GOOGLE):
        entry = replace(new_entry(session, google_id, source, terms), mapping=mapping.sugar_id)
        closing = [backlog.close(session.user.id, mapping.backlog)] if mapping.backlog else []
        linked = replace(
            mapping,
            google_id=google_id,
            google_source_id=source,
            state=State.LINKED,
            created_side=Side.GOOGLE,
            due_at=now,
            backlog=None,
        )
        page.mapped[mapping.sugar_id] = linked
        page.marks.put(entry, linked, *closing)
        return True
    elsewhere = mapping.google_id is not None and mapping.google_id != google_id
    if (
        mapping.state is State.LINKED
        and elsewhere
        and mapping.created_side is Side.GOOGLE
        and not edited(contact, mapping.base, lambda value: value, mapping.held.get(Side.GOOGLE))
    ):
        directive = Directive(DUPLICATE, mapping.sugar_id)
        page.marks.put(replace(new_entry(session, google_id, source, terms), directive=directive, due_at=now))
        return True
    return False


def _unplaced(page: _Page, person: Mapping[str, Any], stored: IndexEntry | None) -> None:
    """A contact without a partner: keep its keys; it is due if it may be created in Sugar or linked."""
    session = page.session
    label = session.settings.google_label
    allowed = label is None or label in google_person.groups(person)
    source, terms = google_person.source_id(person), index_terms(session, person, None)
    if stored is None:
        entry = new_entry(session, google_person.google_id(person), source, terms)
    else:
        entry = replace(stored.with_keys(terms, session.google_look), source_id=source)
    page.unplaced[entry.google_id] = (entry, stored, allowed)


def _store_unplaced(page: _Page) -> None:
    session, now = page.session, page.session.engine.now()
    creates = session.creates(Side.SUGAR)
    other = {
        key: entry.match_keys
        for key, (entry, _, allowed) in page.unplaced.items()
        if not (creates and allowed)
    }
    found = page.marks.linkable(Side.GOOGLE, other)
    for key, (entry, stored, allowed) in page.unplaced.items():
        closing = None
        if stored is not None and not page.full:
            closing = released_by_edit(session.user.id, stored)
        fresh = replace(entry, backlog=None) if closing else entry
        if fresh.backlog is None and not fresh.left_alone and ((creates and allowed) or key in found):
            fresh = replace(fresh, due_at=fresh.due_at or now)
        if closing is not None:
            page.marks.put(fresh, closing)
        elif fresh != stored:
            page.marks.put(fresh)


def _known(page: _Page, person: Mapping[str, Any], entry: IndexEntry) -> None:
    """A contact the index knows: changed content, a comeback, or an echo."""
    session, now = page.session, page.session.engine.now()
    mapping = page.mapped.get(entry.mapping or "")
    if unread(session, page.marks, mapping or entry):
        return
    if entry.mapping is None or mapping is None:
        if entry.directive is None or entry.directive.kind != DUPLICATE:
            _unplaced(page, person, entry)
        return
    if mapping.backlog is not None:
        edited = mapping.seen.google_etag != google_person.source_etag(person)
        closing = released_by_edit(session.user.id, mapping) if edited else None
        if closing is not None:
            waits = awaited_deletion(mapping)
            page.marks.put(replace(mapping, backlog=None, due_at=now, deletion_waits=waits), closing)
        return
    if mapping.state is State.LINKED:
        _known_linked(page, person, entry, mapping)
        return
    if mapping.due_at is not None and mapping.due_at <= now:
        return
    match mapping.state:
        case State.UNLINKED if mapping.misses(Side.GOOGLE):
            page.marks.put(replace(mapping, due_at=now))
        case State.GONE if entry.due_at is None:
            page.marks.put(replace(entry, due_at=_after_echo(mapping, now)))
        case _:
            pass


def _known_linked(page: _Page, person: Mapping[str, Any], entry: IndexEntry, mapping: ContactMapping) -> None:
    session, now = page.session, page.session.engine.now()
    contact = read_google(person, mapping)
    if mapping.misses(Side.GOOGLE):
        if due_from(mapping, now) != mapping.due_at:
            page.marks.put(replace(mapping, due_at=due_from(mapping, now)))
        return
    marked = seen_changed(session, mapping, Side.GOOGLE, contact, google_person.modified_at(person))
    if page.full:
        marked = catching_up(session, marked)
    keyed = entry.with_keys(index_terms(session, person, mapping), session.google_look)
    items: list[ContactMapping | IndexEntry] = []
    if marked != mapping:
        items.append(marked)
    if keyed != entry:
        items.append(keyed)
    if items:
        page.marks.put(*items)
