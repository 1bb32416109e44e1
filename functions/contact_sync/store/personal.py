"""Everything that is stored about one user: the user's document and all below it."""

from __future__ import annotations

from collections.abc import Iterator

from . import tokens, users
from .database import MAX_WRITES, Database, Document
from .write import Kind, Write


def documents(db: Database, user_id: str) -> Iterator[Document]:
    """The user's document, then everything below it by path, without the tokens."""
    own = users.path(user_id)
    yield from db.get([own]).values()
    yield from (found for found in db.below(own) if found.path != tokens.path(user_id))


def remove(db: Database, user_id: str) -> Iterator[int]:
    """Delete it all, the user's document last, so that one who is half removed is still found by their address.

    Yields how many documents are gone so far. May be repeated.
    """
    own, removed = users.path(user_id), 0
    paths: list[str] = []

    def commit() -> int:
        db.commit([Write(path, Kind.DELETE) for path in paths])
        return len(paths)

    for found in db.below(own, fields=()):
        paths.append(found.path)
        if len(paths) == MAX_WRITES:
            removed += commit()
            paths.clear()
            yield removed
    paths.append(own)
    yield removed + commit()


def is_left(db: Database, user_id: str) -> bool:
    """Whether anything is stored about the user."""
    own = users.path(user_id)
    return own in db.get([own], fields=()) or next(db.below(own, fields=()), None) is not None
