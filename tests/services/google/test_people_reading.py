"""Reading Google contacts: the change feed, the latest changes, direct reads."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.services.google.people_account import Account, Answering

from contact_sync.contacts.google_person import is_deleted
from contact_sync.errors import (
    ContactAtFault,
    OperatorMustAct,
    SyncTokenExpired,
    TransientForUser,
)

PERSON = {"resourceName": "people/c1", "metadata": {"sources": [{"type": "CONTACT", "id": "1"}]}}


def test_a_listing_ends_with_a_sync_token_on_its_last_page(account: Account) -> None:
    account.load(1001)
    first = account.people.changes(None, None)
    last = account.people.changes(None, first.next_page)
    assert (len(first.people), first.next_sync_token) == (1000, None)
    assert (len(last.people), last.next_page) == (1, None)
    assert last.next_sync_token


def test_the_feed_shows_what_changed_and_what_was_deleted(account: Account) -> None:
    edited, deleted, _ = account.load(3)
    token = account.people.changes(None, None).next_sync_token
    account.google.edit_contact(account.sub, f"people/{edited}", names=[{"givenName": "Edited"}])
    account.google.delete_contact(account.sub, f"people/{deleted}")
    page = account.people.changes(token, None)
    assert {person["resourceName"]: is_deleted(person) for person in page.people} == {
        f"people/{edited}": False,
        f"people/{deleted}": True,
    }
    assert account.people.changes(page.next_sync_token, None).people == []


def test_pages_of_the_feed_are_asked_for_with_both_tokens(account: Account) -> None:
    token = account.people.changes(None, None).next_sync_token
    account.load(1001)
    first = account.people.changes(token, None)
    last = account.people.changes(token, first.next_page)
    assert (len(first.people), len(last.people)) == (1000, 1)
    assert last.next_sync_token


def test_a_listing_without_a_token_may_be_empty(account: Account) -> None:
    page = account.people.changes(None, None, want_token=False)
    assert (page.people, page.next_page, page.next_sync_token) == ([], None, None)


def test_an_expired_sync_token_asks_for_a_full_listing(account: Account) -> None:
    token = account.people.changes(None, None).next_sync_token
    account.google.faults.add("expired sync token", "connections")
    with pytest.raises(SyncTokenExpired):
        account.people.changes(token, None)


@pytest.mark.parametrize("status", [400, 410])
def test_any_refusal_of_a_sync_token_asks_for_a_full_listing(answering: Answering, status: int) -> None:
    people = answering((status, {"error": {"code": status, "message": "Whatever."}}))
    with pytest.raises(SyncTokenExpired):
        people.changes("garbage", None)


def test_a_refused_page_token_starts_the_pass_again_later(answering: Answering) -> None:
    with pytest.raises(TransientForUser) as raised:
        answering((400, {})).changes(None, "old page")
    assert raised.value.code == "google_page_expired"


def test_a_refused_full_listing_is_ours_to_repair(answering: Answering) -> None:
    with pytest.raises(OperatorMustAct):
        answering((400, {"error": {"message": "Invalid personFields mask path"}})).changes(None, None)


@pytest.mark.parametrize("body", [{}, {"connections": [PERSON]}, {"totalItems": 4}])
def test_a_last_page_without_a_sync_token_moves_nothing(answering: Answering, body: Any) -> None:
    with pytest.raises(TransientForUser) as raised:
        answering((200, body)).changes("token", None)
    assert raised.value.code == "google_malformed"


def test_the_latest_changes_come_first(account: Account) -> None:
    first, second, third = account.load(3)
    account.google.touch_contact(account.sub, f"people/{second}")
    found = [person["resourceName"].removeprefix("people/") for person in account.people.recently_changed()]
    assert found[0] == second
    assert set(found) == {first, second, third}


def test_the_latest_changes_stop_after_the_pages_asked_for(account: Account) -> None:
    account.load(1001)
    assert len(account.people.recently_changed()) == 1000
    assert len(account.people.recently_changed(pages=3)) == 1001


def test_direct_reads_tell_missing_contacts_from_found_ones(account: Account) -> None:
    found, deleted = account.load(2)
    account.google.delete_contact(account.sub, f"people/{deleted}")
    read = account.people.get([found, deleted, found])
    assert (read.people[found] or {})["names"][0]["givenName"] == "Given0"
    assert read.people[deleted] is None
    assert (read.moved, read.failed) == ({}, {})


def test_direct_reads_tell_the_new_id_of_a_renamed_contact(account: Account) -> None:
    (old,) = account.load(1)
    new = account.google.rename_contact(account.sub, f"people/{old}").removeprefix("people/")
    read = account.people.get([old])
    assert read.moved == {old: new}
    assert (read.people[old] or {})["resourceName"] == f"people/{new}"


def test_more_than_two_hundred_contacts_take_several_calls(account: Account) -> None:
    ids = account.load(201)
    assert len(account.people.get(ids).people) == 201
    # So many names do not fit into an address; the library then posts them.
    assert account.calls() == ["POST batchGet", "GET batchGet"]


def test_only_the_contact_itself_is_read_never_the_persons_profile(account: Account) -> None:
    asked = []
    account.token.current()
    account.transport.before = lambda request: asked.append(
        parse_qs(urlsplit(str(request.url)).query)["sources"]
    )
    account.people.changes(None, None)
    account.people.recently_changed()
    account.people.get(["c1"])
    assert asked == [["READ_SOURCE_TYPE_CONTACT"]] * 3


def test_reading_nothing_calls_nothing(account: Account) -> None:
    assert account.people.get([]).people == {}
    assert account.calls() == []


def test_what_is_left_of_a_deleted_contact_with_a_profile_is_no_contact(answering: Answering) -> None:
    profile = {"resourceName": "people/c1", "metadata": {"sources": [{"type": "PROFILE", "id": "1"}]}}
    answer = {"responses": [{"requestedResourceName": "people/c1", "httpStatusCode": 200, "person": profile}]}
    assert answering((200, answer)).get(["c1"]).people == {"c1": None}


def test_a_contact_that_cannot_be_read_spoils_no_other(answering: Answering) -> None:
    answer = {
        "responses": [
            {"requestedResourceName": "people/c1", "httpStatusCode": 200, "status": {}, "person": PERSON},
            {"requestedResourceName": "people/c2", "status": {"code": 3, "message": "bad"}},
            {"requestedResourceName": "people/c3", "status": {"code": 13, "message": "internal"}},
        ]
    }
    read = answering((200, answer)).get(["c1", "c2", "c3", "c4"])
    assert read.people == {"c1": PERSON}
    assert isinstance(read.failed["c2"], ContactAtFault)
    assert {key: error.code for key, error in read.failed.items()} == {
        "c2": "google_refused",
        "c3": "google_unavailable",
        "c4": "google_malformed",
    }


def test_a_name_google_cannot_read_is_found_by_halving(account: Account) -> None:
    good = account.load(2)

    def refuse(request: Any) -> None:
        if "broken" in request.url:
            account.google.faults.add("400", "batchGet")

    account.transport.before = refuse
    read = account.people.get([good[0], "broken", good[1]])
    assert set(read.people) == set(good)
    assert isinstance(read.failed["broken"], ContactAtFault)
