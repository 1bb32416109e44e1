"""How a run ends that could not begin: the user may not sync, or another run works for them."""

from __future__ import annotations

import logging
from typing import Any

from ..errors import OperatorMustAct, TransientForAll
from ..store import runs, users
from ..store.records import BROKEN, RunRecord
from ..store.write import Conflict, Write
from . import schedule
from .ending import Summary
from .engine import Engine
from .load import Ready, Stopped
from .preview import unplanned
from .progress import KEPT
from .request import Payload
from .triggers import AWAITED, ORDERED

log = logging.getLogger("contact_sync.run")


def failed_load(engine: Engine, user_id: str, trigger: str, run_id: str, error: OperatorMustAct) -> Summary:
    """The user's tokens cannot be decrypted: the operator has to repair the key ring."""
    log.error("the deployment needs its operator", extra={"code": error.code})
    if trigger != "schedule":
        engine.db.commit(over(engine, user_id, trigger, run_id, error.code))
    else:
        put_off(engine, user_id)
    return {"run": run_id, "phase": "stopped", "error": error.code, "counts": {}}


def stopped(engine: Engine, found: Stopped, trigger: str, run_id: str) -> Summary:
    """A user who may not sync: said, and no longer due."""
    user = found.user
    writes: list[Write] = []
    if user is not None and (user.next_sync_at is not None or user.unreadable):
        # A stop of everybody ends without this user doing anything: look again now and then.
        again = engine.now() + schedule.STOPPED if found.everybody else None
        if found.reason in schedule.CURED_OUTSIDE and trigger != "schedule":
            # The daily look is the schedule's.
            again = user.next_sync_at
        if found.reason == BROKEN:
            again = engine.now() + schedule.BROKEN_FOR
        writes.append(users.update(user.id, if_updated_at=found.updated_at, next_sync_at=again))
    if user is not None and trigger != "schedule":
        writes += over(engine, user.id, trigger, run_id, found.reason)
    if writes:
        engine.db.commit(writes)
    return {"run": run_id, "phase": "stopped", "error": found.reason, "counts": {}}


def busy(engine: Engine, ready: Ready, payload: Payload, run_id: str) -> Summary:
    """Another run holds the lease. A scheduled run leaves the user due when the lease ends; any other asks the holder
    to have a sync or what was ordered follow, and for one task at the lease's end in case the holder dies. Raises
    Conflict."""
    user, lease, trigger = ready.user, ready.user.lease, payload["trigger"]
    if lease is None:
        raise RuntimeError("nobody holds the lease")
    summary = {"run": lease.run, "phase": "busy", "counts": {}}
    if trigger == "schedule":
        engine.db.commit([users.update(user.id, if_updated_at=ready.updated_at, next_sync_at=lease.until)])
        return summary
    waits = "run" in payload and run_id not in (lease.run, *lease.orders)
    joins = waits and trigger not in ORDERED and bool(set(lease.orders.values()) - ORDERED)
    # What a person ordered for one purpose, a listing, and what goes on with a sync of before, is nobody else's work.
    own = trigger in ORDERED or trigger == "flag" or "asked" in payload or run_id == lease.run
    wishes: dict[str, Any] = {} if own or lease.again else {"lease__again": True}
    if waits and not joins:
        wishes["lease__orders"] = {**lease.orders, run_id: trigger}
    if wishes:
        engine.db.commit([users.update(user.id, if_updated_at=ready.updated_at, **wishes)])
    if joins:
        # Another sync follows already; whoever watches this one is told that it is over.
        engine.db.commit(over(engine, user.id, trigger, run_id))
        return summary
    cause = lease.id
    if "run" in payload or own:
        cause += f"/{run_id}" if "run" in payload else f"/{trigger}/{payload.get('asked')}"
    else:
        payload = {**payload, "asked": engine.now().timestamp(), "spare": True}
    name = schedule.successor_task("lease", user.id, cause)
    engine.enqueue(payload, name=name, at=lease.until, urgent=trigger in AWAITED)
    return summary


def contended(engine: Engine, payload: Payload, run_id: str, attempt: int) -> Summary:
    """The user's document changed whenever this run wanted to write it: that is nobody else's fault, so one task like
    this one tries again in a while. Raises TransientForAll where that did not help several times."""
    if attempt >= schedule.MOST_ATTEMPTS:
        raise TransientForAll("contention", "The user document keeps changing.")
    at = engine.now() + schedule.backoff(attempt + 1)
    cause = f"contention/{run_id if 'run' in payload else payload['trigger']}/{at:%Y-%m-%dT%H:%M}"
    name = schedule.successor_task("retry", payload["user"], cause)
    urgent = payload["trigger"] in AWAITED
    engine.enqueue({**payload, "attempt": attempt + 1}, name=name, at=at, urgent=urgent)
    return {"run": run_id, "phase": "waiting", "error": "contention", "counts": {}}


def put_off(engine: Engine, user_id: str) -> None:
    """After a run that could not begin, or failed for good, the user is due when they would be next: its task is over,
    and only another due time makes another task."""
    for _ in engine.tries():
        found = users.read(engine.db, user_id)
        if found is None or found[0].next_sync_at is None or found[0].next_sync_at > engine.now():
            return
        user, updated_at = found
        again = schedule.next_sync(engine.policy.apply(user.settings), user, engine.now())
        try:
            engine.db.commit([users.update(user_id, if_updated_at=updated_at, next_sync_at=again)])
            return
        except Conflict:
            continue


def over(engine: Engine, user_id: str, trigger: str, run_id: str, error: str | None = None) -> list[Write]:
    """The document of a run that ended before it did anything; what it was to plan is not planned."""
    now = engine.now()
    ended = RunRecord(run_id, trigger, now, finished=now, phase="done", error=error, expire_at=now + KEPT)
    told = unplanned(engine, user_id, trigger, run_id, error) if error is not None else []
    return [runs.put(user_id, ended), *told]
