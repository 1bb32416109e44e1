"""Apply: what a preview showed is carried out, exactly that, and only as far as it is still as it was shown."""

from __future__ import annotations

import pytest
from tests.sync.ordering import apply, deliver, moved, preview, run, set_switches, shown, varied
from tests.world import BOTH_WAYS, World, link, switches

from contact_sync.contacts.side import Side
from contact_sync.store import users
from contact_sync.sync import orders
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.resolve import Refused
from contact_sync.sync.work import work


def test_everything_that_was_shown_is_carried_out() -> None:
    world, _ = varied()
    found, _ = preview(world)
    assert world.writes() == 2
    done = apply(world, found.id)
    assert (done.phase, done.error, moved(world, found.id)) == ("done", None, {})
    assert dict(done.counts) == found.counts
    assert (done.done, done.total) == (5, 5)
    assert world.sugar_names() == world.google_names() == ["Ana Ruiz", "Cy Lee", "New Google", "New Sugar"]
    assert {entry.trigger for entry in world.history() if entry.run == done.id} == {"apply"}


def test_what_was_left_out_is_left_as_it_is_and_stays_due() -> None:
    world, ids = varied()
    found, actions = preview(world)
    only = ids["updated"]
    apply(world, found.id, *(action.id for action in actions if action.id != only))
    assert [entry.sugar_id for entry in world.history() if entry.trigger == "apply"] == [only]
    assert world.sugar_names() == ["Ana Ruiz", "Cy Lee", "New Sugar"]
    assert world.user().pending is not None
    assert world.tasks == []
    world.settle()
    assert world.google_names() == ["Ana Ruiz", "Cy Lee", "New Google", "New Sugar"]


def test_nothing_but_what_was_shown_is_touched() -> None:
    world, _ = varied()
    found, _ = preview(world)
    world.clock.advance(minutes=1)
    world.add_sugar(first_name="Late", last_name="Comer", email="late@x.test")
    apply(world, found.id)
    assert "Late Comer" not in world.google_names()
    assert world.tasks == []


@pytest.mark.parametrize("side", list(Side))
def test_a_contact_that_was_edited_since_is_listed_as_moved_and_left_due(side: Side) -> None:
    world = World()
    sugar_id, google_id = link(world)
    world.clock.advance(minutes=5)
    world.sugar.edit_contact(sugar_id, title="CTO")
    found, _ = preview(world)
    world.clock.advance(minutes=5)
    if side is Side.SUGAR:
        world.sugar.edit_contact(sugar_id, title="CEO")
    else:
        world.edit_google(google_id, biographies=[{"value": "met in Rome"}])
    before = world.writes()
    done = apply(world, found.id)
    assert (world.writes(), dict(done.counts)) == (before, {})
    (left,) = shown(world, found.id)[0].moved
    assert (left.id, left.name, left.why) == (sugar_id, "Ana Ruiz", "It changed in the meantime.")
    assert world.mapping(sugar_id).due_at is not None


def test_what_a_sync_did_meanwhile_is_not_done_again() -> None:
    world, _ = varied()
    found, actions = preview(world)
    world.settle()
    before = world.writes()
    apply(world, found.id)
    assert world.writes() == before
    assert set(moved(world, found.id)) == {action.id for action in actions}


def test_what_is_gone_or_in_the_backlog_is_told_so() -> None:
    world = World()
    set_switches(world, BOTH_WAYS)
    new = world.add_sugar(first_name="New", last_name="Sugar", email="ns@x.test")
    nameless = world.add_google(phoneNumbers=[{"value": "+34 600 100 200", "type": "mobile"}])
    found, _ = preview(world)
    world.sugar.delete_contact(new)
    world.sync()
    assert [entry.google_id for entry in world.backlog()] == [nameless]
    apply(world, found.id)
    assert moved(world, found.id) == {
        new: "It is not there any more.",
        nameless: "It waits for your decision in the backlog.",
    }


def test_other_settings_are_not_what_was_shown() -> None:
    world, _ = varied()
    found, actions = preview(world)
    world.set(**switches())
    before = world.writes()
    apply(world, found.id)
    assert world.writes() == before
    assert set(moved(world, found.id)) == {action.id for action in actions}


def test_a_mark_of_the_same_change_that_comes_again_moves_nothing() -> None:
    """The feeds are read again with an overlap; what is stored about a contact may be written for no reason."""
    world = World()
    sugar_id, _ = link(world)
    world.clock.advance(minutes=5)
    world.sugar.edit_contact(sugar_id, title="CTO")
    found, _ = preview(world)
    preview(world)
    apply(world, found.id)
    assert moved(world, found.id) == {}
    assert world.google_contacts()[0]["organizations"][0]["title"] == "CTO"


def test_the_same_order_twice_is_one_run_and_another_one_is_refused() -> None:
    world, ids = varied()
    found, _ = preview(world)
    first = orders.order_apply(world.engine, world.first.sub, found.id, [ids["updated"]])
    assert orders.order_apply(world.engine, world.first.sub, found.id, [ids["updated"]]) == first
    with pytest.raises(Refused) as refused:
        orders.order_apply(world.engine, world.first.sub, found.id, [])
    assert refused.value.status == 409
    assert [task[0]["trigger"] for task in world.tasks].count("apply") == 1
    deliver(world, only="apply")
    before = world.writes()
    assert orders.order_apply(world.engine, world.first.sub, found.id, [ids["updated"]]) == first
    deliver(world, only="apply")
    assert world.writes() == before


def test_a_task_delivered_twice_does_nothing_the_second_time() -> None:
    world, _ = varied()
    found, _ = preview(world)
    orders.order_apply(world.engine, world.first.sub, found.id, [])
    task = WorkerRequest(**world.tasks.pop()[0])
    work(world.engine, task)
    done, before = run(world, f"{found.id}-apply"), world.writes()
    work(world.engine, task)
    assert (world.writes(), run(world, done.id)) == (before, done)


def test_a_preview_is_applied_only_while_it_is_ready_and_fresh() -> None:
    world, _ = varied()
    with pytest.raises(Refused) as refused:
        orders.order_apply(world.engine, world.first.sub, "no-such", [])
    assert refused.value.status == 404
    planning = orders.order_preview(world.engine, world.first.sub)
    with pytest.raises(Refused) as refused:
        orders.order_apply(world.engine, world.first.sub, planning, [])
    assert refused.value.status == 409
    deliver(world, only="preview")
    world.clock.advance(minutes=61)
    with pytest.raises(Refused) as refused:
        orders.order_apply(world.engine, world.first.sub, planning, [])
    assert refused.value.status == 404


def test_an_order_given_in_time_is_carried_out_after_the_hour() -> None:
    world, _ = varied()
    found, _ = preview(world)
    world.clock.advance(minutes=59)
    orders.order_apply(world.engine, world.first.sub, found.id, [])
    world.clock.advance(minutes=10)
    deliver(world, only="apply")
    assert dict(run(world, f"{found.id}-apply").counts) == found.counts


def test_an_order_whose_task_comes_much_too_late_is_not_carried_out() -> None:
    world, _ = varied()
    found, _ = preview(world)
    before = world.writes()
    orders.order_apply(world.engine, world.first.sub, found.id, [])
    world.clock.advance(hours=3)
    deliver(world, only="apply")
    assert (run(world, f"{found.id}-apply").error, world.writes()) == ("preview_expired", before)


def test_an_order_that_failed_can_be_given_again() -> None:
    world, _ = varied()
    found, _ = preview(world)
    world.db.commit([users.update(world.first.sub, paused=True)])
    assert apply(world, found.id).error == "paused"
    world.db.commit([users.update(world.first.sub, paused=False)])
    world.clock.advance(minutes=1)
    assert dict(apply(world, found.id).counts) == found.counts


def test_deletions_beyond_the_guard_wait_for_a_human_also_when_they_are_applied() -> None:
    world = World()
    set_switches(world)
    for number in range(14):
        world.add_sugar(first_name="P", last_name=f"N{number:02}", email=f"p{number}@x.test")
    world.settle()
    world.clock.advance(minutes=5)
    for record in world.sugar_contacts()[:12]:
        world.sugar.delete_contact(record["id"])
    found, _ = preview(world)
    done = apply(world, found.id)
    assert (dict(done.counts), len(world.backlog()), len(world.google_contacts())) == (
        {"quarantined": 12},
        12,
        14,
    )
    assert moved(world, found.id) == {}


def test_a_refused_write_is_told_and_waits_in_the_backlog() -> None:
    world = World()
    google_id = world.add_google("Bad", "Person", "bad@x.test", biographies=[{"value": "x" * 70_000}])
    found, _ = preview(world)
    apply(world, found.id)
    [entry] = world.backlog()
    assert moved(world, found.id) == {google_id: entry.message}


def test_a_create_that_would_get_another_account_or_label_is_not_what_was_shown() -> None:
    world = World()
    google_id = world.add_google("Ben", "Okafor", "ben@x.test", organizations=[{"name": "Acme"}])
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    found, actions = preview(world)
    assert len(actions) == 2
    world.sugar.add_account("Acme")
    apply(world, found.id, sugar_id)
    assert moved(world, found.id) == {google_id: "It changed in the meantime."}
    found, _ = preview(world)
    label = world.google.add_group(world.first.sub, "Work")
    world.set(google_label=label)
    apply(world, found.id, google_id)
    assert moved(world, found.id) == {sugar_id: "It changed in the meantime."}
    assert world.writes() == 0


def test_of_records_that_are_alike_the_one_that_was_shown_is_created() -> None:
    world = World()
    for _ in range(2):
        for number in range(8):
            world.add_google("Twin", f"N{number}", f"t{number}@x.test")
        world.sync("inventory")
        world.clock.advance(minutes=1)
    found, _ = preview(world)
    assert found.counts == {"sugar_created": 8, "quarantined": 8}
    apply(world, found.id)
    assert moved(world, found.id) == {}
    assert len(world.sugar_contacts()) == len(world.backlog()) == 8
