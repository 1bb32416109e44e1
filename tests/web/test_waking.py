"""How hooks wake: no change is missed, a flood of them is cheap, and a contact that many share makes no flood."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.world import START, Auto, World, link

from contact_sync.errors import TransientForAll
from contact_sync.store import users
from contact_sync.store.records import User
from contact_sync.web.waking import AFTER, MANY, SIZES, SPREAD, Windows, wake


class Tasks:
    """Takes tasks as Cloud Tasks does: a name once."""

    def __init__(self) -> None:
        self.at: dict[str, datetime] = {}
        self.asked = 0
        self.down = False

    def __call__(self, _payload: Any, *, name: str, at: datetime, urgent: bool) -> bool:
        if self.down:
            raise TransientForAll("tasks_unavailable", "Cloud Tasks did not take the task")
        assert urgent
        self.asked += 1
        known = name in self.at
        assert self.at.setdefault(name, at) == at
        return not known


def instance(world: World, tasks: Tasks) -> Any:
    """A web function of its own: nothing shared with another but the clock and the queue."""
    engine, windows = world.make_engine(enqueue=tasks), Windows()
    return lambda user="u": wake(engine, windows, [User(id=user)])


def every(seconds: float, times: int) -> Iterator[float]:
    return itertools.repeat(seconds, times)


def heard(pauses: Any, instances: int = 1) -> tuple[Tasks, list[tuple[datetime, str]]]:
    """Hooks with these pauses before them, each told to the next instance; when they came, and by which task."""
    world, tasks = World(), Tasks()
    ways = [instance(world, tasks) for _ in range(instances)]
    came: list[tuple[datetime, str]] = []
    for pause, way in zip(pauses, itertools.cycle(ways), strict=False):
        world.clock.advance(seconds=pause)
        way()
        now = world.clock.now()
        task = min((at, name) for name, at in tasks.at.items() if at > now)
        came.append((now, task[1]))
    return tasks, came


@settings(max_examples=60, deadline=None)
@given(
    pauses=st.lists(st.sampled_from([0.0, 0.4, 1.0, 2.9, 3.0, 5.0, 9.9, 10.0, 31.0, 61.0]), max_size=40),
    instances=st.integers(1, 4),
)
def test_after_every_hook_a_look_follows_within_a_minute(pauses: list[float], instances: int) -> None:
    tasks, came = heard(pauses, instances)
    for now, name in came:
        assert timedelta(0) < tasks.at[name] - now <= SIZES[-1] + AFTER


def test_a_window_begins_short_and_grows_while_hooks_keep_coming() -> None:
    windows, now, sizes = Windows(), START, []
    for _ in range(480):
        sizes.append(windows.at("u", now).size.total_seconds())
        now += timedelta(seconds=1)
    assert sizes[14] == 3 and sizes[-1] == 60
    assert sizes == sorted(sizes)
    assert windows.at("u", now + timedelta(minutes=2)).size.total_seconds() == 3
    assert windows.at("other", now).size.total_seconds() == 3


def test_changes_that_a_person_makes_one_by_one_are_each_seen_within_seconds() -> None:
    tasks, came = heard([0, 2, 3, 4, 2, 1, 11, 30, 12, 45, 11])
    assert all(tasks.at[name] - now <= timedelta(seconds=4) for now, name in came)


@pytest.mark.parametrize("pause", [0.2, 1.0, 4.0, 9.0])
def test_a_flood_of_hooks_comes_down_to_a_task_a_minute(pause: float) -> None:
    tasks, _ = heard(every(pause, int(1800 / pause)))
    assert len(tasks.at) <= 25 + 35
    assert tasks.asked == len(tasks.at)


def test_instances_that_share_a_flood_add_few_tasks() -> None:
    tasks, _ = heard(every(0.3, 2000), instances=3)
    assert len(tasks.at) <= 3 * (5 + 35)


def test_a_task_that_could_not_be_enqueued_is_asked_for_again() -> None:
    world, tasks = World(), Tasks()
    way = instance(world, tasks)
    tasks.down = True
    with pytest.raises(TransientForAll):
        way()
    tasks.down = False
    way()
    assert len(tasks.at) == 1


def test_a_clock_that_was_set_back_loses_no_hook() -> None:
    _, came = heard([0, 1, -30, 1, 1])
    assert len(came) == 5


# A contact that many share


class Shared:
    """A contact that many users have, who all sync regularly, once an hour."""

    def __init__(self, count: int = MANY + 5) -> None:
        self.world = World()
        self.tasks = Tasks()
        self.windows = Windows()
        self.engine = self.world.make_engine(enqueue=self.tasks)
        now = self.world.clock.now()
        self.ids = [f"user{number}" for number in range(count)]
        for name in self.ids:
            self.world.db.commit([users.create(User(id=name, next_sync_at=now + timedelta(hours=1)))])

    def hook(self) -> None:
        wake(self.engine, self.windows, users.read_all(self.world.db, self.ids))

    def due(self) -> list[datetime]:
        found = [user.next_sync_at for user in users.read_all(self.world.db, self.ids)]
        assert None not in found
        return [at for at in found if at is not None]


def test_a_contact_that_many_share_makes_them_due_one_after_the_other_and_no_task() -> None:
    shared = Shared()
    shared.hook()
    now, due = shared.world.clock.now(), shared.due()
    assert shared.tasks.at == {}
    assert all(now < at <= now + AFTER + SPREAD for at in due)
    assert len({int(at.timestamp()) // 30 for at in due}) >= 4
    shared.world.clock.advance(seconds=0.5)
    shared.world.firestore.counters.reset()
    shared.hook()
    assert shared.due() == due
    assert shared.world.firestore.counters["Commit"].calls == 0


def test_a_few_users_are_woken_by_a_task_each() -> None:
    shared = Shared(MANY)
    shared.hook()
    assert len(shared.tasks.at) == MANY
    assert len(set(shared.due())) == 1


def test_hooks_that_never_cease_put_nobody_off() -> None:
    shared = Shared()
    shared.hook()
    last = max(shared.due())
    while shared.world.clock.now() < last + timedelta(seconds=20):
        shared.world.clock.advance(seconds=7)
        shared.hook()
    assert max(shared.due()) == last
    assert all(at < shared.world.clock.now() for at in shared.due())


@pytest.mark.parametrize("during", ["look", "work"])
def test_a_change_that_many_are_told_of_while_a_run_is_at_work_is_seen_by_the_next_look(during: str) -> None:
    world = World()
    sugar_id, google_id = link(world)
    world.set(auto=Auto(enabled=True, interval_minutes=1440))
    shared, told = Shared(), []
    if during == "work":
        world.add_sugar(first_name="Ben", last_name="Okafor", email="ben@x.test")

    def change(_request: Any) -> None:
        at_work = world.user().lease is not None
        if not told and at_work is (during == "work"):
            told.append(True)
            world.sugar.edit_contact(sugar_id, title="CEO")
            others = users.read_all(shared.world.db, shared.ids)
            wake(shared.world.make_engine(db=world.db), Windows(), [world.user(), *others])

    # Google is asked after Sugar: the change comes too late for this look.
    world.google_transport.before = change
    world.sync("schedule")
    world.google_transport.before = None
    assert told
    due = world.user().next_sync_at
    assert due is not None
    world.clock.time = max(world.clock.time, min(due, world.clock.now() + SPREAD + AFTER))
    world.sync("schedule")
    contact = world.google_contact(google_id)
    assert contact is not None and contact["organizations"][0]["title"] == "CEO"
