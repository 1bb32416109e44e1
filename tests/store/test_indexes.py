"""Every query that the store can issue has its index, and no index is for nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import product
from types import ModuleType
from typing import Any

import pytest

from contact_sync.contacts.mapping import State
from contact_sync.contacts.side import Side
from contact_sync.store import (
    backlog,
    creates,
    google_index,
    history,
    indexes,
    links,
    listings,
    mappings,
    previews,
    runs,
    system,
    tokens,
    users,
)
from contact_sync.store.database import Database, Document, Query
from contact_sync.store.indexes import ASCENDING, CONTAINS, DESCENDING, Field, Index
from local_stack.firestore import FirestoreStandIn, in_process_client

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MODULES = (
    *(backlog, creates, google_index, history, links, listings),
    *(mappings, previews, runs, system, tokens, users),
)


class RecordingDatabase(Database):
    """Remembers the queries it was asked."""

    def __init__(self) -> None:
        super().__init__(in_process_client(FirestoreStandIn()))
        self.asked: list[Query] = []

    def query(self, query: Query) -> list[Document]:
        self.asked.append(query)
        return super().query(query)

    def count(
        self, collection: str, where: Iterable[tuple[str, str, Any]] = (), up_to: int | None = None
    ) -> int:
        self.asked.append(Query(collection, tuple(where)))
        return super().count(collection, where, up_to)


def optional(*values: Any) -> tuple[Any, ...]:
    return (None, *values)


CALLS: dict[Callable[..., Any], list[dict[str, Any]]] = {
    backlog.get: [{"ids": ["b1"]}],
    backlog.page: [
        {"cause": cause, "group": group, "limit": 2}
        for cause, group in product(optional("refused"), optional("g1"))
    ],
    backlog.every_entry: [
        {"cause": cause, "group": group} for cause, group in product(optional("refused"), optional("g1"))
    ],
    backlog.count: [{}],
    backlog.causes: [{}],
    creates.get: [{"keys": ["k1"]}],
    google_index.get: [{"google_ids": ["c1"]}],
    google_index.due: [{"now": NOW, "limit": 2}, {"now": NOW, "limit": 2, "after": (NOW, "c1")}],
    google_index.next_due: [{}],
    google_index.with_keys: [{"keys": ["k1"]}],
    google_index.with_source_ids: [{"source_ids": ["s1"]}],
    google_index.that_chose: [{"sugar_id": "s1"}],
    google_index.ids: [{}],
    google_index.count_due: [{"now": NOW}],
    google_index.count: [
        {},
        {"mapping": None},
        {"mapping": None, "backlog": None},
        {"mapping": None, "left_alone": False},
    ],
    history.get: [{"entry": "h1"}],
    history.planned: [{"run": "r1"}],
    history.page: [
        {"contact": contact, "run": run, "limit": 2}
        for contact, run in product(optional("c1"), optional("r1"))
    ],
    links.claim: [{"sugar_user_id": "s1", "at": NOW}],
    links.others: [{"sugar_user_id": "s1"}],
    listings.read: [{"now": NOW}],
    mappings.get: [{"sugar_ids": ["s1"]}],
    mappings.due: [
        {"now": NOW, "limit": 2, "after": after, "states": states}
        for after, states in product(optional((NOW, "s1")), optional((State.NEW, State.LINKED)))
    ],
    mappings.next_due: [{}],
    mappings.with_keys: [{"keys": ["k1"]}],
    mappings.matching: [{"created_side": Side.GOOGLE, "state": State.LINKED}],
    mappings.matching_page: [
        {"cursor": None, "limit": 2, "created_side": Side.GOOGLE, "state": State.LINKED}
    ],
    mappings.names_beginning: [{"text": "An", "limit": 2}],
    mappings.deletions_waiting: [{"side": Side.GOOGLE}],
    mappings.that_chose: [{"google_id": "c1"}],
    mappings.by_state: [{"state": state, "cursor": None, "limit": 2} for state in optional(State.LINKED)],
    mappings.left_scope: [{"limit": 2}, {"limit": 2, "after": "c1"}],
    mappings.count_with_google: [{"state": State.GONE}],
    mappings.count_in_sugar: [{}],
    mappings.states: [{}],
    mappings.count_due: [{"now": NOW}],
    mappings.suspects: [{"now": NOW, "limit": 2}, {"now": NOW, "limit": 2, "after": (NOW, "s1")}],
    mappings.count_absent: [{}],
    mappings.count: [{}, {"state": State.LINKED}, {"deletion_waits": Side.GOOGLE, "state": State.LINKED}],
    mappings.created_in_google: [{}],
    mappings.users_with: [{"sugar_id": "s1"}],
    previews.get: [{"preview": "p1", "now": NOW}],
    previews.actions: [
        {"preview": "p1", "now": NOW, "kind": kind, "limit": 2} for kind in optional("merged")
    ],
    previews.action: [{"preview": "p1", "action": "a1", "now": NOW}],
    previews.choosable: [{"preview": "p1"}],
    runs.get: [{"run": "r1"}],
    runs.page: [{"limit": 2}],
    runs.since: [{"start": NOW}],
    runs.matching: [{"phase": "queued"}, {"trigger": "clean"}],
    system.pause: [{}],
    system.load_metadata: [{}],
    system.keys_unused: [{}],
    users.read: [{}],
    users.due: [{"now": NOW, "limit": 2}, {"now": NOW, "limit": 2, "after": users.Due("u1", NOW, False)}],
    users.by_sugar_user: [{"sugar_user_id": "s1"}],
    users.by_email: [{"email": "jane@corp.test"}],
    users.all_ids: [{}],
    users.read_all: [{"user_ids": ["u1"]}],
}
"""Every way to read, in every combination of its options."""
WITHOUT_QUERIES = {
    *(users.load, tokens.rotate, tokens.keys, tokens.outdated_of),
    *(system.save_metadata, system.session_keys, system.rotate_session),
}
"""They take a cipher or write; the tests of users, tokens and system hold how they read: by path."""


def readers(module: ModuleType) -> set[Callable[..., Any]]:
    functions = inspect.getmembers(module, inspect.isfunction)
    own = [
        function for name, function in functions if function.__module__ == module.__name__ and name[0] != "_"
    ]
    return {function for function in own if next(iter(inspect.signature(function).parameters), "") == "db"}


@pytest.fixture(scope="module")
def asked() -> list[Query]:
    db = RecordingDatabase()
    for function, calls in CALLS.items():
        takes_user = "user_id" in inspect.signature(function).parameters
        for call in calls:
            function(db, **({"user_id": "u1"} if takes_user else {}), **call)
    return db.asked


def composite_of(query: Query) -> tuple[str, frozenset[tuple[str, str]], tuple[tuple[str, str], ...]] | None:
    """The composite index a query needs: collection, the fields compared for equality, the ordered fields.

    None where Firestore's automatic indexes serve it: equalities without an order, or one ordered field.
    """
    equal: dict[str, str] = {}
    ordered = [
        (order.removeprefix("-"), DESCENDING if order[0] == "-" else ASCENDING)
        for order in query.order_by
        if order.removeprefix("-") != "__name__"
    ]
    for field, operator, _ in query.where:
        if operator in ("==", "in"):
            equal[field] = ASCENDING
        elif operator.startswith("array_contains"):
            equal[field] = CONTAINS
        elif field not in dict(ordered):
            ordered.insert(0, (field, ASCENDING))
    if not ordered or (len(ordered) == 1 and not equal):
        return None
    return query.collection.rpartition("/")[2], frozenset(equal.items()), tuple(ordered)


def serves(index: Index, need: tuple[str, frozenset[tuple[str, str]], tuple[tuple[str, str], ...]]) -> bool:
    collection, equal, ordered = need
    cut = len(index.fields) - len(ordered)
    return (
        index.collection == collection
        and frozenset(index.fields[:cut]) == equal
        and index.fields[cut:] == ordered
    )


def test_every_way_to_read_is_tried_here() -> None:
    assert set(CALLS) | WITHOUT_QUERIES == {function for module in MODULES for function in readers(module)}


def test_every_query_has_its_composite_index(asked: list[Query]) -> None:
    needs = {need for query in asked if (need := composite_of(query))}
    assert {need for need in needs if not any(serves(index, need) for index in indexes.COMPOSITE)} == set()


def test_no_composite_index_is_for_nothing(asked: list[Query]) -> None:
    needs = {need for query in asked if (need := composite_of(query))}
    assert [index for index in indexes.COMPOSITE if not any(serves(index, need) for need in needs)] == []


def test_queries_across_all_users_have_their_index_and_only_they(asked: list[Query]) -> None:
    across = {
        Field(query.collection, field) for query in asked if query.everywhere for field, _, _ in query.where
    }
    assert across == set(indexes.ACROSS_USERS)


def test_no_query_asks_for_a_field_without_index(asked: list[Query]) -> None:
    used = {
        Field(query.collection.rpartition("/")[2], field.partition(".")[0])
        for query in asked
        for field in (
            *(field for field, _, _ in query.where),
            *(order.removeprefix("-") for order in query.order_by),
        )
    }
    assert used & set(indexes.NOT_INDEXED) == set()


def test_fields_that_expire_documents_are_not_indexed() -> None:
    assert set(indexes.EXPIRING) <= set(indexes.NOT_INDEXED)


@pytest.mark.parametrize(
    ("query", "need"),
    [
        (Query("users", (("a", "<=", 1),), order_by=("a", "__name__")), None),
        (Query("users", (("a", "==", 1), ("b", "==", None))), None),
        (
            Query("users/u/runs", (("a", "==", 1), ("b", "array_contains", 1)), order_by=("-c", "-__name__")),
            ("runs", frozenset({("a", ASCENDING), ("b", CONTAINS)}), (("c", DESCENDING),)),
        ),
        (
            Query("users", (("a", "==", 1), ("b", ">", 1))),
            ("users", frozenset({("a", ASCENDING)}), (("b", ASCENDING),)),
        ),
    ],
)
def test_what_index_a_query_needs(query: Query, need: Any) -> None:
    assert composite_of(query) == need
