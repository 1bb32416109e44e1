"""Private fields that Google's edits may reach in Sugar: those that Sugar has held ever since the link."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sync.situations import ALL_ON
from tests.world import World, link, switches

from contact_sync.contacts.mapping import State
from contact_sync.sync import resolve


def keeping(**fields: Any) -> tuple[World, str, str]:
    """A linked contact of a user who keeps private fields."""
    world = World()
    world.set(**ALL_ON, private_fields="keep")
    return world, *link(world, **fields)


def write_in_google(world: World, google_id: str, note: str) -> None:
    world.clock.advance(minutes=5)
    world.edit_google(google_id, biographies=[{"value": note}])
    world.settle()


def note(world: World, sugar_id: str) -> str:
    return str(world.sugar.contact(sugar_id)["description"])


def allow(world: World, sugar_id: str, by_the_record: bool, **fields: dict[str, str]) -> None:
    if by_the_record:
        world.sugar.restrict_contact(sugar_id, world.first.sugar_user, fields)
    else:
        world.sugar.edit_user(world.first.sugar_user, acl={"Contacts": {"fields": fields}})


@pytest.mark.parametrize("meanwhile", ["every switch off", "unlinked"])
def test_what_was_cleared_while_nothing_was_written_is_not_opened_by_typing_it_again(meanwhile: str) -> None:
    world, sugar_id, google_id = keeping(description="known since May")
    if meanwhile == "unlinked":
        resolve.unlink(world.db, world.first.sub, sugar_id)
    else:
        world.set(**switches())
    for text in ("", "planted"):
        world.settle()
        world.sugar.edit_contact(sugar_id, description=text)
    world.settle()
    if meanwhile == "unlinked":
        resolve.link_again(world.db, world.first.sub, sugar_id)
    else:
        world.set(**ALL_ON)
    world.settle()
    write_in_google(world, google_id, "medical")
    assert world.mapping(sugar_id).state is State.LINKED
    assert note(world, sugar_id) == "planted"


@pytest.mark.parametrize("by_the_record", [True, False])
def test_a_field_that_may_not_be_read_for_a_while_stays_open(by_the_record: bool) -> None:
    world, sugar_id, google_id = keeping(description="known since May")
    allow(world, sugar_id, by_the_record, description={"read": "no", "write": "no"})
    for title in ("Cook", "Chef"):
        world.sugar.edit_contact(sugar_id, title=title)
        world.sync("reconcile")
        world.settle()
        allow(world, sugar_id, by_the_record)
    write_in_google(world, google_id, "likes tea")
    assert note(world, sugar_id) == "likes tea"


@pytest.mark.parametrize("by_the_record", [True, False])
def test_what_an_open_field_missed_without_the_right_it_gets_once_the_right_is_back(
    by_the_record: bool,
) -> None:
    world, sugar_id, google_id = keeping(description="known since May")
    allow(world, sugar_id, by_the_record, description={"write": "no"})
    write_in_google(world, google_id, "likes tea")
    assert note(world, sugar_id) == "known since May"
    allow(world, sugar_id, by_the_record)
    world.clock.advance(days=8)
    world.settle()
    assert note(world, sugar_id) == "likes tea"


def test_what_could_not_be_read_when_the_two_were_linked_is_not_open() -> None:
    world = World()
    world.set(**ALL_ON, private_fields="keep")
    allow(world, "", False, description={"read": "no", "write": "no"})
    sugar_id, google_id = link(world)
    world.sugar.edit_contact(sugar_id, description="planted")
    world.settle()
    allow(world, "", False)
    for text in ("medical", "medical, more of it"):
        write_in_google(world, google_id, text)
        assert note(world, sugar_id) == "planted"


def test_what_was_there_is_open_also_where_our_own_contact_was_found_only_later() -> None:
    world = World()
    world.set(**ALL_ON, private_fields="keep")
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test", description="old")
    world.google.knobs.propagation_delay = 4000
    world.google.faults.add("drop_after", "createContact", times=1)
    world.sync()
    world.set(**switches(su=True, gu=True, gc=True))
    for _ in range(4):
        world.clock.advance(minutes=11)
        world.sync()
    assert world.mapping(sugar_id).state is State.NEW
    world.google.knobs.propagation_delay = 0
    world.clock.advance(hours=2)
    world.settle()
    mapping = world.mapping(sugar_id)
    assert (mapping.state, len(world.google_contacts())) == (State.LINKED, 1)
    write_in_google(world, mapping.google_id, "likes tea")
    assert note(world, sugar_id) == "likes tea"
