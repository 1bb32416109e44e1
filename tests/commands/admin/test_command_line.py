"""The command as it is typed: help, faults of the configuration, and the real client behind it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import PermissionDenied
from google.auth.exceptions import DefaultCredentialsError
from tests.commands.admin.office import Office

from admin.command_line import run
from admin.deployment import from_environment
from admin.screen import Screen
from contact_sync.errors import OperatorMustAct, TransientForAll
from local_stack.firestore import FirestoreStandIn

ROOT = Path(__file__).parents[3]
COMMANDS = (
    *("users", "user", "runs", "backlog", "export", "pause", "resume", "policy"),
    *("sugar-user", "rotate-keys", "reconcile", "erase"),
)


NO_LOGIN = {"NO_GCE_CHECK": "true", "CLOUDSDK_CONFIG": "/nowhere"}
"""As on a machine where nobody has signed in."""


def typed(environ: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    """The exit status, and what came out on both streams."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [ROOT / "infra/admin", *arguments],
        env={**kept, "PYTHON": sys.executable, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def firestore() -> Iterator[str]:
    standin = FirestoreStandIn()
    port = standin.serve()
    yield f"127.0.0.1:{port}"
    standin.stop()


def test_the_help_names_every_command() -> None:
    status, out, _ = typed({}, "--help")
    assert status == 0
    for command in COMMANDS:
        assert f"    {command} " in out


def test_an_empty_deployment_is_listed_through_the_real_client(firestore: str) -> None:
    environ = {"FIRESTORE_EMULATOR_HOST": firestore, "GOOGLE_CLOUD_PROJECT": "p1"}
    status, out, err = typed(environ, "users")
    assert (status, err) == (0, "")
    assert out.endswith("0 users\n")
    assert typed(environ, "pause", "--everyone", "--reason", "Upgrade.")[0] == 0
    assert typed(environ | {"TOKEN_KEYS": f"k1:{'A' * 43}="}, "rotate-keys")[::2] == (0, "")
    status, out, _ = typed(environ, "users", "--json")
    assert (status, '"paused_for_everyone": "Upgrade."' in out) == (0, True)


def bare(environ: dict[str, str], *arguments: str) -> tuple[int, str]:
    """The same without a process: the exit status and the warnings."""
    err = io.StringIO()
    status = run(arguments, lambda options: from_environment(environ, options), Screen(io.StringIO(), err))
    return status, err.getvalue()


def test_a_missing_project_is_named_in_one_line() -> None:
    assert bare({}, "users") == (
        2,
        "GOOGLE_CLOUD_PROJECT is not set; --help says what each command needs\n",
    )


@pytest.mark.parametrize("keys", ["nonsense", ""])
def test_what_a_command_lacks_is_named_before_anything_is_done(firestore: str, keys: str) -> None:
    environ = {"FIRESTORE_EMULATOR_HOST": firestore, "TOKEN_KEYS": keys, **NO_LOGIN}
    status, out, err = typed(environ, "rotate-keys", "--project", "p1")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert ("TOKEN_KEYS must be" if keys else "gcloud auth application-default login") in err
    assert "nonsense" not in err


@pytest.mark.parametrize(
    ("error", "status", "advice"),
    [
        (TransientForAll("firestore_unavailable", "Firestore answered Unavailable"), 1, "Repeat the command"),
        (OperatorMustAct("secret_missing", "there is no secret X"), 1, "Correct the configuration"),
        (DefaultCredentialsError("long text"), 2, "gcloud auth application-default login"),
        (PermissionDenied("long text"), 2, "You lack a right"),
    ],
)
def test_a_fault_is_one_line_with_what_to_do(error: Exception, status: int, advice: str) -> None:
    def fail(_options: Any) -> Any:
        raise error

    err = io.StringIO()
    assert run(["users"], fail, Screen(io.StringIO(), err)) == status
    assert err.getvalue().count("\n") == 1
    assert advice in err.getvalue()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["pause"],
        ["pause", "u1", "--everyone"],
        ["runs", "u1", "--limit", "0"],
        ["export", "u1"],
        ["erase"],
    ],
)
def test_a_wrong_command_ends_with_two(office: Office, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        office(*arguments)
    assert ended.value.code == 2


def test_a_bar_is_drawn_on_a_terminal_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, drawn in ((Terminal(), True), (io.StringIO(), False)):
        screen = Screen(io.StringIO(), stream)
        with screen.progress("Counting", 4) as show:
            show(2)
        assert ("2 of 4" in stream.getvalue()) is drawn
