"""How a run ends that could not begin: the user may not sync, or another run works for them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ..errors import OperatorMustAct
from ..store import runs, users
from ..store.records import RunRecord
from ..store.write import Write
from . import schedule
from .ending import Summary
from .engine import Engine
from .load import Ready, Stopped
from .preview import unplanned
from .progress import KEPT
from .triggers import ORDERED

log = logging.getLogger("contact_sync.run")


def failed_load(engine: Engine, user_id: str, trigger: str, run_id: str, error: OperatorMustAct) -> Summary:
    """The user's tokens cannot be decrypted: the operator has to repair the key ring."""
    log.error("the deployment needs its operator", extra={"code": error.code})
    if trigger != "schedule":
        engine.db.commit(over(engine, user_id, trigger, run_id, error.code))
    return {"run": run_id, "phase": "stopped", "error": error.code, "counts": {}}


def stopped(engine: Engine, found: Stopped, trigger: str, run_id: str) -> Summary:
    """A user who may not sync: said, and no longer due."""
    user = found.user
    writes: list[Write] = []
    if user is not None and user.next_sync_at is not None:
        # A stop of everybody ends without this user doing anything: look again now and then.
        again = engine.now() + schedule.STOPPED if found.everybody else None
        if found.reason in schedule.CURED_OUTSIDE and trigger != "schedule":
            # The daily look is the schedule's.
            again = user.next_sync_at
        writes.append(users.update(user.id, if_updated_at=found.updated_at, next_sync_at=again))
    if user is not None and trigger != "schedule":
        writes += over(engine, user.id, trigger, run_id, found.reason)
    if writes:
        engine.db.commit(writes)
    return {"run": run_id, "phase": "stopped", "error": found.reason, "counts": {}}


def busy(engine: Engine, ready: Ready, payload: Mapping[str, Any], run_id: str) -> Summary:
    """Another run holds the lease. A scheduled run just ends; any other asks for one successor."""
    lease, trigger = ready.user.lease, payload["trigger"]
    if lease is not None and trigger in ORDERED:
        # Nobody else does what was ordered: it has a successor of its own.
        name = schedule.successor_task("lease", ready.user.id, f"{lease.id}/{run_id}")
        engine.enqueue(payload, name=name, at=lease.until)
    elif lease is not None and trigger != "schedule":
        if not lease.again:
            engine.db.commit([users.update(ready.user.id, if_updated_at=ready.updated_at, lease__again=True)])
        name = schedule.successor_task("lease", ready.user.id, lease.id)
        if not engine.enqueue(payload, name=name, at=lease.until) and "run" in payload:
            # Another successor does this run's work; whoever watches this one is told that it is over.
            engine.db.commit(over(engine, ready.user.id, trigger, run_id))
    return {"run": lease.run if lease else run_id, "phase": "busy", "counts": {}}


def over(engine: Engine, user_id: str, trigger: str, run_id: str, error: str | None = None) -> list[Write]:
    """The document of a run that ended before it did anything; what it was to plan is not planned."""
    now = engine.now()
    ended = RunRecord(run_id, trigger, now, finished=now, phase="done", error=error, expire_at=now + KEPT)
    told = unplanned(engine, user_id, trigger, run_id, error) if error is not None else []
    return [runs.put(user_id, ended), *told]
