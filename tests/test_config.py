"""The deployment's configuration: what each function needs, and what is said about what is wrong."""

from __future__ import annotations

import base64
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from contact_sync import config
from contact_sync.config_formats import Policy, QuietHours, TokenKey
from contact_sync.contacts.settings import Direction, InvalidSettings, SyncSettings
from contact_sync.errors import OperatorMustAct

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.urlsafe_b64encode(b"\xff" * 32).decode()
QUEUE = "projects/p/locations/europe-west1/queues/sync"
DISPATCHER = {
    "GOOGLE_CLOUD_PROJECT": "p",
    "WORKER_URL": "https://worker.test/",
    "TASKS_QUEUE": QUEUE,
    "TASKS_SERVICE_ACCOUNT": "tasks@p.iam.gserviceaccount.com",
}
WORKER = DISPATCHER | {
    "SUGAR_URL": "https://crm.test/sugar/",
    "SUGAR_PLATFORM": "contact_sync",
    "SUGAR_SUDO_PLATFORM": "contact_sync_user",
    "SUGAR_USERNAME": "service",
    "SUGAR_PASSWORD": "password, with comma",
    "OAUTH_CLIENT_ID": "client",
    "OAUTH_CLIENT_SECRET": "secret",
    "TOKEN_KEYS": f"new:{KEY},old:{OTHER_KEY}",
    "INDEX_KEY": KEY,
    "ALLOWED_DOMAINS": "Corp.test, corp.example",
}
WEB = WORKER | {
    "WEB_URL": "https://sync.corp.test",
    "TASKS_URGENT_QUEUE": QUEUE + "-urgent",
    "SESSION_KEY": "s" * 32,
    "HOOK_TOKENS": f"{'a' * 32},{'B-_9' * 8}",
}
FUNCTIONS: dict[Any, dict[str, str]] = {"dispatcher": DISPATCHER, "worker": WORKER, "web": WEB}
SECRETS = {"SUGAR_PASSWORD", "OAUTH_CLIENT_SECRET", "TOKEN_KEYS", "INDEX_KEY", "SESSION_KEY", "HOOK_TOKENS"}


def problem(environ: dict[str, str], function: Any = "web") -> str:
    with pytest.raises(config.ConfigError) as raised:
        config.load(environ, function)
    return str(raised.value)


def test_everything_is_read() -> None:
    loaded = config.load(WEB, "web")
    assert loaded.sugar_url == "https://crm.test/sugar"
    assert loaded.sugar_password == "password, with comma"
    assert loaded.allowed_domains == ("corp.test", "corp.example")
    assert loaded.token_keys == (TokenKey("new", bytes(range(32))), TokenKey("old", b"\xff" * 32))
    assert loaded.index_key == bytes(range(32))
    assert loaded.hook_tokens == ("a" * 32, "B-_9" * 8)
    assert (loaded.worker_url, loaded.tasks_queue) == ("https://worker.test", QUEUE)


def test_what_may_be_left_out_has_a_default() -> None:
    loaded = config.load(DISPATCHER, "dispatcher")
    assert loaded.firestore_database == "(default)"
    assert loaded.sugar_rest_version == "v11_12"
    assert loaded.people_api_endpoint == "https://people.googleapis.com"
    assert loaded.google_token_uri == "https://oauth2.googleapis.com/token"
    assert loaded.policy == Policy()
    assert (loaded.history_days, loaded.quiet_hours) == (90, None)
    assert (loaded.firestore_emulator_host, loaded.tasks_emulator_host) == (None, None)


@pytest.mark.parametrize(
    ("function", "name"), [(f, name) for f, needed in FUNCTIONS.items() for name in needed]
)
def test_each_function_names_what_it_misses(function: Any, name: str) -> None:
    environ = {key: value for key, value in FUNCTIONS[function].items() if key != name}
    assert problem(environ, function) == f"{name} is not set"
    assert problem(environ | {name: "  "}, function) == f"{name} is not set"


def test_the_first_problem_is_the_message_and_all_are_kept() -> None:
    with pytest.raises(config.ConfigError) as raised:
        config.load(WEB | {"SUGAR_URL": "crm", "INDEX_KEY": "short"}, "web")
    assert [line.split()[0] for line in raised.value.problems] == ["SUGAR_URL", "INDEX_KEY"]
    assert str(raised.value) == raised.value.problems[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SUGAR_URL", "crm.test"),
        ("SUGAR_URL", "http://crm.test"),
        ("SUGAR_URL", "https://"),
        ("SUGAR_URL", "https://crm.test:port"),
        ("SUGAR_URL", "https://[crm"),
        ("SUGAR_URL", "https://user:password@crm.test"),
        ("SUGAR_URL", "https://crm.test?x=1"),
        ("PEOPLE_API_ENDPOINT", "ftp://people.test"),
        ("SUGAR_REST_VERSION", "11.11"),
        ("SUGAR_PLATFORM", "base"),
        ("SUGAR_PLATFORM", "with space"),
        ("SUGAR_SUDO_PLATFORM", "contact_sync"),
        ("FIRESTORE_EMULATOR_HOST", "127.0.0.1"),
        ("TASKS_EMULATOR_HOST", "http://127.0.0.1:8123"),
        ("TASKS_EMULATOR_HOST", "127.0.0.1:99999"),
        ("TASKS_QUEUE", "sync"),
        ("TASKS_URGENT_QUEUE", "projects/p/locations/l/queues/a_b"),
        ("TASKS_BULK_QUEUE", "bulk"),
        ("TASKS_SERVICE_ACCOUNT", "tasks"),
        ("TASKS_MAX_ATTEMPTS", "0"),
        ("TASKS_MAX_ATTEMPTS", "-1"),
        ("TASKS_MAX_ATTEMPTS", "many"),
        ("ALLOWED_DOMAINS", "corp.test,"),
        ("ALLOWED_DOMAINS", "ada@corp.test"),
        ("ALLOWED_DOMAINS", "*"),
        ("TOKEN_KEYS", KEY),
        ("TOKEN_KEYS", f"a:{KEY},a:{KEY}"),
        ("TOKEN_KEYS", f"a:{KEY[:20]}"),
        ("TOKEN_KEYS", f"a:{KEY},"),
        ("INDEX_KEY", "not base64!"),
        ("INDEX_KEY", base64.b64encode(b"x" * 31).decode()),
        ("SESSION_KEY", "s" * 31),
        ("HOOK_TOKENS", "a" * 31),
        ("HOOK_TOKENS", "a/b" * 20),
        ("POLICY", "no json"),
        ("POLICY", "[]"),
        ("POLICY", '{"force": {}}'),
        ("POLICY", '{"forced": []}'),
        ("POLICY", '{"forced": {"from_google.deletes": false}}'),
        ("POLICY", '{"forced": {"sugar_scope": "everything"}}'),
        ("POLICY", '{"forced": {"sugar_scope.x": 1}}'),
        ("POLICY", '{"disabled": true}'),
        ("POLICY", '{"disabled": " "}'),
        ("HISTORY_DAYS", "0"),
        ("QUIET_HOURS", "22"),
        ("QUIET_HOURS", "22-24"),
        ("QUIET_HOURS", "6-6"),
    ],
)
def test_a_malformed_value_is_named_in_one_line_that_does_not_show_it(name: str, value: str) -> None:
    line = problem(WEB | {name: value})
    assert line.startswith(f"{name} ")
    assert "must" in line or "no setting" in line
    assert "\n" not in line
    if name in SECRETS:
        assert value not in line


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:8080"])
def test_plain_http_is_for_this_machine(host: str) -> None:
    assert config.load(WEB | {"SUGAR_URL": f"http://{host}/"}, "web").sugar_url == f"http://{host}"


def test_a_local_cloud_tasks_needs_no_service_account() -> None:
    environ = {key: value for key, value in DISPATCHER.items() if key != "TASKS_SERVICE_ACCOUNT"}
    loaded = config.load(environ | {"TASKS_EMULATOR_HOST": "127.0.0.1:8123"}, "dispatcher")
    assert loaded.tasks_emulator_host == "127.0.0.1:8123"


def test_secrets_that_are_not_in_the_environment_come_from_secret_manager() -> None:
    asked = []

    def read(name: str) -> str:
        asked.append(name)
        return WEB[name] + "\n"

    environ = {key: value for key, value in WEB.items() if key not in SECRETS - {"INDEX_KEY"}}
    assert config.load(environ, "web", read) == config.load(WEB, "web")
    assert set(asked) == SECRETS - {"INDEX_KEY"}


def test_a_function_asks_for_no_secret_it_does_not_need() -> None:
    asked = []

    def read(name: str) -> str:
        asked.append(name)
        return WEB[name]

    config.load(DISPATCHER, "dispatcher", read)
    assert asked == []
    config.load({key: value for key, value in WORKER.items() if key not in SECRETS}, "worker", read)
    assert set(asked) == SECRETS - {"SESSION_KEY", "HOOK_TOKENS"}


def test_an_unreadable_secret_is_named() -> None:
    def read(name: str) -> str:
        raise OperatorMustAct("secret_disabled", f"the latest version of secret {name} is disabled")

    environ = {key: value for key, value in WORKER.items() if key != "INDEX_KEY"}
    with pytest.raises(config.ConfigError) as raised:
        config.load(environ, "worker", read)
    assert str(raised.value) == "INDEX_KEY is not set, and the latest version of secret INDEX_KEY is disabled"


def test_secrets_do_not_show_when_the_configuration_is_printed() -> None:
    shown = repr(config.load(WEB, "web"))
    for name in SECRETS:
        assert WEB[name] not in shown
    assert repr(bytes(range(32))) not in shown
    assert "sync.corp.test" in shown


def test_the_configuration_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        config.load(DISPATCHER, "dispatcher").tasks_queue = "other"  # type: ignore[misc]


def test_a_policy_forces_settings_by_path() -> None:
    raw = '{"forced": {"from_google.delete": true, "sugar_scope": "flagged"}, "disabled": "until Monday"}'
    policy = config.load(DISPATCHER | {"POLICY": raw}, "dispatcher").policy
    assert policy.disabled == "until Monday"
    settings = policy.apply(SyncSettings(conflict="google"))
    assert (settings.from_google.delete, settings.sugar_scope) == (True, "flagged")
    assert (settings.from_google.update, settings.conflict) == (True, "google")


def test_a_policy_may_force_a_whole_group_and_forces_what_it_names() -> None:
    raw = '{"forced": {"from_google": {"enabled": false, "delete": false}, "auto.interval_minutes": 15}}'
    policy = config.load(DISPATCHER | {"POLICY": raw}, "dispatcher").policy
    assert policy.forced == {
        "from_google.enabled": False,
        "from_google.delete": False,
        "auto.interval_minutes": 15,
    }
    settings = policy.apply(SyncSettings(from_google=Direction(enabled=True, create=True, delete=True)))
    assert settings.from_google == Direction(enabled=False, create=True, delete=False)


@pytest.mark.parametrize(
    ("forced", "named"),
    [
        ('{"from_nowhere.delete": true}', "from_nowhere.delete is no setting"),
        ('{"auto": {"speed": 1}}', "auto.speed is no setting"),
        ('{"auto": {"enabled.now": true}}', "auto.enabled.now' is no setting"),
        ('{"version": 3}', "version is no setting"),
        ('{"": true}', "'' is no setting"),
        (r'{"auto\nenabled": true}', r"'auto\nenabled' is no setting"),
        ('{"auto": {}}', "auto must be an object of its settings"),
        ('{"auto": true}', "auto must be an object of its settings"),
        ('{"from_google": null}', "from_google must be an object of its settings"),
        ('{"auto.enabled": 1}', "auto.enabled does not fit"),
        ('{"auto.enabled": "true"}', "auto.enabled does not fit"),
        ('{"auto": {"enabled": null}}', "auto.enabled does not fit"),
        ('{"auto.interval_minutes": 0}', "auto.interval_minutes does not fit"),
        ('{"auto.interval_minutes": 5.5}', "auto.interval_minutes must be a whole number"),
        ('{"auto.interval_minutes": NaN}', "auto.interval_minutes must be a whole number"),
        ('{"sugar_scope": {"mine": true}}', "sugar_scope does not fit"),
        ('{"conflict": "newest "}', "conflict does not fit"),
        ('{"google_label": ""}', "google_label must be null or"),
        ('{"google_label": "Work"}', "google_label must be null or"),
        ('{"auto.enabled": true, "auto.enabled": false}', "'auto.enabled' twice"),
        ('{"auto.enabled": true, "auto": {"enabled": false}}', "auto.enabled is given twice"),
        ('{"auto.speed": 1, "conflict": 1}', "auto.speed is no setting; conflict does not fit"),
        ("[" * 100_000, "must be JSON such as"),
    ],
)
def test_a_policy_that_forces_what_cannot_be_is_named_in_one_line(forced: str, named: str) -> None:
    line = problem(WEB | {"POLICY": f'{{"forced": {forced}}}'})
    assert line.startswith("POLICY ") and named in line and "\n" not in line


def test_no_policy_can_be_made_that_does_not_apply() -> None:
    with pytest.raises(InvalidSettings):
        Policy({"from_nowhere.delete": True})


@pytest.mark.parametrize(
    ("raw", "quiet", "loud"), [("22-6", [22, 23, 0, 5], [6, 12, 21]), ("9-17", [9, 16], [17, 8, 0])]
)
def test_quiet_hours_may_pass_midnight(raw: str, quiet: list[int], loud: list[int]) -> None:
    hours = config.load(DISPATCHER | {"QUIET_HOURS": raw}, "dispatcher").quiet_hours
    assert isinstance(hours, QuietHours)
    assert all(hours.contains(hour) for hour in quiet)
    assert not any(hours.contains(hour) for hour in loud)
