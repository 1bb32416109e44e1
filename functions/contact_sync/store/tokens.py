"""users/{google_sub}/private/tokens: what lets us act for the user, encrypted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from .batches import read_all
from .cipher import Cipher, DecryptionError, key_id, place
from .database import Database
from .documents import UNREADABLE, as_data, document_id, from_data
from .records import Tokens
from .write import Conflict, Kind, Write

_SECRET = ("google_refresh", "google_access", "sugar_access")


def path(user_id: str) -> str:
    """Where the user's tokens are; each is encrypted for its own field there."""
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
        clear = {name: cipher.decrypt(data[name], place(where, name)) for name in _SECRET if name in data}
        return from_data(Tokens, data, **clear)
    except UNREADABLE as error:
        raise DecryptionError("token_unreadable", "A stored token was altered") from error


def outdated(cipher: Cipher, data: Mapping[str, Any]) -> bool:
    """Whether some of the tokens of a document are encrypted otherwise than they would be now."""
    held = [data[name] for name in _SECRET if name in data]
    return any(not isinstance(text, str) or cipher.needs_rotation(text) for text in held)


def outdated_of(db: Database, cipher: Cipher, user_ids: Iterable[str]) -> list[str]:
    """Those of the users whose tokens are encrypted otherwise than they would be now."""
    by_path = {path(user_id): user_id for user_id in user_ids}
    found = read_all(db, by_path)
    return sorted(by_path[document.path] for document in found if outdated(cipher, document.data))


def rotate(db: Database, cipher: Cipher, user_id: str) -> bool:
    """Encrypt the tokens as they would be now; False if they are already, or somebody just replaced them.

    Raises DecryptionError.
    """
    where = path(user_id)
    found = db.get([where]).get(where)
    if found is None:
        return False
    tokens = decrypted(cipher, user_id, found.data)
    if not outdated(cipher, found.data):
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
    return data | {name: cipher.encrypt(data[name], place(where, name)) for name in _SECRET if name in data}
