from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
import requests

from contact_sync.errors import OperatorMustAct, RateLimited, SyncError, TransientForAll, TransientForUser
from contact_sync.services.sugar import SharedSession
from local_stack.wsgi_transport import WSGITransport


def token_requests(desk: Any) -> int:
    return sum(path == "/oauth2/token" for _, path in desk.sugar.calls)


def log_in_elsewhere(desk: Any) -> None:
    """Somebody uses the service user's password on our platform."""
    body = {"grant_type": "password", "client_id": "sugar", "username": "svc", "password": "secret"}
    http = requests.Session()
    http.mount("https://", WSGITransport(desk.sugar))
    answer = http.post("https://sugar.test/rest/v11_12/oauth2/token", json=body | {"platform": "sync"})
    assert answer.status_code == 200


def test_instances_share_one_login(desk: Any) -> None:
    grants = desk.watch_grants()
    desk.server.check()
    desk.instance().check()
    desk.server.check()
    assert grants == ["password"]


def test_a_session_is_refreshed_when_less_than_a_minute_is_left(desk: Any) -> None:
    desk.server.check()
    grants = desk.watch_grants()
    desk.clock.sleep(3600 - 61)
    desk.server.check()
    assert grants == []
    desk.clock.sleep(2)
    desk.server.check()
    assert grants == ["refresh_token"]
    assert desk.sessions.session.expires_at == desk.clock() + timedelta(hours=1)


def test_another_instances_newer_token_is_taken_from_the_store(desk: Any) -> None:
    other = desk.instance()
    other.check()
    desk.server.check()
    desk.sugar.expire_tokens()
    other.check()
    grants = desk.watch_grants()
    desk.server.check()
    assert grants == []


def test_a_token_that_expired_unnoticed_is_refreshed_and_the_call_replayed(desk: Any) -> None:
    desk.server.check()
    desk.sugar.expire_tokens()
    grants = desk.watch_grants()
    desk.server.check()
    assert grants == ["refresh_token"]


def test_a_lost_session_is_replaced_by_one_login(desk: Any) -> None:
    desk.server.check()
    desk.sugar.revoke_tokens()
    grants = desk.watch_grants()
    desk.server.check()
    assert grants == ["refresh_token", "password"]


def test_a_session_ended_by_someone_elses_login_is_replaced(desk: Any) -> None:
    desk.server.check()
    log_in_elsewhere(desk)
    desk.server.check()
    desk.server.check()


def test_a_newer_token_in_the_store_that_is_dead_as_well_is_replaced(desk: Any) -> None:
    other = desk.instance()
    desk.server.check()
    desk.sugar.expire_tokens()
    other.check()
    desk.sugar.revoke_tokens()
    desk.server.check()


def test_a_session_that_is_refused_after_renewal_is_the_operators(desk: Any) -> None:
    desk.sugar.faults.add("401", "/ping", times=None)
    with pytest.raises(OperatorMustAct) as caught:
        desk.server.check()
    assert caught.value.code == "sugar_session_refused"


@pytest.mark.parametrize("first_login", [True, False])
def test_of_two_instances_that_renew_at_once_only_one_does(desk: Any, first_login: bool) -> None:
    if not first_login:
        desk.server.check()
        desk.clock.sleep(3590)
    waiting = threading.Event()

    def hold_until_the_other_waits(request: requests.PreparedRequest) -> None:
        if str(request.url).endswith("/oauth2/token"):
            assert waiting.wait(5)

    def wait(seconds: float) -> None:
        waiting.set()
        time.sleep(0.02)

    servers = []
    for _ in range(2):
        wire = WSGITransport(desk.sugar)
        wire.before = hold_until_the_other_waits
        servers.append(desk.instance(wire, wait))
    desk.sugar.forget_calls()
    failures: list[BaseException] = []

    def work(server: Any) -> None:
        try:
            server.check()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(server,)) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert failures == []
    assert token_requests(desk) == 1
    desk.sugar.forget_calls()
    for server in servers:
        server.check()
    assert desk.sugar.calls == [("GET", "/ping")] * 2


def test_a_renewal_whose_instance_died_is_taken_over_when_its_claim_lapses(desk: Any) -> None:
    class Died(BaseException):
        pass

    def die(request: requests.PreparedRequest) -> None:
        raise Died

    desk.server.check()
    desk.sugar.expire_tokens()
    wire = WSGITransport(desk.sugar)
    dying = desk.instance(wire)
    dying.check()
    desk.sugar.expire_tokens()
    wire.before = lambda request: die(request) if str(request.url).endswith("/oauth2/token") else None
    with pytest.raises(Died):
        dying.check()
    with pytest.raises(TransientForUser) as caught:
        desk.server.check()
    assert caught.value.code == "sugar_session_busy"
    desk.clock.sleep(15)
    grants = desk.watch_grants()
    desk.server.check()
    assert grants == ["password"]


def test_a_wrong_password_is_tried_once_a_minute_at_most(desk: Any) -> None:
    server = desk.instance(password="wrong")
    for _ in range(3):
        with pytest.raises(OperatorMustAct) as caught:
            server.check()
        assert caught.value.code == "sugar_credentials"
    assert token_requests(desk) == 1
    desk.clock.sleep(61)
    with pytest.raises(OperatorMustAct):
        server.check()
    assert token_requests(desk) == 2


def test_a_refused_login_blocks_no_instance_with_the_right_password(desk: Any) -> None:
    with pytest.raises(OperatorMustAct):
        desk.instance(password="wrong").check()
    before = desk.clock()
    desk.server.check()
    assert desk.clock() == before


@pytest.mark.parametrize(
    ("config", "code"),
    [({"platform": "unheard-of"}, "sugar_platform"), ({"client_id": "nobody"}, "sugar_client")],
)
def test_a_refused_platform_or_client_is_the_operators(desk: Any, config: dict[str, str], code: str) -> None:
    with pytest.raises(OperatorMustAct) as caught:
        desk.instance(**config).check()
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("kind", "error"),
    [("503 maintenance", TransientForAll), ("502 html", TransientForAll), ("429", RateLimited)],
)
def test_a_refresh_that_sugar_puts_off_keeps_the_refresh_token(
    desk: Any, kind: str, error: type[SyncError]
) -> None:
    desk.server.check()
    desk.clock.sleep(3590)
    desk.sugar.faults.add(kind, "/oauth2/token")
    with pytest.raises(error):
        desk.server.check()
    grants = desk.watch_grants()
    desk.server.check()
    assert grants == ["refresh_token"]


def test_a_refresh_whose_answer_is_late_is_followed_by_a_login(desk: Any) -> None:
    desk.server.check()
    desk.clock.sleep(3590)
    desk.sugar.faults.add("slow", "/oauth2/token", seconds=15)
    grants = desk.watch_grants()
    desk.server.check()
    assert grants == ["refresh_token", "password"]


def test_sugar_down_at_login_is_a_fault_for_all(desk: Any) -> None:
    desk.sugar.faults.add("drop_before", "/oauth2/token", times=None)
    with pytest.raises(TransientForAll) as caught:
        desk.server.check()
    assert caught.value.code == "sugar_down"
    desk.sugar.faults.clear()
    desk.server.check()


def test_tokens_are_not_shown_by_accident(desk: Any) -> None:
    desk.server.check()
    session = desk.sessions.session
    assert isinstance(session, SharedSession)
    assert session.access not in repr(session)
    assert session.refresh not in repr(session)
    assert "secret" not in repr(desk.server.transport.config)


def test_a_login_that_answers_no_tokens_is_a_server_fault(desk: Any) -> None:
    desk.wire.after = lambda _request, answer: setattr(answer, "_content", b"[]")
    with pytest.raises(TransientForAll):
        desk.server.check()


def test_who_loses_the_race_for_a_renewal_uses_the_winners_session(desk: Any) -> None:
    other = desk.instance()
    load = desk.sessions.load

    def overtaken() -> Any:
        found = load()
        desk.sessions.load = load
        other.check()
        return found

    desk.sessions.load = overtaken
    grants = desk.watch_grants()
    desk.server.check()
    assert grants == ["password"]
