"""The button of the scope: Google contacts whose Sugar records left the scope are deleted, and nothing else."""

from __future__ import annotations

import itertools

import pytest
from tests.sync.ordering import deliver, run
from tests.world import WITH_DELETES, Crash, World, link

from contact_sync.contacts.mapping import State
from contact_sync.contacts.side import Side
from contact_sync.store import mappings
from contact_sync.sync import orders
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.resolve import Refused
from contact_sync.sync.work import work


def moved_out(size: int = 3, settings: object = None) -> tuple[World, list[str]]:
    """A world in which so many of several linked contacts were given to somebody else in Sugar."""
    world = World()
    if settings is not None:
        world.set(from_sugar=WITH_DELETES.from_sugar, from_google=WITH_DELETES.from_google)
    link(world, first="Stays", last="Mine", email="mine@x.test")
    ids = [
        world.add_sugar(first_name="P", last_name=f"N{number:03}", email=f"p{number}@x.test")
        for number in range(size)
    ]
    world.settle()
    world.sugar.add_user("bob", id="user-bob")
    for sugar_id in ids:
        world.sugar.edit_contact(sugar_id, assigned_user_id="user-bob")
    world.clock.advance(days=1, minutes=1)
    world.settle()
    assert {world.mapping(sugar_id).state for sugar_id in ids} == {State.OUT_OF_SCOPE}
    world.tasks.clear()
    return world, ids


def clean(world: World, count: int) -> str:
    run_id = orders.order_clean(world.engine, world.first.sub, count)
    deliver(world, only="clean")
    return run_id


def test_contacts_that_left_the_scope_are_deleted_in_google_and_only_there() -> None:
    world, ids = moved_out(settings=WITH_DELETES)
    done = run(world, clean(world, 3))
    assert (done.phase, done.error, dict(done.counts)) == ("done", None, {"google_deleted": 3})
    assert (done.done, done.total) == (3, 3)
    assert world.google_names() == ["Stays Mine"]
    assert len(world.sugar_contacts()) == 4
    for sugar_id in ids:
        mapping = world.mapping(sugar_id)
        assert (mapping.state, mapping.google_id, mapping.base) == (State.OUT_OF_SCOPE, None, None)
    told = [entry for entry in world.history() if entry.trigger == "clean"]
    assert {(entry.action, entry.side, bool(entry.before)) for entry in told} == {("delete", "google", True)}
    assert len(told) == 3
    world.settle()
    assert len(world.sugar_contacts()) == 4
    assert mappings.count_with_google(world.db, world.first.sub, State.OUT_OF_SCOPE) == 0


def test_the_count_must_still_hold() -> None:
    world, _ = moved_out()
    with pytest.raises(Refused) as refused:
        orders.order_clean(world.engine, world.first.sub, 2)
    assert (refused.value.status, "3 contacts" in str(refused.value)) == (409, True)
    assert world.tasks == []


def test_more_than_the_guard_allows_are_deleted_because_their_number_was_confirmed() -> None:
    world, _ = moved_out(30)
    assert dict(run(world, clean(world, 30)).counts) == {"google_deleted": 30}
    assert world.backlog() == []
    assert world.user().deletions == {}


def test_a_record_that_is_back_in_scope_keeps_its_contact() -> None:
    world, ids = moved_out()
    world.sugar.edit_contact(ids[0], assigned_user_id=world.first.sugar_user, title="CTO")
    done = run(world, clean(world, 3))
    assert dict(done.counts) == {"google_deleted": 2}
    world.settle()
    assert world.mapping(ids[0]).state is State.LINKED
    assert world.google_names() == ["P N000", "Stays Mine"]


def test_a_contact_that_a_person_deleted_in_google_already_is_taken_note_of() -> None:
    world, ids = moved_out()
    world.delete_google(world.mapping(ids[1]).google_id)
    done = run(world, clean(world, 3))
    assert done.counts["google_deleted"] == 2
    assert mappings.count_with_google(world.db, world.first.sub, State.OUT_OF_SCOPE) == 0


def test_what_came_back_into_scope_later_is_created_again() -> None:
    world, ids = moved_out()
    clean(world, 3)
    world.sugar.edit_contact(ids[0], assigned_user_id=world.first.sugar_user)
    world.settle()
    assert world.google_names() == ["P N000", "Stays Mine"]


def test_many_are_deleted_in_several_batches_of_one_run() -> None:
    world, _ = moved_out(230)
    done = run(world, clean(world, 230))
    assert (done.done, done.total, dict(done.counts)) == (230, 230, {"google_deleted": 230})
    assert world.google_names() == ["Stays Mine"]


def test_a_run_out_of_time_goes_on_as_itself_until_all_are_deleted() -> None:
    world, _ = moved_out(230)
    run_id = orders.order_clean(world.engine, world.first.sub, 230)

    def slow(request: object, _response: object) -> None:
        if ":batchDelete" in str(getattr(request, "url", "")):
            world.clock.advance(seconds=300)

    world.google_transport.after = slow
    summary = work(world.engine, WorkerRequest(**world.tasks.pop()[0]))
    assert summary["counts"]["google_deleted"] == 100
    assert (run(world, run_id).phase, run(world, run_id).finished) == ("queued", None)
    world.google_transport.after = None
    deliver(world, only="clean")
    assert (run(world, run_id).done, dict(run(world, run_id).counts)) == (230, {"google_deleted": 230})
    assert world.tasks == []


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_that_dies_around_any_outside_call_of_a_clean_loses_nothing(side: Side, when: str) -> None:
    for k in itertools.count(1):
        world, ids = moved_out(settings=WITH_DELETES)
        run_id = orders.order_clean(world.engine, world.first.sub, 3)
        task = WorkerRequest(**world.tasks.pop()[0])
        died = False
        with world.dying(side, k, when):
            try:
                work(world.engine, task)
            except Crash:
                died = True
        if not died:
            break
        world.clock.advance(minutes=6)
        world.engine = world.make_engine()
        work(world.engine, task)
        assert run(world, run_id).phase == "done"
        world.settle()
        assert (world.google_names(), len(world.sugar_contacts())) == (["Stays Mine"], 4)
        deleted = [entry for entry in world.history() if entry.action == "delete"]
        assert sorted(entry.sugar_id for entry in deleted) == sorted(ids), f"{when} call {k} to {side}"
        assert all(entry.before for entry in deleted)
    assert k >= 2


def test_a_second_click_is_the_same_order() -> None:
    world, _ = moved_out()
    world.clock.advance(seconds=1)
    first = orders.order_clean(world.engine, world.first.sub, 3)
    assert orders.order_clean(world.engine, world.first.sub, 3) == first
    assert [task[0]["run"] for task in world.tasks] == [first]
    deliver(world, only="clean")
    assert dict(run(world, first).counts) == {"google_deleted": 3}
