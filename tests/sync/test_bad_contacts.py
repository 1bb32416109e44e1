"""One contact that cannot be written waits for a person, with the reason; everybody else converges."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from tests.sync.rich_world import assert_sound
from tests.world import WITH_DELETES, World, link

OTHERS = 99


class PickyGoogle:
    """Google, refusing whatever carries a certain text, as it does for values it has rules about."""

    def __init__(self, world: World, refused: bytes) -> None:
        self.app = world.google
        self.refused = refused
        world.google_transport.app = self

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        if self.refused not in body:
            environ["wsgi.input"] = type(environ["wsgi.input"])(body)
            return self.app(environ, start_response)
        start_response("400 Bad Request", [("Content-Type", "application/json; charset=UTF-8")])
        text = b'{"error": {"code": 400, "message": "Invalid value in person.organizations.", '
        return [text + b'"status": "INVALID_ARGUMENT"}}']


def test_a_contact_that_google_refuses_is_put_aside_and_the_other_99_are_created() -> None:
    world = World()
    PickyGoogle(world, b"Cursed")
    for number in range(OTHERS):
        world.add_sugar(first_name="Good", last_name=f"Person {number:02}", email=f"g{number}@x.test")
    bad = world.add_sugar(first_name="Bad", last_name="Person", email="bad@x.test", title="Cursed")
    world.settle()
    assert len(world.google_contacts()) == OTHERS
    [entry] = world.backlog()
    assert (entry.cause, entry.sugar_id, entry.field) == ("refused", bad, "organizations")
    assert "Invalid value" in entry.message
    assert entry.name == "Bad Person"


def test_a_contact_that_sugar_refuses_is_put_aside_and_the_other_99_are_created() -> None:
    world = World()
    for number in range(OTHERS):
        world.add_google("Good", f"Person {number:02}", f"g{number}@x.test")
    bad = world.add_google("Bad", "Person", "bad@x.test", biographies=[{"value": "x" * 70_000}])
    world.settle()
    assert len(world.sugar_contacts()) == OTHERS
    [entry] = world.backlog()
    assert (entry.cause, entry.google_id, entry.field) == ("refused", bad, "description")
    assert entry.sugar_id is None
    assert (entry.name, entry.records) == ("", None)


@pytest.mark.parametrize("others", [0, 9])
def test_an_update_that_google_refuses_is_put_aside_and_released_by_an_edit(others: int) -> None:
    world = World()
    picky = PickyGoogle(world, b"Cursed")
    ids = [world.add_sugar(first_name="Good", last_name=f"No {number}") for number in range(others)]
    sugar_id, google_id = link(world)
    for other in [*ids, sugar_id]:
        world.sugar.edit_contact(other, title="Cursed" if other == sugar_id else "Fine")
    world.settle()
    [entry] = world.backlog()
    assert (entry.cause, entry.sugar_id, entry.google_id) == ("refused", sugar_id, google_id)
    for other in ids:
        person = world.google_contact(world.mapping(other).google_id)
        assert person["organizations"][0]["title"] == "Fine"
    picky.refused = b"never"
    world.sugar.edit_contact(sugar_id, title="Blessed")
    world.settle()
    assert world.backlog() == []
    assert world.google_contact(google_id)["organizations"][0]["title"] == "Blessed"


def test_a_fifth_transient_failure_in_a_row_of_the_same_contact_puts_it_aside() -> None:
    world = World()
    ids = book(world, 9)
    sugar_id, google_id = link(world)
    for other in [*ids, sugar_id]:
        at_google = world.mapping(other).google_id
        world.edit_google(at_google, organizations=[{"title": "New"}])
    world.clock.advance(minutes=1)
    world.sugar.faults.add("500 db_error", f"/Contacts/{sugar_id}", "PUT", times=None)
    failures = []
    for _ in range(60):
        struck = len(world.sugar.faults.struck)
        world.sync()
        if len(world.sugar.faults.struck) > struck:
            failures.append(world.clock.now())
        world.clock.advance(minutes=1)
    waits = [
        (after - before).total_seconds() / 60 for before, after in zip(failures, failures[1:], strict=False)
    ]
    assert waits == [2, 4, 8, 16]
    [entry] = world.backlog()
    assert (entry.cause, entry.sugar_id, entry.attempts) == ("failing", sugar_id, 5)
    assert all(world.sugar.contact(other)["title"] == "New" for other in ids)
    assert world.sugar.contact(sugar_id)["title"] == ""
    assert world.google_contact(google_id)["organizations"][0]["title"] == "New"


def test_failures_that_are_not_in_a_row_put_nobody_aside() -> None:
    world = World()
    sugar_id, google_id = link(world)
    for number in range(6):
        world.edit_google(google_id, organizations=[{"title": f"Title {number}"}])
        world.clock.advance(minutes=1)
        world.sugar.faults.add("500 db_error", f"/Contacts/{sugar_id}", "PUT")
        world.settle()
        assert world.sugar.contact(sugar_id)["title"] == f"Title {number}"
    assert world.backlog() == []
    assert world.mapping(sugar_id).attempts == 0
    assert_sound(world)


def test_a_record_that_cannot_be_read_now_stops_nobody_and_is_not_deleted() -> None:
    world = World()
    world.set(from_sugar=WITH_DELETES.from_sugar)
    ids = book(world, 5)
    world.settle()
    for sugar_id in ids:
        world.sugar.edit_contact(sugar_id, title="New")
    world.sugar.faults.add("500 db_error", f"/Contacts/{ids[0]}", "GET", times=3)
    world.settle()
    titles = [person["organizations"][0]["title"] for person in world.google_contacts()]
    assert titles == ["New"] * 5
    assert_sound(world)


def book(world: World, count: int) -> list[str]:
    """Contacts of Sugar that nobody has anything against."""
    return [
        world.add_sugar(first_name="Good", last_name=f"No {number}", email=f"{number}@x.test")
        for number in range(count)
    ]
