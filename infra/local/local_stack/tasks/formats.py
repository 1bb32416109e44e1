"""Values of the REST interface: durations (`1.5s`), timestamps, enums that the client sends as numbers."""

from __future__ import annotations

import re
from datetime import UTC, datetime

METHODS = {1: "POST", 2: "GET", 3: "HEAD", 4: "PUT", 5: "DELETE", 6: "PATCH", 7: "OPTIONS"}


def seconds_of(duration: str) -> float:
    """Seconds of a JSON duration; ValueError for anything else."""
    if not duration.endswith("s"):
        raise ValueError(f"Invalid duration {duration!r}")
    return float(duration[:-1])


def duration_of(seconds: float) -> str:
    """A JSON duration."""
    return f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"


def unix_seconds(timestamp: str) -> float:
    """Unix seconds of a JSON timestamp, which may carry nanoseconds; ValueError for anything else."""
    microseconds = re.sub(r"(\.\d{6})\d+", r"\1", timestamp)
    return datetime.fromisoformat(microseconds.replace("Z", "+00:00")).timestamp()


def timestamp_of(unix: float) -> str:
    """A JSON timestamp."""
    return datetime.fromtimestamp(unix, UTC).isoformat().replace("+00:00", "Z")


def method_of(value: str | int) -> str:
    """The HTTP method, given by name or by the enum's number; POST if unspecified."""
    if isinstance(value, int):
        return METHODS.get(value, "POST")
    return value if value in METHODS.values() else "POST"
