"""Fields that rest: a difference that a person wants left standing, until either side changes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.contacts.merging import BASES, THOROUGH, VALUES, after, everything, three

from contact_sync.contacts.contact import Contact
from contact_sync.contacts.mapping import Mapping
from contact_sync.contacts.merge import Leave, Merged, merge
from contact_sync.contacts.normal_form import EMPTY, email_key, same
from contact_sync.contacts.side import Side

S, G = Side.SUGAR, Side.GOOGLE
HOLDS = dict.fromkeys(Side, everything)
FIELD = st.sampled_from(sorted(VALUES))


def rested(sugar: Contact, google: Contact, mapping: Mapping, *, on: bool = True) -> Merged:
    leave = Leave.YES if on else Leave.NOT_NOW
    return merge(
        {S: sugar, G: google},
        mapping.base,
        HOLDS,
        lambda _name: S,
        lambda _side, _name: leave,
        mapping.held,
        rests=mapping.holds,
    )


def resting(sugar: Contact, google: Contact, base: Contact, *names: str) -> Mapping:
    return Mapping("s", base=base).resting(names, {S: sugar, G: google})


@THOROUGH
@given(three(), FIELD)
def test_what_rests_is_written_nowhere_and_stays_at_rest(
    books: tuple[Contact, Contact, Contact], name: str
) -> None:
    base, sugar, google = books
    mapping = resting(sugar, google, base, name)
    for on in (True, False):
        result = rested(sugar, google, mapping, on=on)
        assert all(name not in result.fields_to_write(side) for side in Side)
        differs = not same(name, getattr(sugar, name), getattr(google, name))
        assert mapping.still_resting(result.held) == ((name,) if differs else ())


@THOROUGH
@given(three(), FIELD, st.sampled_from(Side), st.data())
def test_an_edit_of_either_side_travels_and_both_agree(
    books: tuple[Contact, Contact, Contact], name: str, side: Side, data: st.DataObject
) -> None:
    base, sugar, google = books
    assume(name != "emails")
    mapping = resting(sugar, google, base, name)
    value = data.draw(VALUES[name])
    now = {S: sugar, G: google}
    assume(not any(same(name, value, getattr(known, name)) for known in (now[side], base)))
    now[side] = replace(now[side], **{name: value})
    result = rested(now[S], now[G], mapping)
    for one in Side:
        assert same(name, getattr(after(now[one], result, one), name), value)
    assert mapping.still_resting(result.held) == ()
    # With the switch off it waits, as an edit does.
    assert rested(now[S], now[G], mapping, on=False).fields_to_write(side.other) == ()


ADDRESSES = st.lists(st.sampled_from(["a@x.test", "b@x.test", "c@x.test", "d@x.test"]), unique=True).map(
    tuple
)


@THOROUGH
@given(BASES, ADDRESSES, ADDRESSES, ADDRESSES, st.sampled_from(Side))
def test_an_edit_of_the_addresses_moves_only_what_it_was_about(
    base: Contact, sugar: Any, google: Any, edited: Any, side: Side
) -> None:
    now = {S: replace(EMPTY, emails=sugar), G: replace(EMPTY, emails=google)}
    mapping = resting(now[S], now[G], replace(EMPTY, emails=base.emails), "emails")
    before = {one: {email_key(mail) for mail in now[one].emails or ()} for one in Side}
    now[side] = replace(now[side], emails=edited)
    there = {email_key(mail) for mail in edited}
    result = rested(now[S], now[G], mapping)
    other = {email_key(mail) for mail in after(now[side.other], result, side.other).emails or ()}
    assert "emails" not in result.fields_to_write(side)
    assert other == (before[side.other] | (there - before[side])) - (before[side] - there)


@pytest.mark.parametrize("name", sorted(VALUES))
def test_the_addresses_and_values_that_are_equal_again_rest_no_more(name: str) -> None:
    mapping = resting(EMPTY, EMPTY, EMPTY, name)
    result = rested(EMPTY, EMPTY, mapping)
    assert mapping.still_resting(result.held) == ()
