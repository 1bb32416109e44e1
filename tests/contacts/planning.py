"""Mappings, side views and settings for planning tests."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from contact_sync.contacts.actions import Presence, SideView
from contact_sync.contacts.contact import Contact
from contact_sync.contacts.mapping import Mapping, Missing, State
from contact_sync.contacts.normal_form import EMPTY
from contact_sync.contacts.settings import Direction, SyncSettings
from contact_sync.contacts.side import Side

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BASE = replace(EMPTY, last_name="Ruiz", emails=("ana@x.test",), title="b", department="b")
DELETED, HIDDEN, UNCONFIRMED, NONE = (
    SideView(presence)
    for presence in (Presence.DELETED, Presence.HIDDEN, Presence.UNCONFIRMED, Presence.NONE)
)


def shown(contact: Contact, modified_at: datetime | None = None) -> SideView:
    """A side that is there with this content."""
    return SideView(Presence.PRESENT, contact, modified_at)


def settings(
    update: Collection[Side] = tuple(Side),
    create: Collection[Side] = tuple(Side),
    delete: Collection[Side] = tuple(Side),
    **more: Any,
) -> SyncSettings:
    """Settings by the sides that may be updated, created and deleted on; all, unless named. Nothing is private."""
    to = {
        side: Direction(enabled=True, update=side in update, create=side in create, delete=side in delete)
        for side in Side
    }
    return SyncSettings(
        from_google=to[Side.SUGAR], from_sugar=to[Side.GOOGLE], **{"private_fields": "share"} | more
    )


def mapped(**changes: Any) -> Mapping:
    """A linked contact."""
    linked = Mapping("s1", "g1", "c1", state=State.LINKED, base=BASE)
    return replace(linked, **changes)


def noted(side: Side, *, delete_on: bool = True, **changes: Any) -> Mapping:
    """A linked contact whose record on `side` was reported deleted while the delete switch was on or off."""
    return mapped(missing=Missing(side, NOW, delete_on), **changes)
