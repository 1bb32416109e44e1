"""When a user is next due, and the names of tasks.

A scheduled task is named after the user, its due time and a ten-minute window of the clock: two ticks enqueue it
once, and a user whose task was lost is enqueued again in the next window. Names are hashed: sequential ones are slow.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from ..contacts.settings import SyncSettings
from ..store.records import User

WINDOW = timedelta(minutes=10)
HOOK_WINDOW = timedelta(seconds=3)
LONGEST_BACKOFF = timedelta(hours=1)
STOPPED = timedelta(minutes=15)
"""How often a user is looked at while the whole deployment is stopped."""
CURED_OUTSIDE = ("sugar_user_missing", "sugar_access_denied")
"""Connections that an administrator may cure in Sugar without anybody telling us."""
LOOK_AGAIN = timedelta(days=1)
"""How often it is seen whether such a one is cured."""
MOST_ATTEMPTS = 6
"""After this many transient failures in a row the next interval tries again."""


def next_sync(
    settings: SyncSettings, user: User, now: datetime, retry_at: datetime | None = None
) -> datetime | None:
    """When the scheduler is to run this user again; None: never (auto is off, or a stop needs the user)."""
    if not settings.auto.enabled or user.paused:
        return None
    if user.connection in CURED_OUTSIDE and user.sugar_user_id is not None:
        return now + LOOK_AGAIN
    if user.connection != "connected":
        return None
    regular = now + timedelta(minutes=settings.auto.interval_minutes)
    return min(regular, max(retry_at, now)) if retry_at is not None else regular


def backoff(attempt: int) -> timedelta:
    """How long a user waits after the n-th transient failure in a row (1 is the first): 30 s doubling to 1 h."""
    return min(timedelta(seconds=30 * 2 ** max(0, attempt - 1)), LONGEST_BACKOFF)


def scheduled_task(user_id: str, due: datetime, now: datetime) -> str:
    """Name of the task for a user that the scheduler found due."""
    return _name("schedule", user_id, due.isoformat(), _window(now, WINDOW).isoformat())


def hook_task(user_id: str, now: datetime) -> tuple[str, datetime]:
    """Name and time of the task for a hook: one per window, and after its end, so that no change that shares the
    name can come after its look."""
    window = _window(now, HOOK_WINDOW)
    return _name("hook", user_id, window.isoformat()), window + HOOK_WINDOW + timedelta(seconds=1)


def successor_task(kind: str, user_id: str, cause: str) -> str:
    """Name of the one task that follows a run, a failure or a held lease."""
    return _name(kind, user_id, cause)


def _window(now: datetime, size: timedelta) -> datetime:
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return start + (now - start) // size * size


def _name(*parts: str) -> str:
    return sha256("|".join(parts).encode()).hexdigest()[:32]
