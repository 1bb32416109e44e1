"""One contact never stops another: what nobody foresaw about one puts it aside, and everybody else is synced."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from tests.sync.odd_records import Odd, large
from tests.sync.situations import causes
from tests.world import World, link, switches

from contact_sync import logs
from contact_sync.contacts.contact import Contact
from contact_sync.contacts.mapping import State
from contact_sync.sync import resolve
from contact_sync.sync.engine import Engine
from contact_sync.sync.request import WorkerRequest
from contact_sync.sync.work import work

CURSED = "Cursed"


class Stumbling(Engine):
    """An engine with a bug: for some contacts it fails at the n-th time it hashes their terms."""

    fails: Callable[[], bool]

    def hashed_terms(self, user_id: str, contact: Contact) -> tuple[str, ...]:
        if contact.last_name == CURSED and self.fails():
            raise RuntimeError("nobody foresaw this")
        return super().hashed_terms(user_id, contact)


def stumbling(world: World, at: int | None = None, version: str = "one") -> None:
    """From now on the n-th time fails, or every one."""
    values = {each.name: getattr(world.engine, each.name) for each in fields(Engine)}
    counter = itertools.count(1)
    engine = Stumbling(**values | {"version": version})
    object.__setattr__(engine, "fails", lambda: at is None or next(counter) == at)
    world.engine = engine


def sane(world: World, version: str) -> None:
    values = {each.name: getattr(world.engine, each.name) for each in fields(Engine)}
    world.engine = Engine(**values | {"version": version})


def others_converge(world: World, settled: World) -> None:
    assert [name for name in world.google_names() if CURSED not in name] == [
        name for name in settled.google_names() if CURSED not in name
    ]
    assert [name for name in world.sugar_names() if CURSED not in name] == [
        name for name in settled.sugar_names() if CURSED not in name
    ]


def book(world: World) -> World:
    """Contacts on either side, some of them linked and edited, and two about which there is a bug."""
    world.add_sugar(first_name="Sue", last_name=CURSED, email="sue@x.test")
    world.add_google("Gus", CURSED, "gus@x.test")
    for number in range(3):
        world.add_sugar(first_name="Sam", last_name=f"No {number}", email=f"s{number}@x.test")
        world.add_google("Gil", f"No {number}", f"g{number}@x.test")
    world.add_sugar(first_name="Lea", last_name="Both", email="lea@x.test", title="Boss")
    world.add_google("Lea", "Both", "lea@x.test", phoneNumbers=[{"value": "+31 6 1", "type": "work"}])
    return world


@pytest.mark.parametrize("at", range(1, 17))
def test_a_bug_about_one_contact_in_any_step_leaves_all_others_as_they_would_be(at: int) -> None:
    settled = book(World())
    settled.settle()
    world = book(World())
    stumbling(world, at)
    world.settle()
    others_converge(world, settled)
    assert set(causes(world)) <= {"unreadable"}
    # It was one time only: whatever was put aside is right again once it is tried again.
    resolve.release(world.db, world.first.sub, [entry.id for entry in world.backlog()])
    world.settle()
    assert (world.google_names(), world.sugar_names()) == (settled.google_names(), settled.sugar_names())
    assert causes(world) == []


@pytest.mark.parametrize("at", [None, *range(1, 8)])
def test_a_bug_about_one_contact_that_is_linked_leaves_all_others_as_they_would_be(at: int | None) -> None:
    world = World()
    cursed, at_google = link(world, first="Cy", last=CURSED, email="cy@x.test")
    fine, fine_at_google = link(world, first="Ben", last="Okafor", email="ben@x.test")
    stumbling(world, at)
    for google_id in (at_google, fine_at_google):
        world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.settle()
    assert world.sugar.contact(fine)["title"] == "CEO"
    sane(world, "two")
    world.settle()
    assert world.sugar.contact(cursed)["title"] == "CEO"
    assert (causes(world), world.mapping(cursed).state) == ([], State.LINKED)


def test_what_was_put_aside_is_tried_again_by_another_version_and_by_a_full_intake_only() -> None:
    world = World()
    stumbling(world)
    world.add_sugar(first_name="Sue", last_name=CURSED, email="sue@x.test")
    world.settle()
    [entry] = world.backlog()
    assert (entry.cause, entry.name) == ("unreadable", "")
    sane(world, "one")
    world.settle()
    assert causes(world) == ["unreadable"]
    world.sync("reconcile")
    world.settle()
    assert (causes(world), world.google_names()) == ([], ["Sue Cursed"])
    assert world.user().put_aside_by is None
    world.forget_calls()
    world.sync("schedule")
    assert world.calls() == (1, 1)


def test_more_than_ten_in_one_batch_are_our_fault() -> None:
    world = World()
    for number in range(11):
        world.add_sugar(first_name=f"No {number}", last_name=CURSED, email=f"{number}@x.test")
    stumbling(world)
    asked = WorkerRequest(user=world.first.sub, trigger="manual", run="run-1")
    for last in (False, True):
        with pytest.raises(RuntimeError):
            work(world.engine, asked, last_attempt=last)
        world.clock.advance(minutes=6)
    user = world.user()
    assert (user.connection, causes(world)) == ("broken", [])
    assert user.next_sync_at is not None
    sane(world, "two")
    assert world.sync("hook")["phase"] == "stopped"
    world.clock.advance(hours=1)
    world.sync("schedule")
    world.settle()
    assert (world.user().connection, world.user().connection_message) == ("connected", "")
    assert len(world.google_contacts()) == 11


def test_a_contact_with_a_bug_is_shown_in_a_preview_and_the_others_with_it() -> None:
    from contact_sync.store import previews
    from contact_sync.store.records import PreviewRecord

    world = World()
    world.add_sugar(first_name="Ana", last_name="Ruiz", email="ana@x.test")
    world.add_sugar(first_name="Sue", last_name=CURSED, email="sue@x.test")
    stumbling(world)
    now = world.clock.now()
    record = PreviewRecord("p1", "planning", now, now.replace(year=now.year + 1))
    world.db.commit([previews.put(world.first.sub, record)])
    world.sync("preview", run_id="p1")
    found = previews.get(world.db, world.first.sub, "p1", now)
    assert found is not None
    assert (found.state, found.counts) == ("ready", {"google_created": 1, "quarantined": 1})


def test_a_line_in_the_log_names_the_run_and_the_user_also_from_the_other_thread() -> None:
    from contact_sync.sync.engine import in_parallel

    stream = io.StringIO()
    logs.set_up("project", stream)
    world = World()
    world.engine = replace(world.engine, both=in_parallel)
    world.add_sugar(first_name="Sue", last_name=CURSED, email="sue@x.test")
    stumbling(world)
    with logs.context(user=world.first.sub):
        summary = world.sync("schedule")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    told = [line for line in lines if line["message"] == "a contact was put aside"]
    assert told
    assert {(line["run"], line["user"]) for line in told} == {(summary["run"], world.first.sub)}
    assert CURSED not in stream.getvalue()
    with logs.context(user="u", run="r"):
        seen = in_parallel(lambda: logs._CONTEXT.get(), lambda: logs._CONTEXT.get())
    assert seen[0] == seen[1] == {"user": "u", "run": "r"}


# Records that other programs left behind


@pytest.mark.parametrize(
    "values",
    [
        {"date_modified": ""},
        {"date_modified": None},
        {"date_modified": "0000-00-00 00:00:00"},
        {"date_modified": 12345},
        {"email": {"0": {"email_address": "odd@x.test"}}},
        {"email": 7},
        {"title": ["a", {"b": 1}]},
        {"title": "half \ud800 a pair"},
        {"birthdate": "soon"},
        {"first_name": None, "last_name": None},
        {"_acl": "no", "locked_fields": 5},
        {"_acl": {"fields": {"title": "no"}}, "_erased_fields": 5},
    ],
)
def test_an_odd_record_stops_nobody_else(values: dict[str, Any]) -> None:
    world = World()
    fine, at_google = link(world)
    odd = world.add_sugar(first_name="Old", last_name="Import", email="old@x.test", title="x")
    Odd(world, {odd: values})
    world.edit_google(at_google, organizations=[{"title": "CEO"}])
    world.add_google("Eva", "Lund", "eva@x.test")
    world.add_sugar(first_name="Ben", last_name="Okafor", email="ben@x.test")
    world.settle()
    assert world.sugar.contact(fine)["title"] == "CEO"
    assert {"Ben Okafor", "Ana Ruiz"} <= set(world.google_names())
    assert "Eva Lund" in world.sugar_names()


def test_a_record_without_a_date_is_synced_like_any_other() -> None:
    world = World()
    sugar_id = world.add_sugar(first_name="Old", last_name="Import", email="old@x.test")
    odd = Odd(world, {sugar_id: {"date_modified": ""}})
    world.settle()
    google_id = world.mapping(sugar_id).google_id
    world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.settle()
    assert (causes(world), odd.app.contact(sugar_id)["title"]) == ([], "CEO")


@pytest.mark.parametrize("side", ["sugar", "google"])
def test_a_note_that_cannot_be_parsed_stops_nobody(side: str) -> None:
    world = World()
    note = "<p>&#" + "9" * 4301 + "; hello</p>"
    world.set(**switches(su=True, sc=True, gu=True, gc=True))
    if side == "google":
        world.add_google(
            "Old", "Note", "old@x.test", biographies=[{"value": note, "contentType": "TEXT_HTML"}]
        )
    else:
        world.add_sugar(first_name="Old", last_name="Note", email="old@x.test", description=note)
    world.add_sugar(first_name="Ben", last_name="Okafor", email="ben@x.test")
    world.settle()
    assert "Ben Okafor" in world.google_names()
    assert causes(world) == []


# Contacts that are too large


@pytest.mark.parametrize("kind", ["note", "addresses"])
def test_a_contact_too_large_to_store_stops_nobody_else(kind: str) -> None:
    world = World()
    big = large(world, kind)
    fine = world.add_sugar(first_name="Ben", last_name="Okafor", email="ben@x.test")
    world.add_google("Eva", "Lund", "eva@x.test")
    world.settle()
    assert world.mapping(fine).state is State.LINKED
    assert "Eva Lund" in world.sugar_names()
    [entry] = world.backlog()
    assert (entry.sugar_id, entry.name) == (big, "Big Note" if kind == "note" else "Big Mailer")
    world.sync("reconcile")
    world.settle()
    assert [each.sugar_id for each in world.backlog()] == [big]


def test_a_linked_contact_that_grows_too_large_is_put_aside_and_comes_back_when_it_is_repaired() -> None:
    world = World()
    sugar_id, google_id = link(world)
    fine, fine_at_google = link(world, first="Ben", last="Okafor", email="ben@x.test")
    world.sugar.edit_contact(sugar_id, description="long")
    odd = Odd(world, {sugar_id: {"description": "x" * 3_000_000}})
    world.edit_google(fine_at_google, organizations=[{"title": "CEO"}])
    world.settle()
    assert world.sugar.contact(fine)["title"] == "CEO"
    assert [entry.sugar_id for entry in world.backlog()] == [sugar_id]
    odd.values.clear()
    world.sugar.edit_contact(sugar_id, description="short", title="Boss")
    world.settle()
    assert causes(world) == []
    assert world.google_contact(google_id)["organizations"][0]["title"] == "Boss"
