"""`infra/sugar/register check`: what can be wrong on Sugar's side is found, and told with what to do about it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
from tests.commands.sugar.desk import Desk
from urllib3 import HTTPResponse

from local_stack.wsgi_transport import WSGITransport

ALL = [
    "Sugar answers",
    "Service user signs in",
    "Service user is an administrator",
    "REST version",
    "Sessions from any address",
    "Acting for a user",
    "Contacts' fields",
    "Clock",
    "Web logic hooks",
]


def test_an_instance_that_is_set_up_passes(desk: Desk) -> None:
    assert desk("check") == 0
    assert desk.findings() == dict.fromkeys(ALL, "ok")
    assert "as svc on the platform sync" in desk.printed
    assert "jane, on the platform sync-user" in desk.printed


def test_a_check_writes_nothing(desk: Desk) -> None:
    desk("check")
    assert desk.sugar.writes == [] and desk.hooks() == []


def with_wrong_password(desk: Desk) -> None:
    desk.environ["SUGAR_PASSWORD"] = "wrong"


def without_the_platform(desk: Desk) -> None:
    desk.sugar.platforms.discard("sync")


def with_an_unknown_client(desk: Desk) -> None:
    desk.environ["SUGAR_CLIENT_ID"] = "other"


def with_an_unknown_version(desk: Desk) -> None:
    desk.environ["SUGAR_REST_VERSION"] = "v99"


def in_maintenance(desk: Desk) -> None:
    desk.sugar.faults.add("503 maintenance", times=None)


def behind_a_proxy_that_is_down(desk: Desk) -> None:
    desk.sugar.faults.add("502 html", times=None)


def out_of_reach(desk: Desk) -> None:
    def refuse(_request: requests.PreparedRequest) -> None:
        raise requests.ConnectionError

    desk.wire.before = refuse


def behind_another_address(desk: Desk) -> None:
    def page(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"<html>Welcome</html>"]

    desk.wire = WSGITransport(page)


@pytest.mark.parametrize(
    ("wrong", "failed", "advice"),
    [
        (with_wrong_password, ALL[1], "SUGAR_PASSWORD"),
        (without_the_platform, ALL[1], "Configure API Platforms"),
        (with_an_unknown_client, ALL[1], "OAuth Keys"),
        (with_an_unknown_version, ALL[0], "SUGAR_REST_VERSION"),
        (in_maintenance, ALL[0], "SUGAR_URL"),
        (behind_a_proxy_that_is_down, ALL[0], "SUGAR_URL"),
        (out_of_reach, ALL[0], "firewall"),
        (behind_another_address, ALL[0], "SUGAR_URL"),
    ],
)
def test_what_keeps_the_service_user_out_is_told_and_nothing_more_is_tried(
    desk: Desk, wrong: Callable[[Desk], None], failed: str, advice: str
) -> None:
    wrong(desk)
    assert desk("check") == 1
    found = desk.findings()
    assert list(found) == ALL
    assert found[failed] == "failed"
    assert set(list(found.values())[ALL.index(failed) + 1 :]) == {"skipped"}
    assert advice in desk.advice()


def test_a_service_user_without_rights_is_told_everything_that_follows(desk: Desk) -> None:
    desk.sugar.add_user("plain", "secret")
    desk.environ["SUGAR_USERNAME"] = "plain"
    assert desk("check", "--user", "jane") == 1
    found = desk.findings("--user", "jane")
    assert [name for name in ALL if found[name] == "failed"] == [ALL[2], "Acting for a user", ALL[-1]]
    assert found["Sessions from any address"] == "warning"
    assert "System Administrator" in desk.advice()


def test_a_missing_platform_for_user_tokens_is_found(desk: Desk) -> None:
    desk.sugar.platforms.discard("sync-user")
    assert desk("check") == 1
    assert desk.findings()["Acting for a user"] == "failed"
    assert "SUGAR_SUDO_PLATFORM" in desk.advice()


@pytest.mark.parametrize("name", ["nobody", "away"])
def test_a_user_who_cannot_be_acted_for_is_named_as_the_reason(desk: Desk, name: str) -> None:
    desk.sugar.add_user("away", status="Inactive")
    assert desk("check", "--user", name) == 1
    assert desk.findings("--user", name)["Acting for a user"] == "failed"
    assert "--user" in desk.advice("--user", name)


@pytest.mark.parametrize(("minutes", "word"), [(-3, "ahead of"), (3, "behind")])
def test_a_clock_that_is_off_is_a_warning(desk: Desk, minutes: int, word: str) -> None:
    desk.ahead = timedelta(minutes=minutes)
    assert desk("check") == 0
    assert desk.findings()["Clock"] == "warning"
    desk("check")
    assert f"180 s {word}" in desk.printed


def test_a_user_whose_role_forbids_contacts_is_a_warning(desk: Desk) -> None:
    desk.sugar.add_user("reader", acl={"Contacts": {"edit": "no", "create": "no"}})
    assert desk("check", "--user", "reader") == 0
    assert "reader may not edit, create contacts" in desk.printed
    assert "Role Management" in desk.advice("--user", "reader")


def test_an_instance_without_users_cannot_be_judged(desk: Desk) -> None:
    for user in list(desk.sugar.db.users.values()):
        if not user.admin:
            desk.sugar.edit_user(user.id, status="Inactive")
    assert desk("check") == 1
    assert "no active user besides the service user" in desk.printed


def test_the_password_is_never_printed(desk: Desk) -> None:
    for command in ([], ["--json"]):
        for change in (lambda _desk: None, without_the_platform, out_of_reach):
            change(desk)
            desk("check", *command)
            assert "secret" not in desk.printed


def test_sessions_bound_to_an_address_are_found_and_where_to_turn_that_off(desk: Desk) -> None:
    desk.sugar.validate_ip = True
    assert desk("check") == 1
    assert desk.findings()["Sessions from any address"] == "failed"
    assert "System Settings > Advanced" in desk.advice()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("true", "failed"),
        ('{"verify_client_ip": "1"}', "failed"),
        ("[]", "warning"),
        ('{"a": 1, "b": 2}', "warning"),
        ('"perhaps"', "warning"),
        ("null", "warning"),
        ("false", "ok"),
        ('{"validateIPAddress": 0}', "ok"),
        ('{"value": ""}', "ok"),
    ],
)
def test_whatever_form_the_answer_has_it_is_understood_or_said_to_be_unknown(
    desk: Desk, body: str, status: str
) -> None:
    def rewrite(request: requests.PreparedRequest, answer: requests.Response) -> None:
        if request.path_url.endswith("validateIPAddress"):
            answer.raw = HTTPResponse(io.BytesIO(body.encode()), preload_content=False)

    desk.wire.after = rewrite
    assert desk.findings()["Sessions from any address"] == status


def test_an_old_version_of_the_interface_is_a_warning_and_the_setting_unknown(desk: Desk) -> None:
    desk.environ["SUGAR_REST_VERSION"] = "v11_4"
    assert desk("check") == 0
    found = desk.findings()
    assert (found["REST version"], found["Sessions from any address"]) == ("warning", "warning")
    assert "v11_12" in desk.advice()


def test_a_sugar_that_is_too_old_is_found_by_its_own_answer(desk: Desk) -> None:
    desk.sugar.newest_version = (11, 10)
    assert desk("check") == 1
    assert desk.findings()[ALL[0]] == "failed"
    assert "Sugar 11.0" in desk.advice()
    assert "v11_12 or later" in desk.json("check")["vendor"]


def logins(desk: Desk) -> int:
    return sum(path == "/oauth2/token" for _, path in desk.sugar.calls)


def test_a_user_unknown_to_sugar_identity_is_that_user_s_trouble_and_ends_no_session(desk: Desk) -> None:
    desk.sugar.forget_identity(desk.sugar.add_user("adam", email="adam@corp.test"))
    assert desk("check", "--user", "adam") == 1
    assert logins(desk) == 1
    assert desk.findings("--user", "adam")["Acting for a user"] == "failed"
    assert "SugarIdentity" in desk.advice("--user", "adam")
    assert "adam" in desk.json("check", "--user", "adam")["vendor"]


def test_without_a_name_whoever_is_refused_is_named_and_the_next_one_tried(desk: Desk) -> None:
    desk.sugar.forget_identity(desk.sugar.add_user("adam", email="adam@corp.test"))
    assert desk("check") == 0
    assert logins(desk) == 1
    assert "jane can be acted for; SugarIdentity does not know, or refuses: adam" in desk.printed
    assert desk.findings()["Acting for a user"] == "warning"


def test_where_nobody_can_be_acted_for_it_fails(desk: Desk) -> None:
    for user in list(desk.sugar.db.users.values()):
        desk.sugar.forget_identity(user.id)
    assert desk("check") == 1
    assert desk.findings()["Acting for a user"] == "failed"


def test_what_is_to_be_asked_of_a_vendor_is_a_block_of_its_own_without_a_secret(desk: Desk) -> None:
    desk("check")
    assert "To send to" not in desk.printed
    assert desk.json("check")["vendor"] == ""
    desk.sugar.validate_ip = True
    desk.sugar.forget_identity(desk.sugar.add_user("adam", email="adam@corp.test"))
    desk("check")
    block = desk.printed.partition("To send to whoever runs this Sugar:\n\n")[2]
    first, *asked = block.splitlines()
    assert "https://sugar.test/crm (SugarCRM Simulator ENT 25.1.0)" in first
    assert "v11_12" in first and "svc" in first and "sync-user" in first
    assert [line[:2] for line in asked] == ["1.", "2."]
    assert "verify_client_ip" in asked[0] and "adam" in asked[1]
    assert "secret" not in block
