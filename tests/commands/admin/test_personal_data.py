"""Erase and export: everything stored about one person, and nothing else."""

from __future__ import annotations

import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from tests.commands.admin.office import Office
from tests.world import link

from contact_sync.store import previews, runs
from contact_sync.store.records import Lease, PlannedAction, PreviewRecord, RunRecord


@pytest.fixture
def lived(office: Office) -> Office:
    """Two people with linked contacts; Jane also has actions whose preview is gone."""
    link(office.world)
    ben = office.world.add_person("ben")
    office.world.add_sugar(ben, first_name="Bo", last_name="Bell", email="bo@x.test")
    office.world.settle(ben)
    now = office.world.clock.now()
    action = PlannedAction("a1", "update", ("update",), "Ana Ruiz", "print")
    office.world.db.commit(
        [
            previews.put(office.jane.sub, PreviewRecord("p1", "ready", now, now)),
            *(previews.put_action(office.jane.sub, preview, action, now) for preview in ("p1", "lost")),
        ]
    )
    return office


def test_erasing_leaves_nothing_and_touches_neither_side_nor_anybody_else(lived: Office) -> None:
    world, ben = lived.world, lived.world.people["ben"]
    before, others = (world.sugar_contacts(), world.google_contacts()), lived.paths(ben)
    count = len(lived.paths(lived.jane))
    found = lived.json("erase", "jane@corp.test", "--yes")
    assert lived.paths(lived.jane) == []
    assert (world.sugar_contacts(), world.google_contacts()) == before
    assert lived.paths(ben) == others
    assert found["grant_revoked"] is True
    # The tokens went with the grant.
    assert found["documents"] == count - 1


def test_erasing_ends_the_grant_at_google(lived: Office) -> None:
    lived.world.forget_calls()
    lived("erase", lived.jane.sub, "--yes")
    assert ("POST", "/revoke") in lived.world.google_transport.calls


def test_erasing_needs_a_yes(lived: Office) -> None:
    before = lived.paths(lived.jane)
    assert lived("erase", lived.jane.sub) == 2
    assert lived.paths(lived.jane) == before
    assert not lived.user().paused


def test_erasing_waits_for_the_run_under_way(lived: Office) -> None:
    until = lived.world.clock.now() + timedelta(minutes=2)
    lived.change(lived.jane, lease=Lease("l", "r", until))
    assert lived("erase", lived.jane.sub, "--yes") == 0
    assert lived.world.clock.now() >= until


def test_where_google_does_not_confirm_nothing_is_erased_unless_asked_for(lived: Office) -> None:
    lived.world.google_transport.before = no_network
    assert lived("erase", lived.jane.sub, "--yes") == 1
    assert "--without-revoking" in lived.err
    assert lived.user().paused
    assert lived("erase", lived.jane.sub, "--yes", "--without-revoking") == 0
    assert lived.paths(lived.jane) == []


def no_network(_request: object) -> None:
    raise requests.ConnectionError("no network")


def test_a_task_that_comes_after_the_erasure_stores_nothing(lived: Office) -> None:
    lived("erase", lived.jane.sub, "--yes")
    for trigger in ("schedule", "manual", "preview", "reconcile"):
        assert lived.world.sync(trigger, run_id="late")["error"] == "unknown_user"
    assert lived.paths(lived.jane) == []


def test_an_export_holds_everything_but_the_tokens(lived: Office, tmp_path: Path) -> None:
    target = tmp_path / "jane.json"
    assert lived("export", "jane@corp.test", "--to", str(target)) == 0
    exported = json.loads(target.read_text())
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert "private" not in exported
    assert not {"google_refresh", "sugar_access", "google_access", "sync_token"} & set(
        target.read_text().split('"')
    )
    assert exported["user"][0]["email"] == "jane@corp.test"
    assert exported["mappings"][0]["name"] == "Ana Ruiz"
    paths = [item["path"] for name, items in exported.items() if name != "exported_at" for item in items]
    prefix = f"users/{lived.jane.sub}/"
    kept = [path.removeprefix(prefix) for path in lived.paths(lived.jane)]
    assert sorted(paths) == sorted(path for path in kept if path != "private/tokens")
    assert "previews/lost/actions/a1" in paths
    assert "Bo Bell" not in target.read_text()


def test_an_export_replaces_no_file(lived: Office, tmp_path: Path) -> None:
    target = tmp_path / "there.json"
    target.write_text("mine")
    assert lived("export", lived.jane.sub, "--to", str(target)) == 2
    assert target.read_text() == "mine"
    assert lived("export", lived.jane.sub, "--to", str(tmp_path / "no" / "such")) == 2


def test_more_documents_than_fit_into_one_commit_are_erased(office: Office) -> None:
    now = office.world.clock.now()
    for start in range(0, 900, 300):
        records = [RunRecord(f"r{number}", "manual", now) for number in range(start, start + 300)]
        office.world.db.commit([runs.put(office.jane.sub, record) for record in records])
    assert office.json("erase", office.jane.sub, "--yes")["documents"] == 901
    assert office.paths(office.jane) == []
