"""The settings: every one of them, saved by itself, and never at the cost of another window."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.accessibility import axe, fits
from tests.browser.conftest import OpenPage
from tests.browser.system import System
from tests.browser.visitor import connected
from tests.browser.watch import Watch

from contact_sync.config_formats import Policy
from contact_sync.contacts.settings import SyncSettings, to_plain
from contact_sync.web.settings import leaves

SWITCHES = {
    "Update Google contacts": "from_sugar.update",
    "Create Google contacts": "from_sugar.create",
    "Delete Google contacts": "from_sugar.delete",
    "Update from Sugar": "from_sugar.enabled",
    "Update Sugar records": "from_google.update",
    "Create Sugar records": "from_google.create",
    "Delete Sugar records": "from_google.delete",
    "Update from Google": "from_google.enabled",
    "Sync regularly": "auto.enabled",
}
CHOICES = {
    "All I may see": ("sugar_scope", "all"),
    "Marked to sync": ("sugar_scope", "flagged"),
    "Share": ("private_fields", "share"),
    "Sugar wins": ("conflict", "sugar"),
    "Google wins": ("conflict", "google"),
    "The rest waits": ("overflow", "next_period"),
}


def stored(system: System) -> dict[str, Any]:
    return dict(leaves(to_plain(system.user().settings)))


def said(page: Page) -> Locator:
    return page.locator("#saved")


def opened(page: Page, system: System, **settings: Any) -> None:
    """The settings, with the labels that are read after the page."""
    connected(page, system, **settings)
    page.goto("/")
    expect(page.get_by_label("Google label")).to_be_enabled()


def version(page: Page) -> str:
    return page.locator("#version").input_value()


def changed(page: Page, control: Locator) -> None:
    """Use a control and wait until that is saved."""
    before = version(page)
    control.click()
    expect(page.locator("#version")).not_to_have_value(before)
    expect(said(page)).to_have_text("Saved")


def test_every_switch_saves_itself_and_nothing_else(page: Page, system: System) -> None:
    opened(page, system)
    for name, path in SWITCHES.items():
        before = stored(system)
        changed(page, page.get_by_role("switch", name=name))
        assert stored(system) == before | {path: not before[path]}, name
    page.reload()
    for name, path in SWITCHES.items():
        # Hidden while the master above it is off; the page knows it all the same.
        switch = page.get_by_role("switch", name=name, include_hidden=True)
        assert switch.is_checked() is stored(system)[path], name


def test_every_choice_saves_itself_and_nothing_else(page: Page, system: System) -> None:
    opened(page, system)
    for name, (path, value) in CHOICES.items():
        before = stored(system)
        changed(page, page.get_by_role("radio", name=name))
        assert stored(system) == before | {path: value}, name
        page.reload()
        expect(page.get_by_role("radio", name=name)).to_be_checked()


def test_what_belongs_to_a_switch_is_shown_while_it_is_on(page: Page, system: System) -> None:
    opened(page, system)
    create = page.get_by_role("switch", name="Create Sugar records")
    warning = page.get_by_text("Deletes records in Sugar that your whole company uses.")
    expect(create).to_be_visible()
    expect(warning).to_be_hidden()
    changed(page, page.get_by_role("switch", name="Delete Sugar records"))
    expect(warning).to_be_visible()
    changed(page, page.get_by_role("switch", name="Update from Google"))
    expect(create).to_be_hidden()
    expect(page.get_by_label("Minutes between two syncs")).to_be_hidden()
    changed(page, page.get_by_role("switch", name="Sync regularly"))
    expect(page.get_by_label("Minutes between two syncs")).to_be_visible()


def test_the_keyboard_alone_changes_settings_and_keeps_its_place(page: Page, system: System) -> None:
    opened(page, system)
    page.get_by_role("switch", name="Update from Sugar").focus()
    for _ in range(3):
        page.keyboard.press("Tab")
    delete = page.get_by_role("switch", name="Delete Google contacts")
    expect(delete).to_be_focused()
    page.keyboard.press("Space")
    expect(said(page)).to_have_text("Saved")
    expect(delete).to_be_focused()
    assert stored(system)["from_sugar.delete"]


def test_an_interval_that_is_none_is_told_at_its_field(page: Page, system: System, watch: Watch) -> None:
    watch.allow(400)
    opened(page, system)
    changed(page, page.get_by_role("switch", name="Sync regularly"))
    minutes = page.get_by_label("Minutes between two syncs")
    minutes.fill("0")
    minutes.press("Enter")
    expect(page.locator("#interval-wrong")).to_have_text("Write a whole number of minutes from 1 to 1440.")
    expect(said(page)).to_have_text("Not saved")
    expect(minutes).to_have_accessible_description(re.compile("Write a whole number"))
    assert stored(system)["auto.interval_minutes"] == 5
    minutes.fill("30")
    minutes.press("Enter")
    expect(said(page)).to_have_text("Saved")
    expect(page.locator("#interval-wrong")).to_be_empty()
    expect(minutes).to_be_focused()
    assert stored(system)["auto.interval_minutes"] == 30


def test_two_quick_changes_do_not_stand_in_each_others_way(page: Page, system: System) -> None:
    opened(page, system)
    before = version(page)
    page.evaluate(
        "for (const id of ['from_sugar-delete', 'conflict-sugar', 'overflow-next_period'])"
        " document.getElementById(id).click()"
    )
    expect(page.locator("#version")).not_to_have_value(before)
    expect(said(page)).to_have_text("Saved")
    system.settle()
    expected = {"from_sugar.delete": True, "conflict": "sugar", "overflow": "next_period"}
    assert expected.items() <= stored(system).items()
    expect(page.locator("#differences")).to_have_count(0)


def test_a_change_in_another_window_is_shown_instead_of_overwritten(
    page: Page, system: System, watch: Watch
) -> None:
    watch.allow(412)
    opened(page, system)
    other = page.context.new_page()
    other.goto("/")
    expect(other.get_by_label("Google label")).to_be_enabled()
    changed(other, other.get_by_role("radio", name="Sugar wins"))

    page.get_by_role("radio", name="All I may see").click()
    differences = page.locator("#differences")
    expect(differences).to_contain_text("Your last change was not saved.")
    expect(differences).to_be_in_viewport()
    expect(differences).to_contain_text("you had “All I may see”, it is “Assigned to me” now")
    expect(differences).to_contain_text("you had “The newest change wins”, it is “Sugar wins” now")
    expect(said(page)).to_contain_text("Not saved")
    expect(page.get_by_role("radio", name="Sugar wins")).to_be_checked()
    # The same control has the focus, in the form that took the place of the old one.
    expect(page.get_by_role("radio", name="All I may see")).to_be_focused()
    assert stored(system)["sugar_scope"] == "mine"

    changed(page, page.get_by_role("radio", name="All I may see"))
    assert (stored(system)["sugar_scope"], stored(system)["conflict"]) == ("all", "sugar")


def test_without_a_connection_the_page_says_that_nothing_was_saved(
    page: Page, system: System, watch: Watch
) -> None:
    opened(page, system)
    changed(page, page.get_by_role("switch", name="Delete Google contacts"))
    page.route("**/settings", lambda route: route.abort("connectionrefused"))
    page.get_by_role("radio", name="Sugar wins").click()
    expect(page.get_by_role("alert").filter(has_text="There is no connection.")).to_be_visible()
    expect(said(page)).to_be_empty()
    assert stored(system)["conflict"] == "newest"
    # The browser and htmx noticed, too. That was all that went wrong.
    assert all("htmx:" in told or "ERR_CONNECTION_REFUSED" in told for told in watch.problems)
    watch.problems.clear()
    page.unroute("**/settings")
    changed(page, page.get_by_role("radio", name="All I may see"))
    expect(page.get_by_text("There is no connection.")).to_have_count(0)
    assert (stored(system)["conflict"], stored(system)["sugar_scope"]) == ("sugar", "all")


def test_a_label_is_chosen_and_created_in_place(page: Page, system: System) -> None:
    opened(page, system)
    page.get_by_text("Create a label").click()
    page.get_by_label("Name of the new label").fill("Customers <b>")
    page.keyboard.press("Enter")
    expect(said(page)).to_have_text("Saved")
    select = page.get_by_label("Google label")
    expect(select.locator("option:checked")).to_have_text("Customers <b> (0)")
    created = stored(system)["google_label"]
    labels = page.request.get("/api/labels").json()["items"]
    assert [(label["id"], label["name"]) for label in labels] == [(created, "Customers <b>")]
    expect(page.locator("#exposed")).to_contain_text("Your company will see 0 Google contacts")
    before = version(page)
    select.select_option("No label")
    expect(page.locator("#version")).not_to_have_value(before)
    assert stored(system)["google_label"] is None


def test_what_the_company_will_see_is_counted_before_it_is_switched_on(page: Page, system: System) -> None:
    opened(page, system, from_google=SyncSettings().from_google)
    system.world.add_google("Ana", "Ruiz", person=system.person("jane"))
    changed(page, page.get_by_role("switch", name="Update from Google"))
    expect(page.get_by_text("They are not counted yet.")).to_be_hidden()
    changed(page, page.get_by_role("switch", name="Create Sugar records"))
    expect(page.get_by_text("They are not counted yet.")).to_be_visible()
    with system.held():
        page.get_by_role("button", name="Count them now").click()
        expect(page.get_by_text("Your contacts are being counted.")).to_be_visible()
        expect(page.get_by_role("link", name="Show the progress")).to_be_focused()
    expect(page.get_by_text("Your company will see 1 more contact")).to_be_visible()
    assert system.world.writes() == 0
    axe(page)


def test_the_defaults_are_restored_after_a_second_click(page: Page, system: System) -> None:
    opened(page, system, conflict="sugar")
    button = page.get_by_role("button", name="Restore all defaults")
    expect(button).to_be_hidden()
    page.get_by_text("Restore the defaults").click()
    button.click()
    expect(page.get_by_text("All settings are as they were at the beginning.")).to_be_visible()
    assert system.user().settings == SyncSettings()


def test_everything_is_saved_without_javascript(plain_page: Page, system: System) -> None:
    connected(plain_page, system)
    plain_page.goto("/")
    plain_page.get_by_role("switch", name="Update from Google").click()
    # Without a script, too, what belongs to a switch goes with it.
    expect(plain_page.get_by_role("switch", name="Create Sugar records")).to_be_hidden()
    plain_page.get_by_role("switch", name="Sync regularly").click()
    plain_page.get_by_label("Minutes between two syncs").fill("15")
    plain_page.get_by_role("radio", name="Google wins").click()
    plain_page.get_by_role("button", name="Save the settings").click()
    expect(plain_page.get_by_text("Your settings are saved.")).to_be_visible()
    expected = {"from_google.enabled": False, "auto.interval_minutes": 15, "conflict": "google"}
    assert expected.items() <= stored(system).items()

    plain_page.get_by_role("link", name="Choose or create a label").click()
    plain_page.get_by_text("Create a label").click()
    plain_page.get_by_label("Name of the new label").fill("Customers")
    plain_page.get_by_role("button", name="Create the label and use it").click()
    expect(plain_page.get_by_text("A label is chosen.")).to_be_visible()
    plain_page.get_by_role("link", name="Choose or create a label").click()
    plain_page.get_by_label("Google label").select_option("No label")
    plain_page.get_by_role("button", name="Use this label").click()
    expect(plain_page.get_by_text("No label is chosen.")).to_be_visible()


class TestLocked:
    """An administrator decided some of it."""

    @pytest.fixture
    def policy(self) -> Policy:
        return Policy({"from_google.delete": False, "sugar_scope": "all"})

    @pytest.fixture
    def system(self, policy: Policy) -> Any:
        started = System(policy)
        yield started
        started.close()

    def test_it_is_shown_disabled_with_the_reason(self, page: Page, system: System) -> None:
        opened(page, system)
        delete = page.get_by_role("switch", name="Delete Sugar records")
        expect(delete).to_be_disabled()
        expect(delete).to_have_accessible_description(re.compile("Your administrator decided this"))
        expect(page.get_by_role("radio", name="Assigned to me")).to_be_disabled()
        expect(page.get_by_role("radio", name="All I may see")).to_be_checked()
        changed(page, page.get_by_role("radio", name="Sugar wins"))
        axe(page)


@pytest.mark.parametrize("view", [{}, {"color_scheme": "dark"}, {"viewport": {"width": 360, "height": 740}}])
def test_the_settings_suit_every_view(open_page: OpenPage, system: System, view: dict[str, Any]) -> None:
    page = open_page(**view)
    opened(page, system)
    changed(page, page.get_by_role("switch", name="Sync regularly"))
    changed(page, page.get_by_role("switch", name="Delete Google contacts"))
    page.get_by_text("Create a label").click()
    page.get_by_text("Restore the defaults").click()
    axe(page)
    fits(page)
