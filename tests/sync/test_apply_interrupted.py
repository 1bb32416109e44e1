"""Whatever interrupts it, an apply stays an apply of its preview, and does everything once."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from tests.sync.ordering import apply, deliver, moved, preview, run, varied
from tests.world import Crash, World, link, replace

from contact_sync.contacts.side import Side
from contact_sync.store import users
from contact_sync.store.records import RunRecord
from contact_sync.sync import orders
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.work import work


def state(world: World) -> tuple[list[str], list[str], int]:
    return world.sugar_names(), world.google_names(), len(world.backlog())


def applied(world: World) -> tuple[str, RunRecord | None]:
    found, _ = preview(world)
    return found.id, apply(world, found.id)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_that_dies_around_any_outside_call_of_an_apply_doubles_and_loses_nothing(
    side: Side, when: str
) -> None:
    world, _ = varied()
    applied(world)
    world.settle()
    undisturbed = state(world)
    for k in itertools.count(1):
        world, _ = varied()
        found, _ = preview(world)
        orders.order_apply(world.engine, world.first.sub, found.id, [])
        task = WorkerRequest(**world.tasks.pop()[0])
        died = False
        with world.dying(side, k, when):
            try:
                work(world.engine, task)
            except Crash:
                died = True
        if not died:
            break
        world.clock.advance(minutes=6)
        world.engine = world.make_engine()
        work(world.engine, task)
        assert run(world, f"{found.id}-apply").finished is not None
        unknown = "Whether it got through is not known yet; the next sync finds out."
        assert set(moved(world, found.id).values()) <= {unknown}, f"{when} call {k} to {side}"
        world.clock.advance(minutes=16)
        world.settle()
        assert state(world) == undisturbed, f"died {when} call {k} to {side}"
        deletions = [entry for entry in world.history() if entry.action == "delete"]
        assert len(deletions) == 1
    assert k >= 3


@pytest.mark.parametrize("hook", ["before_commit", "after_commit"])
def test_a_process_that_dies_around_any_commit_of_an_apply_doubles_and_loses_nothing(hook: str) -> None:
    for k in itertools.count(1):
        world = World()
        sugar_id, _ = link(world)
        world.clock.advance(minutes=5)
        world.sugar.edit_contact(sugar_id, title="CTO")
        found, _ = preview(world)
        orders.order_apply(world.engine, world.first.sub, found.id, [])
        task, calls = WorkerRequest(**world.tasks.pop()[0]), itertools.count(1)

        def die(*_args: Any, k: int = k, calls: Any = calls) -> None:
            if next(calls) == k:
                raise Crash

        setattr(world.firestore, hook, die)
        try:
            work(world.engine, task)
            break
        except Crash:
            setattr(world.firestore, hook, None)
        world.clock.advance(minutes=6)
        world.engine = world.make_engine()
        work(world.engine, task)
        assert (run(world, f"{found.id}-apply").phase, moved(world, found.id)) == ("done", {})
        assert [write["title"] for write in titles(world)] == ["CTO"], f"died in {hook} {k}"
        world.settle()
        assert len(world.google.writes) == 2, f"died in {hook} {k}"
    assert k >= 5


def titles(world: World) -> list[dict[str, Any]]:
    return [item for contact in world.google_contacts() for item in contact.get("organizations", [])]


def test_an_apply_that_runs_out_of_time_goes_on_as_itself_and_counts_on() -> None:
    world = World()
    for number in range(60):
        world.add_sugar(first_name="P", last_name=f"N{number:02}", email=f"p{number}@x.test")
    found, _ = preview(world)
    late = world.add_sugar(first_name="Late", last_name="Comer", email="late@x.test")
    run_id = orders.order_apply(world.engine, world.first.sub, found.id, [])
    calls = itertools.count(1)

    def slow(_request: object) -> None:
        if next(calls) == 2:
            world.clock.advance(seconds=250)

    world.sugar_transport.before = slow
    work(world.engine, WorkerRequest(**world.tasks.pop()[0]))
    world.sugar_transport.before = None
    assert run(world, run_id).finished is None
    assert {task[0]["trigger"] for task in world.tasks} == {"apply"}
    deliver(world, only="apply")
    assert (run(world, run_id).done, moved(world, found.id)) == (60, {})
    assert len(world.google_contacts()) == 60
    assert world.mapping(late).google_id is None


def test_an_apply_that_meets_a_fault_of_google_tries_again_as_itself() -> None:
    world, _ = varied()
    found, _ = preview(world)
    orders.order_apply(world.engine, world.first.sub, found.id, [])
    world.google.faults.add("429 rate", after=1)
    deliver(world, only="apply")
    assert dict(run(world, f"{found.id}-apply").counts) == found.counts
    assert replace(run(world, f"{found.id}-apply"), counts={}).error is None


def test_what_a_person_asked_for_meanwhile_follows_the_apply() -> None:
    world, _ = varied()
    found, _ = preview(world)
    orders.order_apply(world.engine, world.first.sub, found.id, [])

    def ask(_request: object) -> None:
        if world.user().lease is not None:
            world.db.commit([users.update(world.first.sub, lease__again=True)])

    world.google_transport.before = ask
    deliver(world, only="apply")
    world.google_transport.before = None
    assert [task[0]["trigger"] for task in world.tasks] == ["continue"]


@pytest.mark.parametrize(("side", "when"), [(Side.SUGAR, "before"), (Side.GOOGLE, "after")])
def test_what_an_interrupted_apply_wrote_on_one_side_only_is_finished_on_the_other(
    side: Side, when: str
) -> None:
    world = World()
    sugar_id, google_id = link(world)
    world.clock.advance(minutes=5)
    world.sugar.edit_contact(sugar_id, title="CTO")
    world.edit_google(google_id, biographies=[{"value": "plays chess"}])
    found, _ = preview(world)
    orders.order_apply(world.engine, world.first.sub, found.id, [])
    task = WorkerRequest(**world.tasks.pop()[0])
    written = world.writes()
    with world.dying(side, 3, when), pytest.raises(Crash):
        work(world.engine, task)
    assert world.writes() == written + 1
    world.clock.advance(minutes=6)
    world.engine = world.make_engine()
    work(world.engine, task)
    assert moved(world, found.id) == {}
    assert [item["title"] for item in titles(world)] == ["CTO"]
    assert world.sugar_contacts()[0]["description"] == "plays chess"
    assert world.writes() == written + 2


def test_an_apply_whose_task_got_lost_is_begun_when_it_is_ordered_again() -> None:
    world, _ = varied()
    found, _ = preview(world)
    run_id = orders.order_apply(world.engine, world.first.sub, found.id, [])
    [lost] = world.tasks
    world.tasks.clear()
    world.clock.advance(minutes=3)
    assert orders.order_apply(world.engine, world.first.sub, found.id, []) == run_id
    deliver(world, only="apply")
    assert dict(run(world, run_id).counts) == found.counts
    written = world.writes()
    world.tasks.append(lost)
    deliver(world, only="apply")
    assert orders.order_apply(world.engine, world.first.sub, found.id, []) == run_id
    assert (world.writes(), moved(world, found.id), world.tasks) == (written, {}, [])
