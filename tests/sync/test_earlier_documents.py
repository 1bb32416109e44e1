"""Contacts stored by the version before: they are read as they are, and nothing is written or asked because of that."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sync.situations import ALL_ON, NO_DELETES, causes
from tests.world import World, link, switches

from contact_sync.contacts.mapping import State
from contact_sync.store.database import Query
from contact_sync.store.write import Kind, Write

TO_GOOGLE = switches(su=True, sc=True, sd=True)
TO_SUGAR = switches(gu=True, gc=True, gd=True)
APART: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a title": ({"title": "Cook"}, {"organizations": [{"title": "Chef"}]}),
    "a note": ({"description": "a regular"}, {"biographies": [{"value": "likes tea"}]}),
    "a note in Google": ({}, {"biographies": [{"value": "likes tea"}]}),
    "a home number": ({"phone_home": "+34 1"}, {"phoneNumbers": [{"value": "+34 2", "type": "home"}]}),
    "a birthday without its year": ({}, {"birthdays": [{"date": {"month": 5, "day": 6}}]}),
    "an unknown company": ({}, {"organizations": [{"name": "Not in Sugar"}]}),
    "an address": ({}, {"emailAddresses": [{"value": "ana@x.test"}, {"value": "ana@home.test"}]}),
}


def stored_before(world: World) -> None:
    """Leave of every document what the version before knew."""
    earlier = world.clock.now()
    dropped = {"mappings": ("open", "holds", "held", "absent"), "google_index": ("since", "keyed")}
    for name, fields in dropped.items():
        for document in world.db.query(Query(f"users/{world.first.sub}/{name}")):
            data = {key: value for key, value in document.data.items() if key not in fields}
            if name == "mappings":
                seen = {key: data.get("seen", {}).get(key) for key in ("sugar_date", "google_etag")}
                data["seen"] = {**seen, "sugar_changed_at": earlier, "google_changed_at": earlier}
                (data.get("missing") or {}).pop("look", None)
            world.db.commit([Write(document.path, Kind.SET, data)])


def assert_quiet(world: World, writes: int) -> None:
    """Whatever runs from then on writes nothing and asks nothing."""
    for days in (0, 8, 8):
        world.clock.advance(days=days)
        world.settle()
        world.sync("reconcile")
        world.settle()
        assert (world.writes(), causes(world)) == (writes, [])


@pytest.mark.parametrize("private", ["keep", "share"])
@pytest.mark.parametrize("on", [ALL_ON, TO_GOOGLE, TO_SUGAR], ids=["both ways", "to Google", "to Sugar"])
def test_contacts_that_agree(on: dict[str, Any], private: str) -> None:
    world = World()
    world.set(**ALL_ON)
    world.sugar.add_account(name="Acme")
    link(world, title="Cook", description="a regular", phone_home="+34 600 100 200")
    numbers = [{"value": f"+34 600 000 00{n}", "type": "mobile"} for n in range(3)]
    world.add_google("Ben", "Okafor", "b@x.test", phoneNumbers=numbers, organizations=[{"name": "Acme"}])
    world.add_google("Cy", "", "cy@x.test")
    world.settle()
    world.set(**on, private_fields=private)
    world.settle()
    assert len(world.sugar_contacts()) == len(world.google_contacts()) == 3
    stored_before(world)
    assert_quiet(world, world.writes())


@pytest.mark.parametrize("on", [ALL_ON, TO_GOOGLE], ids=["both ways", "to Google"])
@pytest.mark.parametrize("apart", APART.values(), ids=APART)
def test_contacts_that_were_linked_with_a_difference(
    apart: tuple[dict[str, Any], dict[str, Any]], on: dict[str, Any]
) -> None:
    world = World()
    world.set(**on, private_fields="keep")
    in_sugar, in_google = apart
    emails = () if "emailAddresses" in in_google else ("ana@x.test",)
    google_id = world.add_google("Ana", "Ruiz", *emails, **in_google)
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test", **in_sugar)
    world.settle()
    assert world.mapping(sugar_id).google_id == google_id
    stored_before(world)
    assert_quiet(world, world.writes())


def test_contacts_of_which_one_side_is_gone() -> None:
    world = World()
    world.set(**NO_DELETES)
    (ana, in_google), (ben, _) = link(world), link(world, first="Ben", last="Okafor", email="b@x.test")
    world.clock.advance(minutes=20)
    world.delete_google(in_google)
    world.sugar.delete_contact(ben)
    world.settle()
    world.set(**ALL_ON)
    stored_before(world)
    assert_quiet(world, world.writes())
    assert {world.mapping(one).state for one in (ana, ben)} == {State.UNLINKED}


def test_a_note_that_both_sides_agreed_on_is_open_still_and_no_other() -> None:
    world = World()
    world.set(**ALL_ON, private_fields="keep")
    pairs = [link(world, description="a regular"), link(world, first="Ben", last="Okafor", email="b@x.test")]
    stored_before(world)
    for _, google_id in pairs:
        world.edit_google(google_id, biographies=[{"value": "likes tea"}])
    world.clock.advance(minutes=1)
    world.settle()
    assert [world.sugar.contact(sugar_id)["description"] for sugar_id, _ in pairs] == ["likes tea", ""]


def test_the_newest_edit_wins_from_the_first_run_on() -> None:
    world = World()
    world.set(**ALL_ON)
    sugar_id, google_id = link(world, title="Cook")
    stored_before(world)
    world.clock.advance(minutes=5)
    world.sugar.edit_contact(sugar_id, title="Chef")
    world.clock.advance(minutes=5)
    world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.settle()
    assert world.sugar.contact(sugar_id)["title"] == "CEO"
