"""The state table of a mapping: what every event does in every state."""

from __future__ import annotations

import pytest
from tests.sync.situations import (
    everything_on,
    google_title,
    linked,
    list_again,
    restore_google,
    sugar_title,
    unlinked_by_deletion,
)
from tests.world import Crash, World, switches

from contact_sync.contacts.mapping import State
from contact_sync.sync import resolve


def refusal(world: World, decision: str, sugar_id: str) -> int:
    """The HTTP status with which linking or unlinking is refused."""
    with pytest.raises(resolve.Refused) as refused:
        getattr(resolve, decision)(world.db, world.first.sub, sugar_id)
    return refused.value.status


def link_again(world: World, sugar_id: str) -> None:
    resolve.link_again(world.db, world.first.sub, sugar_id)
    world.settle()


def unlink(world: World, sugar_id: str) -> None:
    resolve.unlink(world.db, world.first.sub, sugar_id)
    world.settle()


# new: seen in Sugar, not placed


def new_contact() -> tuple[World, str]:
    world = World()
    world.set(**switches(su=True))
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test", title="CTO")
    world.settle()
    assert world.mapping(sugar_id).state is State.NEW
    assert world.google_contacts() == []
    return world, sugar_id


def test_new_is_placed_with_its_content_of_now() -> None:
    world, sugar_id = new_contact()
    world.sugar.edit_contact(sugar_id, title="CEO")
    world.settle()
    world.set(**switches(su=True, sc=True))
    world.settle()
    assert google_title(world, world.mapping(sugar_id).google_id) == "CEO"


def test_new_and_deleted_is_forgotten() -> None:
    world, sugar_id = new_contact()
    world.sugar.delete_contact(sugar_id)
    world.settle()
    assert world.mapping(sugar_id) is None


def test_new_that_leaves_the_scope_is_forgotten() -> None:
    world, sugar_id = new_contact()
    world.sugar.edit_contact(sugar_id, assigned_user_id="svc")
    list_again(world)
    assert world.mapping(sugar_id) is None


def test_new_cannot_be_unlinked() -> None:
    world, sugar_id = new_contact()
    assert refusal(world, "unlink", sugar_id) == 409


# creating: a create whose outcome is not known


def creating(side: str) -> tuple[World, str, str | None]:
    """A create on `side` took effect, but its answer was lost. Returns the Sugar id and, if known, the Google id."""
    world = everything_on()
    if side == "google":
        sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
        world.google.faults.add("drop_after", "createContact")
        world.sync()
        google_id = None
    else:
        google_id = world.add_google("Ana", "Ruiz", "ana@x.test")

        def die(_request: object, _response: object) -> None:
            if world.sugar.writes:
                raise Crash

        world.sugar_transport.after = die
        with pytest.raises(Crash):
            world.sync()
        world.sugar_transport.after = None
        (sugar_id,) = world.all_mappings()
    assert world.mapping(sugar_id).state is State.CREATING
    return world, sugar_id, google_id


@pytest.mark.parametrize("side", ["google", "sugar"])
@pytest.mark.parametrize("decision", ["link_again", "unlink"])
def test_creating_refuses_decisions(side: str, decision: str) -> None:
    world, sugar_id, _ = creating(side)
    assert refusal(world, decision, sugar_id) == 409


@pytest.mark.parametrize("side", ["google", "sugar"])
@pytest.mark.parametrize("edited", ["google", "sugar"])
def test_an_edit_while_creating_arrives_once_the_outcome_is_known(side: str, edited: str) -> None:
    world, sugar_id, _ = creating(side)
    (contact,) = world.google_contacts()
    google_id = contact["resourceName"].removeprefix("people/")
    if edited == "sugar":
        world.sugar.edit_contact(sugar_id, title="CEO")
    else:
        world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.settle()
    assert world.mapping(sugar_id).state is State.LINKED
    assert (sugar_title(world, sugar_id), google_title(world, google_id)) == ("CEO", "CEO")
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 1


@pytest.mark.parametrize("side", ["google", "sugar"])
@pytest.mark.parametrize("deleted", ["google", "sugar"])
def test_a_deletion_while_creating_counts_once_the_outcome_is_known(side: str, deleted: str) -> None:
    world, sugar_id, _ = creating(side)
    (contact,) = world.google_contacts()
    if deleted == "sugar":
        world.sugar.delete_contact(sugar_id)
    else:
        world.delete_google(contact["resourceName"].removeprefix("people/"))
    world.settle()
    known = {mapping.state for mapping in world.all_mappings().values()}
    if (side, deleted) == ("google", "google"):
        # What became of the create cannot be told from one that never happened: Sugar's contact is placed again.
        assert known == {State.LINKED}
        assert len(world.google_contacts()) == len(world.sugar_contacts()) == 1
    else:
        assert known <= {State.GONE}
        assert world.google_contacts() == world.sugar_contacts() == []


def test_creating_that_leaves_the_scope_is_out_of_scope_once_the_outcome_is_known() -> None:
    world, sugar_id, _ = creating("google")
    world.sugar.edit_contact(sugar_id, assigned_user_id="svc")
    list_again(world)
    assert world.mapping(sugar_id).state is State.OUT_OF_SCOPE
    assert len(world.google_contacts()) == 1


# linked


@pytest.mark.parametrize("edited", ["google", "sugar"])
def test_linked_and_edited_is_merged(edited: str) -> None:
    world, sugar_id, google_id = linked(title="CTO")
    if edited == "sugar":
        world.sugar.edit_contact(sugar_id, title="CEO")
    else:
        world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.settle()
    assert (sugar_title(world, sugar_id), google_title(world, google_id)) == ("CEO", "CEO")


def test_linked_and_unlinked_by_the_user_is_left_alone() -> None:
    world, sugar_id, google_id = linked(title="CTO")
    unlink(world, sugar_id)
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.missing) == (State.UNLINKED, None)
    world.sugar.edit_contact(sugar_id, title="CEO")
    world.edit_google(google_id, organizations=[{"title": "CFO"}])
    world.settle()
    world.set(conflict="sugar")
    world.settle()
    assert (sugar_title(world, sugar_id), google_title(world, google_id)) == ("CEO", "CFO")
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 1


# unlinked


def test_unlinked_by_the_user_and_linked_again_is_merged_over_its_base() -> None:
    world, sugar_id, google_id = linked(title="CTO", department="North")
    unlink(world, sugar_id)
    world.sugar.edit_contact(sugar_id, title="")
    world.edit_google(google_id, organizations=[{"title": "CTO", "department": "South"}])
    world.settle()
    link_again(world, sugar_id)
    assert world.mapping(sugar_id).state is State.LINKED
    assert (sugar_title(world, sugar_id), google_title(world, google_id)) == ("", "")
    assert world.sugar.contact(sugar_id)["department"] == "South"


@pytest.mark.parametrize("missing", ["google", "sugar"])
def test_unlinked_and_edited_is_written_nowhere(missing: str) -> None:
    world, sugar_id, google_id = unlinked_by_deletion(missing)
    before = world.writes()
    if missing == "google":
        world.sugar.edit_contact(sugar_id, title="CEO")
    else:
        world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.settle()
    world.set(conflict="sugar")
    world.settle()
    assert world.writes() == before
    assert world.mapping(sugar_id).state is State.UNLINKED


@pytest.mark.parametrize("missing", ["google", "sugar"])
def test_unlinked_whose_deleted_side_comes_back_is_linked_and_merged_over_the_kept_base(missing: str) -> None:
    world, sugar_id, google_id = unlinked_by_deletion(missing)
    if missing == "google":
        world.sugar.edit_contact(sugar_id, title="CEO")
        world.settle()
        restore_google(world, google_id)
    else:
        world.edit_google(google_id, organizations=[{"title": "CEO"}])
        world.settle()
        world.sugar.restore_contact(sugar_id)
    world.settle()
    assert world.mapping(sugar_id).state is State.LINKED
    assert (sugar_title(world, sugar_id), google_title(world, google_id)) == ("CEO", "CEO")
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 1


@pytest.mark.parametrize("missing", ["google", "sugar", "nothing"])
def test_unlinked_whose_survivors_are_deleted_is_gone(missing: str) -> None:
    if missing == "nothing":
        world, sugar_id, google_id = linked()
        unlink(world, sugar_id)
    else:
        world, sugar_id, google_id = unlinked_by_deletion(missing)
    if missing != "sugar":
        world.sugar.delete_contact(sugar_id)
        world.settle()
    if missing != "google":
        world.delete_google(google_id)
        world.settle()
    assert world.mapping(sugar_id).state is State.GONE
    assert world.google_contacts() == world.sugar_contacts() == []


def test_unlinked_ignores_the_scope() -> None:
    world, sugar_id, _ = unlinked_by_deletion("google")
    world.sugar.edit_contact(sugar_id, assigned_user_id="svc")
    list_again(world)
    assert world.mapping(sugar_id).state is State.UNLINKED


def test_linking_again_what_google_lost_creates_it_there_anew() -> None:
    world, sugar_id, google_id = unlinked_by_deletion("google")
    link_again(world, sugar_id)
    mapping = world.mapping(sugar_id)
    assert mapping.state is State.LINKED
    assert mapping.google_id not in (None, google_id)
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 1


def test_linking_again_what_sugar_lost_creates_it_there_under_a_new_id() -> None:
    world, sugar_id, google_id = unlinked_by_deletion("sugar")
    link_again(world, sugar_id)
    old = world.mapping(sugar_id)
    assert (old.state, old.google_id) == (State.GONE, None)
    (fresh,) = [mapping for mapping in world.all_mappings().values() if mapping.state is State.LINKED]
    assert (fresh.sugar_id != sugar_id, fresh.google_id) == (True, google_id)
    assert len(world.google_contacts()) == len(world.sugar_contacts()) == 1


def test_linking_again_without_the_create_switch_creates_nothing() -> None:
    world, sugar_id, _ = unlinked_by_deletion("google")
    world.set(**switches(su=True, gu=True, gc=True))
    link_again(world, sugar_id)
    assert world.mapping(sugar_id).state is State.NEW
    assert world.google_contacts() == []


def test_an_unlinked_contact_deleted_in_sugar_makes_one_run_not_every_run() -> None:
    world, sugar_id, _ = linked()
    resolve.unlink(world.db, world.first.sub, sugar_id)
    world.settle()
    world.sugar.delete_contact(sugar_id)
    world.sync()
    world.clock.advance(minutes=1)
    assert [world.sync("schedule")["phase"] for _ in range(3)] == ["idle"] * 3


def test_a_user_unlinked_contact_that_is_deleted_restored_and_deleted_again_stays_unlinked() -> None:
    world, sugar_id, google_id = linked()
    unlink(world, sugar_id)
    for _ in range(2):
        world.sugar.delete_contact(sugar_id)
        world.settle()
        assert world.mapping(sugar_id).seen.sugar_deleted_at is not None
        world.sugar.restore_contact(sugar_id)
        world.settle()
        assert world.mapping(sugar_id).seen.sugar_deleted_at is None
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.missing) == (State.UNLINKED, None)
    assert world.google_contact(google_id) is not None
