"""The deployed entry point, as Google's functions framework serves it."""

from __future__ import annotations

import base64
import json
import logging
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from functions_framework import create_app as _create_app

from local_stack.firestore import FirestoreStandIn, in_process_client

create_app: Callable[[str, str], Flask] = _create_app
FUNCTIONS = Path(__file__).parents[2] / "functions"
KEY = base64.b64encode(bytes(32)).decode()
ENVIRONMENT = {
    "GOOGLE_CLOUD_PROJECT": "project",
    "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1",
    "SUGAR_URL": "https://sugar.test",
    "SUGAR_PLATFORM": "sync",
    "SUGAR_SUDO_PLATFORM": "sync_user",
    "SUGAR_USERNAME": "svc",
    "SUGAR_PASSWORD": "secret",
    "OAUTH_CLIENT_ID": "client",
    "OAUTH_CLIENT_SECRET": "secret",
    "ALLOWED_DOMAINS": "corp.test",
    "WEB_URL": "https://sync.corp.test",
    "WORKER_URL": "https://worker.corp.test",
    "TASKS_QUEUE": "projects/p/locations/l/queues/sync",
    "TASKS_URGENT_QUEUE": "projects/p/locations/l/queues/urgent",
    "TASKS_EMULATOR_HOST": "127.0.0.1:2",
    "TOKEN_KEYS": f"k1:{KEY}",
    "INDEX_KEY": KEY,
    "SESSION_KEY": "s" * 40,
    "HOOK_TOKENS": "h" * 40,
}


def test_the_framework_serves_every_path_and_method(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    client = create_app("web", str(FUNCTIONS / "main.py")).test_client()
    assert client.get("/health").get_json() == {"status": "ok"}
    answer = client.get("/sign-in")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    assert answer.headers["Set-Cookie"].startswith("__Host-session=")
    for method, path in (("PUT", "/api/settings"), ("POST", "/api/sync"), ("GET", "/api/status")):
        refused = client.open(path, method=method)
        assert (refused.status_code, refused.get_json()["error"]["code"]) == (401, "not_signed_in")
        assert refused.headers["Cache-Control"] == "no-store"


def test_a_page_gets_all_its_files_from_the_framework(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    client = create_app("web", str(FUNCTIONS / "main.py")).test_client()
    page = client.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    files = re.findall(r'(?:src|href)="(/[^"?]+)\?v=', page.text)
    assert len(files) >= 5
    for file in files:
        answer = client.get(file)
        assert (answer.status_code, "immutable" in answer.headers["Cache-Control"]) == (200, True), file


@pytest.mark.usefixtures("logging_as_before")
@pytest.mark.parametrize("function", ["dispatcher", "worker", "web"])
def test_a_function_records_at_its_start_with_what_it_works_and_no_secret(
    function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin = FirestoreStandIn()
    more = {"FIRESTORE_EMULATOR_HOST": f"127.0.0.1:{standin.serve()}", "POLICY": '{"disabled": "Moving."}'}
    for name, value in (ENVIRONMENT | more | {"K_REVISION": "sync-00007-abc"}).items():
        monkeypatch.setenv(name, value)
    client = create_app(function, str(FUNCTIONS / "main.py")).test_client()
    for _ in range(3):
        client.get("/health") if function == "web" else client.post(
            "/", json={"user": "u1", "trigger": "schedule"}
        )
    assert standin.counters["Commit"].calls == 1
    (held,) = in_process_client(standin, "project").collection("system").stream()
    told = held.to_dict()[function]
    standin.stop()
    assert (told["revision"], told["variables"]["POLICY"]) == ("sync-00007-abc", more["POLICY"])
    secret = {
        "SUGAR_PASSWORD",
        "OAUTH_CLIENT_SECRET",
        "TOKEN_KEYS",
        "INDEX_KEY",
        "SESSION_KEY",
        "HOOK_TOKENS",
    }
    assert set(told["variables"]) == {*ENVIRONMENT, "POLICY"} - secret


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """A function sets logging up for the whole process."""
    root, ours = logging.getLogger(), logging.getLogger("contact_sync")
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], ours.level = before[0], before[2]
    root.setLevel(before[1])


@pytest.mark.usefixtures("logging_as_before")
@pytest.mark.parametrize("function", ["dispatcher", "worker", "web"])
def test_a_function_that_is_not_set_up_answers_500_and_its_log_names_what_is_wrong_in_a_line_each(
    function: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("WORKER_URL")
    monkeypatch.setenv("TASKS_QUEUE", "a wrong value")
    client = create_app(function, str(FUNCTIONS / "main.py")).test_client()
    answer = client.post("/hooks/sugar/" + "h" * 40, json={})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (500, "configuration")
    printed = capsys.readouterr().out
    lines = [json.loads(line) for line in printed.splitlines()]
    assert [line["message"].split()[0] for line in lines] == ["WORKER_URL", "TASKS_QUEUE"]
    assert {(line["severity"], line["code"]) for line in lines} == {("ERROR", "configuration")}
    assert "h" * 40 not in printed
    assert "a wrong value" not in printed


@pytest.mark.usefixtures("logging_as_before")
def test_a_bug_before_the_pages_are_there_does_not_log_the_token_of_a_hook(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("contact_sync.web.app.PARTS", (None,))
    client = create_app("web", str(FUNCTIONS / "main.py")).test_client()
    assert client.post("/hooks/sugar/" + "h" * 40, json={}).status_code == 500
    printed = capsys.readouterr().out
    assert "Exception on /hooks/sugar/" in printed
    assert "h" * 40 not in printed


@pytest.mark.usefixtures("logging_as_before")
def test_a_run_that_crashes_is_logged_with_its_user_and_run_and_answers_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    address = "ida@corp.test"

    def crash(*_: object) -> None:
        raise KeyError(address)

    monkeypatch.setattr("contact_sync.sync.work.run", crash)
    client = create_app("worker", str(FUNCTIONS / "main.py")).test_client()
    task = {"user": "ada", "trigger": "manual", "run": "r1"}
    answer = client.post("/", json=task, headers={"X-Cloud-Trace-Context": f"{'a' * 32}/1"})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (500, "internal")
    printed = capsys.readouterr().out
    (line,) = [json.loads(line) for line in printed.splitlines()]
    assert (line["severity"], line["message"]) == ("ERROR", "run crashed")
    assert (line["user"], line["run"], line["error"]) == ("ada", "r1", "KeyError")
    assert line["logging.googleapis.com/trace"].endswith("a" * 32)
    assert address not in printed and address not in answer.text


def test_a_cold_start_does_not_load_google_s_large_libraries(tmp_path: Path) -> None:
    script = (
        "import sys, main; main._web_app().test_client().get('/health'); "
        "print([name for name in ('googleapiclient', 'google.cloud.tasks_v2') if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script],
        env=ENVIRONMENT | {"PYTHONPATH": str(FUNCTIONS)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "[]"
