"""What happens while a run works: a reconnect, lost keys, a death at any commit."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from tests.sync.rich_world import assert_sound
from tests.sync.situations import linked
from tests.world import CONTACTS_SCOPE, Crash, World

from contact_sync.store import runs, tokens, users
from contact_sync.store.cipher import Cipher
from contact_sync.store.records import RunRecord, Tokens


def test_a_reconnect_during_a_run_is_not_undone_by_its_end() -> None:
    world, sugar_id, _ = linked()
    world.sugar.edit_contact(sugar_id, title="CEO")
    done: list[int] = []

    def reconnect(request: Any) -> None:
        if "batchGet" not in request.url or done:
            return
        done.append(1)
        world.google.revoke_grant(world.first.sub)
        held = Tokens(google_refresh=world.google.grant(world.first.sub), google_scopes=(CONTACTS_SCOPE,))
        connected = users.update(world.first.sub, connection="connected", cursors__deletes_on={})
        world.db.commit([tokens.put(world.cipher, world.first.sub, held), connected])

    world.google_transport.before = reconnect
    world.sync()
    world.google_transport.before = None
    assert done
    assert world.user().connection == "connected"


def test_a_run_somebody_waits_for_is_told_over_when_the_tokens_cannot_be_read() -> None:
    world = World()
    now = world.clock.now()
    world.db.commit([runs.put(world.first.sub, RunRecord("r1", "manual", now, phase="queued"))])
    world.engine = world.make_engine(cipher=Cipher([("k2", b"z" * 32)]))
    world.sync("manual", run_id="r1")
    found = runs.get(world.db, world.first.sub, "r1")
    assert found is not None and found.finished is not None


@pytest.mark.parametrize("hook", ["before_commit", "after_commit"])
def test_a_process_that_dies_around_any_commit_of_a_first_sync_loses_and_doubles_nothing(hook: str) -> None:
    died = 0
    for k in itertools.count(1):
        world = World()
        for name in ("Ann", "Bob", "Cid"):
            world.add_sugar(first_name=name, last_name="Sugar", email=f"{name}@s.test")
            world.add_google(name, "Google", f"{name}@g.test")
        world.add_sugar(first_name="Ivy", last_name="Both", email="ivy@x.test")
        world.add_google("Ivy", "Both", "ivy@x.test")
        counter = itertools.count(1)

        def die(_request: Any, counter: Any = counter, k: int = k) -> None:
            if next(counter) == k:
                raise Crash

        setattr(world.firestore, hook, die)
        try:
            world.sync()
            over = True
        except Crash:
            over = False
        setattr(world.firestore, hook, None)
        if over:
            break
        died += 1
        world.clock.advance(minutes=16)
        world.engine = world.make_engine()
        world.settle()
        assert len(world.sugar_names()) == len(world.google_names()) == 7, f"died in {hook} {k}"
        assert world.sugar_names() == world.google_names()
        assert_sound(world)
    assert died >= 5
