"""The guard against mass deletion."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sync.big_book import delete_in_google, delete_in_sugar, link_many
from tests.sync.situations import causes, everything_on, refuse_changes
from tests.world import World

from contact_sync.contacts.mapping import State
from contact_sync.sync import resolve

Pairs = list[tuple[str, str]]
DELETE = {"sugar": delete_in_sugar, "google": delete_in_google}
SIDES = ["sugar", "google"]


def book(count: int, **changes: Any) -> tuple[World, Pairs]:
    world = everything_on(**changes)
    return world, link_many(world, count)


def left(world: World, deleted: str) -> int:
    """How many contacts the side has on which a deletion would be carried out."""
    return len(world.google_contacts() if deleted == "sugar" else world.sugar_contacts())


def groups(world: World) -> dict[str, set[str]]:
    """The Sugar ids of every group in the backlog."""
    found: dict[str, set[str]] = {}
    for entry in world.backlog():
        found.setdefault(entry.group, set()).add(entry.sugar_id)
    return found


def decide(world: World, decision: str, group: str | None = None) -> None:
    ids = [entry.id for entry in world.backlog() if group in (None, entry.group)]
    getattr(resolve, decision)(world.db, world.first.sub, ids)
    world.settle(most=80)


def sugar_ids(pairs: Pairs) -> set[str]:
    return {sugar_id for sugar_id, _ in pairs}


# Thresholds


@pytest.mark.parametrize("deleted", SIDES)
@pytest.mark.parametrize(
    ("linked", "count", "carried_out"),
    [
        (12, 10, True),
        (12, 11, False),
        (40, 10, True),
        (40, 11, False),
        (48, 12, True),
        (48, 13, False),
    ],
)
def test_more_than_ten_and_a_quarter_of_the_book_are_not_deleted_unasked(
    deleted: str, linked: int, count: int, carried_out: bool
) -> None:
    world, pairs = book(linked)
    DELETE[deleted](world, pairs[:count])
    world.settle()
    assert left(world, deleted) == (linked - count if carried_out else linked)
    assert causes(world) == ([] if carried_out else ["mass_delete"] * count)


@pytest.mark.parametrize(("count", "carried_out"), [(250, True), (251, False)])
def test_more_than_two_hundred_and_fifty_are_not_deleted_unasked_however_large_the_book(
    count: int, carried_out: bool
) -> None:
    world, pairs = book(1100)
    delete_in_sugar(world, pairs[:count])
    world.settle()
    assert left(world, "sugar") == (1100 - count if carried_out else 1100)


def test_the_sides_are_counted_apart() -> None:
    world, pairs = book(40)
    delete_in_sugar(world, pairs[:10])
    delete_in_google(world, pairs[10:20])
    world.settle()
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 20
    assert causes(world) == []


def test_deletions_that_only_a_listing_shows_are_counted_over_the_whole_book() -> None:
    world, pairs = book(500, sugar_scope="all")
    delete_in_sugar(world, pairs[:260])
    world.sugar.prune()
    world.clock.advance(hours=25)
    world.settle()
    assert (left(world, "sugar"), causes(world)) == (500, ["mass_delete"] * 260)


# Groups


@pytest.mark.parametrize("deleted", SIDES)
def test_a_group_is_bound_to_exactly_its_contacts_and_later_deletions_form_a_new_one(deleted: str) -> None:
    world, pairs = book(60)
    DELETE[deleted](world, pairs[:20])
    world.settle()
    DELETE[deleted](world, pairs[20:23])
    world.settle()
    assert sorted(groups(world).values(), key=len) == [sugar_ids(pairs[20:23]), sugar_ids(pairs[:20])]
    assert left(world, deleted) == 60


def test_updates_go_on_meanwhile() -> None:
    world, pairs = book(40)
    delete_in_sugar(world, pairs[:20])
    world.sugar.edit_contact(pairs[30][0], title="CEO")
    world.sync()
    assert world.google_contact(pairs[30][1])["organizations"][0]["title"] == "CEO"
    assert left(world, "sugar") == 40


@pytest.mark.parametrize("deleted", SIDES)
def test_releasing_a_group_deletes_exactly_its_contacts(deleted: str) -> None:
    world, pairs = book(60)
    DELETE[deleted](world, pairs[:20])
    world.settle()
    DELETE[deleted](world, pairs[20:23])
    world.settle()
    (first,) = [group for group, ids in groups(world).items() if len(ids) == 20]
    decide(world, "release", first)
    gone = {m.sugar_id for m in world.all_mappings().values() if m.state is State.GONE}
    assert gone == sugar_ids(pairs[:20])
    assert left(world, deleted) == 40
    assert list(groups(world).values()) == [sugar_ids(pairs[20:23])]


@pytest.mark.parametrize("deleted", SIDES)
def test_keeping_a_group_unlinks_its_contacts_and_deletes_nothing(deleted: str) -> None:
    world, pairs = book(40)
    DELETE[deleted](world, pairs[:20])
    world.settle()
    decide(world, "keep")
    assert left(world, deleted) == 40
    unlinked = {m.sugar_id for m in world.all_mappings().values() if m.state is State.UNLINKED}
    assert unlinked == sugar_ids(pairs[:20])
    assert world.backlog() == []


def test_a_released_group_does_not_count_but_an_open_one_does() -> None:
    world, pairs = book(60)
    delete_in_sugar(world, pairs[:20])
    world.settle()
    delete_in_sugar(world, pairs[20:21])
    world.settle()
    assert left(world, "sugar") == 60
    decide(world, "release")
    assert left(world, "sugar") == 39
    delete_in_sugar(world, pairs[21:22])
    world.settle()
    assert (left(world, "sugar"), causes(world)) == (38, [])


def test_what_came_back_before_the_release_is_not_deleted() -> None:
    world, pairs = book(40)
    delete_in_sugar(world, pairs[:20])
    world.settle()
    world.sugar.restore_contact(pairs[0][0])
    decide(world, "release")
    assert left(world, "sugar") == 21
    assert world.mapping(pairs[0][0]).state is State.LINKED


def test_deletions_noted_in_the_backlog_count_once_they_are_released() -> None:
    world, pairs = book(40)
    refuse_changes(world)
    for _, google_id in pairs[:20]:
        world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.settle()
    assert causes(world) == ["refused"] * 20
    delete_in_google(world, pairs[:20])
    world.settle()
    resolve.release(world.db, world.first.sub, [entry.id for entry in world.backlog()])
    world.settle()
    assert left(world, "google") == 40
    assert causes(world) == ["mass_delete"] * 20


# The last 24 hours


def test_what_was_carried_out_within_a_day_counts_by_whole_hours() -> None:
    world, pairs = book(40)
    world.clock.advance(minutes=30)
    delete_in_sugar(world, pairs[:5])
    world.settle()
    world.clock.advance(hours=2)
    delete_in_sugar(world, pairs[5:10])
    world.settle()
    assert list(world.user().deletions.values()) == [5, 5]
    assert all(key.startswith("google/2026-03-02T") for key in world.user().deletions)
    delete_in_sugar(world, pairs[10:11])
    world.settle()
    assert (left(world, "sugar"), causes(world)) == (30, ["mass_delete"])


def test_after_a_day_it_counts_no_more() -> None:
    world, pairs = book(40)
    delete_in_sugar(world, pairs[:10])
    world.settle()
    world.clock.advance(hours=26)
    delete_in_sugar(world, pairs[10:17])
    world.settle()
    assert (left(world, "sugar"), causes(world)) == (23, [])
    assert list(world.user().deletions.values()) == [7]


# A whole book


@pytest.mark.slow
def test_almost_the_whole_book_deleted_at_once_deletes_nothing_until_it_is_released() -> None:
    world, pairs = book(4000)
    delete_in_sugar(world, pairs[:3800])
    for _ in range(50):
        world.sync()
        world.clock.advance(minutes=5)
    assert left(world, "sugar") == 4000
    assert list(groups(world).values()) == [sugar_ids(pairs[:3800])]
    decide(world, "release")
    assert left(world, "sugar") == 200
    delete_in_sugar(world, pairs[3800:3801])
    world.settle()
    assert (left(world, "sugar"), world.backlog()) == (199, [])


@pytest.mark.slow
def test_a_trickle_of_deletions_stops_at_two_hundred_and_fifty_and_stays_there() -> None:
    world, pairs = book(4000)
    for run in range(380):
        delete_in_sugar(world, pairs[run * 10 : run * 10 + 10])
        world.clock.advance(minutes=5)
        world.sync()
        if run == 24:
            assert left(world, "sugar") == 3750
    assert left(world, "sugar") == 3750
    assert causes(world) == ["mass_delete"] * 3550
