"""Dispatcher, queue and worker together over hours, on one clock that only the test moves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from tests.world import Auto, Person, World

from contact_sync.composition import WorkerQueue
from contact_sync.config import Config
from contact_sync.errors import TransientForAll
from contact_sync.services.tasks import TaskQueue
from contact_sync.sync.dispatch import dispatch
from contact_sync.sync.request import parse
from contact_sync.sync.work import GivenUp, work
from local_stack.tasks import Answer, Delivery, TasksStandIn, in_process_client

QUEUE = "projects/p/locations/l/queues/sync"
URGENT = "projects/p/locations/l/queues/urgent"
ATTEMPTS = 5
RETRY = {"maxAttempts": ATTEMPTS, "minBackoff": "30s", "maxBackoff": "300s", "maxDoublings": 3}
"""As infra/queues.tf has it."""


class Clockwork:
    """A world whose tasks go through the real Cloud Tasks client into queues that retry as the deployment's do.

    Nothing takes time but what the test lets pass.
    """

    def __init__(self, users: int, interval_minutes: int = 5, *, settled: bool = True) -> None:
        self.world = world = World()
        world.clock.sleep = lambda _seconds: None  # type: ignore[method-assign]
        self.tasks = TasksStandIn(now=world.clock.now)
        scheduled = RETRY | {"maxRetryDuration": "21600s"}
        self.tasks.create_queue(QUEUE, retry=scheduled)
        self.tasks.create_queue(URGENT, retry=RETRY)
        config = Config(tasks_queue=QUEUE, tasks_urgent_queue=URGENT, worker_url="https://worker.test")
        client = in_process_client(self.tasks)
        self.queue = WorkerQueue(config, TaskQueue(sleep=world.clock.sleep, client=lambda: client))
        world.engine = world.make_engine(enqueue=self.queue)
        self.people = [world.first, *(world.add_person(f"user{number}") for number in range(1, users))]
        for person in self.people:
            if settled:
                world.sync(person=person)
            world.set(person, auto=Auto(enabled=True, interval_minutes=interval_minutes))
        self.looked: Counter[str] = Counter()
        """How often Sugar was asked for whom since `forget`."""
        self.dispatching = True
        self.after_step: Callable[[], None] = lambda: None

    def deliver(self, delivery: Delivery) -> Answer:
        """What the worker function does with a call of Cloud Tasks."""
        asked = parse(delivery.body)
        before = len(self.world.sugar_transport.calls)
        last = int(delivery.headers["X-CloudTasks-TaskRetryCount"]) + 1 >= ATTEMPTS
        try:
            work(self.world.engine, asked, last_attempt=last)
        except GivenUp:
            return Answer(200)
        except TransientForAll:
            return Answer(503, 30.0)
        finally:
            self.looked[asked.user] += len(self.world.sugar_transport.calls) > before
        return Answer(200)

    def run(self, *, step: int = 15, **time: float) -> None:
        """Let time pass: the dispatcher ticks on every full minute, tasks are sent when they are due."""
        end = self.world.clock.now() + timedelta(**time)
        while self.world.clock.now() < end:
            if self.dispatching and self.world.clock.now().second == 0:
                dispatch(self.world.db, self.queue.many, self.world.clock.now())
            self.after_step()
            self.tasks.run_due(self.deliver)
            self.world.clock.advance(seconds=step)

    def outstanding(self) -> Counter[str]:
        """Scheduled tasks that are not over, by user."""
        payloads = [json.loads(task.payload) for task in self.tasks.pending()]
        return Counter(payload["user"] for payload in payloads if payload["trigger"] == "schedule")

    def looks(self, person: Person) -> int:
        """How often Sugar was asked for a user since `forget`."""
        return self.looked[person.sub]

    def forget(self) -> None:
        self.looked.clear()
