"""From a stranger to the first sync, and what goes wrong on the way."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect
from tests.browser.accessibility import axe, fits
from tests.browser.system import System
from tests.browser.visitor import choose_account, connected, grant, sign_in
from tests.browser.watch import Watch
from tests.world import Person

from contact_sync.contacts.side import Side


def in_sugar(system: System, person: Person, count: int) -> None:
    for number in range(1, count + 1):
        system.world.add_sugar(person, last_name=f"No {number:03}", email=f"no{number}@example.test")


def test_from_a_stranger_to_the_first_sync(page: Page, system: System) -> None:
    jane = system.person("jane")
    in_sugar(system, jane, 2)
    page.goto("/")
    page.get_by_role("button", name="Sign in with Google").click()
    choose_account(page, "jane")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("who are you in Sugar?")).to_be_visible()
    expect(page.get_by_role("switch")).to_have_count(0)
    axe(page)
    page.get_by_role("button", name="That is me").click()
    expect(page.get_by_text("One step is left")).to_be_visible()
    expect(page.get_by_role("switch")).to_have_count(0)
    page.get_by_role("button", name="Grant access").click()
    page.get_by_label("your contacts").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()

    with system.held():
        page.get_by_role("button", name="Sync Now").click()
        expect(page.get_by_text("Waiting for its turn…")).to_be_visible()
    expect(page.get_by_text("2 created in Google")).to_be_visible()
    assert page.url == f"{system.url}/"
    assert system.world.google_names(jane) == ["No 001", "No 002"]
    axe(page)


def test_progress_is_seen_live_and_by_who_comes_back(page: Page, system: System) -> None:
    connected(page, system, contacts=5)
    page.goto("/")
    with system.stopped_at(Side.GOOGLE, call=2) as reached:
        page.get_by_role("button", name="Sync Now").click()
        reached()
        expect(page.get_by_text("Reading both address books…")).to_be_visible()
        expect(page.locator("#run-said")).to_have_text("Reading both address books")
        page.goto("/history")
        page.goto("/")
        expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_text("5 created in Google")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)


def test_a_second_sync_now_joins_the_first(page: Page, system: System) -> None:
    connected(page, system, contacts=2)
    page.goto("/")
    with system.stopped_at(Side.GOOGLE, call=2) as reached:
        page.get_by_role("button", name="Sync Now").click()
        reached()
        page.get_by_role("button", name="Sync Now").click()
        expect(page.get_by_text("A sync was under way already.")).to_be_visible()
    expect(page.get_by_text("ended")).to_be_visible()
    system.settle()


def test_what_waits_is_synced_by_a_click(page: Page, system: System) -> None:
    jane = connected(page, system, contacts=101, overflow="next_period")
    page.goto("/")
    page.get_by_role("button", name="Sync Now").click()
    expect(page.get_by_text("1 contact waits for the next sync.")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Sync Now").click()
    expect(page.get_by_text("1 created in Google")).to_be_visible()
    assert len(system.world.google_names(jane)) == 101


def test_without_javascript_from_the_grant_to_the_result(plain_page: Page, system: System) -> None:
    jane = sign_in(plain_page, system)
    in_sugar(system, jane, 1)
    grant(plain_page, system)
    with system.held():
        plain_page.get_by_role("button", name="Sync Now").click()
        expect(plain_page.get_by_role("heading", name="Sync Now")).to_be_visible()
        expect(plain_page.get_by_text("Waiting for its turn…")).to_be_visible()
    # The page reloads itself.
    expect(plain_page.get_by_text("1 created in Google")).to_be_visible()


def test_the_start_page_and_the_grant_suit_a_phone_and_everybody(phone_page: Page, system: System) -> None:
    phone_page.goto("/")
    axe(phone_page)
    fits(phone_page)
    sign_in(phone_page, system, confirm=False)
    axe(phone_page)
    fits(phone_page)
    phone_page.get_by_role("button", name="That is me").click()
    expect(phone_page.get_by_text("One step is left")).to_be_visible()
    axe(phone_page)
    fits(phone_page)


def test_a_declined_grant_leads_on_by_one_click(page: Page, system: System, watch: Watch) -> None:
    watch.allow(403)
    sign_in(page, system)
    grant(page, system, tick=False)
    expect(page.get_by_role("alert")).to_contain_text("was not ticked")
    axe(page)
    page.get_by_role("button", name="Grant access").click()
    page.get_by_label("your contacts").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()


def test_a_revoked_grant_is_connected_again_by_one_click(page: Page, system: System) -> None:
    jane = connected(page, system, contacts=1)
    page.goto("/")
    system.google.revoke_grant(jane.sub)
    page.get_by_role("button", name="Sync Now").click()
    expect(page.locator("#run")).to_contain_text("Google does not accept the connection any more.")
    page.get_by_role("button", name="Connect again").click()
    choose_account(page, "jane")
    page.get_by_label("your contacts").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    page.get_by_role("button", name="Sync Now").click()
    expect(page.get_by_text("1 created in Google")).to_be_visible()


def test_someone_without_a_sugar_user_is_told_and_looks_again(page: Page, system: System) -> None:
    system.person("john", in_sugar=False)
    sign_in(page, system, "john")
    expect(page.get_by_text("Your Sugar user was not found.")).to_be_visible()
    axe(page)
    system.world.sugar.add_user("john", id="user-john", email="john@corp.test")
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_text("who are you in Sugar?")).to_be_visible()


def test_signing_out_ends_at_the_start_page(page: Page, system: System) -> None:
    connected(page, system)
    page.goto("/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in with Google")).to_be_visible()
    page.goto("/history")
    expect(page).to_have_url(re.compile("/$"))
