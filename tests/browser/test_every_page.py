"""Every page, filled with contacts, however it is looked at."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from tests.browser import demo
from tests.browser.accessibility import axe, fits
from tests.browser.system import System
from tests.browser.visitor import connected

PAGES = (
    "/",
    "/preview",
    "/history",
    "/backlog",
    "/contacts",
    "/contacts/clean",
    "/statistics",
    "/disconnect",
)


@pytest.fixture
def filled(system: System) -> System:
    """A system with a user who has used it for a while."""
    system.cookies(demo.NAME)
    demo.settled(system)
    demo.edited(system)
    return system


def test_people_can_read_every_page(any_page: Page, filled: System) -> None:
    connected(any_page, filled, demo.NAME)
    for path in PAGES:
        answer = any_page.goto(path)
        assert answer is not None and answer.ok, path
        axe(any_page)
        fits(any_page)
