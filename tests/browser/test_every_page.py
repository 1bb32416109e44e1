"""Every page, filled with contacts, however it is looked at."""

from __future__ import annotations

import pytest
from tests.browser import demo
from tests.browser.accessibility import axe, fits
from tests.browser.conftest import OpenPage
from tests.browser.system import System
from tests.browser.views import VIEWS
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


@pytest.mark.parametrize("view", ["desktop", "phone", "dark"])
def test_people_can_read_every_page(open_page: OpenPage, filled: System, view: str) -> None:
    page = open_page(**VIEWS[view])
    connected(page, filled, demo.NAME)
    for path in PAGES:
        answer = page.goto(path)
        assert answer is not None and answer.ok, path
        axe(page)
        fits(page)
