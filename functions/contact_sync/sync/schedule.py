"""When a user is next due, and the names of tasks.

A scheduled task is named after the user and the time they were due: however many ticks find them due and however long
the queue is, it is there once. Whatever a run comes to, it moves that time; where a task is lost unseen, the name
changes after six hours. Names are hashed: sequential ones are slow.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from ..contacts.settings import SyncSettings
from ..store.records import BROKEN, User

LOST = timedelta(hours=6)
"""A scheduled task of which nothing was seen for so long is taken for lost."""
LONGEST_BACKOFF = timedelta(hours=1)
STOPPED = timedelta(minutes=15)
"""How often a user is looked at while the whole deployment is stopped."""
CURED_OUTSIDE = ("sugar_user_missing", "sugar_access_denied")
"""Connections that an administrator may cure in Sugar without anybody telling us."""
LOOK_AGAIN = timedelta(days=1)
"""How often it is seen whether such a one is cured."""
BROKEN_FOR = timedelta(hours=1)
"""When a user whose run crashed to the last attempt, or whose document cannot be read, is tried again."""
MOST_ATTEMPTS = 6
"""After this many transient failures in a row the next interval tries again."""


def next_sync(
    settings: SyncSettings, user: User, after: datetime, retry_at: datetime | None = None
) -> datetime | None:
    """When the scheduler is to run this user again; None: never (auto is off, or a stop needs the user).

    Counted from when the user was due, so that neither the length of a run nor the scheduler's minute adds to the
    interval; what an outage left out is not made up for. A user who is not due yet stays due when they are.
    """
    if user.connection == BROKEN and not user.paused:
        return after + BROKEN_FOR
    if not settings.auto.enabled or user.paused:
        return None
    if user.connection in CURED_OUTSIDE and user.sugar_user_id is not None:
        return after + LOOK_AGAIN
    if user.connection != "connected":
        return None
    interval, due = timedelta(minutes=settings.auto.interval_minutes), user.next_sync_at
    regular = after + interval
    if due is not None:
        missed = max(0, (after - due) // interval + 1)
        regular = min(regular, due + missed * interval)
    return min(regular, max(retry_at, after)) if retry_at is not None else regular


def backoff(attempt: int) -> timedelta:
    """How long a user waits after the n-th transient failure in a row (1 is the first): 30 s doubling to 1 h."""
    return min(timedelta(seconds=30 * 2 ** max(0, attempt - 1)), LONGEST_BACKOFF)


def scheduled_task(user_id: str, due: datetime, now: datetime) -> str:
    """Name of the task for a user that the scheduler found due."""
    return _name("schedule", user_id, due.isoformat(), str((now - due) // LOST))


def hook_task(user_id: str, start: datetime, size: timedelta) -> str:
    """Name of the task for the hooks of one window of time."""
    return _name("hook", user_id, start.isoformat(), str(size.total_seconds()))


def successor_task(kind: str, user_id: str, cause: str) -> str:
    """Name of the one task that follows a run, a failure or a held lease."""
    return _name(kind, user_id, cause)


def _name(*parts: str) -> str:
    return sha256("|".join(parts).encode()).hexdigest()[:32]
