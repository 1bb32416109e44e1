"""The RPCs that write, and transactions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TypeAlias

from google.protobuf import empty_pb2

from .errors import StatusError, invalid_argument
from .protos import Document, Request, Response, Timestamp, Write, WriteResult, message_class
from .state import State
from .writes import document_name, written

BeginTransactionResponse = message_class("BeginTransactionResponse")
CommitResponse = message_class("CommitResponse")
BatchWriteResponse = message_class("BatchWriteResponse")

CommitHook: TypeAlias = Callable[[Request], None]
"""Called with the CommitRequest (plain protobuf: `request.writes`)."""


class Commits:
    """One method per RPC; each takes the request and gives its response."""

    def __init__(self, state: State) -> None:
        self.before_commit: CommitHook | None = None
        self.after_commit: CommitHook | None = None
        self._state = state
        self._hooked = threading.local()

    def begin_transaction(self, _request: Request) -> Iterable[Response]:
        """A new transaction."""
        with self._state.lock:
            return [BeginTransactionResponse(transaction=self._state.transactions.begin())]

    def rollback(self, request: Request) -> Iterable[Response]:
        """Give a transaction up."""
        with self._state.lock:
            self._state.transactions.finish(request.transaction)
        return [empty_pb2.Empty()]

    def commit(self, request: Request) -> Iterable[Response]:
        """All writes or none; ABORTED if what the transaction read has changed."""
        self._call_hook(self.before_commit, request)
        with self._state.lock:
            if request.transaction:
                self._state.transactions.finish_unchanged(request.transaction, self._state.documents)
            at = self._state.time()
            changes: dict[str, Document | None] = {}
            results = [self._write(write, at, changes) for write in request.writes]
            self._state.store(changes)
        self._state.counters["Commit"].written += len(request.writes)
        self._call_hook(self.after_commit, request)
        return [CommitResponse(write_results=results, commit_time=at)]

    def batch_write(self, request: Request) -> Iterable[Response]:
        """Each write for itself, with its own status; hooks are not called."""
        names = [document_name(write) for write in request.writes]
        if len(set(names)) != len(names):
            raise invalid_argument("The same document cannot be written to more than once")
        response = BatchWriteResponse()
        with self._state.lock:
            for write in request.writes:
                changes: dict[str, Document | None] = {}
                try:
                    response.write_results.append(self._write(write, self._state.time(), changes))
                except StatusError as error:
                    response.write_results.add()
                    response.status.add(code=error.code.value[0], message=error.message)
                else:
                    self._state.store(changes)
                    response.status.add()
                    self._state.counters["BatchWrite"].written += 1
        return [response]

    def _write(self, write: Write, at: Timestamp, changes: dict[str, Document | None]) -> WriteResult:
        name = document_name(write)
        current = changes[name] if name in changes else self._state.documents.get(name)
        changes[name], result = written(write, current, at)
        return result

    def _call_hook(self, hook: CommitHook | None, request: Request) -> None:
        """A hook may use the database itself; its own commits call no hook."""
        if hook is None or getattr(self._hooked, "inside", False):
            return
        self._hooked.inside = True
        try:
            hook(request)
        finally:
            self._hooked.inside = False
