"""The real Firestore client. FIRESTORE_EMULATOR_HOST is honoured by the client library itself."""

from __future__ import annotations

from google.cloud import firestore

from .database import Database


def open_database(project: str, name: str) -> Database:
    """The database `name` of a project, with the process's own credentials."""
    return Database(firestore.Client(project=project, database=name))
