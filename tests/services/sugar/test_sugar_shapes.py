"""Answers of Sugar's that are JSON and yet no answer: nothing is concluded from them, and nothing crashes."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
import requests

from contact_sync.errors import RateLimited, SyncError, TransientForAll
from contact_sync.services.sugar.faults import named_field, plain_reason
from contact_sync.services.sugar.transport import Answer

SINCE = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
ODD = [5, "text", None, True, [5], {"a": 1}, 1e300, float("inf")]
NESTED = b"[" * 100_000


def answer_with(desk: Any, body: Any, path: str = "") -> None:
    """Have Sugar's answers from now on, or those of a path, be this."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def changed(request: requests.PreparedRequest, answer: requests.Response) -> None:
        if path in str(request.url):
            answer._content = content
            answer._content_consumed = True  # type: ignore[attr-defined]

    desk.wire.after = changed


def bulk(*contents: Any) -> list[Any]:
    return [{"status": 200, "contents": content} for content in contents]


CALLS = {
    "look": lambda desk: desk.contacts.look(desk.mine, SINCE, None, SINCE),
    "changes": lambda desk: desk.contacts.changes(desk.mine, SINCE, None),
    "deletions": lambda desk: desk.contacts.deletions(desk.mine, SINCE, 0),
    "all ids": lambda desk: desk.contacts.all_ids(desk.mine, None),
    "count": lambda desk: desk.contacts.count(desk.mine),
    "fetch": lambda desk: desk.contacts.fetch([], ["a@x.test"], [("A", "B")], ["Acme"]),
    "rights": lambda desk: desk.contacts.me_denied(),
    "people": lambda desk: desk.server.find_people("jane@corp.test"),
    "schema": lambda desk: desk.server.schema(False),
    "time": lambda desk: desk.server.server_time(),
    "deleted": lambda desk: desk.server.deleted_within(desk.mine, ["a"]),
}


@pytest.mark.parametrize("body", [5, "text", None, True, [5], {"a": 1}])
@pytest.mark.parametrize("call", CALLS)
def test_an_answer_of_a_wrong_type_is_an_error_of_sugar_s_and_no_empty_list(
    desk: Any, call: str, body: Any
) -> None:
    desk.warm_up()
    answer_with(desk, body)
    with pytest.raises(SyncError) as raised:
        CALLS[call](desk)
    assert raised.value.code in ("sugar_error", "sugar_down")


@pytest.mark.parametrize("call", CALLS)
def test_what_is_nested_without_end_is_sugar_being_down(desk: Any, call: str) -> None:
    desk.warm_up()
    answer_with(desk, NESTED)
    with pytest.raises(TransientForAll) as raised:
        CALLS[call](desk)
    assert raised.value.code == "sugar_down"


@pytest.mark.parametrize("value", [5, "text", None, {"a": 1}])
def test_a_list_of_a_wrong_type_is_no_empty_list(desk: Any, value: Any) -> None:
    desk.warm_up()
    time = "2026-07-27T12:00:00+00:00"
    for rows in ({"records": value, "next_offset": -1}, {"records": [], "next_offset": {"a": 1}}):
        answer_with(desk, bulk(time, rows, rows))
        with pytest.raises(SyncError) as raised:
            desk.contacts.look(desk.mine, SINCE, None, SINCE)
        assert raised.value.code == "sugar_error"


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "soon", *ODD])
def test_a_moment_outside_of_all_time_is_none(desk: Any, value: Any) -> None:
    desk.warm_up()
    answer_with(desk, value)
    with pytest.raises(SyncError):
        desk.server.server_time()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (name, value)
        for name in ("access_token", "refresh_token")
        for value in (5, None, [5], "two\nlines", "")
    ]
    + [("expires_in", value) for value in (None, [5], {"a": 1}, "soon", "nan", -1)],
)
def test_a_login_without_tokens_is_sugar_being_down(desk: Any, name: str, value: Any) -> None:
    good = {"access_token": "a", "refresh_token": "r", "expires_in": 3600}
    answer_with(desk, good | {name: value}, "/oauth2/token")
    with pytest.raises(TransientForAll) as raised:
        desk.server.check()
    assert raised.value.code == "sugar_down"


@pytest.mark.parametrize("body", [*ODD, {"access_token": 5}, {"access_token": "a", "expires_in": "x"}])
def test_a_user_s_token_of_a_wrong_type_is_sugar_being_down(desk: Any, body: Any) -> None:
    desk.server.check()
    answer_with(desk, body, "/oauth2/sudo/")
    with pytest.raises(TransientForAll) as raised:
        desk.server.sudo("jane")
    assert raised.value.code == "sugar_down"


def test_a_token_for_ever_is_one_for_a_year(desk: Any) -> None:
    desk.server.check()
    answer_with(desk, {"access_token": "a", "expires_in": float("inf")}, "/oauth2/sudo/")
    assert (desk.server.sudo("jane")[1] - desk.clock()).days == 366


@pytest.mark.parametrize("asked", ["nan", "inf", "1e12", "99999999", "-5"])
def test_sugar_may_ask_to_wait_for_an_hour_at_most(desk: Any, asked: str) -> None:
    desk.warm_up()

    def busy(_request: requests.PreparedRequest, answer: requests.Response) -> None:
        answer.status_code = 429
        answer.headers["Retry-After"] = asked

    desk.wire.after = busy
    with pytest.raises(RateLimited) as raised:
        desk.server.check()
    assert 0.0 <= (raised.value.retry_after or 0.0) <= 3600.0


@pytest.mark.parametrize("address", [5, {"a": 1}, [5], [{"email_address": 5}]])
def test_a_user_s_addresses_of_a_wrong_type_belong_to_nobody(desk: Any, address: Any) -> None:
    desk.warm_up()
    row = {"id": "u", "user_name": "jane", "status": "Active", "email": address}
    answer_with(desk, {"records": [row], "next_offset": -1})
    assert desk.server.find_people("jane@corp.test") == []


def refusal(message: str) -> Answer:
    return Answer(422, {"error": "invalid_parameter", "error_message": message})


def test_a_long_message_is_cut_and_shows_nothing_of_a_value_that_the_cut_has_broken() -> None:
    note = "Ada is hers " * 10_000
    for before in ("", "x " * 140, "y" * 1990):
        reason = plain_reason(refusal(f"{before}Too long: {note}"), {"description": note})
        assert "Ada" not in reason
    names = {f"f{number}": f"Ada{number}" for number in range(10)}
    told = ", ".join(list(names.values()) * 200)
    assert "Ada" not in plain_reason(refusal(told), names)


def test_a_reason_names_its_field_and_keeps_its_words() -> None:
    reason = plain_reason(
        refusal("<b>The field</b> phone_work &quot;Ada&quot; of ada@x.test is wrong"), {"a": "Ada"}
    )
    assert reason == 'The field phone_work "…" of … is wrong'
    assert named_field(reason, ["phone_work", "title"]) == "phone_work"


def test_a_word_for_an_error_is_a_word() -> None:
    assert len(Answer(422, {"error": "x" * 100_000}).label) == 100
