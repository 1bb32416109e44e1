"""infra/check refuses before anything is planned what a function would refuse at its start, a line for each thing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.infra.terraform_files import ROOT, local, variables

import configuration
from contact_sync.config import _VARIABLES

GIVEN = {
    "project_id": '"my-project"',
    "allowed_domains": '["example.com", "example.org"]',
    "oauth_client_id": '"123-abc.apps.googleusercontent.com"',
    "sugar_url": '"https://crm.example.com"',
    "sugar_username": '"contact-sync"',
}
"""What has to be given, as it stands in a file of variables."""

needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="Terraform is not installed")


def check(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [ROOT / "infra/check", *arguments],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def checked(folder: Path, **changed: str | None) -> tuple[int, str, str]:
    """The check of a file that holds what has to be given, with these changes; None leaves one out."""
    lines = [f"{name} = {value}" for name, value in {**GIVEN, **changed}.items() if value is not None]
    file = folder / "one.tfvars"
    file.write_text("\n".join(lines) + "\n")
    return check(str(file))


def test_what_the_functions_are_told_is_what_terraform_tells_them() -> None:
    told = {}
    for name, setting in local("settings").items():
        found = re.findall(r"var\.(\w+)", setting["value"])
        if found:
            told[name] = found[0]
    assert told | {"WEB_URL": "web_address"} == configuration.VARIABLES
    assert set(configuration._COMPUTED) == (set(local("settings")) - set(told))
    assert set(configuration.VARIABLES.values()) <= set(variables())
    assert set(configuration._SECRETS) <= {variable.name for variable in _VARIABLES if variable.secret}


def test_values_are_told_as_terraform_would_tell_them() -> None:
    given = {
        "allowed_domains": ["a.test", "b.test"],
        "history_days": 30,
        "quiet_hours": None,
        "web_address": "https://w.test",
    }
    told = configuration.environment(given)
    assert told["ALLOWED_DOMAINS"] == "a.test,b.test"
    assert (told["HISTORY_DAYS"], told["WEB_URL"]) == ("30", "https://w.test")
    assert "QUIET_HOURS" not in told


@needs_terraform
def test_what_is_right_passes(tmp_path: Path) -> None:
    policy = '<<-JSON\n  {"forced": {"auto.enabled": true}, "disabled": "A ${tail} < %{b}"}\nJSON'
    policy = policy.replace("${", "$${").replace("%{", "%%{")
    found = checked(tmp_path, policy=policy, quiet_hours='"22-6"')
    assert found == (0, "The functions take these variables.\n", "")


@needs_terraform
@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("policy", r'"{\"forced\": {\"from_google.delte\": false}}"', "from_google.delte is no setting"),
        ("policy", r'"{\"forced\": {\"auto.interval_minutes\": 0}}"', "auto.interval_minutes"),
        ("policy", r'"{\"forcd\": {}}"', "policy must be JSON such as"),
        ("policy", r'"{\"disabled\": true}"', "disabled is neither"),
        ("policy", r'"{not json}"', "policy must be JSON such as"),
        ("policy", '"on"', "The policy must be a JSON object"),
        ("quiet_hours", '"6-6"', "quiet_hours must be two different hours"),
        ("quiet_hours", '"24-6"', "The quiet_hours must be two hours"),
        ("sugar_username", '""', "sugar_username must not be empty"),
        ("sugar_username", '"  "', "sugar_username must not be empty"),
        ("sugar_username", None, "sugar_username is not set"),
        ("allowed_domains", None, "allowed_domains is not set"),
        ("name", '""', "The name must be"),
        ("sugar_platform", '"contact_sync_user"', "sugar_sudo_platform"),
        ("sugar_sudo_platform", '"mobile"', "sugar_sudo_platform must be a Sugar platform of its own"),
        ("sugar_url", '"https://crm.example.com:port"', "sugar_url must be an address"),
        ("project_id", "[", "Error: "),
    ],
)
def test_what_a_function_would_refuse_is_refused_by_its_name(
    tmp_path: Path, variable: str, value: str | None, said: str
) -> None:
    status, out, err = checked(tmp_path, **{variable: value})
    assert (status, out) == (1, "")
    assert said in " ".join(err.split())


@needs_terraform
def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    _, _, err = checked(tmp_path, policy=r'"{\"x\": 1}"', quiet_hours='"6-6"')
    assert [line.split()[0] for line in err.splitlines()] == ["policy", "quiet_hours"]


@needs_terraform
def test_values_written_before_are_checked_without_terraform(tmp_path: Path) -> None:
    file = tmp_path / "one.tfvars"
    file.write_text("\n".join(f"{name} = {value}" for name, value in GIVEN.items()))
    written = subprocess.run(
        [ROOT / "infra/values", file], capture_output=True, text=True, check=True, timeout=60
    )
    (tmp_path / "values").write_text(written.stdout)
    assert check("--values", str(tmp_path / "values"))[0] == 0


@pytest.mark.parametrize("arguments", [["--wrong"], ["a", "b"], ["--values"], ["/none.tfvars"]])
def test_a_wrong_call_says_how(arguments: list[str]) -> None:
    assert check(*arguments)[0] == 2


def test_its_help_is_its_head() -> None:
    status, out, _ = check("--help")
    assert (status, "infra/check [FILE]" in out) == (0, True)
