"""The deployment that a command works on. Every command asks for the variables it needs, and for no more."""

from __future__ import annotations

import argparse
import getpass
import socket
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial

from contact_sync import composition
from contact_sync.config import Config, load_needed
from contact_sync.config_formats import Policy
from contact_sync.store.database import Database
from contact_sync.sync.engine import Engine

STORE = frozenset({"GOOGLE_CLOUD_PROJECT"})
KEYS = STORE | {"TOKEN_KEYS"}
QUEUE = KEYS | {"WORKER_URL", "TASKS_QUEUE"}
SUGAR = KEYS | {"SUGAR_URL", "SUGAR_PLATFORM", "SUGAR_SUDO_PLATFORM", "SUGAR_USERNAME", "SUGAR_PASSWORD"}


def whoever_calls() -> str:
    """The one who gives a command, as the machine names them. Google's own audit logs name the account."""
    try:
        return f"{getpass.getuser()} on {socket.gethostname()}"
    except (OSError, KeyError):
        return f"somebody on {socket.gethostname()}"


@dataclass
class Deployment:
    """The store and the services of one deployment, each opened when a command first asks for it."""

    read: Callable[[Collection[str]], Config]
    """The configuration in which the named variables are there. Raises ConfigError."""
    open_database: Callable[[Config], Database] = composition.database
    make_engine: Callable[[Config], Engine] = composition.engine
    now: Callable[[], datetime] = composition.utc_now
    sleep: Callable[[float], None] = time.sleep
    who: Callable[[], str] = whoever_calls
    """Who gives the command, for the audit."""

    @cached_property
    def db(self) -> Database:
        """Firestore."""
        return self.open_database(self.read(STORE))

    @cached_property
    def policy(self) -> Policy:
        """What is forced on everyone, by POLICY as it is in this environment."""
        return self.read(STORE).policy

    def engine(self, needed: Collection[str]) -> Engine:
        """The functions' own surroundings, of which only what the named variables allow may be used."""
        return self.make_engine(self.read(needed))

    def key_ids(self) -> tuple[str, ...]:
        """The ids of the keys in TOKEN_KEYS, newest first."""
        return tuple(key.id for key in self.read(KEYS).token_keys)


def from_environment(environ: Mapping[str, str], options: argparse.Namespace) -> Deployment:
    """The deployment that the environment and the options name."""
    values = dict(environ)
    if options.project:
        values["GOOGLE_CLOUD_PROJECT"] = options.project
    if options.database:
        values["FIRESTORE_DATABASE"] = options.database
    reader = composition.secret_reader(values.get("GOOGLE_CLOUD_PROJECT", ""))
    return Deployment(partial(_read, values, reader))


def _read(values: Mapping[str, str], reader: Callable[[str], str], needed: Collection[str]) -> Config:
    return load_needed(values, needed, reader)
