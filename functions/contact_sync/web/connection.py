"""The connection of the user's two accounts: how it stands, and its end."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ..contacts.mapping import State
from ..store import google_index, mappings
from ..store.records import User
from . import account
from .caller import caller, end_sessions, read_again, user_id
from .operation import Answer, Operations, Sent
from .runs import Started
from .site import refusals, site

routes = Operations("connection")


class Question(Answer, frozen=True, kw_only=True):
    """Is this Sugar user you?"""

    sugar_user_id: str
    user_name: str
    full_name: str


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
    """The connection, and what ending it would concern.

    `question` is there until the user has said who they are in Sugar: nothing can be granted before.
    """

    question: Question | None
    counts: ConnectionCounts


class ThatIsMe(Sent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Sugar user who the caller says to be: the one of the question."""

    sugar_user_id: Annotated[str, Meta(min_length=1, max_length=255)]


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
        question=question_of(user),
        counts=ConnectionCounts(
            linked=mappings.count(db, user.id, state=State.LINKED),
            created_in_google=mappings.created_in_google(db, user.id),
            google_contacts=google_index.count(db, user.id),
        ),
    )


@routes.post("/connection/sugar-user", errors=(409, 502))
def that_is_me(body: ThatIsMe) -> Connection:
    """Say "that is me" to the question who the caller is in Sugar. Afterwards only an administrator changes it."""
    account.that_is_me(site(), user_id(), body.sugar_user_id)
    read_again()
    return connection_of(caller().user)


@routes.delete("/connection", status=202, errors=(409, 502))
def end(body: Disconnect) -> Started:
    """End the connection: the grant is revoked and forgotten. Nothing in Sugar changes.

    The run that is answered deletes first what was asked to be deleted. Settings, history and the memory of which
    contacts belong together stay, so that connecting again goes on from there. Every other session of the user ends.
    """
    from ..sync.disconnect import order_disconnect

    with refusals():
        started = Started(run=order_disconnect(site().engine, user_id(), body.delete, body.count))
    end_sessions(but_this=True)
    return started


def connection_of(user: User) -> Connection:
    """A user's connection."""
    return Connection(
        state=user.connection,
        message=user.connection_message,
        google_account=user.email,
        sugar_user=user.sugar_user_name if user.sugar_user_id is not None else None,
    )


def question_of(user: User) -> Question | None:
    """Who the user may be in Sugar, until they have said so."""
    asked = user.sugar_user_asked
    if asked is None or user.sugar_user_id is not None:
        return None
    return Question(sugar_user_id=asked.id, user_name=asked.user_name, full_name=asked.full_name)
