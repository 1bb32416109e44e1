"""What is measured: every page and every list of the API, by its address."""

from __future__ import annotations

from tests.benchmarks.big_user import CONTACT, RUN

FIRST = "/"
"""The page that must be there at once."""

PAGES = (FIRST,)

LISTS = (
    "/api/session",
    "/api/status",
    "/api/connection",
    "/api/settings",
    "/api/labels",
    "/api/runs",
    f"/api/runs/{RUN}",
    "/api/history",
    f"/api/history?contact={CONTACT}",
    f"/api/history?run={RUN}",
    "/api/backlog",
    "/api/backlog?cause=refused",
    "/api/mappings?state=linked",
    "/api/mappings?state=unlinked",
)

ALL = (*PAGES, *LISTS)
