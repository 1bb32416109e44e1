"""Web logic hooks: events become queued deliveries; a later cron run posts them once and forgets them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from .database import Database, Event
from .messages import php_json
from .rendering import Renderer
from .rights import Rights
from .table import Values

DELIVERY_TIMEOUT = 10.0
"""Seconds for a whole delivery; 8.1 allowed one."""

Deliver = Callable[[str, str, dict[str, str], bytes], Any]
"""Called with method, URL, headers and body; whatever it raises is ignored."""


@dataclass(frozen=True)
class Delivery:
    """One queued call of a receiver."""

    method: str
    url: str
    body: bytes
    event: str
    record_id: str

    @property
    def headers(self) -> dict[str, str]:
        """All that Sugar sends: no signature, no secret."""
        return {"Content-Type": "application/json", "User-Agent": "SugarCrm"}


@dataclass(frozen=True)
class Call:
    """A delivery as it was made: when Sugar began and when the receiver had answered, in seconds since the epoch."""

    event: str
    record_id: str
    begun: float
    ended: float


class WebLogicHooks:
    """The queue. `variant` is the shape of payloads: A as in 8.1, B as in 12.0, C as later."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.variant = "C"
        self.queue: list[Delivery] = []
        self.dropped: list[Delivery] = []
        self.calls: list[Call] = []
        db.listeners.append(self.hear)

    def hear(self, event: Event) -> None:
        """Queue a delivery for every hook registered on this module and event."""
        if event.module == "WebLogicHooks":
            return
        for row in self._db.tables["WebLogicHooks"].rows.values():
            hook = row.newest
            wanted = hook.get("webhook_target_module"), hook.get("trigger_event")
            if not hook["deleted"] and wanted == (event.module, event.name):
                body = php_json(self.payload(event))
                method = hook.get("request_method") or "POST"
                self.queue.append(Delivery(method, hook["url"], body, event.name, event.after["id"]))

    def flush(self, deliver: Deliver | None = None, limit: int | None = None) -> int:
        """Deliver what is queued (at most `limit`), each exactly once whatever comes of it; returns
        how many.
        """
        waiting = len(self.queue)
        due = waiting if limit is None else min(limit, waiting)
        for _ in range(due):
            delivery = self.queue.pop(0)
            begun = self._db.clock.seconds()
            try:
                (deliver or _post)(delivery.method, delivery.url, delivery.headers, delivery.body)
            except Exception:  # noqa: BLE001 - Sugar ignores every failure of a receiver
                self.dropped.append(delivery)
            self.calls.append(Call(delivery.event, delivery.record_id, begun, self._db.clock.seconds()))
        return due

    def payload(self, event: Event) -> dict[str, Any]:
        """The body of a delivery, filtered by the rights and dated in the zone of the user who caused it."""
        bean = {"Contacts": "Contact", "Accounts": "Account", "Users": "User"}.get(event.module, event.module)
        common = {"bean": bean, "data": self._data(event), "event": event.name}
        changes = _changes(event.before, event.after)
        update = event.before is not None
        if event.name == "after_save":
            extra: dict[str, Any] = {
                "isUpdate": update,
                "dataChanges": changes or [],
                "stateChanges": changes or [],
            }
        else:
            extra = {"id": event.after["id"], **event.details}
        if self.variant == "B":
            return common | {"dataChanges": (changes or []) if event.name == "after_save" else []}
        if self.variant == "A":
            return extra | {"dataChanges": changes or []} | common
        return common | extra

    def _data(self, event: Event) -> dict[str, Any]:
        rights = Rights(self._db, event.by)
        if not rights.allows(event.module, "view") or not self._db.visible(
            event.by, event.module, event.after
        ):
            return {"id": event.after["id"]}
        return Renderer(self._db, rights, event.module, None).record(event.after)


def _changes(before: Values | None, after: Values) -> dict[str, Any]:
    """Text columns that differ, as `dataChanges` lists them."""
    changes: dict[str, Any] = {}
    for name, value in after.items():
        old = (before or {}).get(name)
        if isinstance(value, str) and name != "modified_user_id" and old != value:
            changes[name] = {"field_name": name, "data_type": "varchar", "before": old, "after": value}
    return changes


def _post(method: str, url: str, headers: dict[str, str], body: bytes) -> None:
    requests.request(method, url, data=body, headers=headers, timeout=DELIVERY_TIMEOUT, allow_redirects=False)
