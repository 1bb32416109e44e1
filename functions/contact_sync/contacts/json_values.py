"""Values as the two servers' JSON holds them. What is of another type than it should be is unknown, never an error."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def as_map(value: Any) -> Mapping[str, Any]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def as_maps(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; none of anything else."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def as_text(value: Any) -> str | None:
    """Text as it is, "" for null; None for anything else."""
    if value is None:
        return ""
    return value if isinstance(value, str) else None


def as_time(value: Any) -> datetime | None:
    """A moment in UTC; None for what tells none. One without a zone is in UTC already."""
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
