"""Contacts that Google renamed, and that were deleted before the sync looked: known by their source."""

from __future__ import annotations

import pytest
from tests.sync.situations import (
    ALL_ON,
    NO_DELETES,
    at_one_address,
    causes,
    everything_on,
    linked,
    sugar_title,
)
from tests.world import World, switches

from contact_sync.contacts.mapping import State
from contact_sync.contacts.side import Side

NO_CREATES = switches(su=True, sd=True, gu=True, gd=True)


def rename(world: World, google_id: str) -> str:
    name = world.google.rename_contact(world.first.sub, f"people/{google_id}")
    return name.removeprefix("people/")


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("deletes", [True, False])
def test_a_contact_that_was_renamed_and_then_deleted_is_deleted(times: int, deletes: bool) -> None:
    world, sugar_id, google_id = linked(everything_on(**(ALL_ON if deletes else NO_DELETES)))
    for _ in range(times):
        google_id = rename(world, google_id)
    world.delete_google(google_id)
    world.clock.advance(minutes=6)
    world.sync()
    assert world.mapping(sugar_id).misses(Side.GOOGLE) and len(world.sugar_contacts()) == 1
    world.clock.advance(minutes=11)
    world.sync()
    assert world.mapping(sugar_id).state is (State.GONE if deletes else State.UNLINKED)
    assert len(world.sugar_contacts()) == (0 if deletes else 1)
    assert world.user().pending is None


def test_a_renamed_and_deleted_contact_that_was_edited_in_sugar_is_asked_about() -> None:
    world, sugar_id, google_id = linked()
    world.delete_google(rename(world, google_id))
    world.sugar.edit_contact(sugar_id, title="CEO")
    world.settle()
    assert causes(world) == ["deleted_and_edited"]
    assert sugar_title(world, sugar_id) == "CEO"


def test_an_unlinked_contact_that_was_renamed_and_then_deleted_is_forgotten() -> None:
    world = everything_on(from_google=NO_CREATES["from_google"])
    google_id = world.add_google("Ana", "Ruiz", "ana@x.test")
    world.settle()
    assert set(world.all_entries()) == {google_id}
    world.delete_google(rename(world, google_id))
    world.settle()
    assert world.all_entries() == {}
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.settle()
    assert world.google_names() == ["Ana Ruiz"]


@pytest.mark.parametrize("page_limit", [None, 1])
def test_a_contact_that_was_only_renamed_beside_one_that_was_deleted_stays(page_limit: int | None) -> None:
    world = everything_on()
    pairs = at_one_address(world, "Ana", "Ben")
    if page_limit:
        world.google.knobs.page_limit = page_limit
    ana, ben = rename(world, pairs["Ana"][1]), rename(world, pairs["Ben"][1])
    world.delete_google(ben)
    world.settle()
    assert world.mapping(pairs["Ana"][0]).google_id == ana
    assert world.mapping(pairs["Ben"][0]).state is State.GONE
    assert world.sugar_names() == ["Ana Ruiz"]
