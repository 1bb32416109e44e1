"""Reads, queries and commits of the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import grpc
import pytest

from contact_sync.contacts.side import Side
from contact_sync.errors import TransientForAll
from contact_sync.store.database import Database, Document, Query
from contact_sync.store.write import REMOVE, Conflict, Kind, Write
from local_stack.firestore import FirestoreStandIn, StatusError

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def put(path: str, **data: object) -> Write:
    return Write(path, Kind.SET, data)


def ids(found: list[Document]) -> list[str]:
    return [document.id for document in found]


def test_values_come_back_as_they_were_written(db: Database) -> None:
    data = {
        "text": "Zoë",
        "number": 7,
        "share": 0.5,
        "flag": True,
        "nothing": None,
        "at": NOON,
        "list": ["a", {"b": []}, ["nested", ["deeper"]]],
        "map": {"a.b": {"`c`": 1}, "with space/slash": {}},
        "empty": {},
    }
    db.commit([put("users/u1", **data)])
    assert db.get(["users/u1"])["users/u1"].data == data


def test_times_are_aware_and_in_utc_whatever_zone_they_came_from(db: Database) -> None:
    db.commit([put("users/u1", at=NOON.astimezone(timezone(timedelta(hours=5))))])
    at = db.get(["users/u1"])["users/u1"].data["at"]
    assert (at, at.utcoffset()) == (NOON, timedelta(0))


def test_a_time_without_a_zone_is_refused(counted: Database) -> None:
    with pytest.raises(ValueError, match="time zone"):
        counted.commit([put("users/u1", at=NOON.replace(tzinfo=None))])


def test_an_enum_is_stored_as_its_text(db: Database) -> None:
    db.commit([put("users/u1", side=Side.GOOGLE)])
    assert type(db.get(["users/u1"])["users/u1"].data["side"]) is str


def test_half_a_surrogate_pair_does_not_stop_the_commit(db: Database) -> None:
    db.commit([put("users/u1", name="broken \ud83d", whole="\ud83d\ude00")])
    assert db.get(["users/u1"])["users/u1"].data == {"name": "broken \ufffd", "whole": "😀"}


def test_get_reads_any_number_of_documents_by_one_call(counted: Database, standin: FirestoreStandIn) -> None:
    counted.commit([put(f"users/u{number}", n=number) for number in range(300)])
    standin.counters.reset()
    found = counted.get([*(f"users/u{number}" for number in range(300)), "users/missing", "users/u7"])
    assert {path: document.data["n"] for path, document in found.items()} == {
        f"users/u{number}": number for number in range(300)
    }
    assert standin.counters.calls() == {"BatchGetDocuments": 1}


def test_get_of_nothing_asks_nothing(counted: Database, standin: FirestoreStandIn) -> None:
    assert counted.get([]) == {}
    assert standin.counters.calls() == {}


def test_get_reads_only_the_fields_asked_for(db: Database) -> None:
    db.commit([put("users/u1", a=1, b={"c": 2, "d": 3})])
    assert db.get(["users/u1"], fields=("b.c",))["users/u1"].data == {"b": {"c": 2}}


def test_query_filters_orders_limits_and_continues(db: Database) -> None:
    db.commit(
        [put(f"users/u{number}", n=number, kind="odd" if number % 2 else "even") for number in range(6)]
    )
    assert ids(db.query(Query("users", (("n", ">=", 2), ("n", "<", 5)), order_by=("-n",)))) == [
        "u4",
        "u3",
        "u2",
    ]
    assert ids(db.query(Query("users", (("kind", "==", "odd"),)))) == ["u1", "u3", "u5"]
    assert ids(db.query(Query("users", (("n", "in", [1, 2, 9]),)))) == ["u1", "u2"]
    assert ids(db.query(Query("users", (("n", "!=", 1),), order_by=("n",), limit=2))) == ["u0", "u2"]
    by_id = Query("users", order_by=("kind", "-__name__"), limit=2, start_after=("even", "u2"))
    assert ids(db.query(by_id)) == ["u0", "u5"]


def test_query_looks_into_lists_and_for_null(db: Database) -> None:
    db.commit(
        [put("users/a", keys=["x", "y"], gone=None), put("users/b", keys=["z"]), put("users/c", gone="no")]
    )
    assert ids(db.query(Query("users", (("keys", "array_contains", "x"),)))) == ["a"]
    assert ids(db.query(Query("users", (("keys", "array_contains_any", ["y", "z"]),)))) == ["a", "b"]
    assert ids(db.query(Query("users", (("gone", "==", None),)))) == ["a"]


def test_query_reads_the_fields_asked_for_or_ids_only(db: Database) -> None:
    db.commit([put("users/u1", a=1, b=2)])
    assert [document.data for document in db.query(Query("users", fields=("b",)))] == [{"b": 2}]
    assert [(document.id, document.data) for document in db.query(Query("users", fields=()))] == [("u1", {})]


def test_query_keeps_to_its_collection_unless_asked_for_all_of_that_name(db: Database) -> None:
    db.commit([put("users/u1/mappings/m1"), put("users/u2/mappings/m1"), put("users/u1/runs/r1/runs/r2")])
    assert ids(db.query(Query("users/u1/mappings"))) == ["m1"]
    assert ids(db.query(Query("users/u1/runs"))) == []
    everywhere = db.query(Query("mappings", everywhere=True))
    assert [document.path for document in everywhere] == ["users/u1/mappings/m1", "users/u2/mappings/m1"]


def test_queries_answer_in_the_order_they_were_asked(db: Database) -> None:
    db.commit([put(f"users/u{number}", n=number) for number in range(12)])
    answers = db.queries([Query("users", (("n", "==", number),)) for number in reversed(range(12))])
    assert [ids(answer) for answer in answers] == [[f"u{number}"] for number in reversed(range(12))]
    assert db.queries([]) == []


def test_count_is_a_whole_number_also_of_nothing(db: Database) -> None:
    nothing = db.count("users")
    assert (nothing, type(nothing)) == (0, int)
    db.commit([put(f"users/u{number}", n=number) for number in range(5)])
    assert db.count("users", (("n", ">", 1),)) == 3
    assert db.count("users", up_to=2) == 2


def test_commit_is_all_or_nothing_and_in_order(db: Database) -> None:
    db.commit([put("users/u1", n=1), Write("users/u1", Kind.UPDATE, {"m": 2}), put("users/u2")])
    assert db.get(["users/u1"])["users/u1"].data == {"n": 1, "m": 2}
    with pytest.raises(Conflict):
        db.commit([put("users/u3"), Write("users/u1", Kind.CREATE, {})])
    assert db.get(["users/u3"]) == {}


def test_commit_gives_the_update_time_of_what_is_left(db: Database) -> None:
    times = db.commit([put("users/u1", n=1), put("users/u2"), Write("users/u2", Kind.DELETE)])
    assert times == {"users/u1": db.get(["users/u1"])["users/u1"].updated_at}


def test_update_changes_named_fields_and_keys_and_removes(db: Database) -> None:
    db.commit([put("users/u1", a=1, b={"x": 1, "y": 2}, c="c", d={"old": 1})])
    changes = {"b.x": 9, "c": REMOVE, "d": {"new": 2}, "e.odd-key.deep": 3}
    db.commit([Write("users/u1", Kind.UPDATE, changes)])
    assert db.get(["users/u1"])["users/u1"].data == {
        "a": 1,
        "b": {"x": 9, "y": 2},
        "d": {"new": 2},
        "e": {"odd-key": {"deep": 3}},
    }


@pytest.mark.parametrize(
    "write",
    [
        Write("users/u1", Kind.CREATE, {}),
        Write("users/missing", Kind.UPDATE, {"a": 1}),
        Write("users/missing", Kind.SET, {}, if_updated_at=NOON),
        Write("users/u1", Kind.SET, {}, if_updated_at=NOON),
        Write("users/u1", Kind.UPDATE, {"a": 1}, if_updated_at=NOON),
        Write("users/u1", Kind.DELETE, if_updated_at=NOON),
    ],
)
def test_a_condition_that_does_not_hold_is_a_conflict(db: Database, write: Write) -> None:
    db.commit([put("users/u1", a=0)])
    with pytest.raises(Conflict):
        db.commit([write])
    assert db.get(["users/u1"])["users/u1"].data == {"a": 0}


@pytest.mark.parametrize("kind", [Kind.SET, Kind.UPDATE, Kind.DELETE])
def test_a_write_may_depend_on_the_document_being_as_read(db: Database, kind: Kind) -> None:
    db.commit([put("users/u1", a=0)])
    seen = db.get(["users/u1"])["users/u1"].updated_at
    data = None if kind is Kind.DELETE else {"a": 1}
    db.commit([Write("users/u1", kind, data, if_updated_at=seen)])
    with pytest.raises(Conflict):
        db.commit([Write("users/u1", kind, data, if_updated_at=seen - timedelta(microseconds=1))])


def test_the_time_a_commit_gives_serves_as_the_next_condition(db: Database) -> None:
    first = db.commit([put("users/u1", a=0)])["users/u1"]
    second = db.commit([Write("users/u1", Kind.UPDATE, {"a": 1}, if_updated_at=first)])["users/u1"]
    assert second > first
    with pytest.raises(Conflict):
        db.commit([Write("users/u1", Kind.UPDATE, {"a": 2}, if_updated_at=first)])


class Outage:
    """Raises a status for the next `times` commits, before or after they take effect."""

    def __init__(self, status: grpc.StatusCode, times: int) -> None:
        self.status, self.left, self.seen = status, times, 0

    def __call__(self, _request: object) -> None:
        self.seen += 1
        if self.left:
            self.left -= 1
            raise StatusError(self.status, "not now")


@pytest.mark.parametrize("status", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL])
def test_a_short_outage_is_waited_out(
    counted: Database, standin: FirestoreStandIn, status: grpc.StatusCode
) -> None:
    standin.before_commit = Outage(status, times=2)
    counted.commit([put("users/u1")])
    assert "users/u1" in counted.get(["users/u1"])


@pytest.mark.parametrize(
    "status",
    [
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.INTERNAL,
    ],
)
def test_a_long_outage_is_a_fault_all_users_share(
    counted: Database, standin: FirestoreStandIn, status: grpc.StatusCode
) -> None:
    standin.before_commit = Outage(status, times=99)
    with pytest.raises(TransientForAll) as raised:
        counted.commit([put("users/u1")])
    assert raised.value.code == "firestore_unavailable"


def test_contention_is_waited_out_and_is_no_failed_condition(
    counted: Database, standin: FirestoreStandIn
) -> None:
    seen = counted.commit([put("users/u1", a=0)])["users/u1"]
    standin.before_commit = Outage(grpc.StatusCode.ABORTED, times=3)
    counted.commit([Write("users/u1", Kind.UPDATE, {"a": 1}, if_updated_at=seen)])
    assert counted.get(["users/u1"])["users/u1"].data == {"a": 1}


def test_contention_that_lasts_is_left_to_who_can_read_again(
    counted: Database, standin: FirestoreStandIn
) -> None:
    standin.before_commit = Outage(grpc.StatusCode.ABORTED, times=99)
    with pytest.raises(Conflict):
        counted.commit([put("users/u1")])


def test_a_conditional_commit_with_a_lost_answer_is_not_sent_again(
    counted: Database, standin: FirestoreStandIn
) -> None:
    seen = counted.commit([put("users/u1", a=0)])["users/u1"]
    standin.after_commit = outage = Outage(grpc.StatusCode.UNAVAILABLE, times=1)
    with pytest.raises(TransientForAll):
        counted.commit([Write("users/u1", Kind.UPDATE, {"a": 1}, if_updated_at=seen)])
    assert outage.seen == 1
    assert counted.get(["users/u1"])["users/u1"].data == {"a": 1}


def test_chunks_hold_at_most_400_writes_and_never_split_a_group(counted: Database) -> None:
    groups = [[put(f"users/u{group}/mappings/m{number}") for number in range(3)] for group in range(300)]
    chunks = list(counted.chunks(groups))
    assert [len(chunk) for chunk in chunks] == [399, 399, 102]
    assert sum(chunks, []) == sum(groups, [])


def test_chunks_stay_below_4_mib_as_sent(counted: Database, standin: FirestoreStandIn) -> None:
    sizes = []
    standin.before_commit = lambda request: sizes.append(request.ByteSize())
    groups = [[put(f"users/u1/history/h{number}", before={"text": "x" * 300_000})] for number in range(40)]
    for chunk in counted.chunks(groups):
        counted.commit(chunk)
    assert max(sizes) <= 4 << 20
    assert len(sizes) == 4


def test_a_group_beyond_the_limits_is_a_commit_of_its_own(counted: Database) -> None:
    groups = [[put("users/a")], [put(f"users/u{number}") for number in range(450)], [put("users/b")]]
    assert [len(chunk) for chunk in counted.chunks(groups)] == [1, 450, 1]
    assert list(counted.chunks([])) == []
