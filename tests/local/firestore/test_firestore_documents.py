"""Single documents and commits through the real client: one contract for stand-in and emulator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore import ArrayRemove, ArrayUnion, Increment, Maximum, Minimum

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def test_every_type_of_value_comes_back_as_written(db: firestore.Client) -> None:
    person = db.document("people/1")
    values: dict[str, Any] = {
        "text": "Zoë ✓",
        "whole": -(2**62),
        "decimal": 1.5,
        "yes": True,
        "nothing": None,
        "moment": datetime(2026, 11, 21, 19, 45, 12, 123456, tzinfo=UTC),
        "bytes": b"\x00\xff",
        "place": firestore.GeoPoint(52.5, 13.4),
        "friend": db.document("people/2"),
        "list": [1, "two", {"three": None}],
        "map": {"a.b": {"`": 1}, "empty": {}},
        "none": [],
    }
    person.set(values)
    assert person.get().to_dict() == values


def test_a_missing_document_does_not_exist(db: firestore.Client) -> None:
    assert not db.document("people/none").get().exists


def test_create_refuses_an_existing_document(db: firestore.Client) -> None:
    db.document("people/1").create({"n": 1})
    with pytest.raises(exceptions.AlreadyExists):
        db.document("people/1").create({"n": 2})
    assert db.document("people/1").get().get("n") == 1


def test_update_refuses_a_missing_document(db: firestore.Client) -> None:
    with pytest.raises(exceptions.NotFound):
        db.document("people/none").update({"n": 1})


def test_update_with_the_read_update_time_succeeds_once(db: firestore.Client) -> None:
    person = db.document("people/1")
    read = person.set({"n": 1}).update_time
    person.update({"n": 2}, option=db.write_option(last_update_time=read))
    with pytest.raises(exceptions.FailedPrecondition):
        person.update({"n": 3}, option=db.write_option(last_update_time=read))
    assert person.get().get("n") == 2


def test_an_update_time_of_a_missing_document_never_matches(db: firestore.Client) -> None:
    with pytest.raises(exceptions.FailedPrecondition):
        db.document("people/none").update({"n": 1}, option=db.write_option(last_update_time=LONG_AGO))


def test_delete_honours_its_precondition(db: firestore.Client) -> None:
    person = db.document("people/1")
    person.set({"n": 1})
    with pytest.raises(exceptions.FailedPrecondition):
        person.delete(option=db.write_option(last_update_time=LONG_AGO))
    with pytest.raises(exceptions.NotFound):
        db.document("people/none").delete(option=db.write_option(exists=True))
    db.document("people/none").delete()
    person.delete(option=db.write_option(last_update_time=person.get().update_time))
    assert not person.get().exists


def test_update_times_rise_and_create_time_stays(db: firestore.Client) -> None:
    person = db.document("people/1")
    person.set({"n": 1})
    first = person.get()
    person.set({"n": 2})
    second = person.get()
    assert second.create_time == first.create_time
    assert second.update_time > first.update_time


def test_a_write_that_changes_nothing_keeps_the_update_time(db: firestore.Client) -> None:
    person = db.document("people/1")
    first = person.set({"n": 1, "map": {"a": 1, "b": 2}}).update_time
    assert person.set({"map": {"b": 2, "a": 1}, "n": 1}).update_time == first
    assert person.update({"n": 1}).update_time == first
    assert person.get().update_time == first


def test_a_batch_is_all_or_nothing(db: firestore.Client) -> None:
    db.document("people/1").set({})
    batch = db.batch()
    batch.set(db.document("people/2"), {})
    batch.create(db.document("people/1"), {})
    with pytest.raises(exceptions.AlreadyExists):
        batch.commit()
    assert not db.document("people/2").get().exists


def test_writes_of_a_batch_see_the_earlier_ones(db: firestore.Client) -> None:
    batch = db.batch()
    batch.set(db.document("people/1"), {"a": 1})
    batch.update(db.document("people/1"), {"b": 2})
    batch.commit()
    assert db.document("people/1").get().to_dict() == {"a": 1, "b": 2}


def test_a_batch_may_hold_more_than_500_writes(db: firestore.Client) -> None:
    batch = db.batch()
    for number in range(501):
        batch.set(db.document(f"people/{number:03}"), {"n": number})
    results = batch.commit()
    assert len(results) == 501
    assert len({result.update_time for result in results}) == 1
    assert db.collection("people").count().get()[0][0].value == 501


def test_get_all_answers_found_missing_and_repeated_documents(db: firestore.Client) -> None:
    db.document("people/1").set({"n": 1})
    references = [db.document(f"people/{name}") for name in ("none", "1", "none", "1")]
    found = {(snapshot.id, snapshot.exists) for snapshot in db.get_all(references)}
    assert found == {("1", True), ("none", False)}


def test_get_with_a_field_mask_gives_these_fields_only(db: firestore.Client) -> None:
    db.document("people/1").set({"a": 1, "m": {"x": 1, "y": 2}})
    assert db.document("people/1").get(field_paths=["m.x"]).to_dict() == {"m": {"x": 1}}


def test_update_touches_only_the_named_paths(db: firestore.Client) -> None:
    person = db.document("people/1")
    person.set({"a": 1, "m": {"x": 1, "y": 2}, "gone": True})
    person.update({"m.x": 5, "new.deep": 1, "gone": firestore.DELETE_FIELD, "m.z": firestore.DELETE_FIELD})
    assert person.get().to_dict() == {"a": 1, "m": {"x": 5, "y": 2}, "new": {"deep": 1}}


def test_merge_keeps_what_it_does_not_name(db: firestore.Client) -> None:
    person = db.document("people/1")
    person.set({"a": 1, "m": {"x": 1}})
    person.set({"m": {"y": 2}, "a": firestore.DELETE_FIELD}, merge=True)
    assert person.get().to_dict() == {"m": {"x": 1, "y": 2}}
    person.set({"m": {"z": 3}}, merge=["m"])
    assert person.get().to_dict() == {"m": {"z": 3}}


@pytest.mark.parametrize(
    ("before", "transform", "after"),
    [
        (1, Increment(2), 3),
        (1, Increment(0.5), 1.5),
        (None, Increment(2), 2),
        ("text", Increment(2), 2),
        (2**63 - 1, Increment(5), 2**63 - 1),
        (1, Maximum(2), 2),
        (3, Maximum(2), 3),
        (3, Minimum(2), 2),
        ([1, 2], ArrayUnion([2, 3, 3]), [1, 2, 3]),
        ("text", ArrayUnion([1]), [1]),
        ([1, 2, 1], ArrayRemove([1, 9]), [2]),
        ("text", ArrayRemove([1]), []),
    ],
)
def test_a_transform_changes_the_stored_value(
    db: firestore.Client, before: Any, transform: Any, after: Any
) -> None:
    person = db.document("people/1")
    person.set({"value": before, "other": 1})
    person.update({"value": transform})
    assert person.get().to_dict() == {"value": after, "other": 1}


def test_a_transform_works_on_a_field_that_is_absent(db: firestore.Client) -> None:
    person = db.document("people/1")
    person.set({"m": {"n": Increment(2)}, "list": ArrayUnion(["a"])}, merge=True)
    assert person.get().to_dict() == {"m": {"n": 2}, "list": ["a"]}


def test_the_server_timestamp_is_the_commits_time_in_milliseconds(db: firestore.Client) -> None:
    batch = db.batch()
    batch.set(db.document("people/1"), {"at": firestore.SERVER_TIMESTAMP})
    batch.set(db.document("people/2"), {"m": {"at": firestore.SERVER_TIMESTAMP}})
    committed = batch.commit()[0].update_time
    at = db.document("people/1").get().get("at")
    assert db.document("people/2").get().get("m.at") == at
    assert at.microsecond % 1000 == 0
    assert timedelta(0) <= committed - at < timedelta(seconds=5)


@pytest.mark.parametrize("document_id", [".", "..", "__reserved__", "a" * 1501])
def test_an_invalid_document_id_is_refused(db: firestore.Client, document_id: str) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        db.collection("people").document(document_id).set({})


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"inner": value}
    return value


@pytest.mark.parametrize(
    "fields",
    [
        {"list": [[1]]},
        {"__reserved__": 1},
        {"map": {"__reserved__": 1}},
        {"f" * 1501: 1},
        {"map": nested(21)},
        {"text": "a" * (1 << 20)},
        {f"text{number}": "a" * 100_000 for number in range(11)},
    ],
    ids=[
        "nested_array",
        "reserved",
        "reserved_in_map",
        "long_name",
        "too_deep",
        "large_value",
        "large_document",
    ],
)
def test_fields_beyond_the_limits_are_refused(db: firestore.Client, fields: dict[str, Any]) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        db.document("people/1").set(fields)


def test_fields_at_the_limits_are_stored(db: firestore.Client) -> None:
    db.document("people/1").set({"map": nested(19), "f" * 1500: 1})
    db.document("people/2").set({f"text{number}": "a" * 1000 for number in range(1030)})
    db.document("people/" + "a" * 1500).set({"list": [{"list": [1]}]})


def test_bulk_writer_writes_each_document_for_itself(db: firestore.Client) -> None:
    db.document("people/7").create({"old": True})
    refused: list[str] = []
    writer = db.bulk_writer()

    def note(failure: Any, _writer: Any) -> bool:
        refused.append(failure.operation.reference.id)
        return False

    writer.on_write_error(note)
    for number in range(50):
        writer.create(db.document(f"people/{number}"), {"n": number})
    writer.close()
    assert refused == ["7"]
    assert db.collection("people").count().get()[0][0].value == 50


def test_projects_databases_and_collections_are_isolated(
    open_database: Callable[..., firestore.Client],
) -> None:
    open_database().document("people/1").set({"in": "default"})
    open_database("second").document("people/2").set({"in": "second"})
    assert [found.id for found in open_database().collection("people").stream()] == ["1"]
    assert [found.id for found in open_database("second").collection("people").stream()] == ["2"]


def test_listings_show_parents_that_hold_no_document(db: firestore.Client) -> None:
    db.document("users/u1/mappings/m1").set({})
    db.document("users/u2").set({})
    assert [reference.id for reference in db.collection("users").list_documents()] == ["u1", "u2"]
    assert [found.id for found in db.collection("users").stream()] == ["u2"]
    assert [collection.id for collection in db.document("users/u1").collections()] == ["mappings"]
    assert [collection.id for collection in db.collections()] == ["users"]


def test_listings_go_on_over_pages(db: firestore.Client) -> None:
    for number in range(5):
        db.document(f"users/u{number}").set({})
    listed = db.collection("users").list_documents(page_size=2)
    assert [reference.id for reference in listed] == ["u0", "u1", "u2", "u3", "u4"]


def test_recursive_delete_removes_everything_below(db: firestore.Client) -> None:
    db.document("users/u1").set({})
    db.document("users/u1/mappings/m1").set({})
    db.document("users/u2").set({})
    db.recursive_delete(db.document("users/u1"))
    assert [reference.id for reference in db.collection("users").list_documents()] == ["u2"]
