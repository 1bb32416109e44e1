"""What the RPCs share: the documents, the open transactions, the time, the counters, one lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from google.protobuf import timestamp_pb2

from .counters import Counters
from .protos import Document, Timestamp
from .shapes import QueryShape
from .sqlite_file import SqliteFile
from .storage import Documents, Snapshot
from .transactions import OpenTransactions


class State:
    """Whoever reads or changes the documents or the transactions holds `lock`."""

    def __init__(self, path: Path | None, now: Callable[[], datetime] | None) -> None:
        self.lock = threading.RLock()
        self.documents = Documents()
        self.transactions = OpenTransactions(lambda: self._now().timestamp())
        self.counters = Counters()
        self.query_shapes: set[QueryShape] = set()
        self._now = now or (lambda: datetime.now(UTC))
        self._last_time = 0
        self._file = SqliteFile(path) if path else None
        for document in self._file.load() if self._file else ():
            self.documents.replace(document.name, document)
            self._last_time = max(self._last_time, document.update_time.ToMicroseconds())

    def store(self, changes: dict[str, Document | None]) -> None:
        """Replace documents; None removes. On disk first."""
        if self._file:
            self._file.save(changes.items())
        for name, document in changes.items():
            self.documents.replace(name, document)

    def snapshot(self) -> Snapshot:
        """All documents as they are now."""
        with self.lock:
            return self.documents.snapshot()

    def restore(self, snapshot: Snapshot) -> None:
        """Back to a snapshot. Open transactions end; update times go on rising."""
        with self.lock:
            gone: dict[str, Document | None] = {document.name: None for document in self.documents}
            self.documents.restore(snapshot)
            self.transactions.clear()
            if self._file:
                self._file.save((gone | {document.name: document for document in self.documents}).items())

    def time(self) -> Timestamp:
        """Now, in microseconds, and later than every time given before."""
        timestamp = timestamp_pb2.Timestamp()
        timestamp.FromDatetime(self._now())
        self._last_time = max(self._last_time + 1, timestamp.ToMicroseconds())
        timestamp.FromMicroseconds(self._last_time)
        return timestamp

    def close(self) -> None:
        """Release the file."""
        if self._file:
            self._file.close()
