"""The REST interface of Cloud Tasks v2 as a WSGI application."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from .errors import TasksError, invalid, not_found
from .queues import Queues

MAX_BATCH = 100
PATH = re.compile(
    r"/v2/(?P<parent>projects/[^/]+/locations/[^/]+)/queues"
    r"(?:/(?P<queue>[^/:]+)(?P<tasks>/tasks(?:/(?P<task>[^/:]+))?)?)?(?::(?P<verb>\w+))?"
)
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 409: "Conflict"}
BATCH_RESPONSE = "type.googleapis.com/google.cloud.tasks.v2.BatchCreateTasksResponse"


class TasksApi:
    """create, get, list, delete of queues and tasks; pause, resume, purge; batchCreate, run."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request."""
        try:
            code, answer = 200, self._answer(environ)
        except TasksError as error:
            code = error.code
            answer = {"error": {"code": code, "message": error.message, "status": error.status}}
        data = json.dumps(answer).encode()
        headers = [("Content-Type", "application/json; charset=UTF-8"), ("Content-Length", str(len(data)))]
        start_response(f"{code} {REASONS[code]}", headers)
        return [data]

    def _answer(self, environ: dict[str, Any]) -> dict[str, Any]:
        path = environ["PATH_INFO"]
        match = PATH.fullmatch(path)
        if match is None:
            raise not_found(f"No such resource: {path}")
        query = parse_qs(environ.get("QUERY_STRING", ""))
        method, verb = environ["REQUEST_METHOD"], match["verb"] or ""
        body = self._body(environ) if method == "POST" else {}
        queue = f"{match['parent']}/queues/{match['queue']}"
        if match["task"]:
            return self._on_task(method, verb, queue, f"{queue}/tasks/{match['task']}", query, body)
        if match["tasks"]:
            return self._on_tasks(method, verb, queue, query, body)
        if match["queue"]:
            return self._on_queue(method, verb, queue)
        return self._on_queues(method, match["parent"], body)

    def _on_queues(self, method: str, parent: str, body: dict[str, Any]) -> dict[str, Any]:
        if method == "POST":
            return self._queues.create_queue(body).shown()
        return {
            "queues": [queue.shown() for queue in self._queues.all() if queue.name.startswith(parent + "/")]
        }

    def _on_queue(self, method: str, verb: str, name: str) -> dict[str, Any]:
        if method == "GET":
            return self._queues.queue(name).shown()
        if method == "DELETE":
            self._queues.delete_queue(name)
            return {}
        if verb in ("pause", "resume"):
            return self._queues.pause(name, verb == "pause").shown()
        if verb == "purge":
            return self._queues.purge(name).shown()
        raise not_found(f"Queues know no {method} {verb}")

    def _on_tasks(
        self, method: str, verb: str, queue: str, query: dict[str, list[str]], body: dict[str, Any]
    ) -> dict[str, Any]:
        if method == "GET":
            tasks = list(self._queues.queue(queue).tasks.values())
            return {"tasks": [task.resource(query.get("responseView", [""])[0]) for task in tasks]}
        if verb == "batchCreate":
            return self._batch_create(queue, body)
        if verb:
            raise not_found(f"Tasks know no {verb}")
        return self._create(queue, body)

    def _on_task(
        self, method: str, verb: str, queue: str, name: str, query: dict[str, list[str]], body: dict[str, Any]
    ) -> dict[str, Any]:
        if method == "DELETE":
            self._queues.delete_task(queue, name)
            return {}
        if verb == "run":
            return self._queues.force(queue, name).resource(str(body.get("responseView", "")))
        if method == "GET":
            return self._queues.task(queue, name).resource(query.get("responseView", [""])[0])
        raise not_found(f"A task knows no {method} {verb}")

    def _create(self, queue: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._queues.create_task(queue, body.get("task", {})).resource(
            str(body.get("responseView", ""))
        )

    def _batch_create(self, queue: str, body: dict[str, Any]) -> dict[str, Any]:
        requests = body.get("requests", [])
        if not 1 <= len(requests) <= MAX_BATCH:
            raise invalid(f"A batch creates 1 to {MAX_BATCH} tasks")
        tasks = [self._create(queue, request) for request in requests]
        parent = queue.rpartition("/queues/")[0]
        return {
            "name": f"{parent}/operations/batch-create",
            "done": True,
            "response": {"@type": BATCH_RESPONSE, "tasks": tasks},
        }

    @staticmethod
    def _body(environ: dict[str, Any]) -> dict[str, Any]:
        data = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            body = json.loads(data or b"{}")
        except ValueError as error:
            raise invalid("The request body is not JSON") from error
        if not isinstance(body, dict):
            raise invalid("The request body is not a JSON object")
        return body
