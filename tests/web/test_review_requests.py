"""What no page of ours sends, but anybody can: numbers that are none, and cursors that nobody handed out."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from tests.web.browser import WEB_URL, Browser, Place

from contact_sync.web.app import create_app

NOW = {"time": "2026-01-01T00:00:00+00:00"}


@pytest.mark.parametrize("number", ["²", "٣", "9" * 30, "9" * 5000, "-1", "1.5"])
@pytest.mark.parametrize(
    ("path", "field", "others"),
    [
        ("/settings", "version", {}),
        ("/settings/label", "version", {}),
        ("/disconnect", "count", {"delete": "created"}),
        ("/contacts/clean", "count", {}),
    ],
)
def test_a_hidden_number_that_is_none_is_no_fault_of_ours(
    ada: Browser, path: str, field: str, others: dict[str, str], number: str
) -> None:
    assert ada.form(path, **{field: number}, **others).status_code < 500


@pytest.mark.parametrize(
    "values",
    [
        [{"time": "2026-01-01T00:00:00"}, "a"],
        [{"time": "0001-01-01T00:00:00+23:59"}, "a"],
        [{"time": "9999-12-31T23:59:59-23:59"}, "a"],
        [{"time": 5}, "a"],
        [NOW, "\ud800"],
        ["\ud800", "a"],
        [NOW, ""],
        [NOW, "a/b"],
        [NOW, ".."],
        [NOW, "__a__"],
        [NOW, NOW],
        [NOW, "a", "b"],
    ],
)
@pytest.mark.parametrize("path", ["/api/history", "/api/backlog", "/api/mappings", "/api/runs"])
def test_a_cursor_that_nobody_handed_out_is_refused_as_such(
    ada: Browser, path: str, values: list[Any]
) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
    answer = ada.get(path, query_string={"cursor": cursor})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "invalid_cursor")


def test_a_hook_that_is_nested_without_end_is_refused_as_no_hook(place: Place) -> None:
    token = "t" * 40
    app = create_app(replace(place.config, hook_tokens=(token,)), place.engine)
    answer = app.test_client().post(f"/hooks/sugar/{token}", base_url=WEB_URL, data=b"[" * 200_000)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "invalid_request")
