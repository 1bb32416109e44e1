"""Previews as the worker leaves them, written without a run: for what the pages make of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.web.browser import Browser, Place

from contact_sync.contacts.contact import Contact
from contact_sync.contacts.normal_form import to_plain
from contact_sync.contacts.side import Side
from contact_sync.store import previews
from contact_sync.store.records import PlannedAction, PlannedChange, PreviewRecord

ID = "p-1"


def planned(place: Place, browser: Browser, *actions: PlannedAction, **fields: Any) -> str:
    """The address of a preview with these actions."""
    now = place.engine.now()
    counts: dict[str, int] = {}
    for action in actions:
        for kind in action.kinds:
            counts[kind] = counts.get(kind, 0) + 1
    end = now + timedelta(hours=1)
    record = PreviewRecord(
        **{"id": ID, "state": "ready", "at": now, "expire_at": end, "counts": counts, "total": len(actions)}
        | fields
    )
    writes = [previews.put(browser.sub, record)]
    writes += [previews.put_action(browser.sub, record.id, action, end) for action in actions]
    place.engine.db.commit(writes)
    return f"/preview/{record.id}"


def create(key: str, name: str) -> PlannedAction:
    """A contact that would be created in Google."""
    contact = to_plain(Contact(last_name=name, emails=(f"{key}@example.test",)))
    return PlannedAction(
        id=key,
        action="google_created",
        kinds=("google_created",),
        name=name,
        fingerprint=key,
        sugar_id=key,
        before={Side.SUGAR: contact},
        after={Side.SUGAR: contact, Side.GOOGLE: contact},
        changes=(PlannedChange(Side.GOOGLE, "last_name", "", name),),
    )


def merge(key: str, name: str) -> PlannedAction:
    """A contact that would be linked, with its birthday going to Sugar."""
    before = Contact(last_name=name, phone_work="030 1")
    held = Contact(last_name=name, phone_work="030 1", birthday="1980-02-03")
    return PlannedAction(
        id=key,
        action="merged",
        kinds=("merged", "sugar_updated"),
        name=name,
        fingerprint=key,
        sugar_id=key,
        google_id=f"g{key}",
        before={Side.SUGAR: to_plain(before), Side.GOOGLE: to_plain(held)},
        after={Side.SUGAR: to_plain(held), Side.GOOGLE: to_plain(held)},
        changes=(PlannedChange(Side.SUGAR, "birthday", "", "1980-02-03", exposed=True),),
    )


def quarantine(key: str, name: str, message: str) -> PlannedAction:
    """A contact that would go to the backlog."""
    return PlannedAction(
        id=key, action="quarantined", kinds=("quarantined",), name=name, fingerprint=key, message=message
    )
