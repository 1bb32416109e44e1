"""Sync Now, and the progress of a run: whatever was asked for, its page says how far it is and how it ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ...errors import SyncError
from ...store import previews
from ...sync.approved import SUFFIX
from ...sync.triggers import ORDERED
from .. import runs
from ..caller import caller
from ..runs import RunItem
from ..site import Refusal, site
from . import words
from .errors import WAYS
from .page import by_htmx, leave, pages, render

routes = pages("sync")

QUICK, STEADY, PATIENT = 15, 60, 100
"""So many times a page looks every second, then every two; and so often it looks for the run that follows."""
MOST_POLLS = 1_000_000
ASIDE = ("preview", "inventory")
"""Runs that sync nothing."""
SUCCESSOR = timedelta(minutes=2)
"""A run that others follow by themselves has been followed by then."""


@routes.post("/sync")
def start() -> BaseResponse:
    """Sync now, or have the sync that is under way followed by another."""
    lease = caller().user.lease
    started = runs.sync().run
    joined = lease is not None and lease.run == started
    if by_htmx():
        return _part(runs.one(started), joined=joined, beside=True)
    return leave(url_for("sync.page", run=started, joined=1 if joined else None))


@routes.get("/runs/<string(maxlength=120):run>")
def page(run: str) -> Response:
    """How far a run is: the whole page, or for htmx the part that changes."""
    joined, beside = "joined" in request.args, "beside" in request.args
    if not by_htmx():
        return render("run.html", tab="settings", **_told(runs.one(run)), joined=joined)
    try:
        found = runs.one(run)
        if beside and _over(found):
            found = runs.newest() or found
    except SyncError:
        # The part that is shown asks again by itself.
        return Response(status=204)
    return _part(found, joined=joined and found.run == run, beside=beside)


def regular() -> bool:
    """Whether a sync begins without being asked for."""
    user = caller().user
    auto = site().engine.policy.apply(user.settings).auto.enabled
    return (
        auto and user.connection == "connected" and not user.paused and site().engine.policy.disabled is None
    )


def latest() -> dict[str, Any]:
    """What is shown beside Sync Now: the run under way, else the last one that synced."""
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


def _part(run: RunItem, *, joined: bool, beside: bool) -> Response:
    return render("parts/run_progress.html", **_told(run), joined=joined, beside=beside, alone=True)


def _told(run: RunItem) -> dict[str, Any]:
    polls = min(max(request.args.get("polls", 0, type=int), 0), MOST_POLLS)
    user, over = caller().user, _over(run)
    continued = (
        run.trigger not in ORDERED and site().engine.policy.apply(user.settings).overflow == "continue"
    )
    follows = over and run.waiting > 0 and continued
    follows = follows and run.finished is not None and site().engine.now() - run.finished < SUCCESSOR
    return {
        "run": run,
        "over": over,
        "follows": follows,
        "again": not over or (follows and polls < PATIENT),
        "polls": polls + 1,
        "delay": 1 if polls < QUICK else 2 if polls < STEADY else 5,
        "new_phase": request.args.get("phase") != run.phase,
        "left_out": words.left_out(_left_out(run), regular=regular()) if over else "",
        "way": WAYS.get(run.error or ""),
        "to_be_ended": user.disconnecting is not None,
    }


def _left_out(run: RunItem) -> int:
    """How many actions of the preview that it applied were left out, as long as that is known."""
    if run.trigger != "apply":
        return 0
    now, preview = site().engine.now(), run.run.removesuffix(SUFFIX)
    found = previews.get(site().engine.db, caller().user.id, preview, now)
    return len(found.applied.leave_out) if found and found.applied else 0


def _over(run: RunItem) -> bool:
    """A run that waits to try again tells its error and is not over."""
    return run.finished is not None or run.phase == "interrupted"
