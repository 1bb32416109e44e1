"""Ends the demo's processes where the demo itself cannot: run as a program, it reads process ids from its standard
input, one a line ("-" forgets them all), and kills these process groups as soon as the input ends.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress


def main() -> None:
    """Wait for the end of the input."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: list[int] = []
    for line in sys.stdin:
        word = line.strip()
        if word == "-":
            groups.clear()
        elif word:
            groups.append(int(word))
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
