"""Structured logs for Cloud Logging: one JSON object per line.

Contact data and tokens stay out by construction. Only the fields below are ever written; other programs'
messages appear without their arguments, and an exception as its type and the lines it passed, because the
texts of foreign exceptions may quote what they failed on. Our own expected errors are worded without such
data.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

from .errors import SyncError

OURS = "contact_sync"
FIELDS = (
    *("function", "trigger", "phase", "action", "side", "status", "code", "attempt"),
    *("count", "counts", "done", "total", "waiting", "milliseconds", "retry_after", "queue", "who"),
)
"""What a log call may add by `extra`: words and numbers about the work, never about a contact."""

_HOOK_TOKEN = re.compile(r"(/hooks/sugar/)[^\s?]+")
"""Flask writes the address of a request that failed into its message, where no argument is left to be left out."""
_TRACE_HEADER = re.compile(r"([0-9a-fA-F]{32})(?:/|$)")
_NO_CONTEXT: dict[str, str] = {}
_CONTEXT: ContextVar[dict[str, str]] = ContextVar("log_context", default=_NO_CONTEXT)


@contextmanager
def context(*, trace: str | None = None, run: str | None = None, user: str | None = None) -> Iterator[None]:
    """Add these to every line written inside; `trace` is the X-Cloud-Trace-Context header."""
    found = _TRACE_HEADER.match(trace) if trace else None
    added = {"trace": found[1].lower() if found else None, "run": run, "user": user}
    token = _CONTEXT.set(_CONTEXT.get() | {name: value for name, value in added.items() if value})
    try:
        yield
    finally:
        _CONTEXT.reset(token)


def bind(*, run: str) -> None:
    """Add the run, which is chosen late, to every line written until the context around ends. Without one it would
    never end, and is not begun."""
    around = _CONTEXT.get()
    if around is not _NO_CONTEXT:
        _CONTEXT.set(around | {"run": run})


class JsonLines(logging.Formatter):
    """A record as one line that Cloud Logging understands. `project` makes traces clickable."""

    def __init__(self, project: str) -> None:
        super().__init__()
        self._project = project

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        ours = record.name == OURS or record.name.startswith(f"{OURS}.")
        message = record.getMessage() if ours else str(record.msg)[:500]
        entry: dict[str, Any] = {
            "severity": record.levelname,
            "message": _HOOK_TOKEN.sub(r"\1...", message),
            "logger": record.name,
        }
        bound = _CONTEXT.get()
        if "trace" in bound:
            entry["logging.googleapis.com/trace"] = f"projects/{self._project}/traces/{bound['trace']}"
        entry |= {name: bound[name] for name in ("run", "user") if name in bound}
        if ours:
            entry |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info and record.exc_info[1]:
            entry["error"] = _named(record.exc_info[1])
            entry["stack_trace"] = _stack(record.exc_info[1])
        return json.dumps(entry, ensure_ascii=False, default=str)


def set_up(project: str, stream: TextIO | None = None) -> None:
    """Send all logs to `stream` (default: standard output): ours from INFO, others' from WARNING."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonLines(project))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(logging.INFO)


def _named(error: BaseException) -> str:
    return f"{error.code}: {error.message}" if isinstance(error, SyncError) else type(error).__qualname__


def _stack(error: BaseException) -> str:
    """The chain of exceptions in the form of a traceback, without the exceptions' texts."""
    parts: list[str] = []
    current: BaseException | None = error
    while current is not None and len(parts) < 5:
        frames = "".join(traceback.format_tb(current.__traceback__))
        parts.append(f"Traceback (most recent call last):\n{frames}{_named(current)}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n".join(reversed(parts))
