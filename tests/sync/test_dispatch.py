"""The dispatcher: every due user gets one task, through the real Cloud Tasks client."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from tests.world import START, Auto, Clock, World

from contact_sync.composition import WorkerQueue
from contact_sync.config import Config
from contact_sync.services.tasks import TaskQueue
from contact_sync.store import users
from contact_sync.store.database import Database
from contact_sync.store.records import Cursors, User
from contact_sync.sync import schedule
from contact_sync.sync.dispatch import dispatch
from local_stack.firestore import FirestoreStandIn, in_process_client
from local_stack.tasks import TasksStandIn
from local_stack.tasks import in_process_client as tasks_client

QUEUE = "projects/p/locations/l/queues/sync"


class Deployment:
    """A database with users and a queue, both behind the real clients."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.db = Database(in_process_client(FirestoreStandIn()))
        self.tasks = TasksStandIn(now=self.clock.now)
        self.tasks.create_queue(QUEUE)
        config = Config(tasks_queue=QUEUE, worker_url="https://worker.test")
        client = tasks_client(self.tasks)
        self.queue = WorkerQueue(config, TaskQueue(sleep=self.clock.sleep, client=lambda: client))

    def add(self, name: str, due: datetime | None) -> None:
        self.db.commit([users.create(User(id=name, next_sync_at=due))])

    def tick(self) -> dict[str, int]:
        return dispatch(self.db, self.queue.many, self.clock.now())

    def asked(self) -> list[dict[str, Any]]:
        return sorted(
            (json.loads(task.payload) for task in self.tasks.pending()), key=lambda one: one["user"]
        )


def test_due_users_get_one_task_each_and_others_none() -> None:
    deployment = Deployment()
    deployment.add("due", START - timedelta(minutes=1))
    deployment.add("due-now", START)
    deployment.add("later", START + timedelta(minutes=1))
    deployment.add("never", None)
    assert deployment.tick() == {"due": 2, "enqueued": 2}
    assert deployment.asked() == [
        {"user": "due", "trigger": "schedule"},
        {"user": "due-now", "trigger": "schedule"},
    ]


def test_a_second_tick_does_not_enqueue_the_same_due_time_again() -> None:
    deployment = Deployment()
    deployment.add("due", START)
    deployment.tick()
    deployment.clock.advance(minutes=1)
    assert deployment.tick() == {"due": 1, "enqueued": 0}


def test_a_user_whose_task_was_lost_unseen_is_enqueued_again_after_six_hours() -> None:
    deployment = Deployment()
    deployment.add("due", START)
    deployment.tick()
    deployment.clock.advance(hours=5, minutes=59)
    assert deployment.tick() == {"due": 1, "enqueued": 0}
    deployment.clock.advance(minutes=1)
    assert deployment.tick() == {"due": 1, "enqueued": 1}


def test_more_users_than_a_page_are_all_found() -> None:
    deployment = Deployment()
    for number in range(1203):
        deployment.add(f"user-{number:04}", START - timedelta(seconds=number % 7))
    assert deployment.tick() == {"due": 1203, "enqueued": 1203}


def test_a_run_of_a_user_with_auto_sync_moves_the_due_time() -> None:
    world = World()
    world.set(auto=Auto(enabled=True, interval_minutes=15))
    world.sync("schedule")
    assert world.user().next_sync_at == world.clock.now() + timedelta(minutes=15)


def test_a_paused_user_is_due_no_more() -> None:
    world = World()
    world.set(auto=Auto(enabled=True))
    world.db.commit([users.update(world.first.sub, paused=True)])
    assert world.sync("schedule")["phase"] == "stopped"
    assert world.user().next_sync_at is None


def test_first_syncs_and_what_goes_on_wait_in_a_queue_of_their_own() -> None:
    deployment = Deployment()
    deployment.add("new", START)
    deployment.db.commit([users.create(User(id="old", next_sync_at=START, cursors=Cursors(full_at=START)))])
    bulk, urgent = f"{QUEUE}-bulk", f"{QUEUE}-urgent"
    for name in (bulk, urgent):
        deployment.tasks.create_queue(name)
    names = {"tasks_bulk_queue": bulk, "tasks_urgent_queue": urgent}
    config = Config(tasks_queue=QUEUE, worker_url="https://worker.test", **names)
    queue = WorkerQueue(config, deployment.queue.tasks)
    answer = dispatch(deployment.db, queue.many, deployment.clock.now(), queue.many_bulk)
    assert answer == {"due": 2, "enqueued": 2}
    for trigger, is_urgent in (
        ("continue", False),
        ("reconcile", False),
        ("continue", True),
        ("manual", True),
    ):
        queue({"user": "old", "trigger": trigger}, urgent=is_urgent)
    queue({"user": "old", "trigger": "schedule"})
    found = sorted(
        (task.name.split("/")[5], json.loads(task.payload)["user"], json.loads(task.payload)["trigger"])
        for task in deployment.tasks.pending()
    )
    assert found == [
        ("sync", "old", "schedule"),
        ("sync", "old", "schedule"),
        ("sync-bulk", "new", "schedule"),
        ("sync-bulk", "old", "continue"),
        ("sync-bulk", "old", "reconcile"),
        ("sync-urgent", "old", "continue"),
        ("sync-urgent", "old", "manual"),
    ]


def test_without_a_bulk_queue_its_work_is_regular() -> None:
    deployment = Deployment()
    deployment.add("new", START)
    answer = dispatch(
        deployment.db, deployment.queue.many, deployment.clock.now(), deployment.queue.many_bulk
    )
    assert answer == {"due": 1, "enqueued": 1}
    deployment.queue({"user": "new", "trigger": "continue"})
    assert [task["trigger"] for task in deployment.asked()] == ["schedule", "continue"]


def test_task_names_differ_by_user() -> None:
    assert schedule.scheduled_task("a", START, START) != schedule.scheduled_task("b", START, START)


def test_backoff_doubles_from_half_a_minute_to_an_hour() -> None:
    waits = [schedule.backoff(attempt).total_seconds() for attempt in range(1, 10)]
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
