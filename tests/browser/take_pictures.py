"""Pictures of the pages for the documentation, taken from the running system with made-up contacts.

tests/browser/screenshots             all, into tests/browser/pictures/
tests/browser/screenshots preview     those whose names begin with this
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page
from tests.browser import demo
from tests.browser.chromium import ChromiumMissing, chromium
from tests.browser.system import System
from tests.browser.views import VIEWS, new_context

FOLDER = Path(__file__).with_name("pictures")
MOST_BYTES = 120_000
COLOURS = 128


@dataclass(frozen=True)
class Picture:
    """A page as it is to be seen: where it is, from whom, and what is done there before the picture is taken."""

    name: str
    path: str
    view: str = "desktop"
    signed_in: bool = True
    prepare: Callable[[Page, System], None] = lambda _page, _system: None


def _preview(page: Page, system: System) -> None:
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/preview/*")
    system.settle()
    page.reload()
    page.locator("main details").first.wait_for()


def _preview_contact(page: Page, system: System) -> None:
    _preview(page, system)
    link = page.locator("#google_updated .both a[href*='/contacts/']").first
    page.goto(str(link.get_attribute("href")))


PICTURES = (
    Picture("sign-in", "/", signed_in=False),
    Picture("settings", "/"),
    Picture("settings-dark", "/", "dark"),
    Picture("settings-phone", "/", "phone"),
    Picture("history", "/history"),
    Picture("backlog", "/backlog"),
    Picture("statistics", "/statistics"),
    Picture("preview", "/preview", prepare=_preview),
    Picture("preview-contact", "/preview", prepare=_preview_contact),
)


def main(beginnings: Sequence[str]) -> int:
    """Take the pictures; returns the exit status."""
    wanted = [picture for picture in PICTURES if not beginnings or picture.name.startswith(tuple(beginnings))]
    FOLDER.mkdir(exist_ok=True)
    system = System()
    try:
        cookies = system.cookies(demo.NAME)
        demo.settled(system)
        demo.edited(system)
        with chromium() as browser:
            sizes = {picture.name: _take(browser, system, cookies, picture) for picture in wanted}
    except ChromiumMissing as missing:
        print(f"The pictures are not taken: {missing}", file=sys.stderr)
        return 1
    finally:
        system.close()
    for name, size in sizes.items():
        print(f"{name}.png {size / 1000:4.0f} kB{' is too large' if size > MOST_BYTES else ''}")
    return int(any(size > MOST_BYTES for size in sizes.values()))


def _take(browser: Browser, system: System, cookies: dict[str, str], picture: Picture) -> int:
    """Take one picture; gives its size in bytes."""
    with new_context(browser, system, **VIEWS[picture.view]) as context:
        if picture.signed_in:
            context.add_cookies(
                [{"name": name, "value": value, "url": system.url} for name, value in cookies.items()]
            )
        page = context.new_page()
        answer = page.goto(picture.path)
        assert answer is not None and answer.ok, f"{picture.path}: {answer and answer.status}"
        picture.prepare(page, system)
        shot = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
    file = FOLDER / f"{picture.name}.png"
    shot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    return file.stat().st_size


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
