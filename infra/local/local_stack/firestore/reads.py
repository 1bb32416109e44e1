"""The RPCs that read: documents by name, queries, aggregations, listings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil
from typing import TypeVar

import grpc

from .aggregates import aggregated
from .errors import StatusError
from .fields import projected
from .protos import Document, Request, Response, StructuredQuery, message_class
from .queries import Query, compiled, matching, results, selected
from .shapes import shape_of
from .state import State
from .transactions import Transaction
from .writes import check_name

BatchGetDocumentsResponse = message_class("BatchGetDocumentsResponse")
RunQueryResponse = message_class("RunQueryResponse")
RunAggregationQueryResponse = message_class("RunAggregationQueryResponse")
ListDocumentsResponse = message_class("ListDocumentsResponse")
ListCollectionIdsResponse = message_class("ListCollectionIdsResponse")

DEFAULT_PAGE_SIZE = 300
ENTRIES_A_READ = 1000
Item = TypeVar("Item")


class Reads:
    """One method per RPC; each takes the request and gives its responses in order."""

    def __init__(self, state: State) -> None:
        self._state = state

    def get_document(self, request: Request) -> Iterable[Response]:
        """One document; NOT_FOUND if it does not exist."""
        _refuse_past_reads(request)
        check_name(request.name)
        with self._state.lock:
            document = self._state.documents.get(request.name)
            if request.transaction:
                self._state.transactions.get(request.transaction).saw(request.name, document)
        self._state.counters["GetDocument"].read += 1
        if document is None:
            raise StatusError(grpc.StatusCode.NOT_FOUND, f'Document "{request.name}" not found.')
        return [_masked(document, request)]

    def batch_get_documents(self, request: Request) -> Iterable[Response]:
        """Documents by name, each once; in reverse, since the API promises no order."""
        names = list(dict.fromkeys(request.documents))
        for name in names:
            check_name(name)
        with self._state.lock:
            responses, transaction = self._opened(request, BatchGetDocumentsResponse)
            read_time = self._state.time()
            for name in reversed(names):
                document = self._state.documents.get(name)
                if transaction:
                    transaction.saw(name, document)
                if document is None:
                    responses.append(BatchGetDocumentsResponse(missing=name, read_time=read_time))
                else:
                    found = _masked(document, request)
                    responses.append(BatchGetDocumentsResponse(found=found, read_time=read_time))
        self._state.counters["BatchGetDocuments"].read += len(names)
        return responses

    def run_query(self, request: Request) -> Iterable[Response]:
        """The documents of a structured query."""
        structured = request.structured_query
        query = self._noted(request, structured)
        with self._state.lock:
            responses, transaction = self._opened(request, RunQueryResponse)
            found = self._results(request.parent, structured, query, transaction)
            read_time = self._state.time()
        self._state.counters["RunQuery"].read += len(found)
        paths = [field.field_path for field in structured.select.fields]
        responses += [
            RunQueryResponse(document=projected(document, paths) if paths else document, read_time=read_time)
            for document in found
        ]
        if not found:
            responses.append(RunQueryResponse(read_time=read_time))
        return responses

    def run_aggregation_query(self, request: Request) -> Iterable[Response]:
        """Counts, sums and averages over a structured query; a read for every 1,000 index entries, as it is billed."""
        structured = request.structured_aggregation_query.structured_query
        query = self._noted(request, structured)
        with self._state.lock:
            responses, transaction = self._opened(request, RunAggregationQueryResponse)
            if transaction or query.stop is not None or query.offset:
                found = self._results(request.parent, structured, query, transaction)
            else:
                collections = selected(self._state.documents, request.parent, structured)
                found = [document for collection in collections for document in matching(collection, query)]
            response = RunAggregationQueryResponse(read_time=self._state.time())
        self._state.counters["RunAggregationQuery"].read += max(1, ceil(len(found) / ENTRIES_A_READ))
        for number, aggregation in enumerate(request.structured_aggregation_query.aggregations, start=1):
            value = aggregated(aggregation, found)
            response.result.aggregate_fields[aggregation.alias or f"field_{number}"].CopyFrom(value)
        return [*responses, response]

    def list_documents(self, request: Request) -> Iterable[Response]:
        """The documents of a collection by id; with `show_missing` also mere parents of other documents."""
        _refuse_past_reads(request)
        path = f"{request.parent}/{request.collection_id}"
        with self._state.lock:
            names = sorted(f"{path}/{segment}" for segment in self._state.documents.segments_below(path))
            documents = [(name, self._state.documents.get(name)) for name in names]
        shown = [(name, document) for name, document in documents if document or request.show_missing]
        page, token = _page(shown, request)
        response = ListDocumentsResponse(next_page_token=token)
        for name, document in page:
            if document is None:
                response.documents.add(name=name)
            else:
                response.documents.append(_masked(document, request))
        self._state.counters["ListDocuments"].read += len(page)
        return [response]

    def list_collection_ids(self, request: Request) -> Iterable[Response]:
        """The collections below a document."""
        _refuse_past_reads(request)
        with self._state.lock:
            ids = sorted(self._state.documents.segments_below(request.parent))
        page, token = _page(ids, request)
        return [ListCollectionIdsResponse(collection_ids=page, next_page_token=token)]

    def _noted(self, request: Request, structured: StructuredQuery) -> Query:
        if request.HasField("explain_options") or structured.HasField("find_nearest"):
            raise StatusError(grpc.StatusCode.UNIMPLEMENTED, "Neither explain nor vector search is served")
        query = compiled(structured)
        self._state.query_shapes.add(shape_of(structured))
        return query

    def _results(
        self, parent: str, structured: StructuredQuery, query: Query, transaction: Transaction | None
    ) -> list[Document]:
        def ask() -> list[Document]:
            return results(selected(self._state.documents, parent, structured), query)

        found = ask()
        if transaction:
            transaction.saw_results(ask, found)
        return found

    def _opened(
        self, request: Request, response_class: type[Response]
    ) -> tuple[list[Response], Transaction | None]:
        """The transaction that a read belongs to; a new one is announced by a response of its own."""
        _refuse_past_reads(request)
        transactions = self._state.transactions
        if request.HasField("new_transaction"):
            key = transactions.begin()
            return [response_class(transaction=key)], transactions.get(key)
        return [], transactions.get(request.transaction) if request.transaction else None


def _masked(document: Document, request: Request) -> Document:
    return projected(document, list(request.mask.field_paths)) if request.HasField("mask") else document


def _page(items: Sequence[Item], request: Request) -> tuple[Sequence[Item], str]:
    """One page of a listing and the token of the next: the number of items passed so far."""
    start = int(request.page_token or 0)
    stop = start + (request.page_size or DEFAULT_PAGE_SIZE)
    return items[start:stop], str(stop) if stop < len(items) else ""


def _refuse_past_reads(request: Request) -> None:
    if request.HasField("read_time"):
        raise StatusError(grpc.StatusCode.UNIMPLEMENTED, "No past versions are kept: read_time")
