"""An undo on the side that was written: the other keeps what it has, and the field rests until either is changed."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.sync.ordering import apply, last, undo
from tests.sync.test_undo_crashes import dies
from tests.world import World, link, switches

from contact_sync.contacts import google_person, sugar_record
from contact_sync.contacts.mapping import State
from contact_sync.contacts.normal_form import field_text
from contact_sync.contacts.side import Side
from contact_sync.sync import orders
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.why import why
from contact_sync.sync.work import work


@dataclass
class Pair:
    """A linked contact, and how to look at it and to change it on either side."""

    world: World
    sugar_id: str
    google_id: str

    def shows(self, side: Side, name: str) -> str:
        if side is Side.SUGAR:
            record = next(one for one in self.world.sugar_contacts() if one["id"] == self.sugar_id)
            return field_text(name, getattr(sugar_record.read(record, None), name))
        person = self.world.google_contact(self.google_id)
        assert person is not None
        return field_text(name, getattr(google_person.read(person, None), name))

    def both(self, name: str) -> tuple[str, str]:
        return self.shows(Side.SUGAR, name), self.shows(Side.GOOGLE, name)

    def edit(self, side: Side, fields: dict[str, Any]) -> None:
        self.world.clock.advance(minutes=5)
        if side is Side.SUGAR:
            self.world.sugar.edit_contact(self.sugar_id, **fields)
        else:
            self.world.edit_google(self.google_id, **fields)

    def rests(self, name: str) -> None:
        """Whatever runs, nothing is written and nothing is due."""
        before = self.both(name)
        self.world.settle()
        self.world.clock.advance(minutes=30)
        self.world.sync("reconcile")
        self.world.settle()
        assert self.both(name) == before
        mapping = self.world.mapping(self.sugar_id)
        assert (mapping.holds, mapping.due_at, mapping.backlog) == ((name,), None, None)


def mails(*addresses: str) -> dict[str, Any]:
    return {"email": [{"email_address": one, "primary_address": one == addresses[0]} for one in addresses]}


def mails_in_google(*addresses: str) -> dict[str, Any]:
    return {"emailAddresses": [{"value": one} for one in addresses]}


@dataclass(frozen=True)
class Change:
    """An edit of one side that the sync carries to the other, and later edits of either side."""

    name: str
    side: Side
    first: dict[str, Any]
    """What Sugar holds when the two are linked."""
    edit: dict[str, Any]
    old: str
    new: str
    later_in_sugar: dict[str, Any]
    later_in_google: dict[str, Any]
    later: tuple[str, str]
    """What both sides show after the one and after the other."""
    settings: dict[str, Any] = field(default_factory=dict)


CHANGES = {
    "a value, edited in Sugar": Change(
        *("title", Side.SUGAR, {"title": "Cook"}, {"title": "CTO"}, "Cook", "CTO"),
        *({"title": "Boss"}, {"organizations": [{"title": "Chef"}]}, ("Boss", "Chef")),
    ),
    "a value, edited in Google": Change(
        *("title", Side.GOOGLE, {"title": "Cook"}, {"organizations": [{"title": "CTO"}]}, "Cook", "CTO"),
        *({"title": "Boss"}, {"organizations": [{"title": "Chef"}]}, ("Boss", "Chef")),
    ),
    "a value that was not there": Change(
        *("phone_work", Side.SUGAR, {}, {"phone_work": "+34 600 100 200"}, "", "+34 600 100 200"),
        *(
            {"phone_work": "+34 600 100 201"},
            {"phoneNumbers": [{"value": "+34 600 100 202", "type": "work"}]},
        ),
        ("+34 600 100 201", "+34 600 100 202"),
    ),
    "a value that was cleared": Change(
        *("department", Side.SUGAR, {"department": "Sales"}, {"department": ""}, "Sales", ""),
        *({"department": "Law"}, {"organizations": [{"department": "Ops"}]}, ("Law", "Ops")),
    ),
    "my note that went to Sugar": Change(
        *("description", Side.GOOGLE, {}, {"biographies": [{"value": "likes tea"}]}, "", "likes tea"),
        *({"description": "a regular"}, {"biographies": [{"value": "likes coffee"}]}),
        *(("a regular", "likes coffee"), {"private_fields": "share"}),
    ),
    "a street": Change(
        *("primary_address", Side.SUGAR, {"primary_address_city": "Rome"}, {"primary_address_city": "Oslo"}),
        *("Rome", "Oslo", {"primary_address_city": "Bonn"}),
        *({"addresses": [{"type": "work", "city": "Graz"}]}, ("Bonn", "Graz")),
    ),
}


def carried(change: Change) -> Pair:
    """The edit was made and carried to the other side."""
    world = World()
    world.set(**change.settings)
    pair = Pair(world, *link(world, **change.first))
    assert pair.both(change.name) == (change.old, change.old)
    pair.edit(change.side, change.edit)
    world.settle()
    assert pair.both(change.name) == (change.new, change.new)
    world.clock.advance(minutes=5)
    return pair


def taken_back(change: Change) -> Pair:
    pair = carried(change)
    found, (action,) = undo(pair.world, last(pair.world, "update", change.side.other).id)
    assert (found.state, found.sides) == ("ready", "written")
    written = change.side.other
    shown = {side: action.after[side].get(change.name) for side in Side}
    assert str(shown[change.side]) != str(shown[written])
    assert [(one.side, one.after) for one in action.changes] == [(written, change.old)]
    apply(pair.world, found.id)
    expected = {change.side: change.new, written: change.old}
    assert pair.both(change.name) == (expected[Side.SUGAR], expected[Side.GOOGLE])
    return pair


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_undone_on_one_side_rests(change: Change) -> None:
    taken_back(change).rests(change.name)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_edit_on_either_side_ends_the_rest_and_travels(change: Change, side: Side) -> None:
    pair = taken_back(change)
    pair.world.settle()
    pair.edit(side, change.later_in_sugar if side is Side.SUGAR else change.later_in_google)
    pair.world.settle()
    after = change.later[0 if side is Side.SUGAR else 1]
    assert pair.both(change.name) == (after, after)
    assert pair.world.mapping(pair.sugar_id).holds == ()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_edit_of_another_field_does_not_end_the_rest(change: Change) -> None:
    pair = taken_back(change)
    before = pair.both(change.name)
    pair.edit(Side.SUGAR, {"phone_fax": "+34 600 999 999"})
    pair.world.settle()
    assert pair.shows(Side.GOOGLE, "phone_fax") == "+34 600 999 999"
    assert pair.both(change.name) == before
    pair.rests(change.name)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_undo_on_one_side_needs_no_switch_and_turning_one_on_carries_nothing(change: Change) -> None:
    pair = carried(change)
    pair.world.set(**switches())
    found, _ = undo(pair.world, last(pair.world, "update", change.side.other).id)
    apply(pair.world, found.id)
    before = pair.both(change.name)
    assert before[0] != before[1]
    pair.world.set(**switches(su=True, sc=True, gu=True, gc=True), **change.settings)
    pair.world.settle()
    assert pair.both(change.name) == before


def test_a_note_taken_back_from_sugar_stays_in_google_when_private_fields_are_kept_from_then_on() -> None:
    pair = carried(CHANGES["my note that went to Sugar"])
    pair.world.set(private_fields="keep")
    found, (action,) = undo(pair.world, last(pair.world, "update", Side.SUGAR).id)
    assert action.after[Side.GOOGLE]["description"] == "likes tea"
    assert action.message is not None and "what was there before: note." in action.message
    apply(pair.world, found.id)
    assert pair.both("description") == ("", "likes tea")
    pair.rests("description")
    pair.edit(Side.GOOGLE, {"biographies": [{"value": "likes coffee"}]})
    pair.world.settle()
    assert pair.both("description") == ("", "likes coffee")


def test_addresses_rest_one_by_one() -> None:
    world = World()
    pair = Pair(world, *link(world, email="ana@x.test"))
    pair.edit(Side.SUGAR, mails("ana@x.test", "work@x.test"))
    world.settle()
    found, _ = undo(world, last(world, "update", Side.GOOGLE).id)
    apply(world, found.id)
    assert pair.both("emails") == ("ana@x.test, work@x.test", "ana@x.test")
    pair.rests("emails")
    # One more travels, and brings back nothing.
    pair.edit(Side.GOOGLE, mails_in_google("ana@x.test", "new@x.test"))
    world.settle()
    assert pair.both("emails") == ("ana@x.test, work@x.test, new@x.test", "ana@x.test, new@x.test")
    pair.rests("emails")
    # Typed again where it was taken back, it is on both sides.
    pair.edit(Side.GOOGLE, mails_in_google("ana@x.test", "new@x.test", "work@x.test"))
    world.settle()
    assert {frozenset(text.split(", ")) for text in pair.both("emails")} == {
        frozenset({"ana@x.test", "work@x.test", "new@x.test"})
    }
    assert world.mapping(pair.sugar_id).holds == ()


def test_an_address_that_was_removed_comes_back_on_one_side_and_stays_there() -> None:
    world = World()
    pair = Pair(world, *link(world, **mails("ana@x.test", "old@x.test")))
    pair.edit(Side.GOOGLE, mails_in_google("ana@x.test"))
    world.settle()
    found, _ = undo(world, last(world, "update", Side.SUGAR).id)
    apply(world, found.id)
    assert pair.both("emails") == ("ana@x.test, old@x.test", "ana@x.test")
    pair.rests("emails")
    pair.edit(Side.SUGAR, mails("ana@x.test"))
    world.settle()
    assert pair.both("emails") == ("ana@x.test", "ana@x.test")
    assert world.mapping(pair.sugar_id).holds == ()


def test_an_address_added_since_stays_when_another_is_taken_back() -> None:
    world = World()
    pair = Pair(world, *link(world, email="ana@x.test"))
    pair.edit(Side.SUGAR, mails("ana@x.test", "work@x.test"))
    world.settle()
    entry = last(world, "update", Side.GOOGLE)
    pair.edit(Side.GOOGLE, mails_in_google("ana@x.test", "work@x.test", "new@x.test"))
    world.settle()
    apply(world, undo(world, entry.id)[0].id)
    world.settle()
    assert pair.both("emails") == ("ana@x.test, work@x.test, new@x.test", "ana@x.test, new@x.test")


def test_what_a_first_merge_gave_is_taken_back_and_rests() -> None:
    world = World()
    sugar_id = world.add_sugar(first_name="Cy", last_name="Lee", email="cy@x.test", title="Chef")
    google_id = world.add_google("Cy", "Lee", "cy@x.test")
    world.settle()
    pair = Pair(world, sugar_id, google_id)
    apply(world, undo(world, last(world, "merge", Side.GOOGLE).id)[0].id)
    assert pair.both("title") == ("Chef", "")
    pair.rests("title")
    pair.edit(Side.SUGAR, {"title": "Cook"})
    world.settle()
    assert pair.both("title") == ("Cook", "Cook")


def test_a_field_that_was_changed_since_is_left_out_and_the_others_are_taken_back() -> None:
    world = World()
    pair = Pair(world, *link(world, title="Cook", department="Sales"))
    pair.edit(Side.SUGAR, {"title": "CTO", "department": "IT"})
    world.settle()
    entry = last(world, "update", Side.GOOGLE)
    pair.edit(Side.SUGAR, {"title": "CEO"})
    found, (action,) = undo(world, entry.id)
    assert [one.field for one in action.changes] == ["department"]
    assert "This field was changed again since then: title. That is left out." in (found.message or "")
    apply(world, found.id)
    world.settle()
    assert (pair.both("title"), pair.both("department")) == (("CEO", "CEO"), ("IT", "Sales"))


@pytest.mark.parametrize("side", list(Side))
def test_an_edit_that_is_still_on_its_way_is_not_swallowed(side: Side) -> None:
    world = World()
    pair = Pair(world, *link(world, title="Cook", department="Sales"))
    pair.edit(Side.SUGAR, {"title": "CTO"})
    world.settle()
    fields = (
        {"department": "IT"}
        if side is Side.SUGAR
        else {"organizations": [{"title": "CTO", "department": "IT"}]}
    )
    pair.edit(side, fields)
    apply(world, undo(world, last(world, "update", Side.GOOGLE).id)[0].id)
    world.settle()
    assert (pair.both("title"), pair.both("department")) == (("CTO", "Cook"), ("IT", "IT"))


def test_the_undo_of_an_undo_ends_the_rest() -> None:
    pair = taken_back(CHANGES["a value, edited in Sugar"])
    pair.world.clock.advance(minutes=1)
    again = next(entry for entry in pair.world.history() if entry.trigger == "undo")
    apply(pair.world, undo(pair.world, again.id)[0].id)
    assert pair.both("title") == ("CTO", "CTO")
    assert pair.world.mapping(pair.sugar_id).holds == ()
    pair.edit(Side.GOOGLE, {"organizations": [{"title": "Boss"}]})
    pair.world.settle()
    assert pair.both("title") == ("Boss", "Boss")


def test_a_field_that_a_person_made_equal_again_is_one_like_any_other() -> None:
    pair = taken_back(CHANGES["a value, edited in Sugar"])
    pair.world.settle()
    for title in ("CTO", "Cook"):
        pair.edit(Side.GOOGLE, {"organizations": [{"title": title}]})
        pair.world.settle()
        assert (pair.both("title"), pair.world.mapping(pair.sugar_id).holds) == ((title, title), ())


def test_a_person_who_asks_why_the_two_differ_is_told() -> None:
    pair = taken_back(CHANGES["a value, edited in Sugar"])
    (told,) = why(pair.world.engine, pair.world.first.sub, "Ana Ruiz")
    assert any(sentence.endswith("until you change either: title.") for sentence in told.sentences)


def test_a_deletion_is_no_question_because_a_field_rests() -> None:
    pair = taken_back(CHANGES["a value, edited in Sugar"])
    pair.world.set(**switches(su=True, sc=True, sd=True, gu=True, gc=True, gd=True))
    pair.world.settle()
    pair.world.clock.advance(minutes=15)
    pair.world.sugar.delete_contact(pair.sugar_id)
    pair.world.settle()
    assert (pair.world.google_contacts(), pair.world.backlog()) == ([], [])
    assert pair.world.mapping(pair.sugar_id).state is State.GONE


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("redelivered", [True, False])
def test_a_process_that_dies_around_the_write_makes_no_edit_of_it(when: str, redelivered: bool) -> None:
    for k in itertools.count(1):
        pair = carried(CHANGES["a value, edited in Sugar"])
        world = pair.world
        found, _ = undo(world, last(world, "update", Side.GOOGLE).id)
        orders.order_apply(world.engine, world.first.sub, found.id, [])
        task = WorkerRequest(**world.tasks.pop()[0])
        if not dies(world, task, Side.GOOGLE, k, when):
            break
        world.clock.advance(minutes=6)
        world.engine = world.make_engine()
        if redelivered:
            work(world.engine, task)
            assert pair.both("title") == ("CTO", "Cook")
        before = pair.both("title")
        world.settle()
        assert pair.both("title") == before
        pair.edit(Side.SUGAR, {"title": "CEO"})
        world.settle()
        assert pair.both("title") == ("CEO", "CEO")
    assert k > 2
