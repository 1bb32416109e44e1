"""cloudbuild.yaml deploys what was tested and planned, in that order."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
import yaml
from tests.infra.terraform_files import ROOT, local

BUILD: dict[str, Any] = yaml.safe_load((ROOT / "cloudbuild.yaml").read_text())
STEPS: dict[str, dict[str, Any]] = {step["id"]: step for step in BUILD["steps"]}


def test_steps_come_in_an_order_in_which_nothing_untested_is_applied() -> None:
    assert list(STEPS) == ["test", "check", "settings", "zip", "plan", "apply"]
    assert not [name for name, step in STEPS.items() if "waitFor" in step or step.get("allowFailure")]


def test_what_is_applied_is_the_plan_that_was_made() -> None:
    (saved,) = re.findall(r"plan .*-out=(\S+)", STEPS["plan"]["script"])
    assert re.search(rf"apply .*{re.escape(saved)}$", STEPS["apply"]["script"].strip())
    assert "auto-approve" not in STEPS["apply"]["script"]


def test_it_runs_as_the_account_that_may_deploy() -> None:
    assert "deploy" in local("accounts")
    assert BUILD["serviceAccount"] == (
        "projects/$PROJECT_ID/serviceAccounts/${_NAME}-deploy@$PROJECT_ID.iam.gserviceaccount.com"
    )
    assert BUILD["options"]["logging"] == "CLOUD_LOGGING_ONLY"  # else such an account needs a bucket for logs


@pytest.mark.parametrize("step", sorted(STEPS))
def test_a_step_runs_a_pinned_image(step: str) -> None:
    assert re.search(r":\d+\.\d+", STEPS[step]["name"])


@pytest.mark.parametrize("step", sorted(STEPS))
def test_a_step_runs_commands_of_the_project_that_exist(step: str) -> None:
    commands = re.findall(r"(?:^|\s)((?:infra|tests)/\w+)(?=\s|$)", STEPS[step]["script"])
    assert [command for command in commands if not os.access(ROOT / command, os.X_OK)] == []


def test_what_a_build_needs_is_sent_to_it() -> None:
    left = [line for line in (ROOT / ".gcloudignore").read_text().splitlines() if line and line[0] != "#"]
    needed = (
        "tests",
        "infra",
        "functions",
        "requirements.txt",
        ".pytest.ini",
        ".ruff.toml",
        ".mypy.ini",
        ".*",
    )
    assert not [line for line in left if line.strip("/") in needed]
