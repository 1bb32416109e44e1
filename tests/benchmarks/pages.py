"""What is measured: every page and every list of the API, by its address.

The export of the history is left out: it is as long as the history.
"""

from __future__ import annotations

from tests.benchmarks.big_user import CONTACT, ENTRY, PREVIEW, RUN

FIRST = "/"
"""The page that must be there at once."""

PAGES = (
    FIRST,
    "/preview",
    f"/preview/{PREVIEW}",
    f"/preview/{PREVIEW}/contacts/{CONTACT}",
    "/history",
    f"/history?contact={CONTACT}",
    f"/history?run={RUN}",
    f"/history/{ENTRY}",
    "/backlog",
    "/backlog?cause=refused",
    "/contacts",
    "/contacts/clean",
    "/statistics",
)

LISTS = (
    "/api/session",
    "/api/status",
    "/api/connection",
    "/api/settings",
    "/api/labels",
    "/api/runs",
    f"/api/runs/{RUN}",
    f"/api/preview/{PREVIEW}",
    f"/api/preview/{PREVIEW}/actions/{CONTACT}",
    "/api/history",
    f"/api/history?contact={CONTACT}",
    f"/api/history?run={RUN}",
    f"/api/history/{ENTRY}",
    "/api/backlog",
    "/api/backlog?cause=refused",
    "/api/backlog/causes",
    "/api/mappings?state=linked",
    "/api/mappings?state=unlinked",
    "/api/scope",
    "/api/inventory",
    "/api/why?q=contact1@example.test",
    "/api/why?q=Contact+No+00001",
    f"/api/why?q={CONTACT}",
)

ALL = (*PAGES, *LISTS)
