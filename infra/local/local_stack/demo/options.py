"""The command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import demo_data

_ABOUT = """\
Runs the whole contact sync on this machine: simulators of SugarCRM and of Google, stand-ins for Firestore and Cloud
Tasks, the three functions and their scheduler. A demo user signs in, both address books are synced and compared.
Nothing leaves this machine."""


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    once: bool
    contacts: int
    sugar_csv: Path | None
    google_csv: Path | None
    tick: float
    firestore_emulator: bool
    hooks: bool


def parse(arguments: Sequence[str] | None = None) -> Options:
    """The options on the command line; ends the program with a message where they are wrong."""
    parser = argparse.ArgumentParser(
        prog="infra/local/demo", description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--once", action="store_true", help="end after the sync; exit status 0 if everything is as it must be"
    )
    parser.add_argument(
        "--contacts",
        type=_count,
        default=200,
        metavar="N",
        help=f"made-up people, default 200; the {len(demo_data.AWKWARD)} awkward ones are always among them",
    )
    parser.add_argument(
        "--sugar-csv", type=Path, metavar="FILE", help="Sugar contacts instead, a column per Sugar field name"
    )
    parser.add_argument(
        "--google-csv",
        type=Path,
        metavar="FILE",
        help="Google contacts instead, as Google Contacts exports them",
    )
    parser.add_argument(
        "--tick",
        type=_pause,
        default=5.0,
        metavar="SECONDS",
        help="pause between ticks of the scheduler, default 5",
    )
    parser.add_argument(
        "--firestore-emulator",
        action="store_true",
        help="use Google's Firestore emulator (needs Java and gcloud)",
    )
    parser.add_argument(
        "--hooks",
        action="store_true",
        help="let Sugar's web logic hooks start the syncs, and show how fast a change arrives by them",
    )
    # Heeded by the program that starts this one; named here for --help.
    parser.add_argument(
        "--no-venv", action="store_true", help="use the Python that runs this, with the packages it has"
    )
    found = parser.parse_args(arguments)
    return Options(
        found.once,
        found.contacts,
        found.sugar_csv,
        found.google_csv,
        found.tick,
        found.firestore_emulator,
        found.hooks,
    )


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 20_000:
        raise argparse.ArgumentTypeError("must be a number from 0 to 20000")
    return number


def _pause(text: str) -> float:
    number = float(text)
    if number < 0.1:
        raise argparse.ArgumentTypeError("must be at least 0.1 seconds")
    return number
