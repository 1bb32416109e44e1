"""The real Firestore client. FIRESTORE_EMULATOR_HOST is honoured by the client library itself."""

from __future__ import annotations

from google.auth.credentials import Credentials
from google.cloud import firestore

from .database import Database


def open_database(project: str, name: str, credentials: Credentials | None = None) -> Database:
    """The database `name` of a project, with the process's own credentials unless others are given."""
    return Database(firestore.Client(project=project, database=name, credentials=credentials))
