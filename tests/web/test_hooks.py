"""Sugar's hooks: who is woken, by which calls, and what a caller without the token reaches."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import requests
from tests.web.browser import WEB_URL, Browser, Place
from werkzeug.test import TestResponse

from contact_sync.config import Config
from contact_sync.contacts.settings import Auto, SyncSettings
from contact_sync.store.write import Kind, Write
from contact_sync.web.app import create_app
from contact_sync.web.hooks import SIGNATURE_HEADER, signature

TOKENS = ("t" * 40, "u" * 40)
EVENTS = ("after_save", "after_delete", "after_relationship_add", "after_relationship_delete")
REGULARLY = SyncSettings(auto=Auto(enabled=True))


@pytest.fixture
def listening(place: Place) -> Place:
    values = {name: getattr(place.config, name) for name in place.config.__slots__}
    place.config = Config(**{**values, "hook_tokens": TOKENS})
    place.app = create_app(place.config, place.engine)
    admin = requests.Session()
    admin.mount("http://", place.world.sugar_transport)
    rest = "http://sugar.test/rest/v11_12"
    who = {"username": "svc", "password": "secret", "client_id": "sugar", "platform": "base"}
    token = admin.post(f"{rest}/oauth2/token", json={"grant_type": "password", **who}).json()["access_token"]
    for event in EVENTS:
        hook = {"name": event, "webhook_target_module": "Contacts", "trigger_event": event}
        hook |= {"request_method": "POST", "url": f"{WEB_URL}/hooks/sugar/{TOKENS[0]}"}
        headers = {"OAuth-Token": token}
        assert admin.post(f"{rest}/WebLogicHooks", json=hook, headers=headers).status_code == 200
    return place


@pytest.fixture
def user(listening: Place) -> Browser:
    """Someone who syncs regularly, with the contact `ana` linked."""
    listening.person("ada")
    browser = listening.signed_in("ada")
    listening.world.add_sugar(id="ana", first_name="Ana", last_name="Ruiz", assigned_user_id="user-ada")
    browser.post("/api/sync")
    listening.work()
    listening.change(browser.sub, settings=REGULARLY, next_sync_at=listening.engine.now())
    listening.world.sugar.hooks.queue.clear()
    return browser


def deliver(place: Place) -> list[TestResponse]:
    """What Sugar's cron does with the calls that wait; the answers, which Sugar does not look at."""
    answers: list[TestResponse] = []

    def call(method: str, url: str, headers: dict[str, str], body: bytes) -> None:
        path = url.removeprefix(WEB_URL)
        answers.append(place.app.test_client().open(path, method=method, data=body, headers=headers))

    place.world.sugar.flush_hooks(call)
    return answers


def post(place: Place, payload: Any, token: str = TOKENS[0], **headers: str) -> TestResponse:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return place.app.test_client().post(f"/hooks/sugar/{token}", data=body, headers=named)


@pytest.mark.parametrize("variant", ["A", "B", "C"])
@pytest.mark.parametrize("change", ["save", "delete", "create"])
def test_every_form_of_payload_wakes_whom_it_concerns(
    listening: Place, user: Browser, variant: str, change: str
) -> None:
    sugar = listening.world.sugar
    sugar.hooks.variant = variant
    if change == "save":
        sugar.edit_contact("ana", title="Director")
    elif change == "delete":
        sugar.delete_contact("ana")
    else:
        listening.world.add_sugar(first_name="Ben", last_name="Ek", assigned_user_id="user-ada")
    assert [answer.status_code for answer in deliver(listening)] == [204]
    assert listening.payloads() == [{"user": user.sub, "trigger": "hook"}]
    assert listening.urgent[-1]


def test_a_change_arrives_in_google_with_the_task_that_the_hook_enqueued(
    listening: Place, user: Browser
) -> None:
    listening.world.sugar.edit_contact("ana", title="Director")
    deliver(listening)
    listening.world.clock.advance(seconds=5)
    listening.work()
    (contact,) = listening.world.google.contacts(user.sub)
    assert contact["organizations"][0]["title"] == "Director"


def test_thousands_of_changes_at_once_share_one_task_that_starts_after_them(
    listening: Place, user: Browser
) -> None:
    for number in range(50):
        listening.world.add_sugar(last_name=f"Ek {number}", assigned_user_id="user-ada")
    assert len(deliver(listening)) == 50
    ((payload, name, at),) = listening.world.tasks
    assert payload == {"user": user.sub, "trigger": "hook"} and name
    assert at is not None
    assert timedelta(0) < at - listening.engine.now() <= timedelta(seconds=4)


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": SyncSettings()},
        {"settings": SyncSettings(from_sugar=REGULARLY.from_google, auto=Auto(enabled=True))},
        {"connection": "reconnect"},
        {"paused": True},
    ],
)
def test_who_does_not_sync_from_sugar_by_itself_is_not_woken(
    listening: Place, user: Browser, changes: dict[str, Any]
) -> None:
    listening.change(user.sub, **changes)
    listening.world.sugar.edit_contact("ana", title="Director")
    assert [answer.status_code for answer in deliver(listening)] == [204]
    assert listening.payloads() == []


def test_a_contact_that_changes_hands_wakes_both_owners(listening: Place, user: Browser) -> None:
    bob = listening.person("bob")
    listening.signed_in("bob")
    listening.change(bob, settings=REGULARLY)
    listening.world.sugar.edit_contact("ana", assigned_user_id="user-bob")
    deliver(listening)
    assert {payload["user"] for payload in listening.payloads()} == {user.sub, bob}


@pytest.mark.parametrize("owner", ["unknown", "x" * 5000, "", None, 7, {"id": "ana"}, "users/../../x"])
def test_what_a_payload_claims_reaches_nothing_but_known_users(
    listening: Place, user: Browser, owner: Any
) -> None:
    payload = {"bean": "Contact", "event": "after_save", "data": {"id": owner, "assigned_user_id": owner}}
    assert post(listening, payload).status_code == 204
    assert listening.payloads() == []


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff\xfe", b'"text"'])
def test_a_body_that_is_no_hook_is_refused(listening: Place, body: bytes) -> None:
    assert post(listening, body).status_code == 400


@pytest.mark.parametrize("token", ["w" * 40, TOKENS[0][:-1], TOKENS[0] + "t", "signed", "ä" * 40, "t"])
def test_a_wrong_token_finds_nothing_and_is_not_repeated(listening: Place, user: Browser, token: str) -> None:
    answer = post(listening, {"data": {"id": "ana"}}, token)
    assert answer.status_code == 404
    assert token not in answer.text or len(token) < 10
    assert listening.payloads() == []


def test_both_tokens_hold_while_one_replaces_the_other(listening: Place, user: Browser) -> None:
    for token in TOKENS:
        assert post(listening, {"data": {"id": "ana"}}, token).status_code == 204
    assert len(listening.payloads()) == 1


def test_without_a_token_in_the_configuration_no_address_is_open(place: Place) -> None:
    assert post(place, {"data": {"id": "ana"}}).status_code == 404
    assert post(place, {"data": {"id": "ana"}}, "signed").status_code == 404


def seconds(place: Place) -> int:
    return int(place.engine.now().timestamp())


BODY = json.dumps({"event": "after_save", "data": {"id": "ana"}}).encode()


@pytest.mark.parametrize("secret", TOKENS)
def test_a_signed_call_needs_no_token(listening: Place, user: Browser, secret: str) -> None:
    signed = signature(secret, BODY, seconds(listening))
    assert post(listening, BODY, "signed", X_Contact_Sync_Signature=signed).status_code == 204
    assert listening.payloads() == [{"user": user.sub, "trigger": "hook"}]


@pytest.mark.parametrize("late", [timedelta(minutes=6), timedelta(minutes=-6), timedelta(days=4000)])
def test_a_signature_holds_for_minutes_only(listening: Place, user: Browser, late: timedelta) -> None:
    signed = signature(TOKENS[0], BODY, seconds(listening) - int(late.total_seconds()))
    assert post(listening, BODY, "signed", X_Contact_Sync_Signature=signed).status_code == 404


def test_a_signature_belongs_to_its_body_its_secret_and_its_time(listening: Place, user: Browser) -> None:
    now = seconds(listening)
    signed = signature(TOKENS[0], BODY, now)
    time, _, digest = signed.partition(",")
    wrong = [
        signature(TOKENS[0], BODY + b" ", now),
        signature("w" * 40, BODY, now),
        f"t={now + 1},{digest}",
        f"{time},v1=",
        "t=99999999999999,v1=" + "0" * 64,
        "t=999999999999,v1=" + "0" * 64,
        "",
    ]
    for value in wrong:
        answer = post(listening, BODY, "signed", **{SIGNATURE_HEADER.replace("-", "_"): value})
        assert answer.status_code == 404, value
    assert listening.payloads() == []


def test_a_record_with_a_very_long_note_still_wakes(listening: Place, user: Browser) -> None:
    payload = {"data": {"id": "ana", "description": "x" * 300_000}}
    assert post(listening, payload).status_code == 204
    assert len(listening.payloads()) == 1


def test_the_token_is_in_no_log_of_ours(
    listening: Place, user: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        post(listening, {"data": {"id": "ana"}})
        post(listening, {"data": {"id": "ana"}}, "w" * 40)
    assert TOKENS[0] not in caplog.text and "w" * 40 not in caplog.text


def test_a_user_whose_document_cannot_be_read_keeps_a_hook_from_nobody(
    listening: Place, user: Browser
) -> None:
    listening.person("ben")
    other = listening.signed_in("ben")
    listening.world.db.commit([Write(f"users/{other.sub}", Kind.UPDATE, {"settings": {"conflict": "coin"}})])
    for owner in ("user-ben", "user-ada"):
        listening.world.sugar.edit_contact("ana", assigned_user_id=owner)
    answers = deliver(listening)
    assert {answer.status_code for answer in answers} == {204}
    assert user.sub in {payload["user"] for payload in listening.payloads()}


def test_the_pages_of_such_a_user_say_so(listening: Place, user: Browser) -> None:
    spoiled = {"cursors": {"watermark": "soon"}}
    listening.world.db.commit([Write(f"users/{user.sub}", Kind.UPDATE, spoiled)])
    assert "cannot be read" in user.get("/").text
    assert user.json("/api/status")["connection"]["state"] == "broken"
    answer = user.post("/api/sync")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "broken")
    assert user.form("/settings", overflow="continue").status_code < 500
    assert user.send("PUT", "/api/settings", user.json("/api/settings")).status_code in (200, 409)
    assert user.sign_in("ada").status_code < 500
