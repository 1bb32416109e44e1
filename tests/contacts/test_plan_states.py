"""What every event does in every state of a mapping."""

from __future__ import annotations

from dataclasses import replace

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

from contact_sync.contacts.actions import Action, Become, Forget, Nothing, Renew, SideView, Update, Wait
from contact_sync.contacts.contact import Contact
from contact_sync.contacts.mapping import Directive, Mapping, Missing, State
from contact_sync.contacts.plan import plan
from contact_sync.contacts.settings import SyncSettings
from contact_sync.contacts.side import Side

SIDES = pytest.mark.parametrize("side", list(Side))
ALL = settings()
THERE = shown(BASE)
EDITED = shown(replace(BASE, title="x"))


def decide(mapping: Mapping, sugar: SideView, google: SideView, chosen: SyncSettings = ALL) -> Action:
    return plan(mapping, {Side.SUGAR: sugar, Side.GOOGLE: google}, chosen, NOW)


def with_side(mapping: Mapping, side: Side, this: SideView, other: SideView) -> Action:
    return plan(mapping, {side: this, side.other: other}, ALL, NOW)


def links_without_a_write(action: Action) -> bool:
    return isinstance(action, Update) and action.links and not action.merged.targets


def carries(action: Action, side: Side, contact: Contact) -> bool:
    return isinstance(action, Update) and action.links and dict(action.merged.targets) == {side: contact}


# new


@pytest.mark.parametrize("sugar", [DELETED, HIDDEN, NONE])
def test_new_and_gone_or_out_of_scope_is_forgotten(sugar: SideView) -> None:
    assert decide(Mapping("s1"), sugar, NONE) == Forget()


# creating


@pytest.mark.parametrize("sugar", [THERE, EDITED, DELETED, HIDDEN, UNCONFIRMED, NONE])
@pytest.mark.parametrize("google", [THERE, EDITED, DELETED, UNCONFIRMED, NONE])
def test_creating_waits_until_the_outcome_is_known(sugar: SideView, google: SideView) -> None:
    assert isinstance(decide(mapped(state=State.CREATING), sugar, google), Wait | Nothing)


# linked


@pytest.mark.parametrize("google", [THERE, EDITED])
def test_linked_and_out_of_scope_keeps_its_base_and_writes_nothing(google: SideView) -> None:
    assert decide(mapped(), HIDDEN, google) == Become(State.OUT_OF_SCOPE)


def test_scope_is_judged_before_deletions() -> None:
    gone_in_google = noted(Side.GOOGLE)
    assert decide(gone_in_google, HIDDEN, DELETED) == Become(State.OUT_OF_SCOPE, forget=Side.GOOGLE)


# unlinked


@SIDES
def test_unlinked_and_the_survivor_edited_writes_nothing(side: Side) -> None:
    apart = noted(side, state=State.UNLINKED)
    assert with_side(apart, side, DELETED, EDITED) == Nothing()


def test_unlinked_by_the_user_edits_write_nothing() -> None:
    for sugar, google in ((EDITED, THERE), (THERE, EDITED), (EDITED, EDITED)):
        assert decide(mapped(state=State.UNLINKED), sugar, google) == Nothing()


@SIDES
def test_a_side_that_comes_back_by_itself_is_linked_again_over_the_kept_base(side: Side) -> None:
    apart = noted(side, state=State.UNLINKED)
    assert links_without_a_write(with_side(apart, side, THERE, THERE))
    assert carries(with_side(apart, side, THERE, EDITED), side, Contact(title="x"))
    assert carries(with_side(apart, side, EDITED, THERE), side.other, Contact(title="x"))


@SIDES
def test_unlinked_and_the_survivor_deleted_is_gone(side: Side) -> None:
    assert with_side(noted(side, state=State.UNLINKED), side, DELETED, DELETED) == Become(State.GONE)


@SIDES
def test_unlinked_by_the_user_and_one_side_deleted_stays(side: Side) -> None:
    assert with_side(mapped(state=State.UNLINKED), side, DELETED, THERE) == Nothing()


def test_unlinked_ignores_the_scope() -> None:
    for apart in (mapped(state=State.UNLINKED), noted(Side.GOOGLE, state=State.UNLINKED)):
        assert decide(apart, HIDDEN, DELETED) == Nothing()
        assert decide(apart, HIDDEN, THERE) == Nothing()


def test_link_again_after_the_user_unlinked_merges_over_the_kept_base() -> None:
    again = mapped(state=State.UNLINKED, directive=Directive("link"))
    assert carries(decide(again, EDITED, THERE), Side.GOOGLE, Contact(title="x"))
    assert carries(decide(again, THERE, EDITED), Side.SUGAR, Contact(title="x"))


@SIDES
def test_link_again_without_the_other_side_makes_a_contact_of_its_own(side: Side) -> None:
    again = noted(side, state=State.UNLINKED, directive=Directive("link"))
    assert with_side(again, side, DELETED, EDITED) == Renew(side)


# out_of_scope


@pytest.mark.parametrize("google", [THERE, EDITED])
def test_out_of_scope_writes_nothing(google: SideView) -> None:
    assert decide(mapped(state=State.OUT_OF_SCOPE), HIDDEN, google) == Nothing()


def test_out_of_scope_and_deleted_in_sugar_unlinks() -> None:
    out = mapped(state=State.OUT_OF_SCOPE)
    assert decide(out, DELETED, THERE) == Become(State.UNLINKED, Missing(Side.SUGAR, NOW, False))


@pytest.mark.parametrize("google", [NONE, DELETED])
def test_out_of_scope_without_a_google_side_and_deleted_in_sugar_is_gone(google: SideView) -> None:
    out = mapped(state=State.OUT_OF_SCOPE, google_id=None, base=None)
    assert decide(out, DELETED, google) == Become(State.GONE)


def test_out_of_scope_and_deleted_in_google_gives_up_the_google_side_and_the_base() -> None:
    out = noted(Side.GOOGLE, state=State.OUT_OF_SCOPE)
    assert decide(out, HIDDEN, DELETED) == Become(State.OUT_OF_SCOPE, forget=Side.GOOGLE)


def test_back_in_scope_is_linked_again_over_the_old_base() -> None:
    out = mapped(state=State.OUT_OF_SCOPE)
    assert links_without_a_write(decide(out, THERE, THERE))
    assert carries(decide(out, EDITED, THERE), Side.GOOGLE, Contact(title="x"))


@pytest.mark.parametrize("google", [NONE, DELETED])
def test_back_in_scope_without_a_google_side_is_new(google: SideView) -> None:
    out = mapped(state=State.OUT_OF_SCOPE, google_id=None, base=None)
    assert decide(out, THERE, google) == Become(State.NEW, forget=Side.GOOGLE)


# gone


def test_gone_and_still_gone_stays() -> None:
    for sugar in (DELETED, HIDDEN, NONE):
        assert decide(mapped(state=State.GONE), sugar, DELETED) == Nothing()


def test_gone_and_alive_in_sugar_is_new() -> None:
    assert decide(mapped(state=State.GONE), THERE, DELETED) == Become(State.NEW, forget=Side.GOOGLE)


def test_gone_and_alive_in_google_is_an_unmapped_google_contact() -> None:
    assert decide(mapped(state=State.GONE), DELETED, THERE) == Renew(Side.SUGAR)
