"""An undo on both sides: each gets what was there before, and both agree on it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from tests.sync.ordering import apply, last, moved, undo
from tests.sync.test_undo_crashes import dies
from tests.sync.test_undo_on_one_side import CHANGES, Change, Pair, carried, mails, mails_in_google
from tests.world import World, link, switches

from contact_sync.contacts.mapping import State
from contact_sync.contacts.side import Side
from contact_sync.sync import orders
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.work import work

ANA = ["Ana Ruiz"]
ALL = switches(su=True, sc=True, sd=True, gu=True, gc=True, gd=True)


def stays(world: World) -> None:
    """Whatever runs, nothing is written."""
    before = (world.sugar_contacts(), world.google_contacts())
    world.settle()
    world.clock.advance(minutes=30)
    world.sync("reconcile")
    world.settle()
    assert (world.sugar_contacts(), world.google_contacts()) == before


@pytest.mark.parametrize("on", [{}, ALL], ids=["no switch", "all switches"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_both_sides_get_what_was_there_before(change: Change, on: dict[str, Any]) -> None:
    pair = carried(change)
    pair.world.set(**(on or switches()))
    found, (action,) = undo(pair.world, last(pair.world, "update", change.side.other).id, "both")
    assert (found.state, found.sides) == ("ready", "both")
    assert {one.side for one in action.changes} == set(Side)
    apply(pair.world, found.id)
    assert pair.both(change.name) == (change.old, change.old)
    stays(pair.world)
    mapping = pair.world.mapping(pair.sugar_id)
    assert (mapping.holds, mapping.held, mapping.due_at) == ((), {}, None)
    # An edit goes on as ever.
    pair.world.set(**ALL, **change.settings)
    pair.edit(Side.SUGAR, change.later_in_sugar)
    pair.world.settle()
    assert pair.both(change.name) == (change.later[0], change.later[0])


def test_of_the_addresses_those_are_taken_back_that_the_entry_was_about() -> None:
    world = World()
    pair = Pair(world, *link(world, email="ana@x.test"))
    pair.edit(Side.SUGAR, mails("ana@x.test", "work@x.test"))
    world.settle()
    entry = last(world, "update", Side.GOOGLE)
    pair.edit(Side.GOOGLE, mails_in_google("ana@x.test", "work@x.test", "new@x.test"))
    world.settle()
    apply(world, undo(world, entry.id, "both")[0].id)
    assert pair.both("emails") == ("ana@x.test, new@x.test", "ana@x.test, new@x.test")
    stays(world)


def test_what_was_there_before_the_two_were_linked_is_not_taken_from_the_other_side() -> None:
    world = World()
    sugar_id = world.add_sugar(
        first_name="Cy", last_name="Lee", email="cy@x.test", title="Chef", department="Sales"
    )
    google_id = world.add_google("Cy", "Lee", "cy@x.test", organizations=[{"title": "Cook"}])
    world.set(conflict="sugar")
    world.settle()
    pair = Pair(world, sugar_id, google_id)
    assert (pair.both("title"), pair.both("department")) == (("Chef", "Chef"), ("Sales", "Sales"))
    found, _ = undo(world, last(world, "merge", Side.GOOGLE).id, "both")
    apply(world, found.id)
    assert (pair.both("title"), pair.both("department")) == (("Cook", "Cook"), ("Sales", ""))
    stays(world)


def test_an_edit_since_on_the_side_that_was_not_written_is_not_trampled() -> None:
    world = World()
    pair = Pair(world, *link(world, title="Cook"))
    pair.edit(Side.SUGAR, {"title": "CTO"})
    world.settle()
    pair.edit(Side.SUGAR, {"title": "CEO"})
    found, _ = undo(world, last(world, "update", Side.GOOGLE).id, "both")
    assert (found.state, found.message) == ("refused", "This field was changed again since then: title.")


def test_a_private_value_never_reaches_sugar_by_an_undo() -> None:
    world = World()
    world.set(private_fields="keep")
    pair = Pair(world, *link(world, description="a regular"))
    pair.edit(Side.SUGAR, {"description": ""})
    world.settle()
    assert pair.both("description") == ("", "")
    found, _ = undo(world, last(world, "update", Side.GOOGLE).id, "both")
    apply(world, found.id)
    assert pair.both("description") == ("", "a regular")
    stays(world)


@pytest.mark.parametrize("side", list(Side))
def test_a_create_is_taken_back_on_both_sides(side: Side) -> None:
    world = World()
    if side is Side.GOOGLE:
        link(world)
    else:
        world.add_google("Ana", "Ruiz", "ana@x.test")
        world.settle()
    world.set(**switches())
    found, (action,) = undo(world, last(world, "create").id, "both")
    assert (found.counts, action.after) == ({"google_deleted": 1, "sugar_deleted": 1}, {})
    done = apply(world, found.id)
    assert (done.error, moved(world, found.id)) == (None, {})
    assert (world.sugar_names(), world.google_names()) == ([], [])
    assert world.user().deletions == {}
    mapping = world.mapping(action.sugar_id or "")
    assert (mapping.state, mapping.due_at) == (State.GONE, None)
    entries = [entry for entry in world.history() if entry.action == "delete"]
    assert {entry.side for entry in entries if entry.before} == set(Side)
    world.set(**ALL)
    stays(world)


@pytest.mark.parametrize("side", list(Side))
def test_a_create_taken_back_on_one_side_can_be_taken_back_on_the_other_later(side: Side) -> None:
    world = World()
    if side is Side.GOOGLE:
        link(world)
    else:
        world.add_google("Ana", "Ruiz", "ana@x.test")
        world.settle()
    entry = last(world, "create")
    apply(world, undo(world, entry.id)[0].id)
    world.clock.advance(minutes=1)
    apply(world, undo(world, entry.id, "both")[0].id)
    assert (world.sugar_names(), world.google_names()) == ([], [])
    stays(world)


@pytest.mark.parametrize("edited", list(Side))
def test_a_created_contact_that_was_edited_on_either_side_is_not_deleted_on_both(edited: Side) -> None:
    world = World()
    pair = Pair(world, *link(world))
    pair.edit(edited, {"title": "Boss"} if edited is Side.SUGAR else {"organizations": [{"title": "Boss"}]})
    found, _ = undo(world, last(world, "create").id, "both")
    assert (found.state, found.message) == (
        "refused",
        "The contact was edited since it was created: title.",
    )


def deleted(side: Side, **settings: Any) -> World:
    """A pair that a person deleted on the other side, and the sync on this one."""
    world = World()
    world.set(**ALL | settings)
    sugar_id, google_id = link(world, title="Cook", phone_work="+34 600 100 200", description="a regular")
    world.clock.advance(minutes=15)
    if side is Side.GOOGLE:
        world.sugar.delete_contact(sugar_id)
    else:
        world.delete_google(google_id)
    world.settle()
    assert (world.google_contacts(), world.sugar_contacts()) == ([], [])
    return world


@pytest.mark.parametrize("private", ["keep", "share"])
@pytest.mark.parametrize("side", list(Side))
def test_a_deletion_is_taken_back_on_both_sides(side: Side, private: str) -> None:
    world = deleted(side, private_fields=private)
    world.set(**switches())
    found, (action,) = undo(world, last(world, "delete").id, "both")
    assert found.counts == {"sugar_created": 1, "google_created": 1}
    assert {one: held["title"] for one, held in action.after.items()} == dict.fromkeys(Side, "Cook")
    done = apply(world, found.id)
    assert (done.error, moved(world, found.id)) == (None, {})
    (record,), (person,) = world.sugar_contacts(), world.google_contacts()
    pair = Pair(world, record["id"], person["resourceName"].removeprefix("people/"))
    for name, value in {"title": "Cook", "description": "a regular"}.items():
        assert pair.both(name) == (value, value)
    mapping = world.mapping(record["id"])
    assert (mapping.state, mapping.missing) == (State.LINKED, None)
    world.set(**ALL)
    stays(world)
    pair.edit(Side.GOOGLE, {"organizations": [{"title": "Boss"}]})
    world.settle()
    assert pair.both("title") == ("Boss", "Boss")


def test_a_note_that_was_only_in_google_is_not_in_the_new_record_of_sugar() -> None:
    world = World()
    world.set(**ALL, private_fields="keep")
    pair = Pair(world, *link(world))
    pair.edit(Side.GOOGLE, {"biographies": [{"value": "likes tea"}]})
    world.settle()
    world.clock.advance(minutes=15)
    world.sugar.delete_contact(pair.sugar_id)
    world.settle()
    apply(world, undo(world, last(world, "delete").id, "both")[0].id)
    (record,), (person,) = world.sugar_contacts(), world.google_contacts()
    assert (record["description"], person["biographies"][0]["value"]) == ("", "likes tea")
    stays(world)


@pytest.mark.parametrize("side", list(Side))
def test_a_deletion_that_was_taken_back_on_one_side_is_not_doubled_on_both(side: Side) -> None:
    world = deleted(side)
    entry = last(world, "delete")
    apply(world, undo(world, entry.id)[0].id)
    world.clock.advance(minutes=1)
    found, _ = undo(world, entry.id, "both")
    if found.state == "ready":
        apply(world, found.id)
    assert (len(world.sugar_names()), len(world.google_names())) in {(1, 0), (0, 1), (1, 1)}
    world.settle()


def of_an_update() -> tuple[World, str]:
    pair = carried(CHANGES["a value, edited in Sugar"])
    return pair.world, last(pair.world, "update").id


def of_a_create() -> tuple[World, str]:
    world = World()
    link(world)
    return world, last(world, "create").id


def of_a_deletion() -> tuple[World, str]:
    world = deleted(Side.GOOGLE)
    return world, last(world, "delete").id


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("build", [of_an_update, of_a_create, of_a_deletion])
def test_a_process_that_dies_leaves_nothing_doubled_and_nothing_half_done(
    build: Any, side: Side, when: str
) -> None:
    for k in itertools.count(1):
        world, entry = build()
        world.set(**ALL)
        found, _ = undo(world, entry, "both")
        orders.order_apply(world.engine, world.first.sub, found.id, [])
        task = WorkerRequest(**world.tasks.pop()[0])
        if not dies(world, task, side, k, when):
            break
        world.clock.advance(minutes=6)
        world.engine = world.make_engine()
        work(world.engine, task)
        world.settle()
        world.clock.advance(minutes=30)
        world.settle()
        if build is of_an_update:
            titles = [
                world.sugar_contacts()[0]["title"],
                world.google_contacts()[0]["organizations"][0]["title"],
            ]
            assert titles == ["Cook", "Cook"]
        elif build is of_a_create:
            assert (world.sugar_names(), world.google_names()) == ([], [])
        else:
            if (world.sugar_names(), world.google_names()) != (ANA, ANA):
                # It was told that nobody knows yet; ordered again, it goes on from there.
                assert moved(world, found.id)
                apply(world, undo(world, entry, "both")[0].id)
            assert (world.sugar_names(), world.google_names()) == (ANA, ANA)
    assert k > 1
