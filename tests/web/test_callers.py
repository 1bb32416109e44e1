"""Who may call, from where, and that nobody reaches what belongs to somebody else."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from tests.web.browser import WEB_URL, Browser, Place, query_of
from werkzeug.test import TestResponse

from contact_sync.config import Config
from contact_sync.store import backlog, history, mappings, runs
from contact_sync.store.records import BacklogEntry, HistoryEntry, RunRecord
from contact_sync.sync.load import CONTACTS_SCOPE
from contact_sync.web.app import create_app

ROUTES = {
    ("GET", "/api/session"),
    ("GET", "/api/settings"),
    ("PUT", "/api/settings"),
    ("POST", "/api/settings/reset"),
    ("POST", "/api/sync"),
    ("GET", "/api/runs"),
    ("GET", "/api/runs/{run}"),
    ("GET", "/api/status"),
    ("GET", "/api/connection"),
    ("GET", "/api/history"),
    ("GET", "/api/backlog"),
    ("POST", "/api/backlog/{entry}/release"),
    ("POST", "/api/backlog/{entry}/keep"),
    ("POST", "/api/backlog/{entry}/choose"),
    ("POST", "/api/backlog/release"),
    ("POST", "/api/backlog/keep"),
    ("GET", "/api/mappings"),
    ("POST", "/api/mappings/{sugar_id}/link"),
    ("POST", "/api/mappings/{sugar_id}/unlink"),
    ("GET", "/api/labels"),
    ("POST", "/api/labels"),
}
"""Every route that answers personal data: a new one must be added here, and so comes under the tests below."""
UNSAFE = sorted(route for route in ROUTES if route[0] != "GET")
BODIES = {
    "/api/backlog/{entry}/choose": {"partner": "p1"},
    "/api/backlog/release": {"cause": "refused"},
    "/api/backlog/keep": {"cause": "refused"},
    "/api/labels": {"name": "Work"},
}
IDS = {"run": "run-bob", "entry": "refused-bob", "sugar_id": "sugar-bob"}


def routes_of(app: Flask) -> set[tuple[str, str]]:
    shown = set()
    for rule in app.url_map.iter_rules():
        path = "".join(f"{{{part}}}" if dynamic else part for dynamic, part in rule._trace).lstrip("|")
        shown |= {(method, path) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    return shown


def filled(path: str) -> str:
    return path.format(**IDS)


def test_the_tests_below_know_every_route(place: Place) -> None:
    public = {
        ("GET", "/"),
        ("GET", "/health"),
        ("GET", "/sign-in"),
        ("GET", "/grant"),
        ("GET", "/oauth/callback"),
        ("POST", "/sign-out"),
    }
    assert routes_of(place.app) == ROUTES | public


@pytest.mark.parametrize(("method", "path"), sorted(ROUTES))
def test_nothing_personal_is_answered_to_nobody(place: Place, method: str, path: str) -> None:
    answer = place.browser().send(method, filled(path), json=BODIES.get(path))
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, "not_signed_in")


@pytest.mark.parametrize("token", ["", "another session's token", "ä"])
@pytest.mark.parametrize(("method", "path"), UNSAFE)
def test_a_browser_s_unsafe_request_needs_the_token_of_its_session(
    ada: Browser, method: str, path: str, token: str
) -> None:
    own, ada.csrf = ada.csrf, token.encode().decode("latin-1")
    answer = ada.send(method, filled(path), json=BODIES.get(path))
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "csrf")
    ada.csrf = own
    assert ada.send(method, filled(path), json=BODIES.get(path)).status_code != 403


def as_text(answers: list[TestResponse]) -> str:
    return "\n".join(answer.text for answer in answers)


def test_nobody_reaches_what_belongs_to_another(place: Place, ada: Browser) -> None:
    bob = place.person("bob")
    place.signed_in("bob")
    sugar_id = place.world.add_sugar(
        id="sugar-bob",
        first_name="Bobs",
        last_name="Secret",
        email="secret@x.test",
        assigned_user_id="user-bob",
    )
    place.world.sync(person=type(place.world.first)(bob, "user-bob"))
    place.world.google.add_group(bob, "Bobs label")
    now, db = place.engine.now(), place.engine.db
    entry = BacklogEntry("refused-bob", sugar_id, None, "Bobs Secret", "refused", "No.", now)
    told = HistoryEntry(
        "h-bob", now, "run-bob", "manual", sugar_id, None, "Bobs Secret", "update", None, "done"
    )
    db.commit(
        [
            backlog.put(bob, entry),
            history.put(bob, told),
            runs.put(bob, RunRecord("run-bob", "manual", now)),
            mappings.patch(bob, sugar_id, backlog="refused-bob"),
        ]
    )
    place.world.tasks.clear()

    def stored() -> dict[str, Any]:
        paths = ["", "/backlog/refused-bob", "/history/h-bob", "/runs/run-bob", "/mappings/sugar-bob"]
        return {
            path: found.updated_at for path, found in db.get(f"users/{bob}{path}" for path in paths).items()
        }

    before = stored()
    assert len(before) == 5
    answers = {
        (method, path): ada.send(method, filled(path), json=BODIES.get(path))
        for method, path in sorted(ROUTES)
    }
    answers |= {
        ("GET", query): ada.get(query)
        for query in (
            "/api/history?contact=sugar-bob",
            "/api/history?run=run-bob",
            "/api/backlog?cause=refused",
            "/api/mappings?state=linked",
        )
    }
    for (_method, path), answer in answers.items():
        if "{" in path:
            assert answer.status_code == 404, path
        if "?" in path:
            assert answer.get_json()["items"] == [], path
    everything = as_text(list(answers.values()))
    assert "Bobs" not in everything and "secret@x.test" not in everything and bob not in everything
    assert stored() == before
    assert {payload["user"] for payload in place.payloads()} <= {ada.sub}


def id_token(place: Place, name: str) -> str:
    """What a program gets that signs its user in with the same OAuth client."""
    browser = place.browser()
    oauth = place.engine.oauth
    address = oauth.authorization_url(
        "https://program.test/", ("openid", "email", CONTACTS_SCOPE), "s", login_hint=f"{name}@corp.test"
    )
    back = browser.consent(address, name)
    token = oauth.exchange(query_of(back)["code"], "https://program.test/").id_token
    assert token
    return token


def test_a_program_calls_with_an_id_token_and_needs_no_csrf_token(place: Place, ada: Browser) -> None:
    headers = {"Authorization": f"Bearer {id_token(place, 'ada')}"}
    program = place.app.test_client()
    assert program.get("/api/session", headers=headers).get_json() == {
        "email": "ada@corp.test",
        "csrf_token": None,
    }
    answer = program.post("/api/sync", headers=headers)
    assert answer.status_code == 202
    assert "Set-Cookie" not in answer.headers
    assert place.payloads() == [{"user": ada.sub, "trigger": "manual", "run": answer.get_json()["run"]}]


@pytest.mark.parametrize(
    "header", ["Bearer nonsense", "Bearer ", "Bearer", "Basic YTpi", "Bearer a.b.c", "nonsense"]
)
def test_an_authorization_that_does_not_hold_is_refused_even_beside_a_good_cookie(
    ada: Browser, header: str
) -> None:
    answer = ada.get("/api/status", headers={"Authorization": header})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, "invalid_token")


def test_an_id_token_for_another_client_or_an_old_one_is_refused(place: Place, ada: Browser) -> None:
    good = id_token(place, "ada")
    headers = {"Authorization": f"Bearer {good}"}
    values = {name: getattr(place.config, name) for name in place.config.__slots__}
    other = create_app(Config(**{**values, "oauth_client_id": "another-client"}), place.engine)
    assert other.test_client().get("/api/status", headers=headers).status_code == 401
    place.world.clock.advance(hours=-2)
    headers = {"Authorization": f"Bearer {id_token(place, 'ada')}"}
    assert place.app.test_client().get("/api/status", headers=headers).status_code == 401


def test_an_id_token_of_someone_who_never_signed_in_is_refused(place: Place) -> None:
    place.person("eve")
    headers = {"Authorization": f"Bearer {id_token(place, 'eve')}"}
    answer = place.app.test_client().get("/api/status", headers=headers)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, "not_signed_in")


def test_a_forged_or_foreign_cookie_is_nobody_s(place: Place, ada: Browser) -> None:
    cookie = ada.client.get_cookie("__Host-session", domain="sync.corp.test")
    assert cookie is not None
    values = {name: getattr(place.config, name) for name in place.config.__slots__}
    changed = create_app(
        Config(**{**values, "session_key": "another key of more than 32 characters"}), place.engine
    )
    for app, value in ((place.app, cookie.value[:-3] + "abc"), (changed, cookie.value)):
        client = app.test_client()
        client.set_cookie("__Host-session", value, domain="sync.corp.test", secure=True)
        assert client.get("/api/status", base_url=WEB_URL).status_code == 401


def test_a_domain_that_is_no_longer_allowed_is_locked_out_at_once(place: Place, ada: Browser) -> None:
    values = {name: getattr(place.config, name) for name in place.config.__slots__}
    cookie = ada.client.get_cookie("__Host-session", domain="sync.corp.test")
    assert cookie is not None
    client = create_app(Config(**{**values, "allowed_domains": ("new.test",)}), place.engine).test_client()
    client.set_cookie("__Host-session", cookie.value, domain="sync.corp.test", secure=True)
    answer = client.get("/api/status", base_url=WEB_URL)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "domain_not_allowed")


@pytest.mark.parametrize(
    ("web_url", "name", "attributes", "absent"),
    [
        ("http://127.0.0.1:8080", "session=", ["Path=/;", "HttpOnly;"], "Secure"),
        ("https://host.test/web", "session=", ["Path=/web;", "HttpOnly;", "Secure;"], "__Host-"),
    ],
)
def test_the_cookie_fits_the_address_of_the_deployment(
    place: Place, web_url: str, name: str, attributes: list[str], absent: str
) -> None:
    values = {key: getattr(place.config, key) for key in place.config.__slots__}
    answer = create_app(Config(**{**values, "web_url": web_url}), place.engine).test_client().get("/sign-in")
    cookie = f"{answer.headers['Set-Cookie']};"
    assert cookie.startswith(name)
    assert all(attribute in cookie for attribute in attributes)
    assert absent not in cookie
