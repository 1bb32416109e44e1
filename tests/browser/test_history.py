"""The history in a real browser: found, opened, exported, and what cannot be undone."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect
from tests.browser.accessibility import axe
from tests.browser.system import System
from tests.browser.visitor import connected
from tests.browser.watch import Watch


def synced(page: Page, system: System, **fields: str) -> str:
    """Someone with one contact that was created in Google and then changed there; returns its Sugar id."""
    jane = connected(page, system)
    sugar_id = system.world.add_sugar(jane, first_name="Ana", last_name="Ruiz", email="ana@example.test")
    for _ in range(2):
        token = page.request.get("/api/session").json()["csrf_token"]
        page.request.post("/api/sync", headers={"X-CSRF-Token": token})
        system.settle()
        system.clock.advance(minutes=1)
        system.world.sugar.edit_contact(sugar_id, **(fields or {"last_name": "Rojas"}))
    return sugar_id


def test_one_contact_is_followed_and_exported(page: Page, system: System) -> None:
    sugar_id = synced(page, system)
    page.goto("/history")
    page.get_by_role("link", name="Only this contact").first.click()
    expect(page).to_have_url(f"{system.url}/history?contact={sugar_id}")
    expect(page.get_by_text("Only Ana")).to_be_visible()
    axe(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Export these (CSV)").click()
    assert "Rojas" in Path(download.value.path()).read_text(encoding="utf-8-sig")
    page.get_by_role("link", name="show all contacts").click()
    expect(page).to_have_url(f"{system.url}/history")


def test_an_entry_shows_the_record_before(page: Page, system: System) -> None:
    synced(page, system)
    page.goto("/history")
    entry = page.get_by_role("listitem").filter(has_text="Updated in Google")
    entry.locator("a:has(time)").click()
    expect(page.get_by_role("heading", name="The record before, in Google")).to_be_visible()
    expect(page.locator("dd", has_text="ana@example.test")).to_be_visible()
    axe(page)


def test_a_long_text_opens_where_it_is(page: Page, system: System) -> None:
    story = "A long story. " * 30
    synced(page, system, description=story)
    page.goto("/history")
    whole = page.locator("ins", has_text=story.strip()).last
    expect(whole).to_be_hidden()
    page.locator("summary", has_text="A long story").click()
    expect(whole).to_be_visible()
    axe(page)


def test_an_undo_that_would_trample_a_later_edit_is_refused_and_says_so(page: Page, system: System) -> None:
    synced(page, system)
    jane = system.person("jane")
    [contact] = system.world.google_contacts(jane)
    system.world.edit_google(
        contact["resourceName"].removeprefix("people/"),
        jane,
        names=[{"givenName": "Ana", "familyName": "Own"}],
    )
    page.goto("/history")
    page.get_by_role("listitem").filter(has_text="Updated in Google").get_by_role(
        "button", name="Undo"
    ).click()
    expect(page.get_by_text("This is not undone.")).to_be_visible()
    expect(page.get_by_text("last name")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Back to the entry in the history").click()
    expect(page.get_by_role("heading", name="What changed in Google")).to_be_visible()


def test_before_anything_was_done_the_way_on_is_offered(page: Page, system: System, watch: Watch) -> None:
    connected(page, system)
    page.goto("/history")
    expect(page.get_by_text("Nothing was done yet")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="See what a sync would do").click()
    expect(page).to_have_url(f"{system.url}/preview")
