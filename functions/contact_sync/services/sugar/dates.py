"""Sugar's times: ISO 8601 to the second, in the zone of the user who asks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def moment(text: Any) -> datetime:
    """The time in UTC. Raises ValueError for anything but an ISO time with its offset."""
    parsed = datetime.fromisoformat(str(text))
    if parsed.tzinfo is None:
        raise ValueError("a time without its offset")
    try:
        return parsed.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time before or after all others") from None


def text_of(time: datetime) -> str:
    """The time as Sugar's filters take it."""
    return time.astimezone(UTC).isoformat(timespec="seconds")
