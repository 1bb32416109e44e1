"""Notices what a person at the page would not be told: script errors, violations of the content security policy,
requests that fail or go elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request, Response, WebError

_GIVEN_UP = "net::ERR_ABORTED"
"""A request that the browser itself dropped: the page was left, or a download began."""
_UNLOADED = "Failed to load resource"
"""Chromium's console says so about each failed request, which is noticed here with its address."""


class Watch:
    """Everything that went wrong in the browser contexts of one test. `verify` raises if anything did."""

    def __init__(self, hosts: Collection[str]) -> None:
        self.problems: list[str] = []
        self._hosts = hosts
        self._allowed: set[int] = set()
        self._contexts: list[BrowserContext] = []

    def over(self, context: BrowserContext) -> None:
        """Watch this context, too."""
        self._contexts.append(context)
        context.on("console", self._console)
        context.on("weberror", self._thrown)
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    def allow(self, *statuses: int) -> None:
        """Answers with these statuses are what the test is about."""
        self._allowed.update(statuses)

    @property
    def pages(self) -> list[Page]:
        """The open pages."""
        return [page for context in self._contexts for page in context.pages]

    def close(self) -> None:
        """End all contexts."""
        for context in self._contexts:
            context.close()

    def verify(self) -> None:
        """Fail with all that went wrong, a line each."""
        for page in self.pages:
            # What the browser already knows arrives ahead of this answer.
            try:
                page.evaluate("0")
            except Error as error:
                self.problems.append(f"the page does not answer: {error}")
        assert not self.problems, "\n".join(["the browser noticed:", *self.problems])

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert") and not message.text.startswith(_UNLOADED):
            where = message.location
            self.problems.append(
                f"console {message.type}: {message.text} ({where['url']}:{where['lineNumber']})"
            )

    def _thrown(self, error: WebError) -> None:
        self.problems.append(f"uncaught: {error.error}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc not in self._hosts:
            self.problems.append(f"a request to a foreign host: {request.url}")

    def _failed(self, request: Request) -> None:
        if request.failure != _GIVEN_UP:
            self.problems.append(f"{request.method} {request.url} failed: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._allowed:
            self.problems.append(f"{response.request.method} {response.url} answered {response.status}")
