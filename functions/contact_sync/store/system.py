"""system/*: what all users share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from .cipher import Cipher, DecryptionError, key_id, place
from .database import Database, Document
from .documents import UNREADABLE, as_data, from_data
from .records import SugarMetadata
from .write import Conflict, Kind, Write

PAUSE = "system/pause"
_SESSION = "system/sugar_session"
_METADATA = "system/sugar_metadata"
_KEYS = "system/keys"
_PAIR = ("access", "refresh")


def pause(db: Database) -> str | None:
    """Why synchronisation is paused for everybody; None: it is not. It is while system/pause exists."""
    return pause_reason(db.get([PAUSE]).get(PAUSE))


def pause_reason(document: Document | None) -> str | None:
    """The same, of the document already read."""
    if document is None:
        return None
    return str(document.data.get("reason") or "Synchronisation is paused.")


def put_pause(reason: str, at: datetime) -> Write:
    """Synchronisation is paused for everybody from now on; users read the reason."""
    return Write(PAUSE, Kind.SET, {"reason": reason, "since": at})


def lift_pause() -> Write:
    """It is not paused any more."""
    return Write(PAUSE, Kind.DELETE)


class Session(Protocol):
    """A token pair of Sugar, whatever its type."""

    @property
    def access(self) -> str: ...

    @property
    def refresh(self) -> str: ...

    @property
    def expires_at(self) -> datetime: ...


S = TypeVar("S", bound=Session)


class SugarSessions(Generic[S]):
    """The service administrator's token pair: encrypted, and replaced only by who read the current one.

    `make` builds a session of (access, refresh, expires_at). A version is an update time; None: nothing kept.
    """

    def __init__(self, db: Database, cipher: Cipher, make: Callable[[str, str, datetime], S]) -> None:
        self._db = db
        self._cipher = cipher
        self._make = make

    def load(self) -> tuple[S | None, object]:
        """The session and its version. One that cannot be decrypted counts as none: we log in again."""
        found = self._db.get([_SESSION]).get(_SESSION)
        if found is None:
            return None, None
        expires_at = found.data.get("expires_at")
        try:
            access, refresh = _decrypted(self._cipher, found)
        except DecryptionError:
            return None, found.updated_at
        if not isinstance(expires_at, datetime):
            return None, found.updated_at
        return self._make(access, refresh, expires_at), found.updated_at

    def save(self, session: S, version: object) -> bool:
        """Replace the session loaded as `version`; False if another came first."""
        data = {
            "access": self._cipher.encrypt(session.access, place(_SESSION, "access")),
            "refresh": self._cipher.encrypt(session.refresh, place(_SESSION, "refresh")),
            "expires_at": session.expires_at,
        }
        if isinstance(version, datetime):
            return _committed(self._db, Write(_SESSION, Kind.SET, data, version))
        return _committed(self._db, Write(_SESSION, Kind.CREATE, data))


def session_keys(db: Database) -> set[str]:
    """Ids of the keys with which the service administrator's token pair is encrypted."""
    found = db.get([_SESSION]).get(_SESSION)
    held = [found.data.get(name) for name in _PAIR] if found else []
    return {key_id(token) if isinstance(token, str) else "" for token in held}


def rotate_session(db: Database, cipher: Cipher) -> bool:
    """Encrypt the service administrator's token pair as it would be now; False if it is, or was just replaced.

    Raises DecryptionError.
    """
    found = db.get([_SESSION]).get(_SESSION)
    if found is None or not any(map(cipher.needs_rotation, _pair(found))):
        return False
    clear = zip(_PAIR, _decrypted(cipher, found), strict=True)
    pair = {name: cipher.encrypt(token, place(_SESSION, name)) for name, token in clear}
    return _committed(db, Write(_SESSION, Kind.SET, {**found.data, **pair}, found.updated_at))


def _decrypted(cipher: Cipher, found: Document) -> list[str]:
    """Both tokens. Raises DecryptionError."""
    return [
        cipher.decrypt(token, place(_SESSION, name)) for name, token in zip(_PAIR, _pair(found), strict=True)
    ]


def _pair(found: Document) -> list[str]:
    """Both tokens, encrypted. Raises DecryptionError where one is no text."""
    held = [found.data.get(name) for name in _PAIR]
    tokens = [token for token in held if isinstance(token, str)]
    if len(tokens) < len(held):
        raise DecryptionError("token_unreadable", "The service user's stored session was altered")
    return tokens


def keys_unused(db: Database) -> dict[str, datetime]:
    """Since when keys that once encrypted something encrypt nothing any more, as `rotate-keys` noted it."""
    found = db.get([_KEYS]).get(_KEYS)
    noted = found.data.get("unused_since") if found else None
    pairs = noted.items() if isinstance(noted, Mapping) else ()
    return {str(key): since for key, since in pairs if isinstance(since, datetime)}


def put_keys_unused(since: Mapping[str, datetime]) -> Write:
    """Note it anew."""
    return Write(_KEYS, Kind.SET, {"unused_since": dict(since)})


def load_metadata(db: Database) -> SugarMetadata | None:
    """What is known of the Sugar instance's fields. What cannot be read counts as none: Sugar is asked anew."""
    found = db.get([_METADATA]).get(_METADATA)
    try:
        return from_data(SugarMetadata, found.data) if found else None
    except UNREADABLE:
        return None


def save_metadata(db: Database, metadata: SugarMetadata) -> None:
    """Keep it, the chunk size included."""
    db.commit([Write(_METADATA, Kind.SET, as_data(metadata))])


def _committed(db: Database, write: Write) -> bool:
    try:
        db.commit([write])
    except Conflict:
        return False
    return True
