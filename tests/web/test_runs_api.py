"""Sync Now, its progress, and how things stand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.web.browser import Browser, Place

from contact_sync.config_formats import Policy
from contact_sync.errors import TransientForAll
from contact_sync.store import runs
from contact_sync.store.records import Lease, RunRecord
from contact_sync.store.write import Kind, Write


def test_sync_now_enqueues_an_urgent_run_and_shows_it_from_queued_to_done(place: Place, ada: Browser) -> None:
    place.world.add_sugar(first_name="Ana", last_name="Ruiz", assigned_user_id="user-ada")
    answer = ada.post("/api/sync")
    assert answer.status_code == 202
    run = answer.get_json()["run"]
    assert place.urgent == [True]
    assert place.payloads() == [{"user": ada.sub, "trigger": "manual", "run": run}]
    queued = ada.json(f"/api/runs/{run}")
    assert (queued["phase"], queued["finished"], queued["trigger"]) == ("queued", None, "manual")
    place.work()
    done = ada.json(f"/api/runs/{run}")
    assert set(done) >= {"run", "phase", "done", "total", "waiting", "counts", "finished", "error"}
    assert (done["phase"], done["done"], done["total"], done["error"]) == ("done", 1, 1, None)
    assert done["counts"] == {"google_created": 1}
    assert done["finished"] == place.engine.now().isoformat().replace("+00:00", "Z")
    assert ada.json("/api/runs") == {"items": [done], "next": None}


@pytest.mark.parametrize("trigger", ["nothing to do", "the grant is gone", "stopped meanwhile"])
def test_a_run_that_somebody_waits_for_ends_for_them_too(place: Place, ada: Browser, trigger: str) -> None:
    ada.post("/api/sync")
    place.work()
    if trigger == "the grant is gone":
        place.world.google.revoke_grant(ada.sub)
        place.world.google.expire_access_tokens()
    run = ada.post("/api/sync").get_json()["run"]
    if trigger == "stopped meanwhile":
        place.change(ada.sub, paused=True)
    place.work()
    ended = ada.json(f"/api/runs/{run}")
    assert ended["finished"] is not None
    expected = {"nothing to do": None, "the grant is gone": "reconnect", "stopped meanwhile": "paused"}
    assert ended["error"] == expected[trigger]


def test_sync_now_joins_the_run_that_works_and_has_it_followed(place: Place, ada: Browser) -> None:
    lease = Lease("l1", "run-1", place.engine.now() + timedelta(minutes=2))
    place.change(ada.sub, lease=lease)
    for _ in range(2):
        answer = ada.post("/api/sync")
        assert (answer.status_code, answer.get_json()) == (202, {"run": "run-1"})
    held = place.user(ada.sub).lease
    assert held is not None and held.again and held.id == "l1"
    assert place.payloads() == []
    assert ada.json("/api/status")["running"] == "run-1"


def test_a_lease_given_back_at_the_last_moment_is_not_brought_to_life(place: Place, ada: Browser) -> None:
    place.change(ada.sub, lease=Lease("l1", "run-1", place.engine.now() + timedelta(minutes=2)))
    left = [1]

    def ends(_writes: Any) -> None:
        if left and left.pop():
            place.change(ada.sub, lease=None)

    place.world.firestore.before_commit = ends
    run = ada.post("/api/sync").get_json()["run"]
    assert run != "run-1"
    assert place.user(ada.sub).lease is None
    assert place.payloads() == [{"user": ada.sub, "trigger": "manual", "run": run}]


def test_a_lease_that_ran_out_holds_nobody_up(place: Place, ada: Browser) -> None:
    place.change(ada.sub, lease=Lease("l1", "run-1", place.engine.now()))
    assert ada.post("/api/sync").get_json()["run"] != "run-1"
    assert ada.json("/api/status")["running"] is None


def test_a_run_that_could_not_be_enqueued_is_shown_as_failed(place: Place, ada: Browser) -> None:
    place.refuses = TransientForAll("tasks_unavailable", "Cloud Tasks did not take the task")
    assert ada.post("/api/sync").status_code == 503
    (run,) = ada.json("/api/runs")["items"]
    assert (run["phase"], run["error"]) == ("failed", "tasks_unavailable")
    assert run["finished"] is not None


@pytest.mark.parametrize(
    ("phase", "minutes", "shown"),
    [
        ("writing", 9, "writing"),
        ("writing", 11, "interrupted"),
        ("queued", 11, "queued"),
        ("queued", 61, "interrupted"),
    ],
)
def test_a_run_that_was_cut_off_is_not_shown_as_working_for_ever(
    place: Place, ada: Browser, phase: str, minutes: int, shown: str
) -> None:
    started = place.engine.now() - timedelta(minutes=minutes)
    place.engine.db.commit([runs.put(ada.sub, RunRecord("r1", "manual", started, phase=phase))])
    assert ada.json("/api/runs/r1")["phase"] == shown


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"connection": "reconnect", "connection_message": "Google was disconnected."}, "reconnect"),
        ({"connection": "disconnected"}, "disconnected"),
        ({"connection": "permission_missing"}, "permission_missing"),
        ({"paused": True}, "paused"),
    ],
)
def test_who_may_not_sync_is_told_why(place: Place, ada: Browser, fields: dict[str, Any], code: str) -> None:
    place.change(ada.sub, **fields)
    answer = ada.post("/api/sync")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, code)
    assert answer.get_json()["error"]["message"].endswith(".")
    assert place.payloads() == []


def test_a_pause_for_everybody_and_a_policy_are_told_with_their_reason(place: Place, ada: Browser) -> None:
    place.engine.db.commit([Write("system/pause", Kind.SET, {"reason": "Sugar moves this weekend."})])
    answer = ada.post("/api/sync")
    assert answer.get_json()["error"] == {"code": "paused", "message": "Sugar moves this weekend."}
    assert ada.json("/api/status")["paused"] == "Sugar moves this weekend."
    other = Place(policy=Policy(disabled="Not before June."))
    other.person("ada")
    eve = other.signed_in("ada")
    answer = eve.post("/api/sync")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "disabled")
    assert "Not before June." in answer.get_json()["error"]["message"]
    assert eve.json("/api/status")["disabled"] == "Not before June."


@pytest.mark.parametrize("state", ["sugar_user_missing", "sugar_access_denied", "too_many"])
def test_sync_now_tries_again_what_was_cured_outside(place: Place, ada: Browser, state: str) -> None:
    place.change(ada.sub, connection=state, connection_message="It did not work.")
    assert ada.post("/api/sync").status_code == 202
    assert place.user(ada.sub).connection == "connected"


def test_sync_now_looks_for_a_sugar_user_that_was_missing(place: Place) -> None:
    sub = place.person("eve", in_sugar=False)
    eve = place.signed_in("eve")
    answer = eve.post("/api/sync")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "sugar_user_missing")
    assert "Ask your Sugar administrator" in answer.get_json()["error"]["message"]
    place.world.sugar.add_user("eve", id="user-eve", email="eve@corp.test")
    answer = eve.post("/api/sync")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "sugar_user_asked")
    assert place.user(sub).sugar_user_id is None
    assert eve.json("/api/connection")["question"]["sugar_user_id"] == "user-eve"


def test_sync_now_lets_paused_creates_go_on_with_what_was_passed_over(place: Place, ada: Browser) -> None:
    ada.post("/api/sync")
    place.work()
    place.change(ada.sub, creates_paused="google_full")
    place.world.add_sugar(first_name="Ana", last_name="Ruiz", assigned_user_id="user-ada")
    place.world.sync(person=type(place.world.first)(ada.sub, "user-ada"))
    assert place.world.google.contacts(ada.sub) == []
    ada.post("/api/sync")
    place.work()
    assert len(place.world.google.contacts(ada.sub)) == 1
    assert place.user(ada.sub).creates_paused is None


def test_the_status_counts_and_tells_the_last_and_the_next_run(place: Place, ada: Browser) -> None:
    for name in ("Ana", "Ben"):
        place.world.add_sugar(first_name=name, last_name="Ruiz", assigned_user_id="user-ada")
    run = ada.post("/api/sync").get_json()["run"]
    place.work()
    soon = place.engine.now() + timedelta(minutes=5)
    place.change(ada.sub, next_sync_at=soon)
    status = ada.json("/api/status")
    assert status["counts"] == {
        "linked": 2,
        "waiting": 0,
        "quarantined": 0,
        "unlinked": 0,
        "out_of_scope": 0,
        "sugar_contacts": 2,
        "google_contacts": 2,
    }
    assert status["connection"] == {
        "state": "connected",
        "message": "",
        "google_account": "ada@corp.test",
        "sugar_user": "ada",
    }
    assert status["last_run"]["run"] == run
    assert status["next_run"] == soon.isoformat().replace("+00:00", "Z")
    assert ada.json("/api/connection")["counts"] == {
        "linked": 2,
        "created_in_google": 2,
        "google_contacts": 2,
    }


def test_runs_are_listed_newest_first_in_pages(place: Place, ada: Browser) -> None:
    now = place.engine.now()
    records = [RunRecord(f"r{n}", "manual", now + timedelta(seconds=n), finished=now) for n in range(60)]
    place.engine.db.commit([runs.put(ada.sub, record) for record in records])
    first = ada.json("/api/runs")
    rest = ada.json(f"/api/runs?cursor={first['next']}")
    assert [run["run"] for run in first["items"] + rest["items"]] == [f"r{n}" for n in reversed(range(60))]
    assert rest["next"] is None
