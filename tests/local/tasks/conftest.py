"""A Cloud Tasks stand-in with one queue and a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.cloud import tasks_v2
from google.protobuf import duration_pb2

from local_stack.tasks import TasksStandIn, in_process_client

LOCATION = "projects/p/locations/l"
QUEUE = f"{LOCATION}/queues/sync"


class Clock:
    """A time that only `move` changes."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


def duration(seconds: float) -> duration_pb2.Duration:
    return duration_pb2.Duration(seconds=int(seconds), nanos=round(seconds % 1 * 1e9))


@pytest.fixture
def clock() -> Clock:
    """The stand-in's time."""
    return Clock()


@pytest.fixture
def standin(clock: Clock) -> TasksStandIn:
    """A stand-in in memory that sends nothing by itself."""
    return TasksStandIn(now=clock)


@pytest.fixture
def client(standin: TasksStandIn) -> tasks_v2.CloudTasksClient:
    """The real client on `standin`, which has one queue: 10 s to 300 s of backoff, 8 attempts."""
    client = in_process_client(standin)
    retry = tasks_v2.RetryConfig(
        max_attempts=8, min_backoff=duration(10), max_backoff=duration(300), max_doublings=3
    )
    client.create_queue(parent=LOCATION, queue=tasks_v2.Queue(name=QUEUE, retry_config=retry))
    return client


@pytest.fixture
def queue() -> str:
    """The name of the one queue."""
    return QUEUE


@pytest.fixture
def new_task() -> Callable[..., tasks_v2.Task]:
    """Builds a task of the queue; a short name makes it a named one."""

    def build(name: str = "", url: str = "https://worker.example/work", **fields: Any) -> tasks_v2.Task:
        request = tasks_v2.HttpRequest(
            url=url, http_method="POST", headers={"Content-Type": "application/json"}, body=b'{"uid":"1"}'
        )
        task = tasks_v2.Task(http_request=request, **fields)
        if name:
            task.name = f"{QUEUE}/tasks/{name}"
        return task

    return build
