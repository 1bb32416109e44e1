"""users/{google_sub}/private/tokens: what lets us act for the user, encrypted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from .batches import read_all
from .cipher import Cipher, DecryptionError, key_id
from .database import Database
from .documents import UNREADABLE, as_data, document_id, from_data
from .records import Tokens
from .write import Conflict, Kind, Write

_SECRET = ("google_refresh", "google_access", "sugar_access")


def path(user_id: str) -> str:
    """Where the user's tokens are; also what their encryption is bound to."""
    return f"users/{document_id(user_id)}/private/tokens"


def put(
    cipher: Cipher,
    user_id: str,
    tokens: Tokens,
    if_updated_at: datetime | None = None,
    *,
    create: bool = False,
) -> Write:
    """All tokens: new with `create`, else in place of what is held (if it still is as of `if_updated_at`)."""
    where = path(user_id)
    data = _encrypted(cipher, where, tokens)
    return Write(where, Kind.CREATE if create else Kind.SET, data, None if create else if_updated_at)


def forget(user_id: str) -> Write:
    """No tokens any more."""
    return Write(path(user_id), Kind.DELETE)


def decrypted(cipher: Cipher, user_id: str, data: Mapping[str, Any]) -> Tokens:
    """The tokens of a document. Raises DecryptionError."""
    where = path(user_id)
    try:
        clear = {name: cipher.decrypt(data[name], where) for name in _SECRET if name in data}
        return from_data(Tokens, data, **clear)
    except UNREADABLE as error:
        raise DecryptionError("token_unreadable", "A stored token was altered") from error


def rotate(db: Database, cipher: Cipher, user_id: str) -> bool:
    """Encrypt the tokens with the newest key; False if they are already, or somebody just replaced them.

    Raises DecryptionError.
    """
    where = path(user_id)
    found = db.get([where]).get(where)
    if found is None:
        return False
    tokens = decrypted(cipher, user_id, found.data)
    if not any(cipher.needs_rotation(found.data[name]) for name in _SECRET if name in found.data):
        return False
    try:
        db.commit([put(cipher, user_id, tokens, if_updated_at=found.updated_at)])
    except Conflict:
        return False
    return True


def keys(db: Database, user_ids: Iterable[str]) -> dict[str, set[str]]:
    """Ids of the keys with which each user's tokens are encrypted, empty for what is no text; users without tokens are
    left out."""
    by_path = {path(user_id): user_id for user_id in user_ids}
    return {
        by_path[document.path]: {
            key_id(held) if isinstance(held := document.data[name], str) else ""
            for name in _SECRET
            if name in document.data
        }
        for document in read_all(db, by_path)
    }


def _encrypted(cipher: Cipher, where: str, tokens: Tokens) -> dict[str, Any]:
    data = as_data(tokens)
    return data | {name: cipher.encrypt(data[name], where) for name in _SECRET if name in data}
