"""What axe-core finds on a page, as one readable failure."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
"""WCAG 2.2 up to level AA, and what Deque Systems calls good practice."""


def axe(page: Page, *, without: tuple[str, ...] = ()) -> None:
    """Fail if the page as it is now breaks a rule: each with what it asks for and where. `without` names rules.

    The script is run beside the page, so that the page's content security policy does not concern it.
    """
    page.evaluate(_script())
    options = {
        "runOnly": {"type": "tag", "values": RULES},
        "rules": {rule: {"enabled": False} for rule in without},
        "resultTypes": ["violations"],
    }
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    assert not found, "\n".join([f"axe finds fault with {page.url}:", *map(_words, found)])


def _words(violation: dict[str, Any]) -> str:
    where = [
        f"    {' '.join(map(str, node['target']))}: {' '.join(node['failureSummary'].split())}"
        for node in violation["nodes"]
    ]
    return "\n".join([f"  {violation['id']} ({violation['impact']}): {violation['help']}", *where])


@cache
def _script() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text()
