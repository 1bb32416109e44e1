"""The first sync of two address books, end to end through the simulators."""

from __future__ import annotations

from tests.world import World


def test_contacts_of_both_sides_end_on_both_sides() -> None:
    world = World()
    world.add_sugar(
        first_name="Ana", last_name="Ruiz", email="ana@x.test", title="CTO", phone_mobile="+34 600 100 200"
    )
    world.add_google("Ben", "Okafor", "ben@x.test")
    world.settle()
    assert world.google_names() == world.sugar_names() == ["Ana Ruiz", "Ben Okafor"]


def test_the_same_person_on_both_sides_is_linked_and_merged() -> None:
    world = World()
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test", title="CTO")
    google_id = world.add_google(
        "Ana", "Ruiz", "ANA@x.test", phoneNumbers=[{"value": "+34600100200", "type": "mobile"}]
    )
    world.settle()
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 1
    assert world.mapping(sugar_id).google_id == google_id
    assert world.sugar.contact(sugar_id)["phone_mobile"] == "+34600100200"
    assert world.google_contact(google_id)["organizations"][0]["title"] == "CTO"


def test_a_settled_world_is_written_to_no_more() -> None:
    world = World()
    for number in range(5):
        world.add_sugar(first_name="S", last_name=f"Number {number}", email=f"s{number}@x.test")
        world.add_google("G", f"Number {number}", f"g{number}@x.test")
    world.settle()
    before = world.writes()
    world.settle()
    assert world.writes() == before
