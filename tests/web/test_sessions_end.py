"""Signing out, disconnecting and being erased end every session of a user, those of copied cookies too."""

from __future__ import annotations

from datetime import timedelta

from flask.testing import FlaskClient
from tests.web.browser import WEB_URL, Browser, Place, id_token

from contact_sync.store import personal

COOKIE = "__Host-session"


def cookie_of(browser: Browser) -> str:
    cookie = browser.client.get_cookie(COOKIE, domain="sync.corp.test")
    assert cookie is not None
    return cookie.value


def copied(place: Place, cookie: str) -> FlaskClient:
    client = place.app.test_client()
    client.set_cookie(COOKIE, cookie, domain="sync.corp.test", secure=True)
    return client


def works(place: Place, cookie: str) -> bool:
    status = copied(place, cookie).get("/api/status", base_url=WEB_URL).status_code
    assert status in (200, 401)
    return status == 200


def again(place: Place, name: str) -> Browser:
    browser = place.browser()
    assert browser.sign_in(name).status_code == 302
    return browser


def test_signing_out_ends_every_session_of_the_user_and_nobody_else_s(place: Place, ada: Browser) -> None:
    place.person("bob")
    bob, elsewhere, cookie = place.signed_in("bob"), again(place, "ada"), cookie_of(ada)
    assert works(place, cookie)
    assert ada.post("/sign-out").status_code == 204
    assert not works(place, cookie)
    assert elsewhere.get("/api/status").status_code == 401
    assert "Sign in with Google" in elsewhere.get("/").text
    assert bob.get("/api/status").status_code == 200


def test_who_signs_in_again_at_once_is_in_and_the_old_cookie_stays_out(place: Place, ada: Browser) -> None:
    cookie = cookie_of(ada)
    ada.post("/sign-out")
    anew = again(place, "ada")
    assert anew.get("/api/status").status_code == 200
    assert not works(place, cookie)
    # What is over ends nothing.
    old = copied(place, cookie)
    assert old.post("/sign-out", base_url=WEB_URL, headers={"X-CSRF-Token": ada.csrf}).status_code == 204
    assert anew.get("/api/status").status_code == 200


def test_a_clock_that_is_behind_the_one_that_began_the_session_ends_it_too(
    place: Place, ada: Browser
) -> None:
    cookie = cookie_of(ada)
    place.world.clock.time -= timedelta(seconds=5)
    ada.post("/sign-out")
    assert not works(place, cookie)
    assert again(place, "ada").get("/api/status").status_code == 200


def test_a_form_without_the_token_signs_nobody_out(place: Place, ada: Browser) -> None:
    cookie, ada.csrf = cookie_of(ada), "wrong"
    assert ada.post("/sign-out").status_code == 403
    assert works(place, cookie)


def test_a_session_from_before_any_was_ended_lasts(place: Place, ada: Browser) -> None:
    place.change(ada.sub, sessions_from=None)
    assert works(place, cookie_of(ada))


def test_disconnecting_ends_the_other_sessions_and_shows_this_browser_how_it_goes(
    place: Place, ada: Browser
) -> None:
    elsewhere, cookie = again(place, "ada"), cookie_of(ada)
    run = ada.send("DELETE", "/api/connection", {"delete": "none"}).get_json()["run"]
    assert not works(place, cookie)
    assert elsewhere.get("/api/status").status_code == 401
    place.work()
    assert ada.json(f"/api/runs/{run}")["finished"]
    assert not works(place, cookie)
    assert ada.post("/sign-out").status_code == 204


def test_disconnecting_by_the_page_ends_the_other_sessions_too(place: Place, ada: Browser) -> None:
    cookie = cookie_of(ada)
    answer = ada.form("/disconnect", delete="none")
    assert answer.status_code == 303
    assert ada.get(answer.headers["Location"]).status_code == 200
    assert not works(place, cookie)


def test_a_program_that_disconnects_ends_the_sessions_of_its_user(place: Place, ada: Browser) -> None:
    bearer = {"Authorization": f"Bearer {id_token(place, 'ada')}"}
    client = place.app.test_client()
    answer = client.delete("/api/connection", base_url=WEB_URL, headers=bearer, json={"delete": "none"})
    assert answer.status_code == 202
    assert ada.get("/api/status").status_code == 401


def test_a_refused_order_ends_no_session(place: Place, ada: Browser) -> None:
    cookie = cookie_of(ada)
    assert ada.send("DELETE", "/api/connection", {"delete": "created", "count": 7}).status_code == 409
    assert works(place, cookie)


def test_the_sessions_of_who_was_erased_do_not_come_back_with_them(place: Place, ada: Browser) -> None:
    cookie = cookie_of(ada)
    assert sum(personal.remove(place.engine.db, ada.sub)) > 0
    assert not works(place, cookie)
    assert "Sign in with Google" in copied(place, cookie).get("/", base_url=WEB_URL).text
    place.world.clock.advance(seconds=1)
    assert again(place, "ada").get("/api/status").status_code == 200
    assert not works(place, cookie)
