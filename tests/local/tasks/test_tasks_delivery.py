"""What a task's handler is sent and what its answers lead to, on a clock that the test moves."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from google.api_core import exceptions
from google.cloud import tasks_v2
from google.protobuf import duration_pb2

from local_stack.tasks import Answer, Delivery, TasksStandIn, in_process_client

Client = tasks_v2.CloudTasksClient
NewTask = Callable[..., tasks_v2.Task]


class Handler:
    """Answers with the given statuses, the last one for ever, and keeps what it was sent."""

    def __init__(self, *answers: int | Answer) -> None:
        self.answers = list(answers)
        self.sent: list[Delivery] = []

    def __call__(self, delivery: Delivery) -> int | Answer:
        self.sent.append(delivery)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def header(self, name: str) -> list[str | None]:
        return [delivery.headers.get(f"X-CloudTasks-{name}") for delivery in self.sent]


def test_the_handler_is_sent_the_request_and_who_sends_it(
    client: Client, standin: TasksStandIn, clock: Any, queue: str, new_task: NewTask
) -> None:
    client.create_task(
        parent=queue, task=new_task("t-1", dispatch_deadline=duration_pb2.Duration(seconds=60))
    )
    handler = Handler(204)
    assert standin.run_due(handler) == 1
    assert standin.pending() == []
    assert handler.sent == [
        Delivery(
            task=f"{queue}/tasks/t-1",
            method="POST",
            url="https://worker.example/work",
            headers={
                "Content-Type": "application/json",
                "User-Agent": "Google-Cloud-Tasks",
                "X-CloudTasks-QueueName": "sync",
                "X-CloudTasks-TaskName": "t-1",
                "X-CloudTasks-TaskRetryCount": "0",
                "X-CloudTasks-TaskExecutionCount": "0",
                "X-CloudTasks-TaskETA": f"{clock().timestamp():.6f}",
            },
            body=b'{"uid":"1"}',
            deadline_seconds=60,
        )
    ]


def test_a_scheduled_task_waits_for_its_time(
    client: Client, standin: TasksStandIn, clock: Any, queue: str, new_task: NewTask
) -> None:
    due = clock() + timedelta(minutes=1)
    client.create_task(parent=queue, task=new_task(schedule_time=due))
    assert standin.next_due() == due
    assert standin.run_due(Handler(200)) == 0
    clock.move(60)
    assert standin.run_due(Handler(200)) == 1
    assert standin.next_due() is None


def test_due_tasks_are_sent_in_the_order_of_their_times(
    client: Client, standin: TasksStandIn, clock: Any, queue: str, new_task: NewTask
) -> None:
    for name, delay in (("third", 30), ("first", 10), ("second", 20)):
        client.create_task(
            parent=queue, task=new_task(name, schedule_time=clock() + timedelta(seconds=delay))
        )
    clock.move(30)
    handler = Handler(200)
    standin.run_due(handler)
    assert handler.header("TaskName") == ["first", "second", "third"]


def test_a_failed_task_is_tried_with_growing_pauses_and_then_dropped(
    client: Client, standin: TasksStandIn, clock: Any, queue: str, new_task: NewTask
) -> None:
    client.create_task(parent=queue, task=new_task("t"))
    handler = Handler(500, 404, 0, 500)
    pauses = []
    while standin.pending():
        begun = clock()
        standin.run_due(handler)
        if (due := standin.next_due()) is not None:
            pauses.append((due - begun).total_seconds())
            clock.now = due
    assert pauses == [10, 20, 40, 80, 160, 240, 300]
    assert handler.header("TaskRetryCount") == ["0", "1", "2", "3", "4", "5", "6", "7"]
    assert handler.header("TaskExecutionCount") == ["0", "0", "1", "1", "1", "1", "1", "1"]
    assert handler.header("TaskPreviousResponse")[:5] == [None, "500", "404", "404", "500"]
    with pytest.raises(exceptions.Conflict):
        client.create_task(parent=queue, task=new_task("t"))


def test_a_task_may_bring_its_own_retry_config(
    client: Client, standin: TasksStandIn, clock: Any, queue: str, new_task: NewTask
) -> None:
    retry = tasks_v2.RetryConfig(max_attempts=2, min_backoff=duration_pb2.Duration(seconds=1))
    client.create_task(parent=queue, task=new_task(retry_config=retry))
    standin.run_due(Handler(500))
    assert standin.next_due() == clock() + timedelta(seconds=1)
    clock.move(1)
    standin.run_due(Handler(500))
    assert standin.pending() == []


@pytest.mark.parametrize(
    ("config", "attempts"),
    [
        ({"maxAttempts": 3}, 3),
        ({"maxAttempts": 3, "maxRetryDuration": "45s"}, 6),
        ({"maxAttempts": 8, "maxRetryDuration": "45s"}, 8),
        ({"maxAttempts": -1}, 20),
    ],
)
def test_both_limits_must_be_exceeded_before_a_task_is_given_up(
    standin: TasksStandIn,
    client: Client,
    clock: Any,
    new_task: NewTask,
    config: dict[str, Any],
    attempts: int,
) -> None:
    limited = "projects/p/locations/l/queues/limited"
    standin.create_queue(limited, retry=config | {"minBackoff": "10s", "maxBackoff": "10s"})
    client.create_task(parent=limited, task=new_task())
    handler = Handler(500)
    for _ in range(20):
        standin.run_due(handler)
        clock.move(10)
    assert len(handler.sent) == attempts


@pytest.mark.parametrize(("status", "pause"), [(503, 120), (429, 120), (500, 10)])
def test_retry_after_counts_with_429_and_503_only(
    client: Client, standin: TasksStandIn, clock: Any, queue: str, new_task: NewTask, status: int, pause: int
) -> None:
    client.create_task(parent=queue, task=new_task())
    standin.run_due(Handler(Answer(status, retry_after=120)))
    assert standin.next_due() == clock() + timedelta(seconds=pause)


def test_a_task_created_by_a_handler_waits_for_the_next_turn(
    client: Client, standin: TasksStandIn, queue: str, new_task: NewTask
) -> None:
    def succeed_with_successor(_delivery: Delivery) -> int:
        client.create_task(parent=queue, task=new_task("successor"))
        return 200

    client.create_task(parent=queue, task=new_task("first"))
    assert standin.run_due(succeed_with_successor) == 1
    assert [task.id for task in standin.pending()] == ["successor"]


def test_a_task_deleted_by_an_earlier_handler_is_not_sent(
    client: Client, standin: TasksStandIn, queue: str, new_task: NewTask
) -> None:
    def delete_the_other(_delivery: Delivery) -> int:
        client.delete_task(name=f"{queue}/tasks/second")
        return 200

    for name in ("first", "second"):
        client.create_task(parent=queue, task=new_task(name))
    assert standin.run_due(delete_the_other) == 1


def test_a_task_deleted_while_it_runs_is_not_tried_again(
    client: Client, standin: TasksStandIn, queue: str, new_task: NewTask
) -> None:
    def delete_myself(delivery: Delivery) -> int:
        client.delete_task(name=delivery.task)
        return 500

    client.create_task(parent=queue, task=new_task())
    standin.run_due(delete_myself)
    assert standin.pending() == []


def test_a_handler_that_dies_gives_no_answer_and_the_task_stays(
    client: Client, standin: TasksStandIn, clock: Any, queue: str, new_task: NewTask
) -> None:
    class Crash(BaseException):
        pass

    def crash(_delivery: Delivery) -> int:
        raise Crash

    client.create_task(parent=queue, task=new_task())
    with pytest.raises(Crash):
        standin.run_due(crash)
    (task,) = standin.pending()
    assert (task.dispatch_count, task.response_count, task.running) == (1, 0, False)
    clock.move(10)
    assert standin.run_due(Handler(200)) == 1


def test_a_paused_queue_sends_nothing_but_forced_tasks(
    client: Client, standin: TasksStandIn, queue: str, new_task: NewTask
) -> None:
    for name in ("first", "second"):
        client.create_task(parent=queue, task=new_task(name))
    assert client.pause_queue(name=queue).state == tasks_v2.Queue.State.PAUSED
    assert standin.run_due(Handler(200)) == 0
    client.run_task(name=f"{queue}/tasks/second")
    handler = Handler(200)
    assert standin.run_due(handler) == 1
    assert handler.header("TaskName") == ["second"]
    assert client.resume_queue(name=queue).state == tasks_v2.Queue.State.RUNNING
    assert standin.run_due(Handler(200)) == 1


def test_a_forced_task_does_not_wait_for_its_time(
    client: Client, standin: TasksStandIn, clock: Any, queue: str, new_task: NewTask
) -> None:
    client.create_task(parent=queue, task=new_task("t", schedule_time=clock() + timedelta(days=1)))
    client.run_task(name=f"{queue}/tasks/t")
    assert standin.run_due(Handler(200)) == 1


def test_a_purged_queue_holds_no_tasks(
    client: Client, standin: TasksStandIn, queue: str, new_task: NewTask
) -> None:
    client.create_task(parent=queue, task=new_task())
    client.purge_queue(name=queue)
    assert standin.pending() == []


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@pytest.mark.parametrize("audience", ["https://worker.example", ""])
def test_an_oidc_token_names_service_account_and_audience(
    client: Client, standin: TasksStandIn, clock: Any, queue: str, new_task: NewTask, audience: str
) -> None:
    task = new_task()
    task.http_request.oidc_token.service_account_email = "tasks@p.iam.gserviceaccount.com"
    task.http_request.oidc_token.audience = audience
    client.create_task(parent=queue, task=task)
    handler = Handler(200)
    standin.run_due(handler)
    scheme, _, token = handler.sent[0].headers["Authorization"].partition(" ")
    header, payload, signature = token.split(".")
    claims = json.loads(decoded(payload))
    now = int(clock().timestamp())
    assert scheme == "Bearer"
    assert claims["email"] == "tasks@p.iam.gserviceaccount.com"
    assert claims["aud"] == (audience or "https://worker.example/work")
    assert (claims["iat"], claims["exp"]) == (now, now + 3600)
    key = serialization.load_pem_public_key(standin.public_key)
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(decoded(signature), f"{header}.{payload}".encode(), padding.PKCS1v15(), hashes.SHA256())


def test_tokens_may_be_signed_by_somebody_else(clock: Any, queue: str, new_task: NewTask) -> None:
    standin = TasksStandIn(now=clock, sign=lambda account, audience: f"{account} for {audience}")
    standin.create_queue(queue)
    task = new_task()
    task.http_request.oidc_token.service_account_email = "a@b"
    in_process_client(standin).create_task(parent=queue, task=task)
    handler = Handler(200)
    standin.run_due(handler)
    assert handler.sent[0].headers["Authorization"] == "Bearer a@b for https://worker.example/work"
