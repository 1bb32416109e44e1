"""The check at the end of the demo: silent where all is well, and loud about every kind of damage."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local_stack.demo.verify import Verdict, verify


def checked(world: Any) -> Verdict:
    return verify(world.books(), world.sugar, world.google, world.stored())


def test_a_good_end_has_no_problems(aftermath: Any) -> None:
    verdict = checked(aftermath)
    assert verdict.problems == []
    assert len(verdict.pairs) == 3


def pair(world: Any, index: int = 0) -> tuple[str, str]:
    sugar_id = list(world.mappings)[index]
    return sugar_id, world.mappings[sugar_id]["google_id"]


def edit_one_side(world: Any) -> None:
    sugar_id, _ = pair(world)
    world.sugar[sugar_id] = {**world.sugar[sugar_id], "title": "CTO"}


def lose_a_copy(world: Any) -> None:
    del world.google[pair(world)[1]]


def lose_a_source(world: Any) -> None:
    del world.sugar[pair(world)[0]]


def change_the_source_of_a_copy(world: Any) -> None:
    _, google_id = pair(world, 1)
    world.google[google_id] = {**world.google[google_id], "nicknames": [{"value": "Benny"}]}


def link_one_contact_twice(world: Any) -> None:
    (first, _), (_, google_id) = pair(world, 0), pair(world, 1)
    world.mappings[first]["google_id"] = google_id


def create_a_stranger_in_sugar(world: Any) -> None:
    record_id, record = world.sugar_record(last_name="Stranger")
    world.sugar[record_id] = record


def create_a_stranger_in_google(world: Any) -> None:
    google_id, person = world.person(names=[{"givenName": "Stranger"}])
    world.google[google_id] = person


def leave_something_due(world: Any) -> None:
    world.mappings[pair(world)[0]]["due_at"] = datetime.now(UTC) - timedelta(minutes=1)


def forget_to_link(world: Any) -> None:
    sugar_id, google_id = pair(world, 2)
    del world.mappings[sugar_id]
    world.index[google_id]["mapping"] = None


def quarantine_for_another_cause(world: Any) -> None:
    next(iter(world.backlog.values()))["cause"] = "loop"


def remember_what_nobody_has(world: Any) -> None:
    world.mappings[pair(world)[0]]["base"]["last_name"] = "Otherwise"


def remember_nothing(world: Any) -> None:
    world.mappings[pair(world)[0]]["base"] = None


def index_another_partner(world: Any) -> None:
    world.index[pair(world)[1]]["mapping"] = "somebody else"


def copy_a_colleagues_contact(world: Any) -> None:
    record_id = list(world.sugar)[-1]
    google_id, person = world.person(
        names=[{"familyName": "League"}], emailAddresses=[{"value": "cole@league.example"}]
    )
    world.google[google_id] = person
    world.mappings[record_id] = {"state": "linked", "google_id": google_id, "base": {"last_name": "League"}}
    world.index[google_id] = {"mapping": record_id}


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (edit_one_side, "title: Sugar has 'CTO', Google has nothing"),
        (lose_a_copy, "which is not in Google"),
        (lose_a_source, "which is not there"),
        (change_the_source_of_a_copy, "Ben Okafor was changed in Google, although it was only copied"),
        (link_one_contact_twice, "Ben Okafor is linked 2 times"),
        (create_a_stranger_in_sugar, "Stranger has appeared in Sugar out of nowhere"),
        (create_a_stranger_in_google, "Stranger has appeared in Google out of nowhere"),
        (leave_something_due, "still wait to be synced: 1."),
        (forget_to_link, "a pair: expected 1 linked, found 2 not done"),
        (quarantine_for_another_cause, "alone: expected 1 no_name, found 1 loop"),
        (remember_what_nobody_has, "what is remembered as last_name is on neither side"),
        (remember_nothing, "what is remembered as the contact is on neither side"),
        (index_another_partner, "names another partner"),
        (copy_a_colleagues_contact, "a colleague's: expected 1 left alone, found 1 linked"),
    ],
)
def test_damage_is_found(aftermath: Any, spoil: Callable[[Any], None], complaint: str) -> None:
    spoil(aftermath)
    assert any(complaint in problem for problem in checked(aftermath).problems), checked(aftermath).problems


def test_a_value_that_a_scene_demands_must_be_shown(aftermath: Any) -> None:
    record = {"last_name": "Cher", "email": "cher@x.example"}
    person = {"names": [{"givenName": "Cher"}], "emailAddresses": [{"value": "cher@x.example"}]}
    shows = {"first_name": "", "email.0.email_address": "cher@x.example", "email.1": None}
    aftermath.linked(record, person, source="google", sugar_shows=shows)
    assert checked(aftermath).problems == []
    aftermath.linked(
        {**record, "email": "cher@y.example"},
        {**person, "emailAddresses": [{"value": "cher@y.example"}]},
        source="google",
        google_shows={"names.0.familyName": "Cher"},
    )
    assert checked(aftermath).problems == ["a pair: Google shows None as names.0.familyName, not 'Cher'."]


def test_without_a_declared_outcome_the_backlog_is_an_explanation_and_being_forgotten_is_none(
    aftermath: Any,
) -> None:
    aftermath.waiting("duplicate", None, names=[{"givenName": "Dora"}])
    assert checked(aftermath).problems == []
    aftermath.waiting(None, None, names=[{"givenName": "Forgotten"}])
    assert len(checked(aftermath).problems) == 1


def test_a_google_contact_stays_alone_only_beside_a_colleagues_record(aftermath: Any) -> None:
    aftermath.waiting(None, {"left alone": 1}, emailAddresses=[{"value": "COLE@league.example"}])
    assert checked(aftermath).problems == []
    aftermath.waiting(None, {"left alone": 1}, emailAddresses=[{"value": "nobody@league.example"}])
    assert checked(aftermath).problems == ["alone: expected 1 left alone, found 1 not done."]
