"""The ids-only listing of the user's scope: complete within one run, compared with the mappings.

It finds what moves no date: records that left the scope or came into it, and deletions that were pruned.
"""

from __future__ import annotations

from ..store import mappings
from ..store.records import Proof
from . import intake_sugar, proof
from .marks import Marks, flush
from .session import Session

FETCH = 100


def list_scope(session: Session) -> Proof | None:
    """List the scope and mark what differs. None if the time was too short; the next run lists again.

    Answers how the whole book stands, which is a proof of the sync where a full intake went before.
    """
    ids: set[str] = set()
    after: str | None = None
    while True:
        if session.holder.seconds_left() <= 0:
            return None
        page, after = session.sugar.all_ids(session.scope, after)
        ids.update(page)
        if after is None:
            break
    states = mappings.states(session.engine.db, session.user.id)
    suspects, unknown = intake_sugar.contradicted(session, states, ids)
    deleted: set[str] = set()
    for start in range(0, len(suspects), FETCH):
        if session.holder.seconds_left() <= 0:
            return None
        some = suspects[start : start + FETCH]
        marks = Marks(session)
        deleted |= intake_sugar.listed(session, marks, some, ids)
        flush(session, marks)
    for start in range(0, len(unknown), FETCH):
        if session.holder.seconds_left() <= 0:
            return None
        fetched = session.sugar.fetch(unknown[start : start + FETCH])
        records = [record for record in fetched.records.values() if record is not None]
        marks = Marks(session)
        intake_sugar.changed(session, marks, records, full=False)
        flush(session, marks)
    return proof.of_listing(states, ids, deleted, session.engine.now())
