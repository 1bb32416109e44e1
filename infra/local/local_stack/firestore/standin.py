"""The Firestore stand-in: data, RPCs, and the two ways to reach them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent import futures
from datetime import datetime
from pathlib import Path
from typing import Any

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports.grpc import FirestoreGrpcTransport

from .channel import InProcessChannel
from .commits import CommitHook, Commits
from .counters import Counters
from .errors import StatusError, invalid_argument
from .protos import Request, Response, message_class
from .reads import Reads
from .shapes import QueryShape
from .state import State
from .storage import Snapshot

SERVICE = "google.firestore.v1.Firestore"
MAX_REQUEST_BYTES = 10 << 20
STREAMED = frozenset(("BatchGetDocuments", "RunQuery", "RunAggregationQuery"))


class FirestoreStandIn:
    """Firestore on one machine, for the real google-cloud-firestore client.

    Keeps every database of every project it is asked for, in memory or in an SQLite file. `now` gives the
    server's time (default: the machine's). Not served: Listen, Write, PartitionQuery, vector search, explain,
    pipelines, reads of past versions. Like Google's emulator it needs no composite index and knows no TTL.
    """

    def __init__(self, path: Path | None = None, now: Callable[[], datetime] | None = None) -> None:
        self._state = State(path, now)
        self._commits = Commits(self._state)
        self._rpcs = _rpcs(Reads(self._state), self._commits)
        self._server: grpc.Server | None = None
        self._api: FirestoreClient | None = None

    @property
    def counters(self) -> Counters:
        """RPCs by name with the documents they read and wrote."""
        return self._state.counters

    @property
    def query_shapes(self) -> set[QueryShape]:
        """Every kind of query asked so far; `needs_index` says whether production demands a defined index."""
        return self._state.query_shapes

    @property
    def before_commit(self) -> CommitHook | None:
        """Called before a commit takes effect; may raise to prevent it, or change the data first."""
        return self._commits.before_commit

    @before_commit.setter
    def before_commit(self, hook: CommitHook | None) -> None:
        self._commits.before_commit = hook

    @property
    def after_commit(self) -> CommitHook | None:
        """Called once a commit has taken effect, before its caller knows; may raise to lose the answer."""
        return self._commits.after_commit

    @after_commit.setter
    def after_commit(self, hook: CommitHook | None) -> None:
        self._commits.after_commit = hook

    def snapshot(self) -> Snapshot:
        """All data of all databases as it is now; cheap, and unaffected by later writes."""
        return self._state.snapshot()

    def restore(self, snapshot: Snapshot) -> None:
        """Back to a snapshot, which may be used again. Open transactions end; update times go on rising."""
        self._state.restore(snapshot)

    def handle(self, rpc: str, payload: bytes) -> list[bytes]:
        """Serve one RPC: serialised request in, serialised responses out."""
        if rpc not in self._rpcs:
            raise StatusError(grpc.StatusCode.UNIMPLEMENTED, f"{rpc} is not served")
        self.counters[rpc].calls += 1
        if len(payload) > MAX_REQUEST_BYTES:
            raise invalid_argument(f"Request payload size exceeds the limit: {MAX_REQUEST_BYTES} bytes.")
        request_class, method = self._rpcs[rpc]
        return [response.SerializeToString() for response in method(request_class.FromString(payload))]

    def serve(self, port: int = 0) -> int:
        """Listen on 127.0.0.1; gives the port, which port 0 leaves to the system."""
        server = grpc.server(
            futures.ThreadPoolExecutor(max_workers=16),
            options=[("grpc.max_receive_message_length", 4 * MAX_REQUEST_BYTES)],
        )
        handlers = {rpc: self._handler(rpc) for rpc in self._rpcs}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        bound: int = server.add_insecure_port(f"127.0.0.1:{port}")
        server.start()
        self._server = server
        return bound

    def wait(self) -> None:
        """Block until the server ends."""
        if self._server:
            self._server.wait_for_termination()

    def stop(self) -> None:
        """End the server and release the file."""
        if self._server:
            self._server.stop(grace=None).wait()
            self._server = None
        self._state.close()

    def in_process_api(self) -> FirestoreClient:
        """The generated client that calls this stand-in in the same thread; one for all databases."""
        if self._api is None:
            self._api = FirestoreClient(
                transport=FirestoreGrpcTransport(channel=InProcessChannel(self.handle))
            )
        return self._api

    def _handler(self, rpc: str) -> grpc.RpcMethodHandler:
        def serve(payload: bytes, context: grpc.ServicerContext) -> Any:
            try:
                return self.handle(rpc, payload)
            except StatusError as error:
                context.abort(error.code, error.message)

        if rpc in STREAMED:
            return grpc.unary_stream_rpc_method_handler(
                lambda payload, context: iter(serve(payload, context))
            )
        return grpc.unary_unary_rpc_method_handler(lambda payload, context: serve(payload, context)[0])


def _rpcs(reads: Reads, commits: Commits) -> dict[str, tuple[Any, Callable[[Request], Iterable[Response]]]]:
    methods: dict[str, Callable[[Request], Iterable[Response]]] = {
        "GetDocument": reads.get_document,
        "BatchGetDocuments": reads.batch_get_documents,
        "RunQuery": reads.run_query,
        "RunAggregationQuery": reads.run_aggregation_query,
        "ListDocuments": reads.list_documents,
        "ListCollectionIds": reads.list_collection_ids,
        "BeginTransaction": commits.begin_transaction,
        "Rollback": commits.rollback,
        "Commit": commits.commit,
        "BatchWrite": commits.batch_write,
    }
    return {rpc: (message_class(f"{rpc}Request"), method) for rpc, method in methods.items()}


class _InProcessFirestore(firestore.Client):
    """The real client; only the connection it would open is replaced."""

    def __init__(self, standin: FirestoreStandIn, project: str, database: str) -> None:
        credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
        super().__init__(project=project, credentials=credentials, database=database)
        self._firestore_api_internal = standin.in_process_api()


def in_process_client(
    standin: FirestoreStandIn, project: str = "p", database: str = "(default)"
) -> firestore.Client:
    """The real client library on a stand-in in the same process: no socket, no threads.

    A hook's own exception, a crash for instance, passes through the client to whoever called it.
    """
    return _InProcessFirestore(standin, project, database)
