"""One queue: its tasks, its pace, and what happens to a task after an attempt. All times are Unix seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .errors import invalid
from .formats import seconds_of
from .task import Task

RUNNING, PAUSED = "RUNNING", "PAUSED"
MAX_RATE, MAX_CONCURRENT = 500.0, 5000


@dataclass(frozen=True)
class RetryConfig:
    """When a failed task is tried again; the defaults are Cloud Tasks'."""

    max_attempts: int = 100
    max_retry_seconds: float = 0.0
    min_backoff: float = 0.1
    max_backoff: float = 3600.0
    max_doublings: int = 16

    @classmethod
    def parsed(cls, resource: dict[str, Any]) -> RetryConfig:
        """The `retryConfig` of a queue or task."""
        return cls(
            int(resource.get("maxAttempts") or cls.max_attempts),
            seconds_of(resource.get("maxRetryDuration", "0s")),
            seconds_of(resource.get("minBackoff", f"{cls.min_backoff}s")),
            seconds_of(resource.get("maxBackoff", f"{cls.max_backoff}s")),
            int(resource.get("maxDoublings", cls.max_doublings)),
        )

    def backoff(self, failures: int) -> float:
        """Seconds to wait after so many failures: doubling, then growing in equal steps up to the maximum."""
        doublings = min(failures - 1, self.max_doublings)
        step = self.min_backoff * float(2**doublings)
        return min(step * (failures - doublings), self.max_backoff)

    def gives_up(self, attempts: int, since_first: float) -> bool:
        """Whether no further attempt is made: both limits must be exceeded, -1 attempts is no limit."""
        if self.max_attempts < 0 or attempts < self.max_attempts:
            return False
        return not self.max_retry_seconds or since_first >= self.max_retry_seconds


@dataclass
class Queue:
    """A queue and its tasks. `tombstones` says until when the name of a task that is gone stays taken."""

    name: str
    resource: dict[str, Any]
    state: str = RUNNING
    tasks: dict[str, Task] = field(default_factory=dict)
    tombstones: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        limits = self.resource.get("rateLimits", {})
        try:
            self.retry = RetryConfig.parsed(self.resource.get("retryConfig", {}))
        except ValueError as error:
            raise invalid(str(error)) from error
        self.rate = float(limits.get("maxDispatchesPerSecond") or MAX_RATE)
        self.concurrent = int(limits.get("maxConcurrentDispatches") or 1000)
        if self.rate > MAX_RATE or self.concurrent > MAX_CONCURRENT:
            raise invalid(
                f"A queue dispatches at most {MAX_RATE:.0f} tasks a second and {MAX_CONCURRENT} at once"
            )
        self._tokens = max(1.0, self.rate)
        self._refilled: float | None = None

    def shown(self) -> dict[str, Any]:
        """The queue as the REST interface shows it."""
        return self.resource | {"name": self.name, "state": self.state}

    def due(self, now: float) -> list[Task]:
        """The tasks that may be sent now, earliest first; of a paused queue only those forced by RunTask."""
        ready = [task for task in self._waiting() if task.schedule_time <= now]
        return sorted(ready, key=lambda task: task.schedule_time)

    def next_due(self) -> float | None:
        """When the next task may be sent."""
        return min((task.schedule_time for task in self._waiting()), default=None)

    def within_limits(self, due: list[Task], now: float) -> list[Task]:
        """As many of the due tasks as rate and concurrency allow now; uses the rate up."""
        burst = max(1.0, self.rate)
        self._tokens = min(burst, self._tokens + (now - (self._refilled or now)) * self.rate)
        self._refilled = now
        running = sum(task.running for task in self.tasks.values())
        allowed = due[: max(0, min(int(self._tokens), self.concurrent - running))]
        self._tokens -= len(allowed)
        return allowed

    def start(self, task: Task, now: float) -> None:
        """An attempt begins."""
        task.running = True
        task.forced = False
        task.dispatch_count += 1
        if task.first_attempt is None:
            task.first_attempt = now

    def settle(self, task: Task, status: int, retry_after: float, now: float) -> bool:
        """An attempt ended with this HTTP status, 0: no answer. True: the task is over, done or given up."""
        task.running = False
        if status:
            task.response_count += 1
            task.previous_status = status
        if status and status < 500:
            task.execution_count += 1
        retry = RetryConfig.parsed(task.retry_config) if task.retry_config else self.retry
        since_first = now - (task.first_attempt if task.first_attempt is not None else now)
        if 200 <= status < 300 or retry.gives_up(task.dispatch_count, since_first):
            return True
        task.schedule_time = now + max(retry.backoff(task.dispatch_count), retry_after)
        return False

    def _waiting(self) -> Iterator[Task]:
        return (
            task
            for task in self.tasks.values()
            if not task.running and (self.state == RUNNING or task.forced)
        )
