"""The Cloud Tasks stand-in: queues, the REST interface, and two ways to have tasks sent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from google.auth.credentials import AnonymousCredentials
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports.rest import CloudTasksRestTransport
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from ..wsgi_transport import WSGITransport
from .delivery import Answer, Deliver, SignToken, deliver_over_http, delivery_of
from .dispatcher import Dispatcher
from .oidc import TokenSigner
from .queue import Queue
from .queues import Queues
from .rest import TasksApi
from .task import Task

DEDUPE_SECONDS = 86400.0
POLL_SECONDS = 0.05


class TasksStandIn:
    """Cloud Tasks on one machine, for the real google-cloud-tasks client over its REST transport.

    `now` gives the server's time. Without `serve` nothing is sent by itself: the owner of the clock calls
    `run_due`. With `serve` a thread sends what is due over HTTP. Queues are made through the client or
    `create_queue`. `dedupe_seconds` is how long the name of a task stays taken once the task is gone: Google
    says up to 24 hours.
    """

    def __init__(
        self,
        now: Callable[[], datetime] | None = None,
        path: Path | None = None,
        dedupe_seconds: float = DEDUPE_SECONDS,
        sign: SignToken | None = None,
    ) -> None:
        clock = now or (lambda: datetime.now(UTC))
        self._queues = Queues(lambda: clock().timestamp(), dedupe_seconds, path)
        self._signer = TokenSigner(self._queues.now)
        self._sign = sign or self._signer
        self.app = TasksApi(self._queues)
        self._server: BaseWSGIServer | None = None
        self._dispatcher: Dispatcher | None = None

    @property
    def public_key(self) -> bytes:
        """The PEM of the key that verifies the OIDC tokens, unless `sign` makes them."""
        return self._signer.public_key

    def create_queue(
        self, name: str, retry: dict[str, object] | None = None, rate: dict[str, object] | None = None
    ) -> None:
        """A queue, unless it is there. `retry`, `rate`: the REST API's `retryConfig` and `rateLimits`."""
        if name not in {queue.name for queue in self._queues.all()}:
            self._queues.create_queue({"name": name, "retryConfig": retry or {}, "rateLimits": rate or {}})

    def pending(self) -> list[Task]:
        """All tasks that are not over, by queue, in the order of creation."""
        return [task for queue in self._queues.all() for task in queue.tasks.values()]

    def next_due(self) -> datetime | None:
        """When the next task is to be sent; None if none waits."""
        times = [time for queue in self._queues.all() if (time := queue.next_due()) is not None]
        return datetime.fromtimestamp(min(times), UTC) if times else None

    def run_due(self, deliver: Deliver) -> int:
        """Send the tasks that are due now, one by one, and settle them by the answers; gives their number.

        Tasks created meanwhile wait for the next call. Rate and concurrency limits do not apply. What
        `deliver` raises counts as no answer and passes on to the caller: the task will be tried again.
        """
        due = [(queue, task) for queue in self._queues.all() for task in queue.due(self._queues.now())]
        due.sort(key=lambda pair: pair[1].schedule_time)
        sent = 0
        for queue, task in due:
            if task.name in queue.tasks:
                self._queues.start(queue, task)
                self._send(queue, task, deliver)
                sent += 1
        return sent

    def serve(self, port: int = 0) -> int:
        """Listen on 127.0.0.1 and send tasks as they fall due; gives the port (0: any free one)."""
        server = make_server("127.0.0.1", port, self.app, threaded=True, request_handler=_QuietHandler)
        threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
        self._server = server
        self._dispatcher = Dispatcher(
            self._queues, lambda queue, task: self._send(queue, task, deliver_over_http)
        )
        self._dispatcher.start()
        return server.port

    def stop(self) -> None:
        """End the server and the sending, and release the file."""
        if self._dispatcher:
            self._dispatcher.stop()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
        self._dispatcher = self._server = None
        self._queues.close()

    def _send(self, queue: Queue, task: Task, deliver: Deliver) -> None:
        answer = Answer(0)
        try:
            given = deliver(delivery_of(task, self._sign))
            answer = given if isinstance(given, Answer) else Answer(given)
        finally:
            self._queues.settle(queue, task, answer)


class _QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: object) -> None:
        """No line per request."""


def rest_client(port: int) -> tasks_v2.CloudTasksClient:
    """The real client library on a stand-in that listens on this port of this machine."""
    return tasks_v2.CloudTasksClient(transport=_transport(f"http://127.0.0.1:{port}"))


def in_process_client(standin: TasksStandIn) -> tasks_v2.CloudTasksClient:
    """The real client library on a stand-in in the same process: no socket, no threads."""
    transport = _transport("http://cloud-tasks.local")
    transport._session.mount("http://", WSGITransport(standin.app))
    return tasks_v2.CloudTasksClient(transport=transport)


def _transport(host: str) -> CloudTasksRestTransport:
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return CloudTasksRestTransport(host=host, credentials=credentials)
