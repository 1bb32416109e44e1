"""What people do in the browser again and again: sign in with Google, grant access, be there with contacts."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page
from tests.browser.system import DOMAIN, System
from tests.world import BOTH_WAYS, Person

_BOTH = {name: getattr(BOTH_WAYS, name) for name in ("from_sugar", "from_google", "overflow")}


def choose_account(page: Page, name: str) -> None:
    """On Google's page: choose an account."""
    page.get_by_label(f"{name}@{DOMAIN}", exact=True).check()


def sign_in(page: Page, system: System, name: str = "jane", *, confirm: bool = True) -> Person:
    """Sign in on Google's page as someone who has an account, made where there is none; then say "that is me"."""
    person = system.person(name)
    with system.signing_in():
        page.goto(f"{system.url}/sign-in")
        choose_account(page, name)
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url(f"{system.url}/**")
    if confirm and system.user(name).sugar_user_asked is not None:
        page.get_by_role("button", name="That is me").click()
        page.get_by_text("One step is left").wait_for()
    return person


def grant(page: Page, system: System, *, tick: bool = True, deny: bool = False) -> None:
    """As the one who is signed in: go to Google's page and allow access to the contacts, or leave it at that."""
    with system.signing_in():
        page.goto(f"{system.url}/grant")
        page.get_by_label("your contacts").set_checked(tick)
        page.get_by_role("button", name="Cancel" if deny else "Continue").click()
        page.wait_for_url(f"{system.url}/**")


def back_again(page: Page, system: System, name: str = "jane", *, granted: bool = True) -> None:
    """Put a new session into the browser, in no time."""
    held = system.cookies(name, granted=granted)
    page.context.add_cookies(
        [{"name": key, "value": value, "url": system.url} for key, value in held.items()]
    )


def connected(
    page: Page,
    system: System,
    name: str = "jane",
    *,
    contacts: int = 0,
    granted: bool = True,
    **settings: Any,
) -> Person:
    """Put the session of someone who signed in and granted access into the browser, in no time.

    They sync both ways, by hand; `settings` replaces parts of that. `contacts` are in Sugar and not synced yet.
    The page is still empty: go where you like.
    """
    back_again(page, system, name, granted=granted)
    person = system.person(name)
    system.world.set(person, **{**_BOTH, **settings})
    for number in range(1, contacts + 1):
        system.world.add_sugar(
            person,
            first_name="Contact",
            last_name=f"No {number:03}",
            email=f"contact{number:03}@example.test",
        )
    return person
