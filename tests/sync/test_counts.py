"""What a run costs, counted at the transports and at Firestore."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tests.sync.rich_world import assert_sound
from tests.world import WITH_DELETES, Auto, World

from contact_sync.contacts.side import Side
from contact_sync.store import system

UPDATES, CREATES, DELETES = 34, 8, 8
"""Towards each side: a hundred actions in all."""
STAY = 10


@pytest.fixture
def busy() -> World:
    """A world in which a hundred changes wait: updates, creates and deletes towards each side, tokens warm."""
    world = World()
    world.set(
        from_sugar=WITH_DELETES.from_sugar,
        from_google=WITH_DELETES.from_google,
        overflow=WITH_DELETES.overflow,
    )
    linked = world.sugar.load(
        {
            "first_name": "Ada",
            "last_name": f"No {number:03}",
            "email": f"{number}@x.test",
            "title": "Clerk",
            "assigned_user_id": world.first.sugar_user,
        }
        for number in range(2 * (UPDATES + DELETES) + STAY)
    )
    world.settle()
    at_google = {sugar_id: mapping.google_id for sugar_id, mapping in world.all_mappings().items()}
    chosen = iter(linked)
    for _ in range(UPDATES):
        world.sugar.edit_contact(next(chosen), title="Chief")
        world.edit_google(at_google[next(chosen)], phoneNumbers=[{"value": "+34600100200", "type": "mobile"}])
    for _ in range(DELETES):
        world.sugar.delete_contact(next(chosen))
        world.delete_google(at_google[next(chosen)])
    for number in range(CREATES):
        world.add_sugar(first_name="New", last_name=f"Sugar {number}", email=f"s{number}@new.test")
        world.add_google("New", f"Google {number}", f"g{number}@new.test")
    world.clock.advance(minutes=5)
    world.forget_calls()
    return world


def set_chunk(world: World, chunk: int) -> None:
    """What earlier runs found out about how much this Sugar takes at once."""
    known = system.load_metadata(world.db)
    assert known is not None
    system.save_metadata(world.db, replace(known, chunk=chunk))


def expected_counts() -> dict[str, int]:
    verbs = {"updated": UPDATES, "created": CREATES, "deleted": DELETES}
    return {f"{side}_{verb}": count for side in Side for verb, count in verbs.items()}


def test_an_idle_run_costs_one_call_to_each_side_one_read_and_one_commit() -> None:
    world = World()
    world.set(auto=Auto(enabled=True))
    for number in range(5):
        world.add_sugar(first_name="Ada", last_name=f"No {number}", email=f"{number}@x.test")
    world.settle()
    world.sync("schedule")
    world.clock.advance(minutes=15)
    world.forget_calls()
    world.firestore.counters.reset()
    assert world.sync("schedule")["phase"] == "idle"
    assert world.sugar_transport.calls == [("POST", "/rest/v11_12/bulk")]
    assert world.google_transport.calls == [("GET", "/v1/people/me/connections")]
    assert world.firestore.counters.calls() == {"BatchGetDocuments": 1, "Commit": 1}
    assert world.firestore.counters["BatchGetDocuments"].read <= 3
    assert world.firestore.counters["Commit"].written == 1


def test_a_second_idle_run_soon_after_our_own_writes_reads_them_again_and_writes_nothing() -> None:
    world = World()
    for number in range(5):
        world.add_sugar(first_name="Ada", last_name=f"No {number}", email=f"{number}@x.test")
        world.add_google("Bea", f"No {number}", f"b{number}@x.test")
    world.sync()
    writes = world.writes()
    world.forget_calls()
    world.clock.advance(minutes=1)
    assert world.sync("schedule")["phase"] == "idle"
    assert world.calls() == (1, 1)
    assert world.writes() == writes


@pytest.mark.parametrize("chunk", [25, 50, 100])
def test_a_hundred_actions_cost_three_calls_to_sugar_and_five_to_google(busy: World, chunk: int) -> None:
    set_chunk(busy, chunk)
    summary = busy.sync()
    assert summary["counts"] == expected_counts()
    assert (summary["done"], summary["waiting"]) == (100, 0)
    calls = [path.rsplit("/", 1)[-1] for _, path in busy.google_transport.calls]
    assert calls == [
        "connections",
        "people:batchGet",
        "people:batchDeleteContacts",
        "people:batchUpdateContacts",
        "people:batchCreateContacts",
    ]
    to_sugar = UPDATES + CREATES + DELETES
    assert busy.sugar_transport.calls == [("POST", "/rest/v11_12/bulk")] * (2 + math.ceil(to_sugar / chunk))
    busy.settle()
    assert busy.sugar_names() == busy.google_names()
    assert len(busy.sugar_names()) == 2 * UPDATES + STAY + 2 * CREATES
    assert_sound(busy)


def test_a_hundred_actions_need_few_round_trips_to_firestore(busy: World) -> None:
    busy.firestore.counters.reset()
    busy.sync()
    calls = busy.firestore.counters.calls()
    assert calls["Commit"] <= 10
    assert sum(calls.values()) <= 60


def test_after_a_hundred_actions_only_the_tombstones_of_our_own_deletions_are_noted(busy: World) -> None:
    busy.sync()
    writes = busy.writes()
    busy.clock.advance(minutes=1)
    assert busy.sync("schedule")["counts"] == {}
    busy.forget_calls()
    busy.clock.advance(minutes=1)
    assert busy.sync("schedule")["phase"] == "idle"
    assert busy.calls() == (1, 1)
    assert busy.writes() == writes


def test_the_size_of_a_sugar_chunk_that_worked_is_kept_for_the_next_run(busy: World) -> None:
    set_chunk(busy, 25)
    busy.sync()
    known = system.load_metadata(busy.db)
    assert known is not None
    assert known.chunk > 25
