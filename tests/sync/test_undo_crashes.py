"""A process that dies while an undo is applied: nothing is doubled, and nothing is deleted on the other side."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from tests.sync.ordering import moved, preview, run, undo
from tests.world import WITH_DELETES, Crash, World, link

from contact_sync.contacts.side import Side
from contact_sync.sync import orders
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.work import work

UNKNOWN = "Whether it got through is not known yet; the next sync finds out."
ANA = ["Ana Ruiz"]
Names = tuple[list[str], list[str]]


def created(side: Side) -> World:
    """The sync created a contact on this side."""
    world = World()
    world.set(from_sugar=WITH_DELETES.from_sugar, from_google=WITH_DELETES.from_google)
    if side is Side.GOOGLE:
        link(world)
    else:
        world.add_google("Ana", "Ruiz", "ana@x.test")
    world.settle()
    return world


def deleted(side: Side) -> World:
    """The sync deleted a contact on this side."""
    world = World()
    world.set(from_sugar=WITH_DELETES.from_sugar, from_google=WITH_DELETES.from_google)
    sugar_id, google_id = link(world)
    world.clock.advance(minutes=15)
    if side is Side.GOOGLE:
        world.sugar.delete_contact(sugar_id)
    else:
        world.delete_google(google_id)
    world.settle()
    return world


def names(world: World) -> Names:
    return world.sugar_names(), world.google_names()


def dies(world: World, task: WorkerRequest, side: Side, k: int, when: str) -> bool:
    with world.dying(side, k, when):
        try:
            work(world.engine, task)
        except Crash:
            return True
    return False


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("build", [created, deleted])
def test_a_process_that_dies_around_any_call_to_the_side_that_is_undone(
    build: Callable[[Side], World], side: Side, when: str
) -> None:
    alone: Names = (ANA, []) if (side is Side.SUGAR) == (build is deleted) else ([], ANA)
    finished = 0
    for k in itertools.count(1):
        world = build(side)
        action = "create" if build is created else "delete"
        found, _ = undo(world, next(entry.id for entry in world.history() if entry.action == action))
        run_id = orders.order_apply(world.engine, world.first.sub, found.id, [])
        task = WorkerRequest(**world.tasks.pop()[0])
        if not dies(world, task, side, k, when):
            break
        world.clock.advance(minutes=6)
        world.engine = world.make_engine()
        work(world.engine, task)
        assert run(world, run_id).finished is not None
        told = moved(world, found.id)
        world.clock.advance(minutes=16)
        world.settle()
        context = f"{build.__name__}, died {when} call {k} to {side}"
        if build is deleted and told:
            assert set(told.values()) == {UNKNOWN}, context
            assert names(world) in (alone, ([], [])), context
        else:
            assert (names(world), told) == (alone, {}), context
            finished += 1
        assert preview(world)[1] == [], context
    assert finished >= 2
