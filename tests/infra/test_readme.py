"""infra/README.md names what there is: alerts, variables, codes, commands, files; and its commands do it."""

from __future__ import annotations

import argparse
import ast
import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
from tests.infra.readme import BASH, CODE, HEADINGS, TEXT, section
from tests.infra.terraform_files import INFRA, ROOT, local, variables

from admin import command_line
from contact_sync import config
from contact_sync import config_formats as formats
from contact_sync.contacts.settings import SyncSettings, to_plain
from sugar_side import register

MADE = {
    "infra/build": "/infra/build/",
    "infra/terraform.tfvars": "/infra/terraform.tfvars",
    "infra/live.tfvars": "/infra/*.tfvars",
    "infra/trial.tfvars": "/infra/*.tfvars",
    "infra/.venv": ".venv/",
}
"""What is not in the repository because a command makes it, and the line of .gitignore that says so."""
PINNED = {"infra/.terraform.lock.hcl", "infra/images.lock"}
"""What is in an administrator's own repository, once infra/pin has made it."""


def anchor(heading: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def alert_titles() -> set[str]:
    return set(re.findall(r'^\s+title\s+= "([^"]+)"', (INFRA / "monitoring.tf").read_text(), re.MULTILINE))


def parsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands of a command line."""
    (found,) = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    return dict(found.choices)


COMMANDS = {
    "infra/admin": parsers(command_line._parser()),
    "infra/sugar/register": parsers(register._parser()),
}


def test_the_runbook_has_a_section_for_every_alert_and_no_other() -> None:
    severities = re.findall(r'^\s+severity = "', (INFRA / "monitoring.tf").read_text(), re.MULTILINE)
    assert len(alert_titles()) == len(severities)
    headings = re.findall(r"^### (.+)$", section("Runbook"), re.MULTILINE)
    assert sorted(headings) == sorted(alert_titles())


@pytest.mark.parametrize("title", sorted(alert_titles()))
def test_a_section_of_the_runbook_says_what_it_means_where_to_look_and_what_to_do(title: str) -> None:
    assert re.findall(r"^- \*\*(\w+)\*\*:", section(title), re.MULTILINE) == ["Means", "Look", "Do"]


def test_every_variable_of_the_deployment_is_in_the_table() -> None:
    rows = section("Settings of the deployment").split("\n### ")[0]
    named = [
        name
        for row in re.findall(r"^\| (`[^|]+`) \|", rows, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    ]
    assert sorted(named) == sorted(variables())


def test_the_defaults_in_the_table_are_those_of_the_variables() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section("Settings of the deployment"), re.MULTILINE))
    for name, block in variables().items():
        if "default" not in block:
            assert rows[name] == "–", name
        elif isinstance(block["default"], str) and block["default"] != "null" and name in rows:
            assert rows[name] == f"`{block['default']}`", name


def test_every_variable_of_the_functions_is_named() -> None:
    below = section("The functions' environment")
    assert [one.name for one in config._VARIABLES if f"`{one.name}`" not in below] == []


def test_every_secret_is_filled_in_the_set_up_and_has_its_renewal() -> None:
    filled = re.findall(r"\| add (\w+)", section("Step 9: the secrets (5 minutes)"))
    assert sorted(filled) == sorted(local("secrets"))
    renewed = re.findall(
        r"^\*\*(\w+)(?:\.\*\*|\*\* is not renewed)", section("Renewing a secret"), re.MULTILINE
    )
    assert sorted(renewed) == sorted(local("secrets"))


def test_every_code_that_asks_for_the_operator_has_its_line() -> None:
    raised = {
        call.args[0].value
        for path in sorted((ROOT / "functions/contact_sync").rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.args
        if call.func.id in ("OperatorMustAct", "DecryptionError") and isinstance(call.args[0], ast.Constant)
    }
    assert raised
    assert [code for code in sorted(raised) if f"`{code}`" not in section("Errors")] == []


def test_every_user_code_of_the_alert_has_its_line() -> None:
    assert [code for code in local("user_codes") if f"`{code}`" not in section("Users disconnected")] == []


def test_every_file_that_is_named_exists() -> None:
    named = {
        name.rstrip("./") for name in re.findall(r"(?<![\w/.-])((?:infra|tests|functions)/[\w./-]+)", TEXT)
    }
    missing = {name for name in named if not (ROOT / name).exists()}
    made = {name for name in missing if any(fnmatch(name, f"{one}*") for one in MADE)}
    assert missing - made <= PINNED
    assert {line for line in MADE.values()} <= set((ROOT / ".gitignore").read_text().splitlines())
    assert (ROOT / "cloudbuild.yaml").exists()


def test_a_program_that_is_to_be_called_can_be_called() -> None:
    called = {match for line in CODE for match in re.findall(r"^(infra/[\w/-]+)(?: |$)", line)} - set(MADE)
    programs = {name for name in called if (ROOT / name).is_file()}
    assert {"infra/bootstrap", "infra/build_zip", *COMMANDS} <= programs
    assert [name for name in sorted(programs) if not os.access(ROOT / name, os.X_OK)] == []


def uses() -> Iterator[tuple[str, str, str]]:
    """Every use of an administrator's command: the program, its command, and what follows."""
    for line in CODE:
        yield from re.findall(r"(infra/admin|infra/sugar/register) ([a-z][\w-]*)([^`|]*)", line)


def test_every_command_and_option_that_is_named_exists() -> None:
    found = list(uses())
    assert len(found) > 20
    for program, command, rest in found:
        assert command in COMMANDS[program], f"{program} {command}"
        known = COMMANDS[program][command]._option_string_actions
        assert set(re.findall(r"(?<!\S)--[\w-]+", rest)) <= known.keys(), f"{program} {command}{rest}"


@pytest.mark.parametrize("program", sorted(COMMANDS))
def test_every_command_of_a_program_is_told(program: str) -> None:
    assert COMMANDS[program].keys() - {command for used, command, _ in uses() if used == program} == set()


def test_links_inside_the_page_lead_somewhere() -> None:
    anchors = {anchor(heading) for _, heading in HEADINGS}
    assert len(anchors) == len(HEADINGS)
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors
    assert all((INFRA / link).exists() for link in re.findall(r"\]\(((?!https?:|#)[^)]+)\)", TEXT))


def test_the_list_of_contents_names_every_chapter_in_order() -> None:
    listed = re.findall(r"^\d+\. \[(.+)\]\(#", TEXT, re.MULTILINE)
    assert listed == [text for marks, text in HEADINGS if marks == "##"]


def test_what_is_to_be_forced_is_what_can_be_forced() -> None:
    examples = re.findall(r"^policy = <<-JSON\n(.*?)^JSON", TEXT, re.MULTILINE | re.DOTALL)
    assert len(examples) == 3
    for example in examples:
        assert formats.policy(example)
    told = TEXT.split("The settings that can be forced:")[1].split("\n\n")[0]
    assert [name for name in to_plain(SyncSettings()) if f"`{name}" not in told] == []


GCLOUD = """#!/bin/bash
# Keeps what it is to store in files beside it, and answers what lies there.
here=$(dirname "$0")
case "$*" in
    "secrets versions add"*) cat > "$here/$4" ;;
    "secrets versions access"*) [[ "$*" =~ --secret=([A-Z_]+) ]] && cat "$here/${BASH_REMATCH[1]}" ;;
    "functions describe"*) cat "$here/function.json" ;;
esac
"""


@pytest.fixture
def gcloud(tmp_path: Path) -> Path:
    """A folder with a gcloud of its own."""
    program = tmp_path / "gcloud"
    program.write_text(GCLOUD)
    program.chmod(0o755)
    return tmp_path


def run(folder: Path, script: str) -> str:
    """Run lines of the page with that gcloud; what they print."""
    path = os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"restart() {{ :; }}\n{script}"],
        env={"PATH": path, "PROJECT": "p", "NAME": "n", "REGION": "r", "SUGAR_PASSWORD": "it's, secret"},
        input="of the client\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def block_with(words: str) -> str:
    (found,) = [text for text in BASH if words in text]
    return found


def test_the_commands_of_the_set_up_make_secrets_that_the_functions_accept(gcloud: Path) -> None:
    run(gcloud, block_with("add INDEX_KEY"))
    made = {name: (gcloud / name).read_text() for name in local("secrets")}
    assert len(formats.token_keys(made["TOKEN_KEYS"])) == 1
    assert formats.key_of_32_bytes(made["INDEX_KEY"]) == base64.b64decode(made["INDEX_KEY"])
    assert formats.session_key(made["SESSION_KEY"])
    assert len(formats.hook_tokens(made["HOOK_TOKENS"])) == 1
    assert (made["SUGAR_PASSWORD"], made["OAUTH_CLIENT_SECRET"]) == ("it's, secret", "of the client")


def test_the_commands_of_the_renewal_put_the_new_value_before_the_old_one(gcloud: Path) -> None:
    key = base64.b64encode(bytes(32)).decode()
    (gcloud / "TOKEN_KEYS").write_text(f"old:{key}")
    (gcloud / "HOOK_TOKENS").write_text("a" * 40 + "," + "b" * 40)
    define = 'add() { gcloud secrets versions add "$1" --project="$PROJECT" --data-file=-; }\n'
    for name in ("TOKEN_KEYS", "HOOK_TOKENS"):
        lines = block_with(f"old=$(gcloud secrets versions access latest --secret={name}").splitlines()
        run(gcloud, define + "\n".join(line for line in lines if not line.startswith("infra/")))
    new, old = formats.token_keys((gcloud / "TOKEN_KEYS").read_text())
    assert (old.id, old.key) == ("old", bytes(32))
    assert new.key != old.key
    newest, before = formats.hook_tokens((gcloud / "HOOK_TOKENS").read_text())
    assert newest != before == "a" * 40


def test_the_shell_gets_the_functions_own_variables(gcloud: Path) -> None:
    wanted = {"SUGAR_URL": "https://crm.test", "POLICY": '{"disabled": "it\'s moved"}\n'}
    (gcloud / "function.json").write_text(json.dumps({"serviceConfig": {"environmentVariables": wanted}}))
    show = 'printf "%s|%s" "$SUGAR_URL" "$POLICY"'
    assert run(gcloud, block_with("environmentVariables") + show) == "|".join(wanted.values())
