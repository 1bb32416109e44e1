"""What Google refuses or loses, and which of our errors that becomes."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from tests.services.google.people_account import ENDPOINT, Account, Answering, Token, marked, statuses

from contact_sync.errors import OperatorMustAct, RateLimited, TransientForUser, UserMustAct
from contact_sync.services.google_people import GooglePeople
from contact_sync.services.outcome import Status


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        ("403 scope", UserMustAct, "permission_missing"),
        ("403 disabled", OperatorMustAct, "people_api_disabled"),
        ("404", OperatorMustAct, "google_refused"),
        ("429 rate", RateLimited, "google_rate_limited"),
        ("429 fbs", RateLimited, "google_exhausted"),
    ],
)
def test_refusals_of_the_whole_account(account: Account, fault: str, error: Any, code: str) -> None:
    account.google.faults.add(fault, "connections")
    with pytest.raises(error) as raised:
        account.people.changes(None, None)
    assert raised.value.code == code
    assert account.calls() == ["GET connections"]


@pytest.mark.parametrize("fault", ["500", "502 html", "503", "drop_before", "drop_after"])
def test_a_read_is_repeated_once_where_google_could_not_answer(account: Account, fault: str) -> None:
    account.google.faults.add(fault, "connections")
    assert account.people.changes(None, None).next_sync_token
    assert account.slept == [1.0]


@pytest.mark.parametrize("fault", ["500", "502 html", "503", "drop_before"])
def test_a_second_failure_of_a_read_makes_the_user_wait(account: Account, fault: str) -> None:
    account.google.faults.add(fault, "connections", times=None)
    with pytest.raises(TransientForUser) as raised:
        account.people.changes(None, None)
    assert raised.value.code == "google_unavailable"
    assert account.calls() == ["GET connections"] * 2


def test_a_read_that_takes_too_long_is_given_up(account: Account) -> None:
    account.google.faults.add("slow", "connections", times=None, seconds=51)
    with pytest.raises(TransientForUser):
        account.people.changes(None, None)


def test_rate_limits_are_waited_for_five_seconds_at_least(account: Account) -> None:
    account.google.faults.add("429 rate", "connections")
    with pytest.raises(RateLimited) as raised:
        account.people.changes(None, None)
    assert raised.value.retry_after and raised.value.retry_after >= 5


@pytest.mark.parametrize(
    "error",
    [
        {"message": "Resource has been exhausted (e.g. check quota).", "status": "RESOURCE_EXHAUSTED"},
        {"message": "Quota exceeded for quota metric 'x' and limit 'x per day per user'."},
        {"message": "", "details": [{"violations": [{"description": "FBS quota limit exceeded"}]}]},
    ],
)
def test_limits_that_last_are_waited_for_minutes(answering: Answering, error: Any) -> None:
    with pytest.raises(RateLimited) as raised:
        answering((429, {"error": error})).labels()
    assert raised.value.retry_after == 300


@pytest.mark.parametrize(
    "body", [b"<html>", b"\xff\xfe", b"", b"[]", {"error": "text"}, {"error": {"message": 5}}]
)
@pytest.mark.parametrize(
    ("status", "error"),
    [(400, OperatorMustAct), (403, OperatorMustAct), (429, RateLimited), (500, TransientForUser)],
)
def test_bodies_of_any_shape_are_survived(answering: Answering, body: Any, status: int, error: Any) -> None:
    with pytest.raises(error):
        answering((status, body)).labels()


@pytest.mark.parametrize("body", [b"<html>", b"\xff\xfe", b"", b"[]"])
def test_a_success_that_makes_no_sense_is_no_success(answering: Answering, body: Any) -> None:
    with pytest.raises(TransientForUser) as raised:
        answering((200, body)).labels()
    assert raised.value.code == "google_malformed"


def test_the_old_style_of_a_rate_limit_is_understood(answering: Answering) -> None:
    error = {"message": "Rate Limit Exceeded", "errors": [{"reason": "rateLimitExceeded", "domain": "usage"}]}
    with pytest.raises(RateLimited):
        answering((403, {"error": error})).labels()


def test_an_expired_access_token_is_renewed_and_the_call_sent_again(account: Account) -> None:
    account.people.labels()
    account.google.expire_access_tokens()
    assert statuses(account.people.create(marked(1))) == [Status.DONE]
    assert account.token.renewals == 1
    assert len(account.google.writes) == 1


def test_a_token_refused_after_renewal_means_reconnect(account: Account) -> None:
    account.google.faults.add("401", "connections", times=2)
    with pytest.raises(UserMustAct) as raised:
        account.people.changes(None, None)
    assert raised.value.code == "reconnect"
    assert account.token.renewals == 1


def test_a_revoked_grant_means_reconnect(account: Account) -> None:
    account.people.labels()
    account.google.revoke_grant(account.sub)
    with pytest.raises(UserMustAct) as raised:
        account.people.labels()
    assert raised.value.code == "reconnect"


def test_no_call_begins_when_the_time_is_over(account: Account) -> None:
    left = [10.0]
    session = requests.Session()
    session.mount("https://", account.transport)
    people = GooglePeople(session, ENDPOINT, account.token, account.slept.append, lambda: left[0])
    people.labels()
    left[0] = 0.0
    account.calls()
    with pytest.raises(TransientForUser) as raised:
        people.labels()
    assert raised.value.code == "out_of_time"
    outcomes = people.create(marked(2))
    assert statuses(outcomes) == [Status.TRANSIENT] * 2
    assert outcomes[0].retry_after == 0.0
    assert account.calls() == []


def test_a_connection_that_was_never_made_leaves_no_doubt() -> None:
    with requests.Session() as session:
        people = GooglePeople(session, "http://127.0.0.1:9", Token(lambda: "token"), lambda seconds: None)
        assert statuses(people.create(marked(1))) == [Status.TRANSIENT]


def test_reasons_carry_no_contact_data(answering: Answering) -> None:
    message = 'Invalid value "Ada Lovelace" for person.emailAddresses: ada@corp.test, +31 20 123 4567.'
    (outcome,) = answering((400, {"error": {"message": message}})).create(marked(1))
    assert (outcome.status, outcome.field) == (Status.REFUSED, "emailAddresses")
    for private in ("Ada", "ada@", "123"):
        assert private not in outcome.reason
    assert "person.emailAddresses" in outcome.reason
