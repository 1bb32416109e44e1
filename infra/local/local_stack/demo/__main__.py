"""`python -m local_stack.demo`: start everything, sync two address books, compare them, say what happened."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

import requests

from . import loading, options, report, stack
from .csv_rows import BadFile
from .loading import Books, Material
from .options import Options
from .outcome import stored
from .processes import ProcessFailed, Processes
from .progress import Screen, seconds
from .sign_in import BOTH_WAYS, Visitor, WebFailed
from .signals import Signals, Stopped
from .simulators import GoogleBook, Refused, SugarBook
from .stack import PROPAGATION_SECONDS, Stack
from .syncing import Scheduler, SyncFailed, news, sync_until_done
from .verify import verify

_FAILURES = (ProcessFailed, WebFailed, SyncFailed, Refused, requests.RequestException)
_MOST_PROBLEMS = 25


def main() -> int:
    """Run the demo; returns the exit status."""
    wanted = options.parse()
    screen = Screen()
    signals = Signals()
    try:
        material = loading.material(wanted.contacts, wanted.sugar_csv, wanted.google_csv)
    except BadFile as bad:
        print(bad, file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="contact-sync-demo-"))
    keep = True
    try:
        with Processes(folder, signals) as processes:
            status = _Demo(wanted, screen, processes, folder).run(material)
        keep = status != 0
        return status
    except Stopped as stopped:
        keep = False
        screen.line("\nStopped." if stopped.number == 2 else f"\nStopped by {stopped}.")
        return 128 + stopped.number
    except _FAILURES as failure:
        screen.line(screen.bad(f"\n  {failure}"))
        return 1
    finally:
        if keep:
            print(f"\n  The logs of all processes are in {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
