"""Whatever a preview shows, applying it does exactly that: not what was left out, not what changed since."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from tests.sync.mixed_book import mixed_book
from tests.sync.ordering import apply, moved, preview
from tests.world import World

from contact_sync.contacts import google_person, sugar_record
from contact_sync.contacts.normal_form import to_plain
from contact_sync.contacts.side import Side
from contact_sync.store.records import PlannedAction

Records = dict[tuple[Side, str], Any]
SEEDS = range(7)
TOLD_ELSEWHERE = ("agreed", "renewed", "linked", "merged", "unlinked", "gone", "out_of_scope")
"""Kinds that a run counts by other words, or not at all: nothing is written for them."""


def records(world: World) -> Records:
    found = {(Side.SUGAR, record["id"]): record for record in world.sugar_contacts()}
    return found | {
        (Side.GOOGLE, google_person.google_id(person)): person for person in world.google_contacts()
    }


def text(record: Any) -> str:
    return json.dumps(record, sort_keys=True, default=str)


def counted(actions: list[PlannedAction]) -> dict[str, int]:
    kinds = [kind for action in actions for kind in action.kinds if kind not in TOLD_ELSEWHERE]
    return {kind: kinds.count(kind) for kind in kinds}


def keys(action: PlannedAction) -> set[tuple[Side, str]]:
    ids = {Side.SUGAR: action.sugar_id, Side.GOOGLE: action.google_id}
    return {(side, key) for side, key in ids.items() if key is not None}


def assert_as_shown(world: World, action: PlannedAction, there: Records) -> None:
    """Both records of a contact hold what the preview said they would."""
    sugar_id = action.sugar_id or world.entry(action.google_id or "").mapping or ""
    mapping = world.mapping(sugar_id) if sugar_id else None
    google_id = mapping.google_id if mapping is not None and mapping.google_id else action.google_id
    for side, key in ((Side.SUGAR, sugar_id), (Side.GOOGLE, google_id or "")):
        record = there.get((side, key))
        assert f"{side}_deleted" not in action.kinds or record is None
        if side not in action.after:
            continue
        assert record is not None, action
        read = sugar_record.read if side is Side.SUGAR else google_person.read
        holds = to_plain(read(record, None))
        for name, value in action.after[side].items():
            assert holds.get(name) == value or not value, (action.name, side, name)


def assert_exactly(world: World, before: Records, planned: list[PlannedAction], left: set[str]) -> None:
    """All but these were carried out as they were shown, and no other record was touched."""
    there = records(world)
    carried_out = [action for action in planned if action.id not in left]
    meant = {key for action in carried_out for key in keys(action)}
    for key, record in before.items():
        assert key in meant or text(there.get(key)) == text(record), key
    created = [kind for action in carried_out for kind in action.kinds if kind.endswith("_created")]
    assert len(there.keys() - before.keys()) == len(created)
    for action in carried_out:
        assert_as_shown(world, action, there)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_untouched_preview_is_carried_out_wholly(seed: int) -> None:
    world = mixed_book(random.Random(seed), 12)
    preview(world)
    world.clock.advance(minutes=10)
    found, actions = preview(world)
    before, asked = records(world), len(world.backlog())
    done = apply(world, found.id)
    assert (found.total, moved(world, found.id)) == (len(actions), {})
    assert_exactly(world, before, actions, set())
    counts = {kind: count for kind, count in done.counts.items() if kind not in TOLD_ELSEWHERE}
    assert counts == counted(actions)
    assert len(world.backlog()) - asked == counts.get("quarantined", 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_left_out_is_not_done_and_the_rest_is(seed: int) -> None:
    chance = random.Random(seed)
    world = mixed_book(chance, 8)
    found, actions = preview(world)
    out = {action.id for action in actions if chance.random() < 0.4}
    before = records(world)
    apply(world, found.id, *out)
    told = set(moved(world, found.id))
    # Of records that are alike one is created, and the next one is decided by that: without it, it is not as shown.
    alike = {action.id for action in actions if "exists there already" in (action.message or "")}
    assert told <= alike - out
    assert_exactly(world, before, actions, out | told)
    assert world.tasks == []


@pytest.mark.parametrize("seed", SEEDS)
def test_what_somebody_edits_meanwhile_is_not_trampled_and_the_rest_is_done(seed: int) -> None:
    chance = random.Random(seed)
    world = mixed_book(chance, 8)
    found, actions = preview(world)
    world.clock.advance(seconds=2)
    edited = {key for key in sorted(records(world)) if chance.random() < 0.3}
    for side, key in edited:
        if side is Side.SUGAR:
            world.sugar.edit_contact(key, department="Sales")
        else:
            world.edit_google(key, biographies=[{"value": "plays chess"}])
    before = records(world)
    apply(world, found.id)
    told = set(moved(world, found.id))
    assert {action.id for action in actions if keys(action) & edited and counted([action])} <= told
    assert_exactly(world, before, actions, told)
