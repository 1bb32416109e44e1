"""Queues and tasks through the real client, in process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import tasks_v2
from google.protobuf import duration_pb2

from local_stack.tasks import TasksStandIn, in_process_client

LOCATION = "projects/p/locations/l"
Client = tasks_v2.CloudTasksClient
NewTask = Callable[..., tasks_v2.Task]


def succeed(_delivery: Any) -> int:
    return 200


def test_a_queue_is_created_found_listed_and_deleted(standin: TasksStandIn) -> None:
    client = in_process_client(standin)
    name = f"{LOCATION}/queues/other"
    limits = tasks_v2.RateLimits(max_dispatches_per_second=5, max_concurrent_dispatches=2)
    created = client.create_queue(parent=LOCATION, queue=tasks_v2.Queue(name=name, rate_limits=limits))
    assert created.state == tasks_v2.Queue.State.RUNNING
    assert client.get_queue(name=name).rate_limits.max_concurrent_dispatches == 2
    assert [queue.name for queue in client.list_queues(parent=LOCATION)] == [name]
    assert list(client.list_queues(parent="projects/other/locations/l")) == []
    with pytest.raises(exceptions.Conflict):
        client.create_queue(parent=LOCATION, queue=tasks_v2.Queue(name=name))
    client.delete_queue(name=name)
    with pytest.raises(exceptions.NotFound):
        client.get_queue(name=name)


@pytest.mark.parametrize(
    "queue",
    [
        {"name": f"{LOCATION}/queues/under_score"},
        {"name": f"{LOCATION}/queues/q", "rate_limits": {"max_dispatches_per_second": 501}},
        {"name": f"{LOCATION}/queues/q", "rate_limits": {"max_concurrent_dispatches": 5001}},
    ],
)
def test_a_queue_beyond_the_limits_is_refused(standin: TasksStandIn, queue: dict[str, Any]) -> None:
    with pytest.raises(exceptions.BadRequest):
        in_process_client(standin).create_queue(parent=LOCATION, queue=tasks_v2.Queue(queue))


def test_a_prepared_queue_is_there_once(standin: TasksStandIn) -> None:
    name = f"{LOCATION}/queues/sync"
    for _ in range(2):
        standin.create_queue(name, retry={"maxAttempts": 3}, rate={"maxDispatchesPerSecond": 5})
    assert in_process_client(standin).get_queue(name=name).retry_config.max_attempts == 3


def test_a_task_is_created_read_listed_and_deleted(client: Client, queue: str, new_task: NewTask) -> None:
    created = client.create_task(parent=queue, task=new_task())
    assert created.name.startswith(f"{queue}/tasks/")
    assert created.http_request.url == "https://worker.example/work"
    assert created.http_request.body == b""
    full = client.get_task(request={"name": created.name, "response_view": tasks_v2.Task.View.FULL})
    assert full.http_request.body == b'{"uid":"1"}'
    assert full.dispatch_deadline == timedelta(minutes=10)
    assert [task.name for task in client.list_tasks(parent=queue)] == [created.name]
    client.delete_task(name=created.name)
    assert list(client.list_tasks(parent=queue)) == []
    for call in (client.get_task, client.delete_task):
        with pytest.raises(exceptions.NotFound):
            call(name=created.name)


def test_unnamed_tasks_get_names_of_their_own(client: Client, queue: str, new_task: NewTask) -> None:
    names = {client.create_task(parent=queue, task=new_task()).name for _ in range(3)}
    assert len(names) == 3


def test_a_task_needs_its_queue(client: Client, new_task: NewTask) -> None:
    with pytest.raises(exceptions.NotFound):
        client.create_task(parent=f"{LOCATION}/queues/none", task=new_task())


def test_a_name_is_taken_while_the_task_lives_and_a_while_after(
    client: Client, standin: TasksStandIn, clock: Any, queue: str, new_task: NewTask
) -> None:
    client.create_task(parent=queue, task=new_task("window-1"))
    with pytest.raises(exceptions.Conflict):
        client.create_task(parent=queue, task=new_task("window-1"))
    assert standin.run_due(succeed) == 1
    for _ in range(2):
        with pytest.raises(exceptions.Conflict):
            client.create_task(parent=queue, task=new_task("window-1"))
        clock.move(86_399)
    clock.move(2)
    client.create_task(parent=queue, task=new_task("window-1"))


def test_the_name_of_a_deleted_task_stays_taken(client: Client, queue: str, new_task: NewTask) -> None:
    task = client.create_task(parent=queue, task=new_task("window-1"))
    client.delete_task(name=task.name)
    with pytest.raises(exceptions.Conflict):
        client.create_task(parent=queue, task=new_task("window-1"))


def test_how_long_a_name_stays_taken_is_chosen(clock: Any, new_task: NewTask, queue: str) -> None:
    standin = TasksStandIn(now=clock, dedupe_seconds=5)
    standin.create_queue(queue)
    client = in_process_client(standin)
    client.create_task(parent=queue, task=new_task("window-1"))
    standin.run_due(succeed)
    clock.move(5)
    client.create_task(parent=queue, task=new_task("window-1"))


def test_a_batch_creates_up_to_100_tasks(client: Client, queue: str, new_task: NewTask) -> None:
    def batch(size: int) -> list[tasks_v2.CreateTaskRequest]:
        return [tasks_v2.CreateTaskRequest(parent=queue, task=new_task()) for _ in range(size)]

    operation = client.batch_create_tasks(request={"parent": queue, "requests": batch(100)})
    assert len(operation.result().tasks) == 100
    assert len(list(client.list_tasks(parent=queue))) == 100
    with pytest.raises(exceptions.BadRequest):
        client.batch_create_tasks(request={"parent": queue, "requests": batch(101)})


@pytest.mark.parametrize(
    "fields",
    [
        {"dispatch_deadline": duration_pb2.Duration(seconds=14)},
        {"dispatch_deadline": duration_pb2.Duration(seconds=1801)},
        {"name": "projects/p/locations/l/queues/other/tasks/t"},
        {"name": "projects/p/locations/l/queues/sync/tasks/with.dot"},
        {"http_request": {"url": "ftp://worker.example"}},
        {"http_request": {"url": "https://worker.example", "http_method": "GET", "body": b"x"}},
        {"http_request": {"url": "https://worker.example", "body": b"x" * 80_000}},
        {"app_engine_http_request": {"relative_uri": "/work"}},
    ],
)
def test_a_task_beyond_the_limits_is_refused(client: Client, queue: str, fields: dict[str, Any]) -> None:
    task = tasks_v2.Task({"http_request": {"url": "https://worker.example"}} | fields)
    with pytest.raises(exceptions.BadRequest):
        client.create_task(parent=queue, task=task)


def test_a_task_is_scheduled_at_most_30_days_ahead(
    client: Client, clock: Any, queue: str, new_task: NewTask
) -> None:
    client.create_task(parent=queue, task=new_task(schedule_time=clock() + timedelta(days=30)))
    with pytest.raises(exceptions.BadRequest):
        client.create_task(parent=queue, task=new_task(schedule_time=clock() + timedelta(days=30, seconds=1)))


def test_what_is_not_served_is_not_found(client: Client, queue: str) -> None:
    with pytest.raises(exceptions.NotFound):
        client.get_iam_policy(request={"resource": queue})


def test_a_file_keeps_queues_tasks_and_names(
    tmp_path: Path, clock: Any, queue: str, new_task: NewTask
) -> None:
    path = tmp_path / "tasks.db"
    standin = TasksStandIn(now=clock, path=path)
    standin.create_queue(queue, retry={"minBackoff": "10s"})
    client = in_process_client(standin)
    client.create_task(parent=queue, task=new_task("done"))
    standin.run_due(succeed)
    client.create_task(parent=queue, task=new_task("failed"))
    standin.run_due(lambda _delivery: 500)
    client.create_task(parent=queue, task=new_task("deleted"))
    client.delete_task(name=f"{queue}/tasks/deleted")
    client.pause_queue(name=queue)
    standin.stop()

    again = TasksStandIn(now=clock, path=path)
    client = in_process_client(again)
    assert client.get_queue(name=queue).state == tasks_v2.Queue.State.PAUSED
    assert [(task.id, task.dispatch_count) for task in again.pending()] == [("failed", 1)]
    for name in ("done", "failed", "deleted"):
        with pytest.raises(exceptions.Conflict):
            client.create_task(parent=queue, task=new_task(name))
    client.resume_queue(name=queue)
    assert again.run_due(succeed) == 0
    clock.move(10)
    assert again.run_due(succeed) == 1
    client.delete_queue(name=queue)
    again.stop()
    assert TasksStandIn(now=clock, path=path).pending() == []
