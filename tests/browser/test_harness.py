"""The harness itself: a browser test would fail where it must, and sees the states it wants to see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page
from tests.browser.accessibility import axe, fits
from tests.browser.conftest import OpenPage
from tests.browser.system import System
from tests.browser.views import VIEWS
from tests.browser.visitor import connected, grant, sign_in
from tests.browser.watch import Watch

from contact_sync.contacts.side import Side
from contact_sync.store import runs

STRICT = "default-src 'none'; script-src 'unsafe-inline'; img-src 'self' http://elsewhere.example"


def show(page: Page, system: System, body: str) -> None:
    """A page of our own making at the web function's address."""
    html = f'<!doctype html><html lang="en"><title>Made up</title><main><h1>Made up</h1>{body}</main>'
    headers = {"Content-Security-Policy": STRICT, "Content-Type": "text/html"}
    page.route(f"{system.url}/made-up", lambda route: route.fulfill(body=html, headers=headers))
    page.goto(f"{system.url}/made-up")


def noticed(watch: Watch, what: str) -> None:
    with pytest.raises(AssertionError, match=what):
        watch.verify()
    watch.problems.clear()


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("<script>console.error('odd')</script>", "console error: odd"),
        ("<script>throw new Error('oh')</script>", "uncaught: .*oh"),
        ('<p style="color: red">red', "Content Security Policy"),
        ('<img src="http://forbidden.example/x" alt="">', "Content Security Policy"),
        ('<img src="/nowhere" alt="">', "/nowhere answered 404"),
        ('<img src="http://elsewhere.example/x" alt="">', "foreign host: http://elsewhere.example/x"),
    ],
)
def test_what_goes_wrong_unseen_is_noticed(
    page: Page, system: System, watch: Watch, body: str, what: str
) -> None:
    show(page, system, body)
    noticed(watch, what)


def test_without_javascript_a_violation_is_noticed_too(
    plain_page: Page, system: System, watch: Watch
) -> None:
    show(plain_page, system, '<p style="color: red">red')
    noticed(watch, "Content Security Policy")


def test_a_page_in_order_raises_nothing(page: Page, system: System, watch: Watch) -> None:
    show(page, system, "<p>Fine.")
    axe(page)
    watch.verify()


@pytest.mark.parametrize("view", ["desktop", "plain"])
def test_axe_names_rule_and_element(open_page: OpenPage, system: System, view: str) -> None:
    page = open_page(**VIEWS[view])
    show(page, system, '<noscript></noscript><script></script><input id="nameless">')
    with pytest.raises(AssertionError, match=r"label \(critical\): .*\n\s+#nameless: "):
        axe(page)


def test_a_page_that_is_too_wide_is_noticed(phone_page: Page, system: System) -> None:
    show(phone_page, system, f'<meta name="viewport" content="width=device-width"><p>{"wide" * 200}')
    with pytest.raises(AssertionError, match="pixels wide"):
        fits(phone_page)


@pytest.mark.parametrize(
    ("view", "query"),
    [
        ("phone", "(max-device-width: 360px)"),
        ("plain", "(scripting: none)"),
        ("dark", "(prefers-color-scheme: dark)"),
        ("calm", "(prefers-reduced-motion: reduce)"),
    ],
)
def test_a_view_is_what_it_says_and_no_other_is(open_page: OpenPage, view: str, query: str) -> None:
    those = [
        name
        for name in VIEWS
        if open_page(**VIEWS[name]).evaluate("asked => matchMedia(asked).matches", query)
    ]
    assert those == [view]


def sync_now(page: Page, system: System) -> str:
    """Sync Now by the API; returns the run."""
    token = page.request.get(f"{system.url}/api/session").json()["csrf_token"]
    answer = page.request.post(f"{system.url}/api/sync", headers={"X-CSRF-Token": token})
    return str(answer.json()["run"])


def phase(system: System, run: str) -> str:
    found = runs.get(system.engine.db, system.user().id, run)
    assert found is not None
    return found.phase


def test_a_run_is_seen_queued_then_under_way_then_done(page: Page, system: System) -> None:
    person = connected(page, system, contacts=3)
    with system.stopped_at(Side.GOOGLE) as reached:
        with system.held():
            run = sync_now(page, system)
            assert phase(system, run) == "queued"
        reached()
        assert phase(system, run) not in ("queued", "done")
    system.settle()
    assert phase(system, run) == "done"
    assert system.world.google_names(person) == [f"Contact No {n:03}" for n in (1, 2, 3)]


def test_a_task_of_later_runs_once_the_clock_gets_there(system: System) -> None:
    system.cookies()
    task = {"user": system.user().id, "trigger": "manual"}
    system.worker.enqueue(task, at=system.clock.now() + timedelta(hours=1))
    system.settle()
    assert system.worker.waiting == [task]
    system.settle(minutes=61)
    assert system.worker.done == [task]


def test_a_task_that_breaks_fails_the_test(system: System) -> None:
    system.worker.enqueue({"user": "u", "trigger": "no such trigger"})
    with pytest.raises(AssertionError, match="a task failed"):
        system.settle()


def test_people_can_sign_in_however_far_the_clock_was_moved(page: Page, system: System) -> None:
    system.clock.advance(days=3)
    sign_in(page, system)
    grant(page, system)
    assert system.user().connection == "connected"
    connected(page, system, contacts=1)
    sync_now(page, system)
    system.settle()
    assert system.world.google_names(system.person("jane")) == ["Contact No 001"]
