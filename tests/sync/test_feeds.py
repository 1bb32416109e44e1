"""The feeds: echoes, lag, expired tokens, full intakes, interrupted passes, and loops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.sync.situations import (
    ALL_ON,
    everything_on,
    google_title,
    linked,
    restore_google,
    sugar_title,
)
from tests.world import Direction, World, link

from contact_sync.contacts.mapping import State

MINUTE = 60.0


@contextmanager
def requests_to_google(world: World) -> Iterator[list[dict[str, list[str]]]]:
    """The query of every listing or feed page that is asked of Google meanwhile."""
    asked: list[dict[str, list[str]]] = []

    def note(request: Any) -> None:
        split = urlsplit(request.url)
        if split.path.endswith("/connections"):
            asked.append(parse_qs(split.query))

    world.google_transport.before = note
    yield asked
    world.google_transport.before = None


def token(world: World) -> str:
    found = world.user().cursors.sync_token
    assert found is not None
    return found


# Sync tokens


@pytest.mark.parametrize("status", ["FAILED_PRECONDITION", "INVALID_ARGUMENT"])
def test_an_expired_sync_token_leads_to_the_same_settled_state(status: str) -> None:
    world, sugar_id, google_id = linked()
    lost_sugar, lost_google = link(world, first="Bea", email="bea@x.test")
    world.clock.advance(hours=1)
    world.google.knobs.expired_status = status
    world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.delete_google(lost_google)
    world.add_google("Cleo", "Ruiz", "cleo@x.test")
    world.google.knobs.sync_token_lifetime = timedelta(minutes=30)
    with requests_to_google(world) as asked:
        world.sync()
    assert ["syncToken" in query for query in asked] == [True, False]
    world.google.knobs.sync_token_lifetime = timedelta(days=7)
    world.settle()
    assert world.sugar_names() == ["Ana Ruiz", "Cleo Ruiz"]
    assert sugar_title(world, sugar_id) == "CEO"
    assert world.mapping(lost_sugar).state is State.GONE


def test_an_expired_sync_token_writes_nothing_where_nothing_changed() -> None:
    world, _, _ = linked()
    world.clock.advance(hours=1)
    before, old = world.writes(), token(world)
    world.google.knobs.sync_token_lifetime = timedelta(minutes=30)
    world.sync()
    assert world.writes() == before
    assert token(world) != old


def test_a_token_that_dies_between_two_pages_is_no_matter() -> None:
    world, sugar_id, google_id = linked()
    link(world, first="Bea", email="bea@x.test")
    world.google.knobs.page_limit = 1
    world.google.touch_contact(world.first.sub)
    world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.google.faults.add("expired sync token", "pageToken", after=0)
    world.settle()
    assert sugar_title(world, sugar_id) == "CEO"
    assert len(world.sugar_contacts()) == 2


@pytest.mark.parametrize(
    "change",
    [{"conflict": "sugar"}, {"sugar_scope": "all"}, {"private_fields": "keep"}, {"google_label": "x"}],
)
def test_a_changed_setting_takes_everything_in_and_keeps_the_sync_token(change: dict[str, Any]) -> None:
    world, _, _ = linked()
    before, full = world.writes(), world.user().cursors.full_at
    world.clock.advance(minutes=5)
    chain = world.user().cursors.token_at
    if "google_label" in change:
        change = {"google_label": world.google.add_group(world.first.sub, "Clients")}
    world.set(**change)
    with requests_to_google(world) as asked:
        world.sync()
    assert [("syncToken" in query, "requestSyncToken" in query) for query in asked] == [
        (True, True),
        (False, False),
    ]
    cursors = world.user().cursors
    assert cursors.full_at is not None and full is not None and cursors.full_at > full
    assert (cursors.token_at, cursors.settings_version) == (chain, world.user().settings_version)
    assert world.writes() == before
    with requests_to_google(world) as asked:
        world.sync()
    assert ["syncToken" in query for query in asked] == [True]


def test_a_setting_that_lets_nothing_more_happen_takes_nothing_in() -> None:
    world, _, _ = linked()
    world.set(overflow="next_period")
    with requests_to_google(world) as asked:
        world.sync()
    assert ["syncToken" in query for query in asked] == [True]


def test_everything_is_taken_in_within_six_days_before_the_token_dies() -> None:
    world, sugar_id, google_id = linked()
    world.clock.advance(hours=1)
    world.sync()
    taken, starts = world.user().cursors.full_at, world.clock.now()
    days = 0.0
    while world.user().cursors.full_at == taken:
        world.clock.advance(hours=6)
        days += 0.25
        with requests_to_google(world) as asked:
            world.sync("schedule")
        assert days <= 6.25
    assert ["requestSyncToken" in query for query in asked] == [True, True]
    assert world.user().cursors.token_at > starts
    assert world.mapping(sugar_id).google_id == google_id


def test_a_reconcile_takes_everything_in() -> None:
    world, _, _ = linked()
    with requests_to_google(world) as asked:
        world.sync("reconcile")
    assert ["syncToken" in query for query in asked] == [True, False]


def test_an_edit_that_no_feed_told_is_found_by_the_next_full_intake() -> None:
    world, sugar_id, google_id = linked()
    world.clock.advance(minutes=30)
    world.sync()
    world.sugar.edit_contact(sugar_id, _at=world.clock.now() - timedelta(minutes=25), title="CEO")
    world.settle()
    assert google_title(world, google_id) == ""
    world.sync("reconcile")
    assert google_title(world, google_id) == "CEO"


# Quiet and noisy feeds


def test_a_quiet_delta_is_one_call_to_each_side() -> None:
    world, _, _ = linked()
    world.clock.advance(minutes=30)
    world.sync()
    world.clock.advance(minutes=5)
    world.forget_calls()
    assert world.sync("schedule")["phase"] == "idle"
    assert world.calls() == (1, 1)


def test_touched_contacts_cause_no_write_and_no_lease() -> None:
    world, sugar_id, google_id = linked()
    world.clock.advance(minutes=30)
    world.sync()
    before = world.writes()
    world.google.touch_contact(world.first.sub, f"people/{google_id}")
    world.sugar.touch_contact(sugar_id)
    world.clock.advance(minutes=1)
    world.forget_calls()
    assert world.sync("schedule")["phase"] == "idle"
    assert (world.writes(), world.calls()) == (before, (1, 1))


@pytest.mark.parametrize("page_limit", [1000, 3])
def test_a_whole_book_in_the_delta_causes_no_write(page_limit: int) -> None:
    world = everything_on()
    for number in range(10):
        world.add_google("Ana", f"Number {number}", f"ana{number}@x.test")
    world.settle()
    world.google.knobs.page_limit = page_limit
    before = world.writes()
    world.google.touch_contact(world.first.sub)
    world.settle()
    assert world.writes() == before
    assert world.all_mappings().keys() == {record["id"] for record in world.sugar_contacts()}


# Echo and lag


@pytest.mark.parametrize("delay", [0.0, 15 * MINUTE])
@pytest.mark.parametrize("lag", [0.0, 9 * MINUTE])
def test_our_own_writes_come_back_without_an_effect(delay: float, lag: float) -> None:
    world = World(propagation_delay=delay)
    world.set(**ALL_ON, overflow="continue")
    world.sugar.feed_lag = lag
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.add_google("Ben", "Okafor", "ben@x.test")
    world.settle(most=60)
    world.sugar.edit_contact(sugar_id, title="CEO")
    world.settle()
    assert google_title(world, world.mapping(sugar_id).google_id) == "CEO"
    before = world.writes()
    for _ in range(12):
        world.clock.advance(minutes=4)
        world.sync()
    assert world.writes() == before
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 2


def test_a_google_feed_that_shows_the_version_before_our_write_reverts_nothing() -> None:
    world = World(propagation_delay=10 * MINUTE)
    world.set(**ALL_ON, overflow="continue")
    world, sugar_id, google_id = linked(world, title="CTO")
    world.clock.advance(minutes=30)
    world.settle()
    world.edit_google(google_id, organizations=[{"title": "Boss"}])
    world.clock.advance(minutes=9)
    world.sugar.edit_contact(sugar_id, title="CEO")
    world.sync()
    for _ in range(10):
        world.clock.advance(minutes=2)
        world.sync()
    titles = {sugar_title(world, sugar_id), google_title(world, google_id)}
    assert titles in ({"CEO"}, {"Boss"})
    lost = {change.lost for entry in world.history() for change in entry.changes} - {None}
    assert lost == {"CEO", "Boss"} - titles


def test_a_sugar_list_that_lags_reverts_nothing() -> None:
    world, sugar_id, google_id = linked(title="CTO")
    world.sugar.feed_lag = 5 * MINUTE
    world.sugar.edit_contact(sugar_id, title="One")
    world.clock.advance(minutes=6)
    world.edit_google(google_id, organizations=[{"title": "Two"}])
    world.sync()
    for _ in range(8):
        world.clock.advance(minutes=2)
        world.sync()
    assert {sugar_title(world, sugar_id), google_title(world, google_id)} in ({"One"}, {"Two"})


def test_a_row_committed_minutes_late_is_still_seen() -> None:
    world, sugar_id, google_id = linked()
    world.clock.advance(minutes=30)
    world.sync()
    world.sugar.edit_contact(sugar_id, commit_delay=9 * MINUTE, title="CEO")
    for _ in range(6):
        world.clock.advance(minutes=2)
        world.sync()
    assert google_title(world, google_id) == "CEO"


@pytest.mark.parametrize("delay", [10.0, 20 * MINUTE])
def test_a_late_echo_of_a_deleted_contact_resurrects_nothing(delay: float) -> None:
    world = World(propagation_delay=delay)
    world.set(**ALL_ON, overflow="continue")
    world, sugar_id, google_id = linked(world)
    world.clock.advance(minutes=40)
    world.settle()
    world.edit_google(google_id, phoneNumbers=[{"value": "+34600100200", "type": "mobile"}])
    world.sugar.edit_contact(sugar_id, phone_mobile="+34600100200")
    world.sync()
    world.sugar.delete_contact(sugar_id)
    for _ in range(30):
        world.clock.advance(minutes=2)
        world.sync()
    assert world.google_contacts() == world.sugar_contacts() == []
    assert world.mapping(sugar_id).state is State.GONE
    assert world.all_entries() == {}


def test_a_contact_deleted_and_restored_between_two_looks_is_untouched() -> None:
    world, sugar_id, google_id = linked()
    before = world.writes()
    world.delete_google(google_id)
    restore_google(world, google_id)
    world.settle()
    assert (world.writes(), world.mapping(sugar_id).state) == (before, State.LINKED)


# Interrupted passes


def test_an_interrupted_pass_is_resumed_exactly_where_it_stood() -> None:
    world = everything_on(from_sugar=Direction(enabled=True, create=False))
    world.sugar.max_list_limit = 2
    for number in range(40):
        world.add_sugar(first_name="Ana", last_name=f"Number {number}", email=f"ana{number}@x.test")
        world.clock.advance(seconds=1)
    world.sugar.latency = 45.0
    seen: list[tuple[Any, str]] = []
    for _ in range(20):
        world.sync("schedule")
        position = world.user().cursors.position
        if position is None:
            break
        seen.append((position.date_modified, position.id))
    assert len(seen) > 1 and seen == sorted(set(seen))
    assert len(world.all_mappings()) == 40


def test_the_watermark_never_leads_what_is_stored() -> None:
    world = everything_on()
    world.sugar.max_list_limit = 5
    start = world.clock.now()
    for number in range(20):
        world.add_sugar(first_name="Ana", last_name=f"Number {number}", email=f"ana{number}@x.test")
    world.sugar.latency = 45.0
    world.clock.advance(minutes=1)
    while world.sync("schedule")["phase"] != "idle":
        cursors = world.user().cursors
        if cursors.position is not None:
            assert cursors.watermark <= start
            assert len(world.all_mappings()) < 20
    world.sugar.latency = 0.0
    world.settle()
    assert len(world.google_contacts()) == 20


def test_a_setting_changed_during_an_unfinished_pass_starts_it_over() -> None:
    world = everything_on()
    world.sugar.max_list_limit = 2
    mine, others = [], []
    world.sugar.add_user("boss", id="user-boss")
    for number in range(20):
        name = {"first_name": "Ana", "last_name": f"Number {number}", "email": f"ana{number}@x.test"}
        (others if number % 2 else mine).append(
            world.add_sugar(**name, assigned_user_id="user-boss" if number % 2 else world.first.sugar_user)
        )
    world.sugar.latency = 45.0
    world.sync("reconcile")
    assert world.user().cursors.position is not None
    world.sugar.latency = 0.0
    world.set(sugar_scope="all")
    world.settle()
    assert world.all_mappings().keys() == {*mine, *others}
    assert len(world.google_contacts()) == 20
