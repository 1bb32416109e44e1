"""Transactions through the real client. Under contention the emulator blocks, the stand-in aborts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from local_stack.firestore import FirestoreStandIn, in_process_client


@firestore.transactional
def add_one(transaction: firestore.Transaction, counter: firestore.DocumentReference) -> int:
    number: int = counter.get(transaction=transaction).get("n")
    transaction.update(counter, {"n": number + 1})
    return number


def test_a_transaction_reads_and_writes(db: firestore.Client) -> None:
    counter = db.document("counters/1")
    counter.set({"n": 4})
    assert add_one(db.transaction(), counter) == 4
    assert counter.get().get("n") == 5


def test_a_transaction_may_query_and_aggregate(db: firestore.Client) -> None:
    for number in range(4):
        db.document(f"people/{number}").set({"state": "odd" if number % 2 else "even"})
    odd = db.collection("people").where(filter=FieldFilter("state", "==", "odd"))

    @firestore.transactional
    def count(transaction: firestore.Transaction) -> tuple[list[str], Any]:
        found = [found.id for found in odd.stream(transaction=transaction)]
        return found, odd.count().get(transaction=transaction)[0][0].value

    assert count(db.transaction()) == (["1", "3"], 2)


def test_a_read_only_transaction_reads(db: firestore.Client) -> None:
    db.document("counters/1").set({"n": 4})

    @firestore.transactional
    def read(transaction: firestore.Transaction) -> Any:
        return db.document("counters/1").get(transaction=transaction).get("n")

    assert read(db.transaction(read_only=True)) == 4


def test_an_error_inside_rolls_back(db: firestore.Client) -> None:
    counter = db.document("counters/1")
    counter.set({"n": 4})

    @firestore.transactional
    def fail(transaction: firestore.Transaction) -> None:
        counter.get(transaction=transaction)
        transaction.update(counter, {"n": 9})
        raise LookupError("stop")

    with pytest.raises(LookupError):
        fail(db.transaction())
    counter.update({"n": 5})
    assert counter.get().get("n") == 5


def test_racing_creates_have_one_winner(db: firestore.Client) -> None:
    outcomes: list[str] = []

    def race() -> None:
        try:
            db.document("leases/1").create({})
            outcomes.append("won")
        except exceptions.AlreadyExists:
            outcomes.append("lost")

    threads = [threading.Thread(target=race) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["lost"] * 5 + ["won"]


def begun(local: firestore.Client) -> firestore.Transaction:
    transaction = local.transaction(max_attempts=1)
    transaction._begin()
    return transaction


def test_a_commit_aborts_if_a_read_document_changed(local: firestore.Client) -> None:
    counter = local.document("counters/1")
    counter.set({"n": 1})
    transaction = begun(local)
    counter.get(transaction=transaction)
    counter.update({"n": 100})
    transaction.update(counter, {"n": 2})
    with pytest.raises(exceptions.Aborted):
        transaction._commit()
    assert counter.get().get("n") == 100


def test_a_commit_aborts_if_a_document_read_as_missing_appeared(local: firestore.Client) -> None:
    transaction = begun(local)
    local.document("counters/1").get(transaction=transaction)
    local.document("counters/1").set({"n": 1})
    transaction.set(local.document("counters/2"), {})
    with pytest.raises(exceptions.Aborted):
        transaction._commit()


def test_a_commit_aborts_if_a_query_would_find_more(local: firestore.Client) -> None:
    transaction = begun(local)
    odd = local.collection("people").where(filter=FieldFilter("state", "==", "odd"))
    assert list(odd.stream(transaction=transaction)) == []
    local.document("people/1").set({"state": "odd"})
    transaction.set(local.document("people/2"), {})
    with pytest.raises(exceptions.Aborted):
        transaction._commit()


def test_an_aborted_transaction_is_tried_again(local: firestore.Client) -> None:
    counter = local.document("counters/1")
    counter.set({"n": 1})
    tries: list[int] = []

    @firestore.transactional
    def add(transaction: firestore.Transaction) -> None:
        number = counter.get(transaction=transaction).get("n")
        tries.append(number)
        if len(tries) == 1:
            counter.update({"n": 10})
        transaction.update(counter, {"n": number + 1})

    add(local.transaction())
    assert tries == [1, 10]
    assert counter.get().get("n") == 11


def test_an_abandoned_transaction_expires() -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    local = in_process_client(FirestoreStandIn(now=lambda: now[0]))
    transaction = begun(local)
    now[0] += timedelta(seconds=271)
    begun(local)
    transaction.set(local.document("people/1"), {})
    with pytest.raises(exceptions.InvalidArgument):
        transaction._commit()


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> Iterator[firestore.Client]:
    """A client on a stand-in that listens."""
    standin = FirestoreStandIn()
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{standin.serve()}")
    client = firestore.Client(project="p")
    yield client
    client.close()
    standin.stop()


def test_contending_transactions_lose_no_update(remote: firestore.Client) -> None:
    counter = remote.document("counters/1")
    counter.set({"n": 0})

    def work() -> None:
        for _ in range(5):
            add_one(remote.transaction(max_attempts=100), counter)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.get().get("n") == 30
