"""Signing in and granting access, by way of Google's own pages."""

from __future__ import annotations

from playwright.sync_api import Page
from tests.browser.system import System
from tests.browser.visitor import grant, sign_in
from tests.browser.watch import Watch


def test_someone_signs_in_with_google_and_is_back_at_home(page: Page, system: System) -> None:
    person = sign_in(page, system, "jane")
    assert page.url == f"{system.url}/"
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
