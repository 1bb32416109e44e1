"""The connection of the user's two accounts: how it stands, and its end."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ..contacts.mapping import State
from ..store import google_index, mappings
from ..store.records import User
from .caller import caller, user_id
from .operation import Answer, Operations, Sent
from .runs import Started
from .site import refusals, site

routes = Operations("connection")


class Connection(Answer, frozen=True, kw_only=True):
    """Whether the user's two accounts are connected; `message` says what to do where they are not."""

    state: str
    message: str
    google_account: str
    sugar_user: str | None


class ConnectionCounts(Answer, frozen=True, kw_only=True):
    """How many contacts ending the connection would concern."""

    linked: int
    created_in_google: int
    google_contacts: int


class ConnectionState(Connection, frozen=True, kw_only=True):
    """The connection, and what ending it would concern."""

    counts: ConnectionCounts


class Disconnect(Sent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of the contacts that the sync itself created in Google: deleted (created), or kept (none).

    `count` is the number of them that the user confirmed: the request is refused if it is no longer right.
    """

    delete: Literal["created", "none"]
    count: Annotated[int, Meta(ge=0)] | None = None


@routes.get("/connection")
def get() -> ConnectionState:
    """The connection, and how many contacts ending it would concern."""
    user, db = caller().user, site().engine.db
    shown = connection_of(user)
    return ConnectionState(
        state=shown.state,
        message=shown.message,
        google_account=shown.google_account,
        sugar_user=shown.sugar_user,
        counts=ConnectionCounts(
            linked=mappings.count(db, user.id, state=State.LINKED),
            created_in_google=mappings.created_in_google(db, user.id),
            google_contacts=google_index.count(db, user.id),
        ),
    )


@routes.delete("/connection", status=202, errors=(409, 502))
def end(body: Disconnect) -> Started:
    """End the connection: the grant is revoked and forgotten. Nothing in Sugar changes.

    The run that is answered deletes first what was asked to be deleted. Settings, history and the memory of which
    contacts belong together stay, so that connecting again goes on from there.
    """
    from ..sync.disconnect import order_disconnect

    with refusals():
        return Started(run=order_disconnect(site().engine, user_id(), body.delete, body.count))


def connection_of(user: User) -> Connection:
    """A user's connection."""
    return Connection(
        state=user.connection,
        message=user.connection_message,
        google_account=user.email,
        sugar_user=user.sugar_user_name,
    )
