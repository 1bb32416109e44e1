"""Statistics and the question "why" in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.browser.accessibility import axe
from tests.browser.system import System
from tests.browser.test_backlog import synced, with_an_ambiguous_contact
from tests.browser.visitor import connected


def test_someone_asks_why_and_gets_to_the_decision(page: Page, system: System) -> None:
    with_an_ambiguous_contact(page, system)
    page.goto("/statistics")
    page.get_by_label("An e-mail address, a name, or a link").fill("Ana Ruiz")
    page.keyboard.press("Enter")
    answer = page.get_by_role("article").filter(has_text="Ana Ruiz")
    expect(answer).to_have_count(1)
    axe(page)
    answer.get_by_role("button", name="Decide about it").click()
    expect(page.get_by_role("heading", name="Several contacts could be this one")).to_be_visible()
    axe(page)


def test_a_link_of_google_is_understood(page: Page, system: System) -> None:
    jane = connected(page, system, contacts=1)
    synced(page, system)
    (mapping,) = system.world.all_mappings(jane).values()
    page.goto("/statistics")
    page.get_by_label("An e-mail address, a name, or a link").fill(
        f"https://contacts.google.com/person/{mapping.google_id}"
    )
    page.get_by_role("button", name="Ask").click()
    answer = page.get_by_role("article")
    expect(answer.get_by_role("heading")).to_contain_text("Contact No 001")
    answer.get_by_text("What was done with it").click()
    expect(answer.get_by_role("link", name="Created in Google")).to_be_visible()
    axe(page)


def test_an_unknown_contact_is_explained(plain_page: Page, system: System) -> None:
    connected(plain_page, system)
    plain_page.goto("/statistics")
    plain_page.get_by_label("An e-mail address, a name, or a link").fill("nobody@nowhere.test")
    plain_page.get_by_role("button", name="Ask").click()
    expect(plain_page.locator(".answer")).not_to_be_empty()
    axe(plain_page)


def test_numbers_and_runs_lead_on(page: Page, system: System) -> None:
    connected(page, system, contacts=2)
    synced(page, system)
    page.goto("/statistics")
    page.get_by_role("link", name="In the history").click()
    expect(page.get_by_text("Contact No 002", exact=True)).to_be_visible()
    page.goto("/statistics")
    page.get_by_role("link", name="Linked", exact=True).click()
    expect(page.get_by_role("heading", name="Linked contacts")).to_be_visible()


def test_statistics_are_fit_for_every_view(any_page: Page, system: System) -> None:
    connected(any_page, system, contacts=2)
    synced(any_page, system)
    any_page.goto("/statistics")
    expect(any_page.get_by_role("row")).to_have_count(2)
    assert any_page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    axe(any_page)
