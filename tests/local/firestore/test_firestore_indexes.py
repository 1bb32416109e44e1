"""Queries by index give what a plain scan gives, and touch only what they give."""

from __future__ import annotations

from collections.abc import Iterator, ValuesView
from itertools import product
from typing import Any

import pytest
from google.cloud.firestore import Query
from google.cloud.firestore_v1._helpers import encode_dict
from google.cloud.firestore_v1.base_query import BaseQuery, FieldFilter, Or
from hypothesis import given, settings
from hypothesis import strategies as st

from local_stack.firestore import FirestoreStandIn, in_process_client
from local_stack.firestore.protos import Document, StructuredQuery, new_document
from local_stack.firestore.queries import compiled, matching, results, scanned, selected
from local_stack.firestore.storage import Collection, Documents

PARENT = "projects/p/databases/d/documents"
CLIENT = in_process_client(FirestoreStandIn())
BASE = CLIENT.collection("c")
scalars = st.sampled_from([0, 1, 1.0, 2, "x", None, float("nan"), True])
values = scalars | st.lists(scalars, max_size=3)
documents = st.fixed_dictionaries(
    {"a": values}, optional={"b": values, "m": st.fixed_dictionaries({"c": values})}
)
paths = st.sampled_from(["c/1", "c/2", "c/3", "c/4", "c/5", "u/1/c/1", "u/1/c/9"])

CONDITIONS = [
    [],
    [FieldFilter("a", "==", 1)],
    [FieldFilter("a", ">", 0)],
    [FieldFilter("a", ">=", 1), FieldFilter("a", "<", 2)],
    [FieldFilter("a", "<=", 1), FieldFilter("b", "==", 1)],
    [FieldFilter("a", "in", [1, "x", None]), FieldFilter("m.c", ">", 0)],
    [FieldFilter("a", "not-in", [1, 2])],
    [FieldFilter("a", "array_contains", 1)],
    [FieldFilter("a", "array_contains_any", [0, 2, None])],
    [FieldFilter("a", "!=", None)],
    [Or([FieldFilter("a", "==", 2), FieldFilter("b", "==", 1)])],
]
ORDERS = [
    [],
    [("a", "ASCENDING")],
    [("a", "DESCENDING")],
    [("b", "ASCENDING")],
    [("a", "DESCENDING"), ("b", "ASCENDING")],
]
CURSORS = [
    lambda query: query,
    lambda query: query.start_at([1]),
    lambda query: query.start_after([1]),
    lambda query: query.end_at([1]).limit(2),
    lambda query: query.end_before([1]).offset(1),
]


def all_queries() -> Iterator[StructuredQuery]:
    """Every combination of these conditions, orders and cursors, on a collection and on a collection group."""
    for start in (Query(BASE), CLIENT.collection_group("c")):
        for conditions, orders in product(CONDITIONS, ORDERS):
            query: BaseQuery = start
            for condition in conditions:
                query = query.where(filter=condition)
            for path, direction in orders:
                query = query.order_by(path, direction=direction)
            for cursor in CURSORS if orders else CURSORS[:1]:
                yield cursor(query)._to_protobuf()._pb


QUERIES = [(query, compiled(query)) for query in all_queries()]


def stored(path: str, fields: dict[str, Any]) -> Document:
    """A document as the client would send it."""
    document = new_document(name=f"{PARENT}/{path}")
    for name, value in encode_dict(fields).items():
        document.fields[name].CopyFrom(value._pb)
    return document


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(paths, documents), min_size=4),
    st.lists(st.tuples(paths, documents | st.none()), min_size=1),
)
def test_an_index_gives_what_a_scan_gives(first: list[tuple[str, Any]], then: list[tuple[str, Any]]) -> None:
    documents = Documents()
    for steps in (first, then):
        for path, fields in steps:
            documents.replace(f"{PARENT}/{path}", None if fields is None else stored(path, fields))
        for structured, query in QUERIES:
            collections = selected(documents, PARENT, structured)
            assert names(results(collections, query)) == names(scanned(collections, query))


def names(found: list[Document]) -> list[str]:
    return [document.name for document in found]


class Counting(dict[str, Document]):
    """Documents that count how often one is taken out."""

    taken = 0

    def __getitem__(self, document_id: str) -> Document:
        self.taken += 1
        return super().__getitem__(document_id)

    def values(self) -> ValuesView[Document]:
        self.taken += len(self)
        return super().values()


@pytest.fixture(scope="module")
def mappings() -> Collection:
    """1000 documents; every hundredth has `due_at`."""
    collection = Collection(Counting())
    for number in range(1000):
        fields: dict[str, Any] = {
            "state": "new" if number % 50 == 0 else "linked",
            "google_id": f"c{number}",
            "match_keys": [f"k{number}", f"k{number + 1}"],
        }
        if number % 100 == 0:
            fields["due_at"] = number
        collection.replace(f"m{number:04}", stored(f"c/m{number:04}", fields))
    return collection


DUE = BASE.where(filter=FieldFilter("due_at", "<=", 450)).order_by("due_at")


@pytest.mark.parametrize(
    ("query", "found", "taken"),
    [
        (DUE.limit(100), 5, 5),
        (DUE.limit(2), 2, 2),
        (DUE.where(filter=FieldFilter("state", "==", "linked")), 0, 5),
        (BASE.where(filter=FieldFilter("state", "==", "new")), 20, 20),
        (BASE.where(filter=FieldFilter("state", "==", "new")).order_by("google_id"), 20, 20),
        (BASE.where(filter=FieldFilter("google_id", "in", ["c7", "c9", "none"])), 2, 2),
        (BASE.where(filter=FieldFilter("match_keys", "array_contains", "k9")), 2, 2),
        (BASE.where(filter=FieldFilter("match_keys", "array_contains_any", ["k1", "k2", "k500"])), 5, 5),
        (BASE.order_by("__name__").start_at({"__name__": "m0500"}).limit(10), 10, 10),
        (BASE.order_by("google_id", direction="DESCENDING").limit(3), 3, 3),
        (BASE.where(filter=FieldFilter("state", "!=", "linked")), 20, 1000),
    ],
)
def test_a_query_takes_out_only_the_documents_that_its_best_index_names(
    mappings: Collection, query: BaseQuery, found: int, taken: int
) -> None:
    structured = compiled(query._to_protobuf()._pb)
    results([mappings], structured)
    documents = mappings.documents
    assert isinstance(documents, Counting)
    documents.taken = 0
    assert len(results([mappings], structured)) == found
    assert documents.taken == taken


def test_counting_an_equality_takes_out_its_documents_only(mappings: Collection) -> None:
    query = compiled(BASE.where(filter=FieldFilter("state", "==", "new"))._to_protobuf()._pb)
    documents = mappings.documents
    assert isinstance(documents, Counting)
    documents.taken = 0
    assert len(list(matching(mappings, query))) == 20
    assert documents.taken == 20
