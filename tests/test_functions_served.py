"""The three functions as they are deployed: under the functions framework, in processes of their own.

In process a test meets one Flask application; deployed there are two, one within the other, whose contexts begin and
end in the order that the framework and its server choose. What outlives its context shows only here.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.web.routes import ALL

from contact_sync.contacts.side import Side
from contact_sync.store import history
from contact_sync.store.client import open_database
from contact_sync.store.database import Database
from contact_sync.store.records import Change, HistoryEntry
from local_stack.demo import stack
from local_stack.demo.processes import Process, Processes
from local_stack.demo.sign_in import BOTH_WAYS, Visitor
from local_stack.demo.signals import Signals
from local_stack.demo.simulators import GoogleBook, SugarBook
from local_stack.demo.stack import DOMAIN, PROJECT, SERVICE_USER, Stack
from local_stack.demo.syncing import sync_until_done

NAMES = ("ada", "bob")
MANY = 130
"""History entries of each: more than two pages of the list."""
PAGE = {"Accept": "text/html"}
MARK = re.compile(r"\{(\w+)\}")


@dataclass
class Member:
    """Someone who uses the deployment, and what is theirs, by the name that routes give it."""

    name: str
    sub: str
    sugar_user: str
    visitor: Visitor
    ids: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.visitor.http.get(
            self.visitor.web + path, headers=headers, timeout=30, allow_redirects=False
        )

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """An order by the API."""
        headers = {"X-CSRF-Token": self.visitor.csrf_token}
        answer = self.visitor.http.post(self.visitor.web + path, json=body, headers=headers, timeout=30)
        assert answer.status_code == 202, answer.text
        return dict(answer.json())


@dataclass
class Deployment:
    """What runs, and who uses it."""

    running: Stack
    members: list[Member]

    def printed(self) -> dict[str, str]:
        """What each function has printed so far, to both streams."""
        functions: tuple[Process, ...] = (self.running.web, self.running.worker, self.running.dispatcher)
        return {process.name: process.log.read_text() for process in functions}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("functions")
    with Processes(folder, Signals()) as processes, pytest.MonkeyPatch.context() as environment:
        running = stack.start(processes)
        environment.setenv("FIRESTORE_EMULATOR_HOST", running.firestore.host)
        db = open_database(PROJECT, "(default)")
        sugar, google = SugarBook(running.sugar.url), GoogleBook(running.google.url)
        sugar("add_user", user_name=SERVICE_USER, password=running.sugar_password, admin=True)
        members = [joined(name, running, sugar, google, folder) for name in NAMES]
        with ThreadPoolExecutor() as side_by_side:
            list(side_by_side.map(lambda member: live(member, processes, sugar, db), members))
        yield Deployment(running, members)


def joined(name: str, running: Stack, sugar: SugarBook, google: GoogleBook, folder: Path) -> Member:
    """Someone new with a contact to sync, and one that two in Google could be."""
    email = f"{name}@{DOMAIN}"
    user = sugar("add_user", user_name=name, email=email, first_name=name.title(), last_name="Demo")
    google.open(email, DOMAIN)
    sugar.load([contact("Ida", name, user), contact("Max", name, user)])
    twin = {
        "names": [{"givenName": "Max", "familyName": name}],
        "emailAddresses": [{"value": f"Max@{name}.test"}],
    }
    google.load([twin, twin])
    google("auto_approve", email=email)
    visitor = Visitor(running.web.url, folder / f"{name}.txt")
    assert visitor.sign_in() == "connected"
    return Member(name, google.sub, user, visitor)


def contact(first: str, last: str, user: str) -> dict[str, Any]:
    return {
        "first_name": first,
        "last_name": last,
        "email": f"{first}@{last}.test",
        "assigned_user_id": user,
    }


def live(member: Member, processes: Processes, sugar: SugarBook, db: Database) -> None:
    """Sync, plan, and have a long history: everything that an address can name is there."""
    visitor = member.visitor
    visitor.change_settings(**BOTH_WAYS)
    sync_until_done(visitor, lambda _done, _total: None, processes.check)
    now = datetime.now(UTC)
    db.commit([history.put(member.sub, entry(number, now)) for number in range(MANY)])
    sugar.load([contact("Eva", member.name, member.sugar_user)])
    preview = member.post("/api/preview")["preview"]
    while (planned := visitor.get(f"/api/preview/{preview}"))["state"] == "planning":
        processes.check()
    member.ids |= {
        "entry": visitor.get("/api/backlog")["items"][0]["id"],
        "history": visitor.get("/api/history")["items"][0]["id"],
        "run": visitor.get("/api/runs")["items"][0]["run"],
        "sugar_id": visitor.get("/api/mappings?state=linked")["items"][0]["sugar_id"],
        "preview": preview,
        "action": planned["items"][0]["id"],
        "item": planned["items"][0]["id"],
        "name": "app.css",
    }


def entry(number: int, now: datetime) -> HistoryEntry:
    return HistoryEntry(
        id=f"h{number}",
        at=now - timedelta(seconds=number),
        run="an-earlier-run",
        trigger="manual",
        sugar_id=f"s{number}",
        google_id=None,
        name="Ida",
        action="update",
        side=Side.GOOGLE,
        state="done",
        changes=(Change("title", "", f"number {number}"),),
    )


def paths(ids: dict[str, str]) -> list[str]:
    """Every route that answers GET, its parameters replaced; one address for each list that may be long."""
    routes = sorted(path for method, path in ALL if method == "GET")
    found = [MARK.sub(lambda mark: ids[mark[1]], _of_history(path)) for path in routes]
    return [path + "?q=Ida" if path == "/api/why" else path for path in found]


def _of_history(path: str) -> str:
    """An entry of the history and one of the backlog have the same name in their routes."""
    return path.replace("{entry}", "{history}") if "/history/" in path else path


def kind(path: str) -> str:
    """The media type that an address answers with."""
    if path.endswith(".csv"):
        return "text/csv"
    if path.endswith(".css"):
        return "text/css"
    return "application/json" if path.startswith(("/api/", "/health", "/openapi.json")) else "text/html"


def rows(answer: requests.Response) -> list[dict[str, str]]:
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def nothing_went_wrong(deployment: Deployment) -> None:
    """No function printed an error, and nothing that is no line of its log."""
    for name, printed in deployment.printed().items():
        for line in printed.splitlines():
            assert json.loads(line)["severity"] == "INFO", f"{name}: {line}"


def test_every_route_answers_what_is_there(deployment: Deployment) -> None:
    for member in deployment.members:
        for path in paths(member.ids):
            answer = member.get(path, **(PAGE if kind(path) == "text/html" else {}))
            wanted = 302 if path in ("/sign-in", "/grant") else 400 if path == "/oauth/callback" else 200
            assert (path, answer.status_code) == (path, wanted), answer.text[:300]
            assert answer.headers["Content-Type"].partition(";")[0] == kind(path), path
    nothing_went_wrong(deployment)


def test_every_route_says_what_is_not_there(deployment: Deployment) -> None:
    member = deployment.members[0]
    for path in sorted({path for method, path in ALL if method == "GET" and "{" in path}):
        answer = member.get(MARK.sub("nothing-of-this-name", path), **PAGE)
        assert (path, answer.status_code) == (path, 404), answer.text[:300]
    nothing_went_wrong(deployment)


def test_every_route_refuses_strangers(deployment: Deployment) -> None:
    member = deployment.members[0]
    for path in paths(member.ids):
        answer = requests.get(member.visitor.web + path, timeout=30, allow_redirects=False)
        assert answer.status_code < 500, path
        assert not path.startswith("/api/") or answer.status_code == 401, path
    nothing_went_wrong(deployment)


def test_a_long_file_is_whole_for_whoever_asks_and_whenever(deployment: Deployment) -> None:
    """Twice in a row, side by side, and by somebody who stops reading; the thread serves the next one as before."""
    for member in deployment.members:
        for _ in "again":
            numbers = [row["after"] for row in rows(member.get("/api/history.csv?run=an-earlier-run"))]
            assert numbers == [f"number {number}" for number in range(MANY)]
            assert member.get("/api/status").status_code == 200
    with ThreadPoolExecutor(8) as side_by_side:
        asked = [member for member in deployment.members for _ in range(4)]
        answers = list(side_by_side.map(lambda member: member.get("/api/history.csv"), asked))
    assert all(len(rows(answer)) >= MANY for answer in answers)
    for member in deployment.members:
        http, address = member.visitor.http, f"{member.visitor.web}/api/history.csv"
        with http.get(address, timeout=30, stream=True) as begun:
            next(begun.iter_content(64))
        assert member.get("/api/status").json()["connection"]["google_account"].startswith(member.name)
    nothing_went_wrong(deployment)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"user": 1}', b'{"user": "x", "trigger": "no such"}'])
def test_the_worker_refuses_what_is_no_task(deployment: Deployment, body: bytes) -> None:
    answer = requests.post(deployment.running.worker.url, data=body, timeout=30)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    nothing_went_wrong(deployment)


def test_the_worker_and_the_dispatcher_do_their_work(deployment: Deployment) -> None:
    for member in deployment.members:
        task = {"user": member.sub, "trigger": "schedule"}
        answer = requests.post(deployment.running.worker.url, json=task, timeout=30)
        assert (answer.status_code, answer.json().get("error")) == (200, None)
    answer = requests.post(deployment.running.dispatcher.url, timeout=30)
    assert answer.status_code == 200
    assert answer.json().keys() >= {"due", "enqueued"}
    for function in (deployment.running.worker, deployment.running.dispatcher):
        assert requests.get(function.url, timeout=30).headers["Content-Type"] == "application/json"
    nothing_went_wrong(deployment)
