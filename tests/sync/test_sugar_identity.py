"""Whose name the sync acts in: what is linked is the id of a Sugar user; names change, and change hands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
from tests.world import BOTH_WAYS, Auto, World, link

from contact_sync.store import history, mappings, tokens, users
from contact_sync.store.records import HistoryEntry, Tokens

SUDO = "/rest/v11_12/oauth2/sudo/"


def held(world: World) -> Tokens:
    """The tokens as they are stored."""
    return users.load(world.db, world.cipher, world.first.sub).tokens


def store(world: World, **fields: Any) -> None:
    world.db.commit([tokens.put(world.cipher, world.first.sub, replace(held(world), **fields))])


def sudo_calls(world: World) -> list[str]:
    return [path.removeprefix(SUDO) for _, path in world.sugar_transport.calls if path.startswith(SUDO)]


def linked_world() -> World:
    """One linked contact, everybody's contacts in scope, and the token of the last hour over."""
    world = World()
    world.set(sugar_scope="all")
    link(world)
    world.clock.advance(hours=2)
    world.forget_calls()
    return world


def rename(world: World, to: str = "jane.old") -> None:
    world.sugar.edit_user(world.first.sugar_user, user_name=to)


def newcomer(world: World) -> str:
    """Somebody else gets the name; they alone see one record."""
    other = world.sugar.add_user("jane", id="user-newcomer", email="newcomer@corp.test", own_only=True)
    world.sugar.add_contact(id="theirs", first_name="Only", last_name="Theirs", assigned_user_id=other)
    world.sugar.hide_contact("theirs", world.first.sugar_user)
    return other


def assert_nothing_as(world: World, other: str) -> None:
    assert not [
        one for one in world.sugar_contacts() if other in (one["modified_user_id"], one["created_by"])
    ]
    assert "Only Theirs" not in world.google_names()
    assert world.mapping("theirs") is None


def test_a_name_that_went_to_a_newcomer_gives_the_sync_nothing_of_theirs() -> None:
    world = linked_world()
    rename(world)
    other = newcomer(world)
    world.add_google("Gia", "Ga", "gia@x.test")
    world.settle()
    assert world.google_names() == ["Ana Ruiz", "Gia Ga"]
    [gia] = [one for one in world.sugar_contacts() if one["last_name"] == "Ga"]
    assert (gia["modified_user_id"], gia["assigned_user_id"]) == ("user-jane", "user-jane")
    assert_nothing_as(world, other)
    assert world.user().sugar_user_name == "jane.old"
    assert held(world).sugar_user_id == "user-jane"


def test_a_renamed_user_goes_on_syncing_and_is_shown_by_the_new_name() -> None:
    world = linked_world()
    rename(world, "jane.new")
    world.add_sugar(first_name="Bo", last_name="Bell", email="bo@x.test")
    world.settle()
    assert world.google_names() == ["Ana Ruiz", "Bo Bell"]
    assert (world.user().connection, world.user().sugar_user_name) == ("connected", "jane.new")
    world.clock.advance(hours=2)
    world.forget_calls()
    world.sync("schedule")
    assert sudo_calls(world) == ["jane.new"]


def test_two_users_who_swap_their_names_stay_who_they_are() -> None:
    world = linked_world()
    ben = world.add_person("ben", world.user().settings)
    world.settle(ben)
    world.clock.advance(hours=2)
    rename(world, "swap")
    world.sugar.edit_user("user-ben", user_name="jane")
    rename(world, "ben")
    world.add_google("Of", "Jane", "j@x.test")
    world.add_google("Of", "Ben", "b@x.test", person=ben)
    world.sync()
    world.sync(person=ben)
    authors = {one["last_name"]: one["created_by"] for one in world.sugar_contacts()}
    assert (authors["Jane"], authors["Ben"]) == ("user-jane", "user-ben")
    assert (world.user().sugar_user_name, world.user(ben).sugar_user_name) == ("ben", "jane")


@pytest.mark.parametrize("noted", [None, "user-newcomer"])
def test_a_token_that_was_stored_without_asking_whose_it_is_is_not_used(noted: str | None) -> None:
    world = linked_world()
    rename(world)
    other = newcomer(world)
    access, expires_at = world.engine.sugar.sudo("jane")
    store(world, sugar_access=access, sugar_expires_at=expires_at, sugar_user_id=noted)
    world.add_google("Gia", "Ga", "gia@x.test")
    world.settle()
    assert_nothing_as(world, other)
    assert (held(world).sugar_user_id, held(world).sugar_access == access) == ("user-jane", False)


def test_an_hourly_token_costs_one_call_and_whose_it_is_is_asked_within_the_look() -> None:
    world = linked_world()
    world.sync("schedule")
    world.clock.advance(hours=2)
    world.engine.sugar.check()
    world.forget_calls()
    world.sugar.forget_calls()
    world.firestore.counters.reset()
    assert world.sync("schedule")["phase"] == "idle"
    assert world.sugar_transport.calls == [("POST", f"{SUDO}jane"), ("POST", "/rest/v11_12/bulk")]
    assert world.sugar.item_calls[-1] == ("GET", "/me")
    # Google's new token, Sugar's, and the end of the run.
    assert world.firestore.counters.calls() == {"BatchGetDocuments": 1, "Commit": 3}
    world.forget_calls()
    world.sugar.forget_calls()
    world.clock.advance(minutes=15)
    assert world.sync("schedule")["phase"] == "idle"
    assert world.sugar_transport.calls == [("POST", "/rest/v11_12/bulk")]
    assert ("GET", "/me") not in world.sugar.item_calls


def test_a_token_that_dies_while_its_name_changes_hands_lets_no_write_through() -> None:
    """The name goes to somebody else in the middle of a run, and the token dies before every single call."""
    for k in range(1, 9):
        world = World()
        world.set(sugar_scope="all")
        link(world)
        world.add_google("Gia", "Ga", "gia@x.test")
        calls: list[str] = []

        def change(
            request: requests.PreparedRequest, world: World = world, k: int = k, calls: list[str] = calls
        ) -> None:
            calls.append(str(request.url))
            if len(calls) == k:
                rename(world)
                newcomer(world)
                world.sugar.expire_tokens()

        world.sugar_transport.before = change
        world.sync()
        world.sugar_transport.before = None
        if len(calls) < k:
            break
        world.settle()
        assert_nothing_as(world, "user-newcomer")
        assert [one["created_by"] for one in world.sugar_contacts() if one["last_name"] == "Ga"] == [
            "user-jane"
        ], k
    else:
        raise AssertionError("no run was left alone")


def test_what_a_dead_run_planned_is_settled_in_the_name_of_the_same_user() -> None:
    world = linked_world()
    [linked] = world.all_mappings()
    world.sugar.hide_contact(linked, "user-jane")
    entry = HistoryEntry(
        id="planned",
        at=world.clock.now(),
        run="dead",
        trigger="manual",
        sugar_id=linked,
        google_id=None,
        name="Ana Ruiz",
        action="delete",
        side=None,
        state=history.PLANNED,
    )
    world.db.commit([history.put(world.first.sub, entry), users.update(world.first.sub, planned_run="dead")])
    rename(world)
    newcomer(world)
    world.sync()
    assert_nothing_as(world, "user-newcomer")
    assert mappings.get(world.db, world.first.sub, [linked])


def gone(world: World) -> None:
    world.sugar.db.save("Users", "user-jane", {"deleted": True}, by=world.sugar.db.users["svc"])


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize(
    "end",
    [lambda world: world.sugar.edit_user("user-jane", status="Inactive"), gone],
    ids=["inactive", "gone"],
)
def test_a_linked_user_who_is_no_longer_there_is_missing_whoever_has_the_name(
    end: Callable[[World], None], taken: bool
) -> None:
    world = linked_world()
    end(world)
    if taken:
        rename(world)
        newcomer(world)
    assert world.sync()["error"] == "sugar_user_missing"
    assert world.user().connection == "sugar_user_missing"
    assert world.user().sugar_user_id == "user-jane"
    assert_nothing_as(world, "user-newcomer")


def test_a_user_whom_the_identity_service_refuses_ends_nobody_elses_session() -> None:
    world = linked_world()
    ben = world.add_person("ben", BOTH_WAYS)
    world.settle(ben)
    world.clock.advance(minutes=50)
    world.sugar.sessions.strangers.add("user-jane")
    world.engine.sugar.check()
    world.forget_calls()
    assert world.sync()["error"] == "sugar_user_missing"
    assert [path for _, path in world.sugar_transport.calls if "token" in path] == []
    assert world.sync(person=ben)["phase"] == "idle"


def test_an_answer_that_does_not_say_whose_the_token_is_is_no_answer() -> None:
    world = linked_world()
    for kind in ("500 db_error", "429", "401"):
        world.sugar.faults.add(kind, "^/me", times=None)
        before = world.writes()
        world.add_google("Gia", kind, f"{kind[:3]}@x.test")
        assert world.sync()["error"] is not None
        assert (world.writes(), world.user().connection) == (before, "connected")
        world.sugar.faults.clear()
    world.clock.advance(hours=1)
    world.settle()
    assert len(world.sugar_contacts()) == 4


def test_tokens_that_were_taken_away_meanwhile_do_not_come_back() -> None:
    world = linked_world()

    def forget(_request: requests.PreparedRequest) -> None:
        world.sugar_transport.before = None
        world.db.commit([tokens.forget(world.first.sub)])

    world.sugar_transport.before = forget
    world.sync()
    assert world.db.get([tokens.path(world.first.sub)]) == {}


def test_disconnecting_settles_nothing_in_a_strangers_name() -> None:
    from contact_sync.sync.disconnect import disconnect, order_disconnect

    world = linked_world()
    rename(world)
    newcomer(world)
    run = order_disconnect(world.engine, world.first.sub, "created")
    disconnect(world.engine, world.first.sub, run)
    assert world.user().connection == "disconnected"
    assert_nothing_as(world, "user-newcomer")


def test_a_regular_run_of_a_renamed_user_is_due_again_after_one_interval() -> None:
    world = linked_world()
    world.set(auto=Auto(enabled=True, interval_minutes=30))
    world.settle()
    world.clock.advance(hours=2)
    rename(world)
    newcomer(world)
    assert world.sync("schedule")["phase"] == "idle"
    due = world.user().next_sync_at
    assert due is not None and due <= world.clock.now() + timedelta(minutes=30)
