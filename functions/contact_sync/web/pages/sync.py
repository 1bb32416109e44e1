"""Sync Now, and the progress of a run: whatever was asked for, its page says how far it is and how it ended."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ...errors import SyncError
from .. import runs
from ..caller import caller
from ..runs import RunItem
from ..site import Refusal, site
from .errors import WAYS
from .page import by_htmx, leave, pages, render

routes = pages("sync")

QUICK, STEADY = 15, 60
"""So many times the page looks every second, then every two, later every five seconds."""
MOST_POLLS = 100_000
ASIDE = ("preview", "inventory")
"""Runs that sync nothing."""


@routes.post("/sync")
def start() -> BaseResponse:
    """Sync now, or follow the sync that is under way."""
    lease = caller().user.lease
    started = runs.sync().run
    joined = lease is not None and lease.run == started
    if by_htmx():
        return _progress(runs.one(started), joined=joined, beside=True)
    return leave(url_for("sync.page", run=started, joined=1 if joined else None))


@routes.get("/runs/<string(maxlength=120):run>")
def page(run: str) -> Response:
    """How far a run is: the whole page, or for htmx the part that changes."""
    joined = "joined" in request.args
    if not by_htmx():
        return render("run.html", tab="settings", **_told(runs.one(run)), joined=joined)
    try:
        return _progress(runs.one(run), joined=joined, beside="beside" in request.args)
    except SyncError:
        # The part that is shown asks again by itself.
        return Response(status=204)


def latest() -> dict[str, Any]:
    """The run to show beside Sync Now: the one under way, else the last one that synced."""
    run = runs.newest()
    if run is not None and run.trigger in ASIDE and _over(run):
        run = _last_sync()
    return {"run": None} if run is None else _told(run) | {"beside": True}


def _last_sync() -> RunItem | None:
    known = (caller().user.last_run or {}).get("run")
    try:
        return runs.one(known) if known else None
    except Refusal:
        return None


def _progress(run: RunItem, *, joined: bool, beside: bool) -> Response:
    return render("parts/run_progress.html", **_told(run), joined=joined, beside=beside, said_now=True)


def _told(run: RunItem) -> dict[str, Any]:
    polls = request.args.get("polls", 0, type=int)
    polls = min(max(polls, 0), MOST_POLLS)
    return {
        "run": run,
        "ways": WAYS,
        "over": _over(run),
        "polls": polls + 1,
        "delay": 1 if polls < QUICK else 2 if polls < STEADY else 5,
        "new_phase": request.args.get("phase") != run.phase,
        "goes_on": site().engine.policy.apply(caller().user.settings).overflow == "continue",
    }


def _over(run: RunItem) -> bool:
    return run.finished is not None or run.error is not None
