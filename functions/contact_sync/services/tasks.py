"""Cloud Tasks: work that runs later, once, as an HTTP call.

The real client library in every case: over gRPC in the cloud, over REST against a local stand-in. A task with
a name exists once, however often it is enqueued (Google remembers a name for up to a day), which is why only
named tasks are sent again when Cloud Tasks did not answer.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import requests

from ..errors import OperatorMustAct, SyncError, TransientForAll

if TYPE_CHECKING:
    from google.cloud.tasks_v2 import CloudTasksClient

TIMEOUT = 10.0
"""Seconds for one attempt to create a task."""
DISPATCH_DEADLINE = timedelta(seconds=600)
"""How long a worker may take before Cloud Tasks gives the attempt up."""

_WAITS = (0.5, 2.0)
_THREADS = 8


@dataclass(frozen=True, slots=True)
class Task:
    """One POST of `payload` as JSON to `url`, now or at a time, with an OIDC token of `service_account`.

    `queue` is the full name of the queue. `audience` is the address of the function without a path: Cloud Run
    checks it. Without a `service_account` (a local stand-in) no token is asked for.
    """

    queue: str
    url: str
    payload: Mapping[str, Any]
    name: str | None = None
    at: datetime | None = None
    audience: str = ""
    service_account: str = ""


class TaskQueue:
    """Creates tasks. The client is made on first use, at the cost of an import, and shared by all threads."""

    def __init__(
        self,
        emulator_host: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        client: Callable[[], CloudTasksClient] | None = None,
    ) -> None:
        self._make = client or (lambda: _client(emulator_host))
        self._sleep = sleep
        self._client: CloudTasksClient | None = None
        self._lock = threading.Lock()

    def enqueue(
        self,
        queue: str,
        url: str,
        payload: Mapping[str, Any],
        name: str | None = None,
        at: datetime | None = None,
        audience: str = "",
        service_account: str = "",
    ) -> bool:
        """Create one task. False: there is, or lately was, a task of that name.

        Raises TransientForAll where Cloud Tasks does not answer, OperatorMustAct where it refuses.
        """
        return self._create(Task(queue, url, payload, name, at, audience, service_account))

    def enqueue_many(self, tasks: Sequence[Task]) -> list[bool]:
        """Create tasks side by side; one answer each, as from `enqueue`.

        All are tried before the first error, if there was one, is raised.
        """
        if not tasks:
            return []
        with ThreadPoolExecutor(min(_THREADS, len(tasks))) as threads:
            answers = list(threads.map(self._tried, tasks))
        created = []
        for answer in answers:
            if isinstance(answer, SyncError):
                raise answer
            created.append(answer)
        return created

    def _tried(self, task: Task) -> bool | SyncError:
        try:
            return self._create(task)
        except SyncError as error:
            return error

    def _create(self, task: Task) -> bool:
        from google.api_core import exceptions

        unavailable = (
            *(exceptions.Aborted, exceptions.TooManyRequests, exceptions.ServerError, exceptions.RetryError),
            requests.RequestException,
        )
        body = _request(task)
        for wait in (*_WAITS, None) if task.name else (None,):
            try:
                self._shared_client().create_task(request=body, timeout=TIMEOUT, retry=None)
                return True
            except unavailable:
                if wait is None:
                    raise TransientForAll("tasks_unavailable", "Cloud Tasks did not take the task") from None
                self._sleep(wait)
            except exceptions.Conflict:
                # AlreadyExists over gRPC; REST knows only the wider one.
                return False
            except exceptions.ClientError as error:
                raise OperatorMustAct(
                    "tasks_refused", f"Cloud Tasks refused the task ({error.code})"
                ) from None
        raise AssertionError("unreachable")

    def _shared_client(self) -> CloudTasksClient:
        with self._lock:
            if self._client is None:
                self._client = self._make()
            return self._client


def _request(task: Task) -> dict[str, Any]:
    http_request: dict[str, Any] = {
        "url": task.url,
        "http_method": "POST",
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(task.payload).encode(),
    }
    if task.service_account:
        http_request["oidc_token"] = {
            "service_account_email": task.service_account,
            "audience": task.audience or task.url,
        }
    body: dict[str, Any] = {"http_request": http_request, "dispatch_deadline": DISPATCH_DEADLINE}
    if task.name:
        body["name"] = f"{task.queue}/tasks/{task.name}"
    if task.at:
        body["schedule_time"] = task.at
    return {"parent": task.queue, "task": body}


def _client(emulator_host: str | None) -> CloudTasksClient:
    from google.cloud.tasks_v2 import CloudTasksClient

    if not emulator_host:
        return CloudTasksClient()
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksRestTransport

    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
    transport = CloudTasksRestTransport(host=f"http://{emulator_host}", credentials=nobody)
    return CloudTasksClient(transport=transport)
