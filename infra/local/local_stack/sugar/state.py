"""The instance's data as one JSON document, so that a demo can be stopped and taken up again. Tokens are not
kept.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from .addresses import Address, EmailLink
from .database import Marks, User
from .simulator import SugarSimulator
from .table import Values

_MARKS = ("flags", "favorites", "hidden", "refused")


def save_state(simulator: SugarSimulator, path: Path) -> None:
    """Write users, records and marks; uncommitted versions count as committed. Studio changes, rights of
    single records, the audit log and queued hooks are not kept.
    """
    db = simulator.db
    with simulator.lock:
        state: dict[str, Any] = {
            "offset": simulator.clock.offset.total_seconds(),
            "platforms": sorted(simulator.platforms),
            "users": [asdict(user) for user in db.users.values()],
            "addresses": [asdict(address) for address in db.addresses],
            "tables": {
                name: [row.newest for row in table.rows.values()] for name, table in db.tables.items()
            },
            "marks": {name: getattr(db, name).as_json() for name in _MARKS},
        }
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(state), encoding="utf-8")
    draft.replace(path)


def load_state(simulator: SugarSimulator, path: Path) -> None:
    """Fill a new simulator with what `save_state` wrote."""
    state = json.loads(path.read_text(encoding="utf-8"))
    db = simulator.db
    simulator.clock.offset = timedelta(seconds=state["offset"])
    simulator.platforms.update(state["platforms"])
    db.users = {user["id"]: User(**user) for user in state["users"]}
    for address in state["addresses"]:
        db.addresses.add(Address(**address))
    for name in _MARKS:
        setattr(db, name, Marks.from_json(state["marks"][name]))
    for module, records in state["tables"].items():
        db.load(module, [_values(record) for record in records])


def _values(record: dict[str, Any]) -> Values:
    if "email" in record:
        record["email"] = tuple(EmailLink(*link) for link in record["email"])
    return record
