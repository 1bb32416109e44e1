"""Creating contacts: what happens to each, and that none is created twice."""

from __future__ import annotations

import pytest
from tests.services.google.people_account import Account, Answering, marked, named, record, statuses, wait

from contact_sync.contacts.google_person import mark
from contact_sync.errors import UserMustAct
from contact_sync.services.outcome import Status

BAD = {"names": [{"givenName": "One"}, {"givenName": "Another"}]}
GONE_LABEL = {"memberships": [{"contactGroupMembership": {"contactGroupResourceName": "contactGroups/gone"}}]}


def created(account: Account) -> list[str]:
    """The marks of all contacts there are, sorted."""
    return sorted(mark(person) or "" for person in account.google.contacts(account.sub))


@pytest.mark.parametrize(
    ("count", "calls"), [(5, ["POST createContact"] * 5), (6, ["POST batchCreateContacts"])]
)
def test_few_are_created_one_by_one_and_more_at_once(account: Account, count: int, calls: list[str]) -> None:
    outcomes = account.people.create(marked(count))
    assert account.calls() == calls
    assert [(o.key, o.status, mark(record(o))) for o in outcomes] == [
        (f"key-{number}", Status.DONE, f"key-{number}") for number in range(count)
    ]
    assert all(record(o)["etag"] and record(o)["metadata"]["sources"] for o in outcomes)


def test_nothing_to_create_calls_nothing(account: Account) -> None:
    assert account.people.create([]) == []
    assert account.calls() == []


def test_answers_of_a_batch_are_matched_by_mark_not_by_place(answering: Answering) -> None:
    items = marked(6)
    created = [{"resourceName": f"people/{key}", **person} for key, person in reversed(items)]
    answer = {"createdPeople": [{"httpStatusCode": 200, "person": person} for person in created]}
    outcomes = answering((200, answer)).create(items)
    assert [mark(record(outcome)) for outcome in outcomes] == [outcome.key for outcome in outcomes]


@pytest.mark.parametrize("count", [4, 8, 12])
@pytest.mark.parametrize("details", [True, False])
def test_a_bad_contact_does_not_stop_the_others(account: Account, count: int, details: bool) -> None:
    if not details:
        account.google.faults.add("batch without details", "batchCreate", times=None)
    items = marked(count)
    items[2] = ("key-2", named("Bad", "key-2", **BAD))
    outcomes = account.people.create(items)
    assert [o.key for o in outcomes] == [f"key-{number}" for number in range(count)]
    assert [o.key for o in outcomes if o.status is Status.REFUSED] == ["key-2"]
    assert len([o for o in outcomes if o.status is Status.DONE]) == count - 1
    assert created(account) == sorted(f"key-{number}" for number in range(count) if number != 2)


def test_a_contact_refused_for_good_says_why(account: Account) -> None:
    (outcome,) = account.people.create([("k", named("Bad", "k", **BAD))])
    assert outcome.status is Status.REFUSED
    assert outcome.reason == "Cannot have more than one person.names per source."
    assert outcome.field == "names"


@pytest.mark.parametrize("count", [2, 7])
@pytest.mark.parametrize("details", [True, False])
def test_a_deleted_label_is_told_by_its_field(account: Account, count: int, details: bool) -> None:
    if not details:
        account.google.faults.add("batch without details", "batchCreate", times=None)
    items = [(key, person | GONE_LABEL) for key, person in marked(count)]
    outcomes = account.people.create(items)
    assert {(o.status, o.field) for o in outcomes} == {(Status.REFUSED, "memberships")}
    assert len(account.calls()) <= count


@pytest.mark.parametrize("count", [2, 7])
@pytest.mark.parametrize("fault", ["drop_after", "500", "502 html", "503"])
def test_a_lost_answer_leaves_doubt_and_is_never_sent_again(account: Account, count: int, fault: str) -> None:
    account.google.faults.add(fault, "[cC]reateContact", times=None)
    outcomes = account.people.create(marked(count))
    assert statuses(outcomes) == [Status.UNKNOWN] * count
    assert len(account.calls()) == (count if count <= 5 else 1)


def test_a_lost_answer_of_one_single_create_leaves_no_doubt_about_the_next(account: Account) -> None:
    account.google.faults.add("drop_after", "createContact", after=1)
    outcomes = account.people.create(marked(3))
    assert statuses(outcomes) == [Status.DONE, Status.UNKNOWN, Status.DONE]
    assert created(account) == ["key-0", "key-1", "key-2"]


def test_an_answer_without_the_person_leaves_doubt(answering: Answering) -> None:
    outcomes = answering((200, {})).create(marked(6))
    assert statuses(outcomes) == [Status.UNKNOWN] * 6


@pytest.mark.parametrize("count", [3, 8])
def test_a_full_account_is_told_apart(account: Account, count: int) -> None:
    account.google.knobs.contact_cap = 0
    assert statuses(account.people.create(marked(count))) == [Status.FULL] * count


def test_a_rate_limit_lets_the_rest_stand_back(account: Account) -> None:
    account.google.faults.add("429 rate", "createContact", after=2, times=None)
    outcomes = account.people.create(marked(5))
    assert statuses(outcomes) == [Status.DONE] * 2 + [Status.TRANSIENT] * 3
    assert all(wait(outcome) >= 5 for outcome in outcomes[2:])
    assert account.calls() == ["POST createContact"] * 3


def test_a_rate_limit_of_a_batch_lets_all_stand_back(account: Account) -> None:
    account.google.faults.add("429 fbs", "batchCreate")
    outcomes = account.people.create(marked(6))
    assert {(o.status, o.retry_after) for o in outcomes} == {(Status.TRANSIENT, 300.0)}


def test_a_rate_limit_while_halving_stops_what_is_left(account: Account) -> None:
    account.google.faults.add("batch without details", "batchCreate")
    account.google.faults.add("429 rate", "reateContact", after=2)
    items = marked(12)
    items[0] = ("key-0", named("Bad", "key-0", **BAD))
    outcomes = account.people.create(items)
    done = [outcome.key for outcome in outcomes if outcome.status is Status.DONE]
    waiting = [outcome for outcome in outcomes if outcome.status is Status.TRANSIENT]
    assert sorted(done) == created(account)
    assert waiting and all(wait(outcome) >= 5 for outcome in waiting)
    assert len(outcomes) == 12


def test_a_missing_permission_is_raised_before_anything_is_sent(account: Account) -> None:
    account.google.faults.add("403 scope", "createContact", times=None)
    with pytest.raises(UserMustAct):
        account.people.create(marked(2))


def test_a_permission_lost_midway_does_not_hide_what_was_done(account: Account) -> None:
    account.google.faults.add("403 scope", "createContact", after=1, times=None)
    outcomes = account.people.create(marked(3))
    assert statuses(outcomes) == [Status.DONE, Status.TRANSIENT, Status.TRANSIENT]
    assert outcomes[1].reason == "permission_missing"


@pytest.mark.parametrize("count", [2, 7])
def test_contention_makes_all_stand_back_without_more_calls(account: Account, count: int) -> None:
    account.google.faults.add("409", "reateContact", times=None)
    outcomes = account.people.create(marked(count))
    assert statuses(outcomes) == [Status.TRANSIENT] * count
    assert len(account.calls()) == 1
