"""A write to Firestore as a value, so that the rest of the program can collect writes and commit them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """How the document is written."""

    SET = "set"
    """Replace the document."""
    CREATE = "create"
    """Write it only where there is none."""
    UPDATE = "update"
    """Change the named fields (dots separate map keys); the document must exist."""
    DELETE = "delete"


class Remove:
    """Marks a field that an update removes."""


REMOVE = Remove()


class Conflict(Exception):
    """A commit's precondition did not hold; nothing of it was written."""


class Unstorable(Exception):
    """A commit that Firestore never takes, such as a document above 1 MiB; nothing of it was written."""


@dataclass(frozen=True, slots=True)
class Write:
    """One document write. `path` is relative to the database ("users/u1/mappings/m1")."""

    path: str
    kind: Kind
    data: Mapping[str, Any] | None = None
    if_updated_at: datetime | None = None
    """Only if the document's update time is still this one (a value handed out by the store, compared exactly)."""
