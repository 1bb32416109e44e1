"""The simulator's HTTP face: versions, routes, tokens, /bulk, faults and latency around the handlers."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from .database import Database
from .errors import SugarError, invalid_parameter, missing_parameter, no_route, reason_phrase
from .faults import Fault, FaultPlan, refusal, refusal_afterwards
from .messages import Answer, Request, read_body, read_json, read_query, refused, wire
from .rights import Rights
from .routing import Call, Router, as_answer
from .sessions import Session, Sessions

_URL = re.compile(r".*?/rest(?:/+v(?P<major>\d+)(?:[_.](?P<minor>\d+))?(?=/|$))?(?P<path>/.*)?")
_ITEM_URL = re.compile(r"/*v\d+(?:[_.]\d+)?(?P<path>/.*)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ACCEPT = re.compile(
    r"application/vnd\.sugarcrm\.[a-z]+\+json;\s*version=(?P<major>\d+)(?:\.(?P<minor>\d+))?"
)

StartResponse = Callable[..., Any]
SignedIn = tuple[Session, Rights]


class Patience:
    """How long a caller has waited, and when it gives up (None: never)."""

    def __init__(self, timeout: float | None, sleep: Callable[[float], None]) -> None:
        self._left = timeout
        self._sleep = sleep

    def wait(self, seconds: float) -> None:
        """Let the caller wait; raises TimeoutError where it hangs up."""
        if seconds <= 0:
            return
        if self._left is not None and seconds >= self._left:
            self._sleep(self._left)
            raise TimeoutError("the answer took longer than the caller waits")
        if self._left is not None:
            self._left -= seconds
        self._sleep(seconds)


@dataclass
class Pace:
    """Seconds that a call, each item of a /bulk, and each row of a list takes beyond its work."""

    latency: float = 0.0
    item_latency: float = 0.0
    row_latency: float = 0.0


class RestApp:
    """The WSGI application below `/rest`."""

    def __init__(
        self,
        db: Database,
        sessions: Sessions,
        faults: FaultPlan,
        router: Router,
        sleep: Callable[[float], None],
    ) -> None:
        self._db = db
        self._sessions = sessions
        self._faults = faults
        self._router = router
        self._sleep = sleep
        self.newest_version = (11, 26)
        self.lock = threading.RLock()
        self.pace = Pace()
        self.any_version = False
        self.calls: list[tuple[str, str]] = []
        self.item_calls: list[tuple[str, str]] = []
        self.before_item: Callable[[str, str], None] | None = None
        self.hold_abandoned = False
        self.abandoned: list[Callable[[], object]] = []

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request. Raises ConnectionError and TimeoutError where the caller loses the
        connection.
        """
        patience = Patience(_timeout(environ.get("client.timeout")), self._sleep)
        headers = {
            key[5:].replace("_", "-"): value for key, value in environ.items() if key.startswith("HTTP_")
        }
        request = Request(environ["REQUEST_METHOD"].upper(), environ.get("PATH_INFO", "/"), {}, headers)
        request.address = environ.get("REMOTE_ADDR") or "127.0.0.1"
        try:
            request.path = self._below_version(environ.get("PATH_INFO", "/"), request)
            self.calls.append((request.method, request.path))
            answer = self._outer(request, environ, patience)
        except SugarError as error:
            answer = refused(error)
        status, sent, body = wire(answer, request)
        start_response(f"{status} {reason_phrase(status)}", sent)
        return [body]

    def _below_version(self, path: str, request: Request) -> str:
        match = _URL.fullmatch(path)
        if match is None:
            raise no_route(path)
        version = match if match["major"] else _ACCEPT.search(request.header("Accept") or "")
        if version is None:
            raise no_route(path)
        request.version = (int(version["major"]), int(version["minor"] or 0))
        if not self.any_version and not (10, 0) <= request.version <= self.newest_version:
            text = "Please change your requested API version to value between 10 and {}.{}."
            raise SugarError(301, "incorrect_version", text.format(*self.newest_version))
        return _clean(match["path"] or "")

    def _outer(self, request: Request, environ: dict[str, Any], patience: Patience) -> Answer:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        fault = self._faults.take(request.method, request.path)
        early = _struck(fault, html=True)
        if early is not None:
            patience.wait(self.pace.latency)
            return early
        try:
            request.args = {
                **read_body(body, environ.get("CONTENT_TYPE") or ""),
                **read_query(environ.get("QUERY_STRING") or ""),
            }
            bulk = (request.method, request.path) == ("POST", "/bulk")
            answer = self._bulk(request, patience) if bulk else self._handled(request, None)
        except SugarError as error:
            answer = refused(error)
        patience.wait(self.pace.row_latency * _rows(answer))
        patience.wait(self.pace.latency)
        return _aftermath(fault, patience) or answer

    def _signed_in(self, request: Request) -> SignedIn:
        token = request.header("OAuth-Token")
        if not token:
            scheme, _, bearer = (request.header("Authorization") or "").partition(" ")
            token = bearer.strip() if scheme.lower() == "bearer" else ""
        if not token:
            raise SugarError(401, "need_login", "No valid authentication for user.")
        session = self._sessions.find(token, request.address)
        return session, Rights(self._db, self._db.users[session.user_id])

    def _handled(self, request: Request, signed_in: SignedIn | None) -> Answer:
        found = self._router.find(request.method, request.path)
        if found is None:
            raise no_route(request.path)
        route, variables = found
        with self.lock:
            session, rights = (None, None) if route.public else signed_in or self._signed_in(request)
            return as_answer(route.handler(Call(request, {**request.args, **variables}, session, rights)))

    def _bulk(self, request: Request, patience: Patience) -> Answer:
        with self.lock:
            signed_in = self._signed_in(request)
        items = request.args.get("requests")
        if not items or not isinstance(items, list | dict):
            raise missing_parameter("requests")
        entries = list(items.items()) if isinstance(items, dict) else list(enumerate(items))
        for _, item in entries:
            if not isinstance(item, dict) or not item.get("url"):
                raise invalid_parameter("Invalid request - URL is missing")
        results: dict[Any, Any] = {}
        for position, (key, item) in enumerate(entries):
            try:
                patience.wait(self.pace.item_latency)
            except TimeoutError:
                self._abandon([entry for _, entry in entries[position:]], signed_in)
                raise
            results[key] = self._item(item, signed_in, patience)
        return Answer(results if isinstance(items, dict) else list(results.values()))

    def _abandon(self, items: list[dict[str, Any]], signed_in: SignedIn) -> None:
        """The caller hung up; the server works on. With `hold_abandoned` it does so only when told to."""
        endless = Patience(None, lambda seconds: None)
        work = [partial(self._item, item, signed_in, endless) for item in items]
        if self.hold_abandoned:
            self.abandoned += work
        else:
            for step in work:
                step()

    def _item(self, item: dict[str, Any], signed_in: SignedIn, patience: Patience) -> dict[str, Any]:
        try:
            request = _item_request(item)
            self.item_calls.append((request.method, request.path))
            if self.before_item is not None:
                self.before_item(request.method, request.path)
            answer = self._item_answer(request, signed_in, patience)
        except SugarError as error:
            answer = refused(error)
        return {
            "contents": answer.contents,
            "headers": answer.headers or [],
            "status": answer.status,
            "status_text": answer.reason,
        }

    def _item_answer(self, request: Request, signed_in: SignedIn, patience: Patience) -> Answer:
        fault = self._faults.take(request.method, request.path)
        early = _struck(fault, html=False)
        if early is not None:
            return early
        try:
            answer = self._handled(request, signed_in)
        except SugarError as error:
            answer = refused(error)
        patience.wait(self.pace.row_latency * _rows(answer))
        return _aftermath(fault, patience) or answer


def _item_request(item: dict[str, Any]) -> Request:
    # The path is taken as it stands: the web server decodes that of a real request, nobody that of an item.
    path, _, query = str(item["url"]).partition("#")[0].partition("?")
    path = _CONTROL.sub("_", path)
    match = _ITEM_URL.fullmatch(path)
    if match is None:
        raise no_route(path)
    data, headers = item.get("data"), item.get("headers")
    body = read_json(data) if isinstance(data, str) and data.strip() else data
    return Request(
        str(item.get("method") or "GET").upper(),
        _clean(match["path"]),
        {**(body if isinstance(body, dict) else {}), **read_query(query)},
        {str(key): str(value) for key, value in headers.items()} if isinstance(headers, dict) else {},
    )


def _rows(answer: Answer) -> int:
    """How many rows an answer lists."""
    rows = answer.contents.get("records") if isinstance(answer.contents, dict) else None
    return len(rows) if isinstance(rows, list) else 0


def _clean(path: str) -> str:
    return "/" + "/".join(part for part in path.split("/") if part)


def _struck(fault: Fault | None, html: bool) -> Answer | None:
    """The answer of a fault that comes before any effect; raises ConnectionError for a lost connection."""
    if fault is None:
        return None
    if fault.kind == "drop_before":
        raise ConnectionError("connection lost before the request was read")
    error = refusal(fault.kind)
    if error is None:
        return None
    answer = refused(error)
    if fault.retry_after is not None:
        answer.headers["Retry-After"] = str(fault.retry_after)
    if html and error.status in (429, 502):
        answer.headers["Content-Type"] = "text/html"
        title = f"{error.status} {error.message}"
        answer.raw = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>".encode()
    return answer


def _aftermath(fault: Fault | None, patience: Patience) -> Answer | None:
    """What happens to the answer once the effect is there: the one that takes its place, if any does."""
    if fault is None:
        return None
    if fault.kind == "slow":
        patience.wait(fault.seconds)
    elif fault.kind == "drop_after":
        raise ConnectionError("connection lost after the request was carried out")
    error = refusal_afterwards(fault.kind)
    return refused(error) if error else None


def _timeout(value: Any) -> float | None:
    """The read timeout of a `requests` call, which may be one number or (connect, read)."""
    if isinstance(value, tuple):
        value = value[-1]
    return float(value) if isinstance(value, int | float) else None
