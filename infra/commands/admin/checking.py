"""Reconcile a user: every pair is compared on both sides, and what differs is put right by the ordinary runs."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from contact_sync.store import previews, runs, system, users
from contact_sync.store.records import PlannedAction, Proof, User
from contact_sync.sync import orders, proof

from .deployment import QUEUE, Deployment
from .failure import Failure
from .people import readable
from .screen import Screen

_POLL = 2.0
"""Seconds between two looks."""
_QUIET = timedelta(seconds=20)
"""So long no run works once the last one is over: a continuation begins sooner."""


def reconcile(options: argparse.Namespace, deployment: Deployment, screen: Screen) -> int:
    """reconcile: order the full intake, watch it, and print what it proved in one sentence."""
    user = readable(deployment, options.user)
    _check(deployment, user)
    deadline = deployment.now() + timedelta(minutes=options.timeout)
    if options.report_only:
        return _report(deployment, screen, user, deadline)
    began = deployment.now()
    engine = deployment.engine(QUEUE)
    deployment.commit([], "reconcile", "every pair is compared, and what differs is repaired", user.id)
    run_id = orders.order_reconcile(engine, user.id)
    found = _proof(deployment, screen, user.id, run_id, began, deadline)
    screen.json({"user": user.id, "run": run_id, "proof": asdict(found), "sentence": proof.sentence(found)})
    screen.line(proof.sentence(found))
    return 1 if found.waiting else 0


def _check(deployment: Deployment, user: User) -> None:
    """Refuse where the run would only say that it may not."""
    stop = deployment.policy.disabled or system.pause(deployment.db)
    if stop is not None:
        raise Failure(f"The sync is stopped for everyone: {stop} Resume it first.")
    if user.paused:
        raise Failure(f"The sync is paused for {user.email}. Resume it first: infra/admin resume {user.id}")
    if user.connection != "connected":
        raise Failure(
            f"{user.email} is not connected ({user.connection}). {user.connection_message}".rstrip()
        )


def _proof(
    deployment: Deployment, screen: Screen, user_id: str, run_id: str, began: datetime, deadline: datetime
) -> Proof:
    """The proof of a full intake after `began`, once no run works on what it found any more. Raises Failure."""
    quiet_since: datetime | None = None
    with screen.progress("Comparing and repairing; contacts done") as show:
        while deployment.now() < deadline:
            fresh, now = users.read(deployment.db, user_id), deployment.now()
            run = runs.get(deployment.db, user_id, run_id)
            if fresh is None:
                raise Failure(f"User {user_id} was erased meanwhile.")
            if run is not None and run.error is not None:
                raise Failure(f"The run ended with {run.error}. `infra/admin runs {user_id}` tells more.")
            user, found = fresh[0], fresh[0].proof
            works = run is None or run.finished is None or (user.lease is not None and user.lease.until > now)
            quiet_since = None if works else quiet_since or now
            if found is not None and found.at >= began and quiet_since is not None:
                more = found.waiting and user.pending is not None and user.pending <= now
                if not more or now - quiet_since >= _QUIET:
                    return found
            show(run.done if run is not None else 0)
            deployment.sleep(_POLL)
    raise Failure(
        f"It is not over yet. `infra/admin runs {user_id}` shows how far it is; it goes on by itself."
    )


def _report(deployment: Deployment, screen: Screen, user: User, deadline: datetime) -> int:
    """What a reconcile would put right; nothing is written on either side."""
    began = deployment.now()
    preview_id = orders.order_report(deployment.engine(QUEUE), user.id)
    with screen.progress("Comparing; seconds") as show:
        while True:
            now = deployment.now()
            found = previews.get(deployment.db, user.id, preview_id, now)
            if found is not None and found.state != "planning":
                break
            if now >= deadline:
                raise Failure("It is not over yet. Repeat the command later.")
            show(round((now - began).total_seconds()))
            deployment.sleep(_POLL)
    if found.state != "ready":
        raise Failure(found.message or f"It could not be planned: {found.error}")
    fresh = users.read(deployment.db, user.id)
    proved = fresh[0].proof if fresh is not None else None
    actions = _actions(deployment, user.id, preview_id)
    kinds = Counter(action.action for action in actions)
    screen.json(
        {
            "user": user.id,
            "proof": asdict(proved) if proved is not None else None,
            "would": dict(kinds),
            "beyond": found.waiting,
            "actions": [_shown(action) for action in actions],
        }
    )
    if proved is not None:
        screen.line(proof.sentence(proved))
    if actions:
        screen.table(
            ["ACTION", "SUGAR ID", "GOOGLE ID", "FIELDS"],
            [
                (one["action"], one["sugar_id"], one["google_id"], " ".join(one["fields"]))
                for one in map(_shown, actions)
            ],
        )
    said = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in kinds.most_common())
    beyond = f", and {found.waiting:,} more to look at" if found.waiting else ""
    screen.line(f"A reconcile would do: {said or 'nothing'}{beyond}.")
    return 1 if actions or found.waiting else 0


def _actions(deployment: Deployment, user_id: str, preview_id: str) -> list[PlannedAction]:
    actions: list[PlannedAction] = []
    cursor: str | None = None
    while True:
        page, cursor = previews.actions(
            deployment.db, user_id, preview_id, deployment.now(), cursor=cursor, limit=100
        )
        actions += page
        if cursor is None:
            return actions


def _shown(action: PlannedAction) -> dict[str, Any]:
    """An action without what it says about a person."""
    fields = sorted({f"{change.side}.{change.field}" for change in action.changes})
    return {
        "action": action.action,
        "sugar_id": action.sugar_id,
        "google_id": action.google_id,
        "fields": fields,
    }
