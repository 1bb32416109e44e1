"""The two sides of a sync. Code that treats both alike is written once over a `Side`."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """Where a contact lives."""

    SUGAR = "sugar"
    GOOGLE = "google"

    @property
    def other(self) -> Side:
        """The opposite side."""
        return Side.GOOGLE if self is Side.SUGAR else Side.SUGAR
