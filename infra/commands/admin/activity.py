"""What happened and what waits: a user's runs, and the backlog by cause."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict

from contact_sync.store import backlog, runs, users

from .deployment import Deployment
from .people import find
from .screen import Screen

_UNREADABLE = "unreadable: no text in `cause`"


def list_runs(options: argparse.Namespace, deployment: Deployment, screen: Screen) -> int:
    """runs: the latest of one user, newest first."""
    user = find(deployment, options.user)
    found, _ = runs.page(deployment.db, user.id, limit=options.limit)
    screen.json({"user": user.id, "runs": [asdict(run) for run in found]})
    screen.table(
        ["STARTED", "FINISHED", "TRIGGER", "PHASE", "DONE", "TOTAL", "WAITING", "COUNTS", "ERROR", "RUN"],
        [
            [
                *(run.started, run.finished, run.trigger, run.phase, run.done, run.total, run.waiting),
                " ".join(f"{name}={count}" for name, count in sorted(run.counts.items())),
                *(run.error, run.id),
            ]
            for run in found
        ],
    )
    if not found:
        screen.line("No run is kept. A regular one that found nothing to do leaves none.")
    return 0


def list_backlog(options: argparse.Namespace, deployment: Deployment, screen: Screen) -> int:
    """backlog: how many contacts wait for a decision, by cause, of one user or of all."""
    ids = [find(deployment, options.user).id] if options.user else users.all_ids(deployment.db)
    counts: Counter[str] = Counter()
    concerned: Counter[str] = Counter()
    groups: Counter[str] = Counter()
    with screen.progress("Counting", len(ids)) as show:
        for number, user_id in enumerate(ids, 1):
            found = backlog.causes(deployment.db, user_id)
            unreadable = backlog.count(deployment.db, user_id) - sum(cause.count for cause in found)
            if unreadable > 0:
                found.append(backlog.Cause(_UNREADABLE, None, unreadable, None))
            for cause in found:
                counts[cause.cause] += cause.count
                groups[cause.cause] += cause.group is not None
            concerned.update({cause.cause for cause in found})
            show(number)
    rows = [
        {"cause": cause, "contacts": count, "users": concerned[cause], "groups": groups[cause]}
        for cause, count in counts.most_common()
    ]
    screen.json({"users_looked_at": len(ids), "causes": rows})
    screen.table(["CAUSE", "CONTACTS", "USERS", "GROUPS"], [list(row.values()) for row in rows])
    screen.line(f"{counts.total():,} in the backlog")
    return 0
