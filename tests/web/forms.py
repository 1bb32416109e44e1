"""A form as a browser without a script sees it: what it would send if nobody touched it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from tests.web.browser import WEB_URL, Browser
from werkzeug.test import TestResponse

from contact_sync.contacts.settings import leaves

HTMX = {"HX-Request": "true"}


class Form(HTMLParser):
    """The fields of the form with this id (or of the only one with this action) and where it leads."""

    def __init__(self, page: TestResponse, *, id: str = "", action: str = "") -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.action = ""
        self.locked: set[str] = set()
        """Names of the controls that cannot be used."""
        self._id, self._wanted = id, action
        self._inside = self._found = False
        self._disabled = [False]
        self._select = ""
        self.feed(page.text)
        assert self._found, f"there is no form {id or action} on the page"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: dict[str, Any] = dict(attrs)
        if tag == "form":
            this = given.get("id") == self._id if self._id else given.get("action") == self._wanted
            if this:
                assert given["method"] == "post"
                self._inside, self._found, self.action = True, True, given["action"]
        elif tag == "fieldset":
            self._disabled.append("disabled" in given)
        elif tag == "option" and self._select and "selected" in given:
            self.fields[self._select] = given["value"]
        elif tag in ("input", "select") and self._mine(given):
            self._control(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "fieldset":
            self._disabled.pop()
        elif tag == "select":
            self._select = ""

    def _mine(self, given: dict[str, Any]) -> bool:
        owner = given.get("form")
        return "name" in given and (owner == self._id if owner else self._inside)

    def _control(self, tag: str, given: dict[str, Any]) -> None:
        name = given["name"]
        if "disabled" in given or any(self._disabled):
            self.locked.add(name)
        elif tag == "select":
            self._select, self.fields[name] = name, ""
        elif given.get("type") not in ("checkbox", "radio") or "checked" in given:
            self.fields[name] = given.get("value") or ("on" if given.get("type") == "checkbox" else "")

    def sending(self, **changes: str | None) -> dict[str, str]:
        """What is sent after these changes; `__` in a name stands for a dot, None for a box that was unticked."""
        named = {name.replace("__", "."): value for name, value in changes.items()}
        return {name: value for name, value in (self.fields | named).items() if value is not None}


def change_settings(browser: Browser, **changes: str | None) -> TestResponse:
    """Open the settings, change something, press Save."""
    return send(browser, Form(browser.get("/"), id="settings"), **changes)


def send(browser: Browser, form: Form, **changes: str | None) -> TestResponse:
    return browser.client.post(form.action, base_url=WEB_URL, data=form.sending(**changes))


def swap(browser: Browser, form: Form, **changes: str | None) -> TestResponse:
    """The same as htmx sends it."""
    return browser.client.post(form.action, base_url=WEB_URL, data=form.sending(**changes), headers=HTMX)


def saved(browser: Browser) -> dict[str, Any]:
    """The settings as they are stored, by path."""
    plain = browser.json("/api/settings")
    return {path: value for path, value in leaves(plain) if not path.startswith(("version", "locked"))}
