"""The tasks of one user: who is due, what a held lease does to whom, and what every order comes to."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from tests.sync.ordering import apply, deliver, preview, run
from tests.world import Auto, Crash, World, link, switches

from contact_sync.contacts.side import Side
from contact_sync.store import users
from contact_sync.store.cipher import Cipher
from contact_sync.sync import orders
from contact_sync.sync import run as run_module
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.work import work


def regularly(world: World, minutes: int = 15) -> None:
    world.set(auto=Auto(enabled=True, interval_minutes=minutes))


def scheduled(world: World) -> dict[str, Any]:
    """The scheduler's task, delivered."""
    return run_module.run(world.engine, world.first.sub, "schedule")


def while_at_work(world: World, act: Any, trigger: str = "manual") -> dict[str, Any]:
    """Have a run begin, and `act` once while it holds the lease."""
    done: list[bool] = []

    def look_in(_request: Any) -> None:
        if world.user().lease is not None and not done:
            done.append(True)
            act()

    world.google_transport.before = look_in
    summary = world.sync(trigger)
    world.google_transport.before = None
    assert done
    return summary


def something_to_do(world: World, name: str = "Ben") -> None:
    world.add_sugar(first_name=name, last_name="Okafor", email=f"{name.lower()}@x.test")


# Due


@pytest.mark.parametrize("due", [None, timedelta(seconds=1), timedelta(hours=2)])
def test_a_scheduled_task_of_a_user_who_is_not_due_asks_nobody(due: timedelta | None) -> None:
    world = World()
    link(world)
    at = world.clock.now() + due if due is not None else None
    world.db.commit([users.update(world.first.sub, next_sync_at=at)])
    world.forget_calls()
    before = world.user()
    assert scheduled(world)["phase"] == "idle"
    assert world.calls() == (0, 0)
    assert world.user() == before


def test_the_same_scheduled_task_delivered_twice_looks_once() -> None:
    world = World()
    link(world)
    regularly(world)
    scheduled(world)
    world.forget_calls()
    scheduled(world)
    assert world.calls() == (0, 0)


@pytest.mark.parametrize("late", [0, 1, 14, 16, 100, 7000])
def test_the_next_time_is_counted_from_the_time_before_and_nothing_is_made_up_for(late: int) -> None:
    world = World()
    link(world)
    regularly(world)
    due = world.user().next_sync_at
    assert due is not None
    world.clock.advance(minutes=late)
    scheduled(world)
    after = world.user().next_sync_at
    assert after is not None
    assert (after - due) % timedelta(minutes=15) == timedelta(0)
    assert timedelta(0) < after - world.clock.now() <= timedelta(minutes=15)


def test_keys_that_open_no_tokens_leave_the_user_due_later_and_not_for_ever() -> None:
    world = World()
    link(world)
    regularly(world)
    due = world.user().next_sync_at
    world.engine = world.make_engine(cipher=Cipher([("k9", b"x" * 32)]))
    assert scheduled(world)["phase"] == "stopped"
    later = world.user().next_sync_at
    assert due is not None and later is not None and later > world.clock.now()


# A held lease


def test_a_scheduled_task_that_meets_a_run_is_made_up_for_if_that_run_dies() -> None:
    world = World()
    something_to_do(world)
    regularly(world)
    with world.dying(Side.GOOGLE, 3, "before"), pytest.raises(Crash):
        world.sync("manual")
    lease = world.user().lease
    assert lease is not None
    assert scheduled(world)["phase"] == "busy"
    assert world.user().next_sync_at == lease.until
    world.clock.time = lease.until
    assert scheduled(world)["phase"] == "done"
    world.settle()
    assert world.google_names() == ["Ben Okafor"]


@pytest.mark.parametrize("minutes", [1, 5, 1440])
def test_a_scheduled_task_that_meets_a_run_that_ends_is_not_made_up_for(minutes: int) -> None:
    world = World()
    regularly(world, minutes)
    due = world.user().next_sync_at
    something_to_do(world)
    while_at_work(world, lambda: scheduled(world))
    assert due is not None
    assert world.user().next_sync_at == due + timedelta(minutes=minutes)
    assert world.tasks == []


def test_a_scheduled_task_that_meets_a_preview_runs_right_after_it() -> None:
    world = World()
    regularly(world, 1440)
    something_to_do(world)
    orders.order_preview(world.engine, world.first.sub)
    world.add_google("Cy", "Lee", "cy@x.test")
    met: list[bool] = []

    def look_in(_request: Any) -> None:
        if world.user().lease is not None and not met:
            met.append(scheduled(world)["phase"] == "busy")

    world.google_transport.before = look_in
    deliver(world, only="preview")
    world.google_transport.before = None
    assert met == [True]
    due = world.user().next_sync_at
    assert due is not None and due <= world.clock.now()


def test_a_sync_now_that_loses_the_race_is_done_right_after_the_run_it_met() -> None:
    world = World()
    something_to_do(world)
    asked: list[str] = []

    def sync_now() -> None:
        asked.append(orders.order_sync(world.engine, world.first.sub))
        [order] = [task for task in world.tasks if task[0].get("run") == asked[0]]
        world.tasks.remove(order)
        something_to_do(world, "Cy")
        assert work(world.engine, WorkerRequest(**order[0]))["phase"] == "busy"

    while_at_work(world, sync_now, "hook")
    assert run(world, asked[0]).phase == "queued"
    at_once = [payload for payload, _, at in world.tasks if at is None or at <= world.clock.now()]
    assert at_once == [{"user": world.first.sub, "trigger": "manual", "run": asked[0]}]
    began = world.clock.now()
    [task] = [task for task in world.tasks if task[0] in at_once and task[2] is None]
    world.tasks.remove(task)
    work(world.engine, WorkerRequest(**task[0]))
    assert run(world, asked[0]).finished is not None
    assert world.clock.now() - began < timedelta(seconds=10)
    assert world.google_names() == ["Ben Okafor", "Cy Okafor"]
    # What waits for the lease's end, in case the other run had died, finds nothing left to do.
    world.forget_calls()
    deliver(world)
    assert world.calls() == (0, 0)


@pytest.mark.parametrize("kind", ["preview", "inventory", "undo", "clean"])
def test_whatever_a_person_orders_during_a_run_is_done_right_after_it(kind: str) -> None:
    world = World()
    link(world)
    something_to_do(world)
    asked: list[str] = []
    sub = world.first.sub
    order = {
        "preview": lambda: orders.order_preview(world.engine, sub),
        "inventory": lambda: orders.order_inventory(world.engine, sub),
        "undo": lambda: orders.order_undo(world.engine, sub, world.history()[-1].id),
        "clean": lambda: orders.order_clean(world.engine, sub, 0),
    }[kind]

    def ask() -> None:
        asked.append(order())
        [task] = [task for task in world.tasks if task[0].get("run") == asked[0]]
        world.tasks.remove(task)
        assert work(world.engine, WorkerRequest(**task[0]))["phase"] == "busy"

    while_at_work(world, ask, "hook")
    assert run(world, asked[0]).phase == "queued"
    began = world.clock.now()
    for payload, _, at in list(world.tasks):
        if at is None or at <= began:
            work(world.engine, WorkerRequest(**payload))
    assert run(world, asked[0]).finished is not None
    assert world.clock.now() - began < timedelta(seconds=10)
    deliver(world)
    assert run(world, asked[0]).error is None


def test_a_sync_now_that_meets_a_run_that_dies_is_done_when_its_lease_ends() -> None:
    world = World()
    something_to_do(world)
    with world.dying(Side.GOOGLE, 3, "before"), pytest.raises(Crash):
        world.sync("hook")
    asked = orders.order_sync(world.engine, world.first.sub)
    deliver(world)
    assert (run(world, asked).finished is not None, run(world, asked).error) == (True, None)
    assert world.google_names() == ["Ben Okafor"]


def test_two_syncs_ordered_at_the_same_instant_both_end() -> None:
    world = World()
    something_to_do(world)
    sub = world.first.sub

    def both() -> None:
        for name in ("r1", "r2"):
            orders._order(world.engine, sub, "manual", name)
        for payload, _, _ in [task for task in world.tasks if task[0].get("run") in ("r1", "r2")]:
            work(world.engine, WorkerRequest(**payload))

    while_at_work(world, both, "hook")
    deliver(world)
    assert [run(world, name).finished is not None for name in ("r1", "r2")] == [True, True]


def test_hooks_during_a_run_are_followed_by_one_look_and_no_second_one_at_the_leases_end() -> None:
    world = World()
    something_to_do(world)
    regularly(world)
    while_at_work(world, lambda: [world.sync("hook", engine=world.make_engine()) for _ in range(5)])
    assert len(world.tasks) == 2
    world.forget_calls()
    deliver(world)
    assert world.calls() == (1, 1)


@pytest.mark.parametrize("fails", [False, True])
def test_a_listing_that_a_flag_asked_for_is_made_also_where_another_run_was_in_the_way(fails: bool) -> None:
    world = World()
    world.set(sugar_scope="flagged", auto=Auto(enabled=True))
    mine = world.first.sugar_user
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.sugar.set_flag(mine, sugar_id, True)
    world.settle()
    other = world.add_sugar(first_name="Ben", last_name="Okafor", email="ben@x.test")
    world.sugar.set_flag(mine, other, True)

    def hooks() -> None:
        world.sugar.set_flag(mine, sugar_id, False)
        for trigger in ("hook", "flag"):
            world.sync(trigger, engine=world.make_engine())

    while_at_work(world, hooks)
    if fails:
        world.google.faults.add("503", "", times=None)
        [task] = [task for task in world.tasks if task[0]["trigger"] == "flag"]
        world.tasks.remove(task)
        world.clock.time = task[2] or world.clock.now()
        work(world.engine, WorkerRequest(**task[0]))
        world.google.faults.clear()
        world.sync("hook")
    deliver(world)
    assert world.mapping(sugar_id).state == "out_of_scope"


def test_a_retry_does_nothing_where_another_sync_was_faster() -> None:
    world = World()
    link(world)
    world.google.faults.add("503", "", times=None)
    world.sync("hook")
    world.google.faults.clear()
    [(payload, _, _)] = world.tasks
    assert payload["attempt"] == 1
    world.clock.advance(seconds=20)
    world.sync("manual")
    world.forget_calls()
    deliver(world)
    assert world.calls() == (0, 0)


def test_a_scheduled_run_that_failed_is_tried_again_long_before_the_next_interval() -> None:
    world = World()
    regularly(world, 1440)
    something_to_do(world)
    world.google.faults.add("503", "", times=2)
    began = world.clock.now()
    scheduled(world)
    deliver(world)
    assert world.google_names() == ["Ben Okafor"]
    assert world.clock.now() - began < timedelta(minutes=10)
    assert world.user().next_sync_at == began + timedelta(minutes=1440)


def test_the_user_is_told_when_scheduled_runs_keep_failing() -> None:
    world = World()
    regularly(world, 1440)
    world.google.faults.add("503", "", times=None)
    scheduled(world)
    summaries = deliver(world)
    assert [summary["error"] for summary in summaries] == ["google_unavailable"] * 6
    assert world.user().connection_message


def test_a_task_whose_last_attempt_failed_leaves_the_user_due_at_the_next_interval() -> None:
    world = World()
    link(world)
    regularly(world)
    due = world.user().next_sync_at
    world.sugar.faults.add("503 maintenance", times=None)
    for last in (False, True):
        with pytest.raises(Exception, match="."):
            work(world.engine, WorkerRequest(user=world.first.sub, trigger="schedule"), last_attempt=last)
        moved = world.user().next_sync_at != due
        assert moved is last


# What was left out


def left_over(world: World, kind: str) -> str:
    """A Sync Now that met an outage and left a task behind; the id of the contact it was about."""
    [sugar_id] = [world.add_sugar(first_name="Old", last_name="Wish", email="old@x.test")]
    if kind == "side":
        world.google.faults.add("503", "contacts?:|createContact", times=None)
    elif kind == "look":
        world.google.faults.add("503", "", times=None)
    else:
        world.sugar.faults.add("503 maintenance", times=None)
    orders.order_sync(world.engine, world.first.sub)
    [task] = list(world.tasks)
    world.tasks.clear()
    try:
        work(world.engine, WorkerRequest(**task[0]))
    except Exception:
        world.tasks.append(task)
    world.google.faults.clear()
    world.sugar.faults.clear()
    return sugar_id


@pytest.mark.parametrize("kind", ["side", "look", "all"])
def test_what_an_apply_left_out_is_not_carried_out_by_a_task_left_over_from_before(kind: str) -> None:
    world = World()
    world.set(**switches(sc=True, su=True))
    left_over(world, kind)
    waiting = list(world.tasks)
    assert waiting
    world.tasks.clear()
    world.clock.advance(seconds=5)
    left_out = world.add_sugar(first_name="Not", last_name="Wanted", email="not@x.test")
    wanted = world.add_sugar(first_name="Is", last_name="Wanted", email="is@x.test")
    found, actions = preview(world)
    assert {left_out, wanted} <= {action.id for action in actions}
    apply(world, found.id, left_out)
    world.tasks += waiting
    deliver(world)
    assert "Not Wanted" not in world.google_names()
    assert {"Is Wanted", "Old Wish"} <= set(world.google_names())
    orders.order_sync(world.engine, world.first.sub)
    deliver(world)
    assert "Not Wanted" in world.google_names()


def test_a_left_over_task_that_meets_the_apply_carries_nothing_more_out() -> None:
    world = World()
    world.set(**switches(sc=True, su=True))
    left_over(world, "side")
    [(payload, _, _)] = world.tasks
    world.tasks.clear()
    world.clock.advance(seconds=5)
    left_out = world.add_sugar(first_name="Not", last_name="Wanted", email="not@x.test")
    world.add_sugar(first_name="Is", last_name="Wanted", email="is@x.test")
    found, _ = preview(world)
    met = itertools.count()

    def look_in(_request: Any) -> None:
        if world.user().lease is not None and next(met) == 0:
            assert work(world.engine, WorkerRequest(**payload))["phase"] == "busy"

    world.google_transport.before = look_in
    apply(world, found.id, left_out)
    world.google_transport.before = None
    deliver(world)
    assert "Not Wanted" not in world.google_names()
