"""Inventory: both sides are taken in and counted; nothing is planned, written or scheduled."""

from __future__ import annotations

from tests.sync.ordering import deliver, run
from tests.world import Auto, World, link

from contact_sync.contacts.mapping import State
from contact_sync.store import google_index, mappings
from contact_sync.sync import orders
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.work import work


def test_an_inventory_counts_both_sides_and_writes_nothing() -> None:
    world = World()
    for number in range(3):
        world.add_sugar(first_name="P", last_name=f"N{number}", email=f"p{number}@x.test")
    world.add_google("Ben", "Okafor", "ben@x.test")
    run_id = orders.order_inventory(world.engine, world.first.sub)
    deliver(world, only="inventory")
    assert (run(world, run_id).trigger, run(world, run_id).phase) == ("inventory", "done")
    assert run(world, run_id).error is None
    assert mappings.count(world.db, world.first.sub, state=State.NEW) == 3
    assert google_index.count(world.db, world.first.sub) == 1
    assert world.user().scope_count == 3
    assert (world.writes(), world.history(), world.tasks) == (0, [], [])
    world.settle()
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 4


def test_an_inventory_of_what_is_known_finds_nothing_to_do_and_says_so() -> None:
    world = World()
    link(world)
    run_id = orders.order_inventory(world.engine, world.first.sub)
    deliver(world, only="inventory")
    assert (run(world, run_id).phase, run(world, run_id).finished is not None) == ("done", True)


def test_an_inventory_leaves_what_is_due_to_the_next_sync() -> None:
    world = World()
    sugar_id, _ = link(world)
    world.clock.advance(minutes=5)
    world.sugar.edit_contact(sugar_id, title="CTO")
    before = world.writes()
    orders.order_inventory(world.engine, world.first.sub)
    deliver(world, only="inventory")
    assert (world.writes(), world.tasks) == (before, [])
    assert world.mapping(sugar_id).due_at is not None
    world.set(auto=Auto(enabled=True))
    world.settle()
    assert world.google_contacts()[0]["organizations"][0]["title"] == "CTO"


def test_an_inventory_out_of_time_goes_on_as_an_inventory() -> None:
    world = World()
    for number in range(5):
        world.add_sugar(first_name="P", last_name=f"N{number}", email=f"p{number}@x.test")
    run_id = orders.order_inventory(world.engine, world.first.sub)

    def slow(_request: object) -> None:
        world.clock.advance(seconds=50 if world.user().lease is None else 150)

    world.sugar_transport.before = slow
    work(world.engine, WorkerRequest(**world.tasks.pop()[0]))
    world.sugar_transport.before = None
    assert run(world, run_id).finished is None
    assert [task[0]["trigger"] for task in world.tasks] == ["inventory"]
    deliver(world, only="inventory")
    assert (run(world, run_id).phase, world.writes()) == ("done", 0)
    assert mappings.count(world.db, world.first.sub, state=State.NEW) == 5
