"""What became of one write to one contact. Batches answer one Outcome per element, whatever happened to the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """The result of one write, named by what the caller does next."""

    DONE = "done"
    """It took effect (or had already); `record` is what the side holds now, None after a delete."""
    CONFLICT = "conflict"
    """The record changed since it was read: nothing was written, decide again on a fresh read."""
    GONE = "gone"
    """The record to update is not there (any more)."""
    REFUSED = "refused"
    """Refused for good: `reason` in the server's words, `field` if it named one."""
    FULL = "full"
    """The side takes no more contacts (Google's cap): creates pause, the rest goes on."""
    TRANSIENT = "transient"
    """It did not happen and may be tried again later."""
    UNKNOWN = "unknown"
    """It may or may not have happened: nothing more is sent for it in this run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One element's result. `key` is the caller's key of the element (a Sugar id, or a Google id)."""

    key: str
    status: Status
    record: Mapping[str, Any] | None = None
    reason: str = ""
    field: str | None = None
    retry_after: float | None = None
    denied: bool = False
    """It was refused because of the user's rights."""
