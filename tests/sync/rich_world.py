"""A small world in which one run has everything to do, and its settled state as values that can be compared.

Ids differ from world to world, so people are told apart by their e-mail addresses.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from tests.world import WITH_DELETES, World

from contact_sync.contacts import google_person, sugar_record
from contact_sync.contacts.contact import FIELDS, Contact
from contact_sync.contacts.mapping import State
from contact_sync.contacts.normal_form import EMPTY, comparison_key
from contact_sync.contacts.side import Side
from contact_sync.errors import TransientForAll

BACK_OFF = timedelta(seconds=30)
"""How long the queue waits before it delivers a failed task again."""
LINKED = ("ann", "bob", "cid", "dan", "eve", "fay")
People = Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Settled:
    """What a settled world comes to: both sides and what is remembered of them, by person."""

    sugar: People
    google: People
    states: Mapping[str, str]
    backlog: tuple[tuple[str, str], ...]
    deletions: Mapping[tuple[str, str], int]
    """How often the history tells, with the whole record, that this person was deleted on this side."""
    losses: Mapping[tuple[str, str, str], int]
    """How often the history tells that this side's value of a field lost a conflict."""


def rich_world(*, delay: float = 0.0) -> World:
    """Six linked people, then edits, deletions and new contacts on both sides, and one person on both, unlinked.
    `delay`: seconds by which Google's feed lags.

    The next run creates, updates and deletes both ways, decides a conflict and merges for the first time.
    """
    world = World(propagation_delay=delay)
    world.set(
        from_sugar=WITH_DELETES.from_sugar,
        from_google=WITH_DELETES.from_google,
        overflow=WITH_DELETES.overflow,
    )
    ids = {
        name: world.add_sugar(first_name=name.title(), last_name="Old", email=f"{name}@x.test", title="Clerk")
        for name in LINKED
    }
    world.settle()
    at_google = {name: world.mapping(ids[name]).google_id for name in LINKED}
    world.sugar.edit_contact(ids["ann"], title="Chief")
    world.edit_google(at_google["bob"], phoneNumbers=[{"value": "+34600100200", "type": "mobile"}])
    world.sugar.edit_contact(ids["cid"], title="Baker", department="Bread")
    world.clock.advance(minutes=1)
    born = {"date": {"year": 1980, "month": 2, "day": 3}}
    world.edit_google(at_google["cid"], organizations=[{"title": "Cook"}], birthdays=[born])
    world.sugar.delete_contact(ids["dan"])
    world.delete_google(at_google["eve"])
    for name in ("gus", "hal"):
        world.add_sugar(first_name=name.title(), last_name="Sugar", email=f"{name}@x.test", title="Smith")
        world.add_google(name.title(), "Google", f"{name}@google.test")
    world.add_sugar(first_name="Ivy", last_name="Both", email="ivy@x.test", title="Nurse")
    phone = {"value": "+34611222333", "type": "work"}
    world.add_google("Ivy", "Both", "ivy@x.test", phoneNumbers=[phone])
    world.clock.advance(minutes=1, seconds=delay)
    world.forget_calls()
    return world


def settled(world: World) -> Settled:
    """The state of both sides and of what is stored, without ids; fails if anybody is there twice."""
    user_mappings = world.all_mappings().values()
    entries = world.history()
    return Settled(
        sugar=_people(sugar_record.read(record, None) for record in world.sugar_contacts()),
        google=_people(google_person.read(person, None) for person in world.google_contacts()),
        states={
            mapping.name: str(mapping.state) for mapping in user_mappings if mapping.state is not State.GONE
        },
        backlog=tuple(sorted((entry.cause, entry.name) for entry in world.backlog())),
        deletions=Counter(
            (str(entry.side), _whose(entry.before)) for entry in entries if entry.action == "delete"
        ),
        losses=Counter(
            (str(entry.side), change.field, change.lost)
            for entry in entries
            for change in entry.changes
            if change.lost is not None
        ),
    )


def assert_sound(world: World) -> None:
    """Each id is in one mapping at most, nothing is under way, planned or due, and the bases agree with both sides."""
    live = [mapping for mapping in world.all_mappings().values() if mapping.state is not State.GONE]
    google_ids = [mapping.google_id for mapping in live if mapping.google_id]
    assert len(google_ids) == len(set(google_ids))
    user = world.user()
    assert (user.planned_run, user.lease, user.pending) == (None, None, None)


def after_the_storm(world: World) -> Settled:
    """What a fresh process makes of the world that a dead run left behind, once its lease and all doubt are over."""
    world.clock.advance(minutes=16)
    world.engine = world.make_engine()
    world.settle()
    assert_sound(world)
    return settled(world)


def deliver_tasks(world: World, task: Mapping[str, Any] | None = None) -> None:
    """Do as the queue does: deliver each task at its time, again if it failed, until none is left."""
    due = [(world.clock.now(), 0, dict(task or {"trigger": "manual"}))]
    for number in range(1, 100):
        due += [(at or world.clock.now(), number, dict(payload)) for payload, _, at in world.tasks]
        world.tasks.clear()
        if not due:
            return
        due.sort(key=lambda item: item[:2])
        at, _, asked = due.pop(0)
        world.clock.time = max(world.clock.time, at)
        try:
            world.sync(asked["trigger"], run_id=asked.get("run"), attempt=asked.get("attempt", 0))
        except TransientForAll:
            due.append((world.clock.now() + BACK_OFF, 0, asked))
    raise AssertionError("the tasks never end")


def uninterrupted(build: Callable[[], World] = rich_world) -> Settled:
    """The settled state of the same world when nothing goes wrong."""
    world = build()
    world.sync()
    return after_the_storm(world)


@dataclass
class AtCall:
    """A hook that does something once, ahead of the k-th call."""

    k: int
    act: Callable[[], object]
    calls: int = 0

    def __call__(self, _request: Any) -> None:
        self.calls += 1
        if self.calls == self.k:
            self.act()


def interrupted(act: Callable[[World], object]) -> Iterator[tuple[str, World, dict[str, Any]]]:
    """The rich world once for every outside call of its run, with something done just ahead of that call."""
    for side in Side:
        for k in itertools.count(1):
            world = rich_world()
            transport = world.sugar_transport if side is Side.SUGAR else world.google_transport
            transport.before = hook = AtCall(k, partial(act, world))
            summary = world.sync()
            transport.before = None
            if hook.calls < k:
                break
            yield f"call {k} to {side}", world, summary


def _people(contacts: Iterable[Contact]) -> People:
    found: dict[str, tuple[Any, ...]] = {}
    for contact in contacts:
        key = ",".join(sorted(contact.emails or ()))
        assert key not in found, f"{key} is there twice"
        found[key] = tuple(
            comparison_key(
                name, value if (value := getattr(contact, name)) is not None else getattr(EMPTY, name)
            )
            for name in FIELDS
        )
    return found


def _whose(before: Mapping[str, Any] | None) -> str:
    """The address in a whole record of either side, as the history keeps it."""
    record = before or {}
    kind = sugar_record if "email" in record else google_person
    contact = kind.read(record, None)
    return ",".join(contact.emails or ())
