"""Contacts that need a decision, as a run leaves them behind, and the forms by which a person decides."""

from __future__ import annotations

from typing import Any

from tests.web.browser import WEB_URL, Browser, Place, words_of
from werkzeug.test import TestResponse

from contact_sync.contacts.mapping import Mapping, Missing, State
from contact_sync.contacts.side import Side
from contact_sync.store import backlog, mappings
from contact_sync.store.records import BacklogEntry

HTMX = {"HX-Request": "true"}


def ask(place: Place, browser: Browser, key: str, cause: str, **fields: Any) -> str:
    """A linked contact in the backlog, as a run leaves it behind; the id of its entry."""
    entry_id, now = f"{cause}-{key}", place.engine.now()
    missing = fields.pop("missing", None)
    name = fields.pop("name", f"Contact {key}")
    mapping = Mapping(
        key,
        google_id=f"g{key}",
        name=name,
        state=State.LINKED,
        backlog=entry_id,
        missing=Missing(missing, now, True) if missing else None,
    )
    entry = BacklogEntry(
        entry_id, key, f"g{key}", name, cause, fields.pop("message", "Said the server."), now, **fields
    )
    place.engine.db.commit([mappings.put(browser.sub, mapping), backlog.put(browser.sub, entry)])
    return entry_id


def mass_deletion(place: Place, ada: Browser, count: int, run: str = "r1", side: str = "google") -> str:
    """So many contacts that were deleted at once, in one group, and wait on `side`."""
    group = f"mass_delete-{side}-{run}"
    for number in range(count):
        gone = Side(side).other
        ask(place, ada, f"{run}-{number:03}", "mass_delete", group=group, missing=gone, message="Many.")
    return group


def post(browser: Browser, path: str, htmx: bool = False, **form: str) -> TestResponse:
    """Send a form, as a page would."""
    data = {"csrf_token": browser.csrf} | form
    return browser.client.post(path, base_url=WEB_URL, data=data, headers=HTMX if htmx else {})


def follow(browser: Browser, answer: TestResponse) -> str:
    """The page that an answer leads to."""
    assert answer.status_code == 303, answer.text
    return shown(browser, answer.headers["Location"])


def shown(browser: Browser, path: str) -> str:
    """What a person reads there, on one line."""
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return words_of(answer)
