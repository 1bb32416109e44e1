"""Three-way merge of two contacts: its laws over generated books, and its rules one by one.

Bases are made first and both sides derived from them by few edits, from tiny alphabets, so that coincidences happen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contact_sync.contacts import google_person, sugar_record
from contact_sync.contacts.contact import FIELDS, Address, Contact
from contact_sync.contacts.merge import Loss, Merged, differs_from_base, merge
from contact_sync.contacts.normal_form import EMPTY, company_key, email_key, is_empty, same
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
    allowed: Callable[[Side, str, Any], bool] = lambda _side, _name, _value: True,
    *,
    reducing: bool = False,
) -> Merged:
    holds = {S: held_by_sugar if reducing else everything, G: google_person.reduce if reducing else everything}
    return merge({S: sugar, G: google}, base, holds, winner, allowed)


def after(contact: Contact, result: Merged, side: Side) -> Contact:
    """The side's contact once its target is written."""
    return replace(contact, **{name: getattr(result.targets[side], name) for name in result.fields_to_write(side)})


def equal(one: Contact, other: Contact) -> bool:
    return all(same(name, getattr(one, name), getattr(other, name)) for name in FIELDS)


def to(*sides: Side) -> Callable[[Side, str, Any], bool]:
    return lambda side, _name, _value: side in sides


# P6: the laws of the merge


@THOROUGH
@given(three(), WINNER)
def test_both_sides_end_equal_and_the_base_with_them(case: tuple[Contact, Contact, Contact], winner: Side) -> None:
    base, sugar, google = case
    result = merged(sugar, google, base, winner)
    assert equal(after(sugar, result, S), after(google, result, G))
    assert equal(after(sugar, result, S), result.base)


@THOROUGH
@given(three(), WINNER)
def test_one_side_changed_goes_to_the_other_and_is_not_written_back(
    case: tuple[Contact, Contact, Contact], winner: Side
) -> None:
    base, edited, _ = case
    from_google, from_sugar = merged(base, edited, base, winner), merged(edited, base, base, winner)
    assert G not in from_google.targets and S not in from_sugar.targets
    assert equal(after(base, from_google, S), edited) and equal(after(base, from_sugar, G), edited)
    assert not from_google.losses and not from_sugar.losses


@THOROUGH
@given(three(), WINNER)
def test_the_same_change_on_both_sides_is_no_conflict_and_writes_nothing(
    case: tuple[Contact, Contact, Contact], winner: Side
) -> None:
    base, edited, _ = case
    result = merged(edited, edited, base, winner)
    assert not result.targets and not result.losses
    assert equal(result.base, edited)


@THOROUGH
@given(three(), WINNER)
def test_swapping_the_sides_and_the_winner_swaps_the_merge(
    case: tuple[Contact, Contact, Contact], winner: Side
) -> None:
    base, one, other = case
    result, swapped = merged(one, other, base, winner), merged(other, one, base, winner.other)
    for side in Side:
        assert set(result.fields_to_write(side)) == set(swapped.fields_to_write(side.other))
        assert equal(after(one, result, S), after(one, swapped, G))
    assert {(loss.field, loss.winner) for loss in result.losses} == {
        (loss.field, loss.winner.other) for loss in swapped.losses
    }


@THOROUGH
@given(three())
def test_the_winner_matters_only_where_both_changed_differently(case: tuple[Contact, Contact, Contact]) -> None:
    base, sugar, google = case
    by_sugar, by_google = merged(sugar, google, base, S), merged(sugar, google, base, G)
    lost = {loss.field for loss in by_sugar.losses}
    assert lost == {loss.field for loss in by_google.losses}
    for name in FIELDS:
        values = {getattr(each.base, name) for each in (by_sugar, by_google)}
        if name in lost:
            assert len({getattr(one, name) for one in case}) == 3
        else:
            assert len(values) == 1


@THOROUGH
@given(three(), WINNER)
def test_every_resulting_value_was_there_before(case: tuple[Contact, Contact, Contact], winner: Side) -> None:
    result = merged(case[1], case[2], case[0], winner)
    for name in set(FIELDS) - {"emails"}:
        assert getattr(result.base, name) in {getattr(one, name) for one in case}


@THOROUGH
@given(three(), WINNER)
def test_an_added_address_is_kept_and_a_removed_one_is_gone(
    case: tuple[Contact, Contact, Contact], winner: Side
) -> None:
    before, sugar, google = (frozenset(map(email_key, one.emails or ())) for one in case)
    base = frozenset(map(email_key, merged(case[1], case[2], case[0], winner).base.emails or ()))
    assert base == (before & sugar & google) | (sugar - before) | (google - before)


# P5: which conflict is whose


@THOROUGH
@given(three(), WINNER)
def test_each_conflict_is_decided_by_itself_and_its_loser_is_told(
    case: tuple[Contact, Contact, Contact], winner: Side
) -> None:
    base, sugar, google = case
    result = merged(sugar, google, base, winner)
    sides = {S: sugar, G: google}
    for loss in result.losses:
        assert loss.winner is winner
        assert loss.kept == getattr(sides[winner], loss.field) == getattr(result.base, loss.field)
        assert loss.lost == getattr(sides[winner.other], loss.field)
        assert loss.field in result.fields_to_write(winner.other)


def test_different_fields_changed_on_both_sides_both_travel() -> None:
    base = replace(EMPTY, title="b", department="b")
    result = merged(replace(base, title="x"), replace(base, department="y"), base)
    assert result.targets == {G: Contact(title="x"), S: Contact(department="y")}
    assert result.losses == ()


def test_a_conflict_costs_only_its_own_field() -> None:
    base = replace(EMPTY, title="b", department="b")
    result = merged(replace(base, title="x", department="x"), replace(base, title="y"), base, G)
    assert result.targets == {G: Contact(department="x"), S: Contact(title="y")}
    assert result.losses == (Loss("title", G, "y", "x"),)


def test_a_value_spelled_otherwise_is_no_change() -> None:
    base = replace(EMPTY, phone_work="+31 6 1", twitter="ana", emails=("a@x.test", "b@x.test"))
    google = replace(base, phone_work="0031-6-1", twitter="@Ana", emails=("B@x.test", "a@X.test"))
    assert not merged(base, google, base).targets


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
    sugar, google = replace(EMPTY, emails=("s@x.test", "c@x.test")), replace(EMPTY, emails=("g@x.test", "C@x.test"))
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


# Unknown fields


@THOROUGH
@given(three(), st.sampled_from(sorted(VALUES)), WINNER, WINNER)
def test_an_unknown_field_takes_no_part(
    case: tuple[Contact, Contact, Contact], name: str, blind: Side, winner: Side
) -> None:
    base, sugar, google = case
    contacts = {S: sugar, G: google}
    contacts[blind] = replace(contacts[blind], **{name: None})
    result = merged(contacts[S], contacts[G], base, winner)
    assert all(name not in result.fields_to_write(side) for side in Side)
    assert getattr(result.base, name) == getattr(base, name)
    seeing = merged(sugar, google, base, winner)
    for side in Side:
        assert set(result.fields_to_write(side)) == set(seeing.fields_to_write(side)) - {name}


def test_an_unknown_field_is_no_edit() -> None:
    base = replace(EMPTY, title="b")
    assert not differs_from_base(replace(base, title=None), base, everything)
    assert differs_from_base(replace(base, title=""), base, everything)
    assert differs_from_base(base, None, everything)


# Reduction: the richer form is never overwritten by its own reduction


def test_a_clipped_value_is_the_same_as_its_longer_form() -> None:
    base = replace(EMPTY, title="Engineer")
    result = merged(replace(EMPTY, title="Eng"), base, base, reducing=True)
    assert not result.targets and result.base.title == "Engineer"
    assert not differs_from_base(replace(EMPTY, title="Eng"), base, held_by_sugar)


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
    ("field", "value"), [("birthday", "--02-29"), ("company", "Nobody's"), ("company", "Twice"), ("salutation", "Herr")]
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
    before = merge({S: sugar, G: google}, None, {S: holding(**{field: less}), G: everything}, S, to(*Side))
    assert not before.targets and getattr(before.held[S], field) == less
    assert not differs_from_base(sugar, before.base, everything, before.held[S])
    later = merge({S: sugar, G: google}, before.base, dict.fromkeys(Side, everything), S, to(*Side), before.held)
    assert later.targets == {S: Contact(**{field: whole})}
    done = merge({S: google, G: google}, later.base, dict.fromkeys(Side, everything), S, to(*Side), later.held)
    assert not done.targets and not done.held


@pytest.mark.parametrize(
    ("field", "less", "edited", "whole"),
    [
        ("company", "", "Beta", "Acme"),
        ("title", "Eng", "Boss", "Engineer"),
        ("title", "Eng", "", "Engineer"),
    ],
)
def test_an_edit_of_what_sugar_held_is_an_edit_then_and_later(field: str, less: Any, edited: Any, whole: Any) -> None:
    google = replace(EMPTY, **{field: whole})
    reduced = {S: holding(**{field: less}), G: everything}
    before = merge({S: replace(EMPTY, **{field: less}), G: google}, None, reduced, S, to(*Side))
    sugar = replace(EMPTY, **{field: edited})
    for holds in (reduced, dict.fromkeys(Side, everything)):
        result = merge({S: sugar, G: google}, before.base, holds, G, to(*Side), before.held)
        assert result.targets == {G: Contact(**{field: edited})}
        assert not result.held


def test_what_was_held_is_remembered_while_a_write_is_forbidden() -> None:
    sugar, google = replace(EMPTY, title="Eng"), replace(EMPTY, title="Engineer")
    before = merge({S: sugar, G: google}, None, {S: holding(title="Eng"), G: everything}, S, to(*Side))
    for allowed in (to(), to(G)):
        after_it = merge(
            {S: sugar, G: google}, before.base, dict.fromkeys(Side, everything), S, allowed, before.held
        )
        assert not after_it.targets
        assert (after_it.base, after_it.held) == (before.base, before.held)


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


# What may not be written is not absorbed


@THOROUGH
@given(three(), WINNER, st.sampled_from([(), (S,), (G,)]))
def test_what_is_forbidden_now_is_caught_up_once_it_is_allowed(
    case: tuple[Contact, Contact, Contact], winner: Side, first: tuple[Side, ...]
) -> None:
    base, sugar, google = case
    restricted, full = merged(sugar, google, base, winner, to(*first)), merged(sugar, google, base, winner)
    assert set(restricted.targets) <= set(first)
    for side in first:
        assert set(restricted.fields_to_write(side)) == set(full.fields_to_write(side))
    sugar, google = after(sugar, restricted, S), after(google, restricted, G)
    later = merged(sugar, google, restricted.base, winner)
    assert equal(later.base, full.base)
    assert equal(after(sugar, later, S), after(google, later, G))


@THOROUGH
@given(three(), WINNER)
def test_with_every_write_forbidden_a_difference_leaves_the_base_alone(
    case: tuple[Contact, Contact, Contact], winner: Side
) -> None:
    base, sugar, google = case
    result = merged(sugar, google, base, winner, to())
    assert not result.targets and not result.losses
    for name in set(FIELDS) - {"emails"}:
        if not same(name, getattr(sugar, name), getattr(google, name)):
            assert getattr(result.base, name) == getattr(base, name)


def test_a_forbidden_field_holds_no_other_back() -> None:
    base = replace(EMPTY, title="b", department="b")
    sugar = replace(base, title="x", department="x")
    result = merged(sugar, base, base, allowed=lambda _side, name, _value: name != "title")
    assert result.targets == {G: Contact(department="x")}
    assert (result.base.title, result.base.department) == ("b", "x")


def test_a_conflict_that_may_not_be_written_is_neither_decided_nor_lost() -> None:
    base = replace(EMPTY, title="b")
    sugar, google = replace(EMPTY, title="x"), replace(EMPTY, title="y")
    result = merged(sugar, google, base, S, to(S))
    assert not result.targets and not result.losses and result.base.title == "b"
