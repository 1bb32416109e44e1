"""The ids-only listing of the user's scope: complete within one run, compared with the mappings.

It finds what moves no date: records that left the scope or came into it, and deletions that were pruned.
"""

from __future__ import annotations

from . import intake_sugar
from .marks import Marks, flush
from .session import Session

FETCH = 100


def list_scope(session: Session) -> bool:
    """List the scope and mark what differs. False if the time was too short; the next run lists again."""
    ids: set[str] = set()
    after: str | None = None
    while True:
        if session.holder.seconds_left() <= 0:
            return False
        page, after = session.sugar.all_ids(session.scope, after)
        ids.update(page)
        if after is None:
            break
    suspects, unknown = intake_sugar.contradicted(session, ids)
    for start in range(0, len(suspects), FETCH):
        if session.holder.seconds_left() <= 0:
            return False
        some = suspects[start : start + FETCH]
        marks = Marks(session)
        intake_sugar.listed(session, marks, some, ids)
        flush(session, marks)
    for start in range(0, len(unknown), FETCH):
        if session.holder.seconds_left() <= 0:
            return False
        fetched = session.sugar.fetch(unknown[start : start + FETCH])
        records = [record for record in fetched.records.values() if record is not None]
        marks = Marks(session)
        intake_sugar.changed(session, marks, records, full=False)
        flush(session, marks)
    return True
