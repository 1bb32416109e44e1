"""One task: what to send, when, and what came of it so far. All times are Unix seconds."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .errors import invalid
from .formats import METHODS, duration_of, method_of, seconds_of, timestamp_of, unix_seconds

MAX_TASK_BYTES = 100_000
MAX_DELAY_SECONDS = 30 * 86400
MIN_DEADLINE_SECONDS, MAX_DEADLINE_SECONDS, DEFAULT_DEADLINE_SECONDS = 15, 1800, 600
TASK_ID = re.compile(r"[A-Za-z0-9_-]{1,500}")
FULL_VIEW = ("2", "FULL")


@dataclass
class Task:
    """A task of a queue. `execution_count` counts answers below 500; `forced` (RunTask) overrides a pause."""

    name: str
    url: str
    method: str
    headers: dict[str, str]
    body: str
    schedule_time: float
    create_time: float
    deadline_seconds: float = DEFAULT_DEADLINE_SECONDS
    service_account: str = ""
    audience: str = ""
    retry_config: dict[str, Any] = field(default_factory=dict)
    dispatch_count: int = 0
    response_count: int = 0
    execution_count: int = 0
    previous_status: int = 0
    first_attempt: float | None = None
    forced: bool = False
    running: bool = False

    @property
    def id(self) -> str:
        """The last part of the name."""
        return self.name.rpartition("/")[2]

    @property
    def payload(self) -> bytes:
        """The body as it is sent."""
        return base64.b64decode(self.body)

    def resource(self, view: str = "") -> dict[str, Any]:
        """The task as the REST interface shows it; the body only in the full view."""
        request: dict[str, Any] = {"url": self.url, "httpMethod": self.method, "headers": self.headers}
        if self.service_account:
            request["oidcToken"] = {"serviceAccountEmail": self.service_account, "audience": self.audience}
        if view in FULL_VIEW and self.body:
            request["body"] = self.body
        shown: dict[str, Any] = {
            "name": self.name,
            "httpRequest": request,
            "scheduleTime": timestamp_of(self.schedule_time),
            "createTime": timestamp_of(self.create_time),
            "dispatchDeadline": duration_of(self.deadline_seconds),
            "dispatchCount": self.dispatch_count,
            "responseCount": self.response_count,
            "view": "FULL" if view in FULL_VIEW else "BASIC",
        }
        if self.first_attempt is not None:
            shown["firstAttempt"] = {"dispatchTime": timestamp_of(self.first_attempt)}
        if self.retry_config:
            shown["retryConfig"] = self.retry_config
        return shown

    def to_row(self) -> str:
        """The task as stored; a task that was running is not any more when it is read back."""
        return json.dumps(asdict(self) | {"running": False})

    @classmethod
    def from_row(cls, row: str) -> Task:
        """The stored task."""
        return cls(**json.loads(row))


def new_task(resource: dict[str, Any], queue: str, generated_id: str, now: float) -> Task:
    """A task from a create request; INVALID_ARGUMENT if Cloud Tasks would not take it."""
    name = resource.get("name") or f"{queue}/tasks/{generated_id}"
    prefix, _, task_id = name.rpartition("/")
    if prefix != f"{queue}/tasks" or not TASK_ID.fullmatch(task_id):
        raise invalid(f"Task name {name[:100]!r} is not a valid name in queue {queue}")
    if len(json.dumps(resource)) > MAX_TASK_BYTES:
        raise invalid("Task size too large")
    request = resource.get("httpRequest")
    if not request:
        raise invalid("A task needs an HTTP request; App Engine targets are not served")
    method = method_of(request.get("httpMethod", 0))
    if urlsplit(request.get("url", "")).scheme not in ("http", "https"):
        raise invalid("HttpRequest.url must start with http:// or https://")
    body = request.get("body", "")
    if body and method not in (METHODS[1], METHODS[4], METHODS[6]):
        raise invalid(f"A {method} request takes no body")
    token = request.get("oidcToken", {})
    try:
        base64.b64decode(body, validate=True)
        when = unix_seconds(resource["scheduleTime"]) if resource.get("scheduleTime") else now
        deadline = seconds_of(resource.get("dispatchDeadline", f"{DEFAULT_DEADLINE_SECONDS}s"))
    except (ValueError, binascii.Error) as error:
        raise invalid(str(error)) from error
    if when > now + MAX_DELAY_SECONDS:
        raise invalid("The schedule time is too far in the future: at most 30 days")
    if not MIN_DEADLINE_SECONDS <= deadline <= MAX_DEADLINE_SECONDS:
        raise invalid("The dispatch deadline must be between 15 seconds and 30 minutes")
    return Task(
        name=name,
        url=request["url"],
        method=method,
        headers=dict(request.get("headers", {})),
        body=body,
        schedule_time=max(when, now),
        create_time=now,
        deadline_seconds=deadline,
        service_account=token.get("serviceAccountEmail", ""),
        audience=token.get("audience", "") or (request["url"] if token else ""),
        retry_config=resource.get("retryConfig", {}),
    )
