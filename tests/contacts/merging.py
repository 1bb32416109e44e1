"""Contacts to be merged: generated books and the merge of two contacts with everything else given.

Bases are made first and both sides derived from them by few edits, from tiny alphabets, so that coincidences happen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from contact_sync.contacts import google_person, sugar_record
from contact_sync.contacts.contact import FIELDS, Address, Contact
from contact_sync.contacts.merge import Leave, May, Merged, Winner, merge
from contact_sync.contacts.normal_form import EMPTY, company_key, same
from contact_sync.contacts.side import Side
from contact_sync.contacts.sugar_record import Accounts, SugarSchema

S, G = Side.SUGAR, Side.GOOGLE
SCHEMA = SugarSchema(lengths={"title": 3, "first_name": 4}, salutations=frozenset({"Dr."}))
ACCOUNTS = Accounts({company_key("Acme"): "a1", company_key("Twice"): None})

TEXT = st.sampled_from(["", "b", "x", "y"])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "first_name": TEXT,
    "title": TEXT,
    "phone_work": st.sampled_from(["", "+31 6 1", "+31-6-1", "+31 6 2"]),
    "description": TEXT,
    "emails": st.lists(st.sampled_from(["a@x.test", "b@x.test", "c@x.test"]), unique=True).map(tuple),
    "primary_address": st.builds(Address, city=st.sampled_from(["", "Rome", "Oslo"])),
}
EDITS = st.sampled_from(sorted(VALUES)).flatmap(lambda name: st.tuples(st.just(name), VALUES[name]))
BASES = st.builds(lambda values: replace(EMPTY, **values), st.fixed_dictionaries(VALUES))
WINNER = st.sampled_from(Side)
THOROUGH = settings(max_examples=120, deadline=None)


@st.composite
def three(draw: st.DrawFn) -> tuple[Contact, Contact, Contact]:
    """A base and both sides, each derived from it by up to three edits."""
    base = draw(BASES)
    sides = [replace(base, **dict(draw(st.lists(EDITS, max_size=3)))) for _ in Side]
    return base, sides[0], sides[1]


def everything(_contact: Contact) -> Contact:
    return _contact


def held_by_sugar(contact: Contact) -> Contact:
    return sugar_record.reduce(contact, SCHEMA, ACCOUNTS)


def merged(
    sugar: Contact,
    google: Contact,
    base: Contact | None,
    winner: Side = S,
    may: May = lambda _side, _name: Leave.YES,
    *,
    reducing: bool = False,
) -> Merged:
    holds = {
        S: held_by_sugar if reducing else everything,
        G: google_person.reduce if reducing else everything,
    }
    return merge({S: sugar, G: google}, base, holds, wins(winner), may)


def after(contact: Contact, result: Merged, side: Side) -> Contact:
    """The side's contact once its target is written."""
    return replace(
        contact, **{name: getattr(result.targets[side], name) for name in result.fields_to_write(side)}
    )


def equal(one: Contact, other: Contact) -> bool:
    return all(same(name, getattr(one, name), getattr(other, name)) for name in FIELDS)


def to(*sides: Side) -> May:
    return lambda side, _name: Leave.YES if side in sides else Leave.NOT_NOW


def wins(side: Side) -> Winner:
    return lambda _name: side
