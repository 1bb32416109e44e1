"""What the worker is asked to do: the payload of its tasks, checked."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Trigger = Literal[
    "schedule",
    "manual",
    "hook",
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


class BadRequest(ValueError):
    """The payload is not one of ours; the message names what is wrong."""


def parse(body: bytes) -> WorkerRequest:
    """The request in a task's body. Raises BadRequest."""
    try:
        return msgspec.json.decode(body, type=WorkerRequest)
    except msgspec.MsgspecError as error:
        raise BadRequest(str(error)) from None
