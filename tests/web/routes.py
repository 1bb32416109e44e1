"""Every route there is, and someone to whom everything belongs that an address can name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask
from tests.web.browser import Place
from tests.web.planned import create
from tests.world import Person

from contact_sync.contacts.mapping import IndexEntry
from contact_sync.store import backlog, google_index, history, mappings, previews, runs
from contact_sync.store.records import BacklogEntry, HistoryEntry, PreviewRecord, RunRecord

Route = tuple[str, str]
"""Method and path, with parameters in braces."""

PUBLIC = {
    ("GET", "/health"),
    ("GET", "/openapi.json"),
    ("GET", "/assets/{name}"),
    ("GET", "/"),
    ("GET", "/sign-in"),
    ("GET", "/grant"),
    ("GET", "/oauth/callback"),
    ("POST", "/sign-out"),
    ("POST", "/hooks/sugar/{token}"),
}
"""Routes that anybody may ask: what they answer to whom is held by tests of their own."""

BODIES: dict[Route, Any] = {
    ("PUT", "/api/settings"): {},
    ("DELETE", "/api/connection"): {"delete": "none"},
    ("POST", "/api/connection/sugar-user"): {"sugar_user_id": "user-bob"},
    ("POST", "/api/preview/{preview}/apply"): {},
    ("PATCH", "/api/preview/{preview}"): {"untick": "google_created"},
    ("POST", "/api/backlog/{entry}/choose"): {"partner": "c-bob"},
    ("POST", "/api/backlog/release"): {"cause": "refused"},
    ("POST", "/api/backlog/keep"): {"group": "group-bob"},
    ("POST", "/api/scope/clean"): {"count": 0},
    ("POST", "/api/labels"): {"name": "Work"},
}

IDS = {
    "action": "sugar-bob",
    "entry": "entry-bob",
    "item": "sugar-bob",
    "preview": "preview-bob",
    "run": "run-bob",
    "sugar_id": "sugar-bob",
    "verb": "release",
}
"""Bob's, by the name of the parameter. A history entry and a backlog entry share their id."""

FORM = {"partner": "c-bob", "cause": "refused", "group": "group-bob", "count": "0", "ticked": "sugar-bob"}
"""What a form of ours may name."""

QUESTIONS = (
    "/api/history?contact=sugar-bob",
    "/api/history?contact=c-bob",
    "/api/history?run=run-bob",
    "/api/history.csv?contact=sugar-bob",
    "/api/history.csv?run=run-bob",
    "/api/backlog?cause=refused",
    "/api/backlog?group=group-bob",
    "/api/mappings?state=linked",
    "/api/why?q=secret@x.test",
    "/api/why?q=sugar-bob",
    "/api/why?q=c-bob",
    "/api/why?q=Bobs+Secret",
    "/api/why?q=Bobs",
)
"""Addresses that ask for what is Bob's in their parameters."""


def routes_of(app: Flask) -> set[Route]:
    """Every method and path that the application knows."""
    shown = set()
    for rule in app.url_map.iter_rules():
        path = "".join(f"{{{part}}}" if dynamic else part for dynamic, part in rule._trace).lstrip("|")
        shown |= {(method, path) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    return shown


ALL = routes_of(Place().app)
API = sorted(route for route in ALL if route[1].startswith("/api/"))
PAGES = sorted(ALL - PUBLIC - set(API))


def unsafe(routes: list[Route]) -> list[Route]:
    """Those that change something."""
    return [route for route in routes if route[0] != "GET"]


def filled(path: str) -> str:
    """The path with Bob's ids. A parameter of a new name must be given an id of his above."""
    return path.format(**IDS)


class Bob:
    """A user to whom everything belongs that the ids above name."""

    def __init__(self, place: Place) -> None:
        self.db = place.engine.db
        self.sub = place.person("bob")
        place.signed_in("bob")
        sugar_id = place.world.add_sugar(
            id="sugar-bob",
            first_name="Bobs",
            last_name="Secret",
            email="secret@x.test",
            assigned_user_id="user-bob",
        )
        place.world.sync(person=Person(self.sub, "user-bob"))
        place.world.google.add_group(self.sub, "Bobs label")
        now = place.engine.now()
        name, end = "Bobs Secret", now + timedelta(hours=1)
        ids = {"sugar_id": sugar_id, "google_id": "c-bob", "name": name}
        waiting = BacklogEntry(
            id="entry-bob", cause="refused", message="No.", since=now, group="group-bob", **ids
        )
        told = HistoryEntry(
            id="entry-bob",
            at=now,
            run="run-bob",
            trigger="manual",
            action="update",
            side=None,
            state="done",
            **ids,
        )
        self.db.commit(
            [
                backlog.put(self.sub, waiting),
                history.put(self.sub, told),
                runs.put(self.sub, RunRecord("run-bob", "manual", now)),
                mappings.patch(self.sub, sugar_id, backlog="entry-bob"),
                google_index.put(self.sub, IndexEntry("c-bob", mapping=sugar_id)),
                previews.put(self.sub, PreviewRecord("preview-bob", "ready", now, end)),
                previews.put_action(self.sub, "preview-bob", create("sugar-bob", name), end),
            ]
        )
        place.world.tasks.clear()

    def documents(self) -> dict[str, Any]:
        """When each of Bob's documents was last written."""
        paths = (
            "",
            "/backlog/entry-bob",
            "/history/entry-bob",
            "/runs/run-bob",
            "/mappings/sugar-bob",
            "/google_index/c-bob",
            "/previews/preview-bob",
            "/previews/preview-bob/actions/sugar-bob",
        )
        found = self.db.get(f"users/{self.sub}{path}" for path in paths)
        assert len(found) == len(paths)
        return {path: document.updated_at for path, document in found.items()}

    def is_in(self, text: str) -> bool:
        """Whether a text tells anything of Bob's that was not in the address."""
        return any(secret in text for secret in ("Bobs", "secret@x.test", self.sub))
