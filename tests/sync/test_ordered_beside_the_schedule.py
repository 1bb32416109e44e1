"""What a person orders for one purpose goes beside the regular sync: it neither puts that off nor stands for it."""

from __future__ import annotations

from tests.sync.ordering import deliver, preview
from tests.world import Auto, World, link

from contact_sync.sync import orders


def test_a_preview_puts_the_regular_sync_off_for_nobody_and_is_not_the_last_sync() -> None:
    world = World()
    link(world)
    world.set(auto=Auto(enabled=True, interval_minutes=1440))
    world.sync("schedule")
    due, last_run = world.user().next_sync_at, world.user().last_run
    assert due is not None
    world.clock.advance(hours=10)
    preview(world)
    world.google.faults.add("429 rate")
    orders.order_preview(world.engine, world.first.sub)
    deliver(world, only="preview")
    assert (world.user().next_sync_at, world.user().last_run) == (due, last_run)
    world.clock.time = due
    world.clock.advance(minutes=1)
    preview(world)
    assert world.user().next_sync_at == due
