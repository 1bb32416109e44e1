"""A document that somebody spoiled by hand is a row with its reason; every command goes on, and says what to do."""

from __future__ import annotations

from typing import Any

import pytest
from google.cloud import firestore
from tests.commands.admin.office import Office
from tests.world import link

from admin.deployment import KEYS
from contact_sync.config_formats import TokenKey
from contact_sync.store.write import Kind, Write
from local_stack.firestore import in_process_client


def spoil(office: Office, path: str, **values: Any) -> None:
    office.world.db.commit([Write(path, Kind.UPDATE, values)])


def foreign(office: Office, path: str, **values: Any) -> None:
    """Values of kinds that this program never stores."""
    in_process_client(office.world.firestore).document(path).update(values)


def test_the_reason_stands_in_the_list_and_in_what_is_shown_of_one(office: Office) -> None:
    spoil(office, f"users/{office.jane.sub}", cursors={"watermark": "soon"})
    (row,) = office.json("users")["users"]
    assert row["message"].startswith("cannot be read: ") and "cursors.watermark" in row["message"]
    assert "cursors.watermark" in office.json("user", office.jane.sub)["message"]


@pytest.mark.parametrize(
    "command",
    [["reconcile", "{}"], ["reconcile", "{}", "--report-only"], ["sugar-user", "{}", "jane@corp.test"]],
)
def test_what_would_work_with_a_spoiled_user_says_so_and_changes_nothing(
    office: Office, command: list[str]
) -> None:
    path = f"users/{office.jane.sub}"
    spoil(office, path, settings=5)
    before = office.world.db.get([path])[path].data
    assert office(*(part.format(office.jane.sub) for part in command)) == 1
    assert "cannot be read" in office.err and "Firestore console" in office.err
    assert office.err.count("\n") == 1
    assert office.world.db.get([path])[path].data == before


def test_a_value_of_a_foreign_kind_anywhere_in_a_user_s_document_stops_nothing(
    office: Office, tmp_path: Any
) -> None:
    foreign(office, f"users/{office.jane.sub}", home=firestore.GeoPoint(1, 2), next_sync_at=b"bytes")
    (row,) = office.json("users")["users"]
    assert "next_sync_at" in row["message"]
    assert office("export", office.jane.sub, "--to", str(tmp_path / "jane.json")) == 0
    assert "geo_point" in (tmp_path / "jane.json").read_text()
    assert office("erase", office.jane.sub, "--yes") == 0


@pytest.mark.parametrize("cursors", ["none", 5, ["a"]])
def test_cursors_that_are_no_map_are_exported(office: Office, cursors: Any, tmp_path: Any) -> None:
    spoil(office, f"users/{office.jane.sub}", cursors=cursors)
    assert office("export", office.jane.sub, "--to", str(tmp_path / "jane.json")) == 0


@pytest.mark.parametrize("values", [{"done": "many"}, {"counts": 5}, {"trigger": 7}, {"phase": None}])
def test_a_run_that_cannot_be_read_is_a_row_with_its_reason(office: Office, values: dict[str, Any]) -> None:
    link(office.world)
    (first, *_) = office.json("runs", office.jane.sub)["runs"]
    spoil(office, f"users/{office.jane.sub}/runs/{first['id']}", **values)
    (row,) = [run for run in office.json("runs", office.jane.sub)["runs"] if run["id"] == first["id"]]
    assert row["error"].startswith("unreadable: Expected") and next(iter(values)) in row["error"]
    assert office("runs", office.jane.sub) == 0


@pytest.mark.parametrize("values", [{"cause": 5}, {"cause": {"a": 1}}, {"group": 5}, {"since": "x"}])
def test_a_backlog_entry_that_cannot_be_read_is_counted(office: Office, values: dict[str, Any]) -> None:
    whole = {"cause": "refused", "group": None, "message": "?", "since": office.world.clock.now()}
    for name, more in (("good", {}), ("bad", values)):
        path = f"users/{office.jane.sub}/backlog/{name}"
        office.world.db.commit([Write(path, Kind.SET, {**whole, **more})])
    found = {row["cause"]: row["contacts"] for row in office.json("backlog")["causes"]}
    assert sum(found.values()) == 2
    assert ("unreadable: no text in `cause`" in found) is ("cause" in values)


def test_tokens_and_a_session_that_cannot_be_read_are_named(office: Office) -> None:
    office.world.sync()
    ben = office.world.add_person("ben")
    spoil(office, f"users/{ben.sub}/private/tokens", google_refresh=5, google_scopes="x")
    spoil(office, "system/sugar_session", access=7)
    office.keys(TokenKey("k2", b"n" * 32), TokenKey("k1", b"k" * 32))
    found = office.json("rotate-keys", status=1)
    assert found["unreadable"] == [ben.sub]
    assert "session cannot be read" in office.err
    assert office.world.sync(engine=office.deployment().engine(KEYS))["phase"] in ("done", "idle")


def test_a_pause_without_words_is_a_pause(office: Office) -> None:
    office.world.db.commit([Write("system/pause", Kind.SET, {"reason": 5, "since": "x"})])
    assert office.json("users")["paused_for_everyone"] == "5"
    assert office("resume", "--everyone") == 0
