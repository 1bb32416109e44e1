"""The laws of the three-way merge, over generated contacts."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.contacts.merging import (
    THOROUGH,
    VALUES,
    WINNER,
    G,
    S,
    after,
    equal,
    merged,
    three,
    to,
)

from contact_sync.contacts.contact import FIELDS, Contact
from contact_sync.contacts.merge import Loss
from contact_sync.contacts.normal_form import EMPTY, email_key, same
from contact_sync.contacts.side import Side

# P6: the laws of the merge


@THOROUGH
@given(three(), WINNER)
def test_both_sides_end_equal_and_the_base_with_them(
    case: tuple[Contact, Contact, Contact], winner: Side
) -> None:
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
def test_the_winner_matters_only_where_both_changed_differently(
    case: tuple[Contact, Contact, Contact],
) -> None:
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
