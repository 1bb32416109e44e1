"""infra/check_plan: no deployment deletes what nothing brings back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.infra.second_plan import KEPT
from tests.infra.terraform_files import ROOT, resource

SECRET = 'google_secret_manager_secret.this["TOKEN_KEYS"]'


def change(address: str, *actions: str) -> dict[str, Any]:
    return {
        "address": address,
        "type": address.partition(".")[0],
        "mode": "managed",
        "change": {"actions": actions},
    }


def plan(*changes: dict[str, Any], **more: Any) -> str:
    return json.dumps({"format_version": "1.2", "resource_changes": list(changes), **more})


def check(folder: Path, text: str | None) -> tuple[int, str]:
    """Check a plan: the exit status and what was said."""
    file = folder / "plan.json"
    if text is not None:
        file.write_text(text)
    done = subprocess.run(
        [sys.executable, str(ROOT / "infra/check_plan"), str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "actions, what",
    [(["delete"], "deleted"), (["delete", "create"], "replaced"), (["create", "delete"], "replaced")],
)
@pytest.mark.parametrize("kind", KEPT)
def test_a_plan_that_takes_one_away_is_refused_and_says_which(
    tmp_path: Path, kind: str, actions: list[str], what: str
) -> None:
    found = plan(change("google_storage_bucket.a", "no-op"), change(f'{kind}.this["x"]', *actions))
    status, said = check(tmp_path, found)
    assert status == 1
    assert f'{kind}.this["x"] would be {what}: ' in said
    assert "Nothing was applied." in said


def test_each_of_several_is_named(tmp_path: Path) -> None:
    status, said = check(
        tmp_path, plan(change(SECRET, "delete"), change("google_firestore_database.old", "delete"))
    )
    assert status == 1
    assert SECRET in said and "google_firestore_database.old" in said


@pytest.mark.parametrize("actions", [["no-op"], ["create"], ["read"], ["update"], ["forget"]])
def test_a_plan_that_leaves_them_alone_passes(tmp_path: Path, actions: list[str]) -> None:
    passed = plan(
        change(SECRET, *actions), change("google_cloudfunctions2_function.this", "delete", "create")
    )
    assert check(tmp_path, passed) == (0, "")


def test_who_may_read_a_secret_may_change(tmp_path: Path) -> None:
    assert check(tmp_path, plan(change("google_secret_manager_secret_iam_member.reader", "delete")))[0] == 0


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "No changes.",
        "[]",
        "null",
        "{}",
        '{"resource_changes": null}',
        '{"resource_changes": [{"address": "a", "type": "b"}]}',
        plan(change(SECRET, "create"), errored=True),
    ],
)
def test_what_is_no_whole_plan_is_refused(tmp_path: Path, text: str | None) -> None:
    status, said = check(tmp_path, text)
    assert status == 2
    assert said and "Traceback" not in said


@pytest.mark.parametrize("kind", KEPT)
def test_terraform_itself_may_not_destroy_them(kind: str) -> None:
    assert resource(kind, "this")["lifecycle"][0]["prevent_destroy"] is True


def test_a_secret_is_protected_twice_and_stays_where_it_was_put() -> None:
    secret = resource("google_secret_manager_secret", "this")
    assert secret["deletion_protection"] is True
    assert any("replication" in ignored for ignored in secret["lifecycle"][0]["ignore_changes"])
