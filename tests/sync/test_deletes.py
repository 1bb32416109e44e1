"""Deletions: when one side's deletion reaches the other, and when it must not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.sync.situations import (
    ALL_ON,
    NO_DELETES,
    causes,
    everything_on,
    linked,
    list_again,
    reconnect,
    restore_google,
)
from tests.world import WITH_DELETES, World, switches

from contact_sync.contacts.mapping import State
from contact_sync.contacts.side import Side
from contact_sync.store import users

SIDES = ["google", "sugar"]


def delete(world: World, side: str, sugar_id: str, google_id: str) -> None:
    if side == "google":
        world.delete_google(google_id)
    else:
        world.sugar.delete_contact(sugar_id)


def edit(world: World, side: str, sugar_id: str, google_id: str) -> None:
    if side == "google":
        world.edit_google(google_id, organizations=[{"title": "CEO"}])
    else:
        world.sugar.edit_contact(sugar_id, title="CEO")


def deletes_of(world: World) -> list[str]:
    """The sides on which contacts were deleted through the interfaces."""
    sugar = ["sugar" for write in world.sugar.writes if write.verb.lower() == "delete"]
    google = ["google" for write in world.google.writes if "delete" in write.method.lower()]
    return sugar + google


# The switches


@pytest.mark.parametrize("deleted", SIDES)
def test_a_deletion_reaches_the_other_side_and_the_record_is_in_the_history(deleted: str) -> None:
    world, sugar_id, google_id = linked(title="CTO")
    delete(world, deleted, sugar_id, google_id)
    world.settle()
    assert world.google_contacts() == world.sugar_contacts() == []
    assert world.mapping(sugar_id).state is State.GONE
    (entry,) = [entry for entry in world.history() if entry.action == "delete"]
    assert (entry.side, entry.name, entry.state) == (Side(deleted).other, "Ana Ruiz", "done")
    before = str(entry.before)
    assert "ana@x.test" in before and "CTO" in before


@pytest.mark.parametrize("deleted", SIDES)
def test_without_its_switch_a_deletion_only_unlinks_and_nothing_is_created_again(deleted: str) -> None:
    other_on = switches(su=True, sc=True, gu=True, gc=True, gd=deleted == "sugar", sd=deleted == "google")
    world, sugar_id, google_id = linked(everything_on(**other_on))
    before = world.writes()
    delete(world, deleted, sugar_id, google_id)
    world.settle()
    list_again(world)
    world.clock.advance(days=7)
    world.settle()
    assert world.writes() == before
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.missing.side) == (State.UNLINKED, deleted)


@pytest.mark.parametrize("deleted", SIDES)
def test_a_switch_that_is_off_again_when_it_comes_to_deleting_only_unlinks(deleted: str) -> None:
    world, sugar_id, google_id = linked()
    delete(world, deleted, sugar_id, google_id)

    def switch_off(_request: object) -> None:
        world.sugar_transport.before = None
        world.set(**NO_DELETES)

    world.sugar_transport.before = switch_off
    world.settle()
    assert len(world.google_contacts()) + len(world.sugar_contacts()) == 1
    assert world.mapping(sugar_id).state is State.UNLINKED


def test_deleted_on_both_sides_is_gone_without_a_write() -> None:
    world, sugar_id, google_id = linked()
    before = world.writes()
    delete(world, "google", sugar_id, google_id)
    delete(world, "sugar", sugar_id, google_id)
    world.settle()
    assert world.writes() == before
    assert world.mapping(sugar_id).state is State.GONE


@pytest.mark.parametrize("deleted", SIDES)
def test_deleted_on_one_side_and_edited_on_the_other_waits_for_the_user(deleted: str) -> None:
    world, sugar_id, google_id = linked()
    before = world.writes()
    delete(world, deleted, sugar_id, google_id)
    edit(world, str(Side(deleted).other), sugar_id, google_id)
    world.settle()
    list_again(world)
    assert causes(world) == ["deleted_and_edited"]
    assert world.writes() == before


def test_another_spelling_of_the_same_content_is_no_edit() -> None:
    world, sugar_id, google_id = linked(phone_mobile="+34 600 100 200")
    world.edit_google(google_id, phoneNumbers=[{"value": "+34600100200", "type": "mobile"}])
    world.sugar.delete_contact(sugar_id)
    world.settle()
    assert world.google_contacts() == []


# The first intake after a switch was turned on, or after a reconnect


@pytest.mark.parametrize("deleted", SIDES)
def test_a_deletion_found_by_the_first_intake_after_the_switch_was_turned_on_unlinks(deleted: str) -> None:
    world, sugar_id, google_id = linked(everything_on(**NO_DELETES))
    delete(world, deleted, sugar_id, google_id)
    world.set(**ALL_ON)
    world.settle()
    assert world.mapping(sugar_id).state is State.UNLINKED
    assert len(world.google_contacts()) + len(world.sugar_contacts()) == 1


@pytest.mark.parametrize("deleted", SIDES)
def test_a_deletion_after_the_first_intake_with_the_switch_is_carried_out(deleted: str) -> None:
    world, sugar_id, google_id = linked(everything_on(**NO_DELETES))
    world.set(**ALL_ON)
    world.settle()
    delete(world, deleted, sugar_id, google_id)
    world.settle()
    assert world.google_contacts() == world.sugar_contacts() == []


@pytest.mark.parametrize("deleted", SIDES)
def test_a_deletion_found_by_the_first_intake_after_a_reconnect_unlinks(deleted: str) -> None:
    world, sugar_id, google_id = linked()
    delete(world, deleted, sugar_id, google_id)
    reconnect(world)
    world.settle()
    assert world.mapping(sugar_id).state is State.UNLINKED
    assert len(world.google_contacts()) + len(world.sugar_contacts()) == 1


@pytest.mark.parametrize("deleted", SIDES)
def test_a_deletion_noted_while_the_switch_was_off_stays_unlinked_when_it_is_on(deleted: str) -> None:
    world, sugar_id, google_id = linked(everything_on(**NO_DELETES))
    delete(world, deleted, sugar_id, google_id)
    world.settle()
    world.set(**ALL_ON)
    world.settle()
    list_again(world)
    assert world.mapping(sugar_id).state is State.UNLINKED


# What proves a deletion


def test_a_sugar_record_that_the_administrator_cannot_find_either_is_deleted() -> None:
    world, sugar_id, _ = linked(everything_on(sugar_scope="all"))
    world.sugar.delete_contact(sugar_id)
    world.sugar.prune()
    list_again(world)
    assert world.google_contacts() == []
    assert world.mapping(sugar_id).state is State.GONE


def test_a_deletion_that_the_poll_missed_is_found_by_the_listing_and_its_owner() -> None:
    world, sugar_id, _ = linked()
    world.sugar.delete_contact(sugar_id)
    user = world.user()
    later = user.cursors.watermark + timedelta(hours=1)
    world.db.commit([users.update(user.id, cursors=replace(user.cursors, watermark=later))])
    list_again(world)
    assert world.mapping(sugar_id).state is State.GONE


@pytest.mark.parametrize("scope", ["mine", "flagged"])
def test_of_a_pruned_record_nothing_proves_that_it_was_still_the_users(scope: str) -> None:
    world = everything_on(sugar_scope=scope)
    world, sugar_id, google_id = linked(world, sync_contact_users=[world.first.sugar_user])
    world.sugar.delete_contact(sugar_id)
    world.sugar.prune()
    list_again(world)
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.missing.side, mapping.missing.delete_on) == (
        State.UNLINKED,
        "sugar",
        False,
    )
    assert world.google_contact(google_id) is not None


def test_a_sugar_record_that_only_the_user_cannot_find_is_out_of_scope() -> None:
    world, sugar_id, google_id = linked()
    world.sugar.hide_contact(sugar_id, world.first.sugar_user)
    list_again(world)
    assert world.mapping(sugar_id).state is State.OUT_OF_SCOPE
    assert world.google_contact(google_id) is not None
    world.sugar.show_contact(sugar_id, world.first.sugar_user)
    list_again(world)
    assert world.mapping(sugar_id).state is State.LINKED


def test_a_google_contact_missing_from_a_complete_listing_is_deleted_if_a_direct_read_agrees() -> None:
    world, sugar_id, google_id = linked()
    world.clock.advance(hours=1)
    world.delete_google(google_id)
    lose_the_tombstone(world)
    world.settle()
    assert world.sugar_contacts() == []
    assert world.mapping(sugar_id).state is State.GONE


def test_a_google_contact_missing_from_a_listing_but_not_from_a_direct_read_stays() -> None:
    world = World(propagation_delay=15 * 60)
    world.set(**ALL_ON)
    world.settle()
    world, sugar_id, google_id = linked(world)
    hide_from_listings(world, google_id)
    lose_the_tombstone(world)
    before = world.writes()
    world.settle()
    assert world.writes() == before
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.missing) == (State.LINKED, None)


def test_a_listing_within_ten_minutes_of_our_own_write_proves_nothing_until_they_are_over() -> None:
    world, sugar_id, google_id = linked()
    world.sugar.edit_contact(sugar_id, title="CEO")
    world.sync()
    world.delete_google(google_id)
    lose_the_tombstone(world)
    world.clock.advance(minutes=1)
    world.sync()
    assert world.sugar.contact(sugar_id) is not None
    assert world.mapping(sugar_id).state is State.LINKED
    world.settle()
    assert world.mapping(sugar_id).state is State.GONE


@pytest.mark.parametrize("trouble", ["500", "503"])
def test_what_cannot_be_read_is_not_deleted(trouble: str) -> None:
    world, sugar_id, google_id = linked()
    world.google.faults.add(trouble, "people:batchGet|people/", times=None)
    world.sugar.edit_contact(sugar_id, title="CEO")
    for _ in range(3):
        world.sync()
        world.clock.advance(minutes=11)
    assert world.mapping(sugar_id).state is State.LINKED
    world.google.faults.clear()
    world.settle()
    assert world.google_contact(google_id)["organizations"][0]["title"] == "CEO"


def lose_the_tombstone(world: World) -> None:
    """The sync token expires: whatever the feed would have said is lost, and everything is listed."""
    world.google.knobs.sync_token_lifetime = timedelta(0)

    def alive_again(_request: object, _response: object) -> None:
        world.google_transport.after = None
        world.google.knobs.sync_token_lifetime = timedelta(days=7)

    world.google_transport.after = alive_again


def hide_from_listings(world: World, google_id: str) -> None:
    """Listings forget a contact for a while although it is there: deleted and restored within the feed's delay."""
    world.clock.advance(minutes=20)
    world.sync()
    world.delete_google(google_id)
    world.clock.advance(minutes=14)
    restore_google(world, google_id)
    world.clock.advance(minutes=2)


# Right before the deletion is sent


def before_the_journal(world: World, act: Callable[[], None]) -> None:
    """Let `act` happen once a deletion is decided, right before the commit that journals it."""

    def hook(request: Any) -> None:
        if any("/history/" in write.update.name for write in request.writes):
            world.firestore.before_commit = None
            act()

    world.firestore.before_commit = hook


@pytest.mark.parametrize("deleted", SIDES)
def test_a_fetch_older_than_thirty_seconds_is_repeated_and_an_edit_meanwhile_is_seen(deleted: str) -> None:
    world, sugar_id, google_id = linked()
    delete(world, deleted, sugar_id, google_id)

    def slow_and_edited() -> None:
        world.clock.advance(seconds=31)
        edit(world, str(Side(deleted).other), sugar_id, google_id)

    before_the_journal(world, slow_and_edited)
    world.settle()
    assert causes(world) == ["deleted_and_edited"]
    assert deletes_of(world) == []
    assert [entry for entry in world.history() if entry.action == "delete"] == []


@pytest.mark.parametrize("deleted", SIDES)
def test_a_slow_run_still_deletes_what_did_not_change(deleted: str) -> None:
    world, sugar_id, google_id = linked()
    delete(world, deleted, sugar_id, google_id)
    before_the_journal(world, lambda: world.clock.advance(seconds=31))
    world.sync()
    assert world.google_contacts() == world.sugar_contacts() == []
    assert deletes_of(world) == [Side(deleted).other]


@pytest.mark.parametrize("deleted", SIDES)
def test_a_touch_without_a_change_only_delays_the_deletion(deleted: str) -> None:
    world, sugar_id, google_id = linked()
    delete(world, deleted, sugar_id, google_id)

    def slow_and_touched() -> None:
        world.clock.advance(seconds=31)
        if deleted == "google":
            world.sugar.touch_contact(sugar_id)
        else:
            world.google.touch_contact(world.first.sub, f"people/{google_id}")

    before_the_journal(world, slow_and_touched)
    world.settle()
    assert world.google_contacts() == world.sugar_contacts() == []
    assert causes(world) == []


def test_a_contact_deleted_on_both_sides_and_restored_in_sugar_settles() -> None:
    """The group asks about it, then Google's own deletion is shown, once; and then Sugar has it back."""
    world = World()
    world.set(**{name: getattr(WITH_DELETES, name) for name in ("from_sugar", "from_google")})
    pairs = [
        world.add_sugar(first_name="P", last_name=f"N{number}", email=f"p{number}@x.test")
        for number in range(13)
    ]
    world.settle()
    google_id = world.mapping(pairs[0]).google_id
    for sugar_id in pairs:
        world.sugar.delete_contact(sugar_id)
    world.settle()
    assert {entry.cause for entry in world.backlog()} == {"mass_delete"}
    world.sugar.restore_contact(pairs[0])
    world.delete_google(google_id)
    world.settle()
    assert world.mapping(pairs[0]).due_at is None
