"""What a server asks a user to wait is finite and bounded: an hour, and six where Google's own limit is reached."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
from tests.world import Auto, World

WAITS = [
    "nan",
    "inf",
    "-inf",
    "1e12",
    "99999999",
    "9" * 400,
    "-5",
    "60",
    "",
    "soon",
    "Wed, 21 Oct 2099 07:28:00 GMT",
]


def busy(world: World, side: str, wait: str, status: int, body: bytes) -> None:
    """Have every call of the side that reads or writes contacts asked to wait."""

    def answer(request: requests.PreparedRequest, found: requests.Response) -> None:
        if "/bulk" in str(request.url) or "/v1/people" in str(request.url):
            found.status_code = status
            found.headers["Retry-After"] = wait
            found._content = body

    transport: Any = world.sugar_transport if side == "sugar" else world.google_transport
    transport.after = answer


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize(
    ("side", "status", "body", "hours"),
    [
        ("sugar", 429, b'{"error": "too_many_requests"}', 1),
        ("google", 503, b"{}", 1),
        ("google", 429, b'{"error": {"message": "Quota exceeded"}}', 1),
        ("google", 429, b'{"error": {"message": "Resource has been exhausted (e.g. check quota)."}}', 6),
    ],
    ids=["Sugar", "Google down", "Google's quota", "the account's own limit"],
)
def test_nobody_is_put_off_for_longer_than_a_server_may_ask(
    side: str, status: int, body: bytes, hours: int, wait: str
) -> None:
    world = World()
    world.add_sugar(first_name="Ana", last_name="Ruiz")
    world.sync()
    world.set(auto=Auto(enabled=True))
    world.tasks.clear()
    busy(world, side, wait, status, body)
    for trigger in ("schedule", "manual"):
        summary = world.sync(trigger)
        assert summary["error"], summary
        latest = world.clock.now() + timedelta(hours=hours, minutes=1)
        due = world.user().next_sync_at
        # The task that tries again goes first; the schedule follows an interval later.
        assert due is not None and world.clock.now() < due <= latest + timedelta(minutes=5)
        assert world.tasks and all(at is None or at <= latest for _, _, at in world.tasks)
    assert world.user().connection == "connected"
