"""What is due, in a fair order.

What a person released goes first. Then linked contacts and new ones, each by due time; some of each kind are always
among those chosen, so that neither an edit waits for the end of a first sync nor a new contact for that of many edits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from heapq import merge
from itertools import islice

from ..contacts.mapping import IndexEntry, State
from ..contacts.mapping import Mapping as ContactMapping
from ..store import google_index, mappings
from .engine import BATCH
from .resolve import FIRST
from .session import Session

LEAST = 20
"""So many of each kind are chosen where there are so many."""
PLACED = tuple(state for state in State if state is not State.NEW)

_LAST_ID = "~"
"""Comes after every id of either side."""

Item = ContactMapping | IndexEntry
Place = tuple[datetime, str]
"""Where an item stands in its line: due_at and id."""


def item_id(item: Item) -> str:
    """The Sugar id of a mapping, the Google id of a contact without one."""
    return item.sugar_id if isinstance(item, ContactMapping) else item.google_id


def at_once(session: Session, most: int = BATCH) -> int:
    """How many contacts to read in one round: as many as Sugar answers in two calls. What a slow Sugar cannot answer
    within a run would be chosen again and again."""
    return min(most, 2 * session.sugar.portions.reads.size)


def parted(items: Iterable[Item]) -> tuple[list[ContactMapping], list[IndexEntry]]:
    """Mappings and index entries apart."""
    listed = list(items)
    return (
        [item for item in listed if isinstance(item, ContactMapping)],
        [item for item in listed if isinstance(item, IndexEntry)],
    )


def due(session: Session, limit: int, after: Mapping[str, Place] | None = None) -> list[Item]:
    """Up to `limit` contacts that are due; of each line those that follow `after` (see `last_places`)."""
    now, db, user_id, seen = session.engine.now(), session.engine.db, session.user.id, after or {}
    placed = mappings.due(db, user_id, now, limit, seen.get("placed"), PLACED)
    new = mappings.due(db, user_id, now, limit, seen.get("new"), (State.NEW,))
    entries = google_index.due(db, user_id, now, limit, seen.get("google"))
    newcomers: Iterable[Item] = merge(new, entries, key=_place)
    return fair((placed, list(islice(newcomers, limit))), limit)


def last_places(chosen: Iterable[Item]) -> dict[str, Place]:
    """By line, the place of the last one chosen: what is chosen of a line are always its first ones."""
    places: dict[str, Place] = {}
    for item in chosen:
        line = _line(item)
        places[line] = max(places.get(line, _place(item)), _place(item))
    return places


def places_after(moment: datetime) -> dict[str, Place]:
    """In every line, the place behind all that was due by then."""
    return {line: (moment, _LAST_ID) for line in ("placed", "new", "google")}


def fair(kinds: Sequence[Sequence[Item]], limit: int) -> list[Item]:
    """Up to `limit` of several kinds, each in the order of its line: released ones, then some of every kind, then
    whatever is due longest."""
    released = sorted((item for kind in kinds for item in kind if _is_released(item)), key=_place)[:limit]
    left = limit - len(released)
    share = min(LEAST, left // len(kinds))
    lines = [[item for item in kind if not _is_released(item)] for kind in kinds]
    sure = [item for line in lines for item in line[:share]]
    rest = sorted((item for line in lines for item in line[share:]), key=_place)
    return [*released, *sorted(sure, key=_place), *rest][:limit]


def _is_released(item: Item) -> bool:
    return item.due_at == FIRST


def _place(item: Item) -> Place:
    return item.due_at or FIRST, item_id(item)


def _line(item: Item) -> str:
    if isinstance(item, IndexEntry):
        return "google"
    return "new" if item.state is State.NEW else "placed"
