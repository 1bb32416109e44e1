"""What the demo prints while it works: aligned lines, one of which is rewritten on a terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_LABEL = 16
_BAR = 24
_PLAIN_PAUSE = 5.0
"""Seconds between lines of progress where none can be rewritten."""


class Screen:
    """Prints to a stream; colours and rewriting only on a terminal, colours not where NO_COLOR is set."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self.terminal = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._colours = self.terminal and not os.environ.get("NO_COLOR")
        self._rewritable = False
        self._next_line = time.monotonic() + _PLAIN_PAUSE

    def line(self, text: str = "") -> None:
        """Print a line."""
        self._erase()
        print(text.rstrip(), file=self._stream, flush=True)

    def fact(self, label: str, text: str) -> None:
        """Print a line with its label in a column of its own."""
        self.line(f"  {self.dim(f'{label:<{_LABEL}}')} {text}")

    def progress(self, label: str, done: int, total: int) -> None:
        """Show how far something is; on a terminal on one line, elsewhere a line now and then."""
        counted = f"{done} of {total}" if total else "..."
        if self.terminal:
            filled = min(_BAR, _BAR * done // total) if total else 0
            bar = "█" * filled + "░" * (_BAR - filled)
            self._rewrite(f"  {self.dim(f'{label:<{_LABEL}}')} {bar}  {counted}")
        elif total and time.monotonic() > self._next_line:
            self._next_line = time.monotonic() + _PLAIN_PAUSE
            self.fact(label, counted)

    @contextmanager
    def step(self, label: str, doing: str) -> Iterator[list[str]]:
        """Show what is being done, then the texts that the block has put into the list, and how long it took."""
        start = time.monotonic()
        if self.terminal:
            self._rewrite(f"  {self.dim(f'{label:<{_LABEL}}')} {doing} ...")
        said: list[str] = []
        yield said
        self._next_line = time.monotonic() + _PLAIN_PAUSE
        self._erase()
        self.fact(label, f"{', '.join(said) or doing}  {self.dim(seconds(time.monotonic() - start))}")

    def good(self, text: str) -> str:
        """Text that says that all is well."""
        return self._coloured("32", text)

    def bad(self, text: str) -> str:
        """Text that says that something is wrong."""
        return self._coloured("31", text)

    def bold(self, text: str) -> str:
        """A heading."""
        return self._coloured("1", text)

    def dim(self, text: str) -> str:
        """Text in the background."""
        return self._coloured("2", text)

    def _coloured(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colours else text

    def _rewrite(self, text: str) -> None:
        print(f"\r\x1b[2K{text}", end="", file=self._stream, flush=True)
        self._rewritable = True

    def _erase(self) -> None:
        if self._rewritable:
            print("\r\x1b[2K", end="", file=self._stream, flush=True)
            self._rewritable = False


def seconds(value: float) -> str:
    """A duration in words."""
    return f"{value:.1f} s"
