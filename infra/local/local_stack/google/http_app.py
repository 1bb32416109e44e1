"""The WSGI side: requests into calls, answers and errors into bytes, failures on order."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from . import batches, discovery, errors, groups_api, people
from .account import Account
from .errors import ApiError, Json, OAuthError
from .faults import BadGateway, FaultPlan, Faults
from .knobs import Knobs
from .oauth import AUTH_PATH, OAuth, Page
from .people import Call, Write
from .quotas import QuotaMeter

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Answer = tuple[str, list[tuple[str, str]], bytes]

_JSON = "application/json; charset=UTF-8"
_HTML = "text/html; charset=UTF-8"
_HANDLERS: dict[str, Callable[[Call], Json]] = {
    "people.connections.list": people.list_connections,
    "people.get": people.get,
    "people.getBatchGet": people.batch_get,
    "people.createContact": people.create,
    "people.updateContact": people.update,
    "people.deleteContact": people.delete,
    "people.updateContactPhoto": people.update_photo,
    "people.deleteContactPhoto": people.delete_photo,
    "people.searchContacts": people.search,
    "people.listDirectoryPeople": people.directory,
    "people.searchDirectoryPeople": people.directory,
    "people.batchCreateContacts": batches.batch_create,
    "people.batchUpdateContacts": batches.batch_update,
    "people.batchDeleteContacts": batches.batch_delete,
    "otherContacts.list": people.list_other_contacts,
    "otherContacts.search": people.list_other_contacts,
    "contactGroups.list": groups_api.list_groups,
    "contactGroups.get": groups_api.get_group,
    "contactGroups.batchGet": groups_api.batch_get_groups,
    "contactGroups.create": groups_api.create_group,
    "contactGroups.update": groups_api.update_group,
    "contactGroups.delete": groups_api.delete_group,
    "contactGroups.members.modify": groups_api.modify_members,
}


@dataclass(frozen=True)
class Request:
    """An HTTP request, with a GET that travelled as POST already turned back."""

    method: str
    path: str
    query: dict[str, list[str]]
    query_text: str
    body: bytes
    authorization: str

    def one(self, name: str) -> str:
        """A query parameter, or ""."""
        return self.query.get(name, [""])[-1]

    def form(self) -> dict[str, list[str]]:
        """The body as a form."""
        return parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    def bearer(self) -> str:
        """The access token, or ""."""
        kind, _, token = self.authorization.partition(" ")
        return token.strip() if kind.lower() == "bearer" else self.one("access_token")


class HttpApp:
    """A WSGI application that serves the People API and Google's sign-in."""

    def __init__(
        self,
        accounts: dict[str, Account],
        oauth: OAuth,
        faults: FaultPlan,
        knobs: Knobs,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
        control: Callable[[str, Json], Any],
    ) -> None:
        self._accounts = accounts
        self._oauth = oauth
        self._faults = faults
        self._knobs = knobs
        self._now = now
        self._sleep = sleep
        self._control = control
        self._quotas = QuotaMeter()
        self.lock = threading.RLock()
        self.writes: list[Write] = []
        self.calls: list[tuple[str, str]] = []

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request. An ordered loss of connection is a ConnectionError, lateness a TimeoutError."""
        request = _parsed(environ)
        if request.path.startswith("/_control/"):
            status, headers, body = self._controlled(request)
        else:
            status, headers, body = self._served(request, environ.get("client.timeout"))
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]

    def _served(self, request: Request, timeout: Any) -> Answer:
        with self.lock:
            faults = self._faults.strike(request.method, f"{request.path}?{request.query_text}")
            self.calls.append((request.method, request.path))
            if faults.drop_before:
                raise ConnectionResetError("connection dropped before the request was handled")
            answer = self._answer(request, faults)
        pause = self._knobs.latency + faults.slow
        patience = timeout[-1] if isinstance(timeout, tuple) else timeout
        if patience is not None and pause > patience:
            self._sleep(patience)
            raise TimeoutError(f"no answer within {patience} s")
        if pause:
            self._sleep(pause)
        if faults.drop_after:
            raise ConnectionResetError("connection dropped before the answer was sent")
        return answer

    def _answer(self, request: Request, faults: Faults) -> Answer:
        try:
            if faults.error:
                raise faults.error
            answer = self._dispatch(request, faults)
            if faults.fails_afterwards:
                raise errors.internal()
            return answer
        except (ApiError, OAuthError) as error:
            return _json(error.body(), error.code)
        except BadGateway:
            return _html(
                "502 Bad Gateway", "<!DOCTYPE html><title>Error 502 (Server Error)!!1</title><p>502."
            )

    def _dispatch(self, request: Request, faults: Faults) -> Answer:
        form = (
            {name: values[-1] for name, values in request.form().items()} if request.method == "POST" else {}
        )
        route = (request.method, request.path)
        if route == ("GET", AUTH_PATH):
            return _page(self._oauth.show({name: values[-1] for name, values in request.query.items()}))
        if route == ("POST", AUTH_PATH):
            return _page(self._oauth.submit(form, request.form().get("granted", [])))
        if route == ("POST", "/token"):
            return _json(self._oauth.token(form, request.authorization))
        if request.path == "/revoke" and request.method in ("GET", "POST"):
            self._oauth.grants.revoke(form.get("token") or request.one("token"))
            return _json({})
        if request.path == "/tokeninfo":
            return _json(self._oauth.token_info(form.get("access_token") or request.one("access_token")))
        if request.path in ("/userinfo", "/v1/userinfo"):
            return _json(self._oauth.user_info(request.bearer()))
        if request.path in ("/certs", "/oauth2/v1/certs"):
            return _json(self._oauth.grants.certificates())
        return self._people_api(request, faults)

    def _people_api(self, request: Request, faults: Faults) -> Answer:
        found = discovery.find(request.method, request.path)
        if found is None:
            return _html(
                "404 Not Found",
                "<!DOCTYPE html><title>Error 404 (Not Found)!!1</title><p><b>404.</b> Not found.",
            )
        method, identifier = found
        account = self._authorized(method, request.bearer())
        now = self._now()
        query = discovery.check_query(method, request.query)
        self._quotas.charge(account.sub, method.name, query, now, self._knobs)
        handler = _HANDLERS.get(method.name)
        if handler is None:
            raise errors.not_found()
        call = Call(
            account=account,
            method=method.name,
            identifier=identifier,
            query=query,
            body=discovery.check_body(method, _decoded(request.body)) if method.body else {},
            now=now,
            knobs=self._knobs,
            stale_etag=faults.stale_etag,
            without_details=faults.without_details,
            wrote=self.writes.append,
        )
        return _json(handler(call))

    def _authorized(self, method: discovery.Method, token: str) -> Account:
        if not token:
            raise errors.unauthenticated(method.rpc, "CREDENTIALS_MISSING")
        entry = self._oauth.grants.check(token)
        if entry is None or entry.expires <= self._now():
            raise errors.unauthenticated(method.rpc)
        if not method.scopes & set(entry.scopes):
            raise errors.scope_insufficient(method.rpc)
        return self._accounts[entry.sub]

    def _controlled(self, request: Request) -> Answer:
        try:
            arguments = json.loads(request.body or b"{}")
            with self.lock:
                return _json({"result": self._control(request.path.removeprefix("/_control/"), arguments)})
        except (TypeError, ValueError, LookupError) as error:
            return _json({"error": f"{type(error).__name__}: {error}"}, 400)
        except ApiError as error:
            return _json(error.body(), error.code)


def _parsed(environ: Environ) -> Request:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    method, query_text = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
    override = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE", "").upper()
    if method == "POST" and override:
        method = override
        if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
            query_text = "&".join(filter(None, (query_text, body.decode("ascii", "replace"))))
            body = b""
    return Request(
        method=method,
        path=environ.get("PATH_INFO", ""),
        query=parse_qs(query_text, keep_blank_values=True),
        query_text=query_text,
        body=body,
        authorization=environ.get("HTTP_AUTHORIZATION", ""),
    )


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except ValueError as error:
        raise errors.invalid(f"Invalid JSON payload received. {error}") from None


def _json(content: Json | dict[str, str], code: int = 200) -> Answer:
    status = f"{code} {HTTPStatus(code).phrase}"
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return status, [("Content-Type", _JSON), ("Cache-Control", "private")], text.encode()


def _html(status: str, body: str) -> Answer:
    return status, [("Content-Type", _HTML)], body.encode()


def _page(page: Page) -> Answer:
    status, headers, body = _html(page.status, page.body)
    return status, [*headers, *([("Location", page.location)] if page.location else [])], body
