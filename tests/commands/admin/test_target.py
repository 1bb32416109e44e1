"""Which deployment a command works on, and with what: what the functions recorded there, not what the shell says."""

from __future__ import annotations

import argparse
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.api_core.exceptions import InvalidArgument, NotFound
from google.auth.exceptions import RefreshError, TransportError
from tests.commands.admin.office import Office
from tests.commands.admin.test_command_line import NO_LOGIN, typed
from tests.world import Auto

from admin.deployment import Deployment, from_environment
from contact_sync.store import deployment
from contact_sync.store.write import Kind, Write
from local_stack.firestore import FirestoreStandIn


@pytest.fixture
def firestore() -> Iterator[str]:
    standin = FirestoreStandIn()
    port = standin.serve()
    yield f"127.0.0.1:{port}"
    standin.stop()


def test_the_policy_in_force_is_the_functions_not_the_shell_s(office: Office) -> None:
    office.policy(**{"auto.enabled": True})
    assert office.json("users")["users"][0]["auto"] is True
    office.shell["POLICY"] = json.dumps({"forced": {"auto": {"enabled": True}}})
    assert office.json("users")["users"][0]["auto"] is True


@pytest.mark.parametrize("other", ['{"forced": {"auto.enabled": false}}', "{}", "nonsense"])
@pytest.mark.parametrize("command", ["users", "policy", "user", "resume", "reconcile"])
def test_another_policy_in_the_shell_is_refused_in_one_line(office: Office, other: str, command: str) -> None:
    office.policy(**{"auto.enabled": True})
    office.shell["POLICY"] = other
    before = office.user()
    assert office(command, *([office.jane.sub] if command in ("user", "resume", "reconcile") else [])) == 2
    assert "unset POLICY" in office.err and office.err.count("\n") == 1
    assert office.user() == before


def test_a_pause_of_everyone_stays_where_the_policy_is_refused(office: Office) -> None:
    office("pause", "--everyone")
    office.shell["POLICY"] = '{"disabled": "Moving."}'
    assert office("resume", "--everyone") == 2
    del office.shell["POLICY"]
    assert office.json("users")["paused_for_everyone"] is not None


def test_an_erasure_that_lacks_the_keys_changes_nothing(office: Office) -> None:
    office.shell["TOKEN_KEYS"] = "nonsense"
    before = office.user()
    assert office("erase", office.jane.sub, "--yes") == 2
    assert (office.user(), office.audit()) == (before, [])


def test_without_a_recorded_policy_nobody_s_schedule_is_changed(office: Office) -> None:
    office.world.set(auto=Auto(enabled=True))
    office.world.sync("schedule")
    office.world.db.commit([Write("system/deployment", Kind.DELETE)])
    before = office.user()
    assert office("policy") == 2
    assert "--project" in office.err and office.err.count("\n") == 1
    assert office.user() == before


def test_other_variables_of_the_shell_are_not_used_where_the_functions_recorded_theirs(
    office: Office,
) -> None:
    office.shell |= {"WORKER_URL": "https://elsewhere.test", "SUGAR_URL": "not even an address"}
    config = office.deployment().read({"WORKER_URL", "SUGAR_URL"})
    assert (config.worker_url, config.sugar_url) == ("https://worker.test", "https://sugar.test")


def test_a_secret_comes_from_the_shell_or_from_secret_manager(office: Office) -> None:
    office.shell["SUGAR_PASSWORD"] = "typed"
    assert office.deployment().read({"SUGAR_PASSWORD"}).sugar_password == "typed"
    assert office.secrets == []
    del office.shell["SUGAR_PASSWORD"]
    assert office.deployment().read({"SUGAR_PASSWORD"}).sugar_password == "secret"


def test_whoever_started_last_decides(office: Office) -> None:
    office.world.clock.advance(minutes=1)
    office.start("web", HISTORY_DAYS="30")
    assert office.deployment().read(()).history_days == 30
    office.world.clock.advance(minutes=1)
    office.start("worker", HISTORY_DAYS="40")
    assert office.deployment().read(()).history_days == 40


def test_a_start_writes_only_what_is_different(office: Office) -> None:
    db, now = office.world.db, office.world.clock.now
    office.world.firestore.counters.reset()
    deployment.record(db, "web", {"POLICY": "{}"}, "r1", now())
    office.world.clock.advance(minutes=1)
    for _ in range(3):
        deployment.record(db, "web", {"POLICY": "{}"}, "r1", now())
    counted = office.world.firestore.counters.total()
    assert (counted.read, counted.written) == (4, 1)
    deployment.record(db, "web", {"POLICY": "{}"}, "r2", now())
    assert office.world.firestore.counters.total().written == 2
    assert office.deployment().recorded is not None


@pytest.mark.parametrize("spoiled", [{"worker": 5}, {"worker": {"variables": 5, "since": "x"}}, {"x": []}])
def test_a_record_spoiled_by_hand_counts_as_none_and_is_put_right_by_the_next_start(
    office: Office, spoiled: dict[str, Any]
) -> None:
    office.world.db.commit([Write("system/deployment", Kind.SET, spoiled)])
    assert office("users") == 0
    office.start()
    assert office.deployment().read({"WORKER_URL"}).worker_url == "https://worker.test"


def target(environ: dict[str, str], **options: str) -> Deployment:
    return from_environment(environ, argparse.Namespace(**{"project": None, "database": None} | options))


def test_another_project_is_another_target_altogether() -> None:
    environ = {
        "GOOGLE_CLOUD_PROJECT": "one",
        "FIRESTORE_DATABASE": "restored",
        "WORKER_URL": "https://one.test",
        "TOKEN_KEYS": "k1:secret of one",
        "POLICY": '{"disabled": "one"}',
        "HOME": "/home/boss",
    }
    assert target(environ).shell == environ
    assert target(environ, project="one").shell == environ
    assert target(environ, project="two").shell == {"GOOGLE_CLOUD_PROJECT": "two", "HOME": "/home/boss"}
    assert target(environ, project="two").place == "the database (default) of the project two"
    assert target(environ, project="two", database="x").place == "the database x of the project two"


def test_an_empty_database_is_said_to_be_one(office: Office) -> None:
    office("erase", office.jane.sub, "--yes")
    office.world.db.commit([Write("system/deployment", Kind.DELETE)])
    assert office("users") == 0
    assert "the database (default) of the project p1. Is it the right one?" in office.out
    office("pause", "--everyone")
    assert "Is it the right one?" in office.err


def test_an_unknown_state_is_named_with_those_there_are(office: Office) -> None:
    assert office("users", "--state", "reconect") == 2
    assert "reconect" in office.err and "reconnect" in office.err and office.err.count("\n") == 1


@pytest.mark.parametrize("empty", ["", "  "])
@pytest.mark.parametrize(
    "arguments",
    [
        ["user", "{}"],
        ["runs", "{}"],
        ["backlog", "{}"],
        ["pause", "{}"],
        ["pause", "--everyone", "--reason", "{}"],
        ["resume", "{}"],
        ["export", "{}", "--to", "x"],
        ["export", "u1", "--to", "{}"],
        ["erase", "{}", "--yes"],
        ["reconcile", "{}"],
        ["sugar-user", "u1", "{}"],
        ["sugar-user", "{}", "a@b.test"],
        ["users", "--state", "{}"],
        ["users", "--project", "{}"],
        ["users", "--database", "{}"],
    ],
)
def test_an_empty_argument_is_refused_in_one_line(
    office: Office, capsys: pytest.CaptureFixture[str], arguments: list[str], empty: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        office(*(argument.format(empty) for argument in arguments))
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "must not be empty" in said


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (NotFound("The database x does not exist"), "does not know the database (default) of the project p1"),
        (InvalidArgument("bad"), "--project"),
        (RefreshError("Reauthentication is needed"), "gcloud auth application-default login"),
        (TransportError("no route"), "network"),
    ],
)
def test_what_google_refuses_is_one_line(office: Office, error: Exception, advice: str) -> None:
    def refuse(_config: object) -> Any:
        raise error

    found = office.deployment()
    found.open_database = refuse
    office.deployment = lambda: found  # type: ignore[method-assign]
    for command in (["users"], ["pause", "--everyone"], ["erase", "u1", "--yes"], ["rotate-keys"]):
        assert office(*command) in (1, 2)
        assert advice in office.err and office.err.count("\n") == 1


class _Refusing(BaseHTTPRequestHandler):
    """A token endpoint for which every login has expired."""

    def do_POST(self) -> None:
        content = b'{"error": "invalid_grant", "error_description": "Token has been expired or revoked."}'
        self.send_response(400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_an_expired_login_is_said_at_once_with_what_to_do(tmp_path: Path) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    login = tmp_path / "login.json"
    login.write_text(
        json.dumps(
            {
                "type": "service_account",
                "client_email": "boss@p1.iam.gserviceaccount.com",
                "private_key": key.decode(),
                "token_uri": f"http://127.0.0.1:{server.server_port}/token",
            }
        )
    )
    status, out, err = typed({"GOOGLE_APPLICATION_CREDENTIALS": str(login)}, "users", "--project", "p1")
    server.shutdown()
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "gcloud auth application-default login" in err


def test_nobody_signed_in_is_said_in_one_line() -> None:
    status, out, err = typed(NO_LOGIN, "users", "--project", "p1")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "gcloud auth application-default login" in err


def test_a_spoiled_user_document_is_a_row_and_prints_nothing_else(firestore: str) -> None:
    environ = {"FIRESTORE_EMULATOR_HOST": firestore}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRESTORE_EMULATOR_HOST", firestore)
        db = target({"GOOGLE_CLOUD_PROJECT": "p1", **environ}).db
    db.commit([Write("users/u1", Kind.SET, {"email": "a@corp.test", "settings": {"conflict": "coin"}})])
    status, out, err = typed(environ, "users", "--project", "p1")
    assert (status, err) == (0, "")
    assert "a@corp.test" in out and "cannot be read: Invalid enum value 'coin'" in out
