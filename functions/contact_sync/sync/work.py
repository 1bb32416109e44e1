"""What the worker does with one task: a run, logged, and recorded with the user when the task gives up."""

from __future__ import annotations

import logging
from typing import Any

from ..errors import SyncError, TransientForAll
from ..store import runs, users
from ..store.records import BROKEN, RunRecord
from ..store.write import Conflict
from . import schedule
from .disconnect import disconnect
from .engine import Engine
from .preview import unplanned
from .progress import KEPT
from .request import WorkerRequest
from .run import run
from .unstarted import put_off

log = logging.getLogger("contact_sync.worker")

CRASHED = "Something went wrong on our side. It was logged, and the sync tries again every hour."
"""What a user is told whose run crashed to the last attempt."""


class GivenUp(TransientForAll):
    """The fault that all users share lasted longer than the task; that is recorded, and the task is over."""


def work(engine: Engine, asked: WorkerRequest, *, last_attempt: bool = False) -> dict[str, Any]:
    """Run once and answer the summary.

    Raises TransientForAll for a fault that all users share. On the task's last attempt the failure is recorded, since
    Cloud Tasks has no dead-letter queue, and GivenUp raised.
    """
    try:
        if asked.trigger == "disconnect":
            summary = disconnect(engine, asked.user, asked.run, asked.attempt)
        else:
            summary = run(
                engine, asked.user, asked.trigger, asked.run, asked.attempt, asked.asked_at, asked.spare
            )
    except Exception as error:
        recorded = last_attempt and _record_failure(engine, asked, error)
        if recorded and isinstance(error, TransientForAll):
            raise GivenUp(error.code, error.message) from error
        raise
    log.info(
        "run ended",
        extra={
            "trigger": asked.trigger,
            "phase": summary["phase"],
            "code": summary.get("error"),
            "counts": summary.get("counts", {}),
            "done": summary.get("done", 0),
            "waiting": summary.get("waiting", 0),
        },
    )
    return summary


def _record_failure(engine: Engine, asked: WorkerRequest, error: Exception) -> bool:
    """Record it with the user and the run, and when the user is due next. False: that was not possible."""
    now, ours = engine.now(), not isinstance(error, SyncError)
    code = error.code if isinstance(error, SyncError) else "internal"
    fields: dict[str, Any] = {
        "last_run": {"run": asked.run, "trigger": asked.trigger, "error": code, "finished": now}
    }
    writes = []
    if asked.run is not None:
        record = RunRecord(
            asked.run, asked.trigger, now, finished=now, phase="done", error=code, expire_at=now + KEPT
        )
        writes.append(runs.put(asked.user, record))
    try:
        found = users.read(engine.db, asked.user)
        if ours and found is not None and found[0].connection == "connected":
            # Each run would end like this one; so nobody's order and no hook begins one for an hour.
            fields |= {"connection": BROKEN, "connection_message": CRASHED}
            fields["next_sync_at"] = now + schedule.BROKEN_FOR
        if asked.run is not None:
            writes += unplanned(engine, asked.user, asked.trigger, asked.run, code)
        engine.db.commit([users.update(asked.user, **fields), *writes])
        if asked.trigger == "schedule":
            put_off(engine, asked.user)
        return True
    except (SyncError, Conflict):
        log.error("a failed run could not be recorded", extra={"code": code})
        return False
