"""A simulated Google with one account, and the adapter on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from tests.services.google.people_account import ENDPOINT, Account, Answers, Token

from contact_sync.errors import UserMustAct
from contact_sync.services.google_people import GooglePeople
from local_stack.google import GoogleSimulator
from local_stack.wsgi_transport import WSGITransport


@pytest.fixture
def account() -> Account:
    google = GoogleSimulator(propagation_delay=0, sleep=lambda seconds: None)
    sub = google.add_account("ada@corp.test", hd="corp.test")
    refresh_token = google.grant(sub)
    session = requests.Session()
    transport = WSGITransport(google)
    session.mount("https://", transport)

    def take() -> str:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": google.client_id,
            "client_secret": "local-secret",
        }
        answer = session.post("https://oauth2.googleapis.com/token", data=form)
        if answer.status_code != 200:
            raise UserMustAct("reconnect")
        return str(answer.json()["access_token"])

    token = Token(take)
    slept: list[float] = []
    people = GooglePeople(session, ENDPOINT, token, slept.append)
    return Account(google, sub, people, transport, token, slept)


@pytest.fixture
def answering() -> Callable[..., GooglePeople]:
    """A maker of adapters on prepared answers: (status, body as JSON or bytes)."""

    def make(*answers: tuple[int, Any], **headers: str) -> GooglePeople:
        session = requests.Session()
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        session.mount("https://", WSGITransport(Answers(*answers, headers=named)))
        return GooglePeople(session, ENDPOINT, Token(lambda: "token"), lambda seconds: None)

    return make
