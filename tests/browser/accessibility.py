"""Whether people can use a page at all: what axe-core finds on it, and whether it fits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
"""WCAG 2.2 up to level AA, and what Deque Systems calls good practice."""
_SCRIPT = re.compile(r"<script.*?</script>", re.DOTALL)
_NOSCRIPT = re.compile(r"</?noscript[^>]*>")


def axe(page: Page, *, without: tuple[str, ...] = ()) -> None:
    """Fail if the page as it is now breaks a rule: each with what it asks for and where. `without` names rules.

    The script is run beside the page, so that the page's content security policy does not concern it.
    """
    with _where_scripts_run(page) as shown:
        shown.evaluate(_script())
        options = {
            "runOnly": {"type": "tag", "values": RULES},
            "rules": {rule: {"enabled": False} for rule in without},
            "resultTypes": ["violations"],
        }
        found = shown.evaluate("options => axe.run(document, options)", options)["violations"]
    assert not found, "\n".join([f"axe finds fault with {page.url}:", *map(_words, found)])


def fits(page: Page) -> None:
    """Fail if the page has to be scrolled sideways."""
    wide, room = page.evaluate(
        "[document.scrollingElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= room, f"{page.url} is {wide} pixels wide, where there is room for {room}"


def _words(violation: dict[str, Any]) -> str:
    where = [
        f"    {' '.join(map(str, node['target']))}: {' '.join(node['failureSummary'].split())}"
        for node in violation["nodes"]
    ]
    return "\n".join([f"  {violation['id']} ({violation['impact']}): {violation['help']}", *where])


@contextmanager
def _where_scripts_run(page: Page) -> Iterator[Page]:
    """The page itself; of one without JavaScript, where axe cannot run, a copy of what it shows."""
    browser = page.context.browser
    if browser is None or not page.evaluate("matchMedia('(scripting: none)').matches"):
        yield page
        return
    html = _NOSCRIPT.sub("", _SCRIPT.sub("", page.content()))
    with browser.new_context(viewport=page.viewport_size) as context:
        copy = context.new_page()
        copy.route(page.url, lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
        copy.goto(page.url)
        yield copy


@cache
def _script() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text()
