"""A side that holds less than the other: what is cut or left out is never overwritten by what is left of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from tests.contacts.merging import (
    THOROUGH,
    WINNER,
    G,
    S,
    after,
    everything,
    held_by_sugar,
    merged,
    three,
    to,
    wins,
)

from contact_sync.contacts.contact import FIELDS, Contact
from contact_sync.contacts.merge import edited, merge
from contact_sync.contacts.normal_form import EMPTY, same
from contact_sync.contacts.side import Side

# Reduction: the richer form is never overwritten by its own reduction


def test_a_clipped_value_is_the_same_as_its_longer_form() -> None:
    base = replace(EMPTY, title="Engineer")
    result = merged(replace(EMPTY, title="Eng"), base, base, reducing=True)
    assert not result.targets and result.base.title == "Engineer"
    assert not edited(replace(EMPTY, title="Eng"), base, held_by_sugar)


def test_a_longer_value_reaches_sugar_clipped_and_stays_whole_in_the_base() -> None:
    base = replace(EMPTY, title="b")
    result = merged(base, replace(EMPTY, title="Engineer"), base, reducing=True)
    assert result.targets == {S: Contact(title="Eng")}
    assert result.base.title == "Engineer"


def test_a_change_beyond_what_sugar_holds_writes_nothing_and_is_remembered() -> None:
    base = replace(EMPTY, title="Engineer")
    result = merged(replace(EMPTY, title="Eng"), replace(EMPTY, title="English"), base, reducing=True)
    assert not result.targets and result.base.title == "English"


def test_an_edit_of_the_clipped_value_travels() -> None:
    base = replace(EMPTY, title="Engineer")
    result = merged(replace(EMPTY, title="CTO"), base, base, reducing=True)
    assert result.targets == {G: Contact(title="CTO")}


def test_clearing_the_clipped_value_clears_the_longer_one() -> None:
    base = replace(EMPTY, title="Engineer")
    result = merged(EMPTY, base, base, reducing=True)
    assert result.targets == {G: Contact(title="")}


@pytest.mark.parametrize(
    ("field", "value"),
    [("birthday", "--02-29"), ("company", "Nobody's"), ("company", "Twice"), ("salutation", "Herr")],
)
@pytest.mark.parametrize("base", [None, EMPTY])
def test_what_sugar_cannot_hold_stays_in_google(field: str, value: str, base: Contact | None) -> None:
    google = replace(EMPTY, **{field: value})
    first = merged(EMPTY, google, base, reducing=True)
    assert not first.targets and getattr(first.base, field) == value
    again = merged(EMPTY, google, first.base, reducing=True)
    assert again == first


@pytest.mark.parametrize(
    ("field", "held", "unholdable"),
    [("birthday", "1980-02-29", "--02-29"), ("company", "Acme", "Nobody's"), ("salutation", "Dr.", "Herr")],
)
def test_what_sugar_cannot_hold_does_not_erase_what_it_has(field: str, held: str, unholdable: str) -> None:
    base = replace(EMPTY, **{field: held})
    for winner in Side:
        result = merged(base, replace(EMPTY, **{field: unholdable}), base, winner, reducing=True)
        assert not result.targets and not result.losses


# What Sugar can hold changes with time: accounts appear and vanish, columns and lists are customised


def holding(**reduced: Any) -> Callable[[Contact], Contact]:
    """A side that holds these fields only like this."""
    return lambda contact: replace(contact, **reduced)


@pytest.mark.parametrize(
    ("field", "less", "whole"),
    [
        ("company", "", "Acme"),
        ("salutation", "", "Herr"),
        ("title", "Eng", "Engineer"),
        ("emails", ("a@x.test",), ("a@x.test", "b@x.test")),
    ],
)
def test_what_sugar_can_hold_only_later_is_neither_erased_nor_cut_but_caught_up(
    field: str, less: Any, whole: Any
) -> None:
    sugar, google = replace(EMPTY, **{field: less}), replace(EMPTY, **{field: whole})
    before = merge(
        {S: sugar, G: google}, None, {S: holding(**{field: less}), G: everything}, wins(S), to(*Side)
    )
    assert not before.targets and getattr(before.held[S], field) == less
    assert not edited(sugar, before.base, everything, before.held[S])
    later = merge(
        {S: sugar, G: google}, before.base, dict.fromkeys(Side, everything), wins(S), to(*Side), before.held
    )
    assert later.targets == {S: Contact(**{field: whole})}
    done = merge(
        {S: google, G: google}, later.base, dict.fromkeys(Side, everything), wins(S), to(*Side), later.held
    )
    assert not done.targets and not done.held


@pytest.mark.parametrize(
    ("field", "less", "typed", "whole"),
    [
        ("company", "", "Beta", "Acme"),
        ("title", "Eng", "Boss", "Engineer"),
        ("title", "Eng", "", "Engineer"),
    ],
)
def test_an_edit_of_what_sugar_held_is_an_edit_then_and_later(
    field: str, less: Any, typed: Any, whole: Any
) -> None:
    google = replace(EMPTY, **{field: whole})
    reduced = {S: holding(**{field: less}), G: everything}
    before = merge({S: replace(EMPTY, **{field: less}), G: google}, None, reduced, wins(S), to(*Side))
    sugar = replace(EMPTY, **{field: typed})
    for holds in (reduced, dict.fromkeys(Side, everything)):
        result = merge({S: sugar, G: google}, before.base, holds, wins(G), to(*Side), before.held)
        assert result.targets == {G: Contact(**{field: typed})}
        assert not result.held


@pytest.mark.parametrize(
    ("field", "less", "whole"),
    [("title", "Eng", "Engineer"), ("emails", ("a@x.test",), ("a@x.test", "b@x.test"))],
)
def test_what_was_held_is_remembered_while_a_write_is_forbidden(field: str, less: Any, whole: Any) -> None:
    contacts = {S: replace(EMPTY, **{field: less}), G: replace(EMPTY, **{field: whole})}
    before = merge(contacts, None, {S: holding(**{field: less}), G: everything}, wins(S), to(*Side))
    for allowed in (to(), to(G)):
        result = merge(contacts, before.base, dict.fromkeys(Side, everything), wins(S), allowed, before.held)
        assert not result.targets
        assert (result.base, result.held) == (before.base, before.held)


def test_of_a_base_that_was_only_meant_to_be_written_the_cut_form_is_no_edit() -> None:
    """A create that was journalled and whose answer was lost: nothing says yet what Sugar made of it."""
    base = replace(EMPTY, title="Engineer")
    result = merged(replace(EMPTY, title="Eng"), replace(EMPTY, title="Boss"), base, reducing=True)
    assert result.targets == {S: Contact(title="Bos")} and not result.losses


@THOROUGH
@given(three(), WINNER)
def test_what_sugar_holds_less_of_is_exactly_what_is_remembered(
    case: tuple[Contact, Contact, Contact], winner: Side
) -> None:
    result = merged(case[1], case[2], case[0], winner, reducing=True)
    sugar = after(case[1], result, S)
    again = merged(sugar, after(case[2], result, G), result.base, winner, reducing=True)
    assert not again.targets
    for name in FIELDS:
        less = getattr(again.held.get(S, Contact()), name)
        assert same(name, getattr(again.base, name) if less is None else less, getattr(sugar, name))


def test_an_address_that_sugar_refuses_is_neither_sent_nor_removed() -> None:
    google = replace(EMPTY, emails=("a@x.test", "no address"))
    first = merged(EMPTY, google, None, reducing=True)
    assert first.targets == {S: Contact(emails=("a@x.test",))}
    assert set(first.base.emails or ()) == {"a@x.test", "no address"}
    sugar = after(EMPTY, first, S)
    assert not merged(sugar, google, first.base, reducing=True).targets
    removed = merged(replace(EMPTY, emails=()), google, first.base, reducing=True)
    assert removed.targets == {G: Contact(emails=("no address",))}
