"""Deleting contacts."""

from __future__ import annotations

import pytest
from tests.services.google.people_account import Account, statuses

from contact_sync.services.outcome import Status


@pytest.mark.parametrize(
    ("count", "calls"), [(5, ["DELETE deleteContact"] * 5), (6, ["POST batchDeleteContacts"])]
)
def test_few_are_deleted_one_by_one_and_more_at_once(account: Account, count: int, calls: list[str]) -> None:
    ids = account.load(count)
    outcomes = account.people.delete(ids)
    assert account.calls() == calls
    assert [(o.key, o.status, o.record) for o in outcomes] == [(each, Status.DONE, None) for each in ids]
    assert account.google.contacts(account.sub) == []


@pytest.mark.parametrize("count", [3, 10])
def test_what_is_gone_already_counts_as_deleted(account: Account, count: int) -> None:
    ids = account.load(count)
    account.google.delete_contact(account.sub, f"people/{ids[1]}")
    assert statuses(account.people.delete(ids)) == [Status.DONE] * count
    assert account.google.contacts(account.sub) == []


def test_all_gone_already_needs_no_second_delete(account: Account) -> None:
    ids = account.load(6)
    account.people.delete(ids)
    account.calls()
    assert statuses(account.people.delete(ids)) == [Status.DONE] * 6
    assert account.calls() == ["POST batchDeleteContacts", "GET batchGet"]


def test_one_missing_contact_costs_a_batch_one_read_and_a_second_call(account: Account) -> None:
    ids = account.load(12)
    account.google.delete_contact(account.sub, f"people/{ids[1]}")
    account.people.delete(ids)
    assert account.calls() == ["POST batchDeleteContacts", "GET batchGet", "POST batchDeleteContacts"]


@pytest.mark.parametrize("count", [2, 7])
def test_contention_makes_all_stand_back_without_more_calls(account: Account, count: int) -> None:
    ids = account.load(count)
    account.google.faults.add("409", "eleteContact", times=None)
    outcomes = account.people.delete(ids)
    assert {(o.status, o.retry_after) for o in outcomes} == {(Status.TRANSIENT, 5.0)}
    assert len(account.calls()) == 1


@pytest.mark.parametrize("count", [2, 7])
def test_a_lost_answer_is_settled_by_a_read(account: Account, count: int) -> None:
    ids = account.load(count)
    account.google.faults.add("drop_after", "eleteContact", times=None)
    assert statuses(account.people.delete(ids)) == [Status.DONE] * count


@pytest.mark.parametrize("count", [2, 7])
@pytest.mark.parametrize("fault", ["drop_before", "500", "503"])
def test_a_delete_that_did_not_happen_may_be_tried_later(account: Account, count: int, fault: str) -> None:
    ids = account.load(count)
    account.google.faults.add(fault, "eleteContact", times=None)
    assert statuses(account.people.delete(ids)) == [Status.TRANSIENT] * count
    assert len(account.google.contacts(account.sub)) == count


def test_a_batch_refused_without_a_name_is_halved(account: Account) -> None:
    ids = account.load(12)
    account.google.faults.add("400", "eleteContact", times=2)
    assert statuses(account.people.delete(ids)) == [Status.DONE] * 12


def test_a_refused_delete_says_why(account: Account) -> None:
    ids = account.load(1)
    account.google.faults.add("400", "deleteContact")
    (outcome,) = account.people.delete(ids)
    assert (outcome.status, outcome.reason) == (Status.REFUSED, "Request contains an invalid argument.")


def test_a_rate_limit_lets_the_rest_stand_back(account: Account) -> None:
    ids = account.load(3)
    account.google.faults.add("429 fbs", "deleteContact", after=1, times=None)
    outcomes = account.people.delete(ids)
    assert statuses(outcomes) == [Status.DONE, Status.TRANSIENT, Status.TRANSIENT]
    assert outcomes[1].retry_after == 300
    assert len(account.google.contacts(account.sub)) == 2


def test_a_name_given_twice_is_deleted_once(account: Account) -> None:
    (one,) = account.load(1)
    assert statuses(account.people.delete([one, one])) == [Status.DONE] * 2
    assert account.calls() == ["DELETE deleteContact"]
