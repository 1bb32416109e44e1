"""What only the stand-in offers: counters, hooks, snapshots, files, a clock, query shapes, its limits."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from local_stack.firestore import Count, FirestoreStandIn, StatusError, in_process_client


class Crash(BaseException):
    """The process dies."""


def crash(_request: Any) -> None:
    raise Crash


def test_counters_tell_batched_reads_from_single_ones(
    standin: FirestoreStandIn, local: firestore.Client
) -> None:
    batch = local.batch()
    for number in range(3):
        batch.set(local.document(f"people/{number}"), {"n": number})
    batch.commit()
    list(local.get_all([local.document(f"people/{number}") for number in range(5)]))
    list(local.collection("people").where(filter=FieldFilter("n", ">", 0)).stream())
    assert standin.counters["Commit"] == Count(calls=1, written=3)
    assert standin.counters["BatchGetDocuments"] == Count(calls=1, read=5)
    assert standin.counters["RunQuery"] == Count(calls=1, read=2)
    assert standin.counters.calls() == {"Commit": 1, "BatchGetDocuments": 1, "RunQuery": 1}
    assert standin.counters.total() == Count(calls=3, read=7, written=3)
    standin.counters.reset()
    assert standin.counters.total() == Count()


def test_a_crash_before_a_commit_stores_nothing(standin: FirestoreStandIn, local: firestore.Client) -> None:
    standin.before_commit = crash
    with pytest.raises(Crash):
        local.document("people/1").set({})
    standin.before_commit = None
    assert not local.document("people/1").get().exists


def test_a_crash_after_a_commit_has_stored_it(standin: FirestoreStandIn, local: firestore.Client) -> None:
    standin.after_commit = crash
    with pytest.raises(Crash):
        local.document("people/1").set({})
    assert local.document("people/1").get().exists


def test_a_hook_may_change_the_world_ahead_of_a_commit(
    standin: FirestoreStandIn, local: firestore.Client
) -> None:
    person = local.document("people/1")
    read = person.set({"by": "us"}).update_time
    seen: list[str] = []

    def somebody_else(request: Any) -> None:
        seen.extend(write.update.name.rpartition("/")[2] for write in request.writes)
        person.update({"by": "them"})

    standin.before_commit = somebody_else
    with pytest.raises(exceptions.FailedPrecondition):
        person.update({"by": "us again"}, option=local.write_option(last_update_time=read))
    assert seen == ["1"]
    assert person.get().get("by") == "them"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (grpc.StatusCode.ABORTED, exceptions.Aborted),
        (grpc.StatusCode.PERMISSION_DENIED, exceptions.PermissionDenied),
        (grpc.StatusCode.DEADLINE_EXCEEDED, exceptions.DeadlineExceeded),
    ],
)
def test_a_hook_may_refuse_a_commit_with_a_status(
    standin: FirestoreStandIn,
    local: firestore.Client,
    code: grpc.StatusCode,
    error: type[exceptions.GoogleAPICallError],
) -> None:
    def refuse(_request: Any) -> None:
        raise StatusError(code, "not now")

    standin.before_commit = refuse
    with pytest.raises(error, match="not now"):
        local.document("people/1").set({})


def test_a_snapshot_can_be_restored_again_and_again(
    standin: FirestoreStandIn, local: firestore.Client
) -> None:
    people = local.collection("people")
    odd = people.where(filter=FieldFilter("state", "==", "odd"))
    people.document("1").set({"state": "odd"})
    assert len(list(odd.stream())) == 1
    snapshot = standin.snapshot()
    for _ in range(2):
        people.document("1").update({"state": "even"})
        people.document("3").set({"state": "odd"})
        people.document("5").set({"state": "odd"})
        assert len(list(odd.stream())) == 2
        standin.restore(snapshot)
        assert [found.id for found in odd.stream()] == ["1"]


def test_update_times_rise_across_a_restore(standin: FirestoreStandIn, local: firestore.Client) -> None:
    empty = standin.snapshot()
    first = local.document("people/1").set({"n": 1}).update_time
    standin.restore(empty)
    assert local.document("people/1").set({"n": 1}).update_time > first


def test_times_follow_the_clock_and_never_repeat() -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    local = in_process_client(FirestoreStandIn(now=lambda: now[0]))
    first = local.document("people/1").set({}).update_time
    second = local.document("people/2").set({}).update_time
    assert now[0] <= first < second < now[0] + timedelta(milliseconds=1)
    now[0] += timedelta(hours=1)
    local.document("people/1").set({"at": firestore.SERVER_TIMESTAMP})
    assert local.document("people/1").get().get("at") == now[0]


def test_a_file_keeps_the_documents(tmp_path: Path) -> None:
    path = tmp_path / "firestore.db"
    standin = FirestoreStandIn(path)
    local = in_process_client(standin, "p", "named")
    local.document("people/1").set({"n": 1})
    local.document("people/2").set({"n": 2})
    kept = local.document("people/1").get().update_time
    local.document("people/2").delete()
    standin.stop()

    again = FirestoreStandIn(path)
    local = in_process_client(again, "p", "named")
    assert [(found.id, found.update_time) for found in local.collection("people").stream()] == [("1", kept)]
    assert local.document("people/3").set({}).update_time > kept
    again.restore({})
    again.stop()
    assert FirestoreStandIn(path).snapshot() == {}


def test_requests_above_10_mib_are_refused(local: firestore.Client) -> None:
    batch = local.batch()
    for number in range(11):
        batch.set(local.document(f"people/{number}"), {"text": "a" * 1_000_000})
    with pytest.raises(exceptions.InvalidArgument):
        batch.commit()


def test_batched_reads_come_in_another_order_than_asked_for(local: firestore.Client) -> None:
    found = local.get_all([local.document(f"people/{number}") for number in range(3)])
    assert [snapshot.id for snapshot in found] == ["2", "1", "0"]


@pytest.mark.parametrize(
    ("ask", "needs_index"),
    [
        (lambda db: db.collection("c"), False),
        (lambda db: db.collection("c").order_by("a"), False),
        (lambda db: db.collection("c").where(filter=FieldFilter("a", ">", 1)).order_by("a"), False),
        (lambda db: db.collection("c").where(filter=FieldFilter("a", "==", 1)), False),
        (lambda db: db.collection("c").where("a", "==", 1).where("b", "array_contains", 1), False),
        (lambda db: db.collection("c").where("a", "==", 1).where("b", ">", 1), True),
        (lambda db: db.collection("c").where("a", "array_contains", 1).order_by("b"), True),
        (lambda db: db.collection("c").order_by("a").order_by("b"), True),
        (lambda db: db.collection_group("c").where("a", "==", 1), True),
        (lambda db: db.collection_group("c"), False),
    ],
)
@pytest.mark.filterwarnings("ignore:Detected filter using positional arguments")
def test_queries_that_production_serves_by_defined_indexes_only_are_told(
    standin: FirestoreStandIn,
    local: firestore.Client,
    ask: Callable[[firestore.Client], firestore.Query],
    needs_index: bool,
) -> None:
    list(ask(local).stream())
    (shape,) = standin.query_shapes
    assert shape.collection == "c"
    assert shape.needs_index is needs_index


def test_what_is_not_served_says_so(local: firestore.Client) -> None:
    with pytest.raises(exceptions.MethodNotImplemented):
        list(local.collection("c").order_by("a").stream(read_time=datetime.now(UTC)))
    with pytest.raises(exceptions.MethodNotImplemented):
        list(local.collection_group("c").get_partitions(2))


def test_the_command_serves_until_it_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-m", "local_stack.firestore", "--file", str(tmp_path / "firestore.db")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        name, _, host = process.stdout.readline().strip().partition("=")
        assert name == "FIRESTORE_EMULATOR_HOST"
        monkeypatch.setenv(name, host)
        client = firestore.Client(project="p", credentials=AnonymousCredentials())
        client.document("people/1").set({"n": 1})
        assert client.document("people/1").get().to_dict() == {"n": 1}
        client.close()
    finally:
        process.terminate()
        process.wait(timeout=10)
