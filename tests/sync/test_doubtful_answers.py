"""Answers that do not prove that nothing happened: what became of the write is found out, and nothing is made twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.sync.rich_world import assert_sound
from tests.world import WITH_DELETES, World, link

from contact_sync.contacts.mapping import State

AFTERWARDS = ["500 afterwards", "403 afterwards", "404 afterwards"]
ODD_ANSWERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no status": lambda item: {"contents": item["contents"]},
    "a status that is no number": lambda item: {**item, "status": "OK"},
    "a status nobody knows": lambda item: {**item, "status": 207},
    "no contents": lambda item: {"status": 200},
    "contents that are no record": lambda item: {**item, "contents": [True]},
    "a record without its id": lambda item: {**item, "contents": {"last_name": "King"}},
    "another record": lambda item: {**item, "contents": {**item["contents"], "id": "another"}},
    "a stub": lambda item: {
        **item,
        "contents": {"id": item["contents"]["id"], "date_modified": "", "_acl": {}},
    },
    "no item at all": lambda item: None,
    "an expired token": lambda item: {"status": 401, "contents": {"error": "invalid_grant"}},
    "busy": lambda item: {"status": 429, "contents": {"error": "too_many"}},
    "a conflict": lambda item: {"status": 409, "contents": {"error": "edit_conflict"}},
    "it failed": lambda item: {"status": 424, "contents": {"error": "request_failure"}},
    "maintenance": lambda item: {"status": 503, "contents": {"error": "maintenance"}},
    "it exists": lambda item: {"status": 422, "contents": {"error": "invalid_parameter"}},
}


def world_with_deletes() -> World:
    world = World()
    world.set(from_sugar=WITH_DELETES.from_sugar, from_google=WITH_DELETES.from_google)
    world.settle()
    return world


def garble(world: World, method: str, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the answers to the items with this verb of the first /bulk that writes so."""
    done: list[bool] = []

    def after(request: Any, answer: Any) -> None:
        items = json.loads(request.body)["requests"] if request.url.endswith("/bulk") else []
        hit = [item["method"] == method and "filter" not in item["url"] for item in items]
        if done or not any(hit):
            return
        done.append(True)
        found = zip(answer.json(), hit, strict=True)
        answer._content = json.dumps([change(item) if struck else item for item, struck in found]).encode()

    world.sugar_transport.after = after


# Sugar


@pytest.mark.parametrize("kind", AFTERWARDS)
def test_a_contact_that_sugar_created_and_then_refused_is_there_once(kind: str) -> None:
    world = world_with_deletes()
    for name in ("King", "Byron", "Lovelace"):
        world.add_google("Ada", name, f"{name}@x.test")
    world.sugar.faults.add(kind, "^/Contacts$", "POST", times=2)
    world.settle()
    assert world.sugar_names() == world.google_names() == ["Ada Byron", "Ada King", "Ada Lovelace"]
    assert [write.verb for write in world.sugar.writes] == ["POST"] * 3
    assert world.backlog() == []
    assert_sound(world)


@pytest.mark.parametrize("answer", ODD_ANSWERS)
def test_a_create_whose_answer_proves_nothing_is_found_and_linked(answer: str) -> None:
    world = world_with_deletes()
    for name in ("King", "Byron"):
        world.add_google("Ada", name, f"{name}@x.test")
    garble(world, "POST", ODD_ANSWERS[answer])
    world.settle()
    assert world.sugar_names() == world.google_names() == ["Ada Byron", "Ada King"]
    assert [write.verb for write in world.sugar.writes] == ["POST"] * 2
    assert world.backlog() == []
    assert_sound(world)


@pytest.mark.parametrize("answer", ODD_ANSWERS)
def test_an_update_whose_answer_proves_nothing_is_not_sent_again(answer: str) -> None:
    world = world_with_deletes()
    sugar_id, google_id = link(world)
    world.edit_google(google_id, organizations=[{"title": "Chief"}])
    world.sugar.writes.clear()
    garble(world, "PUT", ODD_ANSWERS[answer])
    world.settle()
    assert world.sugar.contact(sugar_id)["title"] == "Chief"
    assert [write.verb for write in world.sugar.writes] == ["PUT"]
    if answer != "it exists":
        assert world.backlog() == []


@pytest.mark.parametrize("kind", AFTERWARDS)
def test_an_update_that_sugar_made_and_then_refused_is_done_and_told(kind: str) -> None:
    world = world_with_deletes()
    sugar_id, google_id = link(world)
    world.edit_google(google_id, organizations=[{"title": "Chief"}])
    world.sugar.writes.clear()
    world.sugar.faults.add(kind, f"^/Contacts/{sugar_id}$", "PUT")
    world.settle()
    assert world.sugar.contact(sugar_id)["title"] == "Chief"
    assert [write.verb for write in world.sugar.writes] == ["PUT"]
    assert world.backlog() == []
    assert "update" in [entry.action for entry in world.history()]


@pytest.mark.parametrize("kind", AFTERWARDS)
def test_a_deletion_that_sugar_made_and_then_refused_is_done_and_told(kind: str) -> None:
    world = world_with_deletes()
    sugar_id, google_id = link(world)
    world.delete_google(google_id)
    world.sugar.writes.clear()
    world.sugar.faults.add(kind, f"^/Contacts/{sugar_id}$", "DELETE")
    world.settle()
    assert world.sugar_contacts() == []
    assert [write.verb for write in world.sugar.writes] == ["DELETE"]
    assert world.mapping(sugar_id).state is State.GONE
    assert [entry.action for entry in world.history()].count("delete") == 1
    assert world.backlog() == []


@pytest.mark.parametrize("how", ["hidden", "refused", "given away"])
def test_a_create_that_a_workflow_takes_out_of_sight_is_not_made_again(how: str) -> None:
    world = world_with_deletes()
    user = world.first.sugar_user
    world.add_google("Ada", "King", "ada@x.test")

    def workflow(sugar_id: str) -> None:
        if how == "hidden":
            world.sugar.hide_contact(sugar_id, user)
        elif how == "refused":
            world.sugar.refuse_contact(sugar_id, user)
        else:
            world.sugar.edit_contact(sugar_id, assigned_user_id="svc")

    world.sugar.on_saved = workflow
    world.sugar.edit_user(user, own_only=how == "given away")
    world.settle()
    world.settle()
    [record] = world.sugar_contacts()
    assert [write.verb for write in world.sugar.writes] == ["POST"]
    assert world.mapping(record["id"]).state is State.OUT_OF_SCOPE
    assert world.google_names() == ["Ada King"]
    assert world.backlog() == []


def test_an_update_that_takes_the_record_out_of_sight_is_no_refusal() -> None:
    world = world_with_deletes()
    sugar_id, google_id = link(world)
    world.edit_google(google_id, organizations=[{"title": "Chief"}])
    world.sugar.on_saved = lambda saved: world.sugar.hide_contact(saved, world.first.sugar_user)
    world.settle()
    assert world.sugar.contact(sugar_id)["title"] == "Chief"
    assert world.mapping(sugar_id).state is State.OUT_OF_SCOPE
    assert world.backlog() == []


def test_a_record_that_left_the_users_sight_before_its_deletion_is_not_told_as_deleted() -> None:
    world = world_with_deletes()
    sugar_id, google_id = link(world)
    world.delete_google(google_id)

    def hide(method: str, _path: str) -> None:
        if method == "DELETE":
            world.sugar.hide_contact(sugar_id, world.first.sugar_user)

    world.sugar.before_item = hide
    world.settle()
    assert len(world.sugar_contacts()) == 1
    assert "delete" not in [entry.action for entry in world.history()]
    assert world.mapping(sugar_id).state is State.OUT_OF_SCOPE


def test_a_create_that_sugar_refuses_for_good_is_shown_with_its_reason() -> None:
    world = world_with_deletes()
    world.add_google("Ada", "King", "ada@x.test")
    world.sugar.edit_user(world.first.sugar_user, acl={"Contacts": {"create": "no"}})
    world.settle()
    assert world.sugar_contacts() == []
    assert [entry.cause for entry in world.backlog()] == ["refused"]


def test_a_create_that_fails_every_time_goes_to_the_backlog() -> None:
    world = world_with_deletes()
    world.add_google("Ada", "King", "ada@x.test")
    world.sugar.faults.add("500 db_error", "^/Contacts$", "POST", times=None)
    for _ in range(5):
        world.sync()
        world.clock.advance(minutes=40)
    assert [entry.cause for entry in world.backlog()] == ["failing"]
    assert world.sugar_contacts() == []


def test_what_neither_the_user_nor_the_administrator_can_tell_now_is_told_ten_minutes_later() -> None:
    world = world_with_deletes()
    world.add_google("Ada", "King", "ada@x.test")
    world.sugar.faults.add("500 afterwards", "^/Contacts$", "POST")
    world.sugar.faults.add("500 db_error", "^/Contacts/[0-9a-f]{8}-", "GET")
    world.sync()
    [record] = world.sugar_contacts()
    assert world.mapping(record["id"]).state is State.CREATING
    world.settle()
    assert len(world.sugar_contacts()) == 1
    assert world.mapping(record["id"]).state is State.LINKED


def test_the_filler_of_a_doubtful_create_is_no_name() -> None:
    """Sugar was given a last name that Google does not have; it must not travel back."""
    world = world_with_deletes()
    google_id = world.add_google("", "", "ada@x.test")
    world.sugar.faults.add("drop_after", "^/Contacts$", "POST")
    world.sugar.faults.add("drop_before", "^/bulk$", skip=3)
    world.settle()
    assert len(world.sugar_contacts()) == 1
    assert not (world.google_contact(google_id) or {}).get("names")


# Google


@pytest.mark.parametrize("count", [1, 7])
def test_a_contact_that_google_created_and_then_failed_is_there_once(count: int) -> None:
    world = world_with_deletes()
    names = [f"Person {number}" for number in range(count)]
    for name in names:
        world.add_sugar(first_name="Ada", last_name=name, email=f"{name[-1]}@x.test")
    world.google.faults.add("500 afterwards", "reateContact")
    world.settle()
    assert world.google_names() == [f"Ada {name}" for name in names]
    assert sum("reate" in write.method for write in world.google.writes) == count
    assert_sound(world)


GOOGLE_ANSWERS: dict[str, tuple[int, bytes]] = {
    "an empty object": (200, b"{}"),
    "no JSON": (200, b"<html>"),
    "a list": (200, b"[1]"),
    "a person without a name": (200, b'{"etag": "x", "createdPeople": [{"person": {}}, {"person": 3}, 7]}'),
    "people that are no list": (200, b'{"createdPeople": 5, "updateResult": 5}'),
    "a mark that is none": (
        200,
        b'{"createdPeople": [{"person": {"resourceName": "people/c1", "clientData": [4]}}]}',
    ),
    "no content": (204, b""),
    "not implemented": (501, b"{}"),
    "overloaded": (529, b""),
    "cancelled": (499, b"{}"),
    "timed out at a proxy": (524, b"<html>"),
}


@pytest.mark.parametrize("count", [1, 7])
@pytest.mark.parametrize("answer", GOOGLE_ANSWERS)
def test_a_google_create_whose_answer_proves_nothing_is_found_by_its_mark(answer: str, count: int) -> None:
    world = world_with_deletes()
    names = [f"Person {number}" for number in range(count)]
    for name in names:
        world.add_sugar(first_name="Ada", last_name=name, email=f"{name[-1]}@x.test")
    answer_google(world, "reateContact", *GOOGLE_ANSWERS[answer])
    world.settle()
    assert world.google_names() == [f"Ada {name}" for name in names]
    assert sum("reate" in write.method for write in world.google.writes) == count
    assert world.backlog() == []
    assert_sound(world)


@pytest.mark.parametrize("count", [1, 7])
@pytest.mark.parametrize("answer", GOOGLE_ANSWERS)
def test_a_google_update_whose_answer_proves_nothing_is_not_sent_again(answer: str, count: int) -> None:
    world = world_with_deletes()
    ids = [
        world.add_sugar(first_name="Ada", last_name=f"Person {number}", email=f"{number}@x.test")
        for number in range(count)
    ]
    world.settle()
    for sugar_id in ids:
        world.sugar.edit_contact(sugar_id, title="Chief")
    world.google.writes.clear()
    answer_google(world, "pdateContact", *GOOGLE_ANSWERS[answer])
    world.settle()
    titles = [contact["organizations"][0]["title"] for contact in world.google_contacts()]
    assert titles == ["Chief"] * count
    assert len(world.google.writes) == count
    assert world.backlog() == []
    assert_sound(world)


def answer_google(world: World, path: str, status: int, content: bytes) -> None:
    """Google's first answer to such a call is this one, whatever it did."""
    done: list[bool] = []

    def after(request: Any, answer: Any) -> None:
        if path in request.url and not done:
            done.append(True)
            answer.status_code, answer._content = status, content

    world.google_transport.after = after
