"""A user who changes settings, unlinks or releases contacts while a run is under way: nothing of it is overwritten."""

from __future__ import annotations

from typing import Any

from tests.sync.rich_world import assert_sound, interrupted, settled
from tests.world import BOTH_WAYS, Auto, World, link

from contact_sync.contacts.mapping import State
from contact_sync.sync import resolve


def test_settings_changed_during_a_run_are_kept_and_decide_when_the_user_is_due() -> None:
    for where, world, _ in interrupted(lambda world: world.set(auto=Auto(enabled=True, interval_minutes=30))):
        user = world.user()
        assert user.settings.auto.interval_minutes == 30, where
        assert user.next_sync_at is not None, where
        assert 30 * 60 - 5 < (user.next_sync_at - world.clock.now()).total_seconds() <= 30 * 60, where


def test_a_direction_turned_on_during_a_run_is_caught_up_by_the_next() -> None:
    world = World()
    world.set(from_google=replace_create(BOTH_WAYS.from_google, False))
    world.settle()
    world.add_google("Ben", "Okafor", "ben@x.test")
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")

    def turn_on(request: Any) -> None:
        if "createContact" in request.url and not world.user().settings.from_google.create:
            world.set(from_google=BOTH_WAYS.from_google)

    world.google_transport.before = turn_on
    world.settle()
    assert world.sugar_names() == ["Ana Ruiz", "Ben Okafor"]


def test_a_contact_unlinked_during_a_run_stays_unlinked() -> None:
    def cid(world: World) -> str:
        [sugar_id] = [
            mapping.sugar_id for mapping in world.all_mappings().values() if mapping.name == "Cid Old"
        ]
        return sugar_id

    for where, world, _ in interrupted(lambda world: resolve.unlink(world.db, world.first.sub, cid(world))):
        world.clock.advance(minutes=16)
        world.settle()
        assert world.mapping(cid(world)).state is State.UNLINKED, where
        assert_sound(world)
        if world.sugar.contact(cid(world))["title"] == "Cook":
            assert settled(world).losses == {("sugar", "title", "Baker"): 1}, where


def test_a_contact_released_during_a_run_is_decided_about_again() -> None:
    world = World()
    sugar_id, google_id = link(world)
    world.edit_google(google_id, biographies=[{"value": "x" * 70_000}])
    world.settle()
    [entry] = world.backlog()
    world.add_sugar(first_name="Ben", last_name="Okafor", email="ben@x.test")
    world.edit_google(google_id, biographies=[{"value": "short"}])
    assert world.backlog() == [entry]
    released: list[int] = []

    def release(request: Any) -> None:
        if "createContact" in request.url:
            released.append(resolve.release(world.db, world.first.sub, [entry.id]))

    world.google_transport.before = release
    world.settle()
    assert world.sugar.contact(sugar_id)["description"] == "short"
    assert world.backlog() == []


def replace_create(direction: Any, on: bool) -> Any:
    return type(direction)(
        enabled=direction.enabled, update=direction.update, create=on, delete=direction.delete
    )
