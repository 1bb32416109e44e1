"""Queries and aggregations through the real client: one contract for stand-in and emulator."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import And, FieldFilter, Or

# In Firestore's order; equal values in the order of the names.
VALUES: dict[str, Any] = {
    "null": None,
    "false": False,
    "true": True,
    "nan": math.nan,
    "minus": -1.5,
    "zero": 0.0,
    "one": 1,
    "one_float": 1.0,
    "two": 2,
    "time": datetime(2026, 1, 1, tzinfo=UTC),
    "text": "abc",
    "umlaut": "é",
    "bytes": b"x",
    "empty_list": [],
    "odd_list": [None, math.nan],
    "list": [1, 2],
    "empty_map": {},
    "map": {"a": 1},
}
IN_ORDER = list(VALUES)


def ids(query: Any) -> list[str]:
    return [found.id for found in query.stream()]


def field(path: str, operator: str, value: Any) -> FieldFilter:
    return FieldFilter(path, operator, value)


@pytest.fixture
def values(db: firestore.Client) -> firestore.CollectionReference:
    """One document per kind of value in `v`, and one without `v`."""
    batch = db.batch()
    collection = db.collection("values")
    for name, value in VALUES.items():
        batch.set(collection.document(name), {"v": value})
    batch.set(collection.document("other"), {"w": 1})
    batch.commit()
    return collection


def without(*names: str) -> list[str]:
    return [name for name in IN_ORDER if name not in names]


def test_values_of_all_types_have_one_order(values: firestore.CollectionReference) -> None:
    assert ids(values.order_by("v")) == IN_ORDER
    assert ids(values.order_by("v", direction="DESCENDING")) == IN_ORDER[::-1]


def test_filters_compare_within_a_type(values: firestore.CollectionReference) -> None:
    expected: list[tuple[str, Any, list[str]]] = [
        ("==", 1, ["one", "one_float"]),
        ("==", 0, ["zero"]),
        ("==", None, ["null"]),
        ("==", math.nan, ["nan"]),
        ("==", [1, 2], ["list"]),
        ("==", {"a": 1}, ["map"]),
        ("!=", 1, without("null", "one", "one_float")),
        ("!=", None, without("null")),
        ("!=", math.nan, without("null", "nan")),
        ("<", 2, ["minus", "zero", "one", "one_float"]),
        ("<=", 1, ["minus", "zero", "one", "one_float"]),
        (">", 1, ["two"]),
        (">=", 1, ["one", "one_float", "two"]),
        (">", False, ["true"]),
        ("<", "b", ["text"]),
        ("<", [1, 3], ["empty_list", "odd_list", "list"]),
        ("in", [1, "abc", None], ["one", "one_float", "text"]),
        ("in", [None], []),
        ("in", [math.nan], []),
        ("not-in", [1], without("null", "one", "one_float")),
        ("not-in", [None], []),
        ("not-in", [1, math.nan], without("null", "one", "one_float")),
        ("array_contains", 1, ["list"]),
        ("array_contains_any", [2, None, 7], ["list"]),
    ]
    for operator, value, names in expected:
        found = ids(values.where(filter=field("v", operator, value)))
        assert sorted(found) == sorted(names), (operator, value)
        if operator not in ("==", "in", "array_contains", "array_contains_any"):
            assert found == names, (operator, value)


def test_lists_of_values_are_limited(values: firestore.CollectionReference) -> None:
    thirty = list(range(30))
    assert ids(values.where(filter=field("v", "in", thirty))) == ["one", "one_float", "two", "zero"]
    refused = [
        values.where(filter=field("v", "in", [])),
        values.where(filter=field("v", "in", [*thirty, 30])),
        values.where(filter=field("v", "array_contains_any", [*thirty, 30])),
        values.where(filter=field("v", "not-in", list(range(11)))),
        values.where(filter=field("v", "in", thirty[:6])).where(filter=field("w", "in", thirty[:6])),
    ]
    for query in refused:
        with pytest.raises(exceptions.InvalidArgument):
            ids(query)


def test_and_or_combine(values: firestore.CollectionReference) -> None:
    one = And([field("v", ">=", 1), field("v", "<", 2)])
    assert ids(values.where(filter=Or([one, field("v", "==", "abc")]))) == ["one", "one_float", "text"]
    assert ids(values.where(filter=Or([field("v", "==", 1), field("w", "==", 1)]))) == [
        "one",
        "one_float",
        "other",
    ]


@pytest.fixture
def people(db: firestore.Client) -> firestore.CollectionReference:
    """Ten people; only even numbers have `due`, in reverse of their ids."""
    batch = db.batch()
    collection = db.collection("users/u1/people")
    for number in range(10):
        person: dict[str, Any] = {
            "n": number,
            "state": "odd" if number % 2 else "even",
            "m": {"k": number % 3},
        }
        if number % 2 == 0:
            person["due"] = datetime(2026, 1, 20 - number, tzinfo=UTC)
        batch.set(collection.document(f"p{number}"), person)
    batch.set(db.document("users/u2/people/p77"), {"n": 77, "state": "odd"})
    batch.set(db.document("users/u1/people/p1/people/inner"), {"n": 88, "state": "odd"})
    batch.commit()
    return collection


def test_documents_without_the_field_are_not_in_its_order(people: firestore.CollectionReference) -> None:
    due = people.where(filter=field("due", "<=", datetime(2026, 1, 18, tzinfo=UTC))).order_by("due")
    assert ids(due) == ["p8", "p6", "p4", "p2"]
    assert ids(due.limit(2)) == ["p8", "p6"]
    assert ids(due.offset(1).limit(2)) == ["p6", "p4"]
    assert ids(people.order_by("due", direction="DESCENDING").limit(2)) == ["p0", "p2"]


def test_equality_and_order_on_another_field(people: firestore.CollectionReference) -> None:
    odd = people.where(filter=field("state", "==", "odd"))
    assert ids(odd) == ["p1", "p3", "p5", "p7", "p9"]
    assert ids(odd.order_by("n", direction="DESCENDING").limit(2)) == ["p9", "p7"]
    assert ids(odd.where(filter=field("n", ">", 2)).where(filter=field("n", "<", 7))) == ["p3", "p5"]


def test_a_nested_field_is_found_by_its_path(people: firestore.CollectionReference) -> None:
    assert ids(people.where(filter=field("m.k", "==", 2))) == ["p2", "p5", "p8"]


def test_inequalities_on_two_fields_order_by_both(people: firestore.CollectionReference) -> None:
    found = people.where(filter=field("n", ">", 1)).where(filter=field("m.k", ">", 0))
    assert ids(found) == ["p4", "p7", "p2", "p5", "p8"]


def test_cursors_page_through_a_collection(people: firestore.CollectionReference) -> None:
    seen: list[str] = []
    query = people.order_by("__name__").limit(4)
    page = list(query.stream())
    while page:
        seen += [found.id for found in page]
        page = list(query.start_after(page[-1]).stream())
    assert seen == [f"p{number}" for number in range(10)]


def test_cursors_start_and_end_inside_an_order(people: firestore.CollectionReference) -> None:
    by_group = people.order_by("m.k").order_by("n", direction="DESCENDING")
    assert ids(by_group) == ["p9", "p6", "p3", "p0", "p7", "p4", "p1", "p8", "p5", "p2"]
    assert ids(by_group.start_at({"m": {"k": 1}, "n": 4})) == ["p4", "p1", "p8", "p5", "p2"]
    assert ids(by_group.start_after({"m": {"k": 1}})) == ["p8", "p5", "p2"]
    assert ids(by_group.end_before({"m": {"k": 0}, "n": 3})) == ["p9", "p6"]
    assert ids(by_group.end_at({"m": {"k": 0}})) == ["p9", "p6", "p3", "p0"]
    descending = people.order_by("n", direction="DESCENDING")
    assert ids(descending.start_after({"n": 7}).end_at({"n": 5})) == ["p6", "p5"]
    assert ids(people.order_by("n").start_at({"n": 3}).end_before({"n": 5})) == ["p3", "p4"]


def test_limit_to_last_gives_the_end_in_order(people: firestore.CollectionReference) -> None:
    assert [found.id for found in people.order_by("n").limit_to_last(2).get()] == ["p8", "p9"]


def test_documents_are_found_by_their_name(people: firestore.CollectionReference) -> None:
    named = [people.document("p3"), people.document("none")]
    assert ids(people.where(filter=field("__name__", "in", named))) == ["p3"]
    assert ids(people.where(filter=field("__name__", ">", people.document("p7")))) == ["p8", "p9"]


def test_select_gives_the_chosen_fields(people: firestore.CollectionReference) -> None:
    query = people.where(filter=field("n", "==", 2))
    assert [found.to_dict() for found in query.select(["n", "m.k"]).stream()] == [{"n": 2, "m": {"k": 2}}]
    assert [(found.id, found.to_dict()) for found in query.select([]).stream()] == [("p2", {})]


def test_a_collection_group_spans_parents(
    db: firestore.Client, people: firestore.CollectionReference
) -> None:
    group = db.collection_group("people").where(filter=field("state", "==", "odd"))
    assert ids(group) == ["p1", "inner", "p3", "p5", "p7", "p9", "p77"]
    assert ids(db.collection_group("people").where(filter=field("n", ">", 8)).limit(2)) == ["p9", "p77"]


def test_aggregations(people: firestore.CollectionReference) -> None:
    odd = people.where(filter=field("state", "==", "odd"))
    assert odd.count().get()[0][0].value == 5
    assert odd.limit(3).count().get()[0][0].value == 3
    assert odd.sum("n").get()[0][0].value == 25
    assert odd.avg("n").get()[0][0].value == 5
    nothing = people.where(filter=field("state", "==", "none"))
    assert nothing.count().get()[0][0].value == 0
    assert nothing.sum("n").get()[0][0].value == 0
    both = people.count(alias="all").avg("n", alias="mean").get()[0]
    assert {result.alias: result.value for result in both} == {"all": 10, "mean": 4.5}


def test_a_negative_limit_is_refused(people: firestore.CollectionReference) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        ids(people.limit(-1))


def test_queries_follow_every_write(people: firestore.CollectionReference) -> None:
    odd = people.where(filter=field("state", "==", "odd"))
    ordered = people.order_by("due")
    assert len(ids(odd)) == 5
    assert len(ids(ordered)) == 5
    people.document("p1").update({"state": "even", "due": datetime(2026, 2, 1, tzinfo=UTC)})
    people.document("p3").delete()
    people.document("p8").update({"due": firestore.DELETE_FIELD})
    people.document("p0").update({"due": datetime(2025, 1, 1, tzinfo=UTC)})
    assert ids(odd) == ["p5", "p7", "p9"]
    assert ids(ordered) == ["p0", "p6", "p4", "p2", "p1"]
