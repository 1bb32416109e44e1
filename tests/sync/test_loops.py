"""Loops: something outside keeps changing a field back."""

from __future__ import annotations

from tests.sync.situations import causes, google_title, linked, sugar_title
from tests.world import World

from contact_sync.sync import resolve


def loop(world: World, sugar_id: str, google_id: str, times: int) -> None:
    """On each side something sets the title to its own value whenever it finds another one."""
    for _ in range(times):
        world.sugar.edit_contact(sugar_id, title="CEO")
        world.settle()
        world.edit_google(google_id, organizations=[{"title": "Boss"}])
        world.settle()


def test_a_field_that_comes_back_three_times_within_a_day_is_left_to_a_person() -> None:
    world, sugar_id, google_id = linked(title="Boss")
    loop(world, sugar_id, google_id, 3)
    assert causes(world) == []
    before = world.writes()
    loop(world, sugar_id, google_id, 3)
    (entry,) = world.backlog()
    assert (entry.cause, entry.field) == ("loop", "title")
    assert "CEO" in entry.message and "Boss" in entry.message
    assert world.writes() == before


def test_the_same_over_several_days_is_no_loop() -> None:
    world, sugar_id, google_id = linked(title="Boss")
    for _ in range(5):
        loop(world, sugar_id, google_id, 1)
        world.clock.advance(hours=13)
    assert causes(world) == []


def test_a_user_who_cannot_decide_is_no_loop() -> None:
    world, sugar_id, google_id = linked(title="Boss")
    for title in ["CEO", "Boss"] * 5:
        world.sugar.edit_contact(sugar_id, title=title)
        world.settle()
    assert (causes(world), google_title(world, google_id)) == ([], "Boss")


def test_a_write_that_fails_again_and_again_is_no_loop() -> None:
    world, sugar_id, google_id = linked()
    world.sugar.edit_contact(sugar_id, title="CEO")
    world.sync()
    world.sugar.edit_contact(sugar_id, title="")
    world.settle()
    world.google.faults.add("503", ":updateContact", times=None)
    world.sugar.edit_contact(sugar_id, title="CEO")
    for _ in range(6):
        world.sync()
        world.clock.advance(minutes=40)
    world.google.faults.clear()
    assert "loop" not in causes(world)
    resolve.release(world.db, world.first.sub, [entry.id for entry in world.backlog()])
    world.settle()
    assert google_title(world, google_id) == "CEO"


def test_a_released_loop_gets_another_chance() -> None:
    world, sugar_id, google_id = linked(title="Boss")
    loop(world, sugar_id, google_id, 6)
    assert causes(world) == ["loop"]
    resolve.release(world.db, world.first.sub, [entry.id for entry in world.backlog()])
    world.settle()
    assert causes(world) == []
    assert sugar_title(world, sugar_id) == google_title(world, google_id)
