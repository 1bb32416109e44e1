"""The scope: which of Sugar's contacts a user syncs, and what happens when one enters or leaves it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sync.situations import ALL_ON, everything_on, linked, list_again
from tests.world import World

from contact_sync.contacts.mapping import State
from contact_sync.contacts.side import Side

SCOPES = ["mine", "flagged", "all"]


def others(world: World) -> str:
    """Another Sugar user."""
    if "user-boss" not in world.sugar.db.users:
        world.sugar.add_user("boss", id="user-boss")
    return "user-boss"


def add(world: World, name: str, **fields: Any) -> str:
    return world.add_sugar(first_name="Ana", last_name=name, email=f"{name.lower()}@x.test", **fields)


def book_of_four(world: World) -> dict[str, str]:
    """One contact for each combination of owner and flag."""
    mine, boss = world.first.sugar_user, others(world)
    return {
        "Mine": add(world, "Mine"),
        "MineFlagged": add(world, "MineFlagged", sync_contact_users=[mine]),
        "Other": add(world, "Other", assigned_user_id=boss),
        "OtherFlagged": add(world, "OtherFlagged", assigned_user_id=boss, sync_contact_users=[mine]),
    }


def in_google(world: World) -> set[str]:
    return {name.removeprefix("Ana ") for name in world.google_names()}


IN_SCOPE = {
    "mine": {"Mine", "MineFlagged"},
    "flagged": {"MineFlagged", "OtherFlagged"},
    "all": {"Mine", "MineFlagged", "Other", "OtherFlagged"},
}


@pytest.mark.parametrize("scope", SCOPES)
def test_exactly_the_scope_comes_to_google(scope: str) -> None:
    world = everything_on(sugar_scope=scope)
    book_of_four(world)
    world.settle()
    list_again(world)
    assert in_google(world) == IN_SCOPE[scope]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_flag_of_somebody_else_means_nothing(scope: str) -> None:
    world = everything_on(sugar_scope=scope)
    add(world, "Other", assigned_user_id=others(world), sync_contact_users=["user-boss"])
    world.settle()
    assert in_google(world) == ({"Other"} if scope == "all" else set())


@pytest.mark.parametrize("scope", SCOPES)
def test_what_comes_from_google_is_created_within_the_scope(scope: str) -> None:
    world = everything_on(sugar_scope=scope)
    world.add_google("Ben", "Okafor", "ben@x.test")
    world.settle()
    (record,) = world.sugar_contacts()
    assert record["assigned_user_id"] == world.first.sugar_user
    assert (world.first.sugar_user in record["sync_contact_users"]) == (scope == "flagged")
    list_again(world)
    assert [mapping.state for mapping in world.all_mappings().values()] == [State.LINKED]


@pytest.mark.parametrize("before", SCOPES)
@pytest.mark.parametrize("after", SCOPES)
def test_a_changed_scope_setting_takes_in_what_entered_and_leaves_alone_what_left(
    before: str, after: str
) -> None:
    world = everything_on(sugar_scope=before)
    ids = book_of_four(world)
    world.settle()
    list_again(world)
    deletes = len(world.google.writes)
    world.set(sugar_scope=after)
    world.settle()
    assert in_google(world) == IN_SCOPE[before] | IN_SCOPE[after]
    assert not any("delete" in write.method.lower() for write in world.google.writes[deletes:])
    states = {
        name: world.mapping(sugar_id).state for name, sugar_id in ids.items() if name in in_google(world)
    }
    left = IN_SCOPE[before] - IN_SCOPE[after]
    assert states == {
        name: State.OUT_OF_SCOPE if name in left else State.LINKED
        for name in IN_SCOPE[before] | IN_SCOPE[after]
    }
    world.set(sugar_scope=before)
    world.settle()
    assert all(world.mapping(ids[name]).state is State.LINKED for name in IN_SCOPE[before])


@pytest.mark.parametrize("how", ["owner", "flag", "hidden", "refused"])
def test_leaving_the_scope_and_coming_back(how: str) -> None:
    world = everything_on(sugar_scope="flagged" if how == "flag" else "mine")
    mine = world.first.sugar_user
    world, sugar_id, google_id = linked(world, sync_contact_users=[mine], title="CTO")

    def move(out: bool) -> None:
        if how == "owner":
            world.sugar.edit_contact(sugar_id, assigned_user_id=others(world) if out else mine)
        elif how == "flag":
            world.sugar.set_flag(mine, sugar_id, not out)
        elif how == "hidden":
            (world.sugar.hide_contact if out else world.sugar.show_contact)(sugar_id, mine)
        else:
            world.sugar.refuse_contact(sugar_id, mine, out)

    writes = world.writes()
    move(out=True)
    list_again(world)
    world.edit_google(google_id, organizations=[{"title": "CEO"}])
    list_again(world)
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.google_id) == (State.OUT_OF_SCOPE, google_id)
    assert world.writes() == writes
    assert world.sugar.contact(sugar_id)["title"] == "CTO"
    move(out=False)
    list_again(world)
    assert world.mapping(sugar_id).state is State.LINKED
    assert world.sugar.contact(sugar_id)["title"] == "CEO"
    assert len(world.google_contacts()) == 1


@pytest.mark.parametrize("how", ["owner", "hidden"])
def test_leaving_the_scope_is_noticed_by_the_listing_without_any_other_change(how: str) -> None:
    world, sugar_id, _ = linked()
    if how == "owner":
        world.sugar.edit_contact(sugar_id, assigned_user_id=others(world))
    else:
        world.sugar.hide_contact(sugar_id, world.first.sugar_user)
    world.settle()
    assert world.mapping(sugar_id).state is State.LINKED
    list_again(world)
    assert world.mapping(sugar_id).state is State.OUT_OF_SCOPE


def test_leaving_the_scope_is_judged_before_a_deletion() -> None:
    world, sugar_id, google_id = linked()
    world.sugar.edit_contact(sugar_id, assigned_user_id=others(world))
    world.delete_google(google_id)
    world.settle()
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.google_id, mapping.base) == (State.OUT_OF_SCOPE, None, None)
    assert world.sugar.contact(sugar_id) is not None


def test_a_google_contact_deleted_meanwhile_is_created_anew_once_the_record_is_back() -> None:
    world, sugar_id, google_id = linked()
    world.sugar.edit_contact(sugar_id, assigned_user_id=others(world))
    list_again(world)
    world.delete_google(google_id)
    world.settle()
    world.sugar.edit_contact(sugar_id, assigned_user_id=world.first.sugar_user)
    world.settle()
    mapping = world.mapping(sugar_id)
    assert (mapping.state, mapping.google_id not in (None, google_id)) == (State.LINKED, True)
    assert mapping.created_side is Side.GOOGLE


def test_an_edit_is_never_written_to_a_record_that_left_the_scope_unnoticed() -> None:
    world, sugar_id, google_id = linked(title="CTO")
    world.sugar.edit_contact(sugar_id, assigned_user_id=others(world), title="CEO")
    world.edit_google(google_id, phoneNumbers=[{"value": "+34600100200", "type": "mobile"}])
    writes = world.writes()
    world.sync()
    assert world.mapping(sugar_id).state is State.OUT_OF_SCOPE
    assert world.writes() == writes


def test_a_contact_of_somebody_else_is_neither_linked_nor_doubled() -> None:
    world = everything_on()
    sugar_id = add(world, "Ruiz", assigned_user_id=others(world))
    google_id = world.add_google("Ana", "Ruiz", "ruiz@x.test")
    world.settle()
    assert len(world.sugar_contacts()) == 1
    assert (world.entry(google_id).mapping, world.entry(google_id).due_at) == (None, None)
    assert world.backlog() == []
    world.sugar.edit_contact(sugar_id, assigned_user_id=world.first.sugar_user)
    world.settle()
    assert world.mapping(sugar_id).google_id == google_id


# When the scope is listed


def listings(world: World, trigger: str = "manual") -> int:
    """How often a run lists the scope: ids only, in the order of ids."""
    world.forget_calls()
    asked: list[Any] = []
    world.sugar_transport.before = lambda request: asked.append(request.body)
    world.sync(trigger)
    world.sugar_transport.before = None
    return sum(b'"fields": "id"' in _bytes(body) and b"id:asc" in _bytes(body) for body in asked)


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")


@pytest.mark.parametrize(
    ("scope", "hours", "trigger", "expected"),
    [
        ("mine", 1.1, "schedule", 0),
        ("mine", 1.1, "manual", 0),
        ("mine", 23, "schedule", 0),
        ("mine", 24.1, "schedule", 1),
        ("all", 24.1, "schedule", 1),
        ("flagged", 0.5, "schedule", 0),
        ("flagged", 1.1, "schedule", 1),
        ("flagged", 0.5, "manual", 1),
        ("flagged", 0.5, "hook", 0),
        ("flagged", 0.5, "flag", 1),
        ("mine", 0.5, "flag", 0),
    ],
)
def test_the_scope_is_listed_daily_and_more_often_where_flags_decide(
    scope: str, hours: float, trigger: str, expected: int
) -> None:
    world = everything_on(sugar_scope=scope)
    linked(world, sync_contact_users=[world.first.sugar_user])
    world.sync("schedule")
    world.clock.advance(hours=hours)
    assert listings(world, trigger) == expected


def test_a_listing_cut_short_by_time_is_taken_up_again() -> None:
    world = everything_on()
    sugar_id = world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.settle()
    world.sugar.hide_contact(sugar_id, world.first.sugar_user)
    world.clock.advance(hours=25)
    world.sugar.latency = 45.0
    world.google.knobs.latency = 45.0
    for _ in range(12):
        world.sync("schedule")
    world.sugar.latency = world.google.knobs.latency = 0.0
    world.settle()
    assert world.mapping(sugar_id).state is State.OUT_OF_SCOPE


def test_nobody_reads_the_whole_company_for_his_own_scope() -> None:
    world = everything_on()
    boss = others(world)
    for number in range(5):
        add(world, f"Other{number}", assigned_user_id=boss)
    world.settle()
    for sugar_id in [record["id"] for record in world.sugar_contacts()]:
        world.sugar.edit_contact(sugar_id, title="CEO")
    world.clock.advance(minutes=11)
    answers: list[bytes] = []
    world.sugar_transport.after = lambda _request, response: answers.append(response.content)
    world.sync("schedule")
    world.sugar_transport.after = None
    assert answers and not any(b"Other" in answer for answer in answers)


def test_deletion_of_a_contact_that_was_never_in_scope_means_nothing() -> None:
    world = everything_on(**ALL_ON)
    sugar_id = add(world, "Other", assigned_user_id=others(world))
    world.settle()
    world.sugar.delete_contact(sugar_id)
    world.settle()
    assert (world.all_mappings(), world.google_contacts()) == ({}, [])


def test_a_record_that_was_given_away_and_then_deleted_is_not_deleted_in_google() -> None:
    """Leaving the scope is never a deletion, whatever the new owner does with the record afterwards."""
    world, sugar_id, google_id = linked()
    world.sugar.add_user("boss", id="user-boss")
    world.sugar.edit_contact(sugar_id, assigned_user_id="user-boss")
    world.clock.advance(minutes=30)
    world.settle()
    world.sugar.delete_contact(sugar_id)
    list_again(world)
    assert world.google_contact(google_id) is not None


def test_what_is_deleted_while_out_of_scope_is_unlinked() -> None:
    world, sugar_id, _ = linked()
    world.sugar.add_user("boss", id="user-boss")
    world.sugar.edit_contact(sugar_id, assigned_user_id="user-boss")
    list_again(world)
    assert world.mapping(sugar_id).state is State.OUT_OF_SCOPE
    world.sugar.delete_contact(sugar_id)
    list_again(world)
    assert world.mapping(sugar_id).state is State.UNLINKED
