"""What a broken connection looks like on a real socket; the in-process transport cannot tell."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from contact_sync.errors import TransientForAll, TransientForUser
from contact_sync.services.outcome import Status
from contact_sync.services.sugar import SugarConfig, SugarContacts, SugarServer, SugarWrite
from local_stack.loopback_server import LoopbackServer

FIELDS = ("last_name", "title")


class OwnToken:
    """The token of one sudo."""

    def __init__(self, server: SugarServer) -> None:
        self.value = server.sudo("jane")[0]

    def current(self) -> str:
        return self.value

    def renew(self, rejected: str) -> str:
        raise AssertionError("the token is good")

    def proven(self, token: str) -> bool:
        return True

    def prove(self, token: str, user_id: str, user_name: str) -> bool:
        raise AssertionError("the token is known")


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def server(desk: Any, http: requests.Session) -> Iterator[SugarServer]:
    listening = LoopbackServer(desk.sugar)
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
    thread.start()
    url = f"http://127.0.0.1:{listening.server_port}"
    config = SugarConfig(url, "svc", "secret", "sync", "sync-user")
    yield SugarServer(config, http, desk.sessions, desk.clock, desk.clock.sleep)
    listening.shutdown()
    listening.server_close()
    thread.join()


def test_a_bulk_write_whose_connection_breaks_is_sent_once_and_read_back(
    desk: Any, server: SugarServer
) -> None:
    contacts = SugarContacts(server, OwnToken(server), FIELDS)
    ids = desk.add(3)
    desk.sugar.faults.add("drop_after", "/Contacts/c0001", "PUT")
    desk.sugar.forget_calls()
    result = contacts.write([SugarWrite("update", id, {"title": "CTO"}) for id in ids], 25, lambda: 60.0)
    assert [outcome.status for outcome in result.outcomes] == [Status.DONE, Status.DONE, Status.UNKNOWN]
    assert len(desk.sugar.writes) == 2
    assert desk.sugar.calls == [("POST", "/bulk")] * 2


def test_a_read_whose_connection_breaks_is_sent_once_more(desk: Any, server: SugarServer) -> None:
    server.check()
    desk.sugar.forget_calls()
    desk.sugar.faults.add("drop_before", "/ping")
    server.check()
    desk.sugar.faults.add("drop_before", "/ping", times=None)
    with pytest.raises(TransientForAll):
        server.check()
    assert len(desk.sugar.calls) == 4


def test_a_read_that_takes_too_long_makes_the_user_wait(desk: Any, server: SugarServer) -> None:
    token = OwnToken(server)
    held = threading.Event()
    desk.sugar.before_item = lambda _verb, _path: held.wait(5)
    contacts = SugarContacts(server, token, FIELDS, deadline=lambda: 0.1)
    try:
        with pytest.raises(TransientForUser) as caught:
            contacts.fetch(["a"])
    finally:
        held.set()
    assert caught.value.code == "sugar_timeout"


def test_cookies_of_one_user_never_travel_with_anothers_token(
    server: SugarServer, http: requests.Session
) -> None:
    login = requests.post(
        f"{server.transport.config.url}/rest/v11_12/oauth2/token",
        json={"grant_type": "password", "client_id": "sugar", "username": "svc", "password": "secret"},
        timeout=5,
    )
    assert len(login.cookies) == 1
    server.check()
    assert len(http.cookies) == 0
