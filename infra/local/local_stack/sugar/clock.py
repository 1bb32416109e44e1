"""The simulator's clock: the caller's clock plus an offset that can be moved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def utc_now() -> datetime:
    """The present, with its zone."""
    return datetime.now(UTC)


class Clock:
    """`now() + offset`; `offset` is a timedelta that tests and the demo move to let time pass."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.offset = timedelta()

    def now(self) -> datetime:
        """The simulated present in UTC."""
        moment = self._now()
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC) + self.offset

    def seconds(self) -> float:
        """The simulated present as seconds since the epoch."""
        return self.now().timestamp()
