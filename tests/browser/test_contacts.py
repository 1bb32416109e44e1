"""The lists of contacts in a real browser: unlink, link again, remove from Google what left the scope."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect
from tests.browser.accessibility import axe
from tests.browser.system import System
from tests.browser.test_backlog import synced
from tests.browser.visitor import back_again, connected
from tests.world import Person

from contact_sync.contacts.mapping import State

UNLINK_FIRST = re.compile("^Unlink.*Contact No 001$")
LINK_FIRST = re.compile("^Link again.*Contact No 001$")


def with_linked_contacts(page: Page, system: System, count: int = 2) -> Person:
    jane = connected(page, system, contacts=count)
    synced(page, system)
    return jane


def states(system: System, person: Person) -> list[State]:
    return sorted(mapping.state for mapping in system.world.all_mappings(person).values())


def test_a_contact_is_unlinked_and_linked_again_in_place(page: Page, system: System) -> None:
    jane = with_linked_contacts(page, system)
    page.goto("/contacts")
    axe(page)
    page.get_by_role("button", name=UNLINK_FIRST).click()
    said = page.get_by_role("status").filter(has_text="Contact No 001 It is no longer synced.")
    expect(said).to_be_focused()
    axe(page)
    assert states(system, jane) == [State.LINKED, State.UNLINKED]
    page.get_by_role("link", name="No longer linked").click()
    expect(page.get_by_text("You ended the link", exact=True)).to_be_visible()
    axe(page)
    page.get_by_role("button", name=LINK_FIRST).click()
    expect(page.get_by_role("status").filter(has_text="It will be linked again.")).to_be_focused()
    system.settle()
    assert states(system, jane) == [State.LINKED, State.LINKED]


def test_it_works_without_javascript(plain_page: Page, system: System) -> None:
    jane = with_linked_contacts(plain_page, system)
    plain_page.goto("/contacts")
    plain_page.get_by_role("button", name=UNLINK_FIRST).click()
    expect(plain_page.get_by_text("It is no longer synced.")).to_be_visible()
    expect(plain_page.get_by_role("button", name=re.compile("Unlink.*No 002"))).to_be_visible()
    plain_page.goto("/contacts?state=unlinked")
    plain_page.get_by_role("button", name=LINK_FIRST).click()
    expect(plain_page.get_by_text("It will be linked again.")).to_be_visible()
    system.settle()
    assert states(system, jane) == [State.LINKED, State.LINKED]


def test_what_left_the_scope_is_removed_from_google_once_confirmed(page: Page, system: System) -> None:
    jane = with_linked_contacts(page, system, 3)
    gone = [record["id"] for record in system.world.sugar_contacts() if record["last_name"] != "No 003"]
    for key in gone:
        system.world.sugar.edit_contact(key, assigned_user_id="user-of-nobody")
    # Who left the scope is looked for once a day.
    system.clock.advance(hours=25)
    back_again(page, system)
    synced(page, system)
    page.goto("/contacts?state=out_of_scope")
    axe(page)
    page.get_by_role("button", name="Remove these 2 contacts from Google").click()
    expect(page.get_by_text("Contact No 001")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Delete 2 contacts in Google").click()
    page.wait_for_url(re.compile("/runs/"))
    system.settle()
    assert system.world.google_names(jane) == ["Contact No 003"]
    assert len(system.world.sugar_contacts()) == 3


def test_the_lists_are_fit_for_every_view(any_page: Page, system: System) -> None:
    with_linked_contacts(any_page, system, 1)
    for state in ("linked", "unlinked", "out_of_scope"):
        any_page.goto(f"/contacts?state={state}")
        assert any_page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        axe(any_page)
