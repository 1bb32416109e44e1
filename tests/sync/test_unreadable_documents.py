"""Documents that cannot be read, after a hand edit or a rollback, concern their contact alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.sync.odd_records import large
from tests.sync.situations import causes, list_again
from tests.world import World, link, switches

from contact_sync.contacts.mapping import State
from contact_sync.store import listings, mappings, system
from contact_sync.store.records import Listing
from contact_sync.store.write import Kind, Write
from contact_sync.sync import resolve


def spoil(world: World, path: str, **values: Any) -> None:
    world.db.commit([Write(f"users/{world.first.sub}/{path}", Kind.UPDATE, values)])


@pytest.mark.parametrize(
    "values",
    [
        {"state": "excluded"},
        {"state": 5},
        {"base": "gone"},
        {"held": {"moon": {}}},
        {"match_keys": {"a": 1}},
        {"seen": "yesterday"},
        {"missing": "google"},
    ],
)
@pytest.mark.parametrize("edited", ["sugar", "google"])
def test_a_mapping_that_cannot_be_read_stops_nobody_else_and_is_not_overwritten(
    values: dict[str, Any], edited: str
) -> None:
    world = World()
    sugar_id, google_id = link(world)
    fine, fine_at_google = link(world, first="Ben", last="Okafor", email="ben@x.test")
    before = world.mapping(sugar_id)
    spoil(world, f"mappings/{sugar_id}", **{"due_at": world.clock.now()} | values)
    world.edit_google(fine_at_google, organizations=[{"title": "CEO"}])
    if edited == "sugar":
        world.sugar.edit_contact(sugar_id, title="Boss")
    else:
        world.edit_google(google_id, organizations=[{"title": "Boss"}])
    world.settle()
    world.sync("reconcile")
    world.settle()
    assert world.sugar.contact(fine)["title"] == "CEO"
    [entry] = world.backlog()
    assert (entry.cause, entry.sugar_id) == ("unreadable", sugar_id)
    assert len(world.sugar_contacts()) == len(world.google_contacts()) == 2
    path = f"users/{world.first.sub}/mappings/{sugar_id}"
    stored = world.db.get([path])[path].data
    assert {name: stored[name] for name in values} == values
    # Once it is repaired, it goes on as it was.
    repaired = mappings.put(world.first.sub, replace(before, backlog=entry.id))
    assert repaired.data is not None
    spoil(world, f"mappings/{sugar_id}", **{name: repaired.data.get(name) for name in values})
    world.engine = replace(world.engine, version="two")
    world.settle()
    assert causes(world) == []
    title = world.sugar.contact(sugar_id)["title"]
    assert title == world.google_contact(google_id)["organizations"][0]["title"] == "Boss"


@pytest.mark.parametrize(
    "values", [{"match_keys": 5}, {"directive": "?"}, {"attempts": "many"}, {"backlog": 7}]
)
def test_an_index_entry_that_cannot_be_read_stops_nobody_else(values: dict[str, Any]) -> None:
    world = World()
    world.set(**switches(su=True, gu=True, gc=True))
    google_id = world.add_google("Eva", "Lund", "eva@x.test")
    world.settle()
    sugar_id = world.sugar_contacts()[0]["id"]
    spoil(world, f"google_index/{google_id}", **values)
    world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.add_google("Ben", "Okafor", "ben@x.test")
    world.settle()
    assert world.sugar_names() == ["Ben Okafor", "Eva Lund"]
    assert world.sugar.contact(sugar_id)["title"] == "CEO"


def test_an_index_entry_without_a_partner_that_cannot_be_read_is_put_aside() -> None:
    world = World()
    world.set(**switches(su=True))
    google_id = world.add_google("Eva", "Lund", "eva@x.test")
    world.settle()
    spoil(world, f"google_index/{google_id}", match_keys=5, due_at=world.clock.now())
    world.set(**switches(su=True, gu=True, gc=True))
    world.add_google("Ben", "Okafor", "ben@x.test")
    world.settle()
    assert world.sugar_names() == ["Ben Okafor"]
    assert [(entry.cause, entry.google_id) for entry in world.backlog()] == [("unreadable", google_id)]
    resolve.keep(world.db, world.first.sub, [world.backlog()[0].id])
    world.settle()
    assert causes(world) == []


def test_a_decision_about_a_document_that_cannot_be_read_changes_only_what_it_says() -> None:
    world = World()
    sugar_id, _ = link(world)
    spoil(world, f"mappings/{sugar_id}", base="gone")
    world.sugar.edit_contact(sugar_id, title="Boss")
    world.settle()
    [entry] = world.backlog()
    with pytest.raises(resolve.Refused):
        resolve.unlink(world.db, world.first.sub, sugar_id)
    resolve.release(world.db, world.first.sub, [entry.id])
    world.settle()
    assert causes(world) == ["unreadable"]
    resolve.keep(world.db, world.first.sub, [entry.id])
    world.settle()
    assert causes(world) == []
    path = f"users/{world.first.sub}/mappings/{sugar_id}"
    assert world.db.get([path])[path].data["base"] == "gone"


def test_a_backlog_entry_that_cannot_be_read_is_listed_and_can_be_decided() -> None:
    world = World()
    sugar_id = large(world, "note")
    world.settle()
    [entry] = world.backlog()
    spoil(world, f"backlog/{entry.id}", since="long ago", partners=7)
    [told] = world.backlog()
    assert (told.cause, told.sugar_id, told.name) == ("unreadable", sugar_id, "Big Note")
    world.sugar_transport.app = world.sugar
    resolve.release(world.db, world.first.sub, [entry.id])
    world.settle()
    assert (world.backlog(), world.google_names()) == ([], ["Big Note"])


def test_a_due_time_that_is_no_time_hides_no_other() -> None:
    world = World()
    sugar_id, _ = link(world)
    spoil(world, f"mappings/{sugar_id}", due_at=3)
    world.add_sugar(first_name="Ben", last_name="Okafor", email="ben@x.test")
    world.settle()
    assert "Ben Okafor" in world.google_names()


@pytest.mark.parametrize("spoiled", [{}, {"chunk": "many", "lengths": 7, "portions": None}])
def test_what_is_remembered_of_sugar_and_cannot_be_read_is_asked_for_anew(spoiled: dict[str, Any]) -> None:
    world = World()
    link(world)
    assert system.load_metadata(world.db) is not None
    world.db.commit([Write("system/sugar_metadata", Kind.SET, spoiled)])
    world.engine = world.make_engine()
    world.add_sugar(first_name="Ben", last_name="Okafor", email="ben@x.test")
    world.settle()
    assert "Ben Okafor" in world.google_names()
    assert system.load_metadata(world.db) is not None


def test_a_listing_that_was_begun_and_cannot_be_read_begins_anew() -> None:
    world = World()
    sugar_id, _ = link(world)
    kept = Listing(world.clock.now() + timedelta(hours=5), world.user().intake_version)
    write = listings.put(world.first.sub, kept)
    assert write is not None
    world.db.commit([replace(write, data={"good_until": "soon", "ids": 7})])
    world.sugar.add_user("boss", id="user-boss")
    world.sugar.edit_contact(sugar_id, assigned_user_id="user-boss")
    list_again(world)
    assert world.mapping(sugar_id).state is State.OUT_OF_SCOPE
