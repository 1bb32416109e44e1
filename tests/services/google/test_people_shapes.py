"""Answers of Google's that are JSON and yet no answer: nothing is concluded from them, and nothing crashes."""

from __future__ import annotations

from typing import Any

import pytest
from tests.services.google.people_account import Answering, marked, statuses

from contact_sync.errors import RateLimited, TransientForUser
from contact_sync.services.outcome import Status

NESTED = b'{"a":' * 50_000
ODD = [6, "text", {"a": 1}, True]


@pytest.mark.parametrize("name", ["connections", "nextPageToken", "nextSyncToken"])
@pytest.mark.parametrize("value", [5, {"a": 1}, True])
def test_a_page_of_wrong_types_is_no_page(answering: Answering, name: str, value: Any) -> None:
    with pytest.raises(TransientForUser) as raised:
        answering((200, {"connections": [], "nextSyncToken": "t"} | {name: value})).changes(None, None)
    assert raised.value.code == "google_malformed"


@pytest.mark.parametrize("name", ["contactGroups", "nextPageToken"])
def test_labels_of_wrong_types_are_no_labels(answering: Answering, name: str) -> None:
    with pytest.raises(TransientForUser):
        answering((200, {name: 5})).labels()


def test_odd_groups_are_passed_over(answering: Answering) -> None:
    odd = {"groupType": "USER_CONTACT_GROUP", "memberCount": "many", "name": "Friends", "resourceName": "x"}
    (label,) = answering((200, {"contactGroups": [5, None, odd]})).labels()
    assert (label.name, label.count) == ("Friends", 0)


@pytest.mark.parametrize("value", ODD)
def test_direct_reads_of_wrong_types_are_failures_and_no_deletions(answering: Answering, value: Any) -> None:
    with pytest.raises(TransientForUser):
        answering((200, {"responses": value})).get(["c1"])
    for item in (value, {"person": value}, {"status": value, "person": {}}, {"status": {"code": value}}):
        item = item | {"requestedResourceName": "people/c1"} if isinstance(item, dict) else item
        read = answering((200, {"responses": [item]})).get(["c1"])
        assert (set(read.people), set(read.failed)) == (set(), {"c1"}), item


@pytest.mark.parametrize("metadata", [None, 5, {}, {"sources": 5}, {"sources": [5]}])
def test_a_contact_that_does_not_say_where_it_is_from_is_not_gone(
    answering: Answering, metadata: Any
) -> None:
    person = {"resourceName": "people/c1", "metadata": metadata}
    item = {"requestedResourceName": "people/c1", "person": person}
    read = answering((200, {"responses": [item]})).get(["c1"])
    assert (set(read.people), set(read.failed)) == (set(), {"c1"})


@pytest.mark.parametrize("name", [None, 5, "\n", "people/", "people/a/b", "c1"])
def test_a_name_that_can_be_no_address_is_nobody_s(answering: Answering, name: Any) -> None:
    person = {"resourceName": name, "metadata": {"sources": [{"type": "CONTACT", "id": "1"}]}}
    item = {"requestedResourceName": "people/c1", "person": person}
    assert set(answering((200, {"responses": [item]})).get(["c1"]).failed) == {"c1"}
    page = answering((200, {"connections": [person], "nextSyncToken": "t"})).changes(None, None)
    assert page.people == []


@pytest.mark.parametrize("value", [*ODD, None, [5]])
def test_a_create_that_is_answered_oddly_is_in_doubt(answering: Answering, value: Any) -> None:
    items = marked(1)
    odd = {"resourceName": "people/c1", "clientData": value}
    assert statuses(answering((200, odd)).create(items)) == [Status.UNKNOWN]
    many = marked(6)
    for body in ({"createdPeople": value}, {"createdPeople": [{"person": value}]}):
        assert statuses(answering((200, body)).create(many)) == [Status.UNKNOWN] * 6


@pytest.mark.parametrize("status", [200, 500, 503])
def test_what_is_nested_without_end_is_google_being_down(answering: Answering, status: int) -> None:
    with pytest.raises(TransientForUser):
        answering((status, NESTED)).changes(None, None)
    assert statuses(answering((status, NESTED)).create(marked(1))) == [Status.UNKNOWN]


@pytest.mark.parametrize("value", [*ODD, None, [5], {"code": "x", "details": 5, "errors": 5, "message": [1]}])
def test_refusals_of_wrong_types_are_survived(answering: Answering, value: Any) -> None:
    for body in ({"error": value}, {"error": {"details": value, "errors": value, "message": value}}):
        assert statuses(answering((400, body)).create(marked(1))) == [Status.REFUSED]
    details = [{"fieldViolations": value, "contactErrors": value, "reason": value}]
    assert statuses(answering((400, {"error": {"details": details}})).create(marked(1))) == [Status.REFUSED]


@pytest.mark.parametrize("asked", ["nan", "inf", "1e12", "99999999", "-5", "soon"])
def test_google_may_ask_to_wait_for_an_hour_and_for_its_own_limit_up_to_six(
    answering: Answering, asked: str
) -> None:
    longest = {"Quota exceeded": 3600.0, "Resource has been exhausted": 6 * 3600.0}
    for message, most in longest.items():
        with pytest.raises(RateLimited) as limited:
            answering((429, {"error": {"message": message}}), Retry_After=asked).labels()
        assert limited.value.retry_after is not None
        assert 5.0 <= limited.value.retry_after <= most
    with pytest.raises(TransientForUser) as raised:
        answering((503, {}), Retry_After=asked).labels()
    assert (raised.value.retry_after or 0.0) <= 3600.0


def test_a_long_message_is_cut_before_it_is_searched_and_shows_no_half_of_a_quotation(
    answering: Answering,
) -> None:
    message = "Invalid: " + "a" * 250 + ' "' + "Ada Lovelace " * 100_000 + '"'
    (outcome,) = answering((400, {"error": {"message": message}})).create(marked(1))
    assert "Ada" not in outcome.reason
    assert len(outcome.reason) <= 300
