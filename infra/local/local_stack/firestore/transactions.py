"""Optimistic transactions: a commit aborts if anything the transaction read has changed since."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

import grpc

from .errors import StatusError, invalid_argument
from .protos import Document
from .storage import Documents

LIFETIME_SECONDS = 270

Version: TypeAlias = tuple[int, int] | None


def version(document: Document | None) -> Version:
    """What changes with every change of a document; None while it does not exist."""
    return None if document is None else (document.update_time.seconds, document.update_time.nanos)


@dataclass
class Transaction:
    """What one transaction has read: documents, and queries with the function that asks them again."""

    began: float
    seen: dict[str, Version] = field(default_factory=dict)
    queries: list[tuple[Callable[[], list[Document]], list[str]]] = field(default_factory=list)

    def saw(self, name: str, document: Document | None) -> None:
        """Remember the first version read of a document."""
        self.seen.setdefault(name, version(document))

    def saw_results(self, ask_again: Callable[[], list[Document]], found: Iterable[Document]) -> None:
        """Remember a query, so that documents that begin or cease to match count as a change too."""
        found = list(found)
        self.queries.append((ask_again, [document.name for document in found]))
        for document in found:
            self.saw(document.name, document)

    def is_stale(self, documents: Documents) -> bool:
        """Whether something read was changed by somebody else."""
        return any(version(documents.get(name)) != seen for name, seen in self.seen.items()) or any(
            [document.name for document in ask_again()] != names for ask_again, names in self.queries
        )


class OpenTransactions:
    """The transactions that were begun and neither committed nor rolled back. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._open: dict[bytes, Transaction] = {}

    def begin(self) -> bytes:
        """A new transaction's id; forgets the abandoned ones."""
        now = self._clock()
        for abandoned in [key for key, other in self._open.items() if now - other.began > LIFETIME_SECONDS]:
            del self._open[abandoned]
        key = secrets.token_bytes(16)
        self._open[key] = Transaction(now)
        return key

    def get(self, key: bytes) -> Transaction:
        """An open transaction."""
        if key not in self._open:
            raise invalid_argument("The referenced transaction has expired or is no longer valid.")
        return self._open[key]

    def finish(self, key: bytes) -> None:
        """Forget a transaction."""
        self._open.pop(key, None)

    def finish_unchanged(self, key: bytes, documents: Documents) -> None:
        """End a transaction ahead of its writes; ABORTED if what it read is no longer so."""
        transaction = self.get(key)
        self.finish(key)
        if transaction.is_stale(documents):
            raise StatusError(
                grpc.StatusCode.ABORTED, "Too much contention on these documents. Please try again."
            )

    def clear(self) -> None:
        """Forget all of them."""
        self._open.clear()
