"""What every answer carries, how errors read, and that logs stay clean."""

from __future__ import annotations

import json
import logging

import pytest
from tests.web.browser import WEB_URL, Browser, Place

from contact_sync.errors import ContactAtFault, OperatorMustAct, RateLimited, TransientForAll, UserMustAct
from contact_sync.logs import JsonLines

PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a page may load: what comes from here, and nothing within itself."""
NOTHING = "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/", PAGE),
        ("/backlog", PAGE),
        ("/history", PAGE),
        ("/health", NOTHING),
        ("/sign-in", PAGE),
        ("/oauth/callback", NOTHING),
        ("/api/status", NOTHING),
        ("/api/history.csv", NOTHING),
        ("/none", NOTHING),
    ],
)
def test_every_answer_is_kept_by_nobody_and_framed_by_nobody(ada: Browser, path: str, policy: str) -> None:
    headers = ada.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == policy
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("path", "status"), [("/none", 404), ("/history/none", 404), ("/oauth/callback?state=x", 400)]
)
def test_a_person_reads_an_error_as_a_page_and_a_program_as_json(
    ada: Browser, path: str, status: int
) -> None:
    page = ada.get(path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert "<h1" in page.text
    for accept in ({}, {"Accept": "*/*"}, {"Accept": "application/json"}):
        answer = ada.get(path, headers=accept)
        assert (answer.status_code, set(answer.get_json()["error"])) == (status, {"code", "message"})


def test_the_api_answers_json_whatever_is_asked_for(ada: Browser) -> None:
    answer = ada.get("/api/none", headers={"Accept": "text/html", "HX-Request": "true"})
    assert (answer.status_code, answer.mimetype) == (404, "application/json")


def test_a_fault_of_ours_is_a_page_for_a_person(place: Place, ada: Browser) -> None:
    place.refuses = KeyError("ada@corp.test")
    answer = ada.client.post(
        "/preview", base_url=WEB_URL, data={"csrf_token": ada.csrf}, headers={"Accept": "text/html"}
    )
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "Something went wrong on our side" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/none", 404),
        ("GET", "/api/none", 404),
        ("GET", "/api/runs/" + "x" * 200, 404),
        ("GET", "/api/sync", 405),
        ("DELETE", "/api/settings", 405),
        ("GET", "/api/history?cursor=none", 400),
        ("GET", "/api/runs?cursor=WyJhIl0=", 400),
        ("GET", "/api/backlog?cause=" + "x" * 2000, 400),
        ("GET", "/api/mappings?state=lost", 400),
        ("POST", "/api/labels", 400),
        ("POST", "/api/backlog/release", 400),
    ],
)
def test_errors_are_json_in_plain_words(ada: Browser, method: str, path: str, status: int) -> None:
    answer = ada.send(method, path)
    assert answer.status_code == status
    error = answer.get_json()["error"]
    assert set(error) == {"code", "message"}
    assert error["message"].endswith(".")


def test_a_wrong_method_is_told_the_right_ones(ada: Browser) -> None:
    assert "PUT" in ada.send("DELETE", "/api/settings").headers["Allow"]


def test_a_body_that_is_too_large_is_refused(ada: Browser) -> None:
    answer = ada.send("PUT", "/api/settings", {"overflow": "x" * 100_000}, If_Match='"1"')
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("error", "status", "waits"),
    [
        (UserMustAct("reconnect", "Google no longer accepts the connection"), 409, None),
        (ContactAtFault("label_refused", "Google refused it"), 422, None),
        (OperatorMustAct("tasks_refused", "Cloud Tasks refused the task"), 502, None),
        (RateLimited("google_rate_limited", "Google asks to wait", 17.5), 429, "17"),
        (TransientForAll("firestore_unavailable", "Firestore answered Unavailable"), 503, "5"),
    ],
)
def test_expected_errors_have_a_status_of_their_own(
    place: Place, ada: Browser, error: Exception, status: int, waits: str | None
) -> None:
    place.refuses = error
    answer = ada.post("/api/sync")
    assert answer.status_code == status
    assert answer.get_json()["error"]["code"] == getattr(error, "code", "")
    assert answer.get_json()["error"]["message"].endswith(".")
    assert answer.headers.get("Retry-After") == waits


def test_a_fault_of_ours_is_logged_and_tells_nothing(
    place: Place, ada: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    place.refuses = KeyError("ada@corp.test")
    answer = ada.post("/api/sync")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (500, "internal")
    assert "ada@corp.test" not in answer.text
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "a request failed"
    ]


@pytest.mark.parametrize("error", [KeyError("a bug"), TransientForAll("firestore_unavailable", "It is down")])
def test_the_line_of_a_request_that_failed_names_the_user(
    place: Place,
    ada: Browser,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(caplog.handler, "emit", lambda record: lines.append(JsonLines("p").format(record)))
    place.refuses = error
    ada.post("/api/sync")
    assert [json.loads(line)["user"] for line in lines] == [ada.sub]


def test_signing_in_and_working_leave_no_address_and_no_token_in_the_logs(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="contact_sync")
    place.person("ada")
    ada = place.signed_in("ada")
    ada.grant("ada", untick_contacts=True)
    ada.grant("ada", deny=True)
    place.world.google.faults.add("503", "/token", times=9)
    ada.sign_in("ada")
    place.world.google.expire_access_tokens()
    ada.get("/api/labels")
    written = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "google_unavailable" in written
    for secret in ("ada@", ada.csrf, "ya29", "1//"):
        assert secret not in written


def test_the_start_page_and_health_ask_nobody(place: Place) -> None:
    client = place.app.test_client()
    place.world.forget_calls()
    assert 'href="/sign-in"' in client.get("/", base_url=WEB_URL).text
    assert client.get("/health", base_url=WEB_URL).get_json() == {"status": "ok"}
    assert place.world.calls() == (0, 0)
