"""users/{google_sub}: written field by field, by web and worker alike."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .. import logs
from . import system, tokens
from .batches import read_all as documents
from .cipher import Cipher
from .database import Database, Document, Query
from .documents import UNREADABLE, as_data, changed_data, document_id, from_data, record_id, salvaged, why
from .paging import every
from .records import BROKEN, Tokens, User
from .wire import DOCUMENT_ID
from .write import Kind, Write

log = logging.getLogger("contact_sync.store")

UNREADABLE_MESSAGE = "What is stored about you cannot be read. Tell your administrator."


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a run begins with."""

    user: User | None
    updated_at: datetime | None
    """Update time of the user document; None without one."""
    tokens: Tokens
    tokens_updated_at: datetime | None
    paused_all: str | None
    """Why synchronisation is paused for everybody; None: it is not."""
    tokens_outdated: bool = False
    """The tokens are encrypted otherwise than they would be now."""


def path(user_id: str) -> str:
    """Where the user's document is."""
    return f"users/{document_id(user_id)}"


def load(db: Database, cipher: Cipher, user_id: str) -> Loaded:
    """The user, the tokens and the pause for all, by one read. Raises DecryptionError."""
    user_path, tokens_path = path(user_id), tokens.path(user_id)
    found = db.get([user_path, tokens_path, system.PAUSE])
    user, held = found.get(user_path), found.get(tokens_path)
    return Loaded(
        user=_user(user) if user else None,
        updated_at=user.updated_at if user else None,
        tokens=tokens.decrypted(cipher, user_id, held.data) if held else Tokens(),
        tokens_updated_at=held.updated_at if held else None,
        paused_all=system.pause_reason(found.get(system.PAUSE)),
        tokens_outdated=held is not None and tokens.outdated(cipher, held.data),
    )


def read(db: Database, user_id: str) -> tuple[User, datetime] | None:
    """The user and the document's update time."""
    document = db.get([path(user_id)]).get(path(user_id))
    return (_user(document), document.updated_at) if document else None


def read_all(db: Database, user_ids: Iterable[str]) -> list[User]:
    """The users of these ids, those that exist, by one read."""
    return [_user(document) for document in documents(db, (path(user_id) for user_id in user_ids))]


def create(user: User) -> Write:
    """A new user; Conflict if there is one."""
    return Write(path(user.id), Kind.CREATE, as_data(user, without=("id", "unreadable")))


def update(user_id: str, *, if_updated_at: datetime | None = None, **fields: Any) -> Write:
    """Change the named fields; None removes one. `lease__again=True` changes one key of a map field."""
    return Write(path(user_id), Kind.UPDATE, changed_data(User, fields), if_updated_at)


@dataclass(frozen=True, slots=True)
class Due:
    """A user whose time has come. `first`: nothing of theirs was taken in completely yet."""

    id: str
    at: datetime
    first: bool


def due(db: Database, now: datetime, limit: int, after: Due | None = None) -> list[Due]:
    """Users whose next_sync_at has come, longest due first; `after` is the last one seen."""
    query = Query(
        "users",
        where=(("next_sync_at", "<=", now),),
        order_by=("next_sync_at", DOCUMENT_ID),
        limit=limit,
        start_after=(after.at, document_id(after.id)) if after else None,
        fields=("next_sync_at", "cursors.full_at"),
    )
    return [
        Due(record_id(found.id), found.data["next_sync_at"], "full_at" not in found.data.get("cursors", {}))
        for found in db.query(query)
    ]


def by_sugar_user(db: Database, sugar_user_id: str) -> list[str]:
    """The ids of the users who are this Sugar user."""
    return _ids(db.query(Query("users", where=(("sugar_user_id", "==", sugar_user_id),), fields=())))


def by_email(db: Database, email: str) -> list[str]:
    """The ids of the users who signed in with this address."""
    return _ids(db.query(Query("users", where=(("email", "==", email),), fields=())))


def all_ids(db: Database) -> list[str]:
    """The ids of all users."""
    return _ids(every(db, Query("users", order_by=(DOCUMENT_ID,), fields=())))


def _ids(documents: list[Document]) -> list[str]:
    return [record_id(document.id) for document in documents]


def _user(document: Document) -> User:
    """The user; one whose document cannot be read is `broken`, with what it still tells."""
    known = {"id": record_id(document.id)}
    try:
        return from_data(User, document.data, **known)
    except UNREADABLE as error:
        with logs.context(user=known["id"]):
            log.error("the document of this user cannot be read", exc_info=error, extra={"code": BROKEN})
        told = {"connection": BROKEN, "connection_message": UNREADABLE_MESSAGE, "unreadable": why(error)}
        return salvaged(User, document.data, **known, **told)
