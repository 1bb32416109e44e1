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


EnqueueMany = Callable[[Sequence[tuple[str, Mapping[str, Any]]]], Sequence[bool]]
"""Takes (task name, payload) pairs and says which names were new."""


def dispatch(
    db: Database, enqueue_many: EnqueueMany, now: datetime, enqueue_first: EnqueueMany | None = None
) -> dict[str, int]:
    """Enqueue every due user; those whose first sync is to come by `enqueue_first`, if it is given."""
    due = enqueued = 0
    after: users.Due | None = None
    while due < MOST:
        page = users.due(db, now, PAGE, after)
        if not page:
            break
        for first, enqueue in ((False, enqueue_many), (True, enqueue_first or enqueue_many)):
            tasks = [
                (schedule.scheduled_task(user.id, user.at, now), {"user": user.id, "trigger": "schedule"})
                for user in page
                if user.first is first
            ]
            enqueued += sum(enqueue(tasks)) if tasks else 0
        due += len(page)
        after = page[-1]
        if len(page) < PAGE:
            break
    return {"due": due, "enqueued": enqueued}
