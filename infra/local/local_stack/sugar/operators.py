"""The filter operators: a field's type, an operator and its argument give a test of one stored value.

NULL behaves as in SQL: no comparison holds for it, except `$not_in` and `$not_contains`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from math import inf
from typing import Any

from . import dates
from .addresses import truth
from .errors import SugarError, invalid_parameter
from .fields import TEXT_TYPES, Field

Test = Callable[[Any], bool]

OPERATORS = frozenset(
    [
        "$equals",
        "$not_equals",
        "$starts",
        "$ends",
        "$contains",
        "$not_contains",
        "$in",
        "$not_in",
        "$between",
        "$dateBetween",
        "$is_null",
        "$not_null",
        "$empty",
        "$not_empty",
        "$lt",
        "$lte",
        "$gt",
        "$gte",
        "$dateRange",
    ]
) | frozenset(dates.COUNTED_OPERATORS)
_LISTS = frozenset({"$in", "$not_in"})
_PAIRS = frozenset({"$between", "$dateBetween"})
_PATTERNS = {"$starts": "{}%", "$ends": "%{}", "$contains": "%{}%", "$not_contains": "%{}%"}


@dataclass(frozen=True)
class Comparison:
    """A test, with the stretch of instants outside of which it never holds (for an index on that field)."""

    test: Test
    earliest: float = -inf
    latest: float = inf


def compare(field: Field, operator: str, argument: Any, tz: tzinfo, now: datetime) -> Comparison:
    """Build the test. Raises 422 for an unknown operator or an argument of the wrong shape."""
    if operator not in OPERATORS:
        raise invalid_parameter(f"Did not recognize the operand: {operator}")
    if operator in _LISTS and not isinstance(argument, list):
        raise invalid_parameter(f"{operator} requires an array")
    if operator in _PAIRS and not (isinstance(argument, list) and len(argument) == 2):
        raise invalid_parameter(f"{operator} requires an array with two values.")
    if operator in ("$is_null", "$not_null"):
        return Comparison((lambda v: v is None) if operator == "$is_null" else (lambda v: v is not None))
    if operator in ("$empty", "$not_empty"):
        wanted = operator == "$empty"
        return Comparison(lambda v: (v is None or v == "") is wanted)
    if field.type in ("datetime", "date"):
        return _dated(field, operator, argument, tz, now)
    if operator in _PATTERNS and field.type != "bool":
        return Comparison(_like(operator, _text(argument)))
    if field.type == "bool":
        return Comparison(_ordered(operator, argument, truth, bool))
    if field.type in TEXT_TYPES or field.type in ("relate", "email"):
        return Comparison(_ordered(operator, argument, _text, str.upper))
    return Comparison(_ordered(operator, argument, float, float))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    return "" if value is None else str(value).upper()


def _like(operator: str, text: str) -> Test:
    # Sugar does not escape % and _, so they act as wildcards.
    pattern = re.compile(
        "".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in _PATTERNS[operator].format(text)), re.S
    )
    if operator == "$not_contains":
        return lambda v: v is None or not pattern.fullmatch(v.upper())
    return lambda v: v is not None and pattern.fullmatch(v.upper()) is not None


def _ordered(operator: str, argument: Any, read: Callable[[Any], Any], shape: Callable[[Any], Any]) -> Test:
    """Tests of values with an order; `read` takes the argument and `shape` the stored value to that order."""
    if operator in _LISTS:
        wanted = {read(item) for item in argument if item is not None}
        if operator == "$in":
            return lambda v: v is not None and shape(v) in wanted
        return lambda v: v is None or shape(v) not in wanted
    if operator in _PAIRS:
        low, high = read(argument[0]), read(argument[1])
        return lambda v: v is not None and low <= shape(v) <= high
    try:
        limit = read(argument)
    except (TypeError, ValueError):
        raise invalid_parameter(f"Invalid value for {operator}") from None
    tests: dict[str, Test] = {
        "$equals": lambda v: v is not None and shape(v) == limit,
        "$not_equals": lambda v: v is not None and shape(v) != limit,
        "$lt": lambda v: v is not None and shape(v) < limit,
        "$lte": lambda v: v is not None and shape(v) <= limit,
        "$gt": lambda v: v is not None and shape(v) > limit,
        "$gte": lambda v: v is not None and shape(v) >= limit,
    }
    if operator not in tests:
        raise invalid_parameter(f"Did not recognize the operand: {operator}")
    return tests[operator]


def _dated(field: Field, operator: str, argument: Any, tz: tzinfo, now: datetime) -> Comparison:
    read: Callable[[Any], dates.Bounds]
    stored: Callable[[Any], int]
    if field.type == "date":
        # A day stands for its stretch of seconds in UTC, whatever the caller's zone.
        utc = dates.zone("UTC")
        read = lambda text: dates.bounds(str(text)[:10], utc)  # noqa: E731
        stored = lambda text: dates.bounds(text, utc)[0]  # noqa: E731
        window_zone = utc
    else:
        read = lambda text: dates.bounds(str(text), tz)  # noqa: E731
        stored = int
        window_zone = tz
    try:
        return _windows(operator, argument, read, stored, window_zone, now.astimezone(tz))
    except (ValueError, KeyError, TypeError, OverflowError):
        raise _bad_date(field.name, argument) from None


def _bad_date(name: str, argument: Any) -> SugarError:
    return invalid_parameter(f"Did not recognize {name} as a date/time, it looked like {argument}")


def _windows(
    operator: str,
    argument: Any,
    read: Callable[[Any], dates.Bounds],
    stored: Callable[[Any], int],
    tz: tzinfo,
    now: datetime,
) -> Comparison:
    if operator in _LISTS:
        stretches = [read(item) for item in argument]
        inside: Test = lambda v: any(low <= stored(v) <= high for low, high in stretches)  # noqa: E731
        if operator == "$not_in":
            return Comparison(lambda v: not v or not inside(v))
        return Comparison(lambda v: bool(v) and inside(v))
    if operator == "$not_equals":
        low, high = read(argument)
        return Comparison(lambda v: bool(v) and not low <= stored(v) <= high)
    earliest, latest = _stretch(operator, argument, read, tz, now)
    return Comparison(lambda v: bool(v) and earliest <= stored(v) <= latest, earliest, latest)


def _stretch(
    operator: str, argument: Any, read: Callable[[Any], dates.Bounds], tz: tzinfo, now: datetime
) -> tuple[float, float]:
    if operator == "$equals":
        return read(argument)
    if operator in _PAIRS:
        return read(argument[0])[0], read(argument[1])[1]
    if operator == "$dateRange":
        return dates.days(*dates.named_range(str(argument), now.date()), tz)
    if operator in dates.COUNTED_OPERATORS:
        return dates.days(*dates.counted_range(operator, int(argument), now.date()), tz)
    if operator in _PATTERNS:
        raise ValueError(operator)
    low, high = read(argument)
    return {"$gt": (high + 1, inf), "$gte": (low, inf), "$lt": (-inf, low - 1), "$lte": (-inf, high)}[
        operator
    ]
