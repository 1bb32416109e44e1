"""Names as words: what may be one person's."""

from __future__ import annotations

import pytest

from contact_sync.contacts.contact import Contact
from contact_sync.contacts.name_words import name_words, words_agree


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        (("Ana", "Ruiz"), ("ana", "RUIZ"), True),
        (("Ana", "Ruiz"), ("Ruiz", "Ana"), True),
        (("Ana", "Ruiz"), ("Ana Maria", "Ruiz Gil"), True),
        (("Zoë", "Müller-Lüdenscheidt"), ("Zoe", "Muller Ludenscheidt"), True),
        (("Ana", ""), ("Ana", "Ruiz"), True),
        (("", ""), ("Ana", "Ruiz"), True),
        ((None, None), ("Ana", "Ruiz"), True),
        (("Ana", "Ruiz"), ("Ben", "Ruiz"), False),
        (("Ana", "Ruiz"), ("Anabel", "Ruiz"), False),
        (("北京", ""), ("上海", ""), False),
    ],
)
def test_names_agree_if_the_words_of_the_shorter_stand_in_the_longer(
    one: tuple[str | None, str | None], other: tuple[str | None, str | None], agree: bool
) -> None:
    first, second = (name_words(Contact(first_name=name[0], last_name=name[1])) for name in (one, other))
    assert words_agree(first, second) is agree
    assert words_agree(second, first) is agree
