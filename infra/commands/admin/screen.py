"""What the commands print: tables and facts, or JSON; on a terminal a bar while they work."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TextIO

_BAR = 24
_PAUSE = 0.1
"""Seconds between two pictures of a bar."""


class Screen:
    """Results go to one stream, bars and warnings to the other."""

    def __init__(
        self, out: TextIO | None = None, err: TextIO | None = None, *, as_json: bool = False
    ) -> None:
        self.out = out or sys.stdout
        self.err = err or sys.stderr
        self.as_json = as_json
        self._terminal = self.err.isatty() and os.environ.get("TERM") != "dumb"
        self._next = 0.0

    def line(self, text: str) -> None:
        """A line for people; nothing where JSON was asked for."""
        if not self.as_json:
            print(text.rstrip(), file=self.out)

    def warn(self, text: str) -> None:
        """A line that people should see in either case."""
        print(text, file=self.err)

    def json(self, value: Any) -> None:
        """The result as JSON; nothing where it was not asked for."""
        if self.as_json:
            print(json.dumps(value, indent=2, ensure_ascii=False, default=plain), file=self.out)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """A table for people, columns as wide as what they hold."""
        cells = [[text(value) for value in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
        for row in (columns, *cells):
            self.line("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)))

    def facts(self, facts: Mapping[str, Any]) -> None:
        """One fact a line, for people."""
        width = max(map(len, facts))
        for name, value in facts.items():
            self.line(f"{name:<{width}}  {text(value)}")

    @contextmanager
    def progress(self, label: str, total: int = 0) -> Iterator[Callable[[int], None]]:
        """A bar that the answered function moves to so many done; nothing where nobody watches."""

        def show(done: int) -> None:
            if self._terminal and time.monotonic() >= self._next:
                self._next = time.monotonic() + _PAUSE
                self._draw(label, done, total)

        try:
            yield show
        finally:
            if self._terminal:
                print("\r\x1b[2K", end="", file=self.err, flush=True)

    def _draw(self, label: str, done: int, total: int) -> None:
        filled = min(_BAR, _BAR * done // total) if total else 0
        bar = f"{'█' * filled}{'░' * (_BAR - filled)}  {done:,} of {total:,}" if total else f"{done:,}"
        print(f"\r\x1b[2K{label}  {bar}", end="", file=self.err, flush=True)


def plain(value: Any) -> str:
    """A value that JSON has no form for: a time, or what somebody put into a document by hand."""
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)


def text(value: Any) -> str:
    """A value as a table shows it; times in UTC."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}Z"
    return f"{value:,}" if isinstance(value, int) else str(value)
