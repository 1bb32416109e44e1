"""Who may see the pages and send their forms, and that nobody reaches what belongs to somebody else."""

from __future__ import annotations

import pytest
from tests.web.browser import WEB_URL, Browser, Place
from tests.web.routes import FORM, PAGES, Bob, filled, unsafe
from werkzeug.test import TestResponse


def opened(browser: Browser, method: str, path: str, csrf: str | None = None, **headers: str) -> TestResponse:
    """A page as a browser without script opens it, or its form as that sends it."""
    form = FORM | ({} if csrf is None else {"csrf_token": csrf})
    return browser.client.open(
        filled(path),
        method=method,
        base_url=WEB_URL,
        data=form if method == "POST" else None,
        headers={"Accept": "text/html", **headers},
    )


def test_pages_only_read_and_send_forms() -> None:
    assert {method for method, _ in PAGES} == {"GET", "POST"}


@pytest.mark.parametrize(("method", "path"), PAGES)
def test_a_stranger_is_led_to_the_page_with_the_sign_in_button(place: Place, method: str, path: str) -> None:
    answer = opened(place.browser(), method, path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    by_script = opened(place.browser(), method, path, **{"HX-Request": "true"})
    assert (by_script.status_code, by_script.headers["HX-Redirect"]) == (204, "/")


@pytest.mark.parametrize(("method", "path"), PAGES)
def test_a_program_is_told_to_use_the_api(ada: Browser, method: str, path: str) -> None:
    answer = opened(ada, method, path, ada.csrf, Authorization="Bearer x")
    assert answer.status_code == 400


@pytest.mark.parametrize("token", [None, "", "another session's token", "ä"])
@pytest.mark.parametrize(("method", "path"), unsafe(PAGES))
def test_a_form_needs_the_token_of_its_session(
    place: Place, ada: Browser, method: str, path: str, token: str | None
) -> None:
    answer = opened(ada, method, path, token)
    assert answer.status_code == 403
    assert answer.mimetype == "text/html"
    assert place.payloads() == []
    assert opened(ada, method, path, ada.csrf).status_code != 403


@pytest.mark.parametrize(("method", "path"), PAGES)
def test_nobody_reaches_what_belongs_to_another(place: Place, ada: Browser, method: str, path: str) -> None:
    bob = Bob(place)
    before = bob.documents()
    answer = opened(ada, method, path, ada.csrf)
    if "{" in path:
        # A form may lead back to its list, which says what became of it.
        assert answer.status_code == 404 or (method, answer.status_code) == ("POST", 303)
    assert answer.status_code < 500
    led_to = ada.get(answer.location).text if answer.location else ""
    assert not bob.is_in(answer.text + led_to)
    assert bob.documents() == before
    assert {payload["user"] for payload in place.payloads()} <= {ada.sub}
