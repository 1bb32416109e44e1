"""Something on either side keeps changing a field back: it is asked about, and only that contact waits."""

from __future__ import annotations

from tests.sync.situations import causes, google_title, linked, sugar_title
from tests.world import World, link


def argue(world: World, sugar_id: str, google_id: str, times: int) -> None:
    """A workflow in Sugar and an add-on in Google each insist on their title, in turns."""
    for _ in range(times):
        world.sugar.edit_contact(sugar_id, title="Sugar's")
        world.settle()
        world.edit_google(google_id, organizations=[{"title": "Google's"}])
        world.settle()


def test_a_field_that_comes_back_a_third_time_within_a_day_is_asked_about() -> None:
    world, sugar_id, google_id = linked()
    argue(world, sugar_id, google_id, 3)
    assert not causes(world)
    writes = world.writes()
    argue(world, sugar_id, google_id, 2)
    entry = world.backlog()[0]
    assert (entry.cause, entry.field, entry.sugar_id) == ("loop", "title", sugar_id)
    assert "Sugar's" in entry.message and "Google's" in entry.message
    assert world.writes() <= writes + 1


def test_the_others_go_on() -> None:
    world, sugar_id, google_id = linked()
    other, others_google = link(world, last="Okafor", email="ben@x.test")
    argue(world, sugar_id, google_id, 5)
    assert causes(world) == ["loop"]
    world.sugar.edit_contact(other, title="CEO")
    world.settle()
    assert google_title(world, others_google) == "CEO"


def test_an_argument_over_days_is_none() -> None:
    world, sugar_id, google_id = linked()
    for _ in range(6):
        argue(world, sugar_id, google_id, 1)
        world.clock.advance(hours=13)
    assert not causes(world)
    assert sugar_title(world, sugar_id) == google_title(world, google_id) == "Google's"
