"""Whatever a command changes is in the audit and in the deployment's log, by whom; what it only shows is in neither."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import Any

import pytest
import requests
from tests.commands.admin.office import Office
from tests.world import Auto

from admin.login import CloudLog
from contact_sync import logs
from contact_sync.config_formats import TokenKey
from local_stack.wsgi_transport import WSGITransport


@pytest.fixture(autouse=True)
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "contact_sync.admin")
    return caplog


def logged(lines: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Of each line of a command: the command, and by whom."""
    ours = [record for record in lines.records if record.name == "contact_sync.admin"]
    return [(vars(record)["action"], vars(record)["who"]) for record in ours]


def test_a_pause_of_one_user_and_its_end_are_noted_once(
    office: Office, lines: pytest.LogCaptureFixture
) -> None:
    for command in ("pause", "pause", "resume", "resume"):
        assert office(command, office.jane.sub) == 0
    assert office.audit() == [
        (office.jane.sub, "pause: this user"),
        (office.jane.sub, "resume: this user"),
    ]
    assert logged(lines) == [("pause", "boss on desk"), ("resume", "boss on desk")]


def test_a_pause_of_everyone_is_noted_with_its_reason(office: Office) -> None:
    office("pause", "--everyone", "--reason", "Upgrade.")
    office("resume", "--everyone")
    assert office.audit() == [("", "pause: everyone: Upgrade."), ("", "resume: everyone")]


def test_each_user_whom_a_policy_concerns_is_noted_and_none_by_a_dry_run(office: Office) -> None:
    office.world.set(auto=Auto(enabled=True))
    office.world.sync("schedule")
    ben = office.world.add_person("ben")
    office.policy(**{"auto.enabled": True})
    office("policy", "--dry-run")
    assert office.audit() == []
    office("policy")
    assert office.audit() == [(ben.sub, "policy: the regular sync begins")]
    office.policy(**{"auto.enabled": False})
    office("policy")
    assert sorted(office.audit()[1:]) == [
        (person, "policy: the regular sync ends") for person in sorted((ben.sub, office.jane.sub))
    ]


def test_new_keys_are_noted_where_there_is_something_to_encrypt(office: Office) -> None:
    office.keys(TokenKey("k2", b"n" * 32), TokenKey("k1", b"k" * 32))
    office("rotate-keys")
    office("rotate-keys")
    assert office.audit() == [("", "rotate-keys: the tokens of 1 users are encrypted anew with k2")]


def test_a_reconcile_is_noted_and_a_report_is_not(office: Office) -> None:
    office("reconcile", office.jane.sub, "--report-only")
    assert office.audit() == []
    office("reconcile", office.jane.sub)
    assert [user for user, _ in office.audit()] == [office.jane.sub]


def test_who_was_erased_can_be_found_afterwards_by_the_id_alone(
    office: Office, lines: pytest.LogCaptureFixture
) -> None:
    office("erase", office.jane.sub)
    assert office.audit() == []
    office("erase", office.jane.sub, "--yes")
    assert (office.jane.sub, "erase: all that is stored about this user") in office.audit()
    assert "jane" not in json.dumps([what for _, what in office.audit()])
    assert ("erase", "boss on desk") in logged(lines)


def test_what_is_only_shown_is_not_noted(office: Office, tmp_path: Any) -> None:
    for command in (["users"], ["user", office.jane.sub], ["runs", office.jane.sub], ["backlog"]):
        assert office(*command) == 0
    assert office("export", office.jane.sub, "--to", str(tmp_path / "jane.json")) == 0
    assert office.audit() == []


def sent_by(status: str) -> tuple[list[dict[str, Any]], list[str]]:
    """What Cloud Logging gets of one line, and what is said where it answers this."""
    bodies: list[dict[str, Any]] = []
    complaints: list[str] = []

    def cloud_logging(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        assert environ["PATH_INFO"] == "/v2/entries:write"
        bodies.append(json.loads(environ["wsgi.input"].read()))
        start_response(status, [("Content-Type", "application/json")])
        return [b"{}"]

    session = requests.Session()
    session.mount("https://logging.googleapis.com", WSGITransport(cloud_logging))
    handler = CloudLog("p1", session)
    handler.complain = complaints.append
    logger = logging.Logger("contact_sync.admin")
    logger.addHandler(handler)
    with logs.context(user="u1"):
        logger.info("an administrator changed something", extra={"action": "erase", "who": "boss on desk"})
    handler.flush()
    handler.flush()
    return bodies, complaints


def test_a_line_goes_into_the_project_s_log_once() -> None:
    (body,), complaints = sent_by("200 OK")
    assert body["logName"] == "projects/p1/logs/contact-sync-admin"
    (entry,) = body["entries"]
    assert entry["severity"] == "INFO"
    assert {name: entry["jsonPayload"][name] for name in ("action", "user", "who")} == {
        "action": "erase",
        "user": "u1",
        "who": "boss on desk",
    }
    assert complaints == []


def test_a_log_that_does_not_take_a_line_is_said() -> None:
    _, complaints = sent_by("403 Forbidden")
    assert complaints == ["it answered 403"]
