"""What the worker does with one task: a run, logged, and recorded with the user when the task gives up."""

from __future__ import annotations

import logging
from typing import Any

from ..errors import SyncError, TransientForAll
from ..store import runs, users
from ..store.records import RunRecord
from ..store.write import Conflict
from .disconnect import disconnect
from .engine import Engine
from .preview import unplanned
from .progress import KEPT
from .request import WorkerRequest
from .run import run
from .unstarted import put_off

log = logging.getLogger("contact_sync.worker")


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
        code = error.code if isinstance(error, SyncError) else "internal"
        recorded = last_attempt and _record_failure(engine, asked, code)
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


def _record_failure(engine: Engine, asked: WorkerRequest, code: str) -> bool:
    """Record it with the user and the run, and when the user is due next. False: that was not possible."""
    now = engine.now()
    summary = {"run": asked.run, "trigger": asked.trigger, "error": code, "finished": now}
    writes = [users.update(asked.user, last_run=summary)]
    if asked.run is not None:
        record = RunRecord(
            asked.run, asked.trigger, now, finished=now, phase="done", error=code, expire_at=now + KEPT
        )
        writes.append(runs.put(asked.user, record))
    try:
        if asked.run is not None:
            writes += unplanned(engine, asked.user, asked.trigger, asked.run, code)
        engine.db.commit(writes)
        if asked.trigger == "schedule":
            put_off(engine, asked.user)
        return True
    except (SyncError, Conflict):
        log.error("a failed run could not be recorded", extra={"code": code})
        return False
