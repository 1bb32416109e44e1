"""The OpenAPI document is valid and tells the truth: whatever is sent, the API answers as it says there.

`tests/search-api` looks longer and elsewhere than the tests do.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import strategies
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.web.browser import WEB_URL, Browser, Place, id_token
from tests.web.planned import create, merge

from contact_sync.contacts.side import Side
from contact_sync.store import backlog, history, mappings, previews, runs
from contact_sync.store.records import BacklogEntry, Change, HistoryEntry, PreviewRecord, RunRecord

EXAMPLES = int(os.environ.get("API_EXAMPLES", "8"))
SEED = int(os.environ.get("API_SEED", "0"))

# `next` of a list whose order ends with a text and an id.
schemathesis.openapi.format("cursor", strategies.just("WyJhIiwgImIiXQ=="))
BY_ID = "WyJhIl0="
"""`next` of a list in the order of ids."""

KNOWN = {
    "action": ["s1"],
    "entry": ["e1", "e2"],
    "preview": ["p1", "p2"],
    "run": ["r1", "r2"],
    "sugar_id": ["s1", "s2"],
}
"""Ids that are there, by the name of the parameter."""
CONFIG: dict[str, Any] = {
    "seed": SEED,
    "generation": {"max-examples": EXAMPLES, "deterministic": "API_SEED" not in os.environ},
    "dictionaries": {name: {"values": values} for name, values in KNOWN.items()}
    | {"by_id": {"values": [BY_ID]}},
    # A body that is too large is refused before anybody looks at what is wrong in it.
    "checks": {"negative_data_rejection": {"expected-statuses": ["400", "401", "403", "404", "409", "413"]}},
    "parameters": {f"path.{name}": {"dictionary": name, "probability": 0.5} for name in KNOWN},
    "operations": [
        {
            "include-operation-id": ["backlog_release_all", "backlog_keep_all"],
            # GET /api/backlog/{entry} takes any id, and so these words too.
            "checks": {"allow_header_conformance": {"enabled": False}},
        },
        {
            "include-operation-id": "preview_get",
            "parameters": {"query.cursor": {"dictionary": "by_id", "probability": 1.0}},
        },
        {
            "include-operation-id": ["settings_put", "settings_reset"],
            # No schema can say which version the settings have at this moment: 412, or 428 for none at all.
            "checks": {
                "positive_data_acceptance": {"expected-statuses": ["2xx", "403", "412", "428"]},
                "negative_data_rejection": {"expected-statuses": ["400", "412", "428"]},
            },
        },
    ],
}


PLACE = Place()
api = schemathesis.openapi.from_wsgi("/openapi.json", PLACE.app, config=schemathesis.Config.from_dict(CONFIG))


@pytest.fixture(scope="module")
def place() -> Place:
    return PLACE


@pytest.fixture(scope="module")
def ada(place: Place) -> Browser:
    """Someone of whom there is one of everything, and two of most."""
    place.person("ada")
    ada = place.signed_in("ada")
    for number in (1, 2):
        place.world.add_sugar(
            id=f"s{number}", first_name="Ana", last_name=f"N{number}", assigned_user_id="user-ada"
        )
    ada.post("/api/sync")
    place.work()
    now = place.engine.now()
    later = now + timedelta(hours=1)
    writes = []
    for number in (1, 2):
        ids = {"sugar_id": f"s{number}", "google_id": None, "name": "Ana"}
        entry = BacklogEntry(f"e{number}", cause="refused", message="No.", since=now, **ids)
        told = HistoryEntry(
            f"e{number}",
            now,
            f"r{number}",
            "manual",
            action="update",
            side=Side.GOOGLE,
            state="done",
            before={"last_name": "N"},
            changes=(Change("last_name", "N", "M", "L"),),
            **ids,
        )
        preview = PreviewRecord(f"p{number}", "ready", now, later, counts={"merged": 2}, total=2)
        writes += [
            backlog.put(ada.sub, entry),
            history.put(ada.sub, told),
            runs.put(ada.sub, RunRecord(f"r{number}", "manual", now)),
            mappings.patch(ada.sub, f"s{number}", backlog=f"e{number}"),
            previews.put(ada.sub, preview),
            previews.put_action(ada.sub, preview.id, create("s1", "Ana"), later),
            previews.put_action(ada.sub, preview.id, merge("s2", "Ana"), later),
        ]
    place.engine.db.commit(writes)
    return ada


@pytest.fixture(scope="module")
def document(ada: Browser) -> Any:
    return ada.json("/openapi.json")


@pytest.fixture(scope="module")
def token(place: Place, ada: Browser) -> str:
    return id_token(place, "ada")


@api.parametrize()
def test_every_operation_does_what_the_document_says(
    case: schemathesis.Case, place: Place, ada: Browser, token: str
) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"})
    place.world.tasks.clear()
    # Whoever has ended the connection can do little more; so the next request finds it again.
    place.change(ada.sub, connection="connected", disconnecting=None)


def test_the_document_is_valid(document: Any) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_the_document_is_public_and_may_be_kept_for_a_while(place: Place) -> None:
    answer = place.browser().get("/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.get_json()["servers"] == [{"url": WEB_URL}]


def test_every_operation_says_what_it_is_for_and_who_may_call_it(document: Any) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert re.fullmatch(r"[A-Z][^.]+", operation["summary"]), path
            by_cookie = operation["security"][1]
            assert ("csrf" in by_cookie) == (method != "get"), path
            assert {"401", "403", "503"} < set(operation["responses"]), path
    ids = [
        operation["operationId"] for methods in document["paths"].values() for operation in methods.values()
    ]
    assert len(set(ids)) == len(ids)


def texts(part: Any) -> Iterator[str]:
    match part:
        case dict():
            for key, value in part.items():
                yield from [value] if key == "description" and isinstance(value, str) else texts(value)
        case list():
            for value in part:
                yield from texts(value)


def test_descriptions_carry_no_indentation_of_the_code(document: Any) -> None:
    assert [text for text in texts(document) if "\n " in text or text != text.strip()] == []


def test_schemas_have_plain_names(document: Any) -> None:
    assert [name for name in document["components"]["schemas"] if not re.fullmatch(r"[A-Za-z]+", name)] == []
