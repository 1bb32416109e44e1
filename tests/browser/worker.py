"""Cloud Tasks and the worker function in one thread: runs what web and the runs enqueue, once it is due."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from tests.world import Clock

from contact_sync.errors import TransientForAll
from contact_sync.sync.request import WorkerRequest, parse

PATIENCE = 60.0
"""Real seconds after which work that does not end counts as stuck."""
_RETRY = timedelta(seconds=10)
_LOOK = 0.02
"""Real seconds between two looks at the clock while a task waits for its time."""


class LiveClock(Clock):
    """The machine's time, and what a test or a sleeping engine has moved it by. Sleeping takes no time."""

    def __init__(self) -> None:
        self._moved = timedelta()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._moved

    def sleep(self, seconds: float) -> None:
        self.advance(seconds=seconds)

    def advance(self, **delta: float) -> None:
        with self._lock:
            self._moved += timedelta(**delta)


@dataclass(order=True)
class _Task:
    at: datetime
    number: int
    payload: Mapping[str, Any] = field(compare=False)


class Worker:
    """Runs each task once its time has come, one after the other, in a thread of its own."""

    def __init__(self, clock: Clock, work: Callable[[WorkerRequest], object]) -> None:
        self._clock = clock
        self._work = work
        self._changed = threading.Condition()
        self._tasks: list[_Task] = []
        self._names: set[str] = set()
        self._number = 0
        self._held = self._busy = self._closed = False
        self._failure: BaseException | None = None
        self.done: list[Mapping[str, Any]] = []
        """The payloads of the tasks that were run."""
        self.thread = threading.Thread(target=self._serve, name="worker", daemon=True)
        self.thread.start()

    def enqueue(
        self,
        payload: Mapping[str, Any],
        *,
        name: str | None = None,
        at: datetime | None = None,
        urgent: bool = False,
    ) -> bool:
        """Put a task into the queue; False if there was one of that name before."""
        with self._changed:
            if name is not None and name in self._names:
                return False
            self._names.add(name or "")
            self._put(payload, at or self._clock.now())
            return True

    @property
    def waiting(self) -> list[Mapping[str, Any]]:
        """The payloads of the tasks that were not begun."""
        with self._changed:
            return [task.payload for task in sorted(self._tasks)]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Begin no task inside the block; one that is under way goes on."""
        with self._changed:
            self._held = True
        try:
            yield
        finally:
            with self._changed:
                self._held = False
                self._changed.notify_all()

    def settle(self, within: timedelta = timedelta(seconds=10)) -> None:
        """Wait until everything that is due `within` that time, successors too, is done; moves the clock to it."""
        assert not self._held, "the worker is held: nothing can settle"
        horizon, patience = self._clock.now() + within, time.monotonic() + PATIENCE
        with self._changed:
            while self._busy or (self._tasks and min(self._tasks).at <= horizon):
                self._raise_failure()
                early = (min(self._tasks).at - self._clock.now()) if self._tasks else timedelta()
                if not self._busy and early > timedelta():
                    self._clock.advance(seconds=early.total_seconds())
                self._changed.notify_all()
                self._changed.wait(_LOOK)
                assert time.monotonic() < patience, f"the worker does not settle: {self.waiting}"
            self._raise_failure()

    def close(self) -> None:
        """End after the task that is under way. Raises what a task raised and nobody was told of."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self.thread.join(PATIENCE)
        self._raise_failure()

    def _put(self, payload: Mapping[str, Any], at: datetime) -> None:
        self._number += 1
        self._tasks.append(_Task(at, self._number, payload))
        self._changed.notify_all()

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise AssertionError("a task failed in the worker") from failure

    def _serve(self) -> None:
        while (task := self._next()) is not None:
            try:
                self._work(parse(msgspec.json.encode(task.payload)))
            except TransientForAll:
                with self._changed:
                    self._put(task.payload, self._clock.now() + _RETRY)
            except Exception as error:
                self._failure = error
            with self._changed:
                self.done.append(task.payload)
                self._busy = False
                self._changed.notify_all()

    def _next(self) -> _Task | None:
        """The next task, begun, once one is due and may begin; None at the end."""
        with self._changed:
            while not self._closed:
                first = min(self._tasks, default=None)
                if first is None or self._held:
                    self._changed.wait()
                elif first.at > self._clock.now():
                    self._changed.wait(_LOOK)
                else:
                    self._tasks.remove(first)
                    self._busy = True
                    return first
            return None
