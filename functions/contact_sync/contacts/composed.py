"""Unicode normal forms, in a time that grows with the text."""

from __future__ import annotations

import unicodedata
from typing import Final, Literal

_SHORT: Final = 1000
_PILE: Final = b"\x01" * 31
"""More marks in a row than any writing has a use for (Unicode Standard Annex 15, Stream-Safe Text Format)."""


def composed(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """The text in that normal form. A long one with more marks on a letter than any writing has stays as it is.

    A normal form sorts the marks on each letter, which takes Python the square of their number: a minute for a note of
    nothing else.
    """
    if text.isascii() or (len(text) > _SHORT and _piled(text)):
        return text
    return unicodedata.normalize(form, text)


def without_marks(text: str) -> str:
    """The text with every letter taken apart, and without the marks on it."""
    return "".join(char for char in composed("NFKD", text) if not unicodedata.combining(char))


def _piled(text: str) -> bool:
    return _PILE in bytes(map(bool, map(unicodedata.combining, text)))
