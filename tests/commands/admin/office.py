"""A deployment with users, the administrator in front of it, and what the commands printed."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.world import Person, World

from admin.command_line import run
from admin.deployment import Deployment
from admin.screen import Screen
from contact_sync.config import Config
from contact_sync.config_formats import TokenKey
from contact_sync.store import audit, deployment, users
from contact_sync.store.backups import Backup
from contact_sync.store.cipher import Cipher
from contact_sync.store.database import Query
from contact_sync.store.records import User
from contact_sync.sync.engine import Engine
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.work import work


class Office:
    """The commands over the real store; waiting lets the worker do what is enqueued."""

    def __init__(self) -> None:
        self.world = World()
        self.jane = self.world.first
        self.shell = {"GOOGLE_CLOUD_PROJECT": "p1"}
        self.keys(TokenKey("k1", b"k" * 32))
        self.told = {
            "SUGAR_URL": "https://sugar.test",
            "SUGAR_PLATFORM": "sync",
            "SUGAR_SUDO_PLATFORM": "sync_user",
            "SUGAR_USERNAME": "svc",
            "WORKER_URL": "https://worker.test",
            "TASKS_QUEUE": "projects/p1/locations/l/queues/q",
            "TASKS_SERVICE_ACCOUNT": "invoker@p1.iam.gserviceaccount.com",
            "POLICY": "{}",
        }
        self.start()
        self.out = self.err = ""
        self.backups: list[Backup] = []
        self.see_backups: Callable[[], list[Backup]] = lambda: self.backups
        self.secrets: list[str] = []
        """Secrets that were read from Secret Manager."""

    def __call__(self, *arguments: str) -> int:
        """Carry out one command; its output is kept."""
        out, err = io.StringIO(), io.StringIO()
        try:
            return run(arguments, lambda _options: self.deployment(), Screen(out, err))
        finally:
            self.out, self.err = out.getvalue(), err.getvalue()

    def json(self, *arguments: str, status: int = 0) -> Any:
        """What a command answers as JSON."""
        assert self(*arguments, "--json") == status, self.err
        return json.loads(self.out)

    def start(self, function: str = "worker", **variables: str) -> None:
        """A function starts with these variables beside the usual ones."""
        self.told |= variables
        deployment.record(self.world.db, function, self.told, "r1", self.world.clock.now())

    def deployment(self) -> Deployment:
        def secret(name: str) -> str:
            self.secrets.append(name)
            return "secret"

        return Deployment(
            self.shell,
            secret,
            lambda _config: self.world.db,
            self.engine,
            self.world.clock.now,
            self.wait,
            lambda: "boss on desk",
            self.world.engine.new_id,
            lambda: self.see_backups(),
        )

    def engine(self, config: Config) -> Engine:
        """The world's, with the keys and the policy that the command has read."""
        keys = Cipher([(key.id, key.key) for key in config.token_keys])
        return replace(self.world.engine, cipher=keys, policy=config.policy)

    def audit(self) -> list[tuple[str, str]]:
        """What the audit holds: the user concerned, and what was changed."""
        found = self.world.db.query(Query(audit.COLLECTION))
        entries = sorted((entry.data for entry in found), key=lambda data: str(data["what"]))
        assert {entry["who"] for entry in entries} <= {"boss on desk"}
        return [(entry["user"], entry["what"]) for entry in entries]

    def wait(self, seconds: float) -> None:
        """Time passes, and the worker does what is due."""
        self.world.clock.sleep(seconds)
        now = self.world.clock.now()
        due = [task for task in self.world.tasks if task[2] is None or task[2] <= now]
        self.world.tasks = [task for task in self.world.tasks if task not in due]
        for payload, _name, _at in due:
            work(self.world.engine, WorkerRequest(**payload))

    def keys(self, *ring: TokenKey) -> None:
        """The keys in TOKEN_KEYS, newest first."""
        self.shell["TOKEN_KEYS"] = ",".join(f"{one.id}:{base64.b64encode(one.key).decode()}" for one in ring)

    def policy(self, **forced: Any) -> None:
        self.start(POLICY=json.dumps({"forced": forced}))

    def user(self, person: Person | None = None) -> User:
        return self.world.user(person or self.jane)

    def change(self, person: Person, **fields: Any) -> None:
        self.world.db.commit([users.update(person.sub, **fields)])

    def paths(self, person: Person) -> list[str]:
        """Everything that is stored about someone."""
        own = users.path(person.sub)
        return [*self.world.db.get([own]), *(found.path for found in self.world.db.below(own))]
