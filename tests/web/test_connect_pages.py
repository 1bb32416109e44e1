"""Strangers, signing in and granting as a person sees it when it fails, and disconnecting."""

from __future__ import annotations

from typing import Any

import pytest
from tests.web.browser import WEB_URL, Browser, Place, words_of
from werkzeug.test import TestResponse

from contact_sync.store.records import Disconnecting

PERSON = {"Accept": "text/html,application/xhtml+xml"}


def back(browser: Browser, address: str) -> TestResponse:
    """Follow Google's redirect as a browser with a person before it."""
    return browser.client.get(address.removeprefix(WEB_URL), base_url=WEB_URL, headers=PERSON)


def refused(answer: TestResponse, status: int, words: str, button: str, leads_to: str) -> None:
    """A page that says this, with this button; addresses are for programs."""
    told = words_of(answer)
    assert answer.status_code == status
    assert words in told
    assert f'<a role="button" href="{leads_to}">{button}</a>' in answer.text
    assert "/grant" not in told
    assert "/sign-in" not in told


def test_a_stranger_sees_what_this_is_and_one_button(place: Place) -> None:
    page = place.browser().get("/")
    assert page.status_code == 200
    assert page.text.count('role="button"') == 1
    assert 'href="/sign-in"' in page.text
    assert "Sign out" not in page.text


@pytest.mark.parametrize("path", ["/disconnect", "/settings/label", "/settings/exposed", "/runs/r1"])
def test_a_stranger_is_led_to_the_start_page_from_everywhere(place: Place, path: str) -> None:
    answer = place.browser().get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(
    ("path", "approval", "status", "words", "button", "leads_to"),
    [
        ("/sign-in", {"deny": True}, 403, "You cancelled the sign-in", "Sign in again", "/sign-in"),
        ("/grant", {"deny": True}, 403, "You did not allow access", "Grant access", "/grant"),
        ("/grant", {"untick_contacts": True}, 403, "was not ticked", "Grant access", "/grant"),
    ],
)
def test_what_was_declined_on_googles_page_is_said_with_one_click_on(
    ada: Browser, path: str, approval: dict[str, Any], status: int, words: str, button: str, leads_to: str
) -> None:
    answer = back(ada, ada.consent(ada.to_google(path), "ada", **approval))
    refused(answer, status, words, button, leads_to)


def test_a_grant_of_another_account_is_told_from_the_other_ways_to_fail(place: Place, ada: Browser) -> None:
    place.person("bob")
    answer = back(ada, ada.consent(ada.to_google("/grant"), "bob"))
    refused(answer, 403, "allowed access to the contacts of another", "Choose the right account", "/grant")
    assert "ada@corp.test" in words_of(answer)


def test_a_foreign_domain_is_turned_away_with_a_way_to_another_account(place: Place) -> None:
    place.world.google.add_account("eve@else.test", hd="else.test")
    eve = place.browser()
    answer = back(eve, eve.consent(eve.to_google("/sign-in"), "eve@else.test"))
    refused(answer, 403, "may not sign in here", "Use another account", "/sign-in")


def test_a_sign_in_that_took_too_long_begins_again(place: Place) -> None:
    place.person("ada")
    ada = place.browser()
    address = ada.consent(ada.to_google("/sign-in"), "ada")
    place.world.clock.advance(minutes=16)
    refused(back(ada, address), 400, "Signing in took too long.", "Sign in again", "/sign-in")


def test_a_grant_whose_answer_was_used_already_begins_again_as_a_grant(ada: Browser) -> None:
    address = ada.consent(ada.to_google("/grant"), "ada").replace("code=", "code=x")
    refused(back(ada, address), 400, "Google's answer was used already", "Start again", "/grant")


@pytest.mark.parametrize(
    ("in_sugar", "twin", "words"),
    [
        (False, None, "No active Sugar user has the primary e-mail address ada@corp.test."),
        (False, "Inactive", "No active Sugar user has the primary e-mail address ada@corp.test."),
        (True, "Active", "Several active Sugar users have the primary e-mail address ada@corp.test."),
    ],
)
def test_without_the_one_sugar_user_the_page_says_why_and_looks_again(
    place: Place, in_sugar: bool, twin: str | None, words: str
) -> None:
    place.person("ada", in_sugar=in_sugar)
    if twin:
        place.world.sugar.add_user("twin", id="twin", email="ada@corp.test", status=twin)
    ada = place.signed_in("ada")
    page = ada.get("/")
    assert words in words_of(page)
    assert 'action="/look-again"' in page.text
    if twin:
        place.world.sugar.edit_user("twin", email="twin@corp.test", status="Inactive")
    if not in_sugar:
        place.world.sugar.add_user("ada", id="user-ada", email="ada@corp.test")
    answer = ada.form("/look-again")
    assert answer.headers["Location"] == "/?said=look"
    assert place.user(ada.sub).connection == "sugar_user_asked"
    assert "who are you in Sugar?" in words_of(ada.get("/"))


def test_signing_out_leads_to_the_start_page(ada: Browser) -> None:
    answer = ada.form("/sign-out")
    assert answer.status_code == 303
    assert "Sign in with Google" in words_of(ada.get("/"))


def synced(place: Place, browser: Browser) -> None:
    """Two contacts that the sync created in Google, one that it only linked, one that is Google's own."""
    for number in (1, 2):
        place.world.add_sugar(last_name=f"No {number}", assigned_user_id="user-ada")
    place.world.add_sugar(last_name="Both", email="both@x.test", assigned_user_id="user-ada")
    for name in ("Both", "Own"):
        body = {
            "names": [{"familyName": name}],
            "emailAddresses": [{"value": f"{name.lower()}@x.test"}],
        }
        place.world.google.add_contact(browser.sub, body)
    browser.post("/api/sync")
    place.work()


def names(place: Place, browser: Browser) -> list[str]:
    return sorted(contact["names"][0]["familyName"] for contact in place.world.google.contacts(browser.sub))


def test_disconnecting_says_what_it_does_with_the_numbers(place: Place, ada: Browser) -> None:
    synced(place, ada)
    page = words_of(ada.get("/disconnect"))
    assert "4 contacts in Google stay as they are." in page
    assert "Delete the 2 contacts that the sync created in Google" in page
    assert "Nothing changes in Sugar." in page


@pytest.mark.parametrize(
    ("delete", "left"), [("none", ["Both", "No 1", "No 2", "Own"]), ("created", ["Both", "Own"])]
)
def test_disconnecting_keeps_or_deletes_what_the_sync_created(
    place: Place, ada: Browser, delete: str, left: list[str]
) -> None:
    synced(place, ada)
    answer = ada.form("/disconnect", delete=delete, count=2)
    assert answer.status_code == 303
    run = answer.headers["Location"]
    assert "Your Google account is being disconnected." in words_of(ada.get("/"))
    assert ada.get("/disconnect").headers["Location"] == run
    place.work()
    assert "Your Google account is disconnected." in words_of(ada.get(run))
    assert names(place, ada) == left
    home = ada.get("/")
    assert "not connected" in words_of(home)
    assert '<a role="button" href="/grant">Connect</a>' in home.text
    assert "nothing to disconnect" in words_of(ada.get("/disconnect"))


def test_a_number_that_is_no_longer_right_deletes_nothing_and_shows_the_new_one(
    place: Place, ada: Browser
) -> None:
    synced(place, ada)
    answer = ada.form("/disconnect", delete="created", count=1)
    assert answer.status_code == 409
    assert "Delete the 2 contacts" in words_of(answer)
    assert place.user(ada.sub).connection == "connected"
    assert place.payloads() == []


def test_a_choice_has_to_be_made(place: Place, ada: Browser) -> None:
    answer = ada.form("/disconnect")
    assert (answer.status_code, "Choose what becomes of the contacts." in words_of(answer)) == (400, True)
    assert ada.form("/disconnect", delete="everything").status_code == 400
    assert place.user(ada.sub).connection == "connected"


def test_a_disconnect_that_got_stuck_is_gone_on_with(place: Place, ada: Browser) -> None:
    synced(place, ada)
    run = ada.form("/disconnect", delete="created", count=2).headers["Location"]
    place.world.tasks.clear()
    place.world.clock.advance(hours=2)
    page = ada.get(run)
    assert "Go on disconnecting" in words_of(page)
    assert isinstance(place.user(ada.sub).disconnecting, Disconnecting)
    assert ada.form("/disconnect").headers["Location"] == run
    place.work()
    assert names(place, ada) == ["Both", "Own"]
