"""What a person orders: a sync, a preview, an undo, a preview applied, the scope cleaned, an inventory.

An order writes its documents, so that it can be watched at once under its id, and enqueues the task that carries it
out. Nothing here waits for a run or takes the lease.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from uuid import NAMESPACE_OID, uuid5

from ..contacts.mapping import State
from ..errors import SyncError, TransientForAll
from ..store import history, mappings, previews, runs, users
from ..store.records import Applied, PreviewRecord, RunRecord
from ..store.write import Conflict, Write
from . import preview, schedule, ticks
from .approved import SUFFIX
from .engine import Engine
from .progress import KEPT
from .request import payload_of
from .resolve import Refused
from .undo import Sides, refusal

APPLIED_KEPT = preview.KEPT
"""How long a preview can be read once it was applied: what moved is listed there. It names contacts of Google that the
store knows by their ids alone, so it is not for long."""


LONGEST_WAIT = timedelta(hours=1)
"""An order that waits for its turn is joined by the same order given again, however often somebody clicks; one that
waits longer is given up."""
LOST = timedelta(minutes=2)
"""The task of an order that waits so long may be lost: ordered again, it gets another."""
MOST_WAITING = 3
"""So many orders of a user may wait: the queues are there for others, too."""
TOO_MANY = (
    "Three things that you asked for still wait for their turn, so this was not done. Wait until one of them is done, "
    "then try again."
)


def order_sync(engine: Engine, user_id: str) -> str:
    """Have a sync begin at once. Returns the id of the run. Raises Refused and what `engine.enqueue` raises."""
    waiting = _join(engine, user_id, "manual")
    if waiting is not None:
        return waiting
    run_id = engine.new_id()
    _order(engine, user_id, "manual", run_id)
    return run_id


def order_preview(engine: Engine, user_id: str) -> str:
    """Have what a sync would do planned. Returns the preview's id. Raises Refused and what `engine.enqueue` raises."""

    def is_preview(run: RunRecord) -> bool:
        found = previews.get(engine.db, user_id, run.id, engine.now())
        return found is not None and found.state == "planning" and found.undo is None

    waiting = _join(engine, user_id, "preview", is_preview)
    if waiting is not None:
        return waiting
    return _ordered_preview(engine, user_id)


def order_undo(engine: Engine, user_id: str, entry_id: str, sides: Sides = "written") -> str:
    """Have the undo of a history entry planned, where it was written or on both sides. Returns the id of a preview,
    which is applied like any other.

    Raises Refused: no such entry, one that can never be undone, or too many orders wait.
    """
    entry = history.get(engine.db, user_id, entry_id)
    if entry is None or entry.state != history.DONE:
        raise Refused(404, "There is no such entry in the history.")
    why = refusal(entry)
    if why is not None:
        raise Refused(409, why)
    _room(_waiting(engine, user_id))
    return _ordered_preview(engine, user_id, undo=entry_id, sides=sides)


def order_apply(engine: Engine, user_id: str, preview_id: str, leave_out: Collection[str]) -> str:
    """Have a preview carried out, but for the actions left out and those that are not ticked. Returns the run's id.

    The same order twice answers the same run; one whose run failed runs again. Raises Refused: there is no such preview
    (any more), it is not ready, it was applied with other choices, or something to be left out is not in it.
    """
    run_id = f"{preview_id}{SUFFIX}"
    for _ in engine.tries():
        now = engine.now()
        found = previews.get(engine.db, user_id, preview_id, now)
        if found is None:
            raise Refused(404, ticks.OVER)
        if found.state != "ready":
            raise Refused(409, found.message or "The preview is not ready yet.")
        actions = previews.choosable(engine.db, user_id, preview_id)
        wanted, applied = tuple(sorted(ticks.unticked(actions) | set(leave_out))), found.applied
        if applied is not None:
            if applied.leave_out != wanted:
                raise Refused(409, "This preview was applied already. Ask for a new one.")
            run = runs.get(engine.db, user_id, run_id)
            if run is None or run.error is None or run.finished is None:
                if run is not None and run.phase == "queued":
                    _replace_lost_task(engine, user_id, run)
                return run_id
        elif not ticks.ids_of(actions).issuperset(wanted):
            raise Refused(409, f"What is to be left out {ticks.FOREIGN}")
        elif wanted and len(wanted) == len(actions):
            raise Refused(409, "Nothing was ticked, so there is nothing to do.")
        _room(_waiting(engine, user_id))
        order = previews.patch(
            user_id,
            preview_id,
            if_updated_at=found.updated_at,
            applied=Applied(run_id, wanted, now),
            expire_at=max(found.expire_at, now + APPLIED_KEPT),
        )
        # A task that was done under the run's own name keeps that name from being used again for a while.
        name = run_id if applied is None else schedule.successor_task("again", user_id, f"{run_id}/{now}")
        try:
            _order(engine, user_id, "apply", run_id, [order], name=name)
        except Conflict:
            continue
        return run_id
    raise TransientForAll("contention", "The preview keeps changing at this moment.")


def order_clean(engine: Engine, user_id: str, count: int) -> str:
    """Have the Google contacts deleted whose Sugar records left the scope. Returns the id of the run.

    A second click is the same order: on its own it might delete others, which left the scope after the first was done.
    Raises Refused if there are not exactly `count` of them.
    """
    there = mappings.count_with_google(engine.db, user_id, State.OUT_OF_SCOPE)
    if there != count:
        raise Refused(409, f"By now {there} contacts are out of your scope and still in Google. Look again.")
    for run in runs.matching(engine.db, user_id, trigger="clean"):
        if run.finished is None and run.phase != "queued" and engine.now() - run.started < LOST:
            return run.id
    waiting = _join(engine, user_id, "clean")
    if waiting is not None:
        return waiting
    run_id = engine.new_id()
    _order(engine, user_id, "clean", run_id, total=count)
    return run_id


def order_inventory(engine: Engine, user_id: str) -> str:
    """Have both sides taken in, and nothing planned or written on either. Returns the id of the run."""
    waiting = _join(engine, user_id, "inventory")
    if waiting is not None:
        return waiting
    run_id = engine.new_id()
    _order(engine, user_id, "inventory", run_id)
    return run_id


def order_reconcile(engine: Engine, user_id: str) -> str:
    """Have every pair compared on both sides, and put right what differs. Returns the id of the run."""
    run_id = engine.new_id()
    _order(engine, user_id, "reconcile", run_id, [_full_intake(user_id)], urgent=False)
    return run_id


def order_report(engine: Engine, user_id: str) -> str:
    """Have every pair compared, and planned what would be put right. Returns the id of a preview."""
    return _ordered_preview(engine, user_id, [_full_intake(user_id)], urgent=False)


def _waiting(engine: Engine, user_id: str) -> list[RunRecord]:
    """The user's orders that no worker has taken yet, or that wait for another attempt."""
    since = engine.now() - LONGEST_WAIT
    queued = runs.matching(engine.db, user_id, phase="queued")
    return [run for run in queued if run.finished is None and run.started > since]


def _join(
    engine: Engine, user_id: str, trigger: str, is_same: Callable[[RunRecord], bool] = lambda _run: True
) -> str | None:
    """The run of the same order, if that waits already. Raises Refused if it does not, and too many others do."""
    waiting = _waiting(engine, user_id)
    for run in waiting:
        if run.trigger == trigger and is_same(run):
            _replace_lost_task(engine, user_id, run)
            return run.id
    _room(waiting)
    return None


def _room(waiting: Collection[RunRecord]) -> None:
    if len(waiting) >= MOST_WAITING:
        raise Refused(429, TOO_MANY)


def _replace_lost_task(engine: Engine, user_id: str, run: RunRecord) -> None:
    """Where the order's task may be lost, a second one; if it is not, one of the two finds nothing left to do."""
    now = engine.now()
    if now - run.started > LOST:
        again = schedule.successor_task("again", user_id, f"{run.id}/{now:%Y-%m-%dT%H:%M}")
        engine.enqueue(payload_of(user_id, run.trigger, run.id), name=again, urgent=True)


def _full_intake(user_id: str) -> Write:
    """As after a changed setting, the next intake is a full one, however many runs it takes."""
    return users.update(user_id, cursors__settings_version=0)


def _ordered_preview(
    engine: Engine,
    user_id: str,
    writes: Sequence[Write] = (),
    undo: str | None = None,
    sides: Sides = "written",
    *,
    urgent: bool = True,
) -> str:
    now, preview_id = engine.now(), engine.new_id()
    record = PreviewRecord(
        preview_id,
        "planning",
        now,
        now + preview.KEPT,
        undo=undo,
        sides=sides,
        new_id=_id_of_restored(engine, user_id, undo) if undo is not None else None,
    )
    _order(engine, user_id, "preview", preview_id, [previews.put(user_id, record), *writes], urgent=urgent)
    return preview_id


def _id_of_restored(engine: Engine, user_id: str, entry_id: str) -> str:
    """The Sugar id of a record that undoing this entry creates again: the same one however often that is ordered, so
    that it is there once; another one only where what was created so is gone as well."""
    for round_ in itertools.count():
        wanted = str(uuid5(NAMESPACE_OID, f"{user_id}/{entry_id}/{round_}"))
        known = mappings.get(engine.db, user_id, [wanted]).get(wanted)
        if known is None or known.state is not State.GONE:
            break
    return wanted


def _order(
    engine: Engine,
    user_id: str,
    trigger: str,
    run_id: str,
    writes: Sequence[Write] = (),
    *,
    name: str | None = None,
    total: int = 0,
    urgent: bool = True,
) -> None:
    """Store the order with the document of its run, and enqueue its task. Raises Conflict and what enqueuing raises."""
    now = engine.now()
    queued = RunRecord(run_id, trigger, now, phase="queued", total=total, expire_at=now + KEPT, asked=now)
    engine.db.commit([runs.put(user_id, queued), *writes])
    payload = payload_of(user_id, trigger, run_id)
    try:
        engine.enqueue(payload, name=name or run_id, urgent=urgent)
    except SyncError as error:
        failed = runs.patch(user_id, run_id, phase="failed", finished=now, error=error.code)
        engine.db.commit([failed, *preview.unplanned(engine, user_id, trigger, run_id, error.code)])
        raise
