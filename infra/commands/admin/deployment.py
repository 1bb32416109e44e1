"""The deployment that a command works on: its store, its configuration as the functions recorded it, and its log."""

from __future__ import annotations

import argparse
import getpass
import logging
import socket
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial

from contact_sync import composition, config_formats, logs
from contact_sync.config import Config, SecretReader, load_needed, names, told
from contact_sync.config_formats import Malformed, Policy
from contact_sync.store import audit, deployment
from contact_sync.store.backups import Backup
from contact_sync.store.database import Database
from contact_sync.store.records import AuditEntry
from contact_sync.store.write import Write
from contact_sync.sync.engine import Engine

from . import login
from .failure import Failure

STORE = frozenset({"GOOGLE_CLOUD_PROJECT"})
KEYS = STORE | {"TOKEN_KEYS"}
QUEUE = KEYS | {"WORKER_URL", "TASKS_QUEUE"}
SUGAR = KEYS | {"SUGAR_URL", "SUGAR_PLATFORM", "SUGAR_SUDO_PLATFORM", "SUGAR_USERNAME", "SUGAR_PASSWORD"}

LOG = logging.getLogger(f"{logs.OURS}.admin")
_PLACE = ("GOOGLE_CLOUD_PROJECT", "FIRESTORE_DATABASE")
_HOSTS = ("FIRESTORE_EMULATOR_HOST", "TASKS_EMULATOR_HOST")
"""Where a machine of its own stands in for Google: not a matter of the project."""


def whoever_calls() -> str:
    """The one who gives a command, as the machine names them. Google's own audit logs name the account."""
    try:
        return f"{getpass.getuser()} on {socket.gethostname()}"
    except (OSError, KeyError):
        return f"somebody on {socket.gethostname()}"


@dataclass
class Deployment:
    """The store and the services of one deployment, each opened when a command first asks for it."""

    shell: Mapping[str, str]
    """What the shell says of this deployment: where it is, and secrets. The rest counts only where no function has
    recorded anything."""
    secrets: SecretReader | None = None
    open_database: Callable[[Config], Database] = composition.database
    make_engine: Callable[[Config], Engine] = composition.engine
    now: Callable[[], datetime] = composition.utc_now
    sleep: Callable[[float], None] = time.sleep
    who: Callable[[], str] = whoever_calls
    """Who gives the command, for the audit."""
    new_id: Callable[[], str] = field(default=lambda: str(uuid.uuid4()))
    backups: Callable[[], Sequence[Backup]] = tuple
    """The database's backups; a machine of its own has none."""

    @cached_property
    def place(self) -> str:
        """The database and the project, for messages."""
        project, name = (self.shell.get(one, "").strip() for one in _PLACE)
        return f"the database {name or '(default)'} of the project {project}"

    @cached_property
    def db(self) -> Database:
        """Firestore."""
        return self.open_database(self._place())

    @cached_property
    def recorded(self) -> Mapping[str, str] | None:
        """The variables that the functions recorded at their start; None: none ever started on this database."""
        return deployment.recorded(self.db)

    def read(self, needed: Collection[str]) -> Config:
        """The configuration in which the named variables are there. Raises ConfigError."""
        if self.recorded is None:
            values = dict(self.shell)
        else:
            ours = {name: value for name, value in self.shell.items() if name in (*_PLACE, *_HOSTS)}
            open_ones = told(self.shell)
            secret = {name: value for name, value in self.shell.items() if name not in open_ones}
            values = {**secret, **self.recorded, **ours}
        return load_needed(values, needed, self.secrets)

    @cached_property
    def policy(self) -> Policy:
        """What is forced on everyone: the functions' POLICY. Raises Failure where the shell has another one."""
        policy, given = self.read(STORE).policy, self.shell.get("POLICY", "").strip()
        if self.recorded is not None and given and _policy(given) != policy:
            raise Failure(
                "POLICY in this shell is not the one the functions work with. Deploy it first, or: unset POLICY",
                2,
            )
        return policy

    def engine(self, needed: Collection[str]) -> Engine:
        """The functions' own surroundings, of which only what the named variables allow may be used."""
        return self.make_engine(self.read(needed))

    def key_ids(self) -> tuple[str, ...]:
        """The ids of the keys in TOKEN_KEYS, newest first."""
        return tuple(key.id for key in self.read(KEYS).token_keys)

    def commit(self, writes: Sequence[Write], command: str, what: str, user: str = "") -> None:
        """Carry out what a command changes, together with its entry in the audit, and tell the log. Raises Conflict."""
        who = self.who()
        entry = AuditEntry(self.new_id(), self.now(), who, user, f"{command}: {what}")
        self.db.commit([*writes, audit.put(entry)])
        with logs.context(user=user):
            LOG.info("an administrator changed something", extra={"action": command, "who": who})

    def _place(self) -> Config:
        return load_needed({name: self.shell[name] for name in _PLACE if name in self.shell}, STORE)


def _policy(given: str) -> Policy | None:
    try:
        return config_formats.policy(given)
    except Malformed:
        return None


def from_environment(environ: Mapping[str, str], options: argparse.Namespace) -> Deployment:
    """The deployment that the options name, else the environment. Of an environment that is another project's nothing
    counts, neither addresses nor secrets."""
    values = dict(environ)
    if options.project:
        if values.get("GOOGLE_CLOUD_PROJECT", options.project) != options.project:
            values = {name: value for name, value in values.items() if name not in names() - {*_HOSTS}}
        values["GOOGLE_CLOUD_PROJECT"] = options.project
    if options.database:
        values["FIRESTORE_DATABASE"] = options.database
    found = Deployment(values, composition.secret_reader(values.get("GOOGLE_CLOUD_PROJECT", "")))
    if not values.get("FIRESTORE_EMULATOR_HOST"):
        found.open_database = partial(login.database, LOG)
        found.backups = partial(login.backups, values.get("GOOGLE_CLOUD_PROJECT", ""))
    return found
