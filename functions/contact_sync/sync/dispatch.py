"""The dispatcher: one task per due user, found by an indexed query and enqueued side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..store import users
from ..store.database import Database
from . import schedule

PAGE = 500
MOST = 5_000
"""Users taken up in one tick; the rest follows with the next one, a minute later."""


def dispatch(
    db: Database,
    enqueue_many: Callable[[Sequence[tuple[str, Mapping[str, Any]]]], Sequence[bool]],
    now: datetime,
) -> dict[str, int]:
    """Enqueue every due user. `enqueue_many` takes (task name, payload) pairs and says which names were new."""
    due = enqueued = 0
    after: tuple[str, datetime] | None = None
    while due < MOST:
        page = users.due(db, now, PAGE, after)
        if not page:
            break
        tasks = [
            (schedule.scheduled_task(user_id, at, now), {"user": user_id, "trigger": "schedule"})
            for user_id, at in page
        ]
        enqueued += sum(enqueue_many(tasks))
        due += len(page)
        after = page[-1]
        if len(page) < PAGE:
            break
    return {"due": due, "enqueued": enqueued}
