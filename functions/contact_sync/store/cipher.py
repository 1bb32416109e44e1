"""Encryption of tokens: AES-GCM with a ring of keys, bound to the document and the field that hold the text.

An encrypted text is "key id:2:base64". Without the 2 it is one of an earlier version, bound to its document alone: it
is read, and counts as one to be encrypted anew.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..errors import OperatorMustAct

_KEY_BYTES = 32
_NONCE_BYTES = 12


_BOUND_TO_FIELD = "2:"


def place(path: str, field: str) -> str:
    """Where a text is kept, as its encryption is bound to it: the field of the document at `path`."""
    return f"{path}#{field}"


def key_id(text: str) -> str:
    """The id of the key with which a text is encrypted."""
    return text.partition(":")[0]


class DecryptionError(OperatorMustAct):
    """A stored text cannot be decrypted: its key left the ring, or the text was altered or moved."""


class Cipher:
    """Encrypts with the newest key and decrypts with any. `keys` are (key id, 32 bytes), newest first."""

    def __init__(
        self, keys: Sequence[tuple[str, bytes]], random: Callable[[int], bytes] = os.urandom
    ) -> None:
        if not keys:
            raise ValueError("The key ring is empty")
        for key_id, key in keys:
            if not key_id or ":" in key_id or len(key) != _KEY_BYTES:
                raise ValueError("Every key needs an id without a colon and 32 bytes")
        self._newest = keys[0][0]
        self._ring = {key_id: AESGCM(key) for key_id, key in keys}
        self._random = random

    def encrypt(self, text: str, place: str) -> str:
        """The text, readable only at this place."""
        nonce = self._random(_NONCE_BYTES)
        sealed = self._ring[self._newest].encrypt(nonce, text.encode(), place.encode())
        return f"{self._newest}:{_BOUND_TO_FIELD}{base64.b64encode(nonce + sealed).decode()}"

    def decrypt(self, text: str, place: str) -> str:
        """The text again. Raises DecryptionError."""
        key_id, _, encoded = text.partition(":")
        key = self._ring.get(key_id)
        if key is None:
            raise DecryptionError(
                "token_key_missing", "A stored token needs a key that TOKEN_KEYS does not hold"
            )
        bound = encoded.removeprefix(_BOUND_TO_FIELD)
        # The path is what stands before the field; of a field that has none it is all.
        where = place if bound != encoded else place.rpartition("#")[0] or place
        try:
            sealed = base64.b64decode(bound, validate=True)
            return key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], where.encode()).decode()
        except (InvalidTag, ValueError, binascii.Error):
            raise DecryptionError("token_unreadable", "A stored token was altered or moved") from None

    def needs_rotation(self, text: str) -> bool:
        """Whether the text is encrypted with an older key than the newest, or for its document alone."""
        return not text.startswith(f"{self._newest}:{_BOUND_TO_FIELD}")
