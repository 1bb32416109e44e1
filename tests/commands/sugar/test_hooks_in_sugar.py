"""`infra/sugar/register create`, `list` and `remove`: our hooks are there once, and nothing else is touched."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from tests.commands.sugar.desk import OLD_TOKEN, TOKEN, URL, WEB_URL, Desk

from contact_sync.config import load
from sugar_side.settings import Settings

EVENTS = ["after_delete", "after_relationship_add", "after_relationship_delete", "after_save"]


def shape(desk: Desk) -> list[tuple[str, str, str, str]]:
    names = ("trigger_event", "webhook_target_module", "request_method", "url")
    return sorted(tuple(hook[name] for name in names) for hook in desk.hooks())


RIGHT = [(event, "Contacts", "POST", URL) for event in EVENTS]


def test_one_hook_per_event_is_created(desk: Desk) -> None:
    assert desk("create") == 0
    assert shape(desk) == RIGHT
    assert desk.printed.count("created") == 4


def test_creating_again_changes_nothing(desk: Desk) -> None:
    desk("create")
    before = desk.hooks()
    desk.sugar.forget_calls()
    assert desk("create") == 0
    assert desk.hooks() == before
    assert desk.sugar.item_calls == []
    assert desk.printed.count("kept") == 4


def test_a_rotated_token_is_corrected_in_place(desk: Desk) -> None:
    desk.environ["HOOK_TOKENS"] = OLD_TOKEN
    desk("create")
    ids = {hook["id"] for hook in desk.hooks()}
    desk.environ["HOOK_TOKENS"] = f"{TOKEN},{OLD_TOKEN}"
    answer = desk.json("create")
    assert shape(desk) == RIGHT
    assert {hook["id"] for hook in desk.hooks()} == ids
    assert {change["why"] for change in answer["changes"]} == {"wrong address"}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [({"request_method": "GET"}, "wrong method"), ({"webhook_target_module": "Leads"}, "wrong module")],
)
def test_a_hook_of_ours_that_someone_changed_is_corrected(
    desk: Desk, wrong: dict[str, str], why: str
) -> None:
    desk.add_hook(**wrong)
    changes = desk.json("create")["changes"]
    assert [change["why"] for change in changes if change["action"] == "update"] == [why]
    assert shape(desk) == RIGHT


def test_of_several_hooks_for_one_event_the_right_one_stays(desk: Desk) -> None:
    desk.add_hook(url=f"{WEB_URL}/hooks/sugar/{OLD_TOKEN}")
    desk.add_hook()
    desk.add_hook()
    right = {hook["id"] for hook in desk.hooks() if hook["url"] == URL}
    assert desk("create") == 0
    assert shape(desk) == RIGHT
    assert right & {hook["id"] for hook in desk.hooks()}


def test_a_hook_of_ours_for_an_event_that_is_not_needed_is_removed(desk: Desk) -> None:
    desk.add_hook(name="Contact sync: after_login", trigger_event="after_login")
    assert desk("create") == 0
    assert shape(desk) == RIGHT


FOREIGN = {"name": "Newsletter", "url": "https://news.test/in"}


@pytest.mark.parametrize("command", ["create", "remove"])
def test_hooks_of_others_are_not_touched(desk: Desk, command: str) -> None:
    desk.add_hook(**FOREIGN)
    desk.add_hook(name="Contact sync test: after_save")
    before = desk.hooks()
    assert desk(command) == 0
    assert [hook for hook in desk.hooks() if hook["id"] in {each["id"] for each in before}] == before


def test_two_deployments_share_a_sugar_under_two_names(desk: Desk) -> None:
    desk("create")
    desk("create", "--name", "Contact sync test", "--url", "https://test.corp.test")
    assert len(desk.hooks()) == 8
    desk("remove", "--name", "Contact sync test")
    assert shape(desk) == RIGHT


def test_removing_leaves_none_of_ours(desk: Desk) -> None:
    desk.add_hook(**FOREIGN)
    desk("create")
    assert desk("remove") == 0
    assert [hook["name"] for hook in desk.hooks()] == ["Newsletter"]
    assert desk("remove") == 0
    assert "no hooks of ours" in desk.printed


@pytest.mark.parametrize("command", ["create", "remove"])
def test_a_dry_run_only_tells(desk: Desk, command: str) -> None:
    desk.add_hook(request_method="PUT")
    before = desk.hooks()
    assert desk(command, "--dry-run") == 0
    assert desk.hooks() == before
    assert "would" in desk.printed


def test_the_list_shows_ours_and_counts_the_others(desk: Desk) -> None:
    desk.add_hook(**FOREIGN)
    desk("create")
    answer = desk.json("list")
    assert sorted(hook["event"] for hook in answer["hooks"]) == EVENTS
    assert answer["others"] == 1
    assert desk("list") == 0
    assert "4 of ours, 1 of others" in desk.printed


def test_an_instance_with_many_hooks_is_read_to_the_end(desk: Desk) -> None:
    for number in range(7):
        desk.add_hook(name=f"Other {number}")
    desk("create")
    desk.sugar.max_list_limit = 3
    assert len(desk.json("list")["hooks"]) == 4
    assert desk("create") == 0
    assert desk.printed.count("kept") == 4


@pytest.mark.parametrize(
    "command", [["create"], ["create", "--dry-run"], ["create", "--json"], ["list"], ["remove"]]
)
def test_the_token_is_never_printed(desk: Desk, command: list[str], caplog: pytest.LogCaptureFixture) -> None:
    desk.add_hook(url=f"{WEB_URL}/hooks/sugar/{OLD_TOKEN}?key={OLD_TOKEN}")
    with caplog.at_level("DEBUG", "contact_sync"):
        desk(*command)
    for secret in (TOKEN, OLD_TOKEN, "secret"):
        assert secret not in desk.printed and secret not in caplog.text


@pytest.mark.parametrize("quoted", [URL, TOKEN, f"/hooks/sugar/{TOKEN}"])
def test_what_sugar_refuses_is_told_without_the_token(desk: Desk, quoted: str) -> None:
    fault = {"error": "invalid_parameter", "error_message": f"Invalid field value: url {quoted}"}
    desk.wire = Refusing(desk.wire, fault)
    assert desk("create") == 1
    assert "refused to create a web logic hook: Invalid field value: " in desk.printed
    assert TOKEN not in desk.printed


class Refusing(requests.adapters.BaseAdapter):
    """Answers every /bulk with one refusal per item."""

    def __init__(self, wire: requests.adapters.BaseAdapter, fault: dict[str, str]) -> None:
        super().__init__()
        self.wire = wire
        self.fault = fault

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        answer = self.wire.send(request, *args, **kwargs)
        if str(request.url).endswith("/bulk"):
            answer = requests.Response()
            answer.status_code, answer.request = 200, request
            count = len(json.loads(request.body or b"{}")["requests"])
            answer._content = json.dumps([{"status": 422, "contents": self.fault}] * count).encode()
        return answer

    def close(self) -> None:
        self.wire.close()


def test_a_lost_answer_is_cured_by_repeating(desk: Desk) -> None:
    desk.sugar.faults.add("drop_after", "/bulk")
    assert desk("create") == 1
    assert "Repeat the command" in desk.printed
    assert desk("create") == 0
    assert shape(desk) == RIGHT


def test_an_address_that_sugar_cannot_hold_is_refused_before_anything_is_sent(desk: Desk) -> None:
    desk.environ["HOOK_TOKENS"] = "t" * 230
    assert desk("create") == 1
    assert "255" in desk.printed
    assert desk.sugar.calls == []


def test_the_address_can_be_given(desk: Desk) -> None:
    assert desk("create", "--url", "https://other.test/") == 0
    assert {hook["url"] for hook in desk.hooks()} == {f"https://other.test/hooks/sugar/{TOKEN}"}


def test_secrets_come_from_the_projects_secret_manager(desk: Desk) -> None:
    for name in ("SUGAR_PASSWORD", "HOOK_TOKENS"):
        desk.secrets[f"corp-sync/{name}"] = desk.environ.pop(name)
    assert desk("create") == 2
    assert desk("create", "--project", "corp-sync") == 0
    assert shape(desk) == RIGHT
    del desk.secrets["corp-sync/HOOK_TOKENS"]
    assert desk("create", "--project", "corp-sync") == 2
    assert (
        desk.printed == "HOOK_TOKENS is not set, and there is no secret HOOK_TOKENS, or it has no version\n"
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HOOK_TOKENS", "short"),
        ("HOOK_TOKENS", ""),
        ("WEB_URL", "http://plain.test"),
        ("WEB_URL", ""),
        ("SUGAR_URL", "sugar"),
        ("SUGAR_PLATFORM", "base"),
        ("SUGAR_SUDO_PLATFORM", "sync"),
    ],
)
def test_a_wrong_configuration_is_named_without_its_value(desk: Desk, variable: str, value: str) -> None:
    desk.environ[variable] = value
    assert desk("create") == 2
    assert desk.printed.startswith(variable)
    assert desk.sugar.calls == []


def test_what_is_not_set_is_as_the_functions_have_it(desk: Desk) -> None:
    needed = {
        "GOOGLE_CLOUD_PROJECT": "corp-sync",
        "WORKER_URL": "https://worker.corp.test",
        "TASKS_QUEUE": "projects/corp-sync/locations/here/queues/sync",
        "TASKS_SERVICE_ACCOUNT": "invoker@corp-sync.example.com",
    }
    functions = load({**desk.environ, **needed}, "dispatcher")
    ours = Settings(desk.environ, None).sugar()
    assert (ours.url, ours.rest_version, ours.client_id) == (
        functions.sugar_url,
        functions.sugar_rest_version,
        functions.sugar_client_id,
    )
