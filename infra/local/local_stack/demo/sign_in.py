"""The demo user in front of the web function: signs in, grants access, chooses settings, syncs. All of it goes through
the function's own pages and API, as a browser would.
"""

from __future__ import annotations

from http.cookiejar import MozillaCookieJar
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import requests

Json = dict[str, Any]
_SECONDS = 30.0

BOTH_WAYS: Json = {
    "from_sugar": {"enabled": True, "update": True, "create": True, "delete": False},
    "from_google": {"enabled": True, "update": True, "create": True, "delete": False},
    "sugar_scope": "mine",
    "private_fields": "share",
    "overflow": "continue",
}
"""What the demo sets: everything created and updated on both sides, private fields too, so that they can be compared;
nothing deleted, no wait between batches."""


class WebFailed(Exception):
    """The web function did not do what the demo asked for; the message quotes its answer."""


class Visitor:
    """A browser of one user. The session's cookies are kept in a file that curl can use, too."""

    def __init__(self, web: str, cookies: Path) -> None:
        self.web = web
        self.cookies = cookies
        self._jar = MozillaCookieJar(cookies)
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.cookies = self._jar  # type: ignore[assignment]
        self.csrf_token = ""

    def sign_in(self) -> str:
        """Sign in with Google, say "that is me" of the Sugar user who was found, then grant access to the contacts.

        Returns the connection's state.
        """
        self._follow("/sign-in")
        self.csrf_token = str(self.get("/api/session")["csrf_token"])
        question = self.get("/api/connection")["question"]
        if question:
            self._post("/api/connection/sugar-user", {"sugar_user_id": question["sugar_user_id"]})
            self._follow("/grant")
        self._jar.save(ignore_discard=True)
        return str(self.get("/api/status")["connection"]["state"])

    def get(self, path: str) -> Json:
        """Read something of the API. Raises WebFailed."""
        return self._json(self.http.get(self.web + path, timeout=_SECONDS))

    def every(self, path: str) -> list[Json]:
        """All items of a list of the API, page by page."""
        items: list[Json] = []
        cursor = ""
        while True:
            page = self.get(f"{path}?cursor={cursor}" if cursor else path)
            items += page["items"]
            cursor = page["next"] or ""
            if not cursor:
                return items

    def change_settings(self, **changes: Any) -> Json:
        """Replace some of the settings, under the version they were read with."""
        answer = self.http.get(f"{self.web}/api/settings", timeout=_SECONDS)
        wanted = {**self._json(answer), **changes}
        headers = {"If-Match": answer.headers["ETag"], "X-CSRF-Token": self.csrf_token}
        return self._json(
            self.http.put(f"{self.web}/api/settings", json=wanted, headers=headers, timeout=_SECONDS)
        )

    def sync_now(self) -> str:
        """Start a sync; returns the run."""
        return str(self._post("/api/sync")["run"])

    def _post(self, path: str, body: Json | None = None) -> Json:
        headers = {"X-CSRF-Token": self.csrf_token}
        return self._json(self.http.post(self.web + path, json=body, headers=headers, timeout=_SECONDS))

    def _follow(self, page: str) -> None:
        """Go where a page leads, by way of Google and back, to the web function's home."""
        answer = self.http.get(self.web + page, timeout=_SECONDS)
        if answer.status_code != 200 or urlsplit(answer.url).netloc != urlsplit(self.web).netloc:
            where = urlsplit(answer.url).path
            raise WebFailed(f"GET {page} ended at {where}: {answer.status_code} {answer.text[:300]}")

    @staticmethod
    def _json(answer: requests.Response) -> Json:
        if not answer.ok:
            path = urlsplit(answer.url).path
            raise WebFailed(f"{answer.request.method} {path}: {answer.status_code} {answer.text[:300]}")
        return cast(Json, answer.json())
