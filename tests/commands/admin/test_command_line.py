"""The command as it is typed: help, faults of the configuration, and the real client behind it."""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import PermissionDenied
from google.auth.exceptions import DefaultCredentialsError
from tests.commands.admin.office import Office

from admin.command_line import run
from admin.deployment import KEYS, QUEUE, SUGAR, Deployment, from_environment
from admin.screen import Screen
from contact_sync.config import ConfigError, load_needed
from contact_sync.errors import OperatorMustAct, TransientForAll
from local_stack.firestore import FirestoreStandIn

ROOT = Path(__file__).parents[3]
COMMANDS = (
    *("users", "user", "runs", "backlog", "export", "pause", "resume", "policy"),
    *("sugar-user", "rotate-keys", "reconcile", "erase"),
)


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


@pytest.mark.parametrize("needed", [KEYS, QUEUE, SUGAR])
def test_every_set_of_variables_is_enough_for_the_engine_it_is_for(
    needed: frozenset[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    values = {
        "GOOGLE_CLOUD_PROJECT": "p1",
        "TOKEN_KEYS": f"k1:{'A' * 43}=",
        "WORKER_URL": "https://worker.test",
        "TASKS_QUEUE": "projects/p/locations/l/queues/q",
        "SUGAR_URL": "https://sugar.test",
        "SUGAR_PLATFORM": "sync",
        "SUGAR_SUDO_PLATFORM": "sync_user",
        "SUGAR_USERNAME": "svc",
        "SUGAR_PASSWORD": "secret",
    }
    given = {name: values[name] for name in needed}
    if "TASKS_QUEUE" in needed:
        given["TASKS_SERVICE_ACCOUNT"] = "worker@p1.iam.gserviceaccount.com"
    options = argparse.Namespace(project=None, database=None)
    assert from_environment(given, options).engine(needed).policy.disabled is None
    for name in needed:
        with pytest.raises(ConfigError, match=name):
            without = {key: value for key, value in given.items() if key != name}
            Deployment(partial(load_needed, without)).read(needed)


def test_a_missing_project_is_named_in_one_line() -> None:
    assert bare({}, "users") == (
        2,
        "GOOGLE_CLOUD_PROJECT is not set; --help says what each command needs\n",
    )


def test_what_a_command_lacks_is_named_before_anything_is_done() -> None:
    needed = {"FIRESTORE_EMULATOR_HOST": "127.0.0.1:1", "TOKEN_KEYS": "nonsense"}
    status, err = bare(needed, "rotate-keys", "--project", "p1")
    assert (status, err.startswith("TOKEN_KEYS must be")) == (2, True)
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
