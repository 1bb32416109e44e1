"""The People client sends every request once, also over real connections that break."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator

import pytest
import requests
from tests.services.google.people_account import Token, marked, statuses

from contact_sync.services.google_people import GooglePeople
from contact_sync.services.outcome import Status


class DroppingServer(socketserver.ThreadingTCPServer):
    """Reads a request, counts it, and closes the connection without an answer."""

    daemon_threads = True
    allow_reuse_address = True
    requests = 0


class Drop(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        if self.request.recv(65536):
            assert isinstance(self.server, DroppingServer)
            self.server.requests += 1


@pytest.fixture
def server() -> Iterator[DroppingServer]:
    with DroppingServer(("127.0.0.1", 0), Drop) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def test_a_create_whose_answer_is_lost_is_not_sent_again(server: DroppingServer) -> None:
    with requests.Session() as session:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        people = GooglePeople(session, address, Token(lambda: "token"), lambda seconds: None)
        outcomes = people.create(marked(1))
    assert statuses(outcomes) == [Status.UNKNOWN]
    assert server.requests == 1
