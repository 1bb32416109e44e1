"""Who may call, from where, and that nobody reaches what belongs to somebody else."""

from __future__ import annotations

import pytest
from tests.web.browser import WEB_URL, Browser, Place, id_token
from tests.web.routes import API, BODIES, QUESTIONS, Bob, filled, unsafe

from contact_sync.config import Config
from contact_sync.web.app import create_app


def test_every_operation_is_in_the_document_and_the_other_way_round(place: Place) -> None:
    paths = place.browser().json("/openapi.json")["paths"]
    described = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    assert sorted(described) == API


@pytest.mark.parametrize(("method", "path"), API)
def test_nothing_personal_is_answered_to_nobody(place: Place, method: str, path: str) -> None:
    answer = place.browser().send(method, filled(path), json=BODIES.get((method, path)))
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, "not_signed_in")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["", "another session's token", "ä"])
@pytest.mark.parametrize(("method", "path"), unsafe(API))
def test_a_browser_s_unsafe_request_needs_the_token_of_its_session(
    ada: Browser, method: str, path: str, token: str
) -> None:
    own, ada.csrf = ada.csrf, token.encode().decode("latin-1")
    answer = ada.send(method, filled(path), json=BODIES.get((method, path)))
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "csrf")
    ada.csrf = own
    assert ada.send(method, filled(path), json=BODIES.get((method, path))).status_code != 403


def test_nobody_reaches_what_belongs_to_another(place: Place, ada: Browser) -> None:
    bob = Bob(place)
    before = bob.documents()
    # To disconnect comes last: most of the others need a connection.
    for method, path in reversed(API):
        answer = ada.send(method, filled(path), json=BODIES.get((method, path)))
        assert answer.status_code == 404 if "{" in path else answer.status_code < 500, (method, path)
        assert not bob.is_in(answer.text), (method, path)
    for address in QUESTIONS:
        answer = ada.get(address)
        assert answer.status_code == 200, address
        if answer.is_json:
            assert answer.get_json()["items"] == [], address
        assert not bob.is_in(answer.text), address
    assert bob.documents() == before
    assert {payload["user"] for payload in place.payloads()} == {ada.sub}


def test_what_belongs_to_a_user_is_there_for_that_user(place: Place) -> None:
    bob = Bob(place)
    browser = place.browser()
    browser.sign_in("bob")
    for method, path in API:
        if method == "GET" and "{" in path:
            answer = browser.get(filled(path))
            assert answer.status_code == 200, path
    for address in QUESTIONS:
        assert bob.is_in(browser.get(address).text), address


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
