"""The laws of planning, over generated states, sides and settings: total, symmetric, restricted by switches."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from tests.contacts.planning import BASE, NOW, mapped, settings, shown

from contact_sync.contacts.actions import (
    Action,
    Become,
    Create,
    Delete,
    Presence,
    Quarantine,
    Renew,
    SideView,
    Update,
)
from contact_sync.contacts.contact import FIELDS, Contact
from contact_sync.contacts.mapping import Directive, Mapping, Missing, Seen, Sight, State, content_hash
from contact_sync.contacts.match import Match, Verdict
from contact_sync.contacts.normal_form import EMPTY, same
from contact_sync.contacts.plan import place, plan
from contact_sync.contacts.settings import VERBS, Direction, SyncSettings
from contact_sync.contacts.side import Side

S, G = Side.SUGAR, Side.GOOGLE
THOROUGH = examples(max_examples=250, deadline=None)
TITLES = st.sampled_from(["b", "x", "y", ""])
CONTACTS = st.builds(
    lambda title, department, emails: replace(BASE, title=title, department=department, emails=tuple(emails)),
    TITLES,
    TITLES,
    st.lists(st.sampled_from(["ana@x.test", "b@x.test"]), unique=True),
)
ODD_CONTACTS = (
    st.builds(Contact, last_name=st.none() | TITLES, title=st.none() | TITLES, emails=st.none()) | CONTACTS
)
MOMENTS = st.integers(0, 3).map(lambda hours: NOW + timedelta(hours=hours))
DIRECTIONS = st.builds(Direction, **dict.fromkeys(("enabled", "update", "create", "delete"), st.booleans()))
SETTINGS = st.builds(
    SyncSettings,
    from_sugar=DIRECTIONS,
    from_google=DIRECTIONS,
    private_fields=st.sampled_from(["share", "keep"]),
    conflict=st.sampled_from(["newest", "sugar", "google"]),
)
DIRECTIVES = st.none() | st.sampled_from(["again", "delete", "create", "link"]).map(Directive)
SIGHTS = st.builds(Sight, TITLES.map(lambda title: content_hash("title", title)), MOMENTS)
MISSING = st.none() | st.builds(Missing, st.sampled_from(Side), MOMENTS, st.booleans())
SIGHTED = st.dictionaries(st.sampled_from(["title", "department"]), SIGHTS)
SEEN = st.fixed_dictionaries(dict.fromkeys(Side, SIGHTED)).map(lambda times: Seen(times=times))
MAPPINGS = st.builds(
    Mapping,
    st.just("s1"),
    google_id=st.none() | st.just("g1"),
    state=st.sampled_from(State),
    base=st.none() | ODD_CONTACTS,
    seen=SEEN,
    missing=MISSING,
    directive=DIRECTIVES,
)
VIEWS = st.builds(SideView, st.sampled_from(Presence), st.none() | ODD_CONTACTS, st.none() | MOMENTS)


def of_both(views: tuple[SideView, SideView]) -> dict[Side, SideView]:
    return {S: views[0], G: views[1]}


BOTH_VIEWS = st.tuples(VIEWS, VIEWS).map(of_both)
BOTH_PRESENT = st.tuples(CONTACTS.map(shown), CONTACTS.map(shown)).map(of_both)
LINKED = st.builds(lambda base, seen: mapped(base=base, seen=seen), CONTACTS, SEEN)


def after(action: Action, views: dict[Side, SideView]) -> dict[Side, Contact]:
    """Both sides once the action is carried out (an update only)."""
    contacts = {side: view.contact or EMPTY for side, view in views.items()}
    if isinstance(action, Update):
        for side in action.merged.targets:
            fields = {
                name: getattr(action.merged.targets[side], name)
                for name in action.merged.fields_to_write(side)
            }
            contacts[side] = replace(contacts[side], **fields)
    return contacts


def equal(one: Contact, other: Contact) -> bool:
    return all(same(name, getattr(one, name), getattr(other, name)) for name in FIELDS)


# P1


@THOROUGH
@given(MAPPINGS, BOTH_VIEWS, SETTINGS)
def test_there_is_one_action_for_everything(mapping: Mapping, views: Any, chosen: SyncSettings) -> None:
    action = plan(mapping, views, chosen, NOW)
    assert isinstance(action, Action)
    assert plan(mapping, views, chosen, NOW) == action


@THOROUGH
@given(
    st.sampled_from(Side),
    VIEWS,
    st.builds(Match, st.sampled_from(Verdict), st.sampled_from([(), ("p",), ("p", "q")])),
    st.none() | VIEWS,
    SETTINGS,
    st.booleans(),
    st.booleans(),
    st.none() | MAPPINGS,
)
def test_there_is_one_action_for_every_unplaced_record(
    side: Side,
    view: SideView,
    match: Match,
    partner: SideView | None,
    chosen: SyncSettings,
    may_create: bool,
    own_contact: bool,
    mapping: Mapping | None,
) -> None:
    more: dict[str, Any] = {"may_create": may_create, "own_contact": own_contact, "mapping": mapping}
    action = place(side, view, match, partner, chosen, **more)
    assert isinstance(action, Action)
    assert place(side, view, match, partner, chosen, **more) == action


# P2


def swapped_settings(chosen: SyncSettings) -> SyncSettings:
    policy: dict[str, Any] = {"newest": "newest", "sugar": "google", "google": "sugar"}
    return SyncSettings(
        from_sugar=chosen.from_google, from_google=chosen.from_sugar, conflict=policy[chosen.conflict]
    )


def swapped_mapping(mapping: Mapping) -> Mapping:
    missing, seen = mapping.missing, mapping.seen
    return replace(
        mapping,
        seen=Seen(times={side: seen.times[side.other] for side in Side}),
        missing=replace(missing, side=missing.side.other) if missing else None,
    )


def told(action: Action, swap: bool) -> Any:
    """An action without its wording, as it reads with the sides swapped or not."""

    def side(each: Side | None) -> Side | None:
        return each.other if each and swap else each

    match action:
        case Update():
            targets = {side(each): action.merged.fields_to_write(each) for each in action.merged.targets}
            values = {side(each): target for each, target in action.merged.targets.items()}
            emails = {each: frozenset(target.emails or ()) for each, target in values.items()}
            titles = {each: (target.title, target.department) for each, target in values.items()}
            losses = {(loss.field, side(loss.winner), loss.kept, loss.lost) for loss in action.merged.losses}
            return "update", targets, emails, titles, losses, action.links
        case Create():
            return "create", side(action.side)
        case Delete():
            return "delete", side(action.side), action.released
        case Become():
            missing = action.missing and (
                side(action.missing.side),
                action.missing.at,
                action.missing.delete_on,
            )
            return "become", action.state, missing, side(action.forget)
        case Renew():
            return "renew", side(action.missing)
        case Quarantine():
            return "quarantine", action.cause, action.field
    return type(action)


def tied(mapping: Mapping, views: dict[Side, SideView]) -> bool:
    """Whether the time does not tell which side's value of some field is the newer one."""
    for name in ("title", "department"):
        times = [
            mapping.seen.since(side, name, getattr(view.contact, name)) if view.contact else None
            for side, view in views.items()
        ]
        if None in times or times[0] == times[1]:
            return True
    return False


@THOROUGH
@given(
    st.builds(
        lambda state, base, seen, missing, directive: mapped(
            state=state, base=base, seen=seen, missing=missing, directive=directive
        ),
        st.sampled_from([State.LINKED, State.UNLINKED, State.CREATING]),
        CONTACTS,
        SEEN,
        MISSING,
        DIRECTIVES,
    ),
    st.tuples(
        *[
            st.builds(
                SideView,
                st.sampled_from([Presence.PRESENT, Presence.DELETED, Presence.UNCONFIRMED]),
                CONTACTS,
            )
            for _ in Side
        ]
    ).map(of_both),
    SETTINGS,
)
def test_swapping_sides_switches_and_policy_swaps_the_plan(
    mapping: Mapping, views: dict[Side, SideView], chosen: SyncSettings
) -> None:
    assume(chosen.private_fields == "share")
    assume(chosen.conflict != "newest" or not tied(mapping, views))
    turned = {S: views[G], G: views[S]}
    action = plan(mapping, views, chosen, NOW)
    assert told(action, True) == told(
        plan(swapped_mapping(mapping), turned, swapped_settings(chosen), NOW), False
    )


# P3, P4


@THOROUGH
@given(LINKED, CONTACTS, SETTINGS, st.sampled_from([State.LINKED, State.UNLINKED, State.OUT_OF_SCOPE]))
def test_equal_contents_are_never_written(
    mapping: Mapping, contact: Contact, chosen: SyncSettings, state: State
) -> None:
    action = plan(replace(mapping, state=state), dict.fromkeys(Side, shown(contact)), chosen, NOW)
    assert not isinstance(action, Create | Delete | Quarantine)
    assert not (isinstance(action, Update) and action.merged.targets)


@THOROUGH
@given(LINKED, CONTACTS, st.sampled_from(Side))
def test_the_other_side_receives_exactly_what_one_side_changed(
    mapping: Mapping, edited: Contact, side: Side
) -> None:
    base = mapping.base or EMPTY
    views = {side: shown(edited), side.other: shown(base)}
    action = plan(mapping, views, settings(), NOW)
    assert isinstance(action, Update)
    assert side not in action.merged.targets and not action.merged.losses
    changed = {name for name in FIELDS if not same(name, getattr(base, name), getattr(edited, name))}
    assert set(action.merged.fields_to_write(side.other)) == changed
    assert equal(after(action, views)[side.other], edited)


# P7


@THOROUGH
@given(LINKED, CONTACTS, SETTINGS, st.sampled_from(Side), st.booleans())
def test_a_deletion_is_carried_out_unlinks_or_is_asked_about(
    mapping: Mapping, survivor: Contact, chosen: SyncSettings, side: Side, delete_on: bool
) -> None:
    missing = Missing(side, NOW, delete_on)
    deleted = {side: SideView(Presence.DELETED), side.other: shown(survivor)}
    action = plan(replace(mapping, missing=missing), deleted, chosen, NOW)
    if not (delete_on and chosen.may("delete", side.other)):
        assert action == Become(State.UNLINKED, missing)
    elif equal(survivor, mapping.base or EMPTY):
        assert action == Delete(side.other)
    else:
        assert isinstance(action, Quarantine) and action.cause == "deleted_and_edited"


# P9


@THOROUGH
@given(MAPPINGS, BOTH_VIEWS, SETTINGS)
def test_a_forbidden_write_is_never_planned(mapping: Mapping, views: Any, chosen: SyncSettings) -> None:
    action = plan(mapping, views, chosen, NOW)
    if isinstance(action, Update):
        assert all(chosen.may("update", side) for side in action.merged.targets)
    assert not isinstance(action, Create)
    assert not (isinstance(action, Delete) and not chosen.may("delete", action.side))


@THOROUGH
@given(LINKED, BOTH_PRESENT, SETTINGS)
def test_the_plan_under_switches_is_the_full_plan_restricted(
    mapping: Mapping, views: dict[Side, SideView], chosen: SyncSettings
) -> None:
    assume(chosen.private_fields == "share" and chosen.anything)
    full = plan(mapping, views, settings(conflict=chosen.conflict), NOW)
    action = plan(mapping, views, chosen, NOW)
    assert isinstance(full, Update) and isinstance(action, Update)
    for side in Side:
        wanted = full.merged.fields_to_write(side) if chosen.may("update", side) else ()
        assert action.merged.fields_to_write(side) == wanted


@THOROUGH
@given(MAPPINGS, BOTH_VIEWS, SETTINGS, st.sampled_from(Side), st.sampled_from(Verdict))
def test_with_everything_off_nothing_is_written_and_no_base_moves(
    mapping: Mapping, views: dict[Side, SideView], chosen: SyncSettings, side: Side, verdict: Verdict
) -> None:
    none = {verb: False for verb in VERBS}
    off = SyncSettings(
        from_sugar=Direction(enabled=True, **none),
        from_google=Direction(enabled=False, **dict.fromkeys(VERBS, True)),
        conflict=chosen.conflict,
    )
    actions = [
        plan(mapping, views, off, NOW),
        place(side, views[side], Match(verdict, ("p",)), views[side.other], off),
    ]
    for action in actions:
        assert not isinstance(action, Create | Delete)
        if isinstance(action, Update):
            assert mapping.state is not State.LINKED and not action.merged.targets
