"""A book in which chance decided what happened to every contact since the last sync, and who is new on either side."""

from __future__ import annotations

import random

from tests.sync.ordering import set_switches
from tests.world import World

SINCE = (
    "edited in Sugar",
    "edited in Google",
    "edited in both",
    "in conflict",
    "deleted in Sugar",
    "deleted in Google",
    "deleted in both",
    "deleted in Sugar and edited in Google",
    "out of scope",
    "untouched",
)
NEW = (
    "in Sugar",
    "in Google",
    "in both",
    "nameless",
    "twins in Sugar",
    "twins in Google",
    "one for two in Google",
    "known company",
    "unknown company",
)
PHONE = {"value": "+34600100200", "type": "mobile"}


def mixed_book(chance: random.Random, size: int) -> World:
    """So many linked contacts, each with something that happened to it, and about as many new ones."""
    world = World()
    set_switches(world)
    world.sugar.add_user("bob", id="user-bob")
    world.sugar.add_account("Acme")
    linked = [
        world.add_sugar(first_name="Lin", last_name=f"Ked{n:02}", email=f"l{n}@x.test", title="Clerk")
        for n in range(size)
    ]
    world.settle()
    world.clock.advance(minutes=20)
    for sugar_id in linked:
        _happened(world, chance.choice(SINCE), sugar_id, world.mapping(sugar_id).google_id)
        world.clock.advance(seconds=chance.randrange(3))
    for n in range(size):
        _appeared(world, chance.choice(NEW), n)
        if chance.random() < 0.2:
            world.sync("inventory")
            world.clock.advance(minutes=chance.randrange(3))
    return world


def _happened(world: World, what: str, sugar_id: str, google_id: str) -> None:
    if what in ("edited in Sugar", "edited in both", "in conflict"):
        world.sugar.edit_contact(sugar_id, title="CTO")
        world.clock.advance(seconds=1)
    if what in ("deleted in Sugar", "deleted in both", "deleted in Sugar and edited in Google"):
        world.sugar.delete_contact(sugar_id)
    if what in ("edited in Google", "edited in both"):
        world.edit_google(google_id, phoneNumbers=[PHONE])
    if what in ("in conflict", "deleted in Sugar and edited in Google"):
        world.edit_google(google_id, organizations=[{"title": "Cook"}])
    if what in ("deleted in Google", "deleted in both"):
        world.delete_google(google_id)
    if what == "out of scope":
        world.sugar.edit_contact(sugar_id, assigned_user_id="user-bob")


def _appeared(world: World, what: str, n: int) -> None:
    last, email = f"Comer{n:02}", f"n{n}@x.test"
    in_sugar = {"in Sugar": 1, "in both": 1, "one for two in Google": 1, "twins in Sugar": 2}.get(what, 0)
    in_google = {"in Google": 1, "in both": 1, "one for two in Google": 2, "twins in Google": 2}.get(what, 0)
    for _ in range(in_sugar):
        world.add_sugar(first_name="New", last_name=last, email=email, title="Chef")
    for _ in range(in_google):
        world.add_google("New", last, email, phoneNumbers=[PHONE])
    if what == "nameless":
        world.add_google(phoneNumbers=[{"value": f"+34 600 200 2{n:02}", "type": "mobile"}])
    if what.endswith("company"):
        company = "Acme" if what.startswith("known") else "Nobody Inc"
        world.add_google("New", last, email, organizations=[{"name": company}])
