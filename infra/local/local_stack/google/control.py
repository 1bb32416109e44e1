"""The simulator's own interface over HTTP, for a demo whose parts run as separate processes."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from .errors import Json
from .masks import words

if TYPE_CHECKING:
    from .simulator import GoogleSimulator

_METHODS = words(
    """add_account accounts grant revoke_grant expire_access_tokens auto_approve add_contact load edit_contact
    delete_contact restore_contact merge_contacts rename_contact touch_contact add_group settle contact
    contacts"""
)


class Control:
    """Calls methods of the simulator by name with JSON arguments.

    Besides those: `add_fault` and `clear_faults`, `writes` and `calls` (`{"clear": true}` empties the list
    after reading), `set_knobs` with knobs by name (durations in seconds).
    """

    def __init__(self, simulator: GoogleSimulator) -> None:
        self._simulator = simulator

    def __call__(self, method: str, arguments: Json) -> Any:
        """Run a method; an unknown one is a LookupError."""
        simulator = self._simulator
        if method in _METHODS:
            return getattr(simulator, method)(**arguments)
        if method == "add_fault":
            return simulator.faults.add(**arguments)
        if method == "clear_faults":
            return simulator.faults.clear()
        if method in ("writes", "calls"):
            return self._read(simulator.writes if method == "writes" else simulator.calls, **arguments)
        if method == "set_knobs":
            return self._set_knobs(**arguments)
        raise LookupError(f"no control method {method!r}")

    @staticmethod
    def _read(entries: list[Any], clear: bool = False) -> list[Any]:
        copy = list(entries)
        if clear:
            entries.clear()
        return copy

    def _set_knobs(self, **values: Any) -> None:
        known = {field.name for field in fields(self._simulator.knobs)}
        for name, value in values.items():
            if name not in known:
                raise LookupError(f"no knob {name!r}")
            duration = name in ("sync_token_lifetime", "refresh_token_lifetime") and value is not None
            setattr(self._simulator.knobs, name, timedelta(seconds=value) if duration else value)
