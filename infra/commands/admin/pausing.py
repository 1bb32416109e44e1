"""Pause and resume, one user or everyone."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from contact_sync.store import system, users
from contact_sync.store.records import User
from contact_sync.store.write import Conflict
from contact_sync.sync import schedule

from .deployment import Deployment
from .failure import Failure
from .people import everyone, find
from .screen import Screen

_TRIES = 5
REASON = "Your administrator has paused the sync."

Fields = Callable[[User], Mapping[str, Any]]
"""What is to change on a user's document as it is now; nothing where it is right already."""


def change(deployment: Deployment, user_id: str, fields: Fields, command: str, what: str) -> bool:
    """Change a user's document field by field; whether there was anything to change. Raises Failure.

    `command` and `what` tell the audit.
    """
    for _ in range(_TRIES):
        found = users.read(deployment.db, user_id)
        values = fields(found[0]) if found is not None else {}
        if found is None or not values:
            return False
        try:
            deployment.commit(
                [users.update(user_id, if_updated_at=found[1], **values)], command, what, user_id
            )
        except Conflict:
            continue
        return True
    raise Failure(f"The document of user {user_id} keeps changing. Repeat the command.")


def pause(options: argparse.Namespace, deployment: Deployment, screen: Screen) -> int:
    """pause: no run begins any more; one under way ends within five minutes."""
    if options.everyone:
        reason = options.reason or REASON
        _warn_of_an_empty_place(deployment, screen)
        deployment.commit([system.put_pause(reason, deployment.now())], "pause", f"everyone: {reason}")
        screen.json({"paused": "everyone", "reason": reason})
        screen.line(f"The sync is paused for everyone: {reason}")
        return 0
    if options.reason:
        raise Failure("A reason can be given with --everyone only.", 2)
    user = find(deployment, options.user)
    changed = change(
        deployment, user.id, lambda fresh: {} if fresh.paused else _paused(), "pause", "this user"
    )
    screen.json({"paused": user.id, "changed": changed})
    screen.line(
        f"The sync is paused for {user.email}." if changed else f"It was paused for {user.email} already."
    )
    return 0


def _paused() -> dict[str, Any]:
    return {"paused": True, "next_sync_at": None}


def resume(options: argparse.Namespace, deployment: Deployment, screen: Screen) -> int:
    """resume: who syncs regularly is due again at once."""
    due = set[str]()
    # A POLICY that is refused is so before anything has changed.
    _ = deployment.policy

    def fields(user: User) -> dict[str, Any]:
        changed = _resumed(deployment, user, options.everyone)
        due.update({user.id} if "next_sync_at" in changed else ())
        return changed

    if options.everyone:
        _warn_of_an_empty_place(deployment, screen)
        deployment.commit([system.lift_pause()], "resume", "everyone")
        chosen = everyone(deployment)
    else:
        chosen = [find(deployment, options.user)]
        stop = system.pause(deployment.db)
        if stop is not None:
            screen.warn(f"The sync is paused for everyone: {stop} `infra/admin resume --everyone` ends that.")
    change_each(deployment, screen, chosen, fields, "resume", "this user")
    alone = [user.email for user in chosen if user.paused] if options.everyone else []
    screen.json({"resumed": "everyone" if options.everyone else chosen[0].id, "due_again": len(due)})
    screen.line(f"Resumed; {len(due):,} due at once.")
    if alone:
        screen.warn(f"Paused by themselves, and still so: {', '.join(alone)}")
    return 0


def _resumed(deployment: Deployment, user: User, for_everyone: bool) -> dict[str, Any]:
    if for_everyone and user.paused:
        return {}
    fields: dict[str, Any] = {"paused": False} if user.paused else {}
    now = deployment.now()
    if regular(deployment, replace(user, paused=False)) and (
        user.next_sync_at is None or user.next_sync_at > now
    ):
        fields["next_sync_at"] = now
    return fields


def regular(deployment: Deployment, user: User) -> bool:
    """Whether the scheduler runs the user from time to time, by POLICY, the settings and the connection."""
    settings = deployment.policy.apply(user.settings)
    return schedule.next_sync(settings, user, deployment.now()) is not None


def change_each(
    deployment: Deployment, screen: Screen, chosen: Iterable[User], fields: Fields, command: str, what: str
) -> int:
    """Change several users' documents; answers how many there was anything to change of."""
    listed, changed = list(chosen), 0
    with screen.progress("Users", len(listed)) as show:
        for number, user in enumerate(listed, 1):
            changed += change(deployment, user.id, fields, command, what)
            show(number)
    return changed


def _warn_of_an_empty_place(deployment: Deployment, screen: Screen) -> None:
    if deployment.recorded is None:
        screen.warn(f"No function of a contact sync ever started on {deployment.place}. Is it the right one?")
