"""The queue over hours: intervals that do not drift, outages after which nobody does a thing twice."""

from __future__ import annotations

import pytest
from tests.sync.clockwork import Clockwork
from tests.world import Auto

from contact_sync.errors import TransientForAll
from contact_sync.store import users
from contact_sync.sync import orders


def test_every_five_minutes_is_twelve_times_an_hour_however_long_runs_take() -> None:
    clockwork = Clockwork(3)
    late = iter(range(10_000))

    def some_seconds_pass() -> None:
        # The scheduler's ticks and the queue are late by some seconds, more and less.
        clockwork.world.clock.time = clockwork.world.clock.time.replace(
            microsecond=next(late) * 7919 % 900_000
        )

    clockwork.after_step = some_seconds_pass
    clockwork.run(hours=1)
    clockwork.forget()
    clockwork.run(hours=2)
    assert [clockwork.looks(person) for person in clockwork.people] == [24, 24, 24]


@pytest.mark.parametrize("seconds", [1, 37, 59])
def test_the_moment_at_which_syncing_began_makes_no_interval_longer(seconds: int) -> None:
    clockwork = Clockwork(1)
    clockwork.run(minutes=7, step=1)
    clockwork.world.set(auto=Auto(enabled=True, interval_minutes=3))
    due = clockwork.world.clock.now().replace(second=seconds)
    clockwork.world.db.commit([users.update(clockwork.people[0].sub, next_sync_at=due)])
    clockwork.run(minutes=5)
    clockwork.forget()
    clockwork.run(hours=1)
    assert clockwork.looks(clockwork.people[0]) == 20


def test_after_three_hours_without_sugar_every_user_has_one_task_and_nobody_looks_twice() -> None:
    clockwork = Clockwork(50, interval_minutes=15)
    world, most = clockwork.world, 0

    def watch() -> None:
        nonlocal most
        most = max(most, *clockwork.outstanding().values(), 0)

    clockwork.after_step = watch
    clockwork.run(minutes=20, step=60)
    world.sugar.faults.add("503 maintenance", times=None)
    clockwork.run(hours=3, step=60)
    assert len(clockwork.tasks.pending()) <= 50
    world.sugar.faults.clear()
    clockwork.forget()
    clockwork.run(minutes=15, step=60)
    # One look makes up for the outage, and the regular one comes when it is due.
    assert all(1 <= clockwork.looks(person) <= 2 for person in clockwork.people)
    clockwork.forget()
    clockwork.run(hours=1, step=60)
    assert {clockwork.looks(person) for person in clockwork.people} == {4}
    assert most == 1


@pytest.mark.parametrize("hours", [1, 5, 13])
def test_a_queue_that_stands_still_for_hours_keeps_one_task_of_each_user(hours: int) -> None:
    clockwork = Clockwork(4)
    clockwork.tasks._queues.pause("projects/p/locations/l/queues/sync", True)
    clockwork.run(hours=hours, step=60)
    assert max(clockwork.outstanding().values()) <= 1 + hours // 6
    clockwork.tasks._queues.pause("projects/p/locations/l/queues/sync", False)
    clockwork.forget()
    clockwork.run(minutes=4, step=60)
    assert {clockwork.looks(person) for person in clockwork.people} == {1}


def test_an_outage_of_the_database_leaves_nobody_behind() -> None:
    clockwork = Clockwork(4)
    clockwork.run(minutes=6)
    failing, commit = [True], clockwork.world.engine.db.commit

    def down(*arguments: object, **options: object) -> object:
        if failing[0]:
            raise TransientForAll("firestore_unavailable", "Firestore answered Unavailable")
        return commit(*arguments, **options)  # type: ignore[arg-type]

    clockwork.world.engine.db.commit = down  # type: ignore[method-assign,assignment]
    clockwork.run(minutes=40, step=60)
    failing[0] = False
    clockwork.forget()
    clockwork.run(minutes=10, step=60)
    assert all(clockwork.looks(person) >= 1 for person in clockwork.people)
    assert max(clockwork.outstanding().values(), default=0) <= 1


def test_a_sync_ordered_beside_the_schedule_puts_nobody_off() -> None:
    clockwork = Clockwork(1, interval_minutes=15)
    clockwork.run(minutes=16)
    due = clockwork.world.user().next_sync_at
    clockwork.run(minutes=6)
    orders.order_sync(clockwork.world.engine, clockwork.people[0].sub)
    clockwork.run(minutes=1)
    assert clockwork.world.user().next_sync_at == due
