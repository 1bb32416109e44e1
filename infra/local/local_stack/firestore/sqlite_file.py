"""The documents on disk: one SQLite file that is read at the start and written with every commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from .protos import Document, new_document


class SqliteFile:
    """A table of serialised documents by name."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")
        self._connection.execute(
            "create table if not exists documents (name text primary key, body blob not null) without rowid"
        )

    def load(self) -> list[Document]:
        """Every stored document."""
        return [
            new_document.FromString(body)
            for (body,) in self._connection.execute("select body from documents")
        ]

    def save(self, changes: Iterable[tuple[str, Document | None]]) -> None:
        """Store the documents, remove those that are None; all or nothing."""
        with self._connection:
            self._connection.execute("begin")
            for name, document in changes:
                if document is None:
                    self._connection.execute("delete from documents where name = ?", (name,))
                else:
                    self._connection.execute(
                        "insert or replace into documents values (?, ?)", (name, document.SerializeToString())
                    )

    def close(self) -> None:
        """Release the file."""
        self._connection.close()
