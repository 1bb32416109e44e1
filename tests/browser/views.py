"""How people look at pages: on a desktop, on a small phone, without JavaScript, in the dark, with nothing moving."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, BrowserContext
from tests.browser.system import System

VIEWS: dict[str, dict[str, Any]] = {
    "desktop": {},
    "phone": {
        "viewport": {"width": 360, "height": 740},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
    "plain": {"java_script_enabled": False},
    "dark": {"color_scheme": "dark"},
    "calm": {"reduced_motion": "reduce"},
}
"""What `new_context` takes for each."""

TIMEOUT = 10_000
"""Milliseconds: generous, the machine may be busy. Nothing waits for longer than it takes."""


def new_context(browser: Browser, system: System, **options: Any) -> BrowserContext:
    """Somebody's browser, with nobody's cookies; addresses without a host are the web function's."""
    context = browser.new_context(
        **{
            "base_url": system.url,
            "viewport": {"width": 1280, "height": 900},
            "locale": "en-GB",
            "timezone_id": "Europe/Berlin",
            **options,
        }
    )
    context.set_default_timeout(TIMEOUT)
    return context
