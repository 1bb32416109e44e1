"""What a stranger, or a user who plays with addresses, can send is answered as his mistake: no 500, and no line in the
log that wakes the operator."""

from __future__ import annotations

import base64
import json
import logging
import re
from urllib.parse import quote

import pytest
from tests.web.browser import WEB_URL, Browser, Place, id_token
from tests.web.routes import API, PAGES

ODD_IDS = {
    "dot": ".",
    "dots": "..",
    "Firestore's own": "__x__",
    "underscores": "__",
    "nothing printable": "\x00\n",
    "a slash": "a/b",
    "an encoded slash": "%2F",
    "a percent sign": "%",
    "no UTF-8": b"\xff\xfe",
    "half a surrogate pair": b"\xed\xa0\x80",
    "as long as may be": "a" * 1500,
    "too long": "a" * 1501,
    "too long once encoded": "ü" * 400,
    "far too long": "a" * 20_000,
}
NAMED = [route for route in [*API, *PAGES] if "{" in route[1]]


def awake(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines that wake the operator."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("odd", ODD_IDS)
def test_an_id_that_can_be_none_is_not_found(
    ada: Browser, odd: str, caplog: pytest.LogCaptureFixture
) -> None:
    for method, path in NAMED:
        address = re.sub(r"{\w+}", quote(ODD_IDS[odd], safe=""), path)
        answer = ada.client.open(address, method=method, base_url=WEB_URL, headers={"X-CSRF-Token": ada.csrf})
        # A form of a page leads back to it; a body is looked at before the record.
        assert answer.status_code in (303, 308, 400, 404, 405), (method, path, answer.text)
        if method == "GET":
            assert answer.status_code in (308, 404), (path, answer.text)
    assert awake(caplog) == []


QUESTIONS = (
    *(
        "/api/why?q=",
        "/api/history?contact=",
        "/api/history?run=",
        "/api/history?cursor=",
        "/api/history.csv?run=",
    ),
    *("/api/backlog?cursor=", "/api/backlog?cause=", "/api/backlog?group=", "/api/mappings?cursor="),
    *("/api/mappings?state=", "/history?contact=", "/backlog?cause=", "/contacts?q=", "/?said="),
)


@pytest.mark.parametrize("odd", ODD_IDS)
def test_a_question_about_what_cannot_be_is_answered(
    ada: Browser, odd: str, caplog: pytest.LogCaptureFixture
) -> None:
    for question in QUESTIONS:
        answer = ada.get(question + quote(ODD_IDS[odd], safe=""))
        assert answer.status_code in (200, 400, 404), (question, answer.text)
    assert awake(caplog) == []


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def tokens(place: Place) -> dict[str, str]:
    head, payload, signature = id_token(place, "ada").split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    nested = {"lists": b"[" * 6000, "objects": b'{"a":' * 2000, "closed": b"[" * 3000 + b"]" * 3000}
    odd = {
        "header": {name: f"{b64(deep)}.{payload}.{signature}" for name, deep in nested.items()},
        "payload": {name: f"{head}.{b64(deep)}.{signature}" for name, deep in nested.items()},
        "key": {
            name: f"{b64(json.dumps({**header, 'kid': kid}).encode())}.{payload}.{signature}"
            for name, kid in {"list": [1], "object": {}, "number": 5, "unknown": "key id"}.items()
        },
        "algorithm": {
            name: f"{b64(json.dumps({**header, 'alg': kind}).encode())}.{payload}.{signature}"
            for name, kind in {"none": "none", "list": [], "object": {}, "nothing": None}.items()
        },
        "text": {
            "empty": "",
            "dots": "..",
            "many dots": "." * 5000,
            "no base64": "ä.ö.ü",
            "no text": f"{b64(bytes([255, 254]))}.{payload}.{signature}",
            "number": f"{b64(b'1' * 5000)}.{payload}.{signature}",
            "long": "a" * 8000,
            "blanks": "a b c",
            "cut": f"{head}.{payload}.{signature[:-1]}",
        },
    }
    return {f"{part}, {name}": token for part, many in odd.items() for name, token in many.items()}


def test_a_malformed_token_is_a_401_and_no_fault_of_ours(
    place: Place, ada: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    for name, token in tokens(place).items():
        for path in ("/api/status", "/api/why?q=x"):
            headers = {"Authorization": f"Bearer {token}".encode().decode("latin-1")}
            answer = place.app.test_client().get(path, base_url=WEB_URL, headers=headers)
            assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, "invalid_token"), name
    assert awake(caplog) == []


def test_a_cookie_that_is_none_signs_nobody_in(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    for value in ("", ".", "a.b.c", b64(b"[" * 3000), "." + b64(b"x" * 3000) + ".a.b", "é", "a" * 4000):
        client = place.app.test_client()
        client.set_cookie("__Host-session", value, domain="sync.corp.test", secure=True)
        assert client.get("/api/status", base_url=WEB_URL).status_code == 401
        assert "Sign in with Google" in client.get("/", base_url=WEB_URL).text
    assert awake(caplog) == []
