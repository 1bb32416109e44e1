"""system/deployment: the configuration in force, as each function recorded it when a process of it started.

A field for each function: its variables without secrets, its revision, and since when they are so. What a function was
not told has the code's default and is not there.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from google.api_core.exceptions import GoogleAPICallError

from ..errors import SyncError
from .database import Database
from .write import Conflict, Kind, Write

log = logging.getLogger("contact_sync.store")

_PATH = "system/deployment"
_TRIES = 3


def record(db: Database, function: str, variables: Mapping[str, str], revision: str, now: datetime) -> None:
    """Have the variables of a function recorded: one read, and a write where they or the revision differ.

    A function works without it. A right that is missing is logged; that Firestore is away, everything else tells.
    """
    try:
        _record(db, function, {"variables": dict(variables), "revision": revision}, now)
    except GoogleAPICallError as error:
        log.warning("the configuration was not recorded", exc_info=error, extra={"function": function})
    except (SyncError, Conflict):
        pass


def _record(db: Database, function: str, told: Mapping[str, object], now: datetime) -> None:
    for attempt in range(_TRIES):
        found = db.get([_PATH]).get(_PATH)
        held = found.data.get(function) if found else None
        if isinstance(held, Mapping) and all(held.get(name) == value for name, value in told.items()):
            return
        kind = Kind.UPDATE if found else Kind.CREATE
        try:
            db.commit([Write(_PATH, kind, {function: {**told, "since": now}})])
            return
        except Conflict:
            # Another function wrote the document first.
            if attempt + 1 == _TRIES:
                raise


def recorded(db: Database) -> dict[str, str] | None:
    """The variables of the deployment, those of whoever started last first; None: no function has recorded any."""
    found = db.get([_PATH]).get(_PATH)
    told = [value for value in (found.data if found else {}).values() if isinstance(value, Mapping)]
    variables: dict[str, str] = {}
    for one in sorted(told, key=_since):
        given = one.get("variables")
        if isinstance(given, Mapping):
            variables |= {str(name): value for name, value in given.items() if isinstance(value, str)}
    return variables or None


def _since(told: Mapping[str, object]) -> float:
    since = told.get("since")
    return since.timestamp() if isinstance(since, datetime) else 0.0
