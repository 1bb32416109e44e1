"""The web function in front of the whole world, and browsers that sign in to it through the simulated Google."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from flask.testing import FlaskClient
from tests.world import Clock, World
from werkzeug.test import TestResponse

from contact_sync.config import Config
from contact_sync.config_formats import Policy
from contact_sync.store import users
from contact_sync.store.records import User
from contact_sync.sync.engine import Engine
from contact_sync.sync.load import CONTACTS_SCOPE
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.work import work
from contact_sync.web.app import create_app

WEB_URL = "https://sync.corp.test"


class Place:
    """One deployment with its web function. The worker runs only when a test says so."""

    def __init__(self, **changes: Any) -> None:
        # google-auth and Flask's session cookie read the machine's own clock.
        self.world = World(Clock(datetime.now(UTC).replace(microsecond=0)))
        self.refuses: Exception | None = None
        """What Cloud Tasks answers instead of taking a task."""
        self.urgent: list[bool] = []
        self.engine: Engine = self.world.make_engine(**{"enqueue": self.enqueue, **changes})
        self.config = Config(
            oauth_client_id="local-client",
            oauth_client_secret="local-secret",
            allowed_domains=("corp.test",),
            web_url=WEB_URL,
            session_key="a session key of more than 32 characters",
        )
        self.app = create_app(self.config, self.engine)

    def person(self, name: str, *, in_sugar: bool = True, hd: str | None = "corp.test") -> str:
        """Someone with a Google account who has not signed in yet; returns the account's sub."""
        email = f"{name}@corp.test"
        if in_sugar:
            self.world.sugar.add_user(name, id=f"user-{name}", email=email)
        return self.world.google.add_account(email, hd=hd)

    def browser(self) -> Browser:
        """A browser that is not signed in."""
        return Browser(self)

    def signed_in(self, name: str) -> Browser:
        """The browser of someone who signed in, said who they are in Sugar, if they are there, and granted access."""
        browser = self.browser()
        answer = browser.sign_in(name)
        assert answer.status_code == 302, answer.text
        browser.that_is_me()
        if self.user(browser.sub).sugar_user_id is not None:
            answer = browser.grant(name)
            assert answer.status_code == 302, answer.text
        return browser

    def user(self, sub: str) -> User:
        found = users.read(self.engine.db, sub)
        assert found is not None
        return found[0]

    def change(self, sub: str, **fields: Any) -> None:
        """Change the stored user, as a run or an administrator would."""
        self.engine.db.commit([users.update(sub, **fields)])

    def enqueue(self, payload: Mapping[str, Any], *, urgent: bool = False, **options: Any) -> bool:
        if self.refuses is not None:
            raise self.refuses
        self.urgent.append(urgent)
        return self.world.enqueue(payload, **options)

    def work(self) -> list[dict[str, Any]]:
        """Have the worker do the tasks enqueued so far."""
        tasks, self.world.tasks = self.world.tasks, []
        return [work(self.engine, WorkerRequest(**payload)) for payload, _name, _at in tasks]

    def payloads(self) -> list[Mapping[str, Any]]:
        return [payload for payload, _name, _at in self.world.tasks]


class Browser:
    """One person's browser: cookies, the CSRF token, and the way to Google and back."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.client: FlaskClient = place.app.test_client()
        self.csrf = ""
        self.sub = ""
        self.google = requests.Session()
        self.google.mount("http://", place.world.google_transport)

    def to_google(self, path: str) -> str:
        """Open a page of ours that leads to Google; returns the address there."""
        answer = self.client.get(path, base_url=WEB_URL)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def consent(self, address: str, name: str, **approval: Any) -> str:
        """Answer Google's page as that account; returns the address it leads back to."""
        self.place.world.google.auto_approve(f"{name}@corp.test" if "@" not in name else name, **approval)
        answer = self.google.get(address, allow_redirects=False)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def back(self, address: str) -> TestResponse:
        """Follow Google's redirect to our callback."""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}" == WEB_URL
        return self.client.get(f"{parts.path}?{parts.query}", base_url=WEB_URL)

    def sign_in(self, name: str, **approval: Any) -> TestResponse:
        answer = self.back(self.consent(self.to_google("/sign-in"), name, **approval))
        if answer.status_code == 302:
            self.csrf = self.get("/api/session").get_json()["csrf_token"]
            accounts = self.place.world.google.accounts()
            self.sub = next(account["sub"] for account in accounts if account["email"] == f"{name}@corp.test")
        return answer

    def that_is_me(self) -> TestResponse | None:
        """Answer the question who they are in Sugar, if it is open."""
        answer = self.get("/api/connection").get_json() or {}
        question = answer.get("question")
        named = {"sugar_user_id": question["sugar_user_id"]} if question else {}
        return self.post("/api/connection/sugar-user", named) if question else None

    def grant(self, name: str, **approval: Any) -> TestResponse:
        """Say who they are in Sugar, where that is asked, and grant access."""
        self.that_is_me()
        return self.back(self.consent(self.to_google("/grant"), name, **approval))

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, base_url=WEB_URL, **options)

    def send(self, method: str, path: str, json: Any = None, **headers: str) -> TestResponse:
        """An unsafe request as our pages send it."""
        carried = {"X-CSRF-Token": self.csrf} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.client.open(path, method=method, base_url=WEB_URL, json=json, headers=carried)

    def post(self, path: str, json: Any = None, **headers: str) -> TestResponse:
        return self.send("POST", path, json, **headers)

    def form(self, path: str, **fields: object) -> TestResponse:
        """A form of a page, sent as a browser without a script sends it."""
        return self.client.post(path, base_url=WEB_URL, data={"csrf_token": self.csrf, **fields})

    def json(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.get_json()


def query_of(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def id_token(place: Place, name: str) -> str:
    """What a program gets that signs its user in with the same OAuth client."""
    browser = place.browser()
    oauth = place.engine.oauth
    address = oauth.authorization_url(
        "https://program.test/", ("openid", "email", CONTACTS_SCOPE), "s", login_hint=f"{name}@corp.test"
    )
    back = browser.consent(address, name)
    token = oauth.exchange(query_of(back)["code"], "https://program.test/").id_token
    assert token
    return token


def words_of(answer: TestResponse) -> str:
    """What a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def allow_only(**forced: Any) -> Policy:
    """A policy that forces settings; `__` in a name stands for a dot."""
    return Policy({name.replace("__", "."): value for name, value in forced.items()})
