"""A synced world in which the user disconnects, and how it is told that the disconnect came to its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.world import CONTACTS_SCOPE, WITH_DELETES, World

from contact_sync.config import Config
from contact_sync.contacts.side import Side
from contact_sync.errors import TransientForAll, UserMustAct
from contact_sync.services.google_oauth import Grant
from contact_sync.store import google_index, history, runs, users
from contact_sync.store.records import Tokens
from contact_sync.sync.disconnect import order_disconnect
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.work import work
from contact_sync.web import account
from contact_sync.web.site import Site

CREATED = ("Ana", "Bo", "Cy")


@dataclass
class SyncedWorld(World):
    """Three contacts that the sync created in Google, one it linked there, and one it created in Sugar."""

    refresh: str = ""
    """The grant that the world began with."""


def synced_world(**more: Any) -> SyncedWorld:
    world = SyncedWorld(**more)
    world.refresh = users.load(world.db, world.cipher, world.first.sub).tokens.google_refresh or ""
    world.set(from_sugar=WITH_DELETES.from_sugar, from_google=WITH_DELETES.from_google)
    for name in CREATED:
        world.add_sugar(first_name=name, last_name="Sugar", email=f"{name.lower()}@x.test")
    world.add_sugar(first_name="Di", last_name="Both", email="di@x.test")
    world.add_google("Di", "Both", "di@x.test")
    world.add_google("Ed", "Google", "ed@x.test")
    world.clock.advance(seconds=world.propagation_delay)
    world.settle()
    world.tasks.clear()
    return world


def deliver(world: World, most: int = 40) -> list[dict[str, Any]]:
    """Do as the queue does: each task at its time, again if it failed, until none is left."""
    summaries: list[dict[str, Any]] = []
    due = [(at or world.clock.now(), payload) for payload, _, at in world.tasks]
    world.tasks.clear()
    for _ in range(most):
        if not due:
            return summaries
        due.sort(key=lambda task: task[0])
        at, payload = due.pop(0)
        world.clock.time = max(world.clock.time, at)
        try:
            summaries.append(work(world.engine, WorkerRequest(**payload)))
        except TransientForAll:
            due.append((world.clock.now() + timedelta(seconds=30), payload))
        due += [(at or world.clock.now(), payload) for payload, _, at in world.tasks]
        world.tasks.clear()
    raise AssertionError("the tasks never end")


def disconnect(world: World, delete: Any = "created", count: int | None = None) -> str:
    run = order_disconnect(world.engine, world.first.sub, delete, count)
    deliver(world)
    return run


def progress(world: World, run: str) -> Any:
    return runs.get(world.db, world.first.sub, run)


def states(world: World) -> dict[str, str]:
    return {mapping.name: str(mapping.state) for mapping in world.all_mappings().values()}


def deleted(world: World) -> list[str]:
    """Who was deleted in Google, with the whole record, by the history; fails if anybody is told twice."""
    told = [entry for entry in world.history() if entry.action == "delete" and entry.side is Side.GOOGLE]
    names = [entry.before["names"][0]["givenName"] for entry in told if entry.before]
    assert len(names) == len(told) == len(set(names))
    return sorted(names)


def nothing_kept(world: SyncedWorld) -> bool:
    """No tokens here, and those that were here are of no use."""
    stored = users.load(world.db, world.cipher, world.first.sub)
    try:
        world.engine.oauth.refresh(world.refresh)
    except UserMustAct:
        return stored.tokens == Tokens() and stored.tokens_updated_at is None
    return False


def reconnect(world: SyncedWorld) -> None:
    """The user grants access again on our pages."""
    world.refresh = world.google.grant(world.first.sub)
    fresh = world.engine.oauth.refresh(world.refresh)
    granted = Grant(fresh.access, fresh.expires_at, world.refresh, (CONTACTS_SCOPE,), None)
    account.connect(Site(Config(), world.engine), world.first.sub, granted)


def ended(world: SyncedWorld, run: str) -> None:
    """The disconnect with `created` came to its end, whatever happened on the way."""
    assert world.google_names() == ["Di Both", "Ed Google"]
    assert len(world.sugar_contacts()) == 5
    assert deleted(world) == sorted(CREATED)
    assert states(world) == {
        **{f"{name} Sugar": "gone" for name in CREATED},
        "Di Both": "linked",
        "Ed Google": "linked",
    }
    assert history.planned(world.db, world.first.sub, run) == []
    user = world.user()
    assert (user.connection, user.disconnecting, user.lease) == ("disconnected", None, None)
    assert (user.planned_run, user.pending, user.next_sync_at) == (None, None, None)
    assert nothing_kept(world)
    found = progress(world, run)
    assert (found.phase, found.error, found.counts) == ("done", None, {"google_deleted": 3})
    assert len(google_index.ids(world.db, world.first.sub)) == 2
