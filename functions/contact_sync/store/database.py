"""The database as the rest of the store sees it: batched reads, queries, counts, atomic commits of writes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from google.api_core import exceptions
from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud import firestore
from google.cloud.firestore_v1.types import firestore as rpc

from ..errors import TransientForAll
from . import wire
from .wire import Query
from .write import Conflict, Kind, Unstorable, Write

__all__ = ["Database", "Document", "Query"]

MAX_WRITES = 400
MAX_BYTES = 4 << 20
LONGEST_ID = 1500
"""Bytes of a document's id (firebase.google.com/docs/firestore/quotas, Limits)."""
_FRAME_BYTES = 8
"""What one write adds to a request around itself, at most."""
_TIMEOUT = 30.0
"""Seconds one call may take."""
_PAUSES = (0.1, 0.4, 1.0)
"""Seconds between tries of a call that may be repeated."""
_PARALLEL = 8
_PAGE = 300
"""Documents of one page of everything below a document."""

_UNAVAILABLE = (
    exceptions.ServiceUnavailable,
    exceptions.GatewayTimeout,
    exceptions.TooManyRequests,
    exceptions.InternalServerError,
    exceptions.Unknown,
    exceptions.Cancelled,
    exceptions.Aborted,
)
_NOTHING_DONE = (exceptions.TooManyRequests, exceptions.Aborted)
"""Refused for load, or for contention with other writers: even a conditional commit may be sent again. ABORTED says
nothing about a condition; Firestore answers FAILED_PRECONDITION where one does not hold."""
_REFUSED = (
    exceptions.FailedPrecondition,
    exceptions.AlreadyExists,
    exceptions.NotFound,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Document:
    """A document as read. `updated_at` is exact: it may be handed back as a write's condition."""

    path: str
    data: dict[str, Any]
    updated_at: datetime

    @property
    def id(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


class Database:
    """One Firestore database. Every call has a timeout; a fault of Firestore's own raises TransientForAll.

    Reads are tried again a few times; so are commits that come to the same when they arrive twice.
    """

    def __init__(
        self,
        client: firestore.Client,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._api = client._firestore_api
        self._options: dict[str, Any] = {"metadata": client._rpc_metadata, "retry": None, "timeout": _TIMEOUT}
        self._database: str = client._database_string
        self._root = f"{self._database}/documents"
        self._sleep = sleep
        self._chance = chance
        self._threads = ThreadPoolExecutor(_PARALLEL, thread_name_prefix="firestore")

    def get(self, paths: Iterable[str], fields: Sequence[str] | None = None) -> dict[str, Document]:
        """The documents that exist, by path, read by one call. `fields` limits what is read of each.

        Where an id is longer than Firestore's may be, there is none: it refuses the question.
        """
        names = [f"{self._root}/{path}" for path in dict.fromkeys(paths) if _may_exist(path)]
        if not names:
            return {}
        request: dict[str, Any] = {"database": self._database, "documents": names}
        if fields is not None:
            request["mask"] = wire.mask(fields)
        answers = self._try(lambda: list(self._api.batch_get_documents(request=request, **self._options)))
        messages = map(rpc.BatchGetDocumentsResponse.pb, answers)
        found = [self._document(message.found) for message in messages if message.HasField("found")]
        return {document.path: document for document in found}

    def query(self, query: Query) -> list[Document]:
        """The documents of one query, in its order."""
        parent = self._parent(query)
        return list(map(self._document, self._run(parent, wire.query_message(query, parent))))

    def below(self, path: str, fields: Sequence[str] | None = None) -> Iterator[Document]:
        """Every document below a document, at any depth, by path; also where one in between is gone.

        Read page by page, so that it takes no more room than a page. `fields` limits what is read of each.
        """
        after = ""
        while True:
            found = self._run(f"{self._root}/{path}", wire.below_message(after, _PAGE, fields))
            yield from map(self._document, found)
            if len(found) < _PAGE:
                return
            after = found[-1].name

    def queries(self, queries: Sequence[Query]) -> list[list[Document]]:
        """The documents of several queries, asked at once; one list each, in the order of the queries."""
        if len(queries) == 1:
            return [self.query(queries[0])]
        return list(self._threads.map(self.query, queries))

    def count(
        self, collection: str, where: Iterable[tuple[str, str, Any]] = (), up_to: int | None = None
    ) -> int:
        """How many documents of a collection fulfil the conditions; counting ends at `up_to`."""
        query = Query(collection, tuple(where))
        request = rpc.RunAggregationQueryRequest(parent=self._parent(query))
        message = rpc.RunAggregationQueryRequest.pb(request)
        asked = message.structured_aggregation_query
        asked.structured_query.CopyFrom(wire.query_message(query, message.parent))
        counted = asked.aggregations.add(alias="n")
        counted.count.SetInParent()
        if up_to is not None:
            counted.count.up_to.value = up_to
        answers = self._try(lambda: list(self._api.run_aggregation_query(request=request, **self._options)))
        results = (rpc.RunAggregationQueryResponse.pb(answer).result.aggregate_fields for answer in answers)
        # Firestore may count nothing as the float 0.0.
        return sum(int(wire.read(fields["n"])) for fields in results if "n" in fields)

    def commit(self, writes: Sequence[Write]) -> dict[str, datetime]:
        """Carry out all writes, in order, or none; gives the update time of each document that is left.

        Raises Conflict if a condition does not hold (the document changed since, exists already or is gone) or others
        keep writing there; Unstorable for what Firestore never takes, such as a document above 1 MiB. A commit whose
        outcome is unknown raises TransientForAll like one that did not happen.
        """
        if not writes:
            return {}
        request = rpc.CommitRequest(database=self._database)
        message = rpc.CommitRequest.pb(request)
        message.writes.extend(wire.write_message(write, self._root) for write in writes)
        repeatable = all(write.kind is not Kind.CREATE and write.if_updated_at is None for write in writes)
        try:
            answer = self._try(lambda: self._api.commit(request=request, **self._options), repeatable)
        except _REFUSED as error:
            raise Conflict(f"Firestore refused the commit: {type(error).__name__}") from error
        except exceptions.InvalidArgument as error:
            raise Unstorable("Firestore takes no such commit") from error
        times: dict[str, datetime] = {}
        for write, result in zip(writes, rpc.CommitResponse.pb(answer).write_results, strict=True):
            times.pop(write.path, None)
            if result.HasField("update_time"):
                times[write.path] = _exact(result.update_time)
        return times

    def chunks(self, groups: Iterable[Sequence[Write]]) -> Iterator[list[Write]]:
        """Pack groups of writes into commits of at most 400 writes and 4 MiB. A group is never split.

        A group that is larger by itself is a commit of its own.
        """
        chunk: list[Write] = []
        size = 0
        for group in groups:
            group_size = sum(
                wire.write_message(write, self._root).ByteSize() + _FRAME_BYTES for write in group
            )
            if chunk and (len(chunk) + len(group) > MAX_WRITES or size + group_size > MAX_BYTES):
                yield chunk
                chunk, size = [], 0
            chunk = [*chunk, *group]
            size += group_size
        if chunk:
            yield chunk

    def _run(self, parent: str, asked: Any) -> list[Any]:
        """The documents of a `StructuredQuery`, as messages."""
        request = rpc.RunQueryRequest(parent=parent)
        rpc.RunQueryRequest.pb(request).structured_query.CopyFrom(asked)
        answers = self._try(lambda: list(self._api.run_query(request=request, **self._options)))
        messages = map(rpc.RunQueryResponse.pb, answers)
        return [message.document for message in messages if message.HasField("document")]

    def _try(self, call: Callable[[], T], repeatable: bool = True) -> T:
        pauses = iter(_PAUSES)
        while True:
            try:
                return call()
            except _UNAVAILABLE as error:
                again = repeatable or isinstance(error, _NOTHING_DONE)
                pause = next(pauses, None) if again else None
                if pause is None and isinstance(error, exceptions.Aborted):
                    raise Conflict("Firestore gave the call up: others keep writing there") from error
                if pause is None:
                    reason = f"Firestore answered {type(error).__name__}"
                    raise TransientForAll("firestore_unavailable", reason) from error
            # By chance, so that those who got into each other's way do not meet again.
            self._sleep(pause * (0.5 + self._chance()))

    def _parent(self, query: Query) -> str:
        above = query.collection.rpartition("/")[0]
        return f"{self._root}/{above}" if above else self._root

    def _document(self, message: Any) -> Document:
        path = message.name[len(self._root) + 1 :]
        return Document(path, wire.read_fields(message.fields), _exact(message.update_time))


def _exact(message: Any) -> datetime:
    moment: datetime = DatetimeWithNanoseconds.from_timestamp_pb(message)  # type: ignore[no-untyped-call]
    return moment


def _may_exist(path: str) -> bool:
    return all(len(part.encode()) <= LONGEST_ID for part in path.split("/"))
