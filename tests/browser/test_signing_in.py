"""Signing in and granting access, by way of Google's own pages."""

from __future__ import annotations

from playwright.sync_api import Page
from tests.browser.accessibility import axe, fits
from tests.browser.system import System
from tests.browser.visitor import choose_account, grant, sign_in
from tests.browser.watch import Watch


def test_a_stranger_can_read_the_first_page_however_they_look_at_it(any_page: Page) -> None:
    any_page.goto("/")
    assert any_page.get_by_role("button", name="Sign in with Google").is_visible()
    axe(any_page)
    fits(any_page)


def test_the_button_leads_to_google_and_back(any_page: Page, system: System) -> None:
    system.person("jane")
    any_page.goto("/")
    any_page.get_by_role("button", name="Sign in with Google").click()
    choose_account(any_page, "jane")
    any_page.get_by_role("button", name="Continue").click()
    any_page.wait_for_url(f"{system.url}/")
    assert any_page.get_by_role("heading", level=1).inner_text() == "Settings"


def test_signing_in_finds_the_sugar_user_and_asks(page: Page, system: System) -> None:
    person = sign_in(page, system, "jane", confirm=False)
    assert system.user("jane").sugar_user_id is None
    page.get_by_role("button", name="That is me").press("Enter")
    page.get_by_text("One step is left").wait_for()
    assert system.user("jane").sugar_user_id == person.sugar_user
    assert system.user("jane").connection == "permission_missing"


def test_granting_access_connects(page: Page, system: System) -> None:
    sign_in(page, system, "jane")
    grant(page, system)
    assert page.url == f"{system.url}/"
    assert system.user("jane").connection == "connected"


def test_an_unticked_box_is_explained(page: Page, system: System, watch: Watch) -> None:
    watch.allow(403)
    sign_in(page, system, "jane")
    grant(page, system, tick=False)
    assert "not ticked" in page.locator("body").inner_text()
    assert system.user("jane").connection == "permission_missing"


def test_a_refused_grant_is_explained(page: Page, system: System, watch: Watch) -> None:
    watch.allow(403)
    sign_in(page, system, "jane")
    grant(page, system, deny=True)
    assert "did not allow" in page.locator("body").inner_text()
