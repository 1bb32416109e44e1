"""The stand-in on a socket: it sends tasks over HTTP by itself, within rate and concurrency."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.cloud import tasks_v2
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from local_stack.tasks import TasksStandIn, rest_client

NewTask = Callable[..., tasks_v2.Task]
FAST = {"minBackoff": "0.05s", "maxBackoff": "0.2s"}


class Worker:
    """A web server that keeps what it is sent, with the time, and answers as `answers` says, then 200."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, Request]] = []
        self.answers: list[Response] = []
        self.takes = 0.0
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.port}/work"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def wait_for(self, number: int) -> list[tuple[float, Request]]:
        deadline = time.monotonic() + 10
        while len(self.sent) < number and time.monotonic() < deadline:
            time.sleep(0.005)
        return list(self.sent)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @Request.application
    def _answer(self, request: Request) -> Response:
        request.get_data()
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.at_once, self.most_at_once)
        time.sleep(self.takes)
        with self._lock:
            self.at_once -= 1
            self.sent.append((time.monotonic(), request))
            return self.answers.pop(0) if self.answers else Response("", 200)


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A handler of tasks."""
    worker = Worker()
    yield worker
    worker.close()


@pytest.fixture
def serving() -> Iterator[TasksStandIn]:
    """A stand-in on the machine's clock."""
    standin = TasksStandIn()
    yield standin
    standin.stop()


def test_a_task_is_sent_over_http(
    serving: TasksStandIn, worker: Worker, queue: str, new_task: NewTask
) -> None:
    serving.create_queue(queue)
    client = rest_client(serving.serve())
    client.create_task(parent=queue, task=new_task("t-1", url=worker.url))
    ((_, request),) = worker.wait_for(1)
    assert request.method == "POST"
    assert request.get_data() == b'{"uid":"1"}'
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["User-Agent"] == "Google-Cloud-Tasks"
    assert request.headers["X-CloudTasks-TaskName"] == "t-1"


def test_a_scheduled_task_comes_when_due(
    serving: TasksStandIn, worker: Worker, queue: str, new_task: NewTask
) -> None:
    serving.create_queue(queue)
    client = rest_client(serving.serve())
    begun = time.monotonic()
    due = datetime.now(UTC) + timedelta(seconds=0.3)
    client.create_task(parent=queue, task=new_task(url=worker.url, schedule_time=due))
    ((came, _),) = worker.wait_for(1)
    assert came - begun >= 0.29


def test_a_failed_task_comes_again_after_its_pause(
    serving: TasksStandIn, worker: Worker, queue: str, new_task: NewTask
) -> None:
    worker.answers = [Response("", 500), Response("", 503, {"Retry-After": "1"})]
    serving.create_queue(queue, retry=dict(FAST))
    client = rest_client(serving.serve())
    client.create_task(parent=queue, task=new_task(url=worker.url))
    sent = worker.wait_for(3)
    assert [request.headers["X-CloudTasks-TaskRetryCount"] for _, request in sent] == ["0", "1", "2"]
    assert sent[1][0] - sent[0][0] >= 0.05
    assert sent[2][0] - sent[1][0] >= 1


def test_a_handler_that_cannot_be_reached_is_tried_again(
    serving: TasksStandIn, worker: Worker, queue: str, new_task: NewTask
) -> None:
    serving.create_queue(queue, retry=dict(FAST))
    client = rest_client(serving.serve())
    client.create_task(parent=queue, task=new_task("t", url="http://127.0.0.1:9/closed"))
    deadline = time.monotonic() + 10
    while serving.pending()[0].dispatch_count < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    (task,) = serving.pending()
    assert (task.dispatch_count >= 3, task.response_count) == (True, 0)
    client.delete_task(name=task.name)


def test_no_more_tasks_run_at_once_than_allowed(
    serving: TasksStandIn, worker: Worker, queue: str, new_task: NewTask
) -> None:
    worker.takes = 0.1
    serving.create_queue(queue, rate={"maxConcurrentDispatches": 2})
    client = rest_client(serving.serve())
    for _ in range(6):
        client.create_task(parent=queue, task=new_task(url=worker.url))
    assert len(worker.wait_for(6)) == 6
    assert worker.most_at_once == 2


def test_no_more_tasks_begin_in_a_second_than_allowed(
    serving: TasksStandIn, worker: Worker, queue: str, new_task: NewTask
) -> None:
    serving.create_queue(queue, rate={"maxDispatchesPerSecond": 4})
    client = rest_client(serving.serve())
    for _ in range(7):
        client.create_task(parent=queue, task=new_task(url=worker.url))
    sent = worker.wait_for(7)
    assert len(sent) == 7
    assert sent[6][0] - sent[0][0] >= 0.6


def test_a_paused_queue_waits_for_resume(
    serving: TasksStandIn, worker: Worker, queue: str, new_task: NewTask
) -> None:
    serving.create_queue(queue)
    client = rest_client(serving.serve())
    client.pause_queue(name=queue)
    client.create_task(parent=queue, task=new_task(url=worker.url))
    time.sleep(0.1)
    assert worker.sent == []
    client.resume_queue(name=queue)
    assert len(worker.wait_for(1)) == 1


def test_the_command_keeps_tasks_over_a_restart(
    tmp_path: Path, worker: Worker, queue: str, new_task: NewTask
) -> None:
    command: list[Any] = [sys.executable, "-m", "local_stack.tasks", "--queue", queue]
    command += ["--file", str(tmp_path / "tasks.db")]

    def run(use: Callable[[tasks_v2.CloudTasksClient], None]) -> None:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout
            use(rest_client(int(process.stdout.readline().rpartition(":")[2])))
        finally:
            process.terminate()
            process.wait(timeout=10)

    def leave(client: tasks_v2.CloudTasksClient) -> None:
        client.pause_queue(name=queue)
        client.create_task(parent=queue, task=new_task("kept", url=worker.url))

    def take_up(client: tasks_v2.CloudTasksClient) -> None:
        client.resume_queue(name=queue)
        ((_, request),) = worker.wait_for(1)
        assert request.headers["X-CloudTasks-TaskName"] == "kept"

    run(leave)
    run(take_up)
