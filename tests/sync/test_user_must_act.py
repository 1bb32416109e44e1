"""What only the user can cure: the sync says so and stops, or pauses what it concerns and goes on with the rest."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.sync.rich_world import assert_sound, rich_world
from tests.world import CONTACTS_SCOPE, Auto, World, link

from contact_sync.contacts.mapping import State
from contact_sync.store import tokens, users
from contact_sync.store.records import Tokens


def automatic_world() -> World:
    """A user who syncs regularly, with one linked contact."""
    world = World()
    link(world)
    world.set(auto=Auto(enabled=True))
    world.settle()
    assert world.user().next_sync_at is not None
    return world


def reconnect(world: World) -> None:
    """The user grants access again, as the web function records it."""
    refresh = world.google.grant(world.first.sub)
    held = Tokens(google_refresh=refresh, google_scopes=(CONTACTS_SCOPE,))
    fresh = users.update(world.first.sub, connection="connected", next_sync_at=world.clock.now())
    world.db.commit([tokens.put(world.cipher, world.first.sub, held), fresh])


def test_a_revoked_grant_asks_the_user_to_reconnect_and_is_never_due_again() -> None:
    world = automatic_world()
    world.google.revoke_grant(world.first.sub)
    assert world.sync("schedule")["error"] == "reconnect"
    user = world.user()
    assert (user.connection, user.next_sync_at, user.lease) == ("reconnect", None, None)
    assert user.connection_message
    world.forget_calls()
    assert world.sync("schedule")["phase"] == "stopped"
    assert world.calls() == (0, 0)


def test_a_grant_that_is_revoked_in_the_middle_of_a_run_loses_nothing() -> None:
    for k in range(1, 9):
        world = rich_world()
        calls: list[str] = []

        def revoke(request: object, world: World = world, k: int = k, calls: list[str] = calls) -> None:
            calls.append("call")
            if len(calls) == k:
                world.google.revoke_grant(world.first.sub)

        world.google_transport.before = revoke
        world.sync()
        world.google_transport.before = None
        assert world.user().connection == "reconnect", k
        assert world.user().lease is None
        reconnect(world)
        world.settle()
        assert world.google_names() == world.sugar_names(), k
        assert len(world.google_names()) == 9
        assert_sound(world)


def test_an_unticked_contacts_scope_says_which_permission_is_missing() -> None:
    world = automatic_world()
    world.google.faults.add("403 scope", times=None)
    assert world.sync("schedule")["error"] == "permission_missing"
    assert (world.user().connection, world.user().next_sync_at) == ("permission_missing", None)


def test_a_grant_without_the_contacts_scope_calls_nobody() -> None:
    world = automatic_world()
    held = Tokens(google_refresh="any", google_scopes=("openid",))
    world.db.commit([tokens.put(world.cipher, world.first.sub, held)])
    world.forget_calls()
    assert world.sync()["error"] == "permission_missing"
    assert world.calls() == (0, 0)
    assert world.user().next_sync_at is None


DAY = timedelta(days=1)
NO_ACCESS = {"Contacts": {"access": "no", "list": "no"}}


def stop(world: World, error: str, how: str = "") -> None:
    """What an administrator of Sugar may do to a user, and undo."""
    if error == "sugar_access_denied":
        world.sugar.edit_user("user-jane", acl=NO_ACCESS)
    else:
        world.sugar.edit_user("user-jane", status=how or "Inactive")
        world.clock.advance(hours=2)


def cure(world: World) -> None:
    world.sugar.edit_user("user-jane", acl={}, status="Active")


@pytest.mark.parametrize(
    ("error", "how"),
    [("sugar_user_missing", "Inactive"), ("sugar_user_missing", "Terminated"), ("sugar_access_denied", "")],
)
def test_what_an_administrator_can_cure_is_looked_at_once_a_day_and_goes_on_by_itself(
    error: str, how: str
) -> None:
    world = automatic_world()
    stop(world, error, how)
    for _ in range(3):
        assert world.sync("schedule")["error"] == error
        user = world.user()
        assert (user.connection, user.lease, bool(user.connection_message)) == (error, None, True)
        assert user.next_sync_at == world.clock.now() + DAY
        world.clock.advance(days=1)
    cure(world)
    world.add_sugar(first_name="Bo", last_name="Bell", email="bo@x.test")
    assert world.sync("schedule")["error"] is None
    user = world.user()
    assert (user.connection, user.connection_message) == ("connected", "")
    assert user.next_sync_at is not None and user.next_sync_at < world.clock.now() + DAY
    world.settle()
    assert world.google_names() == ["Ana Ruiz", "Bo Bell"]


def test_nothing_to_do_when_it_is_cured_is_a_connection_that_works_again() -> None:
    world = automatic_world()
    stop(world, "sugar_access_denied")
    world.sync("schedule")
    cure(world)
    world.clock.advance(days=1)
    assert world.sync("schedule")["phase"] in ("idle", "done")
    assert world.user().connection == "connected"


@pytest.mark.parametrize("error", ["sugar_user_missing", "sugar_access_denied"])
def test_between_two_looks_nobody_is_asked_and_the_next_look_stays(error: str) -> None:
    world = automatic_world()
    stop(world, error)
    world.sync("schedule")
    due = world.user().next_sync_at
    world.forget_calls()
    for trigger in ("hook", "manual", "continue"):
        assert world.sync(trigger)["error"] == error
    assert world.calls() == (0, 0)
    assert world.user().next_sync_at == due


def test_who_does_not_sync_regularly_is_not_looked_at() -> None:
    world = World()
    link(world)
    stop(world, "sugar_access_denied")
    assert world.sync()["error"] == "sugar_access_denied"
    assert world.user().next_sync_at is None


def test_who_was_never_a_sugar_user_is_not_looked_at() -> None:
    world = automatic_world()
    fields = {"sugar_user_id": None, "connection": "sugar_user_missing", "next_sync_at": world.clock.now()}
    world.db.commit([users.update(world.first.sub, **fields)])
    world.forget_calls()
    assert world.sync("schedule")["error"] == "sugar_user_missing"
    assert (world.calls(), world.user().next_sync_at) == ((0, 0), None)


def test_a_right_that_only_the_full_intake_misses_stops_and_is_looked_at_daily_too() -> None:
    world = automatic_world()
    world.sugar.edit_user("user-jane", acl={"Contacts": {"access": "no"}})
    world.set(sugar_scope="all")
    assert world.sync("schedule")["error"] == "sugar_access_denied"
    assert world.user().next_sync_at == world.clock.now() + DAY
    world.clock.advance(days=1)
    assert world.sync("schedule")["error"] == "sugar_access_denied"
    assert (world.user().connection, world.user().next_sync_at) == (
        "sugar_access_denied",
        world.clock.now() + DAY,
    )


@pytest.mark.parametrize("new", [1, 7])
def test_a_full_google_account_pauses_creates_and_updates_go_on(new: int) -> None:
    world = automatic_world()
    [linked] = world.all_mappings()
    world.google.knobs.contact_cap = 1
    for number in range(new):
        world.add_sugar(first_name="New", last_name=f"No {number}", email=f"n{number}@x.test")
    world.settle()
    assert world.user().creates_paused == "google_full"
    assert world.user().connection == "connected"
    assert world.user().next_sync_at is not None
    world.sugar.edit_contact(linked, title="Chief")
    world.settle()
    [person] = world.google_contacts()
    assert person["organizations"][0]["title"] == "Chief"
    assert world.backlog() == []
    waiting = [mapping for mapping in world.all_mappings().values() if mapping.state is State.NEW]
    assert len(waiting) == new
    world.forget_calls()
    world.clock.advance(minutes=15)
    assert world.sync("schedule")["phase"] == "idle"
    assert world.calls() == (1, 1)


def test_creates_go_on_where_they_stopped_once_the_user_made_room() -> None:
    world = automatic_world()
    world.google.knobs.contact_cap = 1
    world.add_sugar(first_name="New", last_name="One", email="n@x.test")
    world.settle()
    world.google.knobs.contact_cap = 100
    version = world.user().settings_version + 1
    fields = {"creates_paused": None, "settings_version": version, "intake_version": version}
    world.db.commit([users.update(world.first.sub, **fields)])
    world.settle()
    assert world.google_names() == ["Ana Ruiz", "New One"]
    assert world.user().creates_paused is None


def test_a_label_that_was_deleted_pauses_creates_and_updates_go_on() -> None:
    world = automatic_world()
    [linked] = world.all_mappings()
    world.set(google_label="contactGroups/deleted")
    world.add_sugar(first_name="New", last_name="One", email="n@x.test")
    world.sugar.edit_contact(linked, title="Chief")
    world.settle()
    assert world.user().creates_paused == "label_missing"
    assert world.user().connection == "connected"
    [person] = world.google_contacts()
    assert person["organizations"][0]["title"] == "Chief"
    assert world.backlog() == []


def test_more_contacts_than_can_be_kept_in_sync_are_said_and_nothing_is_stored() -> None:
    world = World()
    world.set(sugar_scope="all", auto=Auto(enabled=True))
    world.sugar.load({"last_name": f"No {number}"} for number in range(20_001))
    world.add_google("Ben", "Okafor", "ben@x.test")
    assert world.sync()["error"] == "too_many"
    user = world.user()
    assert (user.connection, user.next_sync_at) == ("too_many", None)
    assert "20001" in user.connection_message
    assert world.all_mappings() == {}
    assert world.all_entries() == {}
    assert world.writes() == 0
