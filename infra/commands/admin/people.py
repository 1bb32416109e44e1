"""The users: how each stands, in numbers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from contact_sync.contacts.mapping import State
from contact_sync.store import backlog, google_index, mappings, system, users
from contact_sync.store.database import Database
from contact_sync.store.records import CONNECTIONS, User

from .deployment import Deployment
from .failure import Failure
from .screen import Screen

_AT_ONCE = 8
"""Users counted side by side."""


@dataclass(frozen=True)
class Row:
    """One user in the list."""

    id: str
    email: str
    sugar_user: str | None
    connection: str
    message: str
    auto: bool
    last_run: datetime | None
    last_error: str | None
    next_run: datetime | None
    linked: int
    waiting: int
    backlog: int
    paused: bool


_COLUMNS = {
    "id": "ID",
    "email": "E-MAIL",
    "sugar_user": "SUGAR USER",
    "connection": "STATE",
    "auto": "AUTO",
    "last_run": "LAST RUN",
    "next_run": "NEXT RUN",
    "linked": "LINKED",
    "waiting": "WAITING",
    "backlog": "BACKLOG",
    "paused": "PAUSED",
    "message": "MESSAGE",
}


def find(deployment: Deployment, name: str) -> User:
    """The user of this id or e-mail address. Raises Failure."""
    db = deployment.db
    ids = users.by_email(db, name) if "@" in name else [name]
    if len(ids) > 1:
        raise Failure(f"Several users have the address {name}: {', '.join(ids)}. Name one by the id.")
    found = users.read(db, ids[0]) if ids else None
    if found is None:
        raise Failure(f"There is no user {name}. `infra/admin users` lists all.")
    return found[0]


def readable(deployment: Deployment, name: str) -> User:
    """The same, for what would be worked out of a document that has to be right. Raises Failure."""
    user = find(deployment, name)
    if user.unreadable:
        raise Failure(
            f"The document of user {user.id} cannot be read: {user.unreadable}. Correct users/{user.id} in the "
            "Firestore console, or erase the user."
        )
    return user


def everyone(deployment: Deployment) -> list[User]:
    """All users, by id."""
    return sorted(users.read_all(deployment.db, users.all_ids(deployment.db)), key=lambda user: user.id)


def list_users(options: argparse.Namespace, deployment: Deployment, screen: Screen) -> int:
    """users: one line for each."""
    everybody = everyone(deployment)
    known = dict.fromkeys([*CONNECTIONS, *(user.connection for user in everybody)])
    if options.state not in (None, *known):
        raise Failure(f"There is no state {options.state}. States are: {', '.join(known)}", 2)
    if not everybody and deployment.recorded is None:
        screen.line(f"No function of a contact sync ever started on {deployment.place}. Is it the right one?")
    chosen = [user for user in everybody if options.state in (None, user.connection)]
    rows = _rows(deployment, chosen, screen)
    stop = system.pause(deployment.db)
    screen.json({"paused_for_everyone": stop, "users": [asdict(row) for row in rows]})
    screen.table(list(_COLUMNS.values()), [[getattr(row, name) for name in _COLUMNS] for row in rows])
    of_all = f" of {len(everybody):,}" if len(chosen) < len(everybody) else ""
    screen.line(f"{len(rows):,}{of_all} {'user' if len(everybody) == 1 else 'users'}")
    if stop is not None:
        screen.line(f"The sync is paused for everyone: {stop}")
    return 0


def show_user(options: argparse.Namespace, deployment: Deployment, screen: Screen) -> int:
    """user: all that is known of one, but for their contacts."""
    user = find(deployment, options.user)
    row = _row(deployment, user)
    db, now = deployment.db, deployment.now()
    settings = deployment.policy.apply(user.settings)
    states = {str(state): mappings.count(db, user.id, state=state) for state in State}
    held = user.lease if user.lease is not None and user.lease.until > now else None
    more: dict[str, Any] = {
        "sugar_user_id": user.sugar_user_id,
        "scope": settings.sugar_scope,
        "from_sugar": _switches(settings.from_sugar),
        "from_google": _switches(settings.from_google),
        "interval_minutes": settings.auto.interval_minutes,
        "sugar_contacts": user.scope_count,
        "google_contacts": google_index.count(db, user.id),
        "mappings": states,
        "creates_paused": user.creates_paused,
        "running": held.run if held else None,
        "full_intake": user.cursors.full_at,
        "created": user.created_at,
        "paused_for_everyone": system.pause(db),
        "disabled_by_policy": deployment.policy.disabled,
    }
    screen.json(asdict(row) | more)
    counted = ", ".join(f"{count:,} {state}" for state, count in states.items() if count)
    screen.facts(asdict(row) | more | {"mappings": counted})
    return 0


def _switches(direction: Any) -> str:
    verbs = [verb for verb in ("update", "create", "delete") if getattr(direction, verb)]
    return ", ".join(verbs) if direction.enabled and verbs else "off"


def _rows(deployment: Deployment, chosen: Sequence[User], screen: Screen) -> list[Row]:
    rows: list[Row] = []
    with screen.progress("Counting", len(chosen)) as show, ThreadPoolExecutor(_AT_ONCE) as pool:
        for row in pool.map(lambda user: _row(deployment, user), chosen):
            rows.append(row)
            show(len(rows))
    return rows


def _row(deployment: Deployment, user: User) -> Row:
    db, last = deployment.db, user.last_run or {}
    return Row(
        id=user.id,
        email=user.email,
        sugar_user=user.sugar_user_name,
        connection=user.connection,
        message=f"cannot be read: {user.unreadable}" if user.unreadable else user.connection_message,
        auto=deployment.policy.apply(user.settings).auto.enabled,
        last_run=last.get("finished"),
        last_error=last.get("error"),
        next_run=user.next_sync_at,
        linked=mappings.count(db, user.id, state=State.LINKED),
        waiting=_waiting(db, user.id, deployment.now()),
        backlog=backlog.count(db, user.id),
        paused=user.paused,
    )


def _waiting(db: Database, user_id: str, now: datetime) -> int:
    return mappings.count_due(db, user_id, now) + google_index.count_due(db, user_id, now)
