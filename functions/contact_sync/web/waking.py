"""Wake users because something changed in Sugar: by one task for all that is heard within a short window of time.

A window's task begins a second after the window ends, so whatever was heard within it happened before that look. This
holds across instances without anything shared between them: a task is named after the window's begin and size, and
whoever has another window in mind has another task. What an instance remembers only makes windows grow while a user's
hooks keep coming, and saves it from asking Cloud Tasks twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from ..store import users
from ..store.records import User
from ..store.write import Conflict
from ..sync import schedule
from ..sync.engine import Engine

SIZES = tuple(timedelta(seconds=seconds) for seconds in (3, 6, 15, 30, 60))
"""How long windows are: each begins at a multiple of its size since 1970."""
SHARE = 5
"""A window lasts at most this part of the time for which hooks have kept coming: a few changes are seen at once."""
KEEP_COMING = timedelta(seconds=10)
"""Hooks that follow each other more closely keep coming."""
AFTER = timedelta(seconds=1)
"""How long after its window a task begins: the clocks of two instances differ by less."""
MOST_KNOWN = 10_000
"""Users of whom an instance knows the window; beyond it begins with short ones again."""
MANY = 20
"""More users than this are not woken by a task each."""
SPREAD = timedelta(minutes=3)
"""Within this time they are due, one after the other."""
SIDE_BY_SIDE = 8
"""Tasks, or users, that are written at the same time."""
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time whose hooks share a task."""

    start: datetime
    size: timedelta
    since: datetime
    """Since when hooks have kept coming."""
    heard: datetime
    """When the last of them came."""
    enqueued: bool = False

    @classmethod
    def around(cls, now: datetime, since: datetime) -> Window:
        """The window that holds this moment, where hooks have kept coming since another."""
        size = max((size for size in SIZES if size * SHARE <= now - since), default=SIZES[0])
        return cls(_BEGINNING + (now - _BEGINNING) // size * size, size, since, now)

    @property
    def end(self) -> datetime:
        """The first moment that does not belong to it."""
        return self.start + self.size


class Windows:
    """The latest window of each user and kind of hook, as this instance knows it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Window] = {}

    def at(self, key: str, now: datetime) -> Window:
        """The window of a hook that is heard now."""
        with self._lock:
            last = self._known.get(key)
            keeps_coming = last is not None and timedelta(0) <= now - last.heard < KEEP_COMING
            if last is not None and last.start <= now < last.end:
                window = replace(last, heard=now, since=last.since if keeps_coming else now)
            else:
                window = Window.around(now, last.since if last is not None and keeps_coming else now)
            if len(self._known) >= MOST_KNOWN and last is None:
                self._known.clear()
            self._known[key] = window
            return window

    def enqueued(self, key: str, window: Window) -> None:
        """The window's task is there."""
        with self._lock:
            known = self._known.get(key)
            if known is not None and (known.start, known.size) == (window.start, window.size):
                self._known[key] = replace(known, enqueued=True)


def wake(
    engine: Engine, windows: Windows, woken: Sequence[User], trigger: Literal["hook", "flag"] = "hook"
) -> None:
    """Have all of them looked at: a few within seconds, many through the scheduler, spread over some minutes."""

    def by_task(user: User) -> None:
        key = f"{trigger}/{user.id}"
        window = windows.at(key, engine.now())
        if not window.enqueued:
            name = schedule.hook_task(key, window.start, window.size)
            payload = {"user": user.id, "trigger": trigger}
            engine.enqueue(payload, name=name, at=window.end + AFTER, urgent=True)
            windows.enqueued(key, window)

    def by_schedule(user: User) -> None:
        if _sooner(user, engine.now()):
            _make_due(engine, user.id)

    side_by_side(by_task if len(woken) <= MANY else by_schedule, woken)


def side_by_side(each: Callable[[User], None], them: Sequence[User]) -> None:
    """Do something for each of several users, some at a time."""
    if them:
        with ThreadPoolExecutor(min(len(them), SIDE_BY_SIDE)) as pool:
            list(pool.map(each, them))


def _make_due(engine: Engine, user_id: str) -> None:
    for _ in engine.tries():
        found = users.read(engine.db, user_id)
        fields = _sooner(found[0], engine.now()) if found is not None else {}
        if found is None or not fields:
            return
        try:
            engine.db.commit([users.update(user_id, if_updated_at=found[1], **fields)])
            return
        except Conflict:
            continue


def _sooner(user: User, now: datetime) -> dict[str, Any]:
    """What makes a look follow that begins after this moment; nothing where one does so soon anyway."""
    share = int(sha256(user.id.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
    soon, due = now + AFTER + SPREAD * share, user.next_sync_at
    if due is not None and now < due <= soon:
        return {}
    at_work = user.lease is not None and user.lease.until > now
    if due is None or due > soon or at_work:
        return {"next_sync_at": soon}
    # Overdue, and moving that time would put the user off. A run that has looked already and has not stored anything
    # yet must look again: any change of the document makes it.
    return {"pending": now}
