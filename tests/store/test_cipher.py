"""Encryption of stored tokens."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from contact_sync.errors import OperatorMustAct
from contact_sync.store.cipher import Cipher, DecryptionError, place

OLD, NEW = ("2025", bytes(range(32))), ("2026", bytes(32))


@given(st.text(), st.text())
def test_a_text_is_read_again_at_its_path(text: str, path: str) -> None:
    cipher = Cipher([OLD])
    assert cipher.decrypt(cipher.encrypt(text, path), path) == text


def test_the_same_text_never_looks_the_same() -> None:
    cipher = Cipher([OLD])
    assert cipher.encrypt("token", "p") != cipher.encrypt("token", "p")


def test_the_newest_key_encrypts_and_older_ones_still_read() -> None:
    held = Cipher([OLD]).encrypt("token", "p")
    ring = Cipher([NEW, OLD])
    assert ring.decrypt(held, "p") == "token"
    assert ring.needs_rotation(held)
    assert ring.encrypt("token", "p").startswith("2026:")
    assert not ring.needs_rotation(ring.encrypt("token", "p"))


@pytest.mark.parametrize(
    "damage", [lambda held: held[:-4] + "AAA=", lambda held: held[:5], lambda held: "2025:%%%"]
)
def test_an_altered_text_is_refused(damage) -> None:  # type: ignore[no-untyped-def]
    cipher = Cipher([OLD])
    with pytest.raises(DecryptionError) as raised:
        cipher.decrypt(damage(cipher.encrypt("secret token", "p")), "p")
    assert raised.value.code == "token_unreadable"


def test_a_text_at_another_path_is_refused() -> None:
    cipher = Cipher([OLD])
    with pytest.raises(DecryptionError):
        cipher.decrypt(cipher.encrypt("secret token", "users/u1"), "users/u2")


def test_a_text_under_an_unknown_key_needs_the_operator_and_tells_nothing() -> None:
    held = Cipher([OLD]).encrypt("secret token", "p")
    with pytest.raises(OperatorMustAct) as raised:
        Cipher([NEW]).decrypt(held, "p")
    assert raised.value.code == "token_key_missing"
    assert held not in str(raised.value)


def of_earlier_version(text: str, path: str, key: tuple[str, bytes] = OLD, nonce: bytes = bytes(12)) -> str:
    """As the earlier version wrote it: bound to the document alone."""
    sealed = AESGCM(key[1]).encrypt(nonce, text.encode(), path.encode())
    return f"{key[0]}:{base64.b64encode(nonce + sealed).decode()}"


def test_a_text_in_another_field_of_its_document_is_refused() -> None:
    cipher = Cipher([OLD])
    held = cipher.encrypt("secret token", place("users/u1/private/tokens", "google_refresh"))
    for other in ("users/u1/private/tokens#google_access", "users/u1/private/tokens", "#google_refresh", ""):
        with pytest.raises(DecryptionError):
            cipher.decrypt(held, other)


def test_a_text_of_the_earlier_version_is_read_in_its_document_and_is_to_be_encrypted_anew() -> None:
    cipher = Cipher([OLD])
    held = of_earlier_version("token", "users/u1/private/tokens")
    assert cipher.decrypt(held, place("users/u1/private/tokens", "google_refresh")) == "token"
    assert cipher.needs_rotation(held)
    with pytest.raises(DecryptionError):
        cipher.decrypt(held, place("users/u2/private/tokens", "google_refresh"))


def test_a_text_bound_to_a_field_is_not_read_as_one_of_the_earlier_version() -> None:
    cipher, where = Cipher([OLD]), place("users/u1/private/tokens", "google_refresh")
    held = cipher.encrypt("token", where)
    with pytest.raises(DecryptionError):
        cipher.decrypt(held.replace(":2:", ":"), where)
    with pytest.raises(DecryptionError):
        cipher.decrypt(of_earlier_version("token", "users/u1/private/tokens").replace(":", ":2:"), where)


@pytest.mark.parametrize("keys", [[], [("a:b", bytes(32))], [("a", bytes(16))], [("", bytes(32))]])
def test_a_ring_that_cannot_work_is_refused(keys: list[tuple[str, bytes]]) -> None:
    with pytest.raises(ValueError, match="ring|id"):
        Cipher(keys)
