"""Calls to the simulated People API as one user, and a clock that is moved by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from local_stack.google import GoogleSimulator
from local_stack.wsgi_transport import WSGITransport

FIELDS = "names,emailAddresses,phoneNumbers,clientData,memberships,metadata"


class Clock:
    """The time, moved by hand."""

    def __init__(self) -> None:
        self.time = datetime(2026, 7, 27, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **period: float) -> None:
        self.time += timedelta(**period)


class Caller:
    """Calls the People API as one user."""

    def __init__(self, simulator: GoogleSimulator, sub: str) -> None:
        self.simulator = simulator
        self.sub = sub
        self.session = requests.Session()
        self.session.mount("https://", WSGITransport(simulator))
        self.sign_in()

    def sign_in(self, refresh_token: str = "") -> None:
        """Take a fresh access token, of a new grant unless a refresh token is given."""
        refresh_token = refresh_token or self.simulator.grant(self.sub)
        answer = self.session.post(
            "https://oauth2.googleapis.com/token",
            data={
                "grant_type": "refresh_token",
                "refresh_token": refresh_token,
                "client_id": "local-client",
                "client_secret": "local-secret",
            },
        )
        answer.raise_for_status()
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(self, http: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        url = f"https://people.googleapis.com/v1/{path}"
        return self.session.request(http, url, params=query, json=body)

    def ok(self, http: str, path: str, body: Any = None, **query: Any) -> dict[str, Any]:
        """The answer of a call that must succeed."""
        answer = self.call(http, path, body, **query)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    def error(self, http: str, path: str, body: Any = None, **query: Any) -> dict[str, Any]:
        """The error of a call that must fail."""
        answer = self.call(http, path, body, **query)
        assert answer.status_code >= 400, answer.text
        error: dict[str, Any] = answer.json()["error"]
        assert error["code"] == answer.status_code
        return error

    def list(self, **query: Any) -> dict[str, Any]:
        """people.connections.list as a sync client calls it."""
        return self.ok("GET", "people/me/connections", **(self.listing() | query))

    @staticmethod
    def listing() -> dict[str, Any]:
        return {
            "personFields": FIELDS,
            "sources": "READ_SOURCE_TYPE_CONTACT",
            "requestSyncToken": "true",
            "pageSize": 1000,
        }

    def get(self, name: str, fields: str = FIELDS) -> dict[str, Any]:
        return self.ok("GET", name, personFields=fields)

    def create(self, person: dict[str, Any], fields: str = FIELDS) -> dict[str, Any]:
        return self.ok("POST", "people:createContact", person, personFields=fields)

    def update(self, person: dict[str, Any], fields: str, **changes: Any) -> dict[str, Any]:
        """people.updateContact with the version of `person`."""
        body = {"etag": person["etag"], **changes}
        path = f"{person['resourceName']}:updateContact"
        return self.ok("PATCH", path, body, updatePersonFields=fields, personFields=FIELDS)


def ada(number: int = 0, **more: Any) -> dict[str, Any]:
    """A contact."""
    return {
        "names": [{"givenName": "Ada", "familyName": f"Lovelace{number or ''}"}],
        "emailAddresses": [{"value": f"ada{number or ''}@example.test", "type": "work"}],
        **more,
    }
