"""`python -m local_stack.demo`: start everything, sync two address books, compare them, say what happened."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import requests

from . import loading, options
from .csv_rows import BadFile
from .processes import Processes, ProcessFailed
from .progress import Screen
from .sign_in import WebFailed
from .signals import Signals, Stopped
from .simulators import Refused
from .syncing import SyncFailed
from .tour import Tour

_FAILURES = (ProcessFailed, WebFailed, SyncFailed, Refused, requests.RequestException)


def main() -> int:
    """Run the demo; returns the exit status."""
    wanted = options.parse()
    try:
        material = loading.material(wanted.contacts, wanted.sugar_csv, wanted.google_csv)
    except BadFile as bad:
        print(bad, file=sys.stderr)
        return 2
    screen, signals = Screen(), Signals()
    folder = Path(tempfile.mkdtemp(prefix="contact-sync-demo-"))
    tour = Tour(wanted, screen, folder)
    keep_logs = True
    try:
        with Processes(folder, signals) as processes:
            status = tour.run(processes, material)
        keep_logs = status != 0
    except Stopped as stopped:
        screen.line("\n  Stopped." if tour.finished else f"\n  Stopped by {stopped} before the end.")
        status, keep_logs = 0 if tour.finished else 128 + stopped.number, False
    except _FAILURES as failure:
        screen.line(f"\n  {screen.bad(str(failure))}")
        status = 1
    finally:
        if keep_logs:
            screen.line(f"\n  The logs of all processes are in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
