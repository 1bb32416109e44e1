"""Updating contacts: only what was named, never over an edit that was not seen."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.services.google.people_account import Account, named, record, statuses, wait

from contact_sync.errors import UserMustAct
from contact_sync.services.google_people import PersonUpdate
from contact_sync.services.outcome import Status


@pytest.mark.parametrize(
    ("count", "calls"), [(5, ["PATCH updateContact"] * 5), (6, ["POST batchUpdateContacts"])]
)
def test_few_are_updated_one_by_one_and_more_at_once(account: Account, count: int, calls: list[str]) -> None:
    ids = account.load(count)
    updates = account.renamed(ids)
    account.calls()
    outcomes = account.people.update(updates)
    assert account.calls() == calls
    assert [(o.key, o.status) for o in outcomes] == [(each, Status.DONE) for each in ids]
    assert [record(o)["names"][0]["givenName"] for o in outcomes] == [f"New{n}" for n in range(count)]
    assert [account.given_name(each) for each in ids] == [f"New{n}" for n in range(count)]


def test_updating_nothing_calls_nothing(account: Account) -> None:
    assert account.people.update([]) == []
    assert account.calls() == []


@pytest.mark.parametrize("count", [3, 7])
def test_fields_that_are_not_named_stay(account: Account, count: int) -> None:
    """In a batch all persons share one mask, and what a person does not send is cleared."""
    others: dict[str, Any] = {
        "phoneNumbers": [{"value": "020 1234567", "type": "work"}],
        "clientData": [{"key": "another-app", "value": "7"}],
    }
    ids = [account.google.add_contact(account.sub, named(f"G{n}", **others))[7:] for n in range(count)]
    fields: list[dict[str, Any]] = [
        {"emailAddresses": [{"value": "new@corp.test"}]},
        {"phoneNumbers": []},
        {"names": [{"givenName": "New"}], "clientData": [{"key": "ours", "value": "1"}]},
    ]
    updates = [PersonUpdate(each, account.read(each), fields[place % 3]) for place, each in enumerate(ids)]
    assert statuses(account.people.update(updates)) == [Status.DONE] * count
    for place, each in enumerate(ids):
        after = account.person(each)
        assert after["names"][0]["givenName"] == ("New" if place % 3 == 2 else f"G{place}")
        assert [item["value"] for item in after.get("phoneNumbers", [])] == (
            [] if place % 3 == 1 else ["020 1234567"]
        )
        assert [item["value"] for item in after["clientData"]] == (["1"] if place % 3 == 2 else ["7"])
        assert [item["value"] for item in after.get("emailAddresses", [])] == (
            ["new@corp.test"] if place % 3 == 0 else []
        )
        assert after["memberships"]


@pytest.mark.parametrize("count", [3, 8])
@pytest.mark.parametrize("details", [True, False])
def test_edited_touched_and_deleted_contacts_in_one_go(account: Account, count: int, details: bool) -> None:
    if not details:
        account.google.faults.add("batch without details", "batchUpdate", times=None)
    ids = account.load(count)
    updates = account.renamed(ids)
    account.google.edit_contact(account.sub, f"people/{ids[0]}", names=[{"givenName": "Edited"}])
    account.google.touch_contact(account.sub, f"people/{ids[1]}")
    account.google.delete_contact(account.sub, f"people/{ids[2]}")
    outcomes = account.people.update(updates)
    assert statuses(outcomes) == [Status.CONFLICT, Status.DONE, Status.GONE] + [Status.DONE] * (count - 3)
    assert account.given_name(ids[0]) == "Edited"
    assert [account.given_name(each) for each in ids[3:]] == [f"New{n}" for n in range(3, count)]
    assert account.given_name(ids[1]) == "New1"


def test_stale_contacts_that_google_does_not_name_are_found_by_one_read(account: Account) -> None:
    account.google.faults.add("batch without details", "batchUpdate", times=None)
    ids = account.load(12)
    updates = account.renamed(ids)
    account.google.touch_contact(account.sub, f"people/{ids[3]}")
    account.google.delete_contact(account.sub, f"people/{ids[4]}")
    account.calls()
    outcomes = account.people.update(updates)
    assert [o.key for o in outcomes if o.status is not Status.DONE] == [ids[4]]
    assert account.calls() == ["POST batchUpdateContacts", "GET batchGet", "POST batchUpdateContacts"]


def test_a_contact_that_already_shows_the_new_content_needs_no_write(account: Account) -> None:
    (one,) = account.load(1)
    updates = account.renamed([one])
    account.google.edit_contact(account.sub, f"people/{one}", names=[{"givenName": "New0"}])
    assert statuses(account.people.update(updates)) == [Status.DONE]
    assert account.google.writes == []


@pytest.mark.parametrize("count", [2, 7])
def test_contention_makes_all_stand_back_without_more_calls(account: Account, count: int) -> None:
    updates = account.renamed(account.load(count))
    account.google.faults.add("409", "pdateContact", times=None)
    account.calls()
    outcomes = account.people.update(updates)
    assert {(o.status, o.retry_after) for o in outcomes} == {(Status.TRANSIENT, 5.0)}
    assert len(account.calls()) == 1


def test_an_update_names_the_version_it_was_made_from(account: Account) -> None:
    (update,) = account.renamed(account.load(1))
    sent = []
    account.transport.before = lambda request: sent.append(json.loads(str(request.body)))
    account.people.update([update])
    source = update.person["metadata"]["sources"][0]
    assert sent[0]["etag"] == update.person["etag"]
    assert sent[0]["metadata"]["sources"] == [{name: source[name] for name in ("type", "id", "etag")}]


def test_an_edit_of_another_field_does_not_stand_in_the_way(account: Account) -> None:
    (one,) = account.load(1)
    updates = account.renamed([one])
    account.google.edit_contact(account.sub, f"people/{one}", phoneNumbers=[{"value": "020 1234567"}])
    assert statuses(account.people.update(updates)) == [Status.DONE]
    after = account.person(one)
    assert (after["names"][0]["givenName"], after["phoneNumbers"][0]["value"]) == ("New0", "020 1234567")


@pytest.mark.parametrize("count", [1, 7])
def test_an_etag_refused_without_an_edit_is_tried_three_times(account: Account, count: int) -> None:
    updates = account.renamed(account.load(count))
    account.google.faults.add("stale etag", "pdateContact", times=2 * (count if count <= 5 else 1))
    assert statuses(account.people.update(updates)) == [Status.DONE] * count
    assert account.slept == [1.0, 3.0]


def test_an_etag_refused_for_good_is_given_up(account: Account) -> None:
    updates = account.renamed(account.load(1))
    account.google.faults.add("stale etag", "updateContact", times=None)
    account.calls()
    assert statuses(account.people.update(updates)) == [Status.CONFLICT]
    assert account.calls().count("PATCH updateContact") == 3


def test_a_missing_etag_is_read_again(account: Account) -> None:
    (update,) = account.renamed(account.load(1))
    bare = {"resourceName": update.person["resourceName"], "names": update.person["names"]}
    outcomes = account.people.update([PersonUpdate(update.key, bare, update.fields)])
    assert statuses(outcomes) == [Status.DONE]


@pytest.mark.parametrize("count", [2, 7])
def test_an_update_whose_answer_was_lost_is_found_done(account: Account, count: int) -> None:
    ids = account.load(count)
    updates = account.renamed(ids)
    account.google.faults.add("drop_after", "pdateContact", times=None)
    outcomes = account.people.update(updates)
    assert statuses(outcomes) == [Status.DONE] * count
    assert [record(o)["names"][0]["givenName"] for o in outcomes] == [f"New{n}" for n in range(count)]
    assert len(account.google.writes) == count


@pytest.mark.parametrize("count", [2, 7])
@pytest.mark.parametrize("fault", ["drop_before", "500", "502 html", "503"])
def test_an_update_that_did_not_happen_may_be_tried_later(account: Account, count: int, fault: str) -> None:
    updates = account.renamed(account.load(count))
    account.google.faults.add(fault, "pdateContact", times=None)
    assert statuses(account.people.update(updates)) == [Status.TRANSIENT] * count
    assert account.google.writes == []


def test_a_doubtful_update_of_a_deleted_contact_is_gone(account: Account) -> None:
    (one,) = account.load(1)
    updates = account.renamed([one])
    account.google.delete_contact(account.sub, f"people/{one}")
    account.google.faults.add("drop_before", "updateContact")
    assert statuses(account.people.update(updates)) == [Status.GONE]


def test_doubt_that_no_read_can_settle_waits(account: Account) -> None:
    updates = account.renamed(account.load(2))
    account.google.faults.add("503", "", times=None)
    assert statuses(account.people.update(updates)) == [Status.TRANSIENT] * 2


@pytest.mark.parametrize("count", [3, 8])
@pytest.mark.parametrize("details", [True, False])
def test_a_bad_update_does_not_stop_the_others(account: Account, count: int, details: bool) -> None:
    if not details:
        account.google.faults.add("batch without details", "batchUpdate", times=None)
    ids = account.load(count)
    updates = account.renamed(ids)
    bad = {"names": [{"givenName": "A"}, {"givenName": "B"}]}
    updates[1] = PersonUpdate(updates[1].key, updates[1].person, bad)
    outcomes = account.people.update(updates)
    assert [o.key for o in outcomes if o.status is Status.REFUSED] == [ids[1]]
    assert outcomes[1].field == "names"
    assert len([o for o in outcomes if o.status is Status.DONE]) == count - 1


def test_a_contact_that_got_another_name_is_still_updated(account: Account) -> None:
    (old,) = account.load(1)
    updates = account.renamed([old])
    new = account.google.rename_contact(account.sub, f"people/{old}")
    (outcome,) = account.people.update(updates)
    assert (outcome.key, outcome.status, record(outcome)["resourceName"]) == (old, Status.DONE, new)


def test_a_rate_limit_lets_the_rest_stand_back(account: Account) -> None:
    updates = account.renamed(account.load(4))
    account.google.faults.add("429 rate", "updateContact", after=1, times=None)
    outcomes = account.people.update(updates)
    assert statuses(outcomes) == [Status.DONE] + [Status.TRANSIENT] * 3
    assert all(wait(outcome) >= 5 for outcome in outcomes[1:])


def test_a_rate_limit_during_a_resend_keeps_the_other_outcomes(account: Account) -> None:
    ids = account.load(3)
    updates = account.renamed(ids)
    account.google.touch_contact(account.sub, f"people/{ids[0]}")
    account.google.faults.add("429 rate", "batchGet")
    outcomes = account.people.update(updates)
    assert statuses(outcomes) == [Status.TRANSIENT, Status.DONE, Status.DONE]
    assert wait(outcomes[0]) >= 5


def test_a_missing_permission_is_raised_before_anything_is_sent(account: Account) -> None:
    updates = account.renamed(account.load(2))
    account.google.faults.add("403 scope", "updateContact", times=None)
    with pytest.raises(UserMustAct):
        account.people.update(updates)
