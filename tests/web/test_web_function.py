"""The deployed entry point, as Google's functions framework serves it."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from functions_framework import create_app as _create_app

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
