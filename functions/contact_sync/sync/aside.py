"""Contacts put aside as `unreadable`: what is stored of it, and when they are tried again.

Of a document only the fields that say so are written: it may be the one that cannot be read, or that is too large.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..contacts.mapping import IndexEntry
from ..contacts.mapping import Mapping as ContactMapping
from ..store import backlog, google_index, mappings
from ..store.records import BacklogEntry
from ..store.write import Write
from .marks import Marks, amended, backlog_id
from .session import Session

CAUSE = "unreadable"
FAILED = "The sync stumbled over something in this contact. It was logged, for whoever maintains the sync."
NOT_STORABLE = "This contact holds more than the sync can store about it."
STORED = "What the sync stored about this contact cannot be read."

_LONGEST_NAME = 200
_LONGEST_TEXT = 10_000
_MOST_ITEMS = 100


def put_aside(
    session: Session,
    item: ContactMapping | IndexEntry,
    message: str,
    *,
    stored: bool = True,
    records: Mapping[str, Any] | None = None,
) -> list[Write]:
    """The item in the backlog, with what is known of it. `stored`: there is a document of it."""
    session.puts_aside = True
    sugar_id = item.sugar_id if isinstance(item, ContactMapping) else item.mapping
    name = item.name[:_LONGEST_NAME] if isinstance(item, ContactMapping) else ""
    entry = BacklogEntry(
        id=backlog_id(CAUSE, sugar_id or item.google_id or ""),
        sugar_id=sugar_id,
        google_id=item.google_id,
        name=name,
        cause=CAUSE,
        message=message,
        since=session.engine.now(),
        attempts=item.attempts,
        records={side: shortened(held) for side, held in (records or {}).items()} or None,
    )
    user_id, fields = session.user.id, {"backlog": entry.id, "due_at": None, "directive": None, "attempts": 0}
    if isinstance(item, ContactMapping):
        bare = ContactMapping(item.sugar_id, name=name, backlog=entry.id)
        held = amended(user_id, item, **fields, absent=None) if stored else mappings.put(user_id, bare)
    elif sugar_id is not None:
        # A create of it is on its way: its mapping stands for both.
        held = mappings.patch(user_id, sugar_id, **fields)
    else:
        alone = IndexEntry(item.google_id, backlog=entry.id)
        held = amended(user_id, item, **fields) if stored else google_index.put(user_id, alone)
    return [held, backlog.put(user_id, entry)]


def unread(session: Session, marks: Marks, item: ContactMapping | IndexEntry) -> bool:
    """Whether the document of an item could not be read; then it is put aside, if it is not yet."""
    if item.unreadable and item.backlog is None:
        marks.put(*put_aside(session, item, STORED))
    return item.unreadable


def flush(session: Session, marks: Marks) -> bool:
    """Commit marks; the first due mark also sets the user's `pending` hint. What cannot be stored is put aside.

    False: somebody else wrote one of the documents meanwhile, and its marks are not stored.
    """
    if not marks:
        return True
    holder = session.holder
    earliest, pending = marks.earliest, holder.user.pending
    if earliest is not None and (pending is None or earliest < pending):
        # The hint may be early, never late: it goes ahead of the marks of later commits.
        holder.commit([], pending=earliest)
        holder.user = replace(holder.user, pending=earliest)
    dropped = holder.commit(marks.groups())
    unstorable = holder.unstorable
    items = marks.items(unstorable) if unstorable else []
    groups = [put_aside(session, item, NOT_STORABLE, stored=item.updated_at is not None) for item in items]
    commit_aside(session, groups)
    return dropped <= unstorable


def commit_aside(session: Session, groups: Sequence[Sequence[Write]]) -> None:
    """Store who was put aside, and by which version."""
    if session.puts_aside:
        session.holder.commit(groups, put_aside_by=session.engine.version)
        session.user = replace(session.user, put_aside_by=session.engine.version)
        session.puts_aside = False


def shortened(plain: Mapping[str, Any]) -> dict[str, Any]:
    """A contact as it is shown beside a question: long texts and lists are cut."""

    def cut(value: Any) -> Any:
        if isinstance(value, str):
            return value[:_LONGEST_TEXT]
        if isinstance(value, list | tuple):
            return [cut(item) for item in value[:_MOST_ITEMS]]
        return {name: cut(item) for name, item in value.items()} if isinstance(value, Mapping) else value

    return {name: cut(value) for name, value in plain.items()}


def waits_for_another_version(session: Session) -> bool:
    """Whether another version of this program put contacts aside: this one tries them again."""
    return session.user.put_aside_by not in (None, session.engine.version)


def take_up_again(session: Session) -> bool:
    """Have everything that was put aside tried again; whether there was anything."""
    if session.user.put_aside_by is None:
        return False
    db, user_id, now = session.engine.db, session.user.id, session.engine.now()
    entries = backlog.every_entry(db, user_id, cause=CAUSE)
    known = mappings.get(db, user_id, [entry.sugar_id for entry in entries if entry.sugar_id])
    unplaced = google_index.get(
        db, user_id, [entry.google_id for entry in entries if entry.google_id and not entry.sugar_id]
    )
    groups = []
    for entry in entries:
        item = known.get(entry.sugar_id) if entry.sugar_id else unplaced.get(entry.google_id or "")
        group = [backlog.close(user_id, entry.id)]
        if item is not None and item.backlog == entry.id:
            group.append(amended(user_id, item, backlog=None, due_at=now))
        groups.append(group)
    session.holder.commit(groups, put_aside_by=None, pending=now)
    session.user = replace(session.user, put_aside_by=None)
    session.holder.user = replace(session.holder.user, put_aside_by=None, pending=now)
    return True
