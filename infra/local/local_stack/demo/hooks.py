"""Changes in Sugar that arrive in Google by a hook: how long each step of the way takes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .loading import sugar_by_id
from .progress import Screen, seconds
from .sign_in import Visitor
from .simulators import GoogleBook, Record, SugarBook
from .stack import DELIVERY_SECONDS, FUNCTIONS, Stack
from .syncing import SyncFailed

MOST_SECONDS = 10.0
"""From the hook's arrival to the write in Google; what comes before is Sugar's own pace."""
_INTERVAL_MINUTES = 1440
_COMMANDS = FUNCTIONS.parent / "infra" / "commands"
_CHANGES = 5
_PAUSE = 1.7
"""Seconds between two changes, so that they fall on different moments of Sugar's cron."""
_PATIENCE = 60.0
_LOOK_SECONDS = 0.05


@dataclass
class Change:
    """One change, and when each thing happened to it, in seconds since the epoch; 0: not yet."""

    sugar_id: str
    google_id: str
    name: str
    title: str
    made: float
    sent: float = 0.0
    answered: float = 0.0
    written: float = 0.0

    @property
    def ours(self) -> float:
        """Seconds that our part took. Sugar's connection to us is in it: the arrival was a little later."""
        return self.written - self.sent


class HookTour:
    """Registers the hooks in the simulated Sugar, makes changes there and watches Google."""

    def __init__(self, stack: Stack, sugar: SugarBook, google: GoogleBook, check: Callable[[], None]) -> None:
        """`check` raises where a process has died."""
        self._stack = stack
        self._sugar = sugar
        self._google = google
        self._check = check

    def register(self) -> str:
        """Create the hooks as an administrator does, with the same command; returns what it printed."""
        path = os.pathsep.join(map(str, (FUNCTIONS, _COMMANDS)))
        command = [sys.executable, "-P", "-m", "sugar_side.register", "create"]
        environ = dict(self._stack.environ) | {"PYTHONPATH": path}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=_PATIENCE)
        if done.returncode:
            raise SyncFailed(f"The hooks could not be created: {done.stderr.strip()}")
        return done.stdout

    def settle(self, visitor: Visitor) -> None:
        """Have the user sync regularly, but so rarely that from now on only hooks start a sync."""
        visitor.change_settings(auto={"enabled": True, "interval_minutes": _INTERVAL_MINUTES})
        deadline = time.monotonic() + _PATIENCE
        while True:
            status = visitor.get("/api/status")
            due = status["next_run"]
            far = due and datetime.fromisoformat(due) > datetime.now(UTC) + timedelta(hours=1)
            if far and not status["running"]:
                return
            if time.monotonic() > deadline:
                raise SyncFailed("The regular sync does not come to rest.")
            self._wait()

    def changes(self, pairs: Mapping[str, str]) -> list[Change]:
        """Change some contacts in Sugar and wait until Google has them all."""
        records = sugar_by_id(self._sugar)
        # Those that have a title keep one field more in Google than they had: nothing else of them moves.
        known = sorted(pairs, key=lambda sugar_id: (not records[sugar_id].get("title"), sugar_id))
        made: list[Change] = []
        for number, sugar_id in enumerate(known[:_CHANGES], start=1):
            record = records[sugar_id]
            name = " ".join(filter(None, (record.get("first_name"), record.get("last_name"))))
            change = Change(sugar_id, pairs[sugar_id], name, f"Director {number}", time.time())
            self._sugar("edit_contact", id=sugar_id, title=change.title)
            made.append(change)
            self._watch(made, until=time.monotonic() + _PAUSE)
        self._watch(made, until=time.monotonic() + _PATIENCE)
        self._look_up_calls(made)
        return made

    def _watch(self, made: Sequence[Change], until: float) -> None:
        """Note what arrives in Google until that time, or until everything has."""
        while time.monotonic() < until and not all(change.written for change in made):
            for change in made:
                if not change.written and change.title in _titles(self._google.record(change.google_id)):
                    change.written = time.time()
            self._wait()

    def _look_up_calls(self, made: Sequence[Change]) -> None:
        calls = self._sugar.hook_calls()
        for change in made:
            for call in calls:
                if call["record_id"] == change.sugar_id and call["begun"] >= change.made and not change.sent:
                    change.sent, change.answered = float(call["begun"]), float(call["ended"])

    def _wait(self) -> None:
        self._check()
        time.sleep(_LOOK_SECONDS)


def show(screen: Screen, changes: Sequence[Change]) -> bool:
    """Print a line per change, and say whether our part was fast enough."""
    screen.line()
    screen.line(
        screen.bold(
            f"  {'changed in Sugar':<28} {'Sugar calls':>12} {'web answers':>12} {'in Google':>12} {'ours':>8}"
        )
    )
    for change in changes:
        if not (change.sent and change.written):
            screen.line(
                f"  {change.name[:28]:<28} {'never' if not change.sent else ''}  {screen.bad('not in Google')}"
            )
            continue
        steps = (change.sent - change.made, change.answered - change.sent, change.written - change.answered)
        told = " ".join(f"{f'+ {seconds(step)}':>12}" for step in steps)
        screen.line(f"  {change.name[:28]:<28} {told} {seconds(change.ours):>8}")
    screen.line()
    late = [
        change for change in changes if not (change.sent and change.written and change.ours < MOST_SECONDS)
    ]
    if late or not changes:
        screen.fact(
            "hooks",
            screen.bad(f"{len(late)} of {len(changes)} changes took longer than {MOST_SECONDS:.0f} s"),
        )
        return False
    slowest = max(change.ours for change in changes)
    screen.fact("hooks", screen.good(f"every change was in Google within {seconds(slowest)} of Sugar's call"))
    screen.fact(
        "",
        f"Sugar itself calls when its cron runs: here every {DELIVERY_SECONDS:.0f} s, usually every minute",
    )
    return True


def _titles(person: Record) -> list[str]:
    return [str(organization.get("title")) for organization in person.get("organizations", ())]
