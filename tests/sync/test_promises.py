"""Promises of a run that no other test would miss."""

from __future__ import annotations

import itertools
import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from tests.sync.rich_world import after_the_storm, rich_world, uninterrupted
from tests.sync.situations import causes, gone, linked
from tests.world import World, switches

from contact_sync.contacts.mapping import State
from contact_sync.contacts.settings import Auto
from contact_sync.store.wire import Query
from contact_sync.sync import orders
from contact_sync.sync.engine import in_parallel
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.work import work

SECRETS = ("Zelda", "Quixote", "zelda", "+34999888777", "999888777")


def stored(world: World, *collections: str) -> str:
    """All documents of these collections of the user, as text."""
    sub = world.first.sub
    found = [world.db.query(Query(f"users/{sub}/{name}")) for name in collections]
    return json.dumps([document.data for documents in found for document in documents], default=str)


def test_a_google_contact_without_a_mapping_is_stored_without_name_or_address() -> None:
    world = World()
    world.sugar.edit_user(world.first.sugar_user, acl={"Contacts": {"create": "no"}})
    phone = {"value": "+34999888777", "type": "mobile"}
    world.add_google("Zelda", "Quixote", "zelda@x.test", phoneNumbers=[phone])
    world.settle()
    assert causes(world) == ["refused"]
    text = stored(world, "google_index", "backlog", "mappings", "history", "runs")
    assert "refused" in text
    assert not [secret for secret in SECRETS if secret in text]


def test_logs_hold_nothing_of_a_contact(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world = World()
    world.add_google("Zelda", "Quixote", "zelda@x.test")
    world.sugar.faults.add("500 db_error", "/Contacts$", "POST", times=2)
    world.google.faults.add("503", "people:batchGet", times=2)
    for _ in range(6):
        work(world.engine, WorkerRequest(user=world.first.sub, trigger="manual"))
        world.clock.advance(minutes=11)
    assert world.sugar_names() == ["Zelda Quixote"]
    world.google.revoke_grant(world.first.sub)
    world.google.expire_access_tokens()
    work(world.engine, WorkerRequest(user=world.first.sub, trigger="manual"))
    ours = [str(vars(record)) for record in caplog.records if record.name.startswith("contact_sync")]
    assert len(ours) >= 7
    assert not [secret for secret in SECRETS for line in ours if secret in line]


def test_a_gone_mapping_expires_after_thirty_days_and_a_revived_one_never() -> None:
    world, sugar_id, _ = gone()
    expires = world.mapping(sugar_id).expire_at
    assert timedelta(days=29) < expires - world.clock.now() <= timedelta(days=30)
    world.sugar.restore_contact(sugar_id)
    world.settle()
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.expire_at) == (State.LINKED, None)


def test_history_expires_after_the_days_that_were_configured() -> None:
    world = World()
    world.engine = world.make_engine(history_days=7)
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.settle()
    assert {entry.expire_at - entry.at for entry in world.history()} == {timedelta(days=7)}


def test_after_the_sixth_failure_in_a_row_the_user_is_told_and_the_next_interval_tries_again() -> None:
    world, sugar_id, google_id = linked()
    world.set(auto=Auto(enabled=True, interval_minutes=30))
    world.settle()
    world.sugar.edit_contact(sugar_id, title="CEO")
    world.google.faults.add("503", "", times=None)
    world.tasks.clear()
    world.sync("schedule", attempt=6)
    user = world.user()
    assert world.tasks == []
    assert user.connection_message
    assert user.next_sync_at is not None
    assert timedelta(minutes=29) < user.next_sync_at - world.clock.now() <= timedelta(minutes=30)
    world.google.faults.clear()
    world.sync("schedule")
    assert world.user().connection_message == ""


def test_what_google_asks_to_wait_for_is_waited_for() -> None:
    world, *_ = linked()
    world.google.faults.add("429 fbs", "connections", times=1)
    world.tasks.clear()
    world.sync()
    [(payload, _, at)] = world.tasks
    assert payload["attempt"] == 1
    assert at is not None and at - world.clock.now() >= timedelta(minutes=5)


def test_both_sides_at_once_come_to_the_same_as_one_after_the_other() -> None:
    world = rich_world()
    world.engine = world.make_engine(both=in_parallel)
    world.sync()
    assert after_the_storm(world) == uninterrupted()


def test_a_preview_changes_nothing_but_the_inventory_and_itself() -> None:
    world = rich_world()
    before = [world.writes(), stored(world, "history", "backlog")]
    held = {key: (mapping.base, mapping.state) for key, mapping in world.all_mappings().items()}
    world.sync("preview", run_id=orders.order_preview(world.engine, world.first.sub))
    assert [world.writes(), stored(world, "history", "backlog")] == before
    now = {key: (mapping.base, mapping.state) for key, mapping in world.all_mappings().items() if key in held}
    assert now == held


def test_deletions_go_to_google_first_then_updates_then_creates() -> None:
    world = rich_world()
    kinds: list[str] = []

    def note(request: Any) -> None:
        kinds.extend(kind for kind in ("delete", "update", "create") if f":{kind}Contact" in request.url)

    world.google_transport.before = note
    world.sync()
    assert [kind for kind, _ in itertools.groupby(kinds)] == ["delete", "update", "create"]


def test_creates_that_paused_because_google_was_full_are_tried_again_by_themselves() -> None:
    world, *_ = linked()
    world.set(**switches(su=True, sc=True), auto=Auto(enabled=True))
    world.settle()
    world.google.knobs.contact_cap = 1
    world.add_sugar(first_name="New", last_name="One", email="n@x.test")
    world.settle()
    assert world.user().creates_paused == "google_full"
    world.google.knobs.contact_cap = 100
    for _ in range(8):
        world.clock.advance(days=1)
        world.sync("schedule")
    assert world.google_names() == ["Ana Ruiz", "New One"]
