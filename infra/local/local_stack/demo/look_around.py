"""After the first sync: where to look, what to try, and what every further sync did."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import requests

from .loading import EMAIL
from .newcomer import EMAIL as NEWCOMER
from .newcomer import STRANGER
from .progress import Screen
from .sign_in import Visitor, WebFailed
from .stack import Stack


def invite(screen: Screen, stack: Stack, sub: str, visitor: Visitor, pairs: Mapping[str, str]) -> None:
    """Print addresses and commands to try; `sub` is the Google account, `pairs` are Google ids by Sugar id."""
    web, sugar, google = stack.web.url, f"{stack.sugar.url}/_control", f"{stack.google.url}/_control"
    curl = f"curl -s -b {visitor.cookies}"

    def command(label: str, url: str, **arguments: Any) -> None:
        screen.fact(label, f"curl -s -d '{json.dumps(arguments)}' {url}")

    screen.line()
    screen.line(f"  {screen.bold('Look around.')} It goes on syncing every minute until Ctrl-C.")
    screen.line()
    screen.fact("in a browser", f"{screen.bold(web)}")
    screen.fact("", f"sign in as {EMAIL}, whose contacts were just synced,")
    screen.fact("", f"as {NEWCOMER}, who has never been here,")
    screen.fact("", f"or as {STRANGER}, who has no Sugar user")
    for path in ("status", "history", "backlog", "settings"):
        screen.fact("with curl" if path == "status" else "", f"{curl} {web}/api/{path}")
    screen.fact("sync now", f"{curl} -X POST -H 'X-CSRF-Token: {visitor.csrf_token}' {web}/api/sync")
    command("all of Sugar", f"{sugar}/contacts")
    command("all of Google", f"{google}/contacts", sub=sub)
    for sugar_id, google_id in list(pairs.items())[:1]:
        command("edit in Sugar", f"{sugar}/edit_contact", id=sugar_id, title="Director")
        note = [{"value": "Called today."}]
        name = f"people/{google_id}"
        command("edit in Google", f"{google}/edit_contact", sub=sub, resource_name=name, biographies=note)
    screen.line()


def stay(screen: Screen, visitor: Visitor, check: Callable[[], None]) -> None:
    """Sync every minute, and tell what each sync did, until a signal ends it. `check` raises if a process died."""
    visitor.change_settings(auto={"enabled": True, "interval_minutes": 1})
    seen = {str(run["run"]) for run in visitor.every("/api/runs")}
    while True:
        time.sleep(1.0)
        check()
        for line in _news(visitor, seen):
            screen.fact(f"{datetime.now():%H:%M:%S}", line)


def _news(visitor: Visitor, seen: set[str]) -> list[str]:
    """What finished runs did that were not seen before, in words; remembers them as seen."""
    try:
        runs = visitor.get("/api/runs")["items"]
    except (WebFailed, requests.RequestException):
        return []
    lines = []
    for run in reversed(runs):
        if run["run"] in seen or not run["finished"]:
            continue
        seen.add(run["run"])
        counts = ", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in run["counts"].items())
        if counts or run["error"]:
            lines.append(counts or f"failed: {run['error']}")
    return lines
