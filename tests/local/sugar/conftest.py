"""A simulated Sugar at a standstill clock, and callers of its REST API that need no socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from local_stack.sugar import SugarSimulator
from local_stack.wsgi_transport import WSGITransport

START = datetime(2026, 3, 1, 9, 0, 0, tzinfo=UTC)
REST = "http://sugar.test/rest/v11_12"


class StandstillClock:
    """Time that passes only when somebody sleeps or says so."""

    def __init__(self) -> None:
        self.moment = START
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Caller:
    """Calls the REST API with one token; `send` gives the response, the verbs its JSON."""

    def __init__(self, sugar: SugarSimulator, token: str = "") -> None:
        self.session = requests.Session()
        self.session.mount("http://", WSGITransport(sugar.app))
        self.token = token

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        headers = options.pop("headers", {})
        if self.token:
            headers = {"OAuth-Token": self.token, **headers}
        url = path if path.startswith("http") else REST + path
        return self.session.request(method, url, json=body, headers=headers, **options)

    def get(self, path: str, **options: Any) -> Any:
        return self.send("GET", path, **options).json()

    def post(self, path: str, body: Any = None) -> Any:
        return self.send("POST", path, body).json()

    def put(self, path: str, body: Any = None) -> Any:
        return self.send("PUT", path, body).json()

    def delete(self, path: str) -> Any:
        return self.send("DELETE", path).json()

    def list(self, *conditions: Any, **arguments: Any) -> Any:
        return self.post("/Contacts/filter", {"filter": list(conditions), **arguments})

    def ids(self, *conditions: Any, **arguments: Any) -> list[str]:
        arguments = {"fields": "id", "order_by": "id", "max_num": -1, **arguments}
        return [record["id"] for record in self.list(*conditions, **arguments)["records"]]

    def bulk(self, *items: tuple[Any, ...]) -> Any:
        """Items are (method, path below the version, body or nothing, headers or nothing)."""
        wanted = []
        for method, path, *rest in items:
            item = {"url": f"/v11_12{path}", "method": method}
            if rest and rest[0] is not None:
                item["data"] = json.dumps(rest[0])
            if len(rest) > 1:
                item["headers"] = rest[1]
            wanted.append(item)
        return self.post("/bulk", {"requests": wanted})


@pytest.fixture
def clock() -> StandstillClock:
    return StandstillClock()


@pytest.fixture
def sugar(clock: StandstillClock) -> SugarSimulator:
    simulator = SugarSimulator(now=clock, sleep=clock.sleep, platforms=["sync", "sync_user"])
    simulator.add_user("admin", "secret", id="admin-id", admin=True)
    simulator.add_user(
        "jane", "pass", id="jane-id", email="jane@corp.com", first_name="Jane", last_name="Doe"
    )
    return simulator


@pytest.fixture
def sign_in(sugar: SugarSimulator) -> Callable[..., Caller]:
    def sign_in(user_name: str = "admin", password: str = "secret", platform: str = "sync") -> Caller:
        body = {
            "grant_type": "password",
            "client_id": "sugar",
            "client_secret": "",
            "username": user_name,
            "password": password,
            "platform": platform,
        }
        return Caller(sugar, Caller(sugar).post("/oauth2/token", body)["access_token"])

    return sign_in


@pytest.fixture
def admin(sign_in: Callable[..., Caller]) -> Caller:
    return sign_in()


@pytest.fixture
def jane(sign_in: Callable[..., Caller]) -> Caller:
    return sign_in("jane", "pass")


@pytest.fixture
def stranger(sugar: SugarSimulator) -> Caller:
    return Caller(sugar)
