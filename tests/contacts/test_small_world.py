"""The smallest world, exhausted: one contact, one field, every value on either side, every combination of switches.

Each side is absent, as agreed, or holds one of two other values; the contact is linked or was never met. Planning
runs on this world, and its actions are carried out in memory, until nothing changes any more.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from tests.contacts.planning import BASE, NOW

from contact_sync.contacts.actions import (
    Action,
    Become,
    Create,
    Delete,
    Forget,
    Nothing,
    Presence,
    Quarantine,
    SideView,
    Update,
)
from contact_sync.contacts.contact import Contact
from contact_sync.contacts.mapping import Mapping, Missing, State
from contact_sync.contacts.match import Match, Verdict
from contact_sync.contacts.plan import agreed_base, place, plan
from contact_sync.contacts.settings import VERBS, Direction, SyncSettings, Verb
from contact_sync.contacts.side import Side

Written = tuple[Verb, Side, str | None]
MOST_STEPS = 3
AGREED = "b"
ALPHABETS = {"other values": ("b", "x", "y"), "cleared": ("b", "", "y")}
SWITCHES = [(verb, side) for side in Side for verb in VERBS]
POLICIES = ("sugar", "google")
"""`newest` names one of these."""


def combinations() -> Iterator[SyncSettings]:
    for flags in itertools.product((False, True), repeat=len(SWITCHES)):
        on = {switch for switch, flag in zip(SWITCHES, flags, strict=True) if flag}
        for policy in POLICIES:
            yield with_switches(on, policy)


def with_switches(on: set[tuple[Verb, Side]], policy: str) -> SyncSettings:
    to = {
        side: Direction(enabled=True, **{verb: (verb, side) in on for verb in VERBS})  # type: ignore[misc]
        for side in Side
    }
    return SyncSettings(from_google=to[Side.SUGAR], from_sugar=to[Side.GOOGLE], conflict=policy)  # type: ignore[arg-type]


@dataclass
class SmallWorld:
    """One contact: its title on each side (None: no record there), and the mapping, if they were linked."""

    values: dict[Side, str | None]
    mapping: Mapping | None
    written: list[Written] = field(default_factory=list)
    asked: bool = False

    @classmethod
    def of(cls, sugar: str | None, google: str | None, *, linked: bool, chosen: SyncSettings) -> SmallWorld:
        """A world in which a deletion, if there is one, was noted under these switches."""
        values = {Side.SUGAR: sugar, Side.GOOGLE: google}
        if not linked:
            return cls(values, None)
        gone = [side for side in Side if values[side] is None]
        missing = Missing(gone[0], NOW, chosen.may("delete", gone[0].other)) if gone else None
        return cls(values, Mapping("s1", "g1", state=State.LINKED, base=titled(AGREED), missing=missing))

    def views(self) -> dict[Side, SideView]:
        absent = SideView(Presence.DELETED if self.mapping else Presence.NONE)
        return {
            side: absent if value is None else SideView(Presence.PRESENT, titled(value))
            for side, value in self.values.items()
        }

    def decide(self, chosen: SyncSettings) -> Action:
        views = self.views()
        if self.mapping is not None:
            return plan(self.mapping, views, chosen, NOW)
        present = [side for side in Side if views[side].present]
        if not present:
            return Nothing()
        match = Match(Verdict.LINK, ("other",)) if len(present) == 2 else Match(Verdict.NONE)
        return place(present[0], views[present[0]], match, views[present[0].other], chosen)

    def carry_out(self, action: Action, chosen: SyncSettings) -> None:
        match action:
            case Update(merged=merged):
                for side in merged.targets:
                    assert merged.fields_to_write(side) == ("title",)
                    self.write("update", side, merged.targets[side].title)
                self.agree(chosen)
            case Create(side=side, contact=contact):
                self.write("create", side, contact.title)
                self.agree(chosen)
            case Delete(side=side):
                self.write("delete", side, None)
                self.change(state=State.GONE)
            case Become(state=state, missing=missing):
                self.change(state=state, missing=missing)
            case Quarantine():
                self.asked = True
            case Nothing() | Forget():
                pass
            case _:
                raise AssertionError(f"nothing asked for {action}")

    def write(self, verb: Verb, side: Side, value: str | None) -> None:
        assert (self.values[side] is None) == (verb == "create")
        assert self.values[side] != value
        self.written.append((verb, side, value))
        self.values[side] = value

    def agree(self, chosen: SyncSettings) -> None:
        before = self.mapping or Mapping("s1", "g1")
        base, held = agreed_base(before, self.views(), before.base, chosen)
        self.mapping = replace(before, state=State.LINKED, base=base, held=held, missing=None)

    def change(self, **changes: object) -> None:
        assert self.mapping is not None
        self.mapping = replace(self.mapping, **changes)  # type: ignore[arg-type]

    def settle(self, chosen: SyncSettings) -> None:
        for _ in range(MOST_STEPS):
            before = (dict(self.values), self.mapping)
            self.carry_out(self.decide(chosen), chosen)
            if (self.values, self.mapping) == before:
                return
        raise AssertionError(f"not stable after {MOST_STEPS} steps")


def titled(value: str) -> Contact:
    return replace(BASE, title=value)


Case = tuple[str | None, str | None, bool]


def cases(alphabet: str) -> list[Case]:
    values = (None, *ALPHABETS[alphabet])
    return [
        (sugar, google, linked)
        for sugar in values
        for google in values
        for linked in (True, False)
        if sugar or google
    ]


@pytest.fixture(params=list(ALPHABETS))
def alphabet(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@functools.cache
def _settled(case: Case, chosen: SyncSettings) -> SmallWorld:
    world = SmallWorld.of(case[0], case[1], linked=case[2], chosen=chosen)
    world.settle(chosen)
    return world


def settled(case: Case, chosen: SyncSettings) -> SmallWorld:
    world = _settled(case, chosen)
    return replace(world, values=dict(world.values), written=list(world.written))


def test_it_settles_and_sends_nothing_that_is_forbidden(alphabet: str) -> None:
    for chosen in combinations():
        for case in cases(alphabet):
            world = settled(case, chosen)
            assert all(chosen.may(verb, side) for verb, side, _ in world.written), (case, world)
            assert len(world.written) <= 1, (case, world)


def test_the_writes_are_those_of_all_switches_on_as_far_as_allowed(alphabet: str) -> None:
    full = {
        (policy, case): settled(case, with_switches(set(SWITCHES), policy))
        for policy in POLICIES
        for case in cases(alphabet)
    }
    for chosen in combinations():
        for case in cases(alphabet):
            everything = full[chosen.conflict, case].written
            allowed = [written for written in everything if chosen.may(written[0], written[1])]
            assert settled(case, chosen).written == allowed, (case, chosen)


def test_with_every_switch_off_nothing_is_written_and_the_base_stays(alphabet: str) -> None:
    for policy in POLICIES:
        for case in cases(alphabet):
            world = settled(case, with_switches(set(), policy))
            assert not world.written and not world.asked
            assert (world.mapping.base if world.mapping else None) == (titled(AGREED) if case[2] else None)


def test_without_the_delete_switch_a_deletion_goes_no_way(alphabet: str) -> None:
    for chosen in combinations():
        for case in cases(alphabet):
            before = dict(zip(Side, case[:2], strict=True))
            gone = [side for side in Side if before[side] is None]
            if not case[2] or len(gone) != 1 or chosen.may("delete", gone[0].other):
                continue
            world = settled(case, chosen)
            assert world.values == before, (case, world)
            assert world.mapping is not None and world.mapping.state is State.UNLINKED
            later = with_switches(set(SWITCHES), chosen.conflict)
            world.settle(later)
            assert world.values == before, (case, world)


def test_an_edit_against_its_switch_stays_until_a_conflict_is_decided_against_it(alphabet: str) -> None:
    for chosen in combinations():
        for case in cases(alphabet):
            before = dict(zip(Side, case[:2], strict=True))
            for side in Side:
                edited = case[2] and before[side] not in (None, AGREED)
                if not edited or before[side.other] is None or chosen.may("update", side.other):
                    continue
                conflict = before[side.other] not in (AGREED, before[side])
                lost = conflict and chosen.conflict == side.other and chosen.may("update", side)
                end = settled(case, chosen).values
                assert end[side] == (before[side.other] if lost else before[side]), (case, chosen)


def test_turned_on_later_gives_what_always_on_would_have_given(alphabet: str) -> None:
    for chosen in combinations():
        on = with_switches(set(SWITCHES), chosen.conflict)
        for case in cases(alphabet):
            if case[2] and None in case[:2]:
                continue  # A deletion that was noted while its switch was off is not carried out later.
            world = settled(case, chosen)
            world.settle(on)
            assert world.values == settled(case, on).values, (case, chosen)


def test_with_everything_on_both_sides_end_alike_or_somebody_is_asked(alphabet: str) -> None:
    for policy in POLICIES:
        for case in cases(alphabet):
            world = settled(case, with_switches(set(SWITCHES), policy))
            assert world.asked or world.values[Side.SUGAR] == world.values[Side.GOOGLE], (case, world)
