"""What the worker is asked to do: the payload of its tasks, checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec

Trigger = Literal[
    "schedule",
    "manual",
    "hook",
    "flag",
    "continue",
    "preview",
    "apply",
    "reconcile",
    "disconnect",
    "clean",
    "inventory",
]


class WorkerRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One task. `run` is the id of the run; for `preview` it is that of the preview, for `apply` it names it."""

    user: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    trigger: Trigger
    run: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] | None = None
    attempt: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    asked: float | None = None
    """When the sync was asked for that this task goes on with, in seconds since 1970."""
    spare: bool = False
    """The task is there in case nobody else does its work: a sync that began after `asked` and came to its end did."""

    @property
    def asked_at(self) -> datetime | None:
        """`asked` as a time."""
        return datetime.fromtimestamp(self.asked, UTC) if self.asked is not None else None


Payload = Mapping[str, Any]


def payload_of(
    user: str, trigger: str, run: str | None = None, asked: datetime | None = None, *, spare: bool = False
) -> dict[str, Any]:
    """The payload of a task. When a run was asked for that has a document, stands there."""
    payload: dict[str, Any] = {"user": user, "trigger": trigger}
    if run is not None:
        return payload | {"run": run}
    if asked is not None:
        payload["asked"] = asked.timestamp()
    return payload | ({"spare": True} if spare else {})


class BadRequest(ValueError):
    """The payload is not one of ours; the message names what is wrong."""


def parse(body: bytes) -> WorkerRequest:
    """The request in a task's body. Raises BadRequest."""
    try:
        return msgspec.json.decode(body, type=WorkerRequest)
    except msgspec.MsgspecError as error:
        raise BadRequest(str(error)) from None
