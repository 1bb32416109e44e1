"""What release, keep and choose do, by the cause for which a contact waits."""

from __future__ import annotations

import pytest
from tests.sync.situations import (
    ALL_ON,
    causes,
    everything_on,
    google_title,
    linked,
    refused,
    sugar_title,
)
from tests.world import World, switches

from contact_sync.contacts.mapping import State
from contact_sync.sync import resolve


def decide(world: World, decision: str) -> None:
    """Decide about everything in the backlog, and settle."""
    getattr(resolve, decision)(world.db, world.first.sub, [entry.id for entry in world.backlog()])
    world.settle()


def states(world: World) -> dict[str, State]:
    return {sugar_id: mapping.state for sugar_id, mapping in world.all_mappings().items()}


# deleted_and_edited


def deleted_and_edited(deleted: str) -> tuple[World, str, str]:
    world, sugar_id, google_id = linked(title="CTO")
    if deleted == "google":
        world.delete_google(google_id)
        world.sugar.edit_contact(sugar_id, title="CEO")
    else:
        world.sugar.delete_contact(sugar_id)
        world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.settle()
    assert causes(world) == ["deleted_and_edited"]
    return world, sugar_id, google_id


@pytest.mark.parametrize("deleted", ["google", "sugar"])
def test_releasing_deleted_and_edited_deletes_the_survivor(deleted: str) -> None:
    world, sugar_id, _ = deleted_and_edited(deleted)
    decide(world, "release")
    assert world.google_contacts() == world.sugar_contacts() == []
    assert states(world) == {sugar_id: State.GONE}
    assert world.backlog() == []


@pytest.mark.parametrize("deleted", ["google", "sugar"])
def test_releasing_deleted_and_edited_with_the_switch_off_again_unlinks(deleted: str) -> None:
    world, sugar_id, _ = deleted_and_edited(deleted)
    world.set(**switches(su=True, sc=True, gu=True, gc=True))
    decide(world, "release")
    assert states(world) == {sugar_id: State.UNLINKED}
    assert len(world.google_contacts()) + len(world.sugar_contacts()) == 1


def test_keeping_what_was_deleted_in_google_creates_it_there_anew() -> None:
    world, sugar_id, google_id = deleted_and_edited("google")
    decide(world, "keep")
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.google_id not in (None, google_id)) == (State.LINKED, True)
    assert google_title(world, mapping.google_id) == "CEO"


def test_keeping_what_was_deleted_in_sugar_creates_it_there_under_a_new_id() -> None:
    world, sugar_id, google_id = deleted_and_edited("sugar")
    decide(world, "keep")
    old = world.mapping(sugar_id)
    assert (old.state, old.google_id) == (State.GONE, None)
    (record,) = world.sugar_contacts()
    assert record["title"] == "CEO"
    assert world.mapping(record["id"]).google_id == google_id


@pytest.mark.parametrize("deleted", ["google", "sugar"])
def test_keeping_without_the_create_switch_unlinks(deleted: str) -> None:
    world, sugar_id, _ = deleted_and_edited(deleted)
    world.set(**switches(su=True, sd=True, gu=True, gd=True))
    decide(world, "keep")
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.missing.side) == (State.UNLINKED, deleted)
    assert len(world.google_contacts()) + len(world.sugar_contacts()) == 1


# ambiguous


def ambiguous() -> tuple[World, str, list[str]]:
    """One Sugar contact, and two in Google with the same address and name."""
    world = World()
    world.set(**ALL_ON)
    twins = [world.add_google("Ana", "Ruiz", "ana@x.test"), world.add_google("Ana", "Ruiz", "ana@x.test")]
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test", title="CTO")
    world.settle()
    assert set(causes(world)) == {"ambiguous"}
    assert (len(world.google_contacts()), len(world.sugar_contacts())) == (2, 1)
    return world, sugar_id, twins


def test_releasing_ambiguous_asks_again_while_nothing_changed() -> None:
    world, _, _ = ambiguous()
    before = causes(world)
    decide(world, "release")
    assert causes(world) == before


def test_releasing_ambiguous_links_once_one_candidate_is_left() -> None:
    world, sugar_id, (one, other) = ambiguous()
    world.delete_google(other)
    world.settle()
    decide(world, "release")
    assert world.backlog() == []
    assert world.mapping(sugar_id).google_id == one
    assert len(world.sugar_contacts()) == 1


def test_keeping_ambiguous_makes_a_contact_of_its_own() -> None:
    world, sugar_id, twins = ambiguous()
    (entry,) = [entry for entry in world.backlog() if entry.sugar_id == sugar_id]
    resolve.keep(world.db, world.first.sub, [entry.id])
    world.settle()
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.google_id not in (None, *twins)) == (State.LINKED, True)


def test_choosing_links_with_the_chosen_one() -> None:
    world, sugar_id, (one, other) = ambiguous()
    (entry,) = [entry for entry in world.backlog() if entry.sugar_id == sugar_id]
    resolve.choose(world.db, world.first.sub, entry.id, other)
    world.settle()
    assert (world.mapping(sugar_id).google_id, google_title(world, other)) == (other, "CTO")
    assert google_title(world, one) == ""


def test_choosing_from_the_google_side_links_with_the_chosen_one() -> None:
    world, sugar_id, (one, _) = ambiguous()
    entries = [entry for entry in world.backlog() if entry.google_id == one and entry.sugar_id is None]
    resolve.choose(world.db, world.first.sub, entries[0].id, sugar_id)
    world.settle()
    assert world.mapping(sugar_id).google_id == one


def test_choosing_somebody_else_is_refused() -> None:
    world, sugar_id, _ = ambiguous()
    (entry,) = [entry for entry in world.backlog() if entry.sugar_id == sugar_id]
    with pytest.raises(resolve.Refused) as refused:
        resolve.choose(world.db, world.first.sub, entry.id, "c1")
    assert refused.value.status == 409


# duplicate


def duplicate() -> tuple[World, str]:
    """A second Sugar contact looks like one that Google has already, linked with the first."""
    world, _, _ = linked()
    second = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.settle()
    assert causes(world) == ["duplicate"]
    return world, second


def test_keeping_a_duplicate_makes_a_contact_of_its_own() -> None:
    world, second = duplicate()
    decide(world, "keep")
    assert world.mapping(second).state is State.LINKED
    assert len(world.google_contacts()) == 2


def test_keeping_a_duplicate_without_the_create_switch_creates_nothing() -> None:
    world, second = duplicate()
    world.set(**switches(su=True))
    decide(world, "keep")
    assert world.mapping(second).google_id is None
    assert len(world.google_contacts()) == 1


def test_releasing_a_duplicate_asks_again() -> None:
    world, _ = duplicate()
    decide(world, "release")
    assert causes(world) == ["duplicate"]


# refusals, and Google contacts without a mapping


def test_releasing_a_refusal_tries_again_on_fresh_reads() -> None:
    world, sugar_id, google_id = refused()
    world.edit_google(google_id, organizations=[{"title": "CFO"}])
    decide(world, "release")
    assert causes(world) == []
    assert sugar_title(world, sugar_id) == google_title(world, google_id) == "CFO"


def test_keeping_a_refusal_unlinks() -> None:
    world, sugar_id, _ = refused()
    decide(world, "keep")
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.missing, mapping.backlog) == (State.UNLINKED, None, None)
    assert sugar_title(world, sugar_id) == ""


def nameless() -> tuple[World, str]:
    """A Google contact that cannot be given a last name for Sugar."""
    world = everything_on()
    google_id = world.add_google(phoneNumbers=[{"value": "+34600100200", "type": "mobile"}])
    world.settle()
    assert causes(world) == ["no_name"]
    return world, google_id


def test_keeping_a_google_contact_leaves_it_alone_for_good() -> None:
    world, google_id = nameless()
    decide(world, "keep")
    assert (world.backlog(), world.sugar_contacts()) == ([], [])
    world.edit_google(google_id, names=[{"familyName": "Ruiz"}])
    world.settle()
    world.set(conflict="sugar")
    world.settle()
    assert world.sugar_contacts() == []


def test_a_nameless_contact_is_created_once_it_gets_a_name() -> None:
    world, google_id = nameless()
    world.edit_google(google_id, names=[{"familyName": "Ruiz"}])
    world.settle()
    assert (world.backlog(), world.sugar_names()) == ([], ["Ruiz"])


def test_deciding_twice_is_deciding_once() -> None:
    world, sugar_id, _ = deleted_and_edited("google")
    ids = [entry.id for entry in world.backlog()]
    assert resolve.release(world.db, world.first.sub, ids) == 1
    assert resolve.release(world.db, world.first.sub, ids) == 0
    assert resolve.keep(world.db, world.first.sub, ids) == 0
    world.settle()
    assert states(world) == {sugar_id: State.GONE}


def test_a_chosen_contact_that_is_gone_by_then_is_decided_about_anew() -> None:
    world, sugar_id, (one, other) = ambiguous()
    (entry,) = [entry for entry in world.backlog() if entry.sugar_id == sugar_id]
    resolve.choose(world.db, world.first.sub, entry.id, other)
    world.delete_google(other)
    world.settle()
    assert world.mapping(sugar_id).google_id == one


def test_choosing_asks_the_others_of_the_same_question_anew() -> None:
    world, sugar_id, (_, other) = ambiguous()
    waiting = [entry.id for entry in world.backlog()]
    (entry,) = [entry for entry in world.backlog() if entry.sugar_id == sugar_id]
    resolve.choose(world.db, world.first.sub, entry.id, other)
    assert world.backlog() == []
    assert len(waiting) > 1
    with pytest.raises(resolve.Refused) as refused:
        resolve.choose(world.db, world.first.sub, entry.id, other)
    assert refused.value.status == 404


def test_linking_closes_the_entry_of_the_contact_that_was_linked_with() -> None:
    world = World()
    world.set(**switches(su=True, sc=True, gu=True, gc=True))
    world.sugar.edit_user(world.first.sugar_user, acl={"Contacts": {"create": "no"}})
    world.add_google("Ana", "Ruiz", "ana@x.test")
    world.settle()
    assert causes(world) == ["refused"]
    world.sugar.edit_user(world.first.sugar_user, acl={})
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.settle()
    assert world.mapping(sugar_id).state is State.LINKED
    assert causes(world) == []


def test_a_refusal_is_not_released_by_another_time_zone_of_the_user() -> None:
    """Sugar tells times in the zone of who asks: the same moment is no edit."""
    world, *_ = refused()
    world.sugar.edit_user(world.first.sugar_user, timezone="Asia/Tokyo")
    world.sync("reconcile")
    assert causes(world) == ["refused"]
