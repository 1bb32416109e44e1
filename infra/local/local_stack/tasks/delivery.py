"""The HTTP request that Cloud Tasks makes of a task, and the answer to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import requests

from .task import Task


@dataclass(frozen=True)
class Delivery:
    """One attempt: the request to the handler."""

    task: str
    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    deadline_seconds: float


@dataclass(frozen=True)
class Answer:
    """What the handler answered, 0 for no answer. `retry_after` (seconds) counts with 429 and 503."""

    status: int
    retry_after: float = 0.0


Deliver: TypeAlias = Callable[[Delivery], "int | Answer"]
SignToken: TypeAlias = Callable[[str, str], str]


def delivery_of(task: Task, sign: SignToken) -> Delivery:
    """The next attempt of a task. `sign` makes the OIDC token from service account and audience."""
    queue_id = task.name.split("/")[5]
    headers = {name: value for name, value in task.headers.items() if name.lower() != "user-agent"}
    headers |= {
        "User-Agent": "Google-Cloud-Tasks",
        "X-CloudTasks-QueueName": queue_id,
        "X-CloudTasks-TaskName": task.id,
        "X-CloudTasks-TaskRetryCount": str(task.dispatch_count - 1),
        "X-CloudTasks-TaskExecutionCount": str(task.execution_count),
        "X-CloudTasks-TaskETA": f"{task.schedule_time:.6f}",
    }
    if task.previous_status:
        headers["X-CloudTasks-TaskPreviousResponse"] = str(task.previous_status)
    if task.service_account:
        headers["Authorization"] = f"Bearer {sign(task.service_account, task.audience)}"
    return Delivery(task.name, task.method, task.url, headers, task.payload, task.deadline_seconds)


def deliver_over_http(delivery: Delivery) -> Answer:
    """Send the request; no answer within the deadline is answer 0."""
    try:
        response = requests.request(
            delivery.method,
            delivery.url,
            headers=delivery.headers,
            data=delivery.body,
            timeout=delivery.deadline_seconds,
        )
    except requests.RequestException:
        return Answer(0)
    retry_after = response.headers.get("Retry-After", "")
    return Answer(response.status_code, float(retry_after) if retry_after.isdecimal() else 0.0)
