"""`infra/sugar/register check`: what can be wrong on Sugar's side is found, and told with what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
from tests.commands.sugar.desk import Desk

from local_stack.wsgi_transport import WSGITransport

ALL = [
    "Sugar answers",
    "Service user signs in",
    "Service user is an administrator",
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
    assert [name for name in ALL if found[name] == "failed"] == [ALL[2], ALL[3], ALL[6]]
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
