"""The rules of the three-way merge, one by one: first merges, clears, address sets, unknown and forbidden fields."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from tests.contacts.merging import (
    BASES,
    THOROUGH,
    WINNER,
    G,
    S,
    after,
    equal,
    everything,
    merged,
    to,
)

from contact_sync.contacts.contact import Address, Contact
from contact_sync.contacts.merge import Leave, Loss, edited
from contact_sync.contacts.normal_form import EMPTY, is_empty
from contact_sync.contacts.side import Side

# First merge


@pytest.mark.parametrize("winner", list(Side))
def test_in_a_first_merge_what_is_there_beats_what_is_empty(winner: Side) -> None:
    sugar, google = replace(EMPTY, title="x"), replace(EMPTY, department="y")
    result = merged(sugar, google, None, winner)
    assert result.targets == {G: Contact(title="x"), S: Contact(department="y")}
    assert result.losses == ()


@pytest.mark.parametrize("winner", list(Side))
def test_in_a_first_merge_differing_values_go_by_policy(winner: Side) -> None:
    values = {S: "x", G: "y"}
    result = merged(replace(EMPTY, title="x"), replace(EMPTY, title="y"), None, winner)
    assert result.targets == {winner.other: Contact(title=values[winner])}
    assert result.losses == (Loss("title", winner, values[winner], values[winner.other]),)


def test_in_a_first_merge_addresses_add_up_sugars_first() -> None:
    sugar, google = (
        replace(EMPTY, emails=("s@x.test", "c@x.test")),
        replace(EMPTY, emails=("g@x.test", "C@x.test")),
    )
    result = merged(sugar, google, None)
    assert result.base.emails == ("s@x.test", "c@x.test", "g@x.test")
    assert result.targets == {side: Contact(emails=result.base.emails) for side in Side}


@THOROUGH
@given(BASES, BASES, WINNER)
def test_a_first_merge_never_erases(sugar: Contact, google: Contact, winner: Side) -> None:
    result = merged(sugar, google, None, winner)
    for side, contact in ((S, sugar), (G, google)):
        for name in result.fields_to_write(side):
            assert not is_empty(getattr(result.targets[side], name))
            if name == "emails":
                assert set(contact.emails or ()) <= set(result.targets[side].emails or ())


def test_equal_contents_are_linked_without_a_write() -> None:
    contact = replace(EMPTY, last_name="Ruiz", emails=("a@x.test",))
    result = merged(contact, contact, None)
    assert not result.targets and equal(result.base, contact)


# Deliberate clears


@pytest.mark.parametrize(
    ("field", "value", "cleared"),
    [("title", "b", ""), ("emails", ("a@x.test",), ()), ("primary_address", Address(city="Rome"), Address())],
)
@pytest.mark.parametrize("side", list(Side))
def test_a_value_that_was_agreed_and_is_empty_now_is_cleared(
    field: str, value: Any, cleared: Any, side: Side
) -> None:
    base = replace(EMPTY, **{field: value})
    contacts = {side: replace(base, **{field: cleared}), side.other: base}
    result = merged(contacts[S], contacts[G], base)
    assert result.targets == {side.other: Contact(**{field: cleared})}
    assert getattr(result.base, field) == cleared


def test_a_field_that_was_never_agreed_on_is_not_cleared_by_an_empty_one() -> None:
    base = replace(EMPTY, title=None)
    result = merged(EMPTY, replace(EMPTY, title="y"), base)
    assert result.targets == {S: Contact(title="y")}


def test_an_unknown_field_is_no_edit() -> None:
    base = replace(EMPTY, title="b")
    assert not edited(replace(base, title=None), base, everything)
    assert edited(replace(base, title=""), base, everything)
    assert edited(base, None, everything)


# Addresses as a set


def test_addresses_added_and_removed_on_both_sides_at_once() -> None:
    base = replace(EMPTY, emails=("a@x.test", "b@x.test", "c@x.test"))
    sugar = replace(EMPTY, emails=("b@x.test", "c@x.test", "s@x.test"))
    google = replace(EMPTY, emails=("a@x.test", "c@x.test", "g@x.test"))
    result = merged(sugar, google, base)
    assert set(result.base.emails or ()) == {"c@x.test", "s@x.test", "g@x.test"}
    assert equal(after(sugar, result, S), after(google, result, G))
    assert not result.losses


def test_the_order_of_addresses_is_no_change_and_sugars_order_is_what_google_gets() -> None:
    base = replace(EMPTY, emails=("a@x.test", "b@x.test"))
    turned = replace(EMPTY, emails=("b@x.test", "a@x.test"))
    assert not merged(turned, base, base).targets
    added = merged(replace(EMPTY, emails=("b@x.test", "a@x.test", "n@x.test")), base, base)
    assert added.targets == {G: Contact(emails=("b@x.test", "a@x.test", "n@x.test"))}


def test_a_forbidden_field_holds_no_other_back() -> None:
    base = replace(EMPTY, title="b", department="b")
    sugar = replace(base, title="x", department="x")
    result = merged(sugar, base, base, may=lambda _side, name: Leave.NEVER if name == "title" else Leave.YES)
    assert result.targets == {G: Contact(department="x")}
    assert (result.base.title, result.base.department) == ("b", "x")


def test_a_conflict_that_may_not_be_written_is_neither_decided_nor_lost() -> None:
    base = replace(EMPTY, title="b")
    sugar, google = replace(EMPTY, title="x"), replace(EMPTY, title="y")
    result = merged(sugar, google, base, S, to(S))
    assert not result.targets and not result.losses and result.base.title == "b"
