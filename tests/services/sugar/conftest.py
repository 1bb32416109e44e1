"""A simulated Sugar, the adapter's objects in front of it, and a clock that only moves when someone waits."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from contact_sync.services.sugar import Scope, SharedSession, SugarConfig, SugarContacts, SugarServer
from local_stack.sugar import SugarSimulator
from local_stack.wsgi_transport import WSGITransport

FIELDS = ("first_name", "last_name", "title", "email", "phone_mobile", "account_id", "assigned_user_id")


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 7, 27, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class MemorySessions:
    """The shared session's store: one value under a version."""

    def __init__(self) -> None:
        self.session: SharedSession | None = None
        self.version = 0

    def load(self) -> tuple[SharedSession | None, object]:
        return self.session, self.version

    def save(self, session: SharedSession, version: object) -> bool:
        if version != self.version:
            return False
        self.session, self.version = session, self.version + 1
        return True


class SudoToken:
    """A user's token as a run keeps it."""

    def __init__(self, server: SugarServer, user_name: str) -> None:
        self.server = server
        self.user_name = user_name
        self.value = ""
        self.renewals = 0

    def current(self) -> str:
        self.value = self.value or self.server.sudo(self.user_name)[0]
        return self.value

    def renew(self, rejected: str) -> str:
        self.renewals += 1
        if self.value == rejected:
            self.value = self.server.sudo(self.user_name)[0]
        return self.value

    def proven(self, token: str) -> bool:
        return True

    def prove(self, token: str, user_id: str, user_name: str) -> bool:
        return True


class Desk:
    """Sugar with a service administrator and the user jane, and the adapter on her behalf."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.sugar = SugarSimulator(now=self.clock, sleep=self.clock.sleep, platforms=("sync", "sync-user"))
        self.sugar.add_user("svc", "secret", admin=True)
        self.jane = self.sugar.add_user("jane", email="jane@corp.test", timezone="America/New_York")
        self.sessions = MemorySessions()
        self.wire = WSGITransport(self.sugar)
        self.server = self.instance()
        self.token = SudoToken(self.server, "jane")
        self.contacts = self.user()
        self.mine = Scope("mine", self.jane)

    def instance(
        self,
        wire: WSGITransport | None = None,
        sleep: Callable[[float], None] | None = None,
        **config: Any,
    ) -> SugarServer:
        """Another process in front of the same Sugar and the same store."""
        settings = {"url": "https://sugar.test/crm", "username": "svc", "password": "secret"}
        platforms = {"platform": "sync", "sudo_platform": "sync-user"}
        http = requests.Session()
        http.mount("https://", wire or self.wire)
        return SugarServer(
            SugarConfig(**{**settings, **platforms, **config}),
            http,
            self.sessions,
            self.clock,
            sleep or self.clock.sleep,
        )

    def user(
        self, fields: Sequence[str] = FIELDS, deadline: Callable[[], float] | None = None
    ) -> SugarContacts:
        """Jane's contacts, as a new run of hers sees them."""
        return SugarContacts(self.server, self.token, fields, deadline)

    def add(self, count: int = 1, **fields: Any) -> list[str]:
        """Contacts of jane's, all of one second."""
        ids = [fields.get("id") or f"c{number:04}" for number in range(count)]
        return [
            self.sugar.add_contact(
                **{"last_name": f"Ruiz {id}", "assigned_user_id": self.jane, **fields, "id": id}
            )
            for id in ids
        ]

    def warm_up(self) -> None:
        """Have both tokens, so that the calls counted afterwards are only those of the test."""
        self.token.current()
        self.sugar.forget_calls()

    def watch_grants(self) -> list[str]:
        """The grant types of token requests from now on."""
        grants: list[str] = []

        def note(request: requests.PreparedRequest) -> None:
            if str(request.url).endswith("/oauth2/token"):
                grants.append(json.loads(request.body or "{}")["grant_type"])

        self.wire.before = note
        return grants


@pytest.fixture
def desk() -> Desk:
    return Desk()
