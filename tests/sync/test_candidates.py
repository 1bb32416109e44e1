"""Candidates: known by the keys they have now; one that is gone, or not the user's any more, keeps nobody waiting."""

from __future__ import annotations

from tests.sync.situations import linked
from tests.world import WITH_DELETES, World, switches

from contact_sync.contacts.contact import Contact
from contact_sync.contacts.mapping import State


def test_a_record_does_not_wait_for_a_candidate_that_google_deleted_unseen() -> None:
    world = World()
    world.set(**switches(sc=True, su=True, gu=True))
    candidate = world.add_google("Ana", "Ruiz", "ana@x.test")
    world.settle()
    world.google.knobs.propagation_delay = 500
    world.delete_google(candidate)
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    assert world.sync()["waiting"] == 0
    assert world.mapping(sugar_id).state is State.LINKED
    world.settle()
    assert world.google_names() == ["Ana Ruiz"]
    assert list(world.all_entries()) == [world.mapping(sugar_id).google_id]


def test_a_google_contact_does_not_wait_for_a_candidate_that_left_the_scope_unseen() -> None:
    world = World()
    world.set(**switches(gc=True, su=True, gu=True))
    world.sugar.add_user("boss", id="user-boss")
    candidate = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.settle()
    world.sugar.edit_contact(candidate, assigned_user_id="user-boss")
    google_id = world.add_google("Ana", "Ruiz", "ana@x.test")
    before = world.writes()
    world.clock.advance(minutes=1)
    assert world.sync()["waiting"] == 0
    assert world.writes() == before
    world.sugar.edit_contact(candidate, assigned_user_id=world.first.sugar_user)
    world.clock.advance(hours=25)
    world.settle()
    assert world.mapping(candidate).google_id == google_id


def test_a_question_about_a_contact_ends_with_it() -> None:
    world = World()
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    doubles = [world.add_google("Ana", "Ruiz", "ana@x.test") for _ in range(2)]
    world.settle()
    assert {entry.cause for entry in world.backlog()} == {"ambiguous"}
    world.google.faults.add("expired sync token", "syncToken=")
    world.delete_google(doubles[0])
    world.settle()
    assert doubles[0] not in {entry.google_id for entry in world.backlog()}


def test_an_address_added_in_sugar_is_known_though_no_switch_lets_it_travel() -> None:
    """An address that several share is no evidence, so the keys of every record must be those of now."""
    world, sugar_id, _ = linked()
    world.set(**switches(sc=True))
    world.settle()
    emails = ("ana@x.test", "info@x.test")
    world.sugar.edit_contact(
        sugar_id,
        email=[{"email_address": email, "primary_address": email == emails[0]} for email in emails],
    )
    world.settle()
    now = world.engine.hashed_terms(
        world.first.sub, Contact(first_name="Ana", last_name="Ruiz", emails=emails)
    )
    assert set(world.mapping(sugar_id).match_keys) == set(now)


def test_a_contact_that_a_mapping_follows_is_no_candidate_for_a_new_record() -> None:
    """Google's double of a vanished contact is taken by its mapping; a new record of the same person is not linked."""
    world = World()
    world.set(**{name: getattr(WITH_DELETES, name) for name in ("from_sugar", "from_google")})
    world.add_google("Ana", "Ruiz", "ana@x.test")
    world.add_google("Ana", "Ruiz", "ana@x.test")
    world.settle()
    (mapping,) = [found for found in world.all_mappings().values() if found.google_id is not None]
    world.delete_google(mapping.google_id)
    world.sugar.delete_contact(mapping.sugar_id)
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.clock.advance(minutes=1)
    world.sync()
    held = [found.google_id for found in world.all_mappings().values() if found.google_id is not None]
    assert len(held) == len(set(held))
