"""Person etags: a protocol buffer in base64 that embeds the etag of the contact source."""

from __future__ import annotations

import base64
import functools

# Field numbers seen inside real person etags; those never observed are free choices of ours.
_FIELD_NUMBERS: dict[str, tuple[int, ...]] = {
    "names": (2, 61),
    "emailAddresses": (9, 62),
    "phoneNumbers": (11, 63),
    "birthdays": (7,),
    "addresses": (12,),
    "memberships": (16,),
    "organizations": (5,),
    "photos": (3,),
    "biographies": (8,),
    "clientData": (64,),
    "urls": (10,),
}
_SOURCE_TYPES = b"\x1a\x04\x01\x02\x05\x07"
_SOURCE_ETAG = b"\x22\x0c"
_LISTED = b"\x28\x01"


def person_etag(source_etag: str, mask: frozenset[str], listed: bool = False) -> str:
    """The etag of a person read through a mask: it differs by mask, while the source etag does not.

    `listed` marks etags from a listing, so that a simulator told to refuse those can tell.
    """
    raw = _prefix(mask) + source_etag.encode() + (_LISTED if listed else b"")
    return "%" + base64.b64encode(raw).decode()


def embedded_source_etag(etag: str) -> tuple[str, bool]:
    """The source etag in a person etag, and whether a listing gave it; ("", False) for anything else."""
    try:
        raw = base64.b64decode(etag.removeprefix("%"), validate=True)
    except ValueError:
        return "", False
    listed = raw.endswith(_LISTED)
    raw = raw.removesuffix(_LISTED)
    if len(raw) < 14 or raw[-14:-12] != _SOURCE_ETAG:
        return "", False
    return raw[-12:].decode("latin-1"), listed


@functools.lru_cache(maxsize=256)
def _prefix(mask: frozenset[str]) -> bytes:
    numbers = [1, *(number for field in sorted(mask) for number in _FIELD_NUMBERS.get(field, ())), 46, 55]
    return bytes([0x12, len(numbers), *numbers]) + _SOURCE_TYPES + _SOURCE_ETAG
