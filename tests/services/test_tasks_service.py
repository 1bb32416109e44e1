"""Enqueueing through Google's client library, against the Cloud Tasks stand-in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
import requests
from google.cloud import tasks_v2
from google.cloud.tasks_v2 import CloudTasksClient, CreateTaskRequest
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from contact_sync.errors import OperatorMustAct, TransientForAll
from contact_sync.services.tasks import Task, TaskQueue
from local_stack.tasks import TasksStandIn, in_process_client
from local_stack.wsgi_transport import WSGITransport

QUEUE = "projects/p/locations/europe-west1/queues/sync"
URL = "https://worker.test/"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Line:
    """A queue, the stand-in behind it, and what goes wrong on the way."""

    def __init__(self) -> None:
        self.standin = TasksStandIn(now=lambda: NOW)
        self.standin.create_queue(QUEUE)
        self.slept: list[float] = []
        self.clients = 0
        self.transport: WSGITransport | None = None
        self.tasks = TaskQueue(sleep=self.slept.append, client=self._client)

    def _client(self) -> CloudTasksClient:
        self.clients += 1
        client = in_process_client(self.standin)
        transport: Any = client.transport
        self.transport = transport._session.get_adapter("http://")
        return client

    def enqueue(self, **more: Any) -> bool:
        return self.tasks.enqueue(QUEUE, URL, {"user": "u1"}, **more)

    def fail(self, times: int, after: bool = False) -> None:
        """Lose the next connections, before or after the request had its effect."""
        self.enqueue(name="opens-the-connection")
        left = [times]

        def lose(*_: Any) -> None:
            if left[0]:
                left[0] -= 1
                raise requests.ConnectionError("lost")

        assert self.transport
        if after:
            self.transport.after = lose
        else:
            self.transport.before = lose

    @property
    def names(self) -> list[str]:
        return sorted(task.id for task in self.standin.pending())


@pytest.fixture
def line() -> Line:
    return Line()


def test_a_task_posts_json_with_the_functions_token(line: Line) -> None:
    assert line.enqueue(name="t1", audience="https://worker.test", service_account="tasks@p.test")
    (task,) = line.standin.pending()
    assert (task.id, task.url, task.method) == ("t1", URL, "POST")
    assert json.loads(task.payload) == {"user": "u1"}
    assert task.headers["Content-Type"] == "application/json"
    assert (task.service_account, task.audience) == ("tasks@p.test", "https://worker.test")
    assert task.schedule_time == NOW.timestamp()


def test_a_task_may_wait(line: Line) -> None:
    at = NOW + timedelta(minutes=3)
    line.enqueue(at=at)
    assert line.standin.next_due() == at


def test_a_name_is_taken_once(line: Line) -> None:
    assert line.enqueue(name="same")
    assert not line.enqueue(name="same")
    assert line.enqueue()
    assert line.enqueue()
    assert len(line.standin.pending()) == 3


def test_many_tasks_are_created_side_by_side(line: Line) -> None:
    tasks = [Task(QUEUE, URL, {"n": n}, name=f"t{n % 15}") for n in range(20)]
    created = line.tasks.enqueue_many(tasks)
    assert (len(created), sum(created)) == (20, 15)
    assert len(line.names) == 15
    assert line.clients == 1


def test_no_tasks_need_no_client(line: Line) -> None:
    assert line.tasks.enqueue_many([]) == []
    assert line.clients == 0


def test_a_named_task_is_sent_again_when_the_connection_is_lost(line: Line) -> None:
    line.fail(2)
    assert line.enqueue(name="t1")
    assert line.slept == [0.5, 2.0]
    assert "t1" in line.names


def test_a_named_task_whose_answer_was_lost_exists_once(line: Line) -> None:
    line.fail(1, after=True)
    assert not line.enqueue(name="t1")
    assert line.names == ["opens-the-connection", "t1"]


def test_a_task_without_a_name_is_sent_once(line: Line) -> None:
    line.fail(1, after=True)
    with pytest.raises(TransientForAll):
        line.enqueue()
    assert line.slept == []
    assert len(line.names) == 2


def test_an_outage_that_lasts_is_told(line: Line) -> None:
    line.fail(3)
    with pytest.raises(TransientForAll) as raised:
        line.enqueue(name="t1")
    assert raised.value.code == "tasks_unavailable"


def test_a_queue_that_is_missing_is_the_operators_to_repair(line: Line) -> None:
    missing = "projects/p/locations/europe-west1/queues/missing"
    with pytest.raises(OperatorMustAct) as raised:
        line.tasks.enqueue(missing, URL, {})
    assert raised.value.code == "tasks_refused"


def test_one_refused_task_does_not_keep_the_others_from_being_created(line: Line) -> None:
    missing = "projects/p/locations/europe-west1/queues/missing"
    tasks = [Task(missing, URL, {}), *(Task(QUEUE, URL, {}, name=f"t{n}") for n in range(3))]
    with pytest.raises(OperatorMustAct):
        line.tasks.enqueue_many(tasks)
    assert line.names == ["t0", "t1", "t2"]


def test_the_local_stand_in_is_reached_by_its_address(line: Line) -> None:
    port = line.standin.serve()
    line.standin.stop()
    with pytest.raises(TransientForAll):
        TaskQueue(f"127.0.0.1:{port}", sleep=line.slept.append).enqueue(QUEUE, URL, {}, name="t1")


class Grpc:
    """Cloud Tasks' CreateTask as the cloud serves it, over gRPC, with failures on order."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.deadlines: list[Any] = []
        self.failures: list[grpc.StatusCode] = []
        self._server = grpc.server(ThreadPoolExecutor(2))
        method = grpc.unary_unary_rpc_method_handler(
            self._create, CreateTaskRequest.deserialize, tasks_v2.Task.serialize
        )
        handlers = {"CreateTask": method}
        self._server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler("google.cloud.tasks.v2.CloudTasks", handlers)]
        )
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def _create(self, request: CreateTaskRequest, context: grpc.ServicerContext) -> tasks_v2.Task:
        if self.failures:
            context.abort(self.failures.pop(0), "No.")
        if request.task.name in self.names:
            context.abort(grpc.StatusCode.ALREADY_EXISTS, "The task exists.")
        self.names.append(request.task.name)
        self.deadlines.append(request.task.dispatch_deadline)
        return request.task

    def client(self) -> CloudTasksClient:
        channel = grpc.insecure_channel(f"127.0.0.1:{self.port}")
        return CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))

    def stop(self) -> None:
        self._server.stop(None)


@pytest.fixture
def cloud() -> Iterator[Grpc]:
    server = Grpc()
    yield server
    server.stop()


def test_over_grpc_a_name_is_taken_once(cloud: Grpc) -> None:
    tasks = TaskQueue(client=cloud.client)
    assert tasks.enqueue(QUEUE, URL, {}, name="same")
    assert not tasks.enqueue(QUEUE, URL, {}, name="same")
    assert cloud.names == [f"{QUEUE}/tasks/same"]
    assert cloud.deadlines == [timedelta(minutes=10)]


def test_over_grpc_passing_failures_are_waited_out(cloud: Grpc) -> None:
    slept: list[float] = []
    cloud.failures = [grpc.StatusCode.ABORTED, grpc.StatusCode.UNAVAILABLE]
    assert TaskQueue(sleep=slept.append, client=cloud.client).enqueue(QUEUE, URL, {}, name="t1")
    assert slept == [0.5, 2.0]


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, TransientForAll),
        (grpc.StatusCode.PERMISSION_DENIED, OperatorMustAct),
        (grpc.StatusCode.INVALID_ARGUMENT, OperatorMustAct),
    ],
)
def test_over_grpc_refusals_are_told_apart(cloud: Grpc, failure: grpc.StatusCode, error: Any) -> None:
    cloud.failures = [failure]
    with pytest.raises(error):
        TaskQueue(client=cloud.client).enqueue(QUEUE, URL, {})
