"""What the tests of ordered runs share: order as the web function does, deliver as the queue does."""

from __future__ import annotations

from typing import Any

from tests.world import WITH_DELETES, World, link

from contact_sync.contacts.side import Side
from contact_sync.errors import TransientForAll
from contact_sync.store import previews, runs
from contact_sync.store.records import HistoryEntry, PlannedAction, PreviewRecord, RunRecord
from contact_sync.sync import orders
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.undo import Sides
from contact_sync.sync.work import work


def deliver(world: World, *, only: str | None = None) -> list[dict[str, Any]]:
    """Deliver the tasks (of one trigger only, if given), each at its time, until none is left; the summaries."""
    summaries = []
    for _ in range(60):
        waiting = [task for task in world.tasks if only in (None, task[0]["trigger"])]
        if not waiting:
            return summaries
        task = min(waiting, key=lambda task: task[2] or world.clock.now())
        world.tasks.remove(task)
        payload, _, at = task
        world.clock.time = max(world.clock.time, at or world.clock.time)
        try:
            summaries.append(work(world.engine, WorkerRequest(**payload)))
        except TransientForAll:
            world.tasks.append(task)
            world.clock.advance(minutes=1)
    raise AssertionError("the tasks never end")


def shown(world: World, preview_id: str) -> tuple[PreviewRecord, list[PlannedAction]]:
    """The preview and its actions."""
    found = previews.get(world.db, world.first.sub, preview_id, world.clock.now())
    assert found is not None
    actions, more = previews.actions(world.db, world.first.sub, preview_id, world.clock.now(), limit=300)
    assert more is None
    return found, actions


def preview(world: World) -> tuple[PreviewRecord, list[PlannedAction]]:
    """Order a preview and have it made."""
    preview_id = orders.order_preview(world.engine, world.first.sub)
    deliver(world, only="preview")
    return shown(world, preview_id)


def undo(world: World, entry_id: str, sides: Sides = "written") -> tuple[PreviewRecord, list[PlannedAction]]:
    """Order the undo of a history entry and have it planned."""
    preview_id = orders.order_undo(world.engine, world.first.sub, entry_id, sides)
    deliver(world, only="preview")
    return shown(world, preview_id)


def apply(world: World, preview_id: str, *leave_out: str) -> RunRecord:
    """Order a preview to be applied, without these, and have it done; the run as it is shown."""
    run_id = orders.order_apply(world.engine, world.first.sub, preview_id, leave_out)
    deliver(world, only="apply")
    return run(world, run_id)


def run(world: World, run_id: str) -> RunRecord:
    """The document of a run."""
    found = runs.get(world.db, world.first.sub, run_id)
    assert found is not None
    return found


def moved(world: World, preview_id: str) -> dict[str, str]:
    """Why what was ordered was not carried out, by action."""
    return {moved.id: moved.why for moved in shown(world, preview_id)[0].moved}


def set_switches(world: World, settings: Any = WITH_DELETES) -> None:
    world.set(from_sugar=settings.from_sugar, from_google=settings.from_google)


def varied() -> tuple[World, dict[str, str]]:
    """A world in which one contact is to be created on either side, one updated, two merged, one deleted."""
    world = World()
    set_switches(world)
    ids = {"updated": link(world)[0], "deleted": link(world, first="Del", last="Eted", email="del@x.test")[0]}
    world.clock.advance(minutes=5)
    world.sugar.edit_contact(ids["updated"], title="CTO")
    world.sugar.delete_contact(ids["deleted"])
    ids["created"] = world.add_sugar(first_name="New", last_name="Sugar", email="ns@x.test")
    ids["back"] = world.add_google("New", "Google", "ng@x.test")
    ids["merged"] = world.add_sugar(first_name="Cy", last_name="Lee", email="cy@x.test", title="Chef")
    world.add_google("Cy", "Lee", "cy@x.test")
    return world, ids


def last(world: World, action: str, side: Side | None = None) -> HistoryEntry:
    """The latest entry of this kind."""
    found = [entry for entry in world.history() if entry.action == action and side in (None, entry.side)]
    return max(found, key=lambda entry: entry.at)
