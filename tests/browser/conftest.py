"""A fresh system and a fresh page for every test, one Chromium for all; what goes wrong unseen fails the test."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page
from tests.browser.chromium import MISSING, chromium, installed
from tests.browser.system import System
from tests.browser.views import VIEWS, new_context
from tests.browser.watch import Watch

FAILURES = Path(__file__).with_name("failures")
OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser; without one, or with BROWSER=no, leave it out."""
    why = "BROWSER=no" if os.environ.get("BROWSER") == "no" else "" if installed() else MISSING
    for item in items:
        if "chrome" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
            if why:
                item.add_marker(pytest.mark.skip(reason=why))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """After the test itself, ask what the browser noticed; of a test that failed keep what was to be seen."""
    watch: Watch | None = getattr(item, "funcargs", {}).get("watch")
    try:
        result = yield
        if watch:
            watch.verify()
    except BaseException:
        if watch:
            _keep(watch, item)
        raise
    return result


def _keep(watch: Watch, item: pytest.Item) -> None:
    FAILURES.mkdir(exist_ok=True)
    name = re.sub(r"[^\w.]+", "-", f"{item.path.stem}.{item.name}")[:120]
    for number, page in enumerate(watch.pages, start=1):
        file = FAILURES / f"{name}.{number}"
        # The test has failed already; a page that cannot be shown any more must not hide why.
        with suppress(Error):
            page.screenshot(path=f"{file}.png", full_page=True)
            Path(f"{file}.html").write_text(page.content())


@pytest.fixture(scope="session")
def chrome() -> Iterator[Browser]:
    """The one browser of this process."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def system() -> Iterator[System]:
    """A deployment in which nobody has signed in. Jane has a Sugar user and a Google account."""
    started = System()
    yield started
    started.close()


@pytest.fixture
def watch(chrome: Browser, system: System) -> Iterator[Watch]:
    """What the browser noticed in this test; `allow` the statuses that the test is about."""
    noticed = Watch({urlsplit(url).netloc for url in (system.url, system.google_url)})
    yield noticed
    noticed.close()


@pytest.fixture
def open_page(chrome: Browser, system: System, watch: Watch) -> OpenPage:
    """Opens a page in a browser context of its own, that is with its own cookies; takes Playwright's options."""

    def opened(**options: Any) -> Page:
        context = new_context(chrome, system, **options)
        watch.over(context)
        return context.new_page()

    return opened


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A page on a desktop."""
    return open_page()


@pytest.fixture
def phone_page(open_page: OpenPage) -> Page:
    """A page on a small phone."""
    return open_page(**VIEWS["phone"])


@pytest.fixture
def plain_page(open_page: OpenPage) -> Page:
    """A page with JavaScript switched off."""
    return open_page(**VIEWS["plain"])


@pytest.fixture
def dark_page(open_page: OpenPage) -> Page:
    """A page of someone who prefers dark colours."""
    return open_page(**VIEWS["dark"])


@pytest.fixture
def calm_page(open_page: OpenPage) -> Page:
    """A page of someone who wants nothing to move."""
    return open_page(**VIEWS["calm"])


@pytest.fixture(params=VIEWS)
def any_page(request: pytest.FixtureRequest, open_page: OpenPage) -> Page:
    """A page in every one of these views, a test each."""
    return open_page(**VIEWS[request.param])
