"""The whole system in one process behind loopback sockets that a browser can reach.

Real are the web function, the engine and the client libraries; simulated are Sugar, Google (its sign-in pages too) and
Firestore. What the web function enqueues is run by a thread, as the worker would.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from tests.browser.worker import PATIENCE, LiveClock, Worker
from tests.world import BOTH_WAYS, Person, World
from werkzeug.serving import WSGIRequestHandler, make_server

from contact_sync.config import Config
from contact_sync.config_formats import Policy
from contact_sync.contacts.settings import SyncSettings
from contact_sync.contacts.side import Side
from contact_sync.services.google_oauth import GoogleOAuth
from contact_sync.store import users
from contact_sync.store.records import User
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.work import work
from contact_sync.web.app import create_app
from local_stack.google import GoogleSimulator
from local_stack.google.oauth import AUTH_PATH
from local_stack.loopback_server import LoopbackServer

DOMAIN = "corp.test"
_INSIDE = "http://google.test"
"""Where our own code finds the simulated Google, without a socket."""


class Company(World):
    """A world whose people have a Sugar user and a Google account, and have not signed in yet."""

    def add_person(self, name: str, settings: SyncSettings = BOTH_WAYS, *, in_sugar: bool = True) -> Person:
        email = f"{name}@{DOMAIN}"
        sugar_user = f"user-{name}"
        if in_sugar:
            self.sugar.add_user(name, id=sugar_user, email=email)
        person = Person(self.google.add_account(email, hd=DOMAIN), sugar_user)
        self.people[name] = person
        return person


class System:
    """One deployment. `policy` is the administrator's; further keywords replace values of the configuration."""

    def __init__(self, policy: Policy | None = None, **config: Any) -> None:
        self.clock = LiveClock()
        self.world = Company(self.clock)
        self.google: GoogleSimulator = self.world.google
        self.worker = Worker(self.clock, self._work)
        self._google_server = LoopbackServer(self.google)
        self._google_server.__enter__()
        self.google_url = self._google_server.url
        self._web_server = make_server(
            "127.0.0.1", 0, self._web, threaded=True, request_handler=_SilentHandler
        )
        self.url = f"http://127.0.0.1:{self._web_server.port}"
        self.engine = self.world.make_engine(
            enqueue=self.worker.enqueue, oauth=self._oauth(), policy=policy or Policy()
        )
        self.config = replace(
            Config(
                oauth_client_id="local-client",
                oauth_client_secret="local-secret",
                allowed_domains=(DOMAIN,),
                sugar_url="https://crm.corp.test",
                web_url=self.url,
                session_key="a session key of more than 32 characters",
                hook_tokens=("a-hook-token-of-more-than-32-characters",),
                policy=policy or Policy(),
                history_days=90,
            ),
            **config,
        )
        self.app = create_app(self.config, self.engine)
        threading.Thread(target=self._web_server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Stop serving and working."""
        self._web_server.shutdown()
        self._web_server.server_close()
        self._google_server.__exit__()
        self.worker.close()

    # Work

    def settle(self, **within: float) -> None:
        """Wait until the worker has done what is due now, or within that time: `settle(minutes=5)`."""
        self.worker.settle(**({"within": timedelta(**within)} if within else {}))

    def held(self) -> AbstractContextManager[None]:
        """A block in which the worker begins no task, so that what is queued stays queued."""
        return self.worker.held()

    @contextmanager
    def stopped_at(self, side: Side, call: int = 1) -> Iterator[Callable[[], None]]:
        """A block in which the worker stops ahead of its k-th call to a side, so that a run stays under way.

        Gives a function that waits until it stands there.
        """
        transport = self.world.sugar_transport if side is Side.SUGAR else self.world.google_transport
        stands, may_go_on = threading.Event(), threading.Event()
        count = itertools.count(1)

        def stop(_request: requests.PreparedRequest) -> None:
            if threading.current_thread() is self.worker.thread and next(count) == call:
                stands.set()
                may_go_on.wait(PATIENCE)

        def reached() -> None:
            assert stands.wait(PATIENCE), f"the worker made no {call}. call to {side}"

        transport.before = stop
        try:
            yield reached
        finally:
            transport.before = None
            may_go_on.set()

    # People

    def person(self, name: str, *, in_sugar: bool = True) -> Person:
        """Someone with a Google account, and a Sugar user unless told otherwise; made where there is none."""
        return self.world.people.get(name) or self.world.add_person(name, in_sugar=in_sugar)

    def user(self, name: str = "jane") -> User:
        """Someone's document."""
        return self.world.user(self.world.people[name])

    def change(self, name: str = "jane", **fields: Any) -> None:
        """Change someone's document, as a run or an administrator would."""
        self.engine.db.commit([users.update(self.world.people[name].sub, **fields)])

    def cookies(self, name: str = "jane", *, granted: bool = True) -> dict[str, str]:
        """The cookies of someone who signed in, and granted access to the contacts, without looking at a page."""
        self.person(name)
        self.google.auto_approve(f"{name}@{DOMAIN}")
        visitor = requests.Session()
        visitor.trust_env = False
        try:
            with self.signing_in():
                self._by_way_of_google(visitor, "/sign-in")
                self._that_is_me(visitor)
                if granted:
                    self._by_way_of_google(visitor, "/grant")
        finally:
            self.google.auto_approve(enabled=False)
        return visitor.cookies.get_dict()

    @contextmanager
    def signing_in(self) -> Iterator[None]:
        """A block in which Google lives in the machine's time, however far the clock was moved.

        The library that checks Google's ID tokens knows no other time.
        """
        moved, self.google.now = self.google.now, lambda: datetime.now(UTC)
        try:
            yield
        finally:
            self.google.now = moved

    def _that_is_me(self, visitor: requests.Session) -> None:
        """Answer the question who they are in Sugar, if it is open."""
        question = visitor.get(f"{self.url}/api/connection", timeout=30).json()["question"]
        if question is None:
            return
        token = visitor.get(f"{self.url}/api/session", timeout=30).json()["csrf_token"]
        answer = visitor.post(
            f"{self.url}/api/connection/sugar-user",
            json={"sugar_user_id": question["sugar_user_id"]},
            headers={"X-CSRF-Token": token},
            timeout=30,
        )
        assert answer.ok, answer.text

    def _by_way_of_google(self, visitor: requests.Session, path: str) -> None:
        """Follow a page that leads to Google up to the one that it comes back to."""
        address = self.url + path
        for _ in ("to Google", "back to us", "home"):
            answer = visitor.get(address, timeout=30, allow_redirects=False)
            assert answer.is_redirect, f"{address}: {answer.status_code} {answer.text[:300]}"
            address = answer.headers["Location"]
        assert address == f"{self.url}/", address

    def _oauth(self) -> GoogleOAuth:
        http = requests.Session()
        http.mount("http://", self.world.google_transport)
        return GoogleOAuth(
            http,
            "local-client",
            "local-secret",
            self.google_url + AUTH_PATH,
            f"{_INSIDE}/token",
            f"{_INSIDE}/certs",
            f"{_INSIDE}/revoke",
            now=self.clock.now,
            sleep=self.clock.sleep,
        )

    def _work(self, asked: WorkerRequest) -> object:
        return work(self.engine, asked)

    def _web(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        return self.app(environ, start_response)


class _SilentHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Requests are not printed: a failed test says what matters."""
