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


SECRET = "google_secret_manager_secret.this"


def kept_plan(file: str = "tests/deployment.tftest.hcl") -> str:
    """A plan of a secret that stays as it is."""
    secret = {
        "address": SECRET,
        "type": SECRET.partition(".")[0],
        "mode": "managed",
        "change": {"actions": ["no-op"]},
    }
    changes = {"resource_changes": [secret], "output_changes": {}}
    return json.dumps(
        {"@level": "info", "@message": "plan", "@testrun": "second", "@testfile": file, "test_plan": changes}
    )


def refusal(address: str, file: str = "tests/deployment.tftest.hcl") -> str:
    """What Terraform says at the end, when it is to destroy what was applied."""
    detail = f"Resource {address} has lifecycle.prevent_destroy set, but the plan ..."
    diagnostic = {"summary": "Instance cannot be destroyed", "detail": detail}
    return json.dumps(
        {
            "@level": "error",
            "@message": "Error: ...",
            "@testfile": file,
            "type": "diagnostic",
            "diagnostic": diagnostic,
        }
    )


def test_that_a_secret_cannot_be_destroyed_is_as_it_should_be() -> None:
    left = json.dumps({"@level": "error", "@message": "left behind", "type": "test_cleanup"})
    inventory = "  1 google_secret_manager_secret\n"
    assert problems([kept_plan(), left, refusal(SECRET)], inventory) == []


def test_a_secret_that_could_be_destroyed_is_told() -> None:
    inventory = "  1 google_secret_manager_secret\n"
    for lines in ([kept_plan()], [kept_plan(), refusal(SECRET, "tests/choices.tftest.hcl")]):
        assert problems(lines, inventory) == [f"{SECRET} could be destroyed"]


def test_what_else_cannot_be_destroyed_is_told() -> None:
    (told,) = problems([plan("no-op"), refusal("google_storage_bucket.a")], INVENTORY)
    assert "google_storage_bucket.a" in told
