"""A Sugar whose records are not what they should be: left behind by other programs, or far too large."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from tests.world import World


class Odd:
    """Sugar, with other values in some records than it should have."""

    def __init__(self, world: World, values: dict[str, dict[str, Any]]) -> None:
        self.app, self.values = world.sugar, values
        world.sugar_transport.app = self

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        head: list[Any] = []

        def keep(status: str, headers: list[Any], _exc: Any = None) -> Callable[..., None]:
            head[:] = [status, [pair for pair in headers if pair[0].lower() != "content-length"]]
            return lambda _data: None

        out = b"".join(self.app(environ, keep))
        start(*head)
        try:
            return [json.dumps(self._changed(json.loads(out))).encode()]
        except ValueError:
            return [out]

    def _changed(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._changed(each) for each in value]
        if not isinstance(value, dict):
            return value
        key = value.get("id")
        shown = isinstance(key, str) and ("first_name" in value or "deleted" not in value)
        own = self.values.get(key, {}) if shown else {}
        return {name: self._changed(own.get(name, each)) for name, each in value.items()}


def large(world: World, kind: str) -> str:
    """A record in Sugar that holds more than anybody should."""
    if kind == "note":
        sugar_id = world.add_sugar(first_name="Big", last_name="Note", email="big@x.test", description="x")
        Odd(world, {sugar_id: {"description": "x" * 3_000_000}})
        return sugar_id
    many = [{"email_address": f"a{number}@x.test"} for number in range(20_000)]
    return world.add_sugar(first_name="Big", last_name="Mailer", email=many)
