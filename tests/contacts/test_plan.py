"""What is done about one contact, row by row of the decisions, on both sides where they are alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.contacts.planning import (
    BASE,
    DELETED,
    HIDDEN,
    NONE,
    NOW,
    UNCONFIRMED,
    mapped,
    noted,
    settings,
    shown,
)

from contact_sync.contacts.actions import (
    Become,
    Create,
    Delete,
    Forget,
    Nothing,
    Presence,
    Quarantine,
    Renew,
    SideView,
    Update,
    Wait,
)
from contact_sync.contacts.contact import PRIVATE_FIELDS, Contact
from contact_sync.contacts.mapping import Directive, Mapping, Missing, Seen, State
from contact_sync.contacts.match import Match, Verdict
from contact_sync.contacts.normal_form import EMPTY
from contact_sync.contacts.plan import place, plan
from contact_sync.contacts.settings import SyncSettings
from contact_sync.contacts.side import Side

SIDES = pytest.mark.parametrize("side", list(Side))
ANA = replace(EMPTY, last_name="Ruiz", emails=("ana@x.test",), title="CTO")
NO_MATCH = Match(Verdict.NONE)
ALL = settings()


def views(side: Side, this: SideView, other: SideView) -> dict[Side, SideView]:
    return {side: this, side.other: other}


def placed(side: Side, match: Match = NO_MATCH, chosen: SyncSettings = ALL, **more: Any) -> Any:
    return place(side, shown(ANA), match, more.pop("partner", None), chosen, **more)


# Only one side exists, no mapping


@SIDES
def test_a_record_without_a_partner_is_created_on_the_other_side(side: Side) -> None:
    assert placed(side) == Create(side.other, ANA)


@SIDES
def test_without_that_directions_create_switch_nothing_is_created(side: Side) -> None:
    assert placed(side, chosen=settings(create=[side])) == Nothing()
    assert placed(side, chosen=settings(create=[side.other])) == Create(side.other, ANA)


@SIDES
def test_without_the_label_or_while_creates_pause_nothing_is_created(side: Side) -> None:
    assert placed(side, may_create=False) == Nothing()


@SIDES
def test_a_single_partner_is_linked_and_merged(side: Side) -> None:
    partner = shown(replace(ANA, title="", department="IT"))
    action = placed(side, Match(Verdict.LINK, ("p",)), partner=partner)
    assert isinstance(action, Update) and action.links
    assert action.merged.targets == {side.other: Contact(title="CTO"), side: Contact(department="IT")}


@SIDES
def test_equal_partners_are_linked_without_a_write(side: Side) -> None:
    action = placed(side, Match(Verdict.LINK, ("p",)), partner=shown(ANA))
    assert isinstance(action, Update) and action.links and not action.merged.targets


@SIDES
@pytest.mark.parametrize("partner", [None, NONE, HIDDEN])
def test_a_partner_that_cannot_be_read_yet_is_waited_for(side: Side, partner: SideView | None) -> None:
    assert isinstance(placed(side, Match(Verdict.LINK, ("p",)), partner=partner), Wait)


@SIDES
def test_several_candidates_are_asked_about(side: Side) -> None:
    action = placed(side, Match(Verdict.AMBIGUOUS, ("p", "q")))
    assert isinstance(action, Quarantine) and (action.cause, action.partners) == ("ambiguous", ("p", "q"))


@SIDES
def test_a_double_is_asked_about_only_where_it_would_be_created(side: Side) -> None:
    double = Match(Verdict.DUPLICATE, ("p",))
    action = placed(side, double)
    assert isinstance(action, Quarantine) and (action.cause, action.partners) == ("duplicate", ("p",))
    assert placed(side, double, settings(create=[side])) == Nothing()


@SIDES
def test_a_candidate_outside_the_scope_leaves_the_record_alone(side: Side) -> None:
    assert placed(side, Match(Verdict.OUT_OF_SCOPE, ("p",))) == Nothing()


@SIDES
@pytest.mark.parametrize("verdict", [Verdict.AMBIGUOUS, Verdict.DUPLICATE])
def test_kept_as_a_contact_of_its_own_it_is_created_if_that_switch_is_on(
    side: Side, verdict: Verdict
) -> None:
    assert placed(side, Match(verdict, ("p",)), own_contact=True) == Create(side.other, ANA)
    assert placed(side, Match(verdict, ("p",)), settings(create=[side]), own_contact=True) == Nothing()


@SIDES
@pytest.mark.parametrize("verdict", list(Verdict))
def test_with_every_switch_off_nothing_is_linked_created_or_asked(side: Side, verdict: Verdict) -> None:
    assert placed(side, Match(verdict, ("p",)), settings([], [], []), partner=shown(ANA)) == Nothing()


@SIDES
@pytest.mark.parametrize("view", [NONE, DELETED, HIDDEN])
def test_a_new_record_that_is_gone_or_left_the_scope_is_forgotten(side: Side, view: SideView) -> None:
    assert place(side, view, NO_MATCH, None, ALL) == Forget()


# Both exist, mapped


@SIDES
def test_a_change_on_one_side_goes_to_the_other(side: Side) -> None:
    action = plan(mapped(), views(side, shown(replace(BASE, title="x")), shown(BASE)), ALL, NOW)
    assert isinstance(action, Update) and not action.links
    assert action.merged.targets == {side.other: Contact(title="x")}


@SIDES
def test_a_change_whose_direction_may_not_update_waits_in_place(side: Side) -> None:
    edited = views(side, shown(replace(BASE, title="x")), shown(BASE))
    action = plan(mapped(), edited, settings(update=[side]), NOW)
    assert isinstance(action, Update) and not action.merged.targets
    assert action.merged.base == BASE


@SIDES
def test_with_every_switch_off_an_equal_edit_on_both_sides_leaves_the_base_alone(side: Side) -> None:
    both = views(side, shown(replace(BASE, title="x")), shown(replace(BASE, title="x")))
    assert plan(mapped(), both, settings([], [], []), NOW) == Nothing()


@SIDES
@pytest.mark.parametrize("policy", ["sugar", "google"])
def test_a_conflict_goes_by_policy_and_its_loser_is_kept_for_the_history(side: Side, policy: str) -> None:
    values = {side: "x", side.other: "y"}
    both = {each: shown(replace(BASE, title=values[each])) for each in Side}
    action = plan(mapped(), both, settings(conflict=policy), NOW)
    winner = Side(policy)
    assert isinstance(action, Update)
    assert action.merged.targets == {winner.other: Contact(title=values[winner])}
    assert [(loss.kept, loss.lost) for loss in action.merged.losses] == [
        (values[winner], values[winner.other])
    ]


def newest(sugar: float | None, google: float | None, *, first_seen: bool) -> Side:
    """Who wins a conflict, given seconds at which each side changed: first seen so, or by the record's own time."""
    times = {
        side: None if seconds is None else NOW + timedelta(seconds=seconds)
        for side, seconds in ((Side.SUGAR, sugar), (Side.GOOGLE, google))
    }
    late = NOW + timedelta(hours=1)
    seen = Seen()
    for side in Side if first_seen else ():
        seen = seen.seeing(side, replace(BASE, title=side.value), ["title"], times[side])
    both = {
        side: shown(
            replace(BASE, title=side.value),
            # Where the first sight is known, the record's own time says nothing: anything may have moved it since.
            modified_at=(late if side is Side.SUGAR else NOW) if first_seen else times[side],
        )
        for side in Side
    }
    action = plan(mapped(seen=seen), both, settings(conflict="newest"), NOW)
    assert isinstance(action, Update)
    return action.merged.losses[0].winner


@pytest.mark.parametrize("first_seen", [True, False])
@pytest.mark.parametrize(
    ("sugar", "google", "winner"),
    [
        (0, 1, Side.GOOGLE),
        (1, 0, Side.SUGAR),
        (0, 0, Side.SUGAR),
        (0, 0.9, Side.SUGAR),
        (0.9, 1.1, Side.GOOGLE),
    ],
)
def test_newest_is_who_changed_in_a_later_second_and_sugar_within_one(
    sugar: float, google: float, winner: Side, first_seen: bool
) -> None:
    assert newest(sugar, google, first_seen=first_seen) is winner


@pytest.mark.parametrize(("sugar", "google"), [(None, 1), (1, None), (None, None)])
def test_newest_without_both_times_is_sugar(sugar: float | None, google: float | None) -> None:
    assert newest(sugar, google, first_seen=False) is Side.SUGAR


def test_private_fields_reach_sugar_only_where_it_holds_a_value_already() -> None:
    private = {"description": "d", "birthday": "1980-01-01", "phone_home": "1", "title": "t"}
    google = shown(replace(BASE, **private))
    kept, shared = settings(private_fields="keep"), settings(private_fields="share")
    both = {Side.SUGAR: shown(BASE), Side.GOOGLE: google}
    action = plan(mapped(), both, kept, NOW)
    assert isinstance(action, Update) and action.merged.targets == {Side.SUGAR: Contact(title="t")}
    shares = plan(mapped(), both, shared, NOW)
    assert isinstance(shares, Update) and shares.merged.targets == {Side.SUGAR: Contact(**private)}
    holding = {Side.SUGAR: shown(replace(BASE, description="old")), Side.GOOGLE: google}
    action = plan(mapped(base=replace(BASE, description="old")), holding, kept, NOW)
    assert isinstance(action, Update)
    assert action.merged.targets == {Side.SUGAR: Contact(title="t", description="d")}


def test_private_fields_of_sugar_reach_google() -> None:
    sugar = shown(replace(BASE, description="d"))
    action = plan(
        mapped(), {Side.SUGAR: sugar, Side.GOOGLE: shown(BASE)}, settings(private_fields="keep"), NOW
    )
    assert isinstance(action, Update) and action.merged.targets == {Side.GOOGLE: Contact(description="d")}


def test_private_fields_are_left_out_of_a_create_in_sugar_only() -> None:
    full = replace(EMPTY, last_name="Ruiz", description="d", birthday="1980-01-01", phone_home="1")
    kept = settings(private_fields="keep")
    created = place(Side.GOOGLE, shown(full), NO_MATCH, None, kept)
    assert created == Create(Side.SUGAR, replace(full, **dict.fromkeys(PRIVATE_FIELDS)))
    assert place(Side.SUGAR, shown(full), NO_MATCH, None, kept) == Create(Side.GOOGLE, full)


@SIDES
def test_a_field_that_may_not_be_written_there_is_like_a_forbidden_write(side: Side) -> None:
    closed = SideView(Presence.PRESENT, BASE, denied=frozenset({"title"}))
    edited = shown(replace(BASE, title="x", department="x"))
    action = plan(mapped(), views(side, closed, edited), ALL, NOW)
    assert isinstance(action, Update)
    assert action.merged.targets == {side: Contact(department="x")}
    assert (action.merged.base.title, action.merged.base.department) == (BASE.title, "x")


# One side deleted


@SIDES
def test_a_deletion_of_what_is_unchanged_is_carried_out(side: Side) -> None:
    assert plan(noted(side), views(side, DELETED, shown(BASE)), ALL, NOW) == Delete(side.other)


@SIDES
def test_a_deletion_without_its_switch_unlinks(side: Side) -> None:
    off = settings(delete=[side])
    before = noted(side)
    assert plan(before, views(side, DELETED, shown(BASE)), off, NOW) == Become(State.UNLINKED, before.missing)


@SIDES
def test_a_deletion_noted_while_the_switch_was_off_unlinks_whatever_the_switch_is_now(side: Side) -> None:
    before = noted(side, delete_on=False)
    assert plan(before, views(side, DELETED, shown(BASE)), ALL, NOW) == Become(State.UNLINKED, before.missing)


@SIDES
def test_a_deletion_that_nothing_noted_is_not_carried_out(side: Side) -> None:
    for before in (mapped(), noted(side.other)):
        action = plan(before, views(side, DELETED, shown(BASE)), ALL, NOW)
        assert action == Become(State.UNLINKED, Missing(side, NOW, False))


@SIDES
def test_deleted_here_and_edited_there_is_asked_about(side: Side) -> None:
    edited = views(side, DELETED, shown(replace(BASE, title="x")))
    action = plan(noted(side), edited, ALL, NOW)
    assert isinstance(action, Quarantine) and action.cause == "deleted_and_edited"


@SIDES
def test_deleted_here_and_edited_there_without_the_delete_switch_unlinks(side: Side) -> None:
    edited = views(side, DELETED, shown(replace(BASE, title="x")))
    action = plan(noted(side), edited, settings(delete=[side]), NOW)
    assert isinstance(action, Become) and action.state is State.UNLINKED


@SIDES
def test_what_a_side_cannot_hold_is_no_edit(side: Side) -> None:
    base = replace(BASE, title="Engineer")
    cut = SideView(
        Presence.PRESENT, replace(BASE, title="Eng"), holds=lambda contact: replace(contact, title="Eng")
    )
    assert plan(noted(side, base=base), views(side, DELETED, cut), ALL, NOW) == Delete(side.other)
    earlier = noted(side, base=base, held={side.other: Contact(title="Eng")})
    now_wider = shown(replace(BASE, title="Eng"))
    assert plan(earlier, views(side, DELETED, now_wider), ALL, NOW) == Delete(side.other)


@SIDES
def test_a_field_that_cannot_be_read_is_no_edit(side: Side) -> None:
    blind = views(side, DELETED, shown(replace(BASE, title=None)))
    assert plan(noted(side), blind, ALL, NOW) == Delete(side.other)


@SIDES
def test_released_the_deletion_is_carried_out_in_spite_of_the_edit(side: Side) -> None:
    released = noted(side, directive=Directive("delete"))
    edited = views(side, DELETED, shown(replace(BASE, title="x")))
    assert plan(released, edited, ALL, NOW) == Delete(side.other, released=True)
    late = noted(side, delete_on=False, directive=Directive("delete"))
    assert plan(late, edited, ALL, NOW) == Delete(side.other, released=True)


@SIDES
def test_released_without_the_delete_switch_it_unlinks(side: Side) -> None:
    released = noted(side, directive=Directive("delete"))
    action = plan(released, views(side, DELETED, shown(BASE)), settings(delete=[side]), NOW)
    assert action == Become(State.UNLINKED, released.missing)


@SIDES
def test_kept_the_survivor_becomes_a_contact_of_its_own_if_it_may_be_created(side: Side) -> None:
    kept = noted(side, directive=Directive("create"))
    edited = views(side, DELETED, shown(replace(BASE, title="x")))
    assert plan(kept, edited, ALL, NOW) == Renew(side)
    assert plan(kept, edited, settings(create=[side.other]), NOW) == Become(State.UNLINKED, kept.missing)


@pytest.mark.parametrize("before", [mapped(), noted(Side.SUGAR), noted(Side.GOOGLE, delete_on=False)])
@pytest.mark.parametrize("chosen", [ALL, settings([], [], [])])
def test_deleted_on_both_sides_it_is_gone_without_a_write(before: Mapping, chosen: SyncSettings) -> None:
    assert plan(before, dict.fromkeys(Side, DELETED), chosen, NOW) == Become(State.GONE)


@pytest.mark.parametrize("state", [State.LINKED, State.UNLINKED, State.OUT_OF_SCOPE])
@SIDES
def test_what_is_merely_not_found_is_waited_for(side: Side, state: State) -> None:
    assert isinstance(plan(noted(side, state=state), views(side, UNCONFIRMED, shown(BASE)), ALL, NOW), Wait)


# A field that keeps coming back


def flipping(side: Side, hours_ago: list[float]) -> Mapping:
    """A mapping whose title we wrote on `side` at these hours before now, always from "b" to "x"."""
    before, after = mapped(), replace(BASE, title="x")
    for ago in hours_ago:
        at = NOW - timedelta(hours=ago)
        action = plan(before, views(side, shown(BASE), shown(after)), ALL, at)
        assert isinstance(action, Update)
        before = replace(before, flips=action.flips)
    return before


@SIDES
def test_a_field_that_came_back_three_times_within_a_day_is_asked_about(side: Side) -> None:
    looping = flipping(side, [3, 2, 1])
    action = plan(looping, views(side, shown(BASE), shown(replace(BASE, title="x"))), ALL, NOW)
    assert isinstance(action, Quarantine) and (action.cause, action.field) == ("loop", "title")
    assert "'b'" in action.message and "'x'" in action.message


@SIDES
@pytest.mark.parametrize("hours_ago", [[2, 1], [25, 2, 1], [60, 40, 20]])
def test_less_often_or_over_a_longer_time_it_is_written(side: Side, hours_ago: list[float]) -> None:
    action = plan(
        flipping(side, hours_ago), views(side, shown(BASE), shown(replace(BASE, title="x"))), ALL, NOW
    )
    assert isinstance(action, Update) and action.merged.targets == {side: Contact(title="x")}


@SIDES
def test_another_value_or_another_field_is_no_loop(side: Side) -> None:
    for change in ({"title": "y"}, {"department": "x"}):
        edited = views(side, shown(BASE), shown(replace(BASE, **change)))
        assert isinstance(plan(flipping(side, [3, 2, 1]), edited, ALL, NOW), Update)
