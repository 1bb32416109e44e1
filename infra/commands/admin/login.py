"""The administrator's own login at Google, proven before it is used, and the deployment's log under it.

Within a call of Firestore an expired login looks like Firestore being away: its client asks for the token while it
sends, and what goes wrong there comes back as UNAVAILABLE.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import google.auth
import requests
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud.firestore_admin_v1 import FirestoreAdminClient

from contact_sync.config import Config
from contact_sync.logs import JsonLines
from contact_sync.store import backups as store_backups
from contact_sync.store.backups import Backup
from contact_sync.store.client import open_database
from contact_sync.store.database import Database

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_WRITE = "https://logging.googleapis.com/v2/entries:write"
_SECONDS = 20.0


def database(log: logging.Logger, config: Config) -> Database:
    """Firestore under this login; what `log` is told goes into the project's log. Raises GoogleAuthError."""
    credentials, _ = google.auth.default(scopes=[_SCOPE])
    credentials.refresh(Request())  # type: ignore[no-untyped-call]
    session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
    log.handlers[:] = [CloudLog(config.google_cloud_project, session)]
    log.setLevel(logging.INFO)
    return open_database(config.google_cloud_project, config.firestore_database, credentials)


def backups(project: str) -> list[Backup]:
    """Firestore's backups, under this login. Raises GoogleAuthError."""
    credentials, _ = google.auth.default(scopes=[_SCOPE])
    return store_backups.backups(FirestoreAdminClient(credentials=credentials), project)


class CloudLog(logging.Handler):
    """Keeps lines until `flush`, which sends them to Cloud Logging; `complain` hears where that fails."""

    def __init__(self, project: str, session: requests.Session) -> None:
        super().__init__()
        self.setFormatter(JsonLines(project))
        self.complain: Callable[[str], None] = lambda reason: None
        self._project = project
        self._session = session
        self._kept: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self._kept.append({"jsonPayload": json.loads(self.format(record)), "severity": record.levelname})

    def flush(self) -> None:
        """Send what is kept."""
        entries, self._kept = self._kept, []
        if not entries:
            return
        about = {
            "logName": f"projects/{self._project}/logs/contact-sync-admin",
            "resource": {"type": "global", "labels": {"project_id": self._project}},
        }
        try:
            answer = self._session.post(_WRITE, json={**about, "entries": entries}, timeout=_SECONDS)
        except (requests.RequestException, google.auth.exceptions.GoogleAuthError) as error:
            self.complain(type(error).__name__)
            return
        if answer.status_code != 200:
            self.complain(f"it answered {answer.status_code}")
