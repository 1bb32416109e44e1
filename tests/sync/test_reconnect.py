"""Connected again after a disconnect: what was linked goes on, and what was removed means nothing to Sugar."""

from __future__ import annotations

import pytest
from tests.sync.parting import (
    disconnect,
    reconnect,
    states,
    synced_world,
)
from tests.world import WITH_DELETES, Crash

from contact_sync.contacts.side import Side


def test_after_a_new_grant_linked_contacts_go_on_being_linked() -> None:
    world = synced_world()
    disconnect(world, "none")
    by_name = {mapping.name: mapping for mapping in world.all_mappings().values()}
    world.sugar.edit_contact(by_name["Ana Sugar"].sugar_id, title="CTO")
    world.edit_google(by_name["Di Both"].google_id, organizations=[{"title": "Nurse"}])
    world.clock.advance(days=3)
    reconnect(world)
    world.settle()
    ana = world.google_contact(by_name["Ana Sugar"].google_id)
    assert ana is not None
    assert ana["organizations"][0]["title"] == "CTO"
    assert {contact["title"] for contact in world.sugar_contacts()} == {"CTO", "Nurse", ""}
    assert set(states(world).values()) == {"linked"}
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 5


def test_what_was_deleted_on_one_side_while_disconnected_is_not_deleted_on_the_other() -> None:
    world = synced_world()
    by_name = {mapping.name: mapping for mapping in world.all_mappings().values()}
    world.sugar.delete_contact(by_name["Ana Sugar"].sugar_id)
    world.sync("inventory")
    assert world.mapping(by_name["Ana Sugar"].sugar_id).missing is not None
    disconnect(world, "none")
    world.delete_google(by_name["Di Both"].google_id)
    world.clock.advance(days=1)
    reconnect(world)
    world.settle()
    assert states(world)["Ana Sugar"] == states(world)["Di Both"] == "unlinked"
    assert "Ana Sugar" in world.google_names()
    assert "Di Both" in world.sugar_names()


def test_created_and_deleted_contacts_mean_nothing_to_sugar_when_the_user_comes_back() -> None:
    world = synced_world()
    disconnect(world)
    before = world.sugar_names()
    world.clock.advance(minutes=20)
    reconnect(world)
    world.settle()
    assert world.sugar_names() == before
    assert world.google_names() == before


def test_created_and_deleted_contacts_stay_away_where_creating_is_off() -> None:
    world = synced_world()
    disconnect(world)
    world.set(from_sugar=WITH_DELETES.from_sugar.__class__(enabled=True, create=False, delete=True))
    world.clock.advance(minutes=20)
    reconnect(world)
    world.settle()
    assert len(world.sugar_contacts()) == 5
    assert world.google_names() == ["Di Both", "Ed Google"]


def test_a_contact_that_google_renamed_while_disconnected_is_still_the_same() -> None:
    world = synced_world()
    disconnect(world, "none")
    di = next(one for one in world.all_mappings().values() if one.name == "Di Both")
    world.google.rename_contact(world.first.sub, f"people/{di.google_id}")
    world.clock.advance(days=8)
    reconnect(world)
    world.settle()
    assert set(states(world).values()) == {"linked"}
    assert world.mapping(di.sugar_id).google_id not in (None, di.google_id)
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 5


def test_a_create_whose_outcome_was_not_known_is_found_out_after_a_new_grant() -> None:
    world = synced_world()
    world.add_sugar(first_name="Gus", last_name="Doubt", email="gus@x.test")
    with world.dying(Side.GOOGLE, 2, "before"), pytest.raises(Crash):
        world.sync()
    world.clock.advance(minutes=6)
    world.tasks.clear()
    disconnect(world, "none")
    assert states(world)["Gus Doubt"] == "creating"
    reconnect(world)
    world.settle()
    assert states(world)["Gus Doubt"] == "linked"
    assert world.google_names() == world.sugar_names()
