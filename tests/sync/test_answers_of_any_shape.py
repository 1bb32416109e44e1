"""One answer of either side, anywhere in a run, holds something that does not belong there: the run goes on or says why
it does not, nobody is stopped by it, and the next run has everything as it should be."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from tests.world import BOTH_WAYS, World

from contact_sync.contacts.settings import Auto
from contact_sync.errors import SyncError


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


JUNK: list[Any] = [
    *(None, 5, -1, True, 1e300, float("nan"), float("inf"), "x", "", "\n", "\x00", "a\ud800", "9" * 400),
    *([], {}, [5], [None], [[]], {"a": 1}, {"id": 5}, nested(100), nested(600)),
    "0001-01-01T00:00:00+14:00",
]


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something lies in a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    for key, part in items:
        yield from paths(part, (*path, key))


def put(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    value[path[0]] = put(value[path[0]], path[1:], junk)
    return value


@pytest.mark.parametrize("seed", range(40))
def test_an_answer_that_makes_no_sense_stops_nobody(seed: int) -> None:
    chance = random.Random(seed)
    world = World()
    world.set(auto=Auto(enabled=True), from_sugar=BOTH_WAYS.from_sugar, from_google=BOTH_WAYS.from_google)
    for number in range(3):
        world.add_sugar(
            first_name=f"S{number}", last_name="Sun", email=f"s{number}@x.test", account_name="Acme"
        )
        world.add_google(f"G{number}", "Gray", f"g{number}@x.test", organizations=[{"name": "Acme"}])
    begun = chance.random() < 0.6
    if begun:
        world.settle()
        google_id = world.google_contacts()[-1]["resourceName"].removeprefix("people/")
        world.edit_google(google_id, names=[{"givenName": "Nia", "familyName": "New"}])
        world.clock.advance(days=chance.choice([0, 7]), minutes=30)
    transport = chance.choice([world.sugar_transport, world.google_transport])
    left = [chance.randrange(1, 5 if begun else 10)]

    def change(_request: requests.PreparedRequest, answer: requests.Response) -> None:
        left[0] -= 1
        if left[0] == 0:
            body = json.loads(answer.content or b"null")
            path = chance.choice(list(paths(body)))
            answer._content = json.dumps(put(body, path, chance.choice(JUNK))).encode()

    transport.after = change
    try:
        world.sync("manual", engine=world.make_engine())
    except SyncError as error:
        assert error.code in ("sugar_down", "sugar_error"), error
    transport.after = None
    assert world.user().connection == "connected"
    assert world.user().next_sync_at is not None
    world.clock.advance(hours=2)
    world.settle()
    assert len(world.sugar_contacts()) == len(world.google_contacts())
