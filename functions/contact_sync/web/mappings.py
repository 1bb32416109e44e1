"""The user's contacts as the sync knows them; link again and unlink."""

from __future__ import annotations

import msgspec

from ..contacts.mapping import Mapping, State
from ..contacts.side import Side
from ..store import mappings
from .caller import caller, user_id
from .operation import Answer, Asked, Operations
from .runs import run_soon
from .site import PAGE, Cursor, Moment, refusals, site

routes = Operations("mappings")


class MappingsQuery(Asked, frozen=True, kw_only=True):
    """Which contacts: those in one state, or all."""

    state: State | msgspec.UnsetType = msgspec.UNSET
    cursor: Cursor | None = None


class MissingSide(Answer, frozen=True, kw_only=True):
    """A side that was found deleted, and when that was noted."""

    side: Side
    at: Moment


class MappingItem(Answer, frozen=True, kw_only=True):
    """One contact as the sync knows it."""

    sugar_id: str
    google_id: str | None
    name: str
    state: State
    missing: MissingSide | None
    created_side: Side | None
    backlog: str | None
    due_at: Moment | None
    attempts: int


class MappingsPage(Answer, frozen=True, kw_only=True):
    """Contacts by name; `next` is the cursor of the next page."""

    items: list[MappingItem]
    next: str | None


@routes.get("/mappings")
def listed(query: MappingsQuery) -> MappingsPage:
    """Contacts by name, in one state or in all."""
    state = query.state or None
    found, following = mappings.by_state(site().engine.db, user_id(), state, query.cursor, PAGE)
    return MappingsPage(items=[_shown(mapping) for mapping in found], next=following)


@routes.post("/mappings/{sugar_id}/link", errors=(409, 502))
def link(sugar_id: str) -> MappingItem:
    """Have both sides of an unlinked contact kept in sync again, by the sync that follows."""
    from ..sync import resolve

    with refusals():
        resolve.link_again(site().engine.db, user_id(), sugar_id)
    run_soon(site(), caller().user)
    return _one(sugar_id)


@routes.post("/mappings/{sugar_id}/unlink", errors=(409,))
def unlink(sugar_id: str) -> MappingItem:
    """Stop syncing a contact; both sides keep it."""
    from ..sync import resolve

    with refusals():
        resolve.unlink(site().engine.db, user_id(), sugar_id)
    return _one(sugar_id)


def _one(sugar_id: str) -> MappingItem:
    return _shown(mappings.get(site().engine.db, user_id(), [sugar_id])[sugar_id])


def _shown(mapping: Mapping) -> MappingItem:
    missing = mapping.missing
    return MappingItem(
        sugar_id=mapping.sugar_id,
        google_id=mapping.google_id,
        name=mapping.name,
        state=mapping.state,
        missing=MissingSide(side=missing.side, at=missing.at) if missing else None,
        created_side=mapping.created_side,
        backlog=mapping.backlog,
        due_at=mapping.due_at,
        attempts=mapping.attempts,
    )
