"""The back door of the demo: POST /_control/{action} with JSON arguments does what a test would call in
process.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .simulator import SugarSimulator

Action = Callable[..., Any]

DIRECT = [
    "add_user",
    "edit_user",
    "add_account",
    "rename_account",
    "delete_account",
    "add_contact",
    "load",
    "edit_contact",
    "touch_contact",
    "delete_contact",
    "restore_contact",
    "prune",
    "hide_contact",
    "show_contact",
    "refuse_contact",
    "restrict_contact",
    "set_flag",
    "contact",
    "contacts",
    "expire_tokens",
    "revoke_tokens",
    "forget_identity",
    "flush_hooks",
    "forget_calls",
    "advance",
]
KNOBS = [
    *("latency", "item_latency", "row_latency", "feed_lag"),
    *("max_list_limit", "any_version", "newest_version", "disable_unknown_platforms", "validate_ip"),
]


class Control:
    """A WSGI application of whitelisted actions; 200 with `{"result": ...}`, 400 with `{"error": ...}`."""

    def __init__(self, simulator: SugarSimulator) -> None:
        self._simulator = simulator
        self._actions: dict[str, Action] = {name: getattr(simulator, name) for name in DIRECT}
        self._actions |= {
            "add_contacts": simulator.load,
            "add_platform": self._add_platform,
            "add_fault": self._add_fault,
            "clear_faults": simulator.faults.clear,
            "hook_calls": lambda: [asdict(call) for call in simulator.hooks.calls],
            "deleted_ids": lambda: sorted(simulator.deleted_ids()),
            "set": self._set,
            "stats": self._stats,
        }

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Run one action."""
        name = environ["PATH_INFO"].rsplit("/", 1)[-1]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            answer, status = {"result": self._run(name, json.loads(body or b"{}"))}, "200 OK"
        except (LookupError, TypeError, ValueError) as error:
            answer, status = {"error": f"{type(error).__name__}: {error}"}, "400 Bad Request"
        content = json.dumps(answer).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
        return [content]

    def _run(self, name: str, arguments: dict[str, Any]) -> Any:
        action = self._actions.get(name)
        if action is None:
            raise LookupError(f"unknown action {name}; known: {', '.join(sorted(self._actions))}")
        if arguments.get("_at"):
            arguments["_at"] = datetime.fromisoformat(arguments["_at"])
        if name == "flush_hooks":
            return action(**arguments)
        with self._simulator.lock:
            return action(**arguments)

    def _add_platform(self, name: str) -> None:
        self._simulator.platforms.add(name)

    def _add_fault(self, **arguments: Any) -> dict[str, Any]:
        return asdict(self._simulator.faults.add(**arguments))

    def _set(self, **knobs: Any) -> None:
        for name, value in knobs.items():
            if name not in KNOBS:
                raise LookupError(f"unknown knob {name}; known: {', '.join(KNOBS)}")
            setattr(self._simulator, name, value)

    def _stats(self) -> dict[str, Any]:
        simulator = self._simulator
        return {
            "now": simulator.clock.now().isoformat(),
            "contacts": len(simulator.db.tables["Contacts"].rows) - len(simulator.deleted_ids()),
            "deleted": len(simulator.deleted_ids()),
            "users": sorted(user.user_name for user in simulator.db.users.values()),
            "calls": len(simulator.calls),
            "item_calls": len(simulator.item_calls),
            "writes": [list(write) for write in simulator.writes],
            "faults_struck": simulator.faults.struck,
            "hooks_queued": len(simulator.hooks.queue),
            "hooks_dropped": len(simulator.hooks.dropped),
        }
