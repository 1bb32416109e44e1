"""What the user chose besides the switches: who wins a conflict, what stays private, which label counts, and that
what was skipped is found once it is allowed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sync.situations import ALL_ON, causes, everything_on, google_title, linked, sugar_title
from tests.world import World, link, switches

from contact_sync.contacts.contact import PRIVATE_FIELDS
from contact_sync.contacts.mapping import State
from contact_sync.contacts.side import Side
from contact_sync.sync import resolve

# Conflicts


def conflict(policy: str, *, google_later_by: float) -> tuple[World, str, str]:
    """A title edited on both sides; Google's edit comes so many seconds after Sugar's."""
    world, sugar_id, google_id = linked(everything_on(conflict=policy), title="old")
    edits = [
        lambda: world.sugar.edit_contact(sugar_id, title="sugar's"),
        lambda: world.edit_google(google_id, organizations=[{"title": "google's"}]),
    ]
    world.clock.advance(seconds=5)
    for edit in edits if google_later_by >= 0 else reversed(edits):
        edit()
        world.clock.advance(seconds=abs(google_later_by))
    world.settle()
    return world, sugar_id, google_id


@pytest.mark.parametrize(
    ("policy", "google_later_by", "winner"),
    [
        ("newest", 60, "google's"),
        ("newest", -60, "sugar's"),
        ("newest", 0, "sugar's"),
        ("newest", 0.25, "sugar's"),
        ("newest", -0.25, "sugar's"),
        ("sugar", 60, "sugar's"),
        ("sugar", -60, "sugar's"),
        ("google", 60, "google's"),
        ("google", -60, "google's"),
    ],
)
def test_the_policy_decides_a_conflict_and_the_loser_is_in_the_history(
    policy: str, google_later_by: float, winner: str
) -> None:
    world, sugar_id, google_id = conflict(policy, google_later_by=google_later_by)
    assert (sugar_title(world, sugar_id), google_title(world, google_id)) == (winner, winner)
    loser = {"sugar's": "google's", "google's": "sugar's"}[winner]
    lost = [
        (change.field, change.lost, change.after)
        for e in world.history()
        for change in e.changes
        if change.lost
    ]
    assert lost == [("title", loser, winner)]


def test_newest_counts_from_the_first_sight_of_each_change_not_from_its_last_touch() -> None:
    world, sugar_id, google_id = linked(title="old")
    world.set(**switches(gu=True))
    world.settle()
    world.sugar.edit_contact(sugar_id, title="sugar's")
    world.settle()
    world.edit_google(google_id, organizations=[{"title": "google's"}])
    world.clock.advance(minutes=5)
    world.sugar.touch_contact(sugar_id)
    world.settle()
    assert (sugar_title(world, sugar_id), google_title(world, google_id)) == ("google's", "google's")


@pytest.mark.parametrize(
    ("policy", "winner"), [("newest", "google's"), ("sugar", "sugar's"), ("google", "google's")]
)
def test_in_a_first_merge_differing_values_go_by_policy_and_none_is_lost_unseen(
    policy: str, winner: str
) -> None:
    world = everything_on(conflict=policy)
    sugar_id = world.add_sugar(
        last_name="Ruiz", email="ana@x.test", title="sugar's", phone_work="+34 600 100 200"
    )
    world.clock.advance(seconds=60)
    google_id = world.add_google(
        "", "Ruiz", "ana@x.test", organizations=[{"title": "google's", "department": "Sales"}]
    )
    world.settle()
    assert (sugar_title(world, sugar_id), google_title(world, google_id)) == (winner, winner)
    assert world.sugar.contact(sugar_id)["department"] == "Sales"
    assert world.google_contact(google_id)["phoneNumbers"][0]["value"] == "+34 600 100 200"
    assert [change.lost for entry in world.history() for change in entry.changes if change.lost]


# What a switch forbade is caught up


Pair = tuple[World, str, str]


def edit_in_sugar(pair: Pair) -> None:
    pair[0].sugar.edit_contact(pair[1], title="edited")


def edit_in_google(pair: Pair) -> None:
    pair[0].edit_google(pair[2], organizations=[{"title": "edited"}])


def both_show(pair: Pair) -> bool:
    return (sugar_title(*pair[:2]), google_title(pair[0], pair[2])) == ("edited", "edited")


@pytest.mark.parametrize(("switch", "edit"), [("su", edit_in_sugar), ("gu", edit_in_google)])
def test_an_update_switch_turned_on_later_catches_up_what_was_edited_meanwhile(
    switch: str, edit: Any
) -> None:
    pair = linked(title="old")
    world = pair[0]
    world.set(**switches(sc=True, gc=True))
    world.settle()
    edit(pair)
    world.settle()
    assert not both_show(pair)
    world.clock.advance(days=3)
    world.settle()
    assert not both_show(pair)
    world.set(**switches(sc=True, gc=True, **{switch: True}))
    world.settle()
    assert both_show(pair)


@pytest.mark.parametrize("side", list(Side))
def test_a_create_switch_turned_on_later_creates_what_came_meanwhile(side: Side) -> None:
    world = everything_on(**switches(su=True, gu=True))
    if side is Side.SUGAR:
        world.add_sugar(last_name="Ruiz", email="ana@x.test")
    else:
        world.add_google("", "Ruiz", "ana@x.test")
    world.settle()
    assert (world.sugar_names(), world.google_names()) in ((["Ruiz"], []), ([], ["Ruiz"]))
    world.set(**switches(su=True, gu=True, **{f"{side[0]}c": True}))
    world.settle()
    assert (world.sugar_names(), world.google_names()) == (["Ruiz"], ["Ruiz"])


@pytest.mark.parametrize("side", list(Side))
def test_deletions_are_carried_out_from_the_second_intake_after_their_switch_was_turned_on(
    side: Side,
) -> None:
    world = everything_on(**switches(su=True, sc=True, gu=True, gc=True))
    pairs = [link(world, last=name, email=f"{name}@x.test") for name in ("before", "between", "after")]

    def delete(pair: tuple[str, str]) -> None:
        if side is Side.SUGAR:
            world.sugar.delete_contact(pair[0])
        else:
            world.delete_google(pair[1])

    delete(pairs[0])
    world.settle()
    delete(pairs[1])
    world.set(**ALL_ON)
    world.settle()
    delete(pairs[2])
    world.settle()
    assert [world.mapping(sugar_id).state for sugar_id, _ in pairs] == [
        State.UNLINKED,
        State.UNLINKED,
        State.GONE,
    ]
    left = world.google_names() if side is Side.SUGAR else world.sugar_names()
    assert left == ["Ana before", "Ana between"]


# Private fields


PRIVATE: dict[str, Any] = {
    "biographies": [{"value": "met in Rome", "contentType": "TEXT_PLAIN"}],
    "birthdays": [{"date": {"year": 1980, "month": 2, "day": 29}}],
    "phoneNumbers": [{"value": "+34 600 100 200", "type": "home"}],
    "addresses": [{"city": "Rome", "type": "home"}],
}
IN_SUGAR = {
    "description": "met in Rome",
    "birthdate": "1980-02-29",
    "phone_home": "+34 600 100 200",
    "alt_address_city": "Rome",
}


def private_values(world: World, sugar_id: str) -> dict[str, Any]:
    record = world.sugar.contact(sugar_id)
    return {key: record[key] for key in IN_SUGAR}


def test_kept_private_fields_do_not_reach_sugar_by_a_create_a_link_or_an_edit() -> None:
    world = everything_on(private_fields="keep")
    to_link = world.add_sugar(last_name="Okafor", email="ben@x.test")
    world.add_google("", "Ruiz", "ana@x.test", **PRIVATE)
    world.add_google("", "Okafor", "ben@x.test", **PRIVATE)
    edited, google_id = link(world, last="Ito", email="ito@x.test")
    world.edit_google(google_id, **PRIVATE)
    world.settle()
    created = next(record["id"] for record in world.sugar_contacts() if record["last_name"] == "Ruiz")
    for sugar_id in (created, to_link, edited):
        assert private_values(world, sugar_id) == dict.fromkeys(IN_SUGAR, "")
    assert len(world.google_contact(google_id)["biographies"]) == 1


def test_kept_private_fields_are_updated_where_sugar_holds_a_value_already() -> None:
    world = everything_on(private_fields="keep")
    old = {"description": "old", "birthdate": "1970-01-01", "phone_home": "+34 1", "alt_address_city": "Oslo"}
    sugar_id, google_id = link(world, **old)
    assert world.google_contact(google_id)["biographies"][0]["value"] == "old"
    world.edit_google(google_id, **PRIVATE)
    world.settle()
    assert private_values(world, sugar_id) == IN_SUGAR


def test_private_fields_that_are_shared_later_are_caught_up() -> None:
    world = everything_on(private_fields="keep")
    world.add_google("", "Ruiz", "ana@x.test", **PRIVATE)
    world.settle()
    sugar_id = world.sugar_contacts()[0]["id"]
    assert private_values(world, sugar_id) == dict.fromkeys(IN_SUGAR, "")
    world.set(private_fields="share")
    world.settle()
    assert private_values(world, sugar_id) == IN_SUGAR


def test_every_private_field_is_tried_here() -> None:
    assert len(PRIVATE_FIELDS) == len(IN_SUGAR) == len(PRIVATE)


# Label


def labelled_world() -> tuple[World, str]:
    world = World()
    label = world.google.add_group(world.first.sub, "CRM")
    world.set(**ALL_ON, google_label=label, overflow="continue")
    world.settle()
    return world, label


def group_names(world: World, google_id: str) -> set[str]:
    items = world.google_contact(google_id)["memberships"]
    return {item["contactGroupMembership"]["contactGroupResourceName"] for item in items}


def test_new_google_contacts_get_the_label() -> None:
    world, label = labelled_world()
    sugar_id = world.add_sugar(last_name="Ruiz", email="ana@x.test")
    world.settle()
    assert group_names(world, world.mapping(sugar_id).google_id) == {label, "contactGroups/myContacts"}


def test_only_google_contacts_with_the_label_are_created_in_sugar_also_when_it_is_put_on_later() -> None:
    world, label = labelled_world()
    world.add_google("", "With", "with@x.test", groups=[label])
    without = world.add_google("", "Without", "without@x.test")
    world.settle()
    assert world.sugar_names() == ["With"]
    world.edit_google(
        without,
        memberships=[
            {"contactGroupMembership": {"contactGroupResourceName": name}}
            for name in (label, "contactGroups/myContacts")
        ],
    )
    world.settle()
    assert world.sugar_names() == ["With", "Without"]


def test_a_contact_without_the_label_is_linked_with_who_is_in_sugar_already() -> None:
    world, _ = labelled_world()
    google_id = world.add_google("", "Ruiz", "ana@x.test")
    world.settle()
    sugar_id = world.add_sugar(last_name="Ruiz", email="ana@x.test", title="CTO")
    world.settle()
    assert world.mapping(sugar_id).google_id == google_id
    assert google_title(world, google_id) == "CTO"


def test_a_contact_without_the_label_that_only_shares_an_address_is_not_created() -> None:
    world, _ = labelled_world()
    world.set(**{**ALL_ON, "from_sugar": switches(su=True)["from_sugar"]})
    world.settle()
    world.add_sugar(last_name="Reception", email="info@x.test")
    for name in ("Ruiz", "Okafor"):
        world.add_google("", name, "info@x.test")
    world.settle()
    assert world.sugar_names() == ["Reception"]


def test_without_a_label_any_more_all_are_created() -> None:
    world, _ = labelled_world()
    world.add_google("", "Without", "without@x.test")
    world.settle()
    assert world.sugar_names() == []
    world.set(google_label=None)
    world.settle()
    assert world.sugar_names() == ["Without"]
    assert not causes(world)


def test_newest_does_not_count_from_an_edit_that_was_taken_back() -> None:
    world, sugar_id, google_id = linked()
    world.set(**switches(gu=True), conflict="newest")
    world.settle()
    for title in ("Early", ""):
        world.clock.advance(hours=1)
        world.sugar.edit_contact(sugar_id, title=title)
        world.settle()
    world.set(**switches())
    world.edit_google(google_id, organizations=[{"title": "Google"}])
    world.settle()
    world.clock.advance(hours=1)
    world.sugar.edit_contact(sugar_id, title="Sugar")
    world.settle()
    world.set(**switches(su=True, gu=True))
    world.settle()
    assert world.sugar.contact(sugar_id)["title"] == "Sugar"


def test_keeping_a_survivor_without_the_label_leaves_it_unlinked() -> None:
    """It could not become a contact of its own: Sugar gets only what carries the label."""
    world, label = labelled_world()
    sugar_id = world.add_sugar(last_name="Ruiz", email="ana@x.test")
    world.settle()
    google_id = world.mapping(sugar_id).google_id
    world.sugar.delete_contact(sugar_id)
    mine = {"contactGroupMembership": {"contactGroupResourceName": "contactGroups/myContacts"}}
    world.edit_google(google_id, memberships=[mine], organizations=[{"title": "CEO"}])
    world.settle()
    assert causes(world) == ["deleted_and_edited"]
    resolve.keep(world.db, world.first.sub, [entry.id for entry in world.backlog()])
    world.settle()
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.missing.side, mapping.google_id) == (State.UNLINKED, "sugar", google_id)
    assert world.sugar_names() == []
