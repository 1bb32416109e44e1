"""Preview, untick, apply, look at what was done, undo: in a real browser, with real runs behind it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tests.browser.accessibility import axe
from tests.browser.conftest import OpenPage
from tests.browser.system import System
from tests.browser.views import VIEWS
from tests.browser.visitor import connected
from tests.browser.watch import Watch

from contact_sync.contacts.settings import Direction


def previewed(page: Page, system: System) -> None:
    """Ask for a preview and wait for it."""
    page.goto("/preview")
    with system.held():
        page.get_by_role("button", name="Show what a sync would do now").click()
        expect(page.get_by_text("Waiting for its turn")).to_be_visible()
    system.settle()
    expect(page.get_by_text("If you synced now, this would be done")).to_be_visible()


def test_what_is_ticked_is_done_and_nothing_else_and_can_be_undone(page: Page, system: System) -> None:
    jane = connected(page, system, contacts=3)
    previewed(page, system)
    axe(page)
    apply = page.get_by_role("button", name=re.compile("^Apply"))
    expect(apply).to_have_text("Apply the 3 ticked changes")
    page.get_by_label("Do this: Contact No 002").uncheck()
    expect(apply).to_have_text("Apply the 2 ticked changes")
    expect(page.get_by_text("2 of 3 ticked")).to_be_visible()
    apply.click()
    page.wait_for_url("**/runs/*")
    system.settle()
    assert system.world.google_names(jane) == ["Contact No 001", "Contact No 003"]

    page.goto("/history")
    axe(page)
    entries = page.get_by_role("listitem").filter(has=page.get_by_role("heading"))
    expect(entries).to_have_count(2)
    entries.filter(has_text="Contact No 003").get_by_role("button", name="Undo").click()
    page.wait_for_url("**/preview/*")
    system.settle()
    expect(page.get_by_role("heading", name="What undoing would do")).to_be_visible()
    page.get_by_role("button", name="Undo it").click()
    page.wait_for_url("**/runs/*")
    system.settle()
    assert system.world.google_names(jane) == ["Contact No 001"]


def test_names_open_both_records_in_place(page: Page, system: System) -> None:
    connected(page, system, contacts=1)
    previewed(page, system)
    name = page.locator("summary").filter(has_text="Contact No 001")
    name.focus()
    page.keyboard.press("Enter")
    records = page.get_by_role("table")
    expect(records.get_by_role("columnheader", name="Google (new)")).to_be_visible()
    expect(records.locator("ins")).to_have_count(3)
    expect(name).to_be_focused()
    axe(page)


def test_a_group_is_unticked_and_ticked_in_place(page: Page, system: System) -> None:
    connected(page, system, contacts=3)
    previewed(page, system)
    address = page.url
    page.get_by_role("button", name="Untick all under Created in Google").click()
    expect(page.get_by_role("button", name="Apply the ticked changes")).to_be_disabled()
    expect(page.get_by_text("Nothing is ticked.")).to_be_visible()
    page.get_by_role("button", name="Tick all under Created in Google", exact=True).click()
    expect(page.get_by_role("button", name="Apply the 3 ticked changes")).to_be_enabled()
    assert page.url == address


def test_a_reload_finds_the_ticks_as_they_were_left(page: Page, system: System) -> None:
    connected(page, system, contacts=3)
    previewed(page, system)
    address = page.url
    with page.expect_response("**/api/preview/*") as kept:
        page.get_by_label("Do this: Contact No 002").uncheck()
    assert kept.value.status == 200
    page.reload()
    apply = page.get_by_role("button", name=re.compile("^Apply"))
    expect(apply).to_have_text("Apply the 2 ticked changes")
    expect(page.get_by_label("Do this: Contact No 002")).not_to_be_checked()
    with page.expect_response("**/api/preview/*"):
        page.get_by_role("button", name="Untick all under Created in Google").click()
    with page.expect_response("**/api/preview/*"):
        page.get_by_label("Do this: Contact No 001").check()
    page.goto("/history")
    page.goto(address)
    expect(apply).to_have_text("Apply the ticked change")
    apply.click()
    page.wait_for_url("**/runs/*")
    system.settle()
    page.goto(address)
    expect(page.get_by_text("You left out 2 contacts: nothing was done about them.")).to_be_visible()
    axe(page)


def test_a_tick_that_could_not_be_kept_is_told(page: Page, system: System, watch: Watch) -> None:
    watch.allow(401)
    connected(page, system, contacts=2)
    previewed(page, system)
    page.context.clear_cookies()
    page.get_by_label("Do this: Contact No 002").uncheck()
    expect(page.get_by_text("This choice could not be kept.")).to_be_visible()


def test_a_count_opens_its_list(page: Page, system: System) -> None:
    connected(page, system, contacts=11)
    previewed(page, system)
    first = page.get_by_label("Do this: Contact No 001")
    expect(first).to_be_hidden()
    page.get_by_role("link", name="11 Created in Google").click()
    expect(first).to_be_visible()


def test_what_moved_meanwhile_is_left_out_and_listed(page: Page, system: System) -> None:
    jane = connected(page, system, contacts=2)
    previewed(page, system)
    address = page.url
    moved = next(iter(system.world.sugar.contacts()))
    system.world.sugar.edit_contact(moved["id"], last_name="Elsewhere")
    page.get_by_role("button", name=re.compile("^Apply")).click()
    page.wait_for_url("**/runs/*")
    system.settle()
    page.goto(address)
    expect(page.get_by_role("heading", name="Left out, because it changed meanwhile")).to_be_visible()
    axe(page)
    assert len(system.world.google_names(jane)) == 1


def test_it_all_works_without_a_script(plain_page: Page, system: System) -> None:
    jane = connected(plain_page, system, contacts=3)
    previewed(plain_page, system)
    plain_page.get_by_role("button", name="Untick all under Created in Google").click()
    plain_page.get_by_label("Do this: Contact No 002").check()
    plain_page.get_by_role("button", name="Apply the ticked changes").click()
    plain_page.wait_for_url("**/runs/*")
    system.settle()
    assert system.world.google_names(jane) == ["Contact No 002"]
    plain_page.goto("/history")
    plain_page.get_by_role("button", name="Undo").click()
    plain_page.wait_for_url("**/preview/*")
    system.settle()
    plain_page.get_by_role("button", name="Undo it in Google only").click()
    plain_page.wait_for_url("**/runs/*")
    system.settle()
    assert system.world.google_names(jane) == []


@pytest.mark.parametrize("view", ["plain", "phone"])
def test_an_undo_asks_whether_to_take_it_back_on_both_sides(
    open_page: OpenPage, system: System, view: str
) -> None:
    page = open_page(**VIEWS[view])
    jane = connected(page, system)
    system.world.set(jane, from_google=Direction(enabled=True, update=True, create=False))
    sugar_id = system.world.add_sugar(jane, first_name="Ana", last_name="Ruiz", title="Cook")
    system.world.sync(person=jane)
    system.world.clock.advance(minutes=5)
    system.world.sugar.edit_contact(sugar_id, title="CTO")
    system.world.sync(person=jane)
    page.goto("/history")
    entries = page.get_by_role("listitem").filter(has=page.get_by_role("heading"))
    entries.filter(has_text="CTO").get_by_role("button", name="Undo").first.click()
    page.wait_for_url("**/preview/*")
    system.settle()
    alone = page.get_by_role("group", name="Where is it to be taken back?")
    expect(alone.get_by_role("button", name="Undo it in Google only")).to_be_visible()
    title = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Title"))
    expect(title.locator("ins")).to_have_text(["after: Cook"])
    expect(page.get_by_text("until either is changed")).to_be_visible()
    axe(page)
    alone.get_by_role("button", name="On both sides").click()
    page.wait_for_url("**/preview/*")
    system.settle()
    expect(page.get_by_role("button", name="Undo it on both sides")).to_be_visible()
    expect(title.locator("ins")).to_have_text(["after: Cook", "after: Cook"])
    axe(page)
    page.get_by_role("button", name="Undo it on both sides").click()
    page.wait_for_url("**/runs/*")
    system.settle()
    assert system.world.sugar_contacts()[0]["title"] == "Cook"


def test_nothing_runs_off_the_side_of_a_phone(phone_page: Page, system: System) -> None:
    jane = connected(phone_page, system, contacts=2)
    system.world.add_sugar(jane, first_name="Friedrich-Wilhelm-Maximilian", last_name="Hohenlohe-" * 6)
    previewed(phone_page, system)
    phone_page.locator("summary").filter(has_text="Friedrich").click()
    expect(phone_page.get_by_role("table")).to_be_visible()
    axe(phone_page)
    for _ in range(2):
        assert phone_page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        phone_page.goto("/history")


def test_dark_colours_are_readable(dark_page: Page, system: System) -> None:
    connected(dark_page, system, contacts=2)
    previewed(dark_page, system)
    dark_page.locator("summary").filter(has_text="Contact No 001").click()
    expect(dark_page.get_by_role("table")).to_be_visible()
    axe(dark_page)


def test_a_preview_that_is_over_says_so(page: Page, system: System, watch: Watch) -> None:
    watch.allow(404)
    connected(page, system, contacts=1)
    previewed(page, system)
    system.clock.advance(minutes=61)
    page.get_by_role("button", name=re.compile("^Apply")).click()
    expect(page.get_by_text("This preview is over")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Make a new preview").click()
    page.wait_for_url("**/preview/*")
    system.settle()
    expect(page.get_by_text("If you synced now, this would be done")).to_be_visible()


def test_a_name_that_is_a_script_does_nothing(page: Page, system: System) -> None:
    jane = connected(page, system)
    system.world.add_sugar(jane, first_name="", last_name="<script>document.title='hit'</script>")
    previewed(page, system)
    page.locator("summary").filter(has_text="document.title").click()
    expect(page.get_by_role("table")).to_be_visible()
    assert page.title() == "Preview – Sugar and Google"


def test_leaving_and_coming_back_finds_the_preview(page: Page, system: System) -> None:
    connected(page, system, contacts=1)
    previewed(page, system)
    address = page.url
    page.goto("/history")
    page.get_by_role("link", name="Preview", exact=True).click()
    page.get_by_role("link", name="your last preview").click()
    page.wait_for_url(address)
