"""The schedule after a change of POLICY: a forced setting changes no user's document by itself."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from contact_sync.store.records import User

from .deployment import Deployment
from .failure import Failure
from .pausing import change_each, regular
from .people import everyone
from .screen import Screen


def apply_policy(options: argparse.Namespace, deployment: Deployment, screen: Screen) -> int:
    """policy: who begins to sync regularly under it, who ends; their next run is set or taken back."""

    def fields(user: User) -> Mapping[str, Any]:
        if regular(deployment, user) and user.next_sync_at is None:
            return {"next_sync_at": deployment.now()}
        if user.next_sync_at is not None and not regular(deployment, user):
            return {"next_sync_at": None}
        return {}

    if deployment.recorded is None and not deployment.shell.get("POLICY"):
        raise Failure(
            f"No function has recorded its POLICY in {deployment.place}. Name the right ones by --project and "
            "--database, or open the page of the sync once after a deployment.",
            2,
        )
    policy, everybody = deployment.policy, everyone(deployment)
    begin = [user for user in everybody if "next_sync_at" in fields(user) and user.next_sync_at is None]
    end = [user for user in everybody if "next_sync_at" in fields(user) and user.next_sync_at is not None]
    if not options.dry_run:
        for chosen, what in ((begin, "the regular sync begins"), (end, "the regular sync ends")):
            change_each(deployment, screen, chosen, fields, "policy", what)
    screen.json(
        {
            "forced": dict(policy.forced),
            "disabled": policy.disabled,
            "dry_run": options.dry_run,
            "begin": [user.id for user in begin],
            "end": [user.id for user in end],
        }
    )
    forced = ", ".join(f"{path} = {value}" for path, value in policy.forced.items())
    screen.line(f"Forced: {forced or 'nothing'}")
    if policy.disabled is not None:
        screen.line(f"Switched off for everyone: {policy.disabled}")
    rows = [
        *((user.id, user.email, "begins") for user in begin),
        *((user.id, user.email, "ends") for user in end),
    ]
    if rows:
        screen.table(["ID", "E-MAIL", "REGULAR SYNC"], rows)
    screen.line(
        f"{len(rows):,} of {len(everybody):,} users {'would change' if options.dry_run else 'changed'}."
    )
    return 0
