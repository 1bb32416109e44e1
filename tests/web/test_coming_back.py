"""Who signs in again comes back to the page they were on, and is told what was not saved. Nobody is led elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import quote, urlsplit

import pytest
from tests.web.browser import WEB_URL, Browser, Place, words_of
from tests.web.forms import Form
from tests.web.questions import HTMX
from werkzeug.test import TestResponse

from contact_sync.web.caller import SESSION_LIFE

NOT_SAVED = "Your session had ended, so what you did last was not saved. Do it again."


@contextmanager
def session_over(place: Place) -> Iterator[None]:
    """A block after the end of every session. Google's tokens are checked by the machine's own time."""
    place.world.clock.time += SESSION_LIFE + timedelta(seconds=1)
    yield
    place.world.clock.time -= SESSION_LIFE + timedelta(seconds=1)


def sign_in(browser: Browser, path: str = "/sign-in", name: str = "ada") -> TestResponse:
    return browser.back(browser.consent(browser.to_google(path), name))


def by_the_button(browser: Browser, name: str = "ada") -> TestResponse:
    """Sign in by the button of the start page."""
    page = browser.get("/").text
    address = page.partition('role="button" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert address.startswith("/sign-in")
    return sign_in(browser, address, name)


@pytest.mark.parametrize(
    "path",
    ["/backlog", "/history?run=r1&cursor=", "/statistics?q=Zo%C3%AB+1", "/settings/label", "/preview/p-1"],
)
def test_a_page_that_needs_a_sign_in_is_shown_after_it(place: Place, ada: Browser, path: str) -> None:
    with session_over(place):
        assert ada.get(path).headers["Location"] == "/"
    assert by_the_button(ada).headers["Location"] == f"{WEB_URL}{path}"
    # Once there, the next sign-in leads home.
    assert sign_in(ada).headers["Location"] == f"{WEB_URL}/"


def test_a_form_that_met_the_end_of_its_session_is_said_to_be_lost_where_it_was_sent(
    place: Place, ada: Browser
) -> None:
    form = Form(ada.get("/backlog?cause=refused"), action="/sign-out")
    assert form.fields["page"] == "/backlog?cause=refused"
    fields = {"csrf_token": ada.csrf, "page": form.fields["page"]}
    with session_over(place):
        answer = ada.client.post("/backlog/e1/release", base_url=WEB_URL, data=fields)
    assert answer.headers["Location"] == "/"
    assert "so that was not done." in words_of(ada.get("/"))
    back = by_the_button(ada).headers["Location"].removeprefix(WEB_URL)
    assert back == "/backlog?cause=refused"
    assert NOT_SAVED in words_of(ada.get(back))
    assert NOT_SAVED not in words_of(ada.get(back))


def test_a_setting_that_htmx_could_not_save_is_said_to_be_lost(place: Place, ada: Browser) -> None:
    headers = HTMX | {"HX-Current-URL": f"{WEB_URL}/?said=saved#auto"}
    with session_over(place):
        answer = ada.client.post("/settings", base_url=WEB_URL, data={"version": "1"}, headers=headers)
    assert answer.headers["HX-Redirect"] == "/"
    back = by_the_button(ada).headers["Location"]
    assert back == f"{WEB_URL}/?said=saved"
    assert NOT_SAVED in words_of(ada.get("/"))


def test_a_poll_comes_back_to_its_page_and_nothing_is_said_to_be_lost(place: Place, ada: Browser) -> None:
    headers = HTMX | {"HX-Current-URL": f"{WEB_URL}/preview/p-1"}
    with session_over(place):
        ada.get("/preview/p-1", headers=headers)
    assert by_the_button(ada).headers["Location"] == f"{WEB_URL}/preview/p-1"
    assert NOT_SAVED not in words_of(ada.get("/"))


def test_a_sign_in_that_did_not_work_out_the_first_time_still_leads_back(place: Place, ada: Browser) -> None:
    with session_over(place):
        ada.get("/backlog")
    cancelled = ada.back(ada.consent(ada.to_google("/sign-in?next=/backlog"), "ada", deny=True))
    assert cancelled.status_code == 403
    assert sign_in(ada).headers["Location"] == f"{WEB_URL}/backlog"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/backlog",
        "/backlog/e%201",
        "/history?q=a%2F%2Fb",
        "/history?q=https://evil.test/",
    ],
)
def test_a_sign_in_leads_to_any_page_of_ours(place: Place, ada: Browser, path: str) -> None:
    answer = sign_in(ada, f"/sign-in?next={quote(path, safe='')}")
    assert answer.headers["Location"] == f"{WEB_URL}{path}"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.test/",
        "HTTPS://evil.test",
        "//evil.test",
        "///evil.test",
        "////evil.test/backlog",
        r"/\evil.test",
        r"\\evil.test",
        r"/\/evil.test",
        "/%2Fevil.test",
        "/%5Cevil.test",
        "%2F%2Fevil.test",
        "/.//evil.test",
        "/backlog/..//evil.test",
        "evil.test",
        "@evil.test/",
        ":@evil.test",
        ".evil.test",
        "javascript:alert(1)",
        "data:text/html,x",
        "/\t/evil.test",
        "/backlog\r\nSet-Cookie: a=b",
        "\x00/backlog",
        " /backlog",
        "/backlog ",
        "/backlog\u2028",
        "/\uff0fevil.test",
        "",
        "?x=1",
        "/backlog?" + "x" * 600,
        "/backlog/" + "x" * 600,
        # Ours, and no page to come back to.
        "/api/session",
        "/openapi.json",
        "/sign-in",
        "/sign-in?next=/backlog",
        "/grant",
        "/oauth/callback?code=1&state=2",
        "/sign-out",
        "/hooks/sugar/x",
        "/assets/app.css",
        "/nowhere",
    ],
)
def test_a_sign_in_leads_nowhere_else(place: Place, ada: Browser, elsewhere: str) -> None:
    answer = sign_in(ada, f"/sign-in?next={quote(elsewhere, safe='')}")
    assert answer.headers["Location"] == f"{WEB_URL}/"
    by_form = ada.client.post("/sign-out", base_url=WEB_URL, data={"csrf_token": ada.csrf})
    assert by_form.status_code in (303, 403)
    ada.client.delete_cookie("__Host-session", domain="sync.corp.test")
    ada.client.post("/sync", base_url=WEB_URL, data={"page": elsewhere})
    where = by_the_button(ada).headers["Location"]
    assert where == f"{WEB_URL}/" and urlsplit(where).hostname == "sync.corp.test"


def test_several_values_are_no_way_around(ada: Browser) -> None:
    answer = sign_in(ada, "/sign-in?next=//evil.test&next=/backlog")
    assert answer.headers["Location"] == f"{WEB_URL}/"


def test_somebody_else_who_signs_in_sees_only_their_own(place: Place, ada: Browser) -> None:
    ada.client.delete_cookie("__Host-session", domain="sync.corp.test")
    ada.get("/runs/run-of-ada")
    place.person("eve")
    back = by_the_button(ada, "eve").headers["Location"]
    assert ada.get(back.removeprefix(WEB_URL)).status_code == 404
