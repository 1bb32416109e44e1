"""The order of what is due: nothing waits for the end of something large that came before it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.sync.big_book import link_many
from tests.sync.situations import causes, everything_on, google_title, refused
from tests.world import World, link

from contact_sync.contacts.mapping import Mapping
from contact_sync.store import previews
from contact_sync.sync import orders, resolve
from contact_sync.sync.due import Due, fair
from contact_sync.sync.resolve import FIRST

MANY = 250


def many_in_sugar(world: World) -> None:
    for number in range(MANY):
        world.add_sugar(first_name="Ada", last_name=f"No {number:03}", email=f"{number}@many.test")


def many_in_google(world: World) -> None:
    for number in range(MANY):
        world.add_google("Ada", f"No {number:03}", f"{number}@many.test")


@pytest.mark.parametrize("first_sync", [many_in_sugar, many_in_google])
def test_an_edit_arrives_with_the_next_run_beside_a_first_sync(first_sync: Any) -> None:
    world = everything_on(overflow="next_period")
    sugar_id, google_id = link(world)
    first_sync(world)
    world.sync()
    world.clock.advance(minutes=5)
    world.sugar.edit_contact(sugar_id, title="Urgent")
    world.clock.advance(minutes=5)
    assert world.sync()["waiting"] > 0
    assert google_title(world, google_id) == "Urgent"


def test_a_new_contact_arrives_with_the_next_run_beside_hundreds_of_edits() -> None:
    world = everything_on(overflow="next_period")
    for sugar_id, _ in link_many(world, MANY):
        world.sugar.edit_contact(sugar_id, title="Boss")
    world.sync()
    world.clock.advance(minutes=5)
    world.add_sugar(first_name="Brand", last_name="New", email="new@x.test")
    world.clock.advance(minutes=5)
    assert world.sync()["waiting"] > 0
    assert "Brand New" in world.google_names()


def test_what_a_person_released_goes_first() -> None:
    world, sugar_id, _ = refused()
    world.set(overflow="next_period")
    many_in_sugar(world)
    world.sync()
    (entry,) = world.backlog()
    resolve.release(world.db, world.first.sub, [entry.id])
    world.clock.advance(minutes=5)
    assert world.sync()["waiting"] > 0
    assert causes(world) == []
    assert world.sugar.contact(sugar_id)["title"] == "CEO"


def test_a_preview_shows_an_edit_beside_a_first_sync() -> None:
    world = everything_on(overflow="next_period")
    sugar_id, _ = link(world)
    many_in_sugar(world)
    world.sync()
    world.clock.advance(minutes=5)
    world.sugar.edit_contact(sugar_id, title="Urgent")
    run = orders.order_preview(world.engine, world.first.sub)
    world.sync("preview", run_id=run)
    page, _ = previews.actions(
        world.db, world.first.sub, run, world.clock.now(), kind="google_updated", limit=5
    )
    assert [action.sugar_id for action in page] == [sugar_id]


NOW = FIRST + timedelta(days=20_000)


def line(name: str, count: int, minute: int, *, released: int = 0) -> list[Due]:
    """Contacts of a kind, due one minute after the other; so many more are released."""
    times = [*[FIRST] * released, *(NOW + timedelta(minutes=minute + number) for number in range(count))]
    keys = [f"{name}{number:03}" for number in range(len(times))]
    return [Due(name, (at, key), Mapping(key, due_at=at)) for key, at in zip(keys, times, strict=True)]


def counted(chosen: list[Due]) -> tuple[int, int]:
    google = sum(one.line == "google" for one in chosen)
    return len(chosen) - google, google


@pytest.mark.parametrize(
    ("linked", "new", "expected"),
    [
        (line("s", 300, 0), line("google", 300, 1000), (80, 20)),
        (line("s", 300, 1000), line("google", 300, 0), (20, 80)),
        (line("s", 5, 1000), line("google", 300, 0), (5, 95)),
        (line("s", 300, 0), [], (100, 0)),
        (line("s", 30, 0), line("google", 30, 0), (30, 30)),
        (line("s", 0, 0, released=90), line("google", 300, 0), (90, 10)),
        (line("s", 300, 5, released=90), line("google", 300, 0), (95, 5)),
        (line("s", 300, 0, released=60), line("google", 300, 0, released=60), (40, 60)),
    ],
)
def test_some_of_every_kind_are_chosen(linked: Any, new: Any, expected: tuple[int, int]) -> None:
    assert counted(fair((linked, new), 100)) == expected


def test_the_same_is_chosen_whichever_kind_is_named_first() -> None:
    linked, new = line("s", 70, 3, released=4), line("google", 200, 0)
    one, other = fair((linked, new), 100), fair((new, linked), 100)
    assert one == other


@pytest.mark.parametrize("limit", [1, 2, 3, 39])
def test_a_short_choice_is_shared_alike(limit: int) -> None:
    chosen = fair((line("s", 50, 0), line("google", 50, 1000)), limit)
    assert counted(chosen) == (limit - limit // 2, limit // 2)
