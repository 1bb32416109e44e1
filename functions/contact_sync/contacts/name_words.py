"""Whether two names may be those of one person, judged by their words alone, so that the words can be hashed."""

from __future__ import annotations

import re
from collections.abc import Collection

from .composed import without_marks
from .contact import Contact
from .normal_form import full_name

_WORD = re.compile(r"\w+")


def name_words(contact: Contact) -> frozenset[str]:
    """The words of a contact's name: case, accents, punctuation and order do not count."""
    plain = without_marks(full_name(contact)).casefold()
    return frozenset(_WORD.findall(plain))


def words_agree(one: Collection[str], other: Collection[str]) -> bool:
    """Whether every word of the shorter name stands in the longer, or one has none."""
    return set(one) <= set(other) or set(other) <= set(one)
