"""What is made of Terraform's own test: a change that comes back with every deployment does not go unseen."""

from __future__ import annotations

import json
from typing import Any

from tests.infra.second_plan import problems

INVENTORY = "  1 google_storage_bucket\n"


def plan(*actions: str, output: str = "no-op", run: str = "second") -> str:
    bucket = {"address": "google_storage_bucket.a", "type": "google_storage_bucket", "mode": "managed"}
    changes: dict[str, Any] = {
        "resource_changes": [bucket | {"change": {"actions": list(actions)}}],
        "output_changes": {"web_url": {"actions": [output]}},
    }
    return json.dumps({"@level": "info", "@message": "plan", "@testrun": run, "test_plan": changes})


def test_a_plan_without_changes_is_fine() -> None:
    assert problems([plan("no-op")], INVENTORY) == []


def test_a_resource_that_would_change_again_is_named() -> None:
    assert problems([plan("update")], INVENTORY) == ["google_storage_bucket.a would be changed again"]


def test_an_output_that_would_change_again_is_named() -> None:
    assert problems([plan("no-op", output="update")], INVENTORY) == ["output.web_url would be changed again"]


def test_resources_that_are_not_listed_are_told() -> None:
    assert problems([plan("no-op")], "") == [f"the inventory differs; found:\n{INVENTORY}"]


def test_a_test_that_failed_is_told() -> None:
    failed = json.dumps(
        {
            "@level": "error",
            "@message": "Error: Test assertion failed",
            "diagnostic": {"detail": "Only web is public."},
        }
    )
    assert problems([plan("no-op"), failed], INVENTORY) == [
        "Error: Test assertion failed Only web is public."
    ]


def test_the_plan_of_another_run_proves_nothing() -> None:
    assert problems(["Warning: no JSON", plan("no-op", run="first")], INVENTORY) != []
