"""The whole world of a run in one process: both simulators, the stand-ins, one clock, and the real engine.

Everything between the engine and the simulators is real: the adapters, Google's client libraries for Firestore and
People, the HTTP client. A test changes either side as a person would, lets the engine run, and looks at both sides.
"""

from __future__ import annotations

import itertools
import random
import uuid
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from contact_sync.config_formats import Policy
from contact_sync.contacts.settings import Auto, Direction, SyncSettings, needs_full_intake
from contact_sync.contacts.side import Side
from contact_sync.errors import TransientForAll
from contact_sync.services.google_oauth import GoogleOAuth
from contact_sync.services.sugar import SharedSession, SugarConfig, SugarServer
from contact_sync.store import backlog, google_index, history, mappings, tokens, users
from contact_sync.store.cipher import Cipher
from contact_sync.store.database import Database
from contact_sync.store.records import Tokens, User
from contact_sync.store.system import SugarSessions
from contact_sync.sync import run as run_module
from contact_sync.sync.engine import Engine
from local_stack.firestore import FirestoreStandIn, in_process_client
from local_stack.google import GoogleSimulator
from local_stack.sugar import SugarSimulator
from local_stack.wsgi_transport import WSGITransport

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CONTACTS_SCOPE = "https://www.googleapis.com/auth/contacts"
# Every field travels: what is private is a question of its own.
BOTH_WAYS = SyncSettings(
    from_sugar=Direction(enabled=True, create=True),
    from_google=Direction(enabled=True, create=True),
    overflow="continue",
    private_fields="share",
)
WITH_DELETES = SyncSettings(
    from_sugar=Direction(enabled=True, create=True, delete=True),
    from_google=Direction(enabled=True, create=True, delete=True),
    overflow="continue",
    private_fields="share",
)


class Crash(BaseException):
    """The process dies here: no handler of ours may catch it."""


def one_after_the_other(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any]:
    """Run two calls in a fixed order, so that calls can be counted and interrupted."""
    return first(), second()


@dataclass
class Clock:
    """The test's time. Sleeping moves it."""

    time: datetime = START

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def advance(self, **delta: float) -> None:
        self.time += timedelta(**delta)


@dataclass
class Person:
    """One user of the product: who they are on each side."""

    sub: str
    sugar_user: str


@dataclass
class World:
    """Both sides, the store and the engine."""

    clock: Clock = field(default_factory=Clock)
    propagation_delay: float = 0.0

    def __post_init__(self) -> None:
        now, sleep = self.clock.now, self.clock.sleep
        ids = random.Random(7)
        self.new_id: Callable[[], str] = lambda: str(uuid.UUID(int=ids.getrandbits(128), version=4))
        self.sugar = SugarSimulator(now, sleep, platforms=["gsync", "gsync_user"], new_id=self.new_id)
        self.google = GoogleSimulator(now, sleep, propagation_delay=self.propagation_delay)
        self.firestore = FirestoreStandIn()
        self.chance = random.Random(11).random
        self.db = Database(in_process_client(self.firestore), sleep, self.chance)
        self.cipher = Cipher([("k1", b"k" * 32)])
        self.sugar_transport = WSGITransport(self.sugar)
        self.google_transport = WSGITransport(self.google)
        self.tasks: list[tuple[Mapping[str, Any], str | None, datetime | None]] = []
        self.task_names: set[str] = set()
        self.sugar.add_user("svc", "secret", id="svc", admin=True)
        self.engine = self.make_engine()
        self.people: dict[str, Person] = {}
        self.first = self.add_person("jane")

    def make_engine(self, **changes: Any) -> Engine:
        """An engine as a fresh process would build it: nothing cached, everything else the same."""
        sugar_http, google_http = requests.Session(), requests.Session()
        sugar_http.mount("http://", self.sugar_transport)
        google_http.mount("http://", self.google_transport)
        sugar = SugarServer(
            SugarConfig(
                url="http://sugar.test",
                username="svc",
                password="secret",
                platform="gsync",
                sudo_platform="gsync_user",
            ),
            sugar_http,
            SugarSessions(self.db, self.cipher, SharedSession),
            self.clock.now,
            self.clock.sleep,
        )
        base = "http://google.test"
        oauth = GoogleOAuth(
            google_http,
            "local-client",
            "local-secret",
            f"{base}/o/oauth2/v2/auth",
            f"{base}/token",
            f"{base}/certs",
            f"{base}/revoke",
            now=self.clock.now,
            sleep=self.clock.sleep,
        )
        values: dict[str, Any] = {
            "db": self.db,
            "cipher": self.cipher,
            "sugar": sugar,
            "google_http": google_http,
            "people_endpoint": base,
            "oauth": oauth,
            "enqueue": self.enqueue,
            "index_key": b"i" * 32,
            "now": self.clock.now,
            "sleep": self.clock.sleep,
            "new_id": self.new_id,
            "chance": self.chance,
            "both": one_after_the_other,
            "policy": Policy(),
        }
        return Engine(**values | changes)

    def enqueue(
        self,
        payload: Mapping[str, Any],
        *,
        name: str | None = None,
        at: datetime | None = None,
        urgent: bool = False,
    ) -> bool:
        if name is not None and name in self.task_names:
            return False
        self.task_names.add(name or str(len(self.tasks)))
        self.tasks.append((payload, name, at))
        return True

    # People

    def add_person(self, name: str, settings: SyncSettings = BOTH_WAYS) -> Person:
        """A user with a Sugar user of the same name, who has granted access to Google Contacts."""
        email = f"{name}@corp.test"
        sugar_user = self.sugar.add_user(name, id=f"user-{name}", email=email)
        sub = self.google.add_account(email)
        refresh = self.google.grant(sub)
        user = User(
            id=sub,
            email=email,
            sugar_user_id=sugar_user,
            sugar_user_name=name,
            settings=settings,
            connection="connected",
        )
        held = Tokens(google_refresh=refresh, google_scopes=(CONTACTS_SCOPE,))
        self.db.commit([users.create(user), tokens.put(self.cipher, sub, held, create=True)])
        person = Person(sub, sugar_user)
        self.people[name] = person
        return person

    def user(self, person: Person | None = None) -> User:
        found = users.read(self.db, (person or self.first).sub)
        assert found is not None
        return found[0]

    def set(self, person: Person | None = None, **changes: Any) -> None:
        """Change settings as the web function does."""
        user = self.user(person)
        fresh = SyncSettings(
            **{name: getattr(user.settings, name) for name in user.settings.__struct_fields__} | changes
        )
        version = user.settings_version + 1
        fields: dict[str, Any] = {"settings": fresh, "settings_version": version}
        if needs_full_intake(user.settings, fresh):
            fields["intake_version"] = version
        if fresh.auto.enabled and user.next_sync_at is None:
            fields["next_sync_at"] = self.clock.now()
        self.db.commit([users.update(user.id, **fields)])

    # Both sides, as people see and change them

    def add_sugar(self, person: Person | None = None, **fields: Any) -> str:
        fields.setdefault("assigned_user_id", (person or self.first).sugar_user)
        return self.sugar.add_contact(**fields)

    def add_google(
        self, given: str = "", family: str = "", *emails: str, person: Person | None = None, **more: Any
    ) -> str:
        """A Google contact; returns its id without "people/"."""
        body: dict[str, Any] = (
            {"names": [{"givenName": given, "familyName": family}]} if given or family else {}
        )
        if emails:
            body["emailAddresses"] = [{"value": email} for email in emails]
        groups = more.pop("groups", ())
        name = self.google.add_contact((person or self.first).sub, {**body, **more}, groups=groups)
        return name.removeprefix("people/")

    def edit_google(self, google_id: str, person: Person | None = None, **fields: Any) -> None:
        self.google.edit_contact((person or self.first).sub, f"people/{google_id}", **fields)

    def delete_google(self, google_id: str, person: Person | None = None) -> None:
        self.google.delete_contact((person or self.first).sub, f"people/{google_id}")

    def google_contact(self, google_id: str, person: Person | None = None) -> dict[str, Any] | None:
        return self.google.contact((person or self.first).sub, f"people/{google_id}")

    def google_contacts(self, person: Person | None = None) -> list[dict[str, Any]]:
        return self.google.contacts((person or self.first).sub)

    def sugar_contacts(self) -> list[dict[str, Any]]:
        return self.sugar.contacts()

    def google_names(self, person: Person | None = None) -> list[str]:
        return sorted(
            " ".join(part for part in (name.get("givenName"), name.get("familyName")) if part)
            for contact in self.google_contacts(person)
            for name in contact.get("names", [{}])[:1]
        )

    def sugar_names(self) -> list[str]:
        return sorted(f"{c['first_name']} {c['last_name']}".strip() for c in self.sugar_contacts())

    # Runs

    def sync(
        self, trigger: str = "manual", person: Person | None = None, engine: Engine | None = None, **more: Any
    ) -> dict[str, Any]:
        """One run. A scheduled one finds the user due, as whoever the dispatcher enqueues is."""
        if trigger == "schedule":
            self.make_due(person)
        return run_module.run(engine or self.engine, (person or self.first).sub, trigger, **more)

    def make_due(self, person: Person | None = None) -> None:
        """Have the scheduler's time for a user come, if it has not."""
        with self.firestore.counters.paused():
            found, now = users.read(self.db, (person or self.first).sub), self.clock.now()
            if found is not None and (found[0].next_sync_at is None or found[0].next_sync_at > now):
                self.db.commit([users.update(found[0].id, next_sync_at=now)])

    def settle(
        self, person: Person | None = None, *, most: int = 60, minutes: float = 11
    ) -> list[dict[str, Any]]:
        """Run until a run finds nothing to do, letting the clock pass every delay."""
        summaries = []
        quiet = 0
        for _ in range(most):
            try:
                summary = self.sync(person=person)
            except TransientForAll as error:
                summary = {"phase": "failed", "error": error.code}
            summaries.append(summary)
            if summary["phase"] == "idle" or (
                summary["phase"] == "done" and not summary["done"] and not summary["waiting"]
            ):
                quiet += 1
                if quiet >= 2 and self.user(person).pending is None:
                    return summaries
            else:
                quiet = 0
            if not summary.get("waiting"):
                self.clock.advance(minutes=minutes)
        raise AssertionError(f"it does not settle: {summaries[-3:]}, pending {self.user(person).pending}")

    def writes(self) -> int:
        """Writes on contacts that both sides were sent through their interfaces."""
        return len(self.sugar.writes) + len(self.google.writes)

    def calls(self) -> tuple[int, int]:
        """Outer calls to Sugar and to Google since the last `forget_calls`."""
        return len(self.sugar_transport.calls), len(self.google_transport.calls)

    def forget_calls(self) -> None:
        self.sugar_transport.calls.clear()
        self.google_transport.calls.clear()

    # What is stored

    def mapping(self, sugar_id: str, person: Person | None = None) -> Any:
        return mappings.get(self.db, (person or self.first).sub, [sugar_id]).get(sugar_id)

    def all_mappings(self, person: Person | None = None) -> dict[str, Any]:
        found = mappings.matching(self.db, (person or self.first).sub)
        return {mapping.sugar_id: mapping for mapping in found}

    def entry(self, google_id: str, person: Person | None = None) -> Any:
        return google_index.get(self.db, (person or self.first).sub, [google_id]).get(google_id)

    def all_entries(self, person: Person | None = None) -> dict[str, Any]:
        sub = (person or self.first).sub
        return google_index.get(self.db, sub, list(google_index.ids(self.db, sub)))

    def backlog(self, person: Person | None = None) -> list[Any]:
        return backlog.every_entry(self.db, (person or self.first).sub)

    def history(self, person: Person | None = None) -> list[Any]:
        return history.page(self.db, (person or self.first).sub, limit=500)[0]

    # Faults

    @contextmanager
    def dying(self, side: Side, k: int, when: str) -> Any:
        """Die around the k-th outside call of a side: `before` it, or `after` it took effect and before its answer."""
        transport = self.sugar_transport if side is Side.SUGAR else self.google_transport
        counter = itertools.count(1)

        def die(*_args: Any) -> None:
            if next(counter) == k:
                raise Crash

        setattr(transport, when, die)
        try:
            yield
        finally:
            transport.before = transport.after = None


def link(
    world: World, *, first: str = "Ana", last: str = "Ruiz", email: str = "ana@x.test", **fields: Any
) -> tuple[str, str]:
    """A linked pair that both sides agree on; returns its Sugar and Google ids."""
    sugar_id = world.add_sugar(first_name=first, last_name=last, email=email, **fields)
    world.settle()
    mapping = world.mapping(sugar_id)
    assert mapping.google_id is not None
    return sugar_id, mapping.google_id


def switches(**on: bool) -> dict[str, Direction]:
    """Directions from six flags: su, sc, sd (from Sugar: update, create, delete) and gu, gc, gd."""

    def direction(letter: str) -> Direction:
        update, create, delete = (on.get(letter + verb, False) for verb in "ucd")
        return Direction(enabled=update or create or delete, update=update, create=create, delete=delete)

    return {"from_sugar": direction("s"), "from_google": direction("g")}


__all__ = [
    "BOTH_WAYS",
    "WITH_DELETES",
    "Auto",
    "Clock",
    "Crash",
    "Person",
    "World",
    "link",
    "replace",
    "switches",
]
