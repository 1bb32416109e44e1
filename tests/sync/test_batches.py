"""Any number of changes comes to the same, a hundred to a run; what exceeds it waits or follows at once."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tests.sync.rich_world import assert_sound
from tests.world import World

from contact_sync.contacts.settings import Auto
from contact_sync.contacts.side import Side
from contact_sync.sync import resolve

SIZES = [0, 1, 99, 100, 101, 200, 201]


def book(count: int) -> list[dict[str, str]]:
    return [
        {"first_name": "Ada", "last_name": f"No {number:03}", "email": f"{number}@x.test"}
        for number in range(count)
    ]


def fill(world: World, side: Side, count: int) -> None:
    """New contacts on one side."""
    if side is Side.SUGAR:
        world.sugar.load({**person, "assigned_user_id": world.first.sugar_user} for person in book(count))
        return
    persons = [
        {
            "names": [{"givenName": person["first_name"], "familyName": person["last_name"]}],
            "emailAddresses": [{"value": person["email"]}],
        }
        for person in book(count)
    ]
    world.google.load(world.first.sub, persons)


def edit_all(world: World, side: Side, title: str) -> None:
    """A new title for everybody on one side."""
    for sugar_id, mapping in world.all_mappings().items():
        if side is Side.SUGAR:
            world.sugar.edit_contact(sugar_id, title=title)
        else:
            world.edit_google(mapping.google_id, organizations=[{"title": title}])


def titles(world: World, side: Side) -> list[str]:
    if side is Side.SUGAR:
        return [record["title"] for record in world.sugar_contacts()]
    return [(person.get("organizations") or [{}])[0].get("title", "") for person in world.google_contacts()]


def runs_until_idle(world: World) -> list[int]:
    """How many contacts each run finished until there was nothing left."""
    done = []
    while True:
        world.clock.advance(minutes=1)
        summary = world.sync()
        if not summary["done"]:
            return done
        done.append(summary["done"])


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("source", list(Side))
def test_any_number_of_creates_and_updates_arrives_whole(source: Side, count: int) -> None:
    world = World()
    fill(world, source, count)
    full, rest = divmod(count, 100)
    expected = [100] * full + [rest] * (rest > 0)
    assert runs_until_idle(world) == expected
    assert len(world.sugar_contacts()) == len(world.google_contacts()) == count
    assert world.sugar_names() == world.google_names()
    edit_all(world, source.other, "Chief")
    assert runs_until_idle(world) == expected
    assert titles(world, source) == ["Chief"] * count
    assert world.backlog() == []
    assert_sound(world)


@pytest.mark.parametrize("count", [9, 101, 201])
def test_one_bad_element_among_many_updates_fails_alone(count: int) -> None:
    world = World()
    fill(world, Side.SUGAR, count)
    world.settle()
    edit_all(world, Side.GOOGLE, "Chief")
    bad = world.all_mappings().popitem()[1]
    world.edit_google(bad.google_id, biographies=[{"value": "x" * 70_000}])
    world.settle()
    assert sorted(titles(world, Side.SUGAR)) == [""] + ["Chief"] * (count - 1)
    [entry] = world.backlog()
    assert (entry.cause, entry.field, entry.sugar_id) == ("refused", "description", bad.sugar_id)


@pytest.mark.parametrize("count", [101, 201])
def test_one_edited_while_a_batch_is_on_its_way_to_google_is_merged_and_the_others_arrive(count: int) -> None:
    world = World()
    fill(world, Side.SUGAR, count)
    world.settle()
    edit_all(world, Side.SUGAR, "Chief")
    edited: list[str] = []

    def edit(request: Any) -> None:
        if "batchUpdateContacts" in request.url and not edited:
            mapping = next(m for m in world.all_mappings().values() if m.google_id in request.body)
            edited.append(mapping.sugar_id)
            phone = {"value": "+34600100200", "type": "mobile"}
            world.edit_google(mapping.google_id, phoneNumbers=[phone])

    world.google_transport.before = edit
    world.settle()
    assert titles(world, Side.GOOGLE) == ["Chief"] * count
    assert world.sugar.contact(edited[0])["phone_mobile"] == "+34600100200"
    assert_sound(world)


@pytest.mark.parametrize("count", [50, 101, 201])
def test_with_next_period_the_rest_waits_and_nothing_is_enqueued(count: int) -> None:
    world = World()
    world.set(overflow="next_period")
    fill(world, Side.SUGAR, count)
    summary = world.sync()
    assert (summary["done"], summary["waiting"]) == (min(count, 100), max(0, count - 100))
    assert world.tasks == []
    assert world.user().last_run["waiting"] == summary["waiting"]


def test_with_next_period_and_auto_the_next_batch_goes_at_the_next_interval() -> None:
    world = World()
    world.set(overflow="next_period", auto=Auto(enabled=True, interval_minutes=20))
    fill(world, Side.SUGAR, 101)
    world.sync("schedule")
    assert (world.user().next_sync_at - world.clock.now()).total_seconds() == 20 * 60
    assert world.tasks == []


@pytest.mark.parametrize("count", [99, 100, 101, 201])
def test_with_continue_each_run_is_followed_by_one_successor_while_something_waits(count: int) -> None:
    world = World()
    fill(world, Side.SUGAR, count)
    tasks = 0
    summary = world.sync()
    while world.tasks:
        [(payload, name, at)] = world.tasks
        world.tasks.clear()
        assert (payload["trigger"], at) == ("continue", None)
        assert name
        tasks += 1
        summary = world.sync(payload["trigger"])
    assert summary["waiting"] == 0
    assert tasks == math.ceil(count / 100) - 1
    assert len(world.google_contacts()) == count


def test_released_contacts_go_ahead_of_a_waiting_book() -> None:
    world = World()
    world.set(overflow="next_period")
    google_id = world.add_google("Bea", "First", "bea@x.test", biographies=[{"value": "x" * 70_000}])
    world.settle()
    [entry] = world.backlog()
    world.edit_google(google_id, biographies=[{"value": "short"}])
    world.clock.advance(minutes=1)
    fill(world, Side.SUGAR, 150)
    resolve.release(world.db, world.first.sub, [entry.id])
    assert world.sync()["waiting"] == 51
    assert "Bea First" in world.sugar_names()
