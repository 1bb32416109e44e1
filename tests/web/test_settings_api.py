"""A user's settings over the API: whole, under their version, within the administrator's policy."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.web.browser import Browser, Place, allow_only

from contact_sync.contacts.settings import Auto, Direction, SyncSettings, to_plain


def put(browser: Browser, settings: Any, version: int | None = None, **headers: str) -> Any:
    if version is not None:
        headers["If_Match"] = f'"{version}"'
    return browser.send("PUT", "/api/settings", settings, **headers)


def with_(settings: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The settings with single ones changed; `__` in a name stands for a dot."""
    changed: dict[str, Any] = {
        key: dict(value) if isinstance(value, dict) else value for key, value in settings.items()
    }
    for name, value in changes.items():
        group, _, key = name.rpartition("__")
        (changed[group] if group else changed)[key] = value
    return changed


def test_the_settings_come_whole_with_their_version(ada: Browser) -> None:
    answer = ada.get("/api/settings")
    assert answer.get_json() == {**to_plain(SyncSettings()), "version": 1, "locked": {}}
    assert answer.headers["ETag"] == '"1"'


def test_what_was_read_can_be_put_back_changed(place: Place, ada: Browser) -> None:
    read = ada.get("/api/settings")
    changed = with_(read.get_json(), from_google__enabled=True, conflict="sugar")
    answer = put(ada, changed, If_Match=read.headers["ETag"])
    assert answer.status_code == 200
    assert answer.headers["ETag"] == '"2"'
    assert answer.get_json() == {**changed, "version": 2} == ada.json("/api/settings")
    user = place.user(ada.sub)
    assert user.settings.from_google.enabled and user.settings.conflict == "sugar"
    assert (user.settings_version, user.intake_version) == (2, 2)


@pytest.mark.parametrize("tag", ['W/"1"', "1", '"7", "1"', "*"])
def test_the_version_may_be_written_in_every_way_http_knows(ada: Browser, tag: str) -> None:
    assert put(ada, ada.json("/api/settings"), If_Match=tag).status_code == 200


def test_the_version_in_the_body_stands_in_for_the_header(ada: Browser) -> None:
    read = ada.json("/api/settings")
    assert put(ada, with_(read, conflict="google")).status_code == 200
    assert put(ada, with_(read, conflict="sugar")).status_code == 412
    unversioned = {key: value for key, value in read.items() if key != "version"}
    answer = put(ada, unversioned)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (428, "version_missing")


def test_a_stale_version_is_answered_with_the_newer_settings(ada: Browser) -> None:
    read = ada.json("/api/settings")
    put(ada, with_(read, conflict="google"), 1)
    answer = put(ada, with_(read, conflict="sugar"), 1)
    assert answer.status_code == 412
    newer = answer.get_json()
    assert newer.pop("error")["code"] == "stale"
    assert newer == ada.json("/api/settings")
    assert (newer["conflict"], newer["version"]) == ("google", 2)


def test_saving_the_same_again_changes_nothing(place: Place, ada: Browser) -> None:
    read = ada.json("/api/settings")
    assert put(ada, read, 1).get_json() == read
    assert place.user(ada.sub).settings_version == 1


def test_wrong_keys_are_all_named_and_nothing_is_saved(place: Place, ada: Browser) -> None:
    wrong = with_(
        ada.json("/api/settings"),
        from_sugar__enabled="yes",
        from_google__creat=True,
        auto__interval_minutes=0,
        sugar_scope="theirs",
        colour="red",
    )
    del wrong["overflow"]
    answer = put(ada, wrong, 1)
    error = answer.get_json()
    named = {
        "from_sugar.enabled",
        "from_google.creat",
        "auto.interval_minutes",
        "sugar_scope",
        "colour",
        "overflow",
    }
    assert answer.status_code == 400
    assert set(error["keys"]) == named
    assert all(key in error["error"]["message"] for key in named)
    assert place.user(ada.sub).settings == SyncSettings()


@pytest.mark.parametrize("group", [None, True, [], "on", {}])
def test_a_group_of_settings_is_an_object(ada: Browser, group: Any) -> None:
    answer = put(ada, with_(ada.json("/api/settings"), auto=group), 1)
    assert answer.status_code == 400
    assert any(key.startswith("auto") for key in answer.get_json()["keys"])


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff"])
def test_a_body_that_is_no_object_is_refused(ada: Browser, body: bytes) -> None:
    headers = {"X-CSRF-Token": ada.csrf, "If-Match": '"1"'}
    answer = ada.client.put("/api/settings", data=body, headers=headers, base_url="https://sync.corp.test")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "invalid_settings")


@pytest.mark.parametrize(
    ("change", "intake"),
    [
        ({"from_sugar__delete": True}, True),
        ({"sugar_scope": "all"}, True),
        ({"google_label": "contactGroups/1"}, True),
        ({"private_fields": "share"}, True),
        ({"conflict": "sugar"}, True),
        ({"auto__interval_minutes": 7}, False),
        ({"overflow": "continue"}, False),
    ],
)
def test_only_what_makes_skipped_contacts_eligible_demands_a_full_intake(
    place: Place, ada: Browser, change: dict[str, Any], intake: bool
) -> None:
    assert put(ada, with_(ada.json("/api/settings"), **change), 1).status_code == 200
    assert place.user(ada.sub).intake_version == (2 if intake else 1)


def test_turning_auto_on_makes_the_user_due_and_turning_it_off_ends_that(place: Place, ada: Browser) -> None:
    put(ada, with_(ada.json("/api/settings"), auto__enabled=True), 1)
    assert place.user(ada.sub).next_sync_at == place.engine.now()
    put(ada, with_(ada.json("/api/settings"), auto__enabled=False), 2)
    assert place.user(ada.sub).next_sync_at is None


def test_a_shorter_interval_counts_from_now(place: Place, ada: Browser) -> None:
    now = place.engine.now()
    far = now + timedelta(hours=20)
    place.change(
        ada.sub, settings=SyncSettings(auto=Auto(enabled=True, interval_minutes=1440)), next_sync_at=far
    )
    put(ada, with_(ada.json("/api/settings"), conflict="sugar"), 1)
    assert place.user(ada.sub).next_sync_at == far
    put(ada, with_(ada.json("/api/settings"), auto__interval_minutes=10), 2)
    assert place.user(ada.sub).next_sync_at == now + timedelta(minutes=10)


def test_who_is_not_connected_does_not_become_due(place: Place, ada: Browser) -> None:
    place.change(ada.sub, connection="reconnect")
    assert put(ada, with_(ada.json("/api/settings"), auto__enabled=True), 1).status_code == 200
    assert place.user(ada.sub).next_sync_at is None


def test_another_scope_cures_too_many_contacts(place: Place, ada: Browser) -> None:
    place.change(ada.sub, connection="too_many", connection_message="20,001 Sugar contacts are in scope")
    put(ada, with_(ada.json("/api/settings"), auto__enabled=True), 1)
    assert (place.user(ada.sub).connection, place.user(ada.sub).next_sync_at) == ("too_many", None)
    put(ada, with_(ada.json("/api/settings"), sugar_scope="flagged"), 2)
    user = place.user(ada.sub)
    assert (user.connection, user.connection_message) == ("connected", "")
    assert user.next_sync_at == place.engine.now()


def test_another_label_lets_creates_go_on(place: Place, ada: Browser) -> None:
    place.change(ada.sub, creates_paused="label_missing")
    put(ada, with_(ada.json("/api/settings"), conflict="sugar"), 1)
    assert place.user(ada.sub).creates_paused == "label_missing"
    put(ada, with_(ada.json("/api/settings"), google_label="contactGroups/2"), 2)
    assert place.user(ada.sub).creates_paused is None


def test_a_reset_brings_the_defaults_back_as_a_new_version(place: Place, ada: Browser) -> None:
    put(ada, with_(ada.json("/api/settings"), auto__enabled=True, conflict="google"), 1)
    answer = ada.post("/api/settings/reset")
    assert answer.get_json() == {**to_plain(SyncSettings()), "version": 3, "locked": {}}
    assert place.user(ada.sub).next_sync_at is None


def test_a_run_that_writes_the_user_meanwhile_is_no_stale_version(place: Place, ada: Browser) -> None:
    read, left = ada.json("/api/settings"), [1]

    def run_writes(_writes: Any) -> None:
        if left and left.pop():
            place.change(ada.sub, scope_count=7)

    place.world.firestore.before_commit = run_writes
    assert put(ada, with_(read, conflict="sugar"), 1).status_code == 200
    user = place.user(ada.sub)
    assert (user.scope_count, user.settings.conflict) == (7, "sugar")


def test_locked_settings_are_in_force_named_and_refused() -> None:
    place = Place(policy=allow_only(from_google__delete=False, auto__enabled=True))
    sub = place.person("ada")
    ada = place.signed_in("ada")
    own = SyncSettings(from_google=Direction(enabled=True, create=True, delete=True))
    place.change(sub, settings=own)
    read = ada.json("/api/settings")
    assert (read["from_google"]["delete"], read["auto"]["enabled"]) == (False, True)
    assert set(read["locked"]) == {"from_google.delete", "auto.enabled"}
    answer = put(ada, with_(read, from_google__delete=True), 1)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "locked")
    assert answer.get_json()["keys"] == ["from_google.delete"]
    assert put(ada, with_(read, conflict="sugar"), 1).status_code == 200
    # The user's own choice is kept for when the lock is lifted.
    stored = place.user(sub).settings
    assert (stored.from_google.delete, stored.auto.enabled, stored.conflict) == (True, False, "sugar")
    assert ada.post("/api/settings/reset").get_json()["auto"]["enabled"] is True
