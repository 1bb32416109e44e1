"""Contacts that left the scope: how many are still in Google, and their removal there."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ..contacts.mapping import State
from ..store import mappings
from .caller import caller, user_id
from .operation import Answer, Operations, Sent
from .runs import Started, require_connection
from .site import refusals, site

routes = Operations("scope")


class Scope(Answer, frozen=True, kw_only=True):
    """Contacts that left the scope; `in_google` counts those that still have a contact in Google."""

    out_of_scope: int
    in_google: int


class Clean(Sent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many contacts the user confirmed to delete in Google."""

    count: Annotated[int, Meta(ge=0)]


@routes.get("/scope")
def get() -> Scope:
    """How many contacts left the scope, and how many of them are still in Google."""
    user, db = caller().user, site().engine.db
    return Scope(
        out_of_scope=mappings.count(db, user.id, state=State.OUT_OF_SCOPE),
        in_google=mappings.count_with_google(db, user.id, State.OUT_OF_SCOPE),
    )


@routes.post("/scope/clean", status=202, errors=(409, 429, 502))
def clean(body: Clean) -> Started:
    """Delete the contacts in Google that left the scope, if they are still as many. Nothing in Sugar changes."""
    from ..sync.orders import order_clean

    require_connection(site(), caller().user)
    with refusals():
        return Started(run=order_clean(site().engine, user_id(), body.count))
