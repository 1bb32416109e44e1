"""Worlds in which one contact stands in a given state, and what a scenario asks about it."""

from __future__ import annotations

from typing import Any

from tests.world import World, link, switches

from contact_sync.contacts.mapping import State
from contact_sync.store import users

ALL_ON = switches(su=True, sc=True, sd=True, gu=True, gc=True, gd=True)
NO_DELETES = switches(su=True, sc=True, gu=True, gc=True)
LISTING = 25.0
"""Hours after which the scope is listed again."""


def everything_on(**changes: Any) -> World:
    """A world with every switch on, and `changes` of the settings."""
    world = World()
    world.set(**{**ALL_ON, "overflow": "continue", **changes})
    world.settle()
    return world


def linked(world: World | None = None, **fields: Any) -> tuple[World, str, str]:
    """A linked contact: the world, its Sugar id, its Google id."""
    world = world or everything_on()
    return world, *link(world, **fields)


def unlinked_by_deletion(side: str) -> tuple[World, str, str]:
    """One side was deleted while the delete switches were off; they are on again now."""
    world, sugar_id, google_id = linked()
    world.set(**NO_DELETES)
    world.settle()
    if side == "google":
        world.delete_google(google_id)
    else:
        world.sugar.delete_contact(sugar_id)
    world.settle()
    world.set(**ALL_ON)
    world.settle()
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.missing.side) == (State.UNLINKED, side)
    return world, sugar_id, google_id


def out_of_scope() -> tuple[World, str, str]:
    """A contact that now belongs to somebody else."""
    world, sugar_id, google_id = linked()
    world.sugar.add_user("boss", id="user-boss")
    world.sugar.edit_contact(sugar_id, assigned_user_id="user-boss")
    list_again(world)
    assert world.mapping(sugar_id).state is State.OUT_OF_SCOPE
    return world, sugar_id, google_id


def gone() -> tuple[World, str, str]:
    """A contact that was deleted in Sugar and, for that, in Google."""
    world, sugar_id, google_id = linked()
    world.sugar.delete_contact(sugar_id)
    world.settle()
    assert world.mapping(sugar_id).state is State.GONE
    assert world.google_contact(google_id) is None
    return world, sugar_id, google_id


def refused() -> tuple[World, str, str]:
    """A contact in the backlog: Sugar refused to have its title changed, and would not any more."""
    world, sugar_id, google_id = linked()
    refuse_changes(world)
    world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.settle()
    world.sugar.faults.clear()
    assert causes(world) == ["refused"]
    return world, sugar_id, google_id


def refuse_changes(world: World) -> None:
    """A rule of the company's own has Sugar refuse every change of a contact."""
    world.sugar.faults.add("422 hook", "^/Contacts/", "PUT", times=None)


def list_again(world: World) -> None:
    """Let a day pass, so that the scope is listed, and settle."""
    world.clock.advance(hours=LISTING)
    world.settle()


def causes(world: World) -> list[str]:
    """The causes in the backlog, in order."""
    return sorted(entry.cause for entry in world.backlog())


def sugar_title(world: World, sugar_id: str) -> str:
    """The title that Sugar shows."""
    return str(world.sugar.contact(sugar_id)["title"])


def google_title(world: World, google_id: str) -> str:
    """The title that Google shows."""
    contact = world.google_contact(google_id)
    assert contact is not None
    return str(contact.get("organizations", [{}])[0].get("title", ""))


def restore_google(world: World, google_id: str) -> None:
    """Take the contact out of Google's trash."""
    world.google.restore_contact(world.first.sub, f"people/{google_id}")


def reconnect(world: World) -> None:
    """What the web function does to the cursors when a user connects again."""
    user = world.user()
    world.db.commit([users.update(user.id, connection="connected", cursors__deletes_on={})])


def at_one_address(world: World, *firsts: str, address: str = "info@x.test") -> dict[str, tuple[str, str]]:
    """Linked colleagues, made in Sugar, with their ids by first name."""
    ids = {first: world.add_sugar(first_name=first, last_name="Ruiz", email=address) for first in firsts}
    world.settle()
    pairs = {first: (sugar_id, world.mapping(sugar_id).google_id) for first, sugar_id in ids.items()}
    assert all(google_id for _, google_id in pairs.values())
    return pairs
