from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
import requests

from contact_sync.errors import OperatorMustAct, RateLimited, SyncError, TransientForAll, TransientForUser
from contact_sync.services.sugar import SugarConfig, SugarServer
from contact_sync.services.sugar.faults import named_field, plain_reason
from contact_sync.services.sugar.transport import Answer


def failure(desk: Any) -> SyncError:
    with pytest.raises(SyncError) as caught:
        desk.server.check()
    return caught.value


@pytest.mark.parametrize("kind", ["502 html", "503 maintenance", "500 db_error"])
def test_a_server_fault_is_everybodys(desk: Any, kind: str) -> None:
    desk.sugar.faults.add(kind, "/ping")
    error = failure(desk)
    assert isinstance(error, TransientForAll)
    assert error.code == "sugar_down"


def test_a_server_that_asks_to_wait_says_how_long(desk: Any) -> None:
    desk.sugar.faults.add("429", "/ping", retry_after=17)
    error = failure(desk)
    assert isinstance(error, RateLimited)
    assert (error.code, error.retry_after) == ("sugar_busy", 17.0)


def test_a_page_instead_of_json_is_a_server_fault(desk: Any) -> None:
    desk.warm_up()
    desk.wire.after = lambda _request, answer: setattr(answer, "_content", b"<html>Welcome</html>")
    assert isinstance(failure(desk), TransientForAll)


def test_a_read_is_sent_once_more_when_the_connection_breaks(desk: Any) -> None:
    desk.sugar.faults.add("drop_before", "/ping")
    desk.server.check()
    desk.sugar.faults.add("drop_after", "/bulk")
    assert desk.contacts.fetch(["none"]).records == {"none": None}


def test_a_connection_that_breaks_twice_is_a_server_fault(desk: Any) -> None:
    desk.warm_up()
    desk.sugar.faults.add("drop_before", "/ping", times=None)
    assert isinstance(failure(desk), TransientForAll)
    assert desk.sugar.calls == [("GET", "/ping")] * 2


def test_a_slow_read_makes_the_user_wait_and_is_not_repeated(desk: Any) -> None:
    desk.warm_up()
    desk.sugar.faults.add("slow", "/ping", seconds=51)
    error = failure(desk)
    assert isinstance(error, TransientForUser)
    assert error.code == "sugar_timeout"
    assert len(desk.sugar.calls) == 1


def test_a_runs_deadline_shortens_its_reads(desk: Any) -> None:
    desk.warm_up()
    desk.sugar.latency = 5
    contacts = desk.user(deadline=lambda: 4.0)
    began = desk.clock()
    with pytest.raises(TransientForUser):
        contacts.count(desk.mine)
    assert (desk.clock() - began).total_seconds() == 4


def test_a_server_that_nobody_listens_on_is_down(desk: Any) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    config = SugarConfig(url, "svc", "secret", "sync", "sync-user")
    server = SugarServer(config, requests.Session(), desk.sessions, desk.clock, desk.clock.sleep)
    with pytest.raises(TransientForAll) as caught:
        server.check()
    assert caught.value.code == "sugar_down"


def test_an_api_version_that_sugar_does_not_have_is_the_operators(desk: Any) -> None:
    server = desk.instance(rest_version="v99")
    with pytest.raises(OperatorMustAct) as caught:
        server.check()
    assert caught.value.code == "sugar_version"


def test_a_redirect_is_not_followed_with_a_token(desk: Any) -> None:
    desk.warm_up()

    def redirect(_request: requests.PreparedRequest, answer: requests.Response) -> None:
        answer.status_code = 302
        answer.headers["Location"] = "https://elsewhere.test/"

    desk.wire.after = redirect
    error = failure(desk)
    assert isinstance(error, OperatorMustAct)
    assert error.code == "sugar_url"
    assert len(desk.wire.calls) == 3  # the two tokens of the warm-up, and this


def test_a_users_dead_token_is_renewed_once_and_the_call_replayed(desk: Any) -> None:
    desk.warm_up()
    rejected = desk.token.value
    desk.server.sudo("jane")
    assert desk.contacts.count(desk.mine) == 0
    assert desk.token.renewals == 1
    assert desk.token.value != rejected


def test_a_users_fresh_token_that_is_refused_makes_them_wait(desk: Any) -> None:
    desk.sugar.faults.add("401", "/Contacts/count", times=None)
    with pytest.raises(TransientForUser) as caught:
        desk.contacts.count(desk.mine)
    assert caught.value.code == "sugar_token_refused"
    assert desk.token.renewals == 1


def test_an_incomplete_bulk_answer_is_not_taken_for_an_answer(desk: Any) -> None:
    desk.warm_up()

    def cut(_request: requests.PreparedRequest, answer: requests.Response) -> None:
        answer._content = json.dumps(answer.json()[:-1]).encode()

    desk.wire.after = cut
    with pytest.raises(TransientForUser) as caught:
        desk.contacts.fetch(["a", "b"])
    assert caught.value.code == "sugar_error"


def test_messages_of_errors_hold_no_ids_and_no_contact_data(desk: Any) -> None:
    desk.warm_up()
    desk.wire.before = lambda request: setattr(request, "body", b'{"filter": [{"nope": "ana@ex.org"}]}')
    with pytest.raises(OperatorMustAct) as caught:
        desk.contacts.changes(desk.mine, desk.clock(), None)
    assert caught.value.message == "Sugar answered 422 invalid_parameter to Contacts"


def said(message: str) -> Answer:
    return Answer(422, {"error": "invalid_parameter", "error_message": message})


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("ana@@ex is an invalid email address", "… is an invalid email address"),
        ("&quot;Ana Ruiz&quot; is <b>wrong</b>", '"…" is wrong'),
        ("ana ruiz\nis too long", "… is too long"),
        ("Contact bob@ex.org knows better", "Contact … knows better"),
        ("", "invalid_parameter"),
    ],
)
def test_a_reason_is_plain_text_without_contact_values(message: str, reason: str) -> None:
    sent = {"first_name": "Ana Ruiz", "email": [{"email_address": "ana@@ex", "primary_address": True}]}
    assert plain_reason(said(message), sent) == reason


def test_a_value_inside_a_word_does_not_tear_the_reason_apart() -> None:
    assert plain_reason(said("Not allowed to edit field title"), {"title": "it"}) == (
        "Not allowed to edit field title"
    )


@pytest.mark.parametrize(
    ("reason", "field"),
    [
        ("Not allowed to edit field phone_mobile in module: Contacts", "phone_mobile"),
        ("The title of primary_address_city is bad", "primary_address_city"),
        ("… is an invalid email address", "email"),
        ("You are not authorized", None),
    ],
)
def test_the_field_that_a_reason_names_is_found(reason: str, field: str | None) -> None:
    names = ["title", "email", "phone_mobile", "primary_address_city", "primary_address"]
    assert named_field(reason, names) == field


def answering(desk: Any, status: int, body: object) -> None:
    """Every answer from now on."""

    def replace(_request: requests.PreparedRequest, answer: requests.Response) -> None:
        answer.status_code = status
        answer._content = json.dumps(body).encode()

    desk.wire.after = replace


def test_an_instance_that_admits_no_such_client_is_the_operators(desk: Any) -> None:
    desk.warm_up()
    answering(desk, 403, {"error": "client_not_allowed"})
    assert failure(desk).code == "sugar_client_refused"
    with pytest.raises(OperatorMustAct):
        desk.contacts.count(desk.mine)
    with pytest.raises(OperatorMustAct) as caught:
        desk.instance(username="other").check()
    assert caught.value.code == "sugar_client_refused"


@pytest.mark.parametrize("body", [[], {}, "pong", None, [{"status": "soon"}]])
def test_answers_of_an_unexpected_shape_are_faults_of_sugar(desk: Any, body: object) -> None:
    desk.warm_up()
    answering(desk, 200, body)
    reads: list[Callable[[], object]] = [
        lambda: desk.contacts.count(desk.mine),
        lambda: desk.contacts.fetch(["a"]),
        lambda: desk.server.schema(enums=False),
        lambda: desk.server.server_time(),
        lambda: desk.server.sudo("jane"),
    ]
    for read in reads:
        with pytest.raises(SyncError) as caught:
            read()
        assert caught.value.code in ("sugar_error", "sugar_down")
