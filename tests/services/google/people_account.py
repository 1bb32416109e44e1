"""One user's simulated Google contacts with the adapter on them, and prepared answers for what is never
seen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from contact_sync.contacts.google_person import MARK_KEY
from contact_sync.services.google_people import GooglePeople, PersonUpdate
from contact_sync.services.outcome import Outcome, Status
from local_stack.google import GoogleSimulator
from local_stack.wsgi_transport import WSGITransport

ENDPOINT = "https://people.googleapis.com"

Answering = Callable[..., GooglePeople]
"""Makes an adapter on prepared answers: (status, body as JSON or bytes)."""


@dataclass
class Token:
    """An access token whose renewals are counted."""

    take: Callable[[], str]
    value: str = ""
    renewals: int = 0

    def current(self) -> str:
        self.value = self.value or self.take()
        return self.value

    def renew(self, rejected: str) -> str:
        assert rejected == self.value
        self.renewals += 1
        self.value = self.take()
        return self.value


@dataclass
class Account:
    """One user's Google contacts, from outside (`google`) and through the adapter (`people`)."""

    google: GoogleSimulator
    sub: str
    people: GooglePeople
    transport: WSGITransport
    token: Token
    slept: list[float] = field(default_factory=list)

    def calls(self, path: str = "/v1/") -> list[str]:
        """The last parts of the paths called, tokens left out, and forget them."""
        made = [
            f"{method} {where.rpartition(':')[2] if ':' in where else where.rpartition('/')[2]}"
            for method, where in self.transport.calls
            if where.startswith(path)
        ]
        self.transport.calls.clear()
        return made

    def load(self, count: int) -> list[str]:
        """That many contacts; their ids."""
        names = self.google.load(self.sub, [named(f"Given{number}") for number in range(count)])
        return [name.removeprefix("people/") for name in names]

    def given_name(self, google_id: str) -> str | None:
        """The given name a contact has now, None if there is no such contact."""
        person = self.google.contact(self.sub, f"people/{google_id}")
        return str(person["names"][0]["givenName"]) if person else None

    def person(self, google_id: str) -> dict[str, Any]:
        """A contact that must be there, with every field."""
        person = self.google.contact(self.sub, f"people/{google_id}")
        assert person is not None, google_id
        return dict(person)

    def read(self, google_id: str) -> dict[str, Any]:
        """A contact that must be there, as the adapter reads it."""
        person = self.people.get([google_id]).people[google_id]
        assert person is not None, google_id
        return person

    def renamed(self, ids: Iterable[str], name: str = "New") -> list[PersonUpdate]:
        """Updates of the given names on a fresh read."""
        read = self.people.get(ids)
        return [
            PersonUpdate(google_id, person, {"names": [{"givenName": f"{name}{place}"}]})
            for place, (google_id, person) in enumerate(read.people.items())
            if person is not None
        ]


def named(given: str, mark: str | None = None, **fields: Any) -> dict[str, Any]:
    """A person with a given name, and our mark."""
    person: dict[str, Any] = {"names": [{"givenName": given}]} | fields
    return person | ({"clientData": [{"key": MARK_KEY, "value": mark}]} if mark else {})


def marked(count: int) -> list[tuple[str, dict[str, Any]]]:
    """That many persons to create, with their keys."""
    return [(f"key-{number}", named(f"Given{number}", f"key-{number}")) for number in range(count)]


def statuses(outcomes: Iterable[Outcome]) -> list[Status]:
    return [outcome.status for outcome in outcomes]


def record(outcome: Outcome) -> dict[str, Any]:
    """The person that came with an outcome."""
    assert outcome.record is not None, outcome
    return dict(outcome.record)


def wait(outcome: Outcome) -> float:
    """The seconds an element was told to stand back."""
    assert outcome.retry_after is not None, outcome
    return outcome.retry_after


class Answers:
    """A WSGI application that gives prepared answers, one a request; the last one again and again."""

    def __init__(self, *answers: tuple[int, Any], headers: Iterable[tuple[str, str]] = ()) -> None:
        self.left = list(answers)
        self.headers = list(headers)
        self.bodies: list[bytes] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        self.bodies.append(environ["wsgi.input"].read())
        status, body = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        start_response(f"{status} Whatever", [("Content-Length", str(len(content))), *self.headers])
        return [content]
