"""A user whose document cannot be read is `broken`: every command goes on, and works on that user too."""

from __future__ import annotations

from typing import Any

import pytest
from tests.commands.admin.office import Office
from tests.world import Auto, Person

from contact_sync.store.write import Kind, Write

SPOILED: list[dict[str, Any]] = [
    {"settings": {"conflict": "coin"}},
    {"settings": 5},
    {"cursors": {"watermark": "soon"}},
    {"paused": "maybe"},
    {"last_run": 3},
    {"email": 5},
]


def broken(office: Office, **values: Any) -> Person:
    """Somebody beside Jane, with a document that was changed by hand."""
    ben = office.world.add_person("ben")
    office.world.set(ben, auto=Auto(enabled=True))
    office.world.db.commit([Write(f"users/{ben.sub}", Kind.UPDATE, values)])
    return ben


@pytest.mark.parametrize("values", SPOILED)
def test_every_command_goes_on(office: Office, values: dict[str, Any]) -> None:
    ben = broken(office, **values)
    told = {row["id"]: row for row in office.json("users")["users"]}
    assert told[ben.sub]["connection"] == "broken"
    assert told[office.jane.sub]["connection"] == "connected"
    assert [row["id"] for row in office.json("users", "--state", "broken")["users"]] == [ben.sub]
    for command in ("user", "pause", "resume"):
        assert office(command, ben.sub) == 0, office.err
    for command in (("pause", "--everyone"), ("resume", "--everyone"), ("policy",), ("policy", "--dry-run")):
        assert office(*command) == 0, office.err


@pytest.mark.parametrize("values", SPOILED)
def test_such_a_user_is_exported_and_erased(office: Office, values: dict[str, Any], tmp_path: Any) -> None:
    ben = broken(office, **values)
    assert office("export", ben.sub, "--to", str(tmp_path / "ben.json")) == 0, office.err
    assert office("erase", ben.sub, "--yes") == 0, office.err
    assert office.paths(ben) == []


def test_such_a_user_is_due_in_an_hour_and_goes_on_once_repaired(office: Office) -> None:
    world = office.world
    ben = broken(office, cursors={"watermark": "soon"})
    now = world.clock.now()
    world.db.commit([Write(f"users/{ben.sub}", Kind.UPDATE, {"next_sync_at": now})])
    assert world.sync("schedule", ben)["error"] == "broken"
    due = world.db.get([f"users/{ben.sub}"])[f"users/{ben.sub}"].data["next_sync_at"]
    assert (due - now).total_seconds() == 3600
    world.db.commit([Write(f"users/{ben.sub}", Kind.UPDATE, {"cursors": {}})])
    world.add_sugar(ben, first_name="Ana", last_name="Ruiz")
    world.settle(ben)
    assert (world.user(ben).connection, world.google_names(ben)) == ("connected", ["Ana Ruiz"])
