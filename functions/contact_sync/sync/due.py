"""What is due, in a fair order.

What a person released goes first. Then linked contacts, new ones, and those that Sugar's listing did not show, each by
due time; some of each kind are always among those chosen, so that an edit waits neither for the end of a first sync nor
until thousands that left the scope are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
"""Where an item stands in its line: since when it is due, and its id."""


@dataclass(frozen=True, slots=True)
class Due:
    """A contact in one of the lines."""

    line: str
    place: Place
    item: Item


def item_id(item: Item) -> str:
    """The Sugar id of a mapping, the Google id of a contact without one."""
    return item.sugar_id if isinstance(item, ContactMapping) else item.google_id


def at_once(session: Session, most: int = BATCH) -> int:
    """How many contacts to read in one round: as many as Sugar answers in two calls. What a slow Sugar cannot answer
    within a run would be chosen again and again."""
    return min(most, 2 * session.sugar.portions.reads.size)


def parted(chosen: Iterable[Due]) -> tuple[list[ContactMapping], list[IndexEntry]]:
    """Mappings and index entries apart, each once: a contact may stand in two lines."""
    items = {item_id(one.item): one.item for one in chosen}.values()
    return (
        [item for item in items if isinstance(item, ContactMapping)],
        [item for item in items if isinstance(item, IndexEntry)],
    )


def due(session: Session, limit: int, after: Mapping[str, Place] | None = None) -> list[Due]:
    """Up to `limit` contacts that are due; of each line those that follow `after` (see `last_places`)."""
    now, db, user_id, seen = session.engine.now(), session.engine.db, session.user.id, after or {}
    placed = mappings.due(db, user_id, now, limit, seen.get("placed"), PLACED)
    new = mappings.due(db, user_id, now, limit, seen.get("new"), (State.NEW,))
    entries = google_index.due(db, user_id, now, limit, seen.get("google"))
    suspects = mappings.suspects(db, user_id, now, limit, seen.get("suspects"))
    newcomers = merge(_line("new", new), _line("google", entries), key=_place)
    doubted = [Due("suspects", (item.absent.due_at, item.sugar_id), item) for item in suspects if item.absent]
    chosen = fair((_line("placed", placed), list(islice(newcomers, limit)), doubted), limit)
    if chosen or seen:
        return chosen
    # A state that this version does not know is in no line: the document cannot be read.
    strays = [*mappings.due(db, user_id, now, limit), *suspects]
    return _line("placed", [mapping for mapping in strays if mapping.unreadable])[:limit]


def last_places(chosen: Iterable[Due]) -> dict[str, Place]:
    """By line, the place of the last one chosen: what is chosen of a line are always its first ones."""
    places: dict[str, Place] = {}
    for one in chosen:
        places[one.line] = max(places.get(one.line, one.place), one.place)
    return places


def places_after(moment: datetime) -> dict[str, Place]:
    """In every line, the place behind all that was due by then."""
    return {line: (moment, _LAST_ID) for line in ("placed", "new", "google", "suspects")}


def fair(kinds: Sequence[Sequence[Due]], limit: int) -> list[Due]:
    """Up to `limit` of several kinds, each in the order of its line: released ones, then some of every kind, then
    whatever is due longest."""
    released = sorted((one for kind in kinds for one in kind if _is_released(one)), key=_place)[:limit]
    waiting = [[one for one in kind if not _is_released(one)] for kind in kinds]
    lines = [line for line in waiting if line]
    share = min(LEAST, (limit - len(released)) // max(1, len(lines)))
    sure = [one for line in lines for one in line[:share]]
    rest = [one for line in lines for one in line[share:]]
    return [*released, *sorted(sure, key=_place), *sorted(rest, key=_place)][:limit]


def _line(name: str, items: Iterable[Item]) -> list[Due]:
    return [Due(name, (item.due_at or FIRST, item_id(item)), item) for item in items]


def _is_released(one: Due) -> bool:
    return one.place[0] == FIRST


def _place(one: Due) -> Place:
    return one.place
