"""Several users who create the same person in Sugar: one record, whoever comes when, and whatever dies in between."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.sync.ordering import apply, moved, preview
from tests.world import Crash, Person, World

from contact_sync.contacts.mapping import State
from contact_sync.contacts.side import Side
from contact_sync.store.write import Kind, Write

SCOPES = list(itertools.product(("mine", "all", "flagged"), repeat=2))


def two_users(
    scopes: tuple[str, str] = ("mine", "mine"),
    theirs: tuple[str, str] = ("Ana", "Ruiz"),
    address: str = "ana@x.test",
) -> tuple[World, Person, Person]:
    """Jane and Bob, who both have the same person in Google and both create in Sugar."""
    world = World()
    jane, bob = world.first, world.add_person("bob")
    for person, scope in zip((jane, bob), scopes, strict=True):
        world.set(person, sugar_scope=scope)
        world.settle(person)
    world.add_google("Ana", "Ruiz", address, person=jane)
    world.add_google(*theirs, address, person=bob)
    return world, jane, bob


def everybody(world: World, minutes: int = 4) -> None:
    """Everyone syncs every minute, for as long as any delay lasts, and then comes to rest."""
    for _ in range(minutes):
        for person in world.people.values():
            world.sync(person=person)
        world.clock.advance(minutes=1)
    for person in world.people.values():
        world.settle(person)
    before = world.writes()
    for person in world.people.values():
        world.settle(person)
    assert world.writes() == before


def assert_one(world: World) -> None:
    assert world.sugar_names() == ["Ana Ruiz"]
    assert [write.verb for write in world.sugar.writes].count("POST") == 1
    for person in world.people.values():
        assert world.google_names(person) == ["Ana Ruiz"]
        assert world.backlog(person) == []


def reserved(world: World) -> list[dict[str, Any]]:
    return [found.data for found in world.db.below("system/creates")]


def meetings(scopes: tuple[str, str]) -> Iterator[tuple[str, World]]:
    """Worlds in which Bob's whole run comes at one outside call of Jane's, each call once."""
    for side, when in itertools.product(Side, ("before", "after")):
        for k in itertools.count(1):
            world, jane, bob = two_users(scopes)
            transport = world.sugar_transport if side is Side.SUGAR else world.google_transport
            counter = itertools.count(1)

            def meet(
                *_args: Any, world: World = world, counter: Any = counter, k: int = k, bob: Person = bob
            ) -> None:
                if next(counter) == k:
                    world.sync(person=bob, engine=world.make_engine())

            setattr(transport, when, meet)
            world.sync(person=jane)
            transport.before = transport.after = None
            if next(counter) <= k:
                break
            yield f"{when} call {k} to {side}", world


@pytest.mark.parametrize("scopes", [("mine", "mine"), ("all", "all")])
def test_two_runs_that_meet_at_any_outside_call_make_one_record(scopes: tuple[str, str]) -> None:
    met = 0
    for where, world in meetings(scopes):
        met += 1
        everybody(world, minutes=2)
        assert world.sugar_names() == ["Ana Ruiz"], where
        assert_one(world)
    assert met > 6


@pytest.mark.parametrize("scopes", SCOPES)
def test_two_runs_of_any_scopes_make_one_record(scopes: tuple[str, str]) -> None:
    world, jane, bob = two_users(scopes)
    meet_at_create(world, bob)
    world.sync(person=jane)
    everybody(world, minutes=2)
    assert_one(world)


@pytest.mark.parametrize("when", ["before", "after"])
def test_one_who_dies_at_any_outside_call_leaves_one_record(when: str) -> None:
    for k in itertools.count(1):
        world, jane, bob = two_users()
        try:
            with world.dying(Side.SUGAR, k, when):
                world.sync(person=jane)
        except Crash:
            pass
        else:
            break
        for _ in range(4):
            world.sync(person=bob)
            world.clock.advance(minutes=3)
        everybody(world, minutes=2)
        assert_one(world)


def test_who_is_refused_looks_again_in_a_minute_and_finds_the_record() -> None:
    world, jane, bob = two_users()
    met_at = meet_at_create(world, bob)
    world.sync(person=jane)
    [entry] = world.all_entries(bob).values()
    assert entry.due_at == met_at[0] + timedelta(minutes=1)
    assert entry.mapping is None
    world.clock.advance(minutes=1)
    world.sync(person=bob)
    [entry] = world.all_entries(bob).values()
    assert (entry.mapping, entry.due_at, entry.backlog) == (None, None, None)
    assert world.user(bob).pending is None
    assert_one(world)


def test_in_the_scope_of_both_the_second_is_linked() -> None:
    world, jane, bob = two_users(("all", "all"))
    meet_at_create(world, bob)
    world.sync(person=jane)
    everybody(world)
    for person in (jane, bob):
        [mapping] = world.all_mappings(person).values()
        assert mapping.state is State.LINKED
    assert_one(world)


@pytest.mark.parametrize(
    "theirs",
    [
        ("Ana", "Ruiz"),
        ("ANA", "RUIZ"),
        ("Aná", "Ruíz"),
        ("Ruiz", "Ana"),
        ("Ana", "Maria Ruiz"),
        ("Ana", ""),
        ("", ""),
    ],
)
def test_names_that_agree_are_the_same_person(theirs: tuple[str, str]) -> None:
    world, jane, bob = two_users(theirs=theirs)
    meet_at_create(world, bob)
    world.sync(person=jane)
    everybody(world)
    assert world.sugar_names() == ["Ana Ruiz"]


@pytest.mark.parametrize("theirs", [("Ben", "Ruiz"), ("Ben", "Okafor"), ("Anabel", "Ruiz")])
def test_another_person_at_the_same_address_is_not_kept_waiting(theirs: tuple[str, str]) -> None:
    world, jane, bob = two_users(theirs=theirs, address="family@x.test")
    meet_at_create(world, bob)
    world.sync(person=jane)
    assert world.sugar_names() == sorted(["Ana Ruiz", " ".join(theirs)])
    everybody(world)
    assert len(world.sugar_contacts()) == 2


def test_a_family_at_one_address_is_reserved_person_by_person() -> None:
    """Jane creates Ana and Ben at once; neither may hide the other from Bob, who has Ana."""
    world, jane, bob = two_users(address="family@x.test")
    world.add_google("Ben", "Okafor", "family@x.test", person=jane)
    meet_at_create(world, bob)
    world.sync(person=jane)
    everybody(world)
    assert world.sugar_names().count("Ana Ruiz") == 1


def test_without_an_address_name_and_number_are_reserved() -> None:
    world = World()
    bob = world.add_person("bob")
    for person in (world.first, bob):
        world.settle(person)
        world.add_google(
            "Ana", "Ruiz", person=person, phoneNumbers=[{"value": "+34 600 100 200", "type": "mobile"}]
        )
    meet_at_create(world, bob)
    world.sync()
    everybody(world)
    assert_one(world)


def test_a_create_in_doubt_keeps_its_reservation() -> None:
    world, jane, bob = two_users()
    world.sugar.faults.add("drop_before", "^/Contacts$", "POST")
    world.sync(person=jane)
    assert world.sugar_contacts() == []
    for _ in range(9):
        world.clock.advance(minutes=1)
        world.sync(person=bob)
        assert world.sugar_contacts() == []
    everybody(world)
    assert_one(world)


def test_a_reservation_whose_owner_died_counts_for_ten_minutes() -> None:
    world, jane, bob = two_users()

    def die(request: Any) -> None:
        if is_create(request):
            raise Crash

    world.sugar_transport.before = die
    with pytest.raises(Crash):
        world.sync(person=jane)
    world.sugar_transport.before = None
    died_at = world.clock.now()
    while not world.sugar_contacts():
        world.clock.advance(minutes=1)
        world.sync(person=bob)
    assert world.clock.now() - died_at == timedelta(minutes=10)
    everybody(world)
    assert_one(world)


def test_a_create_that_sugar_refused_keeps_nobody_waiting_for_long() -> None:
    world, jane, bob = two_users()
    world.sugar.edit_user(jane.sugar_user, acl={"Contacts": {"create": "no"}})
    world.sync(person=jane)
    world.clock.advance(minutes=1)
    world.sync(person=bob)
    assert world.sugar_names() == ["Ana Ruiz"]


def test_nobody_is_kept_waiting_by_their_own_reservation() -> None:
    world, jane, _ = two_users()
    world.sugar.faults.add("500 db_error", "^/Contacts$", "POST")
    world.sync(person=jane)
    assert world.sugar_contacts() == []
    world.clock.advance(minutes=2)
    world.sync(person=jane)
    assert world.sugar_names() == ["Ana Ruiz"]


def test_a_list_that_lags_shows_the_record_in_time() -> None:
    """Who looks right after the other has recorded may read a replica that does not hold the record yet."""
    world, jane, bob = two_users()
    world.sugar.feed_lag = 40
    world.sync(person=jane)
    world.sync(person=bob)
    world.sugar.feed_lag = 0
    everybody(world)
    assert_one(world)


def test_an_applied_preview_says_what_another_user_was_just_creating() -> None:
    world, jane, bob = two_users()
    found, (action,) = preview(world)
    world.sugar.faults.add("drop_before", "^/Contacts$", "POST")
    world.sync(person=bob)
    apply(world, found.id)
    assert moved(world, found.id).keys() == {action.id}
    assert world.sugar_contacts() == []
    everybody(world)
    assert_one(world)


def test_a_preview_reserves_nothing() -> None:
    world, jane, bob = two_users()
    _, (action,) = preview(world)
    assert action.action == "sugar_created"
    assert reserved(world) == []
    world.sync(person=bob)
    assert world.sugar_names() == ["Ana Ruiz"]


def test_a_reservation_holds_nothing_in_clear_and_expires() -> None:
    world, jane, bob = two_users(theirs=("Ben", "Okafor"), address="family@x.test")
    seen: list[str] = []

    def look(request: Any) -> None:
        if is_create(request):
            seen.append(str(reserved(world)).casefold())

    world.sugar_transport.before = look
    world.sync(person=jane)
    everybody(world)
    assert seen and "sugar_id" in seen[0]
    for word in ("ana", "ruiz", "ben", "okafor", "family", "x.test"):
        assert all(word not in text for text in seen)
    assert all(found["expire_at"] > world.clock.now() - timedelta(days=1) for found in reserved(world))
    [document] = reserved(world)
    assert document["expire_at"] - document["creates"][-1]["at"] <= timedelta(hours=2)


def test_a_reservation_that_cannot_be_read_stops_nobody() -> None:
    world, jane, bob = two_users()
    meet_at_create(world, bob)
    world.sync(person=jane)
    [found] = world.db.below("system/creates")
    world.db.commit([Write(found.path, Kind.SET, {"creates": "nonsense"})])
    world.sugar.delete_contact(world.sugar_contacts()[0]["id"])
    world.add_google("Ana", "Ruiz-Gil", "ana@x.test", person=bob)
    everybody(world)
    assert reserved(world)


def meet_at_create(world: World, bob: Person) -> list[Any]:
    """Bob's run comes just ahead of the first create in Sugar; when that was."""
    met: list[Any] = []

    def beside(request: Any) -> None:
        if not met and is_create(request):
            met.append(world.clock.now())
            world.sync(person=bob, engine=world.make_engine())

    world.sugar_transport.before = beside
    return met


def is_create(request: Any) -> bool:
    items = json.loads(request.body)["requests"] if request.url.endswith("/bulk") else []
    return any(item["method"] == "POST" and item["url"].endswith("/Contacts") for item in items)
