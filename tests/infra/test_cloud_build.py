"""cloudbuild.yaml deploys what infra/cloudbuild-test.yaml has tested, by a plan that was checked."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.infra.readme import section
from tests.infra.terraform_files import ROOT, local, resource, resources

BUILD: dict[str, Any] = yaml.safe_load((ROOT / "cloudbuild.yaml").read_text())
TESTS: dict[str, Any] = yaml.safe_load((ROOT / "infra/cloudbuild-test.yaml").read_text())
STEPS: dict[str, dict[str, Any]] = {step["id"]: step for step in (*BUILD["steps"], *TESTS["steps"])}
ACCOUNT = "projects/$PROJECT_ID/serviceAccounts/${_NAME}-%s@$PROJECT_ID.iam.gserviceaccount.com"
GUIDE = section("Step 13: later deployments, by Cloud Build")


def test_steps_come_in_an_order_in_which_nothing_unchecked_is_applied() -> None:
    names = [step["id"] for step in BUILD["steps"]]
    assert [name for name in names if name in ("source", "check", "plan", "keep", "apply")] == [
        "source", "check", "plan", "keep", "apply",
    ]  # fmt: skip
    assert names[0] == "source" and names.index("settings") < names.index("plan") > names.index("zip")
    assert not [name for name, step in STEPS.items() if "waitFor" in step or step.get("allowFailure")]


def test_what_is_applied_is_the_plan_that_was_made_and_checked() -> None:
    (saved,) = re.findall(r"plan .*-out=(\S+)", STEPS["plan"]["script"])
    (shown,) = re.findall(rf"show -json {re.escape(saved)} >(\S+)", STEPS["plan"]["script"])
    assert f"infra/check_plan {shown}\n" in STEPS["keep"]["script"]
    assert re.search(rf"apply .*{re.escape(saved)}$", STEPS["apply"]["script"].strip())
    assert "auto-approve" not in STEPS["apply"]["script"]


def test_it_runs_as_the_account_that_may_deploy() -> None:
    assert "deploy" in local("accounts")
    assert BUILD["serviceAccount"] == ACCOUNT % "deploy"
    assert BUILD["options"]["logging"] == "CLOUD_LOGGING_ONLY"  # else such an account needs a bucket for logs


def test_the_tests_run_as_an_account_that_reaches_their_log_alone() -> None:
    assert TESTS["serviceAccount"] == ACCOUNT % "test"
    assert [step["id"] for step in TESTS["steps"]] == ["test"]
    assert "tests/run" in STEPS["test"]["script"]
    assert "tests/run" not in (ROOT / "cloudbuild.yaml").read_text()
    assert "test" in local("accounts") and "test" not in local("project_roles")
    given = [
        (kind, name)
        for (kind, name), body in resources()
        if "iam" in kind and 'google_service_account.this["test"]' in str(body)
    ]
    assert given == [("google_storage_bucket_iam_member", "tests")]
    assert "test" in str(local("acted_as"))  # it is left out there: a deployment has no business with it
    assert TESTS["options"]["logging"] == "GCS_ONLY"
    named = resource("google_storage_bucket", "tests")["name"]
    assert named == "${var.project_id}-${var.name}-tests"
    assert TESTS["logsBucket"].startswith("gs://$PROJECT_ID-${_NAME}-tests/")


def test_what_a_function_would_refuse_is_refused_before_the_plan() -> None:
    names = [step["id"] for step in BUILD["steps"]]
    assert (
        names.index("settings") < names.index("values") < names.index("configuration") < names.index("plan")
    )
    (written,) = re.findall(r"infra/values >(\S+)", STEPS["values"]["script"])
    assert f"infra/check --values {written}\n" in STEPS["configuration"]["script"]


def health(folder: Path, fails: int) -> tuple[int, list[str], str]:
    """Run the last step where so many calls are refused: its exit status, the calls, and what it says."""
    programs = {
        "terraform": '[ "$*" = "-chdir=infra output -raw web_url" ] && printf https://web.example.com',
        "wget": f'echo "$*" >>{folder}/calls; [ "$(wc -l <{folder}/calls)" -gt {fails} ] && echo ok',
        "sleep": "true",
    }
    for name, script in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    environ = {"PATH": f"{folder}:{os.environ['PATH']}"}
    command = ["sh", "-c", STEPS["health"]["script"]]
    done = subprocess.run(command, env=environ, check=False, timeout=60, capture_output=True, text=True)
    return done.returncode, (folder / "calls").read_text().splitlines(), done.stderr


def test_after_the_deployment_it_is_asked_whether_it_is_well(tmp_path: Path) -> None:
    assert BUILD["steps"][-1]["id"] == "health" and BUILD["steps"][-2]["id"] == "apply"
    status, calls, _ = health(tmp_path, fails=2)
    assert (status, len(calls)) == (0, 3)
    assert all(call.endswith(" https://web.example.com/health") for call in calls)


def test_one_that_is_not_well_fails_the_build_and_names_the_way_back(tmp_path: Path) -> None:
    status, calls, said = health(tmp_path, fails=99)
    assert (status, len(calls)) == (1, 6)
    assert "infra/rollback" in said


@pytest.mark.parametrize("step", sorted(STEPS))
def test_a_step_runs_a_pinned_image(step: str) -> None:
    """By its tag here; infra/pin adds the digest, and a deployment without it is refused."""
    assert re.search(r":\d+\.\d+", STEPS[step]["name"])
    assert "infra/pin --check" in STEPS["source"]["script"]


def test_the_provider_is_the_one_that_was_locked() -> None:
    assert "init -lockfile=readonly " in STEPS["check"]["script"]
    # The administrator's, made by infra/pin and committed with the rest.
    assert ".terraform.lock.hcl" not in (ROOT / ".gitignore").read_text()


@pytest.mark.parametrize("step", sorted(STEPS))
def test_a_step_runs_commands_of_the_project_that_exist(step: str) -> None:
    commands = re.findall(r"(?:^|\s)((?:infra|tests)/\w+)(?=\s|$)", STEPS[step]["script"])
    assert [command for command in commands if not os.access(ROOT / command, os.X_OK)] == []


@pytest.fixture
def commit(tmp_path: Path) -> tuple[Path, str]:
    """A checkout in which everything is pinned, and its commit."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra/pin").write_text("#!/bin/sh\necho pinned\n")
    (tmp_path / "infra/pin").chmod(0o755)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *arguments], check=True, timeout=60)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True, timeout=60)
    return tmp_path, head.stdout.strip()


def source_step(folder: Path, **environ: str) -> int:
    """Run the first step of a deployment; its exit status."""
    known = {"PATH": os.environ["PATH"], "_TESTED": "", **environ}
    command = ["bash", "-c", STEPS["source"]["script"]]
    return subprocess.run(command, cwd=folder, env=known, check=False, timeout=60).returncode


def test_only_the_commit_that_passed_the_tests_is_deployed(commit: tuple[Path, str]) -> None:
    folder, head = commit
    assert source_step(folder, _TESTED=head) == 0
    assert source_step(folder, _TESTED="0" * 40) != 0
    assert source_step(folder, _TESTED="0" * 40, COMMIT_SHA="0" * 40) != 0  # what lies here counts
    assert source_step(folder) == 0  # by hand, of an archive of the commit


def test_a_commit_that_cannot_be_told_is_not_the_one_that_passed(commit: tuple[Path, str]) -> None:
    folder, head = commit
    (folder / ".git").rename(folder / "elsewhere")
    assert source_step(folder, _TESTED=head) != 0
    assert source_step(folder, _TESTED=head, COMMIT_SHA=head) == 0


def test_what_is_not_pinned_is_not_deployed(commit: tuple[Path, str]) -> None:
    folder, head = commit
    (folder / "infra/pin").write_text("#!/bin/sh\nexit 1\n")
    assert source_step(folder, _TESTED=head) != 0


def test_the_guides_trigger_deploys_after_the_tests_what_they_passed() -> None:
    tested, deployed = re.findall(
        r"gcloud builds triggers create .*?(?=\n\n|\n```|\ngcloud)", GUIDE, re.DOTALL
    )
    assert "create github" in tested and "--build-config=infra/cloudbuild-test.yaml" in tested
    assert "$NAME-test@" in tested
    assert "create pubsub" in deployed and "--build-config=cloudbuild.yaml" in deployed
    assert "topics/cloud-builds" in deployed and "$NAME-deploy@" in deployed
    (name,) = re.findall(r'--name="(\S+)"', tested)
    assert f'_STATUS == \\"SUCCESS\\" && _TRIGGER == \\"{name}\\"' in deployed
    for bound in ("_STATUS", "_TRIGGER", "_TESTED"):
        assert f"{bound}=\\$(body.message.data." in deployed
    assert "_TESTED" in BUILD["substitutions"]


def test_by_hand_nothing_is_deployed_before_its_tests_and_nothing_that_they_could_have_touched() -> None:
    (first, second) = re.findall(r"^ *submit (--.*?)(?: &&)?$", GUIDE, re.MULTILINE)
    assert f"{first} &&\n" in GUIDE
    assert first.startswith("--config=infra/cloudbuild-test.yaml ") and "$PROJECT-$NAME-tests/" in first
    assert second == "--config=cloudbuild.yaml"


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
