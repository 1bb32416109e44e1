"""The proof of the sync: what a full intake finds, what the runs that follow put right, and when it is due."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from tests.sync.test_counts import busy
from tests.world import WITH_DELETES, World, replace, switches

from contact_sync.config_formats import QuietHours
from contact_sync.contacts.mapping import State
from contact_sync.contacts.settings import Auto, Direction
from contact_sync.contacts.side import Side
from contact_sync.store import mappings, users
from contact_sync.store.records import Proof
from contact_sync.sync import look, orders, proof

__all__ = ["busy"]

PAIRS = 6


@pytest.fixture
def world() -> World:
    """Pairs that both sides agree on, longer ago than any echo."""
    world = World()
    for number in range(PAIRS):
        world.add_sugar(first_name="Ada", last_name=f"No {number}", email=f"{number}@x.test")
    world.settle()
    world.clock.advance(hours=1)
    return world


def proved(world: World) -> Proof:
    found = world.user().proof
    assert found is not None
    return found


def unseen(world: World, **fields: object) -> str:
    """A pair whose Sugar record differs although the feed is read only from behind the edit."""
    sugar_id = next(iter(world.all_mappings()))
    world.sugar.edit_contact(sugar_id, **fields)
    world.clock.advance(hours=1)
    world.db.commit([users.update(world.first.sub, cursors__watermark=world.clock.now())])
    return sugar_id


def google_side(world: World, sugar_id: str) -> dict[str, Any]:
    found = world.google_contact(world.mapping(sugar_id).google_id)
    assert found is not None
    return found


def test_equal_pairs_are_counted_and_nothing_is_written(world: World) -> None:
    before = world.writes()
    world.sync("reconcile")
    assert proved(world) == Proof(world.clock.now(), equal=PAIRS)
    assert world.writes() == before
    assert proof.sentence(proved(world)) == "6 pairs equal, 0 repaired, 0 orphaned"


def test_a_difference_that_no_feed_told_of_is_found_and_put_right(world: World) -> None:
    sugar_id = unseen(world, title="Chief")
    world.sync("schedule")
    assert "organizations" not in google_side(world, sugar_id)
    world.sync("reconcile")
    assert proof.sentence(proved(world)) == "5 pairs equal, 1 repaired, 0 orphaned"
    assert google_side(world, sugar_id)["organizations"][0]["title"] == "Chief"


def test_differences_on_both_sides_of_one_pair_are_one_pair(world: World) -> None:
    sugar_id = unseen(world, title="Chief")
    world.edit_google(
        world.mapping(sugar_id).google_id, phoneNumbers=[{"value": "+34600100200", "type": "mobile"}]
    )
    world.sync("reconcile")
    assert (proved(world).equal, proved(world).repaired, proved(world).waiting) == (5, 1, 0)


def test_a_pair_that_both_sides_changed_alike_is_equal_without_a_write(world: World) -> None:
    sugar_id = unseen(world, title="Chief")
    world.edit_google(world.mapping(sugar_id).google_id, organizations=[{"title": "Chief"}])
    before = world.writes()
    world.sync("reconcile")
    assert (proved(world).equal, proved(world).repaired, proved(world).waiting) == (6, 0, 0)
    assert world.writes() == before


def test_a_difference_that_the_switches_leave_alone_waits(world: World) -> None:
    world.set(**switches())
    world.sync("manual")
    unseen(world, title="Chief")
    world.sync("reconcile")
    assert (proved(world).equal, proved(world).repaired, proved(world).waiting) == (5, 0, 1)
    assert proof.sentence(proved(world)).endswith("1 still waiting")


def test_a_difference_that_only_one_direction_leaves_alone_is_not_called_equal(world: World) -> None:
    world.set(**switches(su=True, sc=True))
    world.settle()
    world.clock.advance(hours=1)
    contact = world.google_contacts()[0]
    world.edit_google(contact["resourceName"].removeprefix("people/"), biographies=[{"value": "plays chess"}])
    world.clock.advance(hours=1)
    world.sync("reconcile")
    found = proved(world)
    assert (found.equal, found.repaired, found.waiting) == (PAIRS - 1, 0, 1)


def test_records_that_are_missing_are_orphans(world: World) -> None:
    world.set(from_sugar=WITH_DELETES.from_sugar, from_google=WITH_DELETES.from_google)
    world.sync("manual")
    world.clock.advance(hours=1)
    ids = iter(world.all_mappings().values())
    world.sugar.delete_contact(next(ids).sugar_id)
    world.delete_google(next(ids).google_id)
    world.sync("reconcile")
    assert (proved(world).equal, proved(world).orphaned, proved(world).waiting) == (4, 2, 0)


def test_records_that_left_or_entered_the_scope_are_counted(world: World) -> None:
    first, second = list(world.all_mappings())[:2]
    world.sugar.edit_contact(second, assigned_user_id="somebody")
    world.sync("reconcile")
    assert (proved(world).equal, proved(world).left, proved(world).entered) == (5, 1, 0)
    world.settle()
    assert world.mapping(second).state is State.OUT_OF_SCOPE
    world.sugar.edit_contact(second, assigned_user_id=world.first.sugar_user)
    world.sugar.edit_contact(first, assigned_user_id="somebody")
    world.add_sugar(first_name="New", last_name="Comer", email="new@x.test")
    world.sync("reconcile")
    assert (proved(world).equal, proved(world).left, proved(world).entered) == (4, 1, 2)


def test_what_one_run_cannot_do_is_counted_as_the_next_ones_do_it(busy: World) -> None:
    linked = mappings.count(busy.db, busy.first.sub, state=State.LINKED)
    for contact in busy.sugar_contacts():
        if contact["title"] == "Clerk":
            busy.sugar.edit_contact(contact["id"], title="Boss")
    busy.set(overflow="next_period")
    busy.sync("reconcile")
    first = proved(busy)
    assert first.waiting > 0
    assert first.equal + first.repaired + first.orphaned + first.waiting == linked
    busy.settle()
    after = proved(busy)
    assert after.at == first.at
    assert (after.waiting, after.orphaned) == (0, first.orphaned)
    assert after.repaired == first.repaired + first.waiting


def test_an_edit_after_the_comparison_is_none_of_its_repairs(world: World) -> None:
    world.set(
        from_sugar=Direction(enabled=True, create=True, update=False), from_google=switches()["from_google"]
    )
    world.sync("manual")
    sugar_id = unseen(world, title="Chief")
    world.sync("reconcile")
    found = proved(world)
    assert (found.equal, found.repaired, found.waiting) == (5, 0, 1)
    world.clock.advance(hours=1)
    other = next(key for key in world.all_mappings() if key != sugar_id)
    waits = world.mapping(sugar_id)
    world.db.commit([mappings.put(world.first.sub, replace(world.mapping(other), due_at=world.clock.now()))])
    assert (waits.due_at, waits.seen.changed_at(Side.SUGAR) is None) == (None, False)
    world.sync("manual")
    assert proved(world) == found


def test_a_comparison_over_several_runs_is_one_proof(world: World) -> None:
    """The time of the first run is over before it lists all of Google."""
    before, began = proved(world), world.clock.now()

    def time_passes(request: requests.PreparedRequest, _answer: object) -> None:
        if "/Contacts/count" in request.path_url:
            world.clock.advance(minutes=4, seconds=30)

    world.sugar_transport.after = time_passes
    world.sync("reconcile", run_id=orders.order_reconcile(world.engine, world.first.sub))
    assert proved(world) == before
    assert world.tasks[-1][0]["trigger"] == "continue"
    world.clock.advance(minutes=6)
    world.sync("continue")
    assert (proved(world).equal, proved(world).at > began) == (PAIRS, True)


def test_a_first_intake_proves_nothing_that_is_shown() -> None:
    world = World()
    world.add_sugar(first_name="Ada", last_name="No", email="a@x.test")
    world.sync("manual")
    assert (proved(world).equal, proved(world).entered) == (0, 1)


def test_a_regular_run_proves_nothing_until_the_users_moment_has_come(world: World) -> None:
    world.sync("reconcile")
    before = proved(world)
    due = look.full_intake_due(world.first.sub, before.at, None)
    world.clock.time = due - timedelta(minutes=1)
    world.sync("schedule")
    assert proved(world) == before
    world.clock.advance(minutes=2)
    world.sync("schedule")
    assert proved(world) == replace(before, at=world.clock.now())


@pytest.mark.parametrize("quiet", [None, QuietHours(22, 6), QuietHours(8, 18)])
def test_the_full_intakes_of_many_users_are_spread_evenly_and_in_time(quiet: QuietHours | None) -> None:
    """500 users who began at the same moment: a fair share for every hour and day, none in quiet hours."""
    began = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    digits = random.Random(4)
    subs = [f"1{digits.randrange(10**20):020}" for _ in range(500)]
    due = [look.full_intake_due(sub, began, quiet) for sub in subs]
    assert all(began < at <= began + timedelta(days=6) for at in due)
    assert not any(quiet.contains(at.hour) for at in due if quiet)
    hours = 6 * (24 - (sum(map(quiet.contains, range(24))) if quiet else 0))
    fair = 500 / hours
    by_hour = Counter(at.replace(minute=0, second=0) for at in due)
    assert max(by_hour.values()) <= fair + 4 * fair**0.5 + 1
    assert len(by_hour) > 0.8 * hours
    by_day = Counter((at - began).days for at in due)
    assert max(by_day.values()) < 1.5 * 500 / 6


@pytest.mark.parametrize("quiet", [None, QuietHours(22, 6)])
def test_the_full_intake_is_due_every_six_days_at_the_same_moment(quiet: QuietHours | None) -> None:
    began = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    first = look.full_intake_due("u1", began, quiet)
    assert look.full_intake_due("u1", first + timedelta(minutes=4), quiet) == first + timedelta(days=6)


def test_a_regular_user_is_reconciled_within_the_week() -> None:
    world = World()
    world.set(auto=Auto(enabled=True, interval_minutes=60))
    world.add_sugar(first_name="Ada", last_name="No", email="a@x.test")
    world.settle()
    first = proved(world)
    for _ in range(24 * 6 + 1):
        world.clock.advance(hours=1)
        world.sync("schedule")
    assert first.at < proved(world).at <= first.at + timedelta(days=6, hours=1)
    assert proved(world).equal == 1
