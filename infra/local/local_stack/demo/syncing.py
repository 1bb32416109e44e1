"""Syncing until nothing is due, and the ticks of the scheduler."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import requests

from .sign_in import Json, Visitor

_POLL_SECONDS = 0.25
_PATIENCE = 120.0
"""Seconds without any progress after which a sync counts as stuck."""
_QUIET_LOOKS = 2
"""A run that hands over to its successor looks finished for a moment."""


class SyncFailed(Exception):
    """The sync stopped or got stuck before everything was done."""


def sync_until_done(visitor: Visitor, show: Callable[[int, int], None], check: Callable[[], None]) -> None:
    """Sync now and follow all runs until none works and nothing is due. Raises SyncFailed.

    `show` gets how many contacts are done and how many there are as far as known; `check` may raise where a process
    has died.
    """
    known = {run["run"] for run in visitor.every("/api/runs")}
    first = visitor.sync_now()
    moved = time.monotonic()
    before: Json = {}
    quiet = 0
    while quiet < _QUIET_LOOKS:
        time.sleep(_POLL_SECONDS)
        check()
        status = visitor.get("/api/status")
        runs = [run for run in visitor.get("/api/runs")["items"] if run["run"] not in known]
        done, waiting = sum(run["done"] for run in runs), status["counts"]["waiting"]
        total = done + max(waiting, sum(run["total"] - run["done"] for run in runs if not run["finished"]))
        show(done, total)
        failed = next((run for run in runs if run["error"]), None)
        if failed or status["connection"]["state"] != "connected":
            raise SyncFailed(
                f"The sync stopped: {failed['error'] if failed else status['connection']['message']}"
            )
        begun = any(run["run"] == first and run["finished"] for run in runs)
        quiet = quiet + 1 if begun and not waiting and not status["running"] else 0
        now = {"runs": runs, "waiting": waiting}
        if now != before:
            before, moved = now, time.monotonic()
        elif time.monotonic() - moved > _PATIENCE:
            raise SyncFailed(f"The sync is stuck: {waiting} contacts wait and nothing moves.")


class Scheduler:
    """Calls the dispatcher every few seconds, as Cloud Scheduler does every minute."""

    def __init__(self, dispatcher: str, every: float) -> None:
        self._dispatcher = dispatcher
        self._every = every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Scheduler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()

    def _tick(self) -> None:
        http = requests.Session()
        http.trust_env = False
        while not self._stopping.wait(self._every):
            # The next tick tries again, which is all that Cloud Scheduler would do.
            try:
                http.post(self._dispatcher, json={}, timeout=30)
            except requests.RequestException:
                continue
