"""Instants and days: stored as whole seconds of UTC, shown in the caller's time zone, read in ISO form."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

Bounds = tuple[int, int]


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """The time zone of that name; UTC needs no zone database."""
    return UTC if name == "UTC" else ZoneInfo(name)


@lru_cache(maxsize=50_000)
def iso(epoch: int, tz: tzinfo) -> str:
    """ISO 8601 with whole seconds and the offset of `tz`."""
    return datetime.fromtimestamp(epoch, tz).isoformat()


def instant(text: str, tz: tzinfo) -> int:
    """Seconds since the epoch; a text without an offset is read in `tz`. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    return int((moment if moment.tzinfo else moment.replace(tzinfo=tz)).timestamp())


def epoch(moment: datetime) -> int:
    """Whole seconds since the epoch; a moment without a zone is UTC."""
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def days(first: date, last: date, tz: tzinfo) -> Bounds:
    """First and last second of a stretch of days."""
    start = datetime.combine(first, time(), tz)
    end = datetime.combine(last + timedelta(days=1), time(), tz)
    return int(start.timestamp()), int(end.timestamp()) - 1


def bounds(text: str, tz: tzinfo) -> Bounds:
    """What a value stands for in a filter: one second, or a whole day if shorter than 11 characters."""
    if len(text.strip()) < 11:
        day = date.fromisoformat(text.strip())
        return days(day, day, tz)
    second = instant(text, tz)
    return second, second


def _month(day: date, shift: int) -> tuple[date, date]:
    number = day.year * 12 + day.month - 1 + shift
    year, month = divmod(number, 12)
    return date(year, month + 1, 1), date(year, month + 1, monthrange(year, month + 1)[1])


def _year(day: date, shift: int) -> tuple[date, date]:
    return date(day.year + shift, 1, 1), date(day.year + shift, 12, 31)


_RANGES: dict[str, Callable[[date], tuple[date, date]]] = {
    "today": lambda d: (d, d),
    "yesterday": lambda d: (d - timedelta(days=1), d - timedelta(days=1)),
    "tomorrow": lambda d: (d + timedelta(days=1), d + timedelta(days=1)),
    "last_7_days": lambda d: (d - timedelta(days=6), d),
    "next_7_days": lambda d: (d, d + timedelta(days=6)),
    "last_30_days": lambda d: (d - timedelta(days=29), d),
    "next_30_days": lambda d: (d, d + timedelta(days=29)),
    "this_month": lambda d: _month(d, 0),
    "last_month": lambda d: _month(d, -1),
    "next_month": lambda d: _month(d, 1),
    "this_year": lambda d: _year(d, 0),
    "last_year": lambda d: _year(d, -1),
    "next_year": lambda d: _year(d, 1),
}
_COUNTED: dict[str, Callable[[date, int], tuple[date, date]]] = {
    "$last_x_days": lambda d, n: (d - timedelta(days=n - 1), d),
    "$next_x_days": lambda d, n: (d, d + timedelta(days=n - 1)),
    "$more_x_days_ago": lambda d, n: (date(1902, 1, 1), d - timedelta(days=n + 1)),
    "$more_x_days_ahead": lambda d, n: (d + timedelta(days=n + 1), date(2200, 1, 1)),
}
COUNTED_OPERATORS = frozenset(_COUNTED)


def named_range(name: str, today: date) -> tuple[date, date]:
    """First and last day of a `$dateRange` value such as `last_7_days`. Raises KeyError."""
    return _RANGES[name](today)


def counted_range(operator: str, count: int, today: date) -> tuple[date, date]:
    """First and last day of an operator such as `$last_x_days`."""
    return _COUNTED[operator](today, count)
