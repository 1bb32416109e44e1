"""The one place where real services are chosen. Built once per process, each part when it is first needed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from .config import Config, told
from .services import exchange
from .services.google_oauth import GoogleOAuth
from .services.sugar import SharedSession, SugarConfig, SugarServer
from .services.tasks import Task, TaskQueue
from .store import deployment
from .store.cipher import Cipher
from .store.client import open_database
from .store.database import Database
from .store.system import SugarSessions
from .sync.engine import Engine
from .sync.triggers import BULK


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


http_session = exchange.session
"""Makes a session that sends every request once, and takes no more time or room than an answer may have."""


@dataclass(frozen=True, slots=True)
class WorkerQueue:
    """Puts tasks for the worker into the deployment's queues; those that are not set up are the regular one."""

    config: Config
    tasks: TaskQueue

    def __call__(
        self,
        payload: Mapping[str, Any],
        *,
        name: str | None = None,
        at: datetime | None = None,
        urgent: bool = False,
    ) -> bool:
        """Enqueue one task; False if one of that name exists."""
        task = self._task(payload, name, at, urgent)
        return self.tasks.enqueue_many([task])[0]

    def many(self, named: Sequence[tuple[str, Mapping[str, Any]]]) -> list[bool]:
        """Enqueue (name, payload) pairs side by side."""
        return self.tasks.enqueue_many([self._task(payload, name, None) for name, payload in named])

    def many_bulk(self, named: Sequence[tuple[str, Mapping[str, Any]]]) -> list[bool]:
        """The same for what is much work."""
        return self.tasks.enqueue_many(
            [self._task(payload, name, None, bulk=True) for name, payload in named]
        )

    def _task(
        self,
        payload: Mapping[str, Any],
        name: str | None,
        at: datetime | None,
        urgent: bool = False,
        *,
        bulk: bool = False,
    ) -> Task:
        config, wanted = self.config, ""
        if urgent:
            wanted = config.tasks_urgent_queue
        elif bulk or payload.get("trigger") in BULK:
            wanted = config.tasks_bulk_queue
        return Task(
            wanted or config.tasks_queue,
            config.worker_url,
            payload,
            name=name,
            at=at,
            audience=config.worker_url,
            service_account=config.tasks_service_account,
        )


@lru_cache(maxsize=1)
def version() -> str:
    """Which program this is: a hash of its sources, the same wherever it runs."""
    here = Path(__file__).parent
    digest = sha256()
    for source in sorted(here.rglob("*.py")):
        digest.update(source.relative_to(here).as_posix().encode() + source.read_bytes())
    return digest.hexdigest()[:16]


def secret_reader(project: str) -> Callable[[str], str]:
    """Reads secrets that are not in the environment from Secret Manager, which is imported only then."""

    def read(name: str) -> str:
        from .services import secrets

        return secrets.read(name, project)

    return read


def database(config: Config) -> Database:
    """Firestore; FIRESTORE_EMULATOR_HOST is honoured by the client itself."""
    return open_database(config.google_cloud_project, config.firestore_database)


def record_start(db: Database, function: str, environ: Mapping[str, str]) -> None:
    """Have system/deployment say with what this process works; the administrator's commands ask there."""
    deployment.record(db, function, told(environ), environ.get("K_REVISION", ""), utc_now())


def worker_queue(config: Config) -> WorkerQueue:
    """Cloud Tasks, or its local stand-in."""
    return WorkerQueue(config, TaskQueue(config.tasks_emulator_host))


def engine(config: Config) -> Engine:
    """Everything a run needs, with real services behind it."""
    db = database(config)
    cipher = Cipher([(key.id, key.key) for key in config.token_keys])
    sugar = SugarServer(
        SugarConfig(
            url=config.sugar_url,
            rest_version=config.sugar_rest_version,
            client_id=config.sugar_client_id,
            platform=config.sugar_platform,
            sudo_platform=config.sugar_sudo_platform,
            username=config.sugar_username,
            password=config.sugar_password,
        ),
        http_session(),
        SugarSessions(db, cipher, SharedSession),
        utc_now,
        time.sleep,
    )
    oauth = GoogleOAuth(
        http_session(),
        config.oauth_client_id,
        config.oauth_client_secret,
        config.google_auth_uri,
        config.google_token_uri,
        config.google_certs_uri,
        config.google_revoke_uri,
    )
    return Engine(
        db=db,
        cipher=cipher,
        sugar=sugar,
        google_http=http_session(),
        people_endpoint=config.people_api_endpoint,
        oauth=oauth,
        enqueue=worker_queue(config),
        index_key=config.index_key,
        now=utc_now,
        sleep=time.sleep,
        new_id=lambda: str(uuid.uuid4()),
        policy=config.policy,
        quiet_hours=config.quiet_hours,
        history_days=config.history_days,
        allowed_domains=config.allowed_domains,
        version=version(),
    )
