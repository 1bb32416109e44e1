"""Changes in Sugar that arrive in Google by a hook: how long each step of the way takes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
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
_BY_HOOK = frozenset({"hook", "flag", "continue"})
_CHANGES = 5
_PATIENCE = 30.0
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

    @property
    def in_time(self) -> bool:
        """Whether it arrived, and soon enough."""
        return bool(self.sent and self.written) and self.ours < MOST_SECONDS


class HookTour:
    """Registers the hooks in the simulated Sugar, makes changes there and watches Google."""

    def __init__(self, stack: Stack, sugar: SugarBook, google: GoogleBook, check: Callable[[], None]) -> None:
        """`check` raises where a process has died."""
        self._stack = stack
        self._sugar = sugar
        self._google = google
        self._check = check
        self._earlier: set[str] = set()

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
                self._earlier = {run["run"] for run in visitor.every("/api/runs")}
                return
            if time.monotonic() > deadline:
                raise SyncFailed("The regular sync does not come to rest.")
            self._wait()

    def changes(self, pairs: Mapping[str, str]) -> list[Change]:
        """Change some contacts in Sugar, and wait for each until Google has it."""
        records = sugar_by_id(self._sugar)
        # A new title where there was one: nothing else of the contact moves.
        known = sorted(pairs, key=lambda sugar_id: (not records[sugar_id].get("title"), sugar_id))
        made: list[Change] = []
        for number, sugar_id in enumerate(known[:_CHANGES], start=1):
            record = records[sugar_id]
            name = " ".join(filter(None, (record.get("first_name"), record.get("last_name"))))
            change = Change(sugar_id, pairs[sugar_id], name, f"Director {number}", time.time())
            self._sugar("edit_contact", id=sugar_id, title=change.title)
            # One after the other: a sync that one change has started would take the next along.
            self._watch(change)
            made.append(change)
        self._look_up_calls(made)
        return made

    def starters(self, visitor: Visitor) -> set[str]:
        """What started the runs since `settle`."""
        runs = visitor.every("/api/runs")
        return {str(run["trigger"]) for run in runs if run["run"] not in self._earlier}

    def _watch(self, change: Change) -> None:
        """Note when the change arrives in Google, if it does."""
        deadline = time.monotonic() + _PATIENCE
        while not change.written and time.monotonic() < deadline:
            self._wait()
            if change.title in _titles(self._google.record(change.google_id)):
                change.written = time.time()

    def _look_up_calls(self, made: Sequence[Change]) -> None:
        calls = self._sugar.hook_calls()
        for change in made:
            for call in calls:
                if call["record_id"] == change.sugar_id and call["begun"] >= change.made and not change.sent:
                    change.sent, change.answered = float(call["begun"]), float(call["ended"])

    def _wait(self) -> None:
        self._check()
        time.sleep(_LOOK_SECONDS)


def show(screen: Screen, changes: Sequence[Change], starters: Collection[str]) -> bool:
    """Print a line per change, and say whether our part was fast enough and the hooks' doing."""
    heading = (
        f"{'changed in Sugar':<28} {'Sugar calls':>12} {'web answers':>12} {'in Google':>12} {'ours':>8}"
    )
    screen.line()
    screen.line(screen.bold(f"  {heading}"))
    for change in changes:
        screen.line(f"  {change.name[:28]:<28} {_steps(change)}")
    screen.line()
    late = [change for change in changes if not change.in_time]
    if late or not changes:
        text = f"{len(late)} of {len(changes)} changes were not in Google within {seconds(MOST_SECONDS)}"
        screen.fact("hooks", screen.bad(text))
        return False
    others = sorted(set(starters) - _BY_HOOK)
    if others:
        screen.fact("hooks", screen.bad(f"not only hooks have started syncs: {', '.join(others)}"))
        return False
    slowest = max(change.ours for change in changes)
    text = (
        f"every change was in Google within {seconds(slowest)} of Sugar's call, and only hooks started syncs"
    )
    screen.fact("hooks", screen.good(text))
    screen.fact(
        "", f"Sugar calls when its cron runs: here every {DELIVERY_SECONDS:.0f} s, usually every minute"
    )
    return True


def _steps(change: Change) -> str:
    if not change.sent or not change.written:
        return f"{'' if change.sent else 'Sugar has not called; '}{'' if change.written else 'not in Google'}"
    steps = (change.sent - change.made, change.answered - change.sent, change.written - change.answered)
    return " ".join(f"{f'+ {seconds(step)}':>12}" for step in steps) + f" {seconds(change.ours):>8}"


def _titles(person: Record) -> list[str]:
    return [str(organization.get("title")) for organization in person.get("organizations", ())]
