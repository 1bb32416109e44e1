"""Tasks delivered twice, runs at once, a lost lease, two processes: it all equals one run after another."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from tests.sync.rich_world import Settled, after_the_storm, interrupted, rich_world, uninterrupted
from tests.world import Crash, World, link, replace

from contact_sync.contacts.side import Side
from contact_sync.sync.engine import in_parallel


@pytest.fixture(scope="module")
def undisturbed() -> Settled:
    """How the rich world settles when nothing happens to it."""
    return uninterrupted()


@pytest.fixture(scope="module")
def writes_needed() -> int:
    """The writes that the rich world needs."""
    world = rich_world()
    before = world.writes()
    world.sync()
    return world.writes() - before


# Deliveries


def test_every_task_delivered_twice_equals_once(undisturbed: Settled, writes_needed: int) -> None:
    world = rich_world()
    before = world.writes()
    pending: list[dict[str, Any]] = [{"trigger": "manual", "run": "asked"}]
    delivered = 0
    while pending:
        task = pending.pop(0)
        for _ in range(2):
            world.sync(task["trigger"], run_id=task.get("run"), attempt=task.get("attempt", 0))
            delivered += 1
        world.clock.advance(minutes=11)
        pending += [dict(payload) for payload, _, _ in world.tasks]
        world.tasks.clear()
        assert delivered < 20
    assert world.writes() - before == writes_needed
    assert after_the_storm(world) == undisturbed


def test_a_backlog_of_batches_delivered_twice_and_late_is_worked_off_once() -> None:
    world = World()
    for number in range(230):
        world.add_sugar(first_name="Ada", last_name=f"No {number:03}", email=f"{number}@x.test")
    pending: list[dict[str, Any]] = [{"trigger": "manual"}, {"trigger": "hook"}]
    while pending:
        task = pending.pop()
        world.sync(task["trigger"], attempt=task.get("attempt", 0))
        pending += [dict(payload) for payload, _, _ in world.tasks for _ in range(2)]
        world.tasks.clear()
    assert len(world.google_contacts()) == 230
    assert sum("reate" in write.method for write in world.google.writes) == 230


def test_the_same_run_asked_for_twice_tells_both_its_stories() -> None:
    """A task delivered again after a new edit must not overwrite what the history says of the first."""
    world = World()
    sugar_id, google_id = link(world)
    for title in ("Chief", "Captain"):
        world.sugar.edit_contact(sugar_id, title=title)
        world.clock.advance(minutes=1)
        world.sync(run_id="asked")
    told = [change.after for entry in world.history() for change in entry.changes if change.field == "title"]
    assert sorted(told) == ["Captain", "Chief"]


# Runs at once


@pytest.mark.parametrize("trigger", ["schedule", "manual"])
def test_a_second_run_at_any_outside_call_changes_nothing(
    undisturbed: Settled, writes_needed: int, trigger: str
) -> None:
    for where, world, _ in interrupted(lambda world: world.sync(trigger, engine=world.make_engine())):
        after = world.writes()
        assert after_the_storm(world) == undisturbed, where
        assert world.writes() == after, where


def test_a_held_lease_ends_a_scheduled_run_and_turns_others_into_one_successor() -> None:
    world = rich_world()
    seen: list[Any] = []

    def ask_again(_request: Any) -> None:
        if not world.user().lease or seen:
            return
        lease = world.user().lease
        engine = world.make_engine()
        seen.extend(
            [world.sync(trigger, engine=engine) for trigger in ("schedule", "hook", "manual", "manual")]
        )
        assert world.user().lease == replace(lease, again=True)
        [(payload, _, at)] = world.tasks
        assert (payload["trigger"], at) == ("hook", lease.until)

    world.google_transport.before = ask_again
    summary = world.sync()
    assert {run["phase"] for run in seen} == {"busy"}
    assert {run["run"] for run in seen} == {summary["run"]}
    [_, (payload, _, at)] = world.tasks
    assert (payload["trigger"], at) == ("continue", None)


def test_a_scheduled_run_that_meets_a_held_lease_asks_for_nothing() -> None:
    world = rich_world()
    phases: list[str] = []

    def look_in(_request: Any) -> None:
        if world.user().lease:
            phases.append(world.sync("schedule", engine=world.make_engine())["phase"])
            assert not world.user().lease.again

    world.google_transport.before = look_in
    world.sync()
    assert set(phases) == {"busy"}
    assert world.tasks == []


def test_a_run_that_lost_its_lease_records_nothing(undisturbed: Settled) -> None:
    """The process is held up in the middle; another one takes over, and the first finds out when it wakes."""
    lost = 0
    recorded: list[Any] = []

    def take_over(world: World) -> None:
        world.clock.advance(minutes=6)
        world.sync(engine=world.make_engine())
        recorded.append(stored(world))

    for where, world, summary in interrupted(take_over):
        if summary["phase"] == "lost":
            lost += 1
            assert stored(world) == recorded[-1], where
        assert after_the_storm(world) == undisturbed, where
    assert lost >= 8


def test_a_run_whose_time_is_over_begins_no_outside_call(undisturbed: Settled) -> None:
    held: list[bool] = []

    def hold_up(world: World) -> None:
        held.append(world.user().lease is not None)
        world.clock.advance(minutes=4, seconds=1)
        world.forget_calls()

    for where, world, _ in interrupted(hold_up):
        if held[-1]:
            assert world.calls() == (0, 0), where
        assert after_the_storm(world) == undisturbed, where
    assert held.count(True) >= 8


# Both sides at once


def test_talking_to_both_sides_at_once_equals_one_after_the_other(undisturbed: Settled) -> None:
    world = rich_world()
    world.engine = world.make_engine(both=in_parallel)
    world.sync()
    assert after_the_storm(world) == undisturbed


@pytest.mark.parametrize("side", list(Side))
def test_a_process_that_dies_while_it_talks_to_both_sides_loses_and_doubles_nothing(
    undisturbed: Settled, side: Side
) -> None:
    for k in itertools.count(1):
        world = rich_world()
        world.engine = world.make_engine(both=in_parallel)
        with world.dying(side, k, "after"):
            try:
                world.sync()
                break
            except Crash:
                assert after_the_storm(world) == undisturbed, f"died after call {k} to {side}"
    assert k >= 3


# Several users, several processes


def test_users_do_not_influence_each_other(undisturbed: Settled) -> None:
    for where, world, _ in interrupted(_with_a_second_user):
        assert world.google_names(world.people["omar"]) == ["Ola Nord"], where
        found = after_the_storm(world)
        others = {key: values for key, values in found.sugar.items() if key != "ola@x.test"}
        assert replace(found, sugar=others) == undisturbed, where


def test_a_user_without_access_does_not_stop_another() -> None:
    world = World()
    omar = world.add_person("omar")
    world.add_sugar(omar, first_name="Ola", last_name="Nord", email="ola@x.test")
    world.google.revoke_grant(world.first.sub)
    world.sync()
    world.settle(omar)
    assert world.user().connection == "reconnect"
    assert world.google_names(omar) == ["Ola Nord"]


def test_two_processes_share_sugars_sessions_and_evict_nobody() -> None:
    world = World()
    link(world)
    one, other = world.make_engine(), world.make_engine()
    world.sugar.forget_calls()
    for _ in range(6):
        world.clock.advance(minutes=15)
        for engine in (one, other):
            assert world.sync(engine=engine)["phase"] == "idle"
    logins = [path for _, path in world.sugar.calls if path.startswith("/oauth2")]
    # An access token lives an hour: one renewal of the shared pair and one sudo token, not two of each.
    assert len(logins) <= 4
    assert not any("password" in path for path in logins)


def test_two_processes_whose_tokens_die_at_once_renew_them_once() -> None:
    world = rich_world()
    world.sugar.revoke_tokens()
    other = world.make_engine()
    calls = itertools.count(1)

    def second(_request: Any) -> None:
        if next(calls) == 2:
            world.sync("schedule", engine=other)

    world.sugar.forget_calls()
    world.sugar_transport.before = second
    world.sync()
    world.sugar_transport.before = None
    world.settle()
    assert world.google_names() == world.sugar_names()
    assert sum(path == "/oauth2/token" for _, path in world.sugar.calls) <= 2


def stored(world: World) -> Any:
    """What is stored of the user and their contacts."""
    return world.user(), world.all_mappings(), world.all_entries(), world.backlog(), world.history()


def _with_a_second_user(world: World) -> None:
    omar = world.add_person("omar")
    world.add_sugar(omar, first_name="Ola", last_name="Nord", email="ola@x.test")
    assert world.sync(person=omar, engine=world.make_engine())["error"] is None
