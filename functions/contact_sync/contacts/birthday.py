"""Birthdays as text: `YYYY-MM-DD`, or `--MM-DD` where the year is not known."""

from __future__ import annotations

import re
from datetime import date

_FORM = re.compile(r"(\d{4}|-)-(\d{2})-(\d{2})", re.ASCII)
_LEAP_YEAR = 2000


def parse(text: str) -> tuple[int, int, int] | None:
    """Year (0 where it is not known), month and day; None for text that is no date of the calendar."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    year = 0 if match[1] == "-" else int(match[1])
    month, day = int(match[2]), int(match[3])
    if match[1] == "0000":
        return None
    try:
        date(year or _LEAP_YEAR, month, day)
    except ValueError:
        return None
    return year, month, day


def text_of(year: int, month: int, day: int) -> str:
    """The text of a birthday; year 0 is an unknown year."""
    return f"{year:04}-{month:02}-{day:02}" if year else f"--{month:02}-{day:02}"
