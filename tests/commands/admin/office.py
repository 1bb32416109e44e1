"""A deployment with users, the administrator in front of it, and what the commands printed."""

from __future__ import annotations

import io
import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from tests.world import Person, World

from admin.command_line import run
from admin.deployment import Deployment
from admin.screen import Screen
from contact_sync.config import Config
from contact_sync.config_formats import Policy, TokenKey
from contact_sync.store import users
from contact_sync.store.cipher import Cipher
from contact_sync.store.records import User
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.work import work


class Office:
    """The commands over the real store; waiting lets the worker do what is enqueued."""

    def __init__(self) -> None:
        self.world = World()
        self.jane = self.world.first
        self.config = Config(token_keys=(TokenKey("k1", b"k" * 32),))
        self.out = self.err = ""
        self.needed: list[Collection[str]] = []

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

    def deployment(self) -> Deployment:
        def read(needed: Collection[str]) -> Config:
            self.needed.append(needed)
            return self.config

        return Deployment(
            read,
            lambda _config: self.world.db,
            lambda config: replace(
                self.world.engine, cipher=Cipher([(key.id, key.key) for key in config.token_keys])
            ),
            self.world.clock.now,
            self.wait,
            lambda: "boss on desk",
        )

    def wait(self, seconds: float) -> None:
        """Time passes, and the worker does what is due."""
        self.world.clock.sleep(seconds)
        now = self.world.clock.now()
        due = [task for task in self.world.tasks if task[2] is None or task[2] <= now]
        self.world.tasks = [task for task in self.world.tasks if task not in due]
        for payload, _name, _at in due:
            work(self.world.engine, WorkerRequest(**payload))

    def policy(self, **forced: Any) -> None:
        self.config = replace(self.config, policy=Policy(forced))

    def user(self, person: Person | None = None) -> User:
        return self.world.user(person or self.jane)

    def change(self, person: Person, **fields: Any) -> None:
        self.world.db.commit([users.update(person.sub, **fields)])

    def paths(self, person: Person) -> list[str]:
        """Everything that is stored about someone."""
        own = users.path(person.sub)
        return [*self.world.db.get([own]), *(found.path for found in self.world.db.below(own))]
