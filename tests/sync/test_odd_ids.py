"""Sugar ids that are no UUIDs: whoever imported them, their contacts are synced like all others."""

from __future__ import annotations

import pytest
from tests.sync.rich_world import assert_sound
from tests.world import WITH_DELETES, World, link

from contact_sync.contacts.mapping import State
from contact_sync.store import users

ADDRESSABLE = [
    "seed_sally_id",
    "a b",
    " a ",
    "50%",
    "50%25",
    "a%20b",
    "Zoë-1",
    "北京 7",
    "a?b",
    "a#b",
    "a?fields=id",
    "#",
    "a&b=c",
    "a+b",
    "x:80",
    "x:",
    "a;b,c|d",
    "a\\b",
    '"a"<b>',
    "a\tb",
    "..",
    ".",
    "__a__",
]
NOT_ADDRESSABLE = ["a/b", "/", "a/../b", "filter", "count", "a?/#%"]


def odd_world(sugar_id: str) -> tuple[World, str]:
    """A linked contact of that id beside an ordinary one; the odd one's Google id."""
    world = World()
    world.set(from_sugar=WITH_DELETES.from_sugar, from_google=WITH_DELETES.from_google)
    world.add_sugar(first_name="Ben", last_name="Okafor", email="ben@x.test")
    _, google_id = link(world, id=sugar_id)
    assert world.google_names() == ["Ana Ruiz", "Ben Okafor"]
    return world, google_id


@pytest.mark.parametrize("sugar_id", ADDRESSABLE)
def test_a_contact_of_any_id_is_created_changed_and_deleted_in_both_directions(sugar_id: str) -> None:
    world, google_id = odd_world(sugar_id)
    world.edit_google(google_id, organizations=[{"title": "Chief"}])
    world.settle()
    assert world.sugar.contact(sugar_id)["title"] == "Chief"
    world.sugar.edit_contact(sugar_id, title="Boss")
    world.settle()
    assert world.google_contact(google_id)["organizations"][0]["title"] == "Boss"
    world.delete_google(google_id)
    world.settle()
    assert world.sugar_names() == ["Ben Okafor"]
    assert world.backlog() == []
    assert_sound(world)


@pytest.mark.parametrize("sugar_id", ADDRESSABLE + NOT_ADDRESSABLE)
def test_a_contact_of_any_id_that_is_deleted_in_sugar_goes_in_google(sugar_id: str) -> None:
    world, google_id = odd_world(sugar_id)
    world.sugar.delete_contact(sugar_id)
    world.settle()
    assert world.google_names() == ["Ben Okafor"]
    assert world.mapping(sugar_id).state is State.GONE


@pytest.mark.parametrize("sugar_id", ADDRESSABLE + NOT_ADDRESSABLE)
def test_a_contact_of_any_id_that_leaves_the_scope_is_no_deletion(sugar_id: str) -> None:
    world, _ = odd_world(sugar_id)
    world.sugar.edit_contact(sugar_id, assigned_user_id="svc")
    world.clock.advance(days=7)
    world.settle()
    assert world.google_names() == ["Ana Ruiz", "Ben Okafor"]
    assert world.mapping(sugar_id).state is State.OUT_OF_SCOPE


@pytest.mark.parametrize("sugar_id", NOT_ADDRESSABLE)
def test_what_nobody_can_change_through_the_interface_is_read_and_said_so(sugar_id: str) -> None:
    world, google_id = odd_world(sugar_id)
    world.sugar.edit_contact(sugar_id, title="Boss")
    world.settle()
    assert world.google_contact(google_id)["organizations"][0]["title"] == "Boss"
    [other] = [found for found in world.all_mappings().values() if found.sugar_id != sugar_id]
    for changed in (google_id, other.google_id):
        world.edit_google(changed, organizations=[{"title": "Chief"}])
    world.settle()
    assert world.sugar.contact(sugar_id)["title"] == "Boss"
    assert world.sugar.contact(other.sugar_id)["title"] == "Chief"
    assert [entry.cause for entry in world.backlog()] == ["refused"]
    assert "web address" in world.backlog()[0].message


@pytest.mark.parametrize("kind", ["500 afterwards", "403 afterwards", "drop_after"])
def test_a_doubtful_write_to_an_id_that_needs_encoding_is_found_out(kind: str) -> None:
    world, google_id = odd_world("a?b")
    world.edit_google(google_id, organizations=[{"title": "Chief"}])
    world.sugar.writes.clear()
    world.sugar.faults.add(kind, "a.b$", "PUT")
    world.settle()
    assert world.sugar.contact("a?b")["title"] == "Chief"
    assert [write.verb for write in world.sugar.writes] == ["PUT"]
    assert world.backlog() == []


def test_an_edit_under_an_id_that_needs_encoding_is_not_written_over() -> None:
    world, google_id = odd_world("a?b")
    world.edit_google(google_id, organizations=[{"title": "Chief"}])
    done: list[bool] = []

    def edit(request: object) -> None:
        if getattr(request, "method", "") == "PUT" and not done:
            done.append(True)
            world.clock.advance(seconds=2)
            world.sugar.edit_contact("a?b", department="Numbers")

    world.sugar_transport.before = edit
    world.settle()
    held = world.sugar.contact("a?b")
    assert done
    assert (held["title"], held["department"]) == ("Chief", "Numbers")


def test_a_user_name_may_need_encoding() -> None:
    world = World()
    name = "jane?#% dœ"
    world.sugar.edit_user(world.first.sugar_user, user_name=name)
    world.db.commit([users.update(world.first.sub, sugar_user_name=name)])
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.settle()
    assert world.google_names() == ["Ana Ruiz"]
