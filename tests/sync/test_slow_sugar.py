"""A slow Sugar makes runs slow and not futile: each leaves less to do, and what is found out about it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.sync.big_book import link_many
from tests.sync.situations import everything_on, google_title
from tests.world import Crash, World

from contact_sync.contacts.side import Side
from contact_sync.errors import TransientForAll
from contact_sync.store import system
from contact_sync.store.write import Kind, Write
from contact_sync.sync import orders

LIMIT = 50.0


@contextmanager
def timeouts(world: World) -> Iterator[list[str]]:
    """The calls to Sugar that took longer than one may."""
    found: list[str] = []
    app = world.sugar_transport.app

    def watched(environ: dict[str, object], start: object) -> object:
        try:
            return app(environ, start)
        except TimeoutError:
            found.append(str(environ["PATH_INFO"]))
            raise

    world.sugar_transport.app = watched  # type: ignore[assignment]
    yield found
    world.sugar_transport.app = app


def edited(count: int) -> tuple[World, list[tuple[str, str]]]:
    """Linked contacts whose Sugar side was edited."""
    world = everything_on(overflow="next_period")
    pairs = link_many(world, count)
    for sugar_id, _ in pairs:
        world.sugar.edit_contact(sugar_id, title="New")
    return world, pairs


def shown(world: World, pairs: list[tuple[str, str]]) -> int:
    return sum(google_title(world, google_id) == "New" for _, google_id in pairs)


def run_on(world: World, runs: int, trigger: str = "schedule") -> None:
    """Run after run, each by a process of its own."""
    for _ in range(runs):
        world.clock.advance(minutes=5)
        world.engine = world.make_engine()
        try:
            world.sync(trigger)
        except TransientForAll:
            continue


@pytest.mark.parametrize(("seconds", "runs"), [(0.55, 2), (5.0, 5), (20.0, 12)])
def test_edits_get_through_however_slow_a_record_is_read(seconds: float, runs: int) -> None:
    world, pairs = edited(30)
    world.sugar.item_latency = seconds
    run_on(world, runs)
    assert shown(world, pairs) == 30


@pytest.mark.parametrize("seconds", [0.55, 5.0])
def test_once_it_is_known_how_slow_it_is_no_read_runs_into_its_limit(seconds: float) -> None:
    world, pairs = edited(110)
    world.sugar.item_latency = seconds
    run_on(world, 3)
    for sugar_id, _ in pairs:
        world.sugar.edit_contact(sugar_id, title="Newer")
    with timeouts(world) as found:
        run_on(world, 3)
    assert found == []


def test_what_is_known_survives_the_process_and_is_given_up_when_sugar_is_quick_again() -> None:
    world, pairs = edited(110)
    world.sugar.item_latency = 0.55
    run_on(world, 2)
    known = system.load_metadata(world.db)
    assert known is not None and known.portions["reads"] * 0.55 < LIMIT
    world.sugar.item_latency = 0.0
    for number in range(3):
        for sugar_id, _ in pairs:
            world.sugar.edit_contact(sugar_id, title=f"Title {number}")
        run_on(world, 2)
    known = system.load_metadata(world.db)
    assert known is not None and known.portions["reads"] == 150


def test_a_book_is_taken_in_although_every_row_of_a_list_takes_long() -> None:
    world = World()
    for number in range(150):
        world.add_sugar(first_name="Ada", last_name=f"No {number:03}", email=f"{number}@x.test")
    world.sugar.row_latency = 1.1
    run_on(world, 6, "continue")
    world.sugar.row_latency = 0.0
    run_on(world, 2, "continue")
    assert len(world.google_contacts()) == 150


def test_a_look_that_takes_too_long_is_tried_with_less_by_whoever_comes_next() -> None:
    """The very first call of a new instance: nothing is known of it yet."""
    world = World()
    for number in range(150):
        world.add_sugar(first_name="Ada", last_name=f"No {number:03}", email=f"{number}@x.test")
    world.sugar.row_latency = 2.5
    run_on(world, 3, "continue")
    assert world.user().cursors.position is not None or world.user().cursors.full_at is not None


def test_a_preview_is_made_and_applied_however_slow_a_record_is_read() -> None:
    world, pairs = edited(30)
    world.sync("preview", run_id=(preview := orders.order_preview(world.engine, world.first.sub)))
    run = orders.order_apply(world.engine, world.first.sub, preview, ())
    world.sugar.item_latency = 5.0
    for _ in range(5):
        world.engine = world.make_engine()
        world.sync("apply", run_id=run)
        world.clock.advance(minutes=5)
    assert shown(world, pairs) == 30


def test_what_an_interrupted_run_planned_is_settled_bit_by_bit() -> None:
    world = everything_on()
    pairs = link_many(world, 60)
    world.set(conflict="sugar")
    world.settle()
    for sugar_id, google_id in pairs:
        world.sugar.edit_contact(sugar_id, title="New")
        world.edit_google(google_id, organizations=[{"title": "Lost"}])
    with pytest.raises(Crash), world.dying(Side.GOOGLE, 3, "before"):
        world.sync()
    assert world.user().planned_run is not None
    world.clock.advance(minutes=10)
    world.sugar.item_latency = 6.0
    run_on(world, 8)
    assert (world.user().planned_run, shown(world, pairs)) == (None, 60)


def test_what_an_earlier_version_kept_about_the_instance_is_read() -> None:
    world = World()
    old = {"lengths": {"last_name": 100}, "fetched_at": world.clock.now(), "chunk": 50}
    world.db.commit([Write("system/sugar_metadata", Kind.SET, old)])
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.sync()
    known = system.load_metadata(world.db)
    assert known is not None
    assert (known.chunk, known.lengths, world.google_names()) == (50, {"last_name": 100}, ["Ana Ruiz"])


def test_one_record_that_never_answers_holds_up_nobody() -> None:
    world, pairs = edited(12)
    stuck = pairs[4][0]

    def hang(_verb: str, path: str) -> None:
        if path.endswith(stuck):
            world.clock.sleep(LIMIT)
            raise TimeoutError

    world.sugar.before_item = hang
    run_on(world, 4)
    assert shown(world, pairs) == 11
    world.sugar.before_item = None
    run_on(world, 4)
    assert shown(world, pairs) == 12
