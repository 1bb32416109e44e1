"""The first sync of two large books, killed and restarted again and again, ends as if nothing had happened."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from tests.world import Crash, World

from contact_sync.contacts.mapping import State

IN_SUGAR, IN_GOOGLE, IN_BOTH = 5_000, 3_000, 1_000
PEOPLE = IN_SUGAR + IN_GOOGLE - IN_BOTH
KILLS = 5


def two_books() -> World:
    """A user who syncs everything both ways; nobody has synced anything yet."""
    world = World()
    world.set(sugar_scope="all")
    world.sugar.load(
        {
            "first_name": "Ada",
            "last_name": f"No {number:05}",
            "email": address(number),
            "title": "Clerk",
            "date_modified": "2026-01-05T10:00:00+00:00",
        }
        for number in range(IN_SUGAR)
    )
    world.google.load(
        world.first.sub,
        (
            {
                "names": [{"givenName": "Ada", "familyName": f"No {number:05}"}],
                "emailAddresses": [{"value": address(number)}],
            }
            for number in range(IN_SUGAR - IN_BOTH, PEOPLE)
        ),
    )
    return world


def address(number: int) -> str:
    return f"{number}@x.test"


def run_to_the_end(world: World, disturb: Callable[[int], None]) -> int:
    """Deliver task after task until none is left; a task whose process died is delivered again. Counts the deaths."""
    deaths = 0
    for number in itertools.count(1):
        disturb(number)
        try:
            world.sync("continue")
        except Crash:
            deaths += 1
            world.clock.advance(minutes=16)
            world.engine = world.make_engine()
            continue
        finally:
            calm(world)
        world.clock.advance(seconds=30)
        if not world.tasks:
            return deaths
        world.tasks.clear()
    raise AssertionError("unreachable")


def calm(world: World) -> None:
    for transport in (world.sugar_transport, world.google_transport):
        transport.before = transport.after = None
    world.firestore.before_commit = world.firestore.after_commit = None


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_seven_thousand_people_are_on_both_sides_once_whatever_dies_on_the_way() -> None:
    world = two_books()
    chance = random.Random(20_260_302)
    runs = {1, *chance.sample(range(2, PEOPLE // 100), KILLS - 1)}

    def kill_some(number: int) -> None:
        if number not in runs:
            return
        transports = (world.sugar_transport, world.google_transport)
        places: list[tuple[Any, str]] = [
            *itertools.product(transports, ("before", "after")),
            *itertools.product((world.firestore,), ("before_commit", "after_commit")),
        ]
        place, when = chance.choice(places)
        setattr(place, when, dies_at(chance.randint(1, 2 if number > 1 else 4)))

    assert run_to_the_end(world, kill_some) == KILLS
    world.settle()
    expected = [address(number) for number in range(PEOPLE)]
    assert Counter(entry["email_address"] for c in world.sugar_contacts() for entry in c["email"]) == Counter(
        expected
    )
    assert Counter(e["value"] for c in world.google_contacts() for e in c["emailAddresses"]) == Counter(
        expected
    )
    assert len(world.sugar_contacts()) == len(world.google_contacts()) == PEOPLE
    mappings = world.all_mappings().values()
    assert Counter(mapping.state for mapping in mappings) == {State.LINKED: PEOPLE}
    assert len({mapping.google_id for mapping in mappings}) == PEOPLE
    assert world.backlog() == []
    assert sum(write.verb == "POST" for write in world.sugar.writes) == IN_GOOGLE - IN_BOTH
    assert sum("reate" in write.method for write in world.google.writes) == IN_SUGAR - IN_BOTH
    titles = Counter(o["title"] for c in world.google_contacts() for o in c.get("organizations", ()))
    assert titles == {"Clerk": IN_SUGAR}


def dies_at(k: int) -> Callable[..., None]:
    """A hook at whose k-th call the process dies."""
    counter = itertools.count(1)

    def die(*_args: Any) -> None:
        if next(counter) == k:
            raise Crash

    return die
