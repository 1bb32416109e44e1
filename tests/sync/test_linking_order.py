"""Which records are linked does not depend on the order in which they were written or are met."""

from __future__ import annotations

import itertools

import pytest
from tests.sync.situations import causes, everything_on
from tests.world import World, switches

from contact_sync.contacts.mapping import State

# Two people of one name share an address with each other; one of them has an address of her own as well.
BOOK: dict[str, tuple[str, ...]] = {
    "sugar, shared": ("shared@x.test",),
    "sugar, own": ("shared@x.test", "own@x.test"),
    "google, shared": ("shared@x.test",),
    "google, own": ("own@x.test",),
}


def filled(order: tuple[str, ...]) -> tuple[World, dict[str, str]]:
    """A world without create switches in which these records were written in this order."""
    world = everything_on(**switches(su=True, gu=True))
    ids: dict[str, str] = {}
    for name in order:
        if name.startswith("sugar"):
            ids[name] = world.add_sugar(last_name="Ruiz", email=list(BOOK[name]))
        else:
            ids[name] = world.add_google("", "Ruiz", *BOOK[name])
        world.clock.advance(seconds=1)
    return world, ids


def links(world: World, ids: dict[str, str]) -> dict[str, str]:
    names = {key: name for name, key in ids.items()}
    return {
        name: names[mapping.google_id]
        for name, key in ids.items()
        if name.startswith("sugar") and (mapping := world.mapping(key)).state is State.LINKED
    }


@pytest.mark.parametrize("order", list(itertools.permutations(BOOK)), ids=lambda order: "-".join(order))
def test_an_address_of_ones_own_decides_and_leaves_the_shared_one_to_the_other(
    order: tuple[str, ...],
) -> None:
    world, ids = filled(order)
    world.settle()
    assert links(world, ids) == {"sugar, own": "google, own", "sugar, shared": "google, shared"}
    assert not causes(world)


def test_the_same_links_are_made_when_linking_is_allowed_only_later() -> None:
    for order in itertools.permutations(BOOK):
        world, ids = filled(order)
        world.set(**switches())
        world.settle()
        assert links(world, ids) == {}
        world.set(**switches(su=True, gu=True))
        world.settle()
        assert links(world, ids) == {"sugar, own": "google, own", "sugar, shared": "google, shared"}
