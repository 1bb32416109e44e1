"""All queues of the stand-in: creating, finding and ending tasks, under one lock, on SQLite if wanted."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .delivery import Answer
from .errors import already_exists, invalid, not_found
from .queue import PAUSED, RUNNING, Queue
from .sqlite_file import SqliteFile
from .task import Task, new_task

QUEUE_NAME = re.compile(r"projects/[^/]+/locations/[^/]+/queues/[A-Za-z0-9-]{1,100}")


class Queues:
    """Queues by name. `clock` gives Unix seconds; the name of an ended task stays taken `dedupe_seconds`."""

    def __init__(self, clock: Callable[[], float], dedupe_seconds: float, path: Path | None) -> None:
        self.changed = threading.Condition(threading.RLock())
        self._clock = clock
        self._dedupe_seconds = dedupe_seconds
        self._queues: dict[str, Queue] = {}
        self._created = 0
        self._file = SqliteFile(path) if path else None
        for queue in self._file.load() if self._file else ():
            self._queues[queue.name] = queue

    def now(self) -> float:
        """Unix seconds."""
        return self._clock()

    def all(self) -> list[Queue]:
        """Every queue, by name."""
        with self.changed:
            return [self._queues[name] for name in sorted(self._queues)]

    def create_queue(self, resource: dict[str, Any]) -> Queue:
        """A new queue; ALREADY_EXISTS if there is one of that name."""
        name = resource.get("name", "")
        if not QUEUE_NAME.fullmatch(name):
            raise invalid(f"Queue name {name[:100]!r} is invalid")
        with self.changed:
            if name in self._queues:
                raise already_exists("Queue already exists")
            queue = self._queues[name] = Queue(
                name, {key: resource[key] for key in resource if key != "state"}
            )
            self._save_queue(queue)
            return queue

    def queue(self, name: str) -> Queue:
        """A queue; NOT_FOUND if it does not exist."""
        if name not in self._queues:
            raise not_found("Queue does not exist.")
        return self._queues[name]

    def pause(self, name: str, paused: bool) -> Queue:
        """Stop or go on sending the queue's tasks."""
        with self.changed:
            queue = self.queue(name)
            queue.state = PAUSED if paused else RUNNING
            self._save_queue(queue)
            self.changed.notify_all()
            return queue

    def purge(self, name: str) -> Queue:
        """Delete all tasks of a queue."""
        with self.changed:
            queue = self.queue(name)
            for task in list(queue.tasks.values()):
                self._end(queue, task)
            return queue

    def delete_queue(self, name: str) -> None:
        """Delete a queue and its tasks."""
        with self.changed:
            self.purge(name)
            del self._queues[name]
            if self._file:
                self._file.delete_queue(name)

    def create_task(self, queue_name: str, resource: dict[str, Any]) -> Task:
        """A new task; ALREADY_EXISTS if one of that name is there or was until recently."""
        with self.changed:
            queue, now = self.queue(queue_name), self.now()
            self._created += 1
            task = new_task(resource, queue_name, f"{int(now * 1e6):020d}{self._created:06d}", now)
            if task.name in queue.tasks:
                raise already_exists(
                    "The task cannot be created because a task with this name already exists."
                )
            if queue.tombstones.get(task.name, now) > now:
                raise already_exists(
                    "The task cannot be created because a task with this name existed too recently."
                )
            queue.tasks[task.name] = task
            self._save_task(queue, task)
            self.changed.notify_all()
            return task

    def task(self, queue_name: str, name: str) -> Task:
        """A task; NOT_FOUND if it does not exist (any more)."""
        queue = self.queue(queue_name)
        if name in queue.tombstones and name not in queue.tasks:
            raise not_found("The task no longer exists, though a task with this name existed recently.")
        if name not in queue.tasks:
            raise not_found("Task does not exist.")
        return queue.tasks[name]

    def delete_task(self, queue_name: str, name: str) -> None:
        """Delete a task; its name stays taken for a while."""
        with self.changed:
            self._end(self.queue(queue_name), self.task(queue_name, name))

    def force(self, queue_name: str, name: str) -> Task:
        """Have a task sent now, whatever its schedule and even if the queue is paused."""
        with self.changed:
            queue, task = self.queue(queue_name), self.task(queue_name, name)
            task.forced, task.schedule_time = True, self.now()
            self._save_task(queue, task)
            self.changed.notify_all()
            return task

    def start(self, queue: Queue, task: Task) -> None:
        """An attempt begins."""
        with self.changed:
            queue.start(task, self.now())
            self._save_task(queue, task)

    def settle(self, queue: Queue, task: Task, answer: Answer) -> None:
        """An attempt ended; a task deleted meanwhile stays deleted."""
        retry_after = answer.retry_after if answer.status in (429, 503) else 0.0
        with self.changed:
            if queue.settle(task, answer.status, retry_after, self.now()):
                self._end(queue, task)
            elif task.name in queue.tasks:
                self._save_task(queue, task)
            self.changed.notify_all()

    def close(self) -> None:
        """Release the file."""
        if self._file:
            self._file.close()

    def _end(self, queue: Queue, task: Task) -> None:
        if queue.tasks.pop(task.name, None) is None:
            return
        now = self.now()
        for name in [name for name, until in queue.tombstones.items() if until <= now]:
            del queue.tombstones[name]
        queue.tombstones[task.name] = now + self._dedupe_seconds
        if self._file:
            self._file.end_task(task.name, queue.name, queue.tombstones[task.name], now)

    def _save_queue(self, queue: Queue) -> None:
        if self._file:
            self._file.save_queue(queue)

    def _save_task(self, queue: Queue, task: Task) -> None:
        if self._file:
            self._file.save_task(queue.name, task)
