"""Queries by index give what a plain scan gives, and touch only what they give."""

from __future__ import annotations

from collections.abc import ValuesView
from typing import Any

import pytest
from google.cloud.firestore import Query
from google.cloud.firestore_v1._helpers import encode_dict
from google.cloud.firestore_v1.base_query import BaseQuery, FieldFilter, Or
from hypothesis import given, settings
from hypothesis import strategies as st
from local_stack.firestore import FirestoreStandIn, in_process_client
from local_stack.firestore.protos import Document, new_document
from local_stack.firestore.queries import compiled, matching, results, scanned, selected
from local_stack.firestore.storage import Collection, Documents

PARENT = "projects/p/databases/d/documents"
CLIENT = in_process_client(FirestoreStandIn())
BASE = CLIENT.collection("c")
FIELDS = ("a", "b", "m.c")

scalars = st.sampled_from([0, 1, 1.0, 2, "x", None, float("nan"), True, b"x"])
values = scalars | st.lists(scalars, max_size=3)
documents = st.fixed_dictionaries(
    {"a": values}, optional={"b": values, "m": st.fixed_dictionaries({"c": values})}
)
paths = st.sampled_from(["c/1", "c/2", "c/3", "c/4", "c/5", "u/1/c/1", "u/1/c/9"])
writes = st.tuples(paths, documents | st.none())
comparisons = st.sampled_from(["<", "<=", ">", ">=", "array_contains"])
filters = st.one_of(
    st.builds(FieldFilter, st.sampled_from(FIELDS), st.sampled_from(["==", "!="]), scalars),
    st.builds(FieldFilter, st.sampled_from(FIELDS), comparisons, st.sampled_from([0, 1, 2, "x"])),
    st.builds(
        FieldFilter,
        st.sampled_from(FIELDS),
        st.sampled_from(["in", "not-in", "array_contains_any"]),
        st.lists(scalars, min_size=1, max_size=3),
    ),
)
conditions = filters | st.lists(filters, min_size=1, max_size=2).map(Or)
directions = st.sampled_from(["ASCENDING", "DESCENDING"])
cursors = st.sampled_from([0, 1, 2, "x"])


@st.composite
def queries(draw: st.DrawFn) -> BaseQuery:
    """A query of the collection `c` or of all collections of that id."""
    query: BaseQuery = CLIENT.collection_group("c") if draw(st.booleans()) else Query(BASE)
    for condition in draw(st.lists(conditions, max_size=2)):
        query = query.where(filter=condition)
    orders = draw(st.lists(st.sampled_from(FIELDS), max_size=2, unique=True))
    for path in orders:
        query = query.order_by(path, direction=draw(directions))
    if orders and draw(st.booleans()):
        move = draw(
            st.sampled_from(
                [BaseQuery.start_at, BaseQuery.start_after, BaseQuery.end_at, BaseQuery.end_before]
            )
        )
        query = move(query, draw(st.lists(cursors, min_size=1, max_size=len(orders))))
    if draw(st.booleans()):
        query = query.limit(draw(st.integers(0, 3))).offset(draw(st.integers(0, 2)))
    return query


def stored(path: str, fields: dict[str, Any]) -> Document:
    """A document as the client would send it."""
    document = new_document(name=f"{PARENT}/{path}")
    for name, value in encode_dict(fields).items():
        document.fields[name].CopyFrom(value._pb)
    return document


@settings(max_examples=100, deadline=None)
@given(st.lists(writes, min_size=4, max_size=12), st.lists(queries(), min_size=4, max_size=8))
def test_an_index_gives_what_a_scan_gives(steps: list[tuple[str, Any]], asked: list[BaseQuery]) -> None:
    documents = Documents()
    structured = [query._to_protobuf()._pb for query in asked]
    for path, fields in steps:
        documents.replace(f"{PARENT}/{path}", None if fields is None else stored(path, fields))
        for query in structured:
            collections = selected(documents, PARENT, query)
            by_index = results(collections, compiled(query))
            assert names(by_index) == names(scanned(collections, compiled(query)))


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
