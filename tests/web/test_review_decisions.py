"""Decisions at the wrong moment: something else happens meanwhile, or a part of the deployment does not answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

import pytest
from tests.sync.ordering import deliver, run
from tests.sync.test_scope_clean import moved_out
from tests.web.browser import Browser, Place, words_of
from tests.web.planned import create, planned
from tests.web.questions import ask, post

from contact_sync.contacts.mapping import Directive, IndexEntry
from contact_sync.errors import TransientForAll
from contact_sync.store import backlog, google_index, mappings
from contact_sync.store.database import Database
from contact_sync.store.write import Conflict, Write
from contact_sync.sync import orders
from contact_sync.sync.dispatch import dispatch
from contact_sync.sync.resolve import Refused, choose
from contact_sync.web.app import create_app
from contact_sync.web.pages import errors, words


def test_no_more_contacts_are_deleted_than_were_confirmed_when_others_leave_the_scope_meanwhile() -> None:
    world, _ = moved_out(1)
    more = [
        world.add_sugar(first_name="Late", last_name=f"L{number}", email=f"l{number}@x.test")
        for number in range(3)
    ]
    world.settle()
    for sugar_id in more:
        world.sugar.edit_contact(sugar_id, assigned_user_id="user-bob")
    world.clock.advance(days=1, minutes=1)
    world.tasks.clear()
    run_id = orders.order_clean(world.engine, world.first.sub, 1)
    before = world.google_names()
    # The regular sync was ahead in the queue: it finds the other three outside the scope.
    world.sync()
    deliver(world, only="clean")
    done = run(world, run_id)
    assert (done.error, dict(done.counts), world.google_names()) == ("count_changed", {}, before)
    again = orders.order_clean(world.engine, world.first.sub, 4)
    deliver(world, only="clean")
    assert dict(run(world, again).counts) == {"google_deleted": 4}


def test_a_changed_number_is_told_with_the_way_on() -> None:
    assert "more contacts left the scope than you confirmed" in words.error("count_changed")
    assert errors.WAYS["count_changed"].endpoint == "contacts.clean_up"


def test_a_decision_whose_task_cannot_be_enqueued_is_taken_and_carried_out_by_the_dispatcher(
    place: Place, ada: Browser
) -> None:
    entry = ask(place, ada, "1", "refused")
    place.refuses = TransientForAll("tasks_unavailable", "Cloud Tasks did not answer")
    answer = post(ada, f"/backlog/{entry}/release", htmx=True, said="Try again")
    assert answer.status_code == 200
    assert "A sync begins by itself in a moment and sees to it." in words_of(answer)
    woken: list[str] = []

    def enqueue_many(tasks: Sequence[tuple[str, Any]]) -> list[bool]:
        woken.extend(payload["user"] for _, payload in tasks)
        return [True] * len(tasks)

    dispatch(place.engine.db, enqueue_many, place.engine.now())
    assert woken == [ada.sub]


class FailsOnce:
    """The database with one commit that Firestore does not take."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self.commits_left = -1

    def commit(self, writes: Sequence[Write]) -> dict[str, datetime]:
        self.commits_left -= 1
        if self.commits_left == 0:
            raise TransientForAll("firestore_unavailable", "Firestore answered ServiceUnavailable")
        answer: dict[str, datetime] = self._db.commit(writes)
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)


def test_what_was_decided_before_a_failure_is_carried_out_and_the_rest_can_be_decided_again(
    place: Place,
) -> None:
    failing = FailsOnce(place.engine.db)
    place.app = create_app(place.config, replace(place.engine, db=cast(Database, failing)))
    place.person("ada")
    ada = place.signed_in("ada")
    for number in range(120):
        ask(place, ada, f"{number}", "refused")
    failing.commits_left = 2
    assert ada.post("/api/backlog/release", {"cause": "refused"}).status_code == 503
    assert backlog.count(place.engine.db, ada.sub) == 20
    assert [payload["trigger"] for payload in place.payloads()] == ["manual"]
    assert ada.post("/api/backlog/release", {"cause": "refused"}).get_json() == {"count": 20}


class BusyWith:
    """The database while a run writes one contact: it refuses whatever else would write that."""

    def __init__(self, db: Any, path: str) -> None:
        self._db, self._path = db, path

    def commit(self, writes: Sequence[Write]) -> dict[str, datetime]:
        if any(write.path.endswith(self._path) for write in writes):
            raise Conflict("changed meanwhile")
        answer: dict[str, datetime] = self._db.commit(writes)
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)


def test_a_choice_holds_although_another_contact_that_asked_the_same_is_worked_on(
    place: Place, ada: Browser
) -> None:
    place.engine.db.commit([google_index.put(ada.sub, IndexEntry(key)) for key in ("g8", "g9")])
    entry = ask(place, ada, "1", "ambiguous", partners=("g8", "g9"))
    other = ask(place, ada, "2", "ambiguous", partners=("g8", "g9"))
    busy = cast(Database, BusyWith(place.engine.db, "/mappings/2"))
    choose(busy, ada.sub, entry, "g8")
    assert mappings.get(place.engine.db, ada.sub, ["1"])["1"].directive == Directive("link", "g8")
    assert list(backlog.get(place.engine.db, ada.sub, [entry, other])) == [other]


def test_a_choice_about_a_contact_that_moved_on_is_refused(place: Place, ada: Browser) -> None:
    entry = ask(place, ada, "1", "ambiguous", partners=("g8",))
    held = mappings.get(place.engine.db, ada.sub, ["1"])["1"]
    place.engine.db.commit([mappings.patch(ada.sub, "1", backlog="another")])
    assert held.backlog == entry
    with pytest.raises(Refused):
        choose(place.engine.db, ada.sub, entry, "g8")


@pytest.mark.parametrize("asks", ["sync", "sign in again", "look again"])
def test_nothing_connects_an_account_that_is_being_disconnected(place: Place, asks: str) -> None:
    place.person("ada", in_sugar=False)
    ada = place.signed_in("ada")
    assert ada.send("DELETE", "/api/connection", {"delete": "none"}).status_code == 202
    # Meanwhile the administrator makes the Sugar user that was missing.
    place.world.sugar.add_user("ada", id="user-ada", email="ada@corp.test")
    match asks:
        case "sync":
            assert ada.post("/api/sync").get_json()["error"]["code"] == "disconnecting"
        case "look again":
            ada.form("/look-again")
        case _:
            ada.sign_in("ada")
    assert place.user(ada.sub).connection == "disconnecting"
    assert {payload["trigger"] for payload in place.payloads()} == {"disconnect"}


def test_an_unticked_grant_that_comes_back_late_leaves_the_disconnecting_alone(
    place: Place, ada: Browser
) -> None:
    address = ada.to_google("/grant")
    ada.send("DELETE", "/api/connection", {"delete": "none"})
    answer = ada.back(ada.consent(address, "ada", untick_contacts=True))
    assert (answer.status_code, place.user(ada.sub).connection) == (409, "disconnecting")


def test_leaving_out_what_is_not_in_the_preview_is_refused_before_anything_is_done(
    place: Place, ada: Browser
) -> None:
    address = planned(place, ada, create("c1", "Ann"), create("c2", "Bea"))
    for mistaken in ("c3", "C2", "../c2", ""):
        answer = ada.post(f"/api{address}/apply", {"except": ["c1", mistaken]})
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "not_possible")
    assert place.payloads() == []
    assert ada.post(f"/api{address}/apply", {"except": ["c1"]}).status_code == 202
