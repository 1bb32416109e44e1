"""Disconnecting: the choice, the confirmation, the progress, and the way back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.browser.accessibility import axe, fits
from tests.browser.system import System
from tests.browser.visitor import choose_account, connected
from tests.browser.watch import Watch
from tests.world import Person


@pytest.fixture
def jane(system: System) -> Person:
    """Someone with three contacts that the sync created in Google, and one that is Google's own."""
    system.cookies()
    person = system.person("jane")
    for number in (1, 2, 3):
        system.world.add_sugar(person, last_name=f"No {number}")
    system.world.add_google("Own", "Friend", person=person)
    system.world.sync(person=person)
    return person


def asked(page: Page, system: System) -> None:
    connected(page, system)
    page.goto("/")
    page.get_by_role("link", name="Disconnect…").click()


def test_what_the_sync_created_is_deleted_with_progress_and_the_way_back_is_one_click(
    page: Page, system: System, jane: Person
) -> None:
    asked(page, system)
    expect(page.get_by_role("button", name="Disconnect")).to_be_visible()
    page.get_by_label("Delete the 3 contacts that the sync created in Google").click()
    axe(page)
    with system.held():
        page.get_by_role("button", name="Delete 3 contacts and disconnect").click()
        expect(page.get_by_text("Waiting for its turn")).to_be_visible()
        expect(page.get_by_text("0 of 3")).to_be_visible()
    expect(page.get_by_text("3 deleted in Google")).to_be_visible()
    expect(page.get_by_text("Your Google account is disconnected.")).to_be_visible()
    assert system.world.google_names(jane) == ["Own Friend"]

    page.get_by_role("link", name="To the settings").click()
    expect(page.get_by_role("switch")).to_have_count(0)
    axe(page)
    page.get_by_role("button", name="Connect", exact=True).click()
    choose_account(page, "jane")
    page.get_by_label("your contacts").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()


def test_keeping_all_contacts_is_what_is_chosen_at_first(
    plain_page: Page, system: System, jane: Person
) -> None:
    asked(plain_page, system)
    plain_page.get_by_role("button", name="Disconnect", exact=True).click()
    expect(plain_page.get_by_text("Your Google account is disconnected.")).to_be_visible()
    assert len(system.world.google_names(jane)) == 4
    assert system.user().connection == "disconnected"


def test_a_number_that_changed_meanwhile_is_asked_again(
    page: Page, system: System, jane: Person, watch: Watch
) -> None:
    watch.allow(409)
    asked(page, system)
    page.get_by_label("Delete the 3 contacts").click()
    system.world.add_sugar(jane, last_name="No 4")
    system.world.sync(person=jane)
    page.get_by_role("button", name="Delete 3 contacts and disconnect").click()
    expect(page.get_by_label("Delete the 4 contacts that the sync created in Google")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("4 contacts")
    assert system.user().connection == "connected"


def test_the_question_suits_a_phone(phone_page: Page, system: System, jane: Person) -> None:
    asked(phone_page, system)
    axe(phone_page)
    fits(phone_page)
