"""Records that left the scope in great number: judged batch by batch, in nobody's way, never taken for deletions."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from tests.sync.big_book import delete_in_sugar, link_many
from tests.sync.situations import ALL_ON, NO_DELETES, causes, everything_on, google_title, list_again, refused
from tests.world import World

from contact_sync.contacts.mapping import State
from contact_sync.contacts.side import Side
from contact_sync.store import listings, mappings, previews, system, users
from contact_sync.sync import orders, resolve

Pairs = list[tuple[str, str]]
DAY = 25
"""Hours after which the scope is listed again."""


def book(count: int, **settings: Any) -> tuple[World, Pairs]:
    world = everything_on(**settings)
    world.sugar.add_user("boss", id="user-boss")
    return world, link_many(world, count)


def give_away(world: World, pairs: Pairs) -> None:
    for sugar_id, _ in pairs:
        world.sugar.edit_contact(sugar_id, assigned_user_id="user-boss")


def prune(world: World, pairs: Pairs) -> None:
    """They were deleted so long ago that no poll tells of it."""
    delete_in_sugar(world, pairs)
    world.sugar.prune()


def states(world: World) -> Counter[State]:
    return Counter(mapping.state for mapping in world.all_mappings().values())


def small_batches(world: World, reads: int = 2) -> None:
    """What earlier runs found out about a very slow Sugar."""
    known = system.load_metadata(world.db)
    assert known is not None
    system.save_metadata(world.db, replace(known, portions={**known.portions, "reads": reads}))


def test_they_are_judged_a_hundred_a_run_and_then_cost_nothing_more() -> None:
    world, pairs = book(330, overflow="next_period")
    give_away(world, pairs[:320])
    world.clock.advance(hours=DAY)
    for _ in range(4):
        world.sync("schedule")
        world.clock.advance(minutes=5)
    assert states(world) == {State.OUT_OF_SCOPE: 320, State.LINKED: 10}
    assert len(world.google_contacts()) == 330
    assert world.sync("schedule")["phase"] == "idle"


def test_edits_and_new_contacts_arrive_beside_them() -> None:
    world, pairs = book(250, overflow="next_period")
    give_away(world, pairs[:240])
    world.clock.advance(hours=DAY)
    world.sync("schedule")
    world.clock.advance(minutes=5)
    sugar_id, google_id = pairs[-1]
    world.sugar.edit_contact(sugar_id, title="Urgent")
    world.add_sugar(first_name="Brand", last_name="New", email="new@x.test")
    world.clock.advance(minutes=5)
    assert world.sync("schedule")["waiting"] > 0
    assert google_title(world, google_id) == "Urgent"
    assert "Brand New" in world.google_names()


def test_a_scope_that_shrank_before_its_first_sync_was_through_makes_way_at_once() -> None:
    world = everything_on(sugar_scope="all", overflow="next_period")
    world.sugar.add_user("boss", id="user-boss")
    for number in range(250):
        world.add_sugar(last_name=f"No {number}", email=f"{number}@x.test", assigned_user_id="user-boss")
    world.sync()
    world.set(sugar_scope="mine")
    world.add_sugar(first_name="Brand", last_name="New", email="new@x.test")
    for _ in range(2):
        world.clock.advance(minutes=5)
        world.sync("schedule")
    assert "Brand New" in world.google_names()
    world.settle()
    assert states(world) == {State.OUT_OF_SCOPE: 100, State.LINKED: 1}


@pytest.mark.parametrize("seconds", [4.5, 20.0])
def test_a_slow_sugar_does_not_begin_again_and_again(seconds: float) -> None:
    world, pairs = book(40)
    give_away(world, pairs[:35])
    world.clock.advance(hours=DAY)
    world.sugar.item_latency = seconds
    left = 35
    for _ in range(12):
        world.engine = world.make_engine()
        world.sync("continue")
        world.clock.advance(minutes=5)
        left = states(world)[State.LINKED] - 5
    assert left == 0


# What is out of scope


def asked_about(world: World, sugar_ids: set[str]) -> int:
    """How often a day's runs ask Sugar about one of these records."""
    asked: list[str] = []
    world.sugar_transport.before = lambda request: asked.append(str(request.body))
    list_again(world)
    world.sugar_transport.before = None
    return sum(sugar_id in body for body in asked for sugar_id in sugar_ids)


def out_of_scope_alone(count: int) -> tuple[World, Pairs]:
    """Contacts that left the scope, and whose Google contacts were deleted."""
    world, pairs = book(count + 1)
    gone = pairs[:count]
    give_away(world, gone)
    list_again(world)
    for _, google_id in gone:
        world.delete_google(google_id)
    world.settle()
    return world, gone


def test_without_a_google_contact_nobody_asks_about_them_and_nobody_reads_them() -> None:
    world, gone = out_of_scope_alone(30)
    assert {world.mapping(sugar_id).state for sugar_id, _ in gone} == {State.OUT_OF_SCOPE}
    world.firestore.counters.reset()
    assert asked_about(world, {sugar_id for sugar_id, _ in gone}) == 0
    assert world.firestore.counters["RunQuery"].read < 30
    assert all(world.mapping(sugar_id).due_at is None for sugar_id, _ in gone)


@pytest.mark.parametrize("how", ["feed", "listing"])
def test_without_a_google_contact_they_come_back_once_they_are_in_scope_again(how: str) -> None:
    world, gone = out_of_scope_alone(3)
    for sugar_id, _ in gone:
        world.sugar.edit_contact(sugar_id, assigned_user_id=world.first.sugar_user)
    if how == "listing":
        # The feed is read only from behind the change.
        world.clock.advance(hours=1)
        world.db.commit([users.update(world.first.sub, cursors__watermark=world.clock.now())])
    list_again(world)
    assert {world.mapping(sugar_id).state for sugar_id, _ in gone} == {State.LINKED}
    assert len(world.google_contacts()) == 4


def test_with_their_google_contacts_one_call_asks_whether_they_are_still_there() -> None:
    world, pairs = book(41)
    give_away(world, pairs[:40])
    list_again(world)
    world.sugar.delete_contact(pairs[0][0])
    world.sugar.forget_calls()
    list_again(world)
    assert states(world) == {State.OUT_OF_SCOPE: 39, State.UNLINKED: 1, State.LINKED: 1}
    reads = [path for _, path in world.sugar.item_calls if path.startswith("/Contacts/")]
    assert {path.rsplit("/", 1)[-1] for path in reads} <= {pairs[0][0], "filter"}


# Deletions among them


def test_no_deletion_slips_through_while_it_is_being_found_out_which_are_deleted() -> None:
    world, pairs = book(60, sugar_scope="all")
    prune(world, pairs[:20])
    world.clock.advance(hours=DAY)
    small_batches(world)
    world.settle(most=80)
    assert len(world.google_contacts()) == 60
    assert causes(world) == ["mass_delete"] * 20
    assert len({entry.group for entry in world.backlog()}) == 1


@pytest.mark.parametrize("reads", [2, 150])
def test_what_only_left_the_scope_makes_no_mass_deletion(reads: int) -> None:
    world, pairs = book(60)
    give_away(world, pairs[:30])
    deleted = pairs[30:35]
    delete_in_sugar(world, deleted)
    world.clock.advance(hours=DAY)
    small_batches(world, reads)
    world.settle(most=80)
    assert states(world) == {State.OUT_OF_SCOPE: 30, State.GONE: 5, State.LINKED: 25}
    assert causes(world) == []
    assert len(world.google_contacts()) == 55


def test_few_deletions_do_not_wait_for_others_to_be_looked_at() -> None:
    world, pairs = book(60, sugar_scope="all")
    prune(world, pairs[:8])
    world.clock.advance(hours=DAY)
    small_batches(world)
    world.sync()
    world.clock.advance(minutes=1)
    world.sync()
    assert states(world) == {State.GONE: 8, State.LINKED: 52}


def test_a_record_that_nobody_can_read_does_not_keep_the_others_undecided_for_ever() -> None:
    world, pairs = book(60, sugar_scope="all")
    prune(world, pairs[:20])
    broken = pairs[3][0]
    world.sugar.faults.add("500 db_error", f"/Contacts/{broken}", times=None)
    world.clock.advance(hours=DAY)
    for _ in range(12):
        world.sync()
        world.clock.advance(hours=1)
    assert Counter(causes(world)) == {"mass_delete": 19, "failing": 1}
    assert mappings.count_absent(world.db, world.first.sub) == 0
    assert world.user().pending is None


def test_what_the_first_listing_after_the_switch_shows_is_not_deleted_whenever_it_is_decided() -> None:
    world, pairs = book(12, sugar_scope="all", **NO_DELETES)
    prune(world, pairs[:6])
    world.set(**ALL_ON)
    small_batches(world, 1)
    world.sugar.item_latency = 40.0
    world.sync("continue")
    world.sugar.item_latency = 0.0
    assert states(world)[State.LINKED] > 6, "not all of them are decided by the first run"
    world.settle()
    assert states(world) == {State.LINKED: 6, State.UNLINKED: 6}
    assert len(world.google_contacts()) == 12


def test_a_preview_does_not_promise_deletions_that_may_be_too_many() -> None:
    world, pairs = book(60, sugar_scope="all")
    prune(world, pairs[:20])
    world.clock.advance(hours=DAY)
    small_batches(world)
    preview = orders.order_preview(world.engine, world.first.sub)
    world.sync("preview", run_id=preview)
    found = previews.get(world.db, world.first.sub, preview, world.clock.now())
    assert found is not None
    assert set(found.counts) == {"quarantined"}
    assert len(world.google_contacts()) == 60


def test_one_that_waits_in_the_backlog_and_left_the_scope_is_no_question_any_more() -> None:
    world, sugar_id, google_id = refused()
    world.sugar.add_user("boss", id="user-boss")
    world.sugar.edit_contact(sugar_id, assigned_user_id="user-boss")
    list_again(world)
    assert (causes(world), world.mapping(sugar_id).state) == ([], State.OUT_OF_SCOPE)
    assert world.google_contact(google_id) is not None


def test_an_unlinked_one_among_them_is_left_alone() -> None:
    world, pairs = book(5)
    give_away(world, pairs[:2])
    small_batches(world, 1)
    world.clock.advance(hours=DAY)
    world.sync("inventory")
    resolve.unlink(world.db, world.first.sub, pairs[0][0])
    world.settle()
    assert world.mapping(pairs[0][0]).state is State.UNLINKED
    assert world.mapping(pairs[0][0]).absent is None
    assert world.user().pending is None


# A listing that takes longer than a run


def slow_listing(world: World) -> None:
    world.clock.advance(hours=DAY)
    world.sugar.row_latency = 4.5


def test_a_listing_goes_on_in_the_next_run() -> None:
    world, pairs = book(120)
    give_away(world, pairs[:3])
    added = world.add_sugar(first_name="Un", last_name="Known", email="unknown@x.test")
    slow_listing(world)
    for _ in range(6):
        world.engine = world.make_engine()
        world.sync("continue")
        world.clock.advance(minutes=5)
    world.sugar.row_latency = 0.0
    listed_at = world.user().cursors.listed_at
    assert listed_at is not None
    world.settle()
    assert states(world) == {State.OUT_OF_SCOPE: 3, State.LINKED: 118}
    assert world.mapping(added).state is State.LINKED
    assert listings.read(world.db, world.first.sub, world.clock.now()) is None


def test_another_scope_is_listed_from_the_beginning() -> None:
    world, pairs = book(120)
    give_away(world, pairs[:60])
    slow_listing(world)
    for _ in range(2):
        world.sync("continue")
    kept = listings.read(world.db, world.first.sub, world.clock.now())
    assert kept is not None and kept.ids
    world.sugar.row_latency = 0.0
    world.set(sugar_scope="all")
    world.settle()
    assert states(world) == {State.LINKED: 120}
    world.set(sugar_scope="mine")
    world.settle()
    assert states(world) == {State.LINKED: 60, State.OUT_OF_SCOPE: 60}


def test_what_was_found_out_long_ago_is_not_gone_on_with() -> None:
    world, pairs = book(120)
    slow_listing(world)
    for _ in range(2):
        world.sync("continue")
    world.sugar.row_latency = 0.0
    world.clock.advance(hours=DAY)
    give_away(world, pairs[:5])
    list_again(world)
    assert states(world) == {State.LINKED: 115, State.OUT_OF_SCOPE: 5}
    assert Side.SUGAR not in {mapping.deletion_waits for mapping in world.all_mappings().values()}
