"""Writes whose outcome is unknown: found out before anything is sent again, and never done twice."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.sync.rich_world import assert_sound
from tests.world import WITH_DELETES, Crash, World, link, switches

from contact_sync.contacts.mapping import State
from contact_sync.contacts.side import Side

MINUTE = 60.0


def deleting_world(delay: float = 0.0) -> World:
    """A world with every switch on, and nobody in it."""
    world = World(propagation_delay=delay)
    world.set(from_sugar=WITH_DELETES.from_sugar, from_google=WITH_DELETES.from_google)
    world.settle()
    return world


def people(count: int) -> list[str]:
    return [f"Person {number:02}" for number in range(count)]


def run_every_minute(world: World, minutes: int) -> None:
    """A user who asks for a sync again and again."""
    for _ in range(minutes):
        world.sync()
        world.clock.advance(minutes=1)


# Creates in Google


@pytest.mark.parametrize("delay", [0, 1 * MINUTE, 4 * MINUTE, 9 * MINUTE])
@pytest.mark.parametrize("count", [1, 7])
def test_a_google_create_whose_answer_is_lost_is_linked_once_google_shows_it(
    count: int, delay: float
) -> None:
    world = deleting_world(delay)
    for name in people(count):
        world.add_sugar(first_name="Ada", last_name=name, email=f"{name[-2:]}@x.test")
    world.google.faults.add("drop_after", "createContact|batchCreateContacts")
    run_every_minute(world, 15)
    world.settle()
    assert world.google_names() == [f"Ada {name}" for name in people(count)]
    assert sum("reate" in write.method for write in world.google.writes) == count
    assert {mapping.state for mapping in world.all_mappings().values()} == {State.LINKED}
    assert_sound(world)


@pytest.mark.parametrize("count", [1, 7])
def test_a_google_create_that_never_arrived_is_sent_again_ten_minutes_later(count: int) -> None:
    world = deleting_world(2 * MINUTE)
    for name in people(count):
        world.add_sugar(first_name="Ada", last_name=name, email=f"{name[-2:]}@x.test")
    world.google.faults.add("drop_before", "createContact|batchCreateContacts")
    world.sync()
    lost_at = world.clock.now()
    again_at = None
    for _ in range(20):
        world.clock.advance(minutes=1)
        world.sync()
        if again_at is None and world.google_names():
            again_at = world.clock.now()
    assert again_at is not None
    assert again_at - lost_at >= timedelta(minutes=10)
    world.settle()
    assert world.google_names() == [f"Ada {name}" for name in people(count)]
    assert_sound(world)


def test_a_google_create_that_shows_only_after_it_was_repeated_leaves_no_duplicate() -> None:
    world = deleting_world(14 * MINUTE)
    world.add_sugar(first_name="Ada", last_name="King", email="ada@x.test")
    world.google.faults.add("drop_after", "createContact")
    run_every_minute(world, 40)
    world.settle()
    assert sum("reate" in write.method for write in world.google.writes) == 2
    assert world.google_names() == ["Ada King"]
    assert len(world.sugar_contacts()) == 1
    assert_sound(world)


def test_an_edit_in_google_of_a_contact_whose_create_is_in_doubt_reaches_sugar() -> None:
    world = deleting_world(3 * MINUTE)
    sugar_id = world.add_sugar(first_name="Ada", last_name="King", email="ada@x.test")
    world.google.faults.add("drop_after", "createContact")
    world.sync()
    [person] = world.google_contacts()
    world.clock.advance(minutes=1)
    world.edit_google(person["resourceName"].removeprefix("people/"), organizations=[{"title": "Countess"}])
    world.settle(minutes=2)
    assert world.sugar.contact(sugar_id)["title"] == "Countess"
    assert world.google_names() == ["Ada King"]


@pytest.mark.parametrize("delay", [0, 4 * MINUTE])
def test_a_sugar_record_deleted_while_its_create_is_in_doubt_leaves_nothing_behind(delay: float) -> None:
    world = deleting_world(delay)
    sugar_id = world.add_sugar(first_name="Ada", last_name="King", email="ada@x.test")
    world.google.faults.add("drop_after", "createContact")
    world.sync()
    world.sugar.delete_contact(sugar_id)
    world.settle()
    assert world.google_contacts() == []
    assert world.sugar_contacts() == []
    assert_sound(world)


# Creates in Sugar


def test_a_bulk_that_times_out_and_is_worked_off_later_doubles_nobody() -> None:
    world = deleting_world()
    for name in people(12):
        world.add_google("Ada", name, f"{name[-2:]}@x.test")
    world.sugar.hold_abandoned = True
    world.sugar.item_latency = 10.0
    world.sync()
    world.sugar.item_latency = 0.0
    assert 0 < len(world.sugar_contacts()) < 12
    world.clock.advance(minutes=2)
    world.sync()
    assert world.sugar.finish_abandoned() > 0
    world.settle(minutes=1)
    assert world.sugar_names() == world.google_names() == [f"Ada {name}" for name in people(12)]
    assert_sound(world)


def test_a_sugar_create_that_never_arrived_is_sent_again_ten_minutes_later() -> None:
    world = deleting_world()
    world.add_google("Ada", "King", "ada@x.test")
    world.sugar.faults.add("drop_before", "^/Contacts$", "POST")
    world.sync()
    lost_at = world.clock.now()
    while not world.sugar_contacts():
        world.clock.advance(minutes=1)
        world.sync()
    assert world.clock.now() - lost_at >= timedelta(minutes=10)
    world.settle()
    assert world.sugar_names() == world.google_names() == ["Ada King"]
    assert_sound(world)


def test_a_google_contact_deleted_while_its_sugar_create_is_in_doubt_leaves_nothing_behind() -> None:
    world = deleting_world()
    google_id = world.add_google("Ada", "King", "ada@x.test")
    world.sugar.faults.add("drop_after", "^/bulk$", skip=2)
    world.sugar.faults.add("drop_before", "^/bulk$", skip=3)
    world.sync()
    assert len(world.sugar_contacts()) == 1
    world.delete_google(google_id)
    world.settle()
    assert world.sugar_contacts() == []
    assert world.google_contacts() == []
    assert_sound(world)


def test_our_own_id_refused_because_it_exists_with_our_content_is_a_create_that_worked() -> None:
    world = deleting_world()
    world.add_google("Ada", "King", "ada@x.test")
    world.sugar_transport.before = once_at_create(lambda fields: world.sugar.add_contact(**fields))
    world.settle()
    [record] = world.sugar_contacts()
    assert world.sugar.writes == []
    assert world.mapping(record["id"]).state is State.LINKED
    assert world.backlog() == []


def test_our_own_id_refused_because_it_was_edited_already_is_linked_and_merged() -> None:
    world = deleting_world()
    google_id = world.add_google("Ada", "King", "ada@x.test")
    world.sugar_transport.before = once_at_create(
        lambda fields: world.sugar.add_contact(**{**fields, "title": "Countess"})
    )
    world.settle()
    [record] = world.sugar_contacts()
    assert world.sugar.writes == []
    assert record["title"] == "Countess"
    assert world.google_contact(google_id)["organizations"][0]["title"] == "Countess"
    assert world.backlog() == []
    assert_sound(world)


# Updates and deletes


def test_a_conflict_whose_record_is_what_we_meant_is_done_with_one_write() -> None:
    world = deleting_world()
    sugar_id, google_id = link(world)
    world.edit_google(google_id, organizations=[{"title": "Chief"}])
    world.clock.advance(minutes=1)
    world.sugar.writes.clear()
    world.sugar.before_item = at_put(world, lambda: world.sugar.edit_contact(sugar_id, title="Chief"))
    world.settle()
    assert world.sugar.contact(sugar_id)["title"] == "Chief"
    assert world.sugar.writes == []
    assert world.backlog() == []


def test_an_edit_between_our_read_and_our_write_is_merged_not_overwritten() -> None:
    world = deleting_world()
    sugar_id, google_id = link(world)
    world.edit_google(google_id, organizations=[{"title": "Chief"}])
    world.clock.advance(minutes=1)

    def edit() -> None:
        world.clock.advance(seconds=2)
        world.sugar.edit_contact(sugar_id, department="Numbers")

    world.sugar.before_item = at_put(world, edit)
    world.settle()
    for record in (world.sugar.contact(sugar_id), world.google_contact(google_id)["organizations"][0]):
        assert (record["title"], record["department"]) == ("Chief", "Numbers")


@pytest.mark.parametrize("count", [2, 8])
def test_a_contact_that_vanishes_just_before_its_deletion_does_not_save_the_others(count: int) -> None:
    world = deleting_world()
    ids = [
        world.add_sugar(first_name="Ada", last_name=name, email=f"{name[-2:]}@x.test")
        for name in people(count)
    ]
    world.add_sugar(first_name="Ada", last_name="Stays", email="stays@x.test")
    world.settle()
    gone_already = world.mapping(ids[0]).google_id
    for sugar_id in ids:
        world.sugar.delete_contact(sugar_id)

    def vanish(request: Any) -> None:
        if "delete" in request.url.lower() and world.google_contact(gone_already):
            world.delete_google(gone_already)

    world.google_transport.before = vanish
    world.settle()
    assert world.google_names() == ["Ada Stays"]
    assert {world.mapping(sugar_id).state for sugar_id in ids} == {State.GONE}
    assert_sound(world)


def once_at_create(act: Callable[[dict[str, Any]], object]) -> Callable[[Any], None]:
    """A hook that, ahead of the first bulk with a create in it, does something with the create's fields."""
    done: list[bool] = []

    def before(request: Any) -> None:
        body = json.loads(request.body) if request.body and request.url.endswith("/bulk") else {}
        for item in body.get("requests", ()):
            if item["method"] == "POST" and item["url"].endswith("/Contacts") and not done:
                done.append(True)
                act(json.loads(item["data"]))

    return before


def at_put(world: World, act: Callable[[], object]) -> Callable[[str, str], None]:
    """A hook that does something once, just ahead of the first PUT."""

    def before(method: str, _path: str) -> None:
        if method == "PUT":
            world.sugar.before_item = None
            act()

    return before


def test_a_sugar_create_in_doubt_whose_record_the_user_may_not_see_is_not_sent_again() -> None:
    """Only the service administrator can tell that it exists."""
    doubts = 0
    for k in itertools.count(1):
        world = World()
        world.set(**switches(gu=True, gc=True))
        world.add_google("Ana", "Ruiz", "ana@x.test")
        try:
            with world.dying(Side.SUGAR, k, "after"):
                world.sync()
        except Crash:
            if not world.sugar_contacts():
                continue
        else:
            break
        [record] = world.sugar_contacts()
        world.sugar.hide_contact(record["id"], world.first.sugar_user)
        world.clock.advance(minutes=16)
        world.engine = world.make_engine()
        world.settle()
        assert len(world.sugar_contacts()) == 1, f"died after call {k}"
        doubts += 1
    assert doubts


@pytest.mark.parametrize("delay", [0, 5 * MINUTE, 30 * MINUTE])
def test_a_contact_that_carries_several_marks_is_found_by_any_of_them(delay: float) -> None:
    """Google merged what we had created with a contact that carried a mark of its own. Where the feed lags by more
    than ten minutes, the listing by last modification shows it."""
    world = deleting_world(delay)
    sugar_id = world.add_sugar(first_name="Ada", last_name="Byron", email="ada@x.test")
    world.google.faults.add("drop_after", "createContact")
    world.sync()
    [created] = world.google_contacts()
    [mark] = created["clientData"]
    other = {"key": mark["key"], "value": "0"}
    world.edit_google(created["resourceName"].removeprefix("people/"), clientData=[other, mark])
    world.clock.advance(minutes=1)
    world.settle()
    assert world.google_names() == ["Ada Byron"]
    assert world.mapping(sugar_id).state is State.LINKED
