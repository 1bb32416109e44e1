"""All 64 combinations of the switches over one book in which everything has happened at once.

What is expected comes from a small account of the decisions, written down here by itself: a table of who
shows what after the sync, given six flags. The product's own planning is not asked.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from tests.sync.situations import ALL_ON, google_title, sugar_title
from tests.world import World, switches

from contact_sync.contacts.mapping import State

FLAGS = ("su", "sc", "sd", "gu", "gc", "gd")
COMBINATIONS = [dict(zip(FLAGS, flags, strict=True)) for flags in itertools.product((False, True), repeat=6)]
LINKED = (
    "sugar edits",
    "google edits",
    "both edit",
    "conflict",
    "sugar deletes",
    "google deletes",
    "both delete",
)
EDITED_SURVIVORS = ("sugar deletes, google edits", "google deletes, sugar edits")
ABSENT = None
Titles = tuple[str | None, str | None]
"""What Sugar and Google show as the contact's title; None: there is no such contact."""


def address(name: str) -> str:
    return f"{name.replace(' ', '.').replace(',', '')}@x.test"


@dataclass
class Book:
    """A world, and who is who on both sides."""

    world: World
    sugar: dict[str, str]
    google: dict[str, str]

    @classmethod
    def linked(cls) -> Book:
        """Linked pairs that both sides agree on."""
        world = World()
        world.set(**ALL_ON, overflow="continue")
        names = (*LINKED, *EDITED_SURVIVORS)
        sugar = {
            name: world.add_sugar(last_name=name, email=address(name), title="old", department="old")
            for name in names
        }
        world.settle()
        return cls(world, sugar, {name: world.mapping(sugar[name]).google_id for name in names})

    def happen(self) -> None:
        """Everything that can happen to a contact, each to one."""
        world, sugar, google = self.world, self.sugar, self.google
        world.sugar.edit_contact(sugar["sugar edits"], title="sugar's")
        world.edit_google(google["google edits"], organizations=[{"title": "google's", "department": "old"}])
        world.sugar.edit_contact(sugar["both edit"], title="sugar's")
        world.edit_google(google["both edit"], organizations=[{"title": "old", "department": "google's"}])
        world.sugar.edit_contact(sugar["conflict"], title="sugar's")
        world.clock.advance(seconds=5)
        world.edit_google(google["conflict"], organizations=[{"title": "google's", "department": "old"}])
        world.sugar.delete_contact(sugar["sugar deletes"])
        world.delete_google(google["google deletes"])
        world.sugar.delete_contact(sugar["both delete"])
        world.delete_google(google["both delete"])
        first, second = EDITED_SURVIVORS
        world.edit_google(google[first], organizations=[{"title": "google's", "department": "old"}])
        world.sugar.delete_contact(sugar[first])
        world.sugar.edit_contact(sugar[second], title="sugar's")
        world.delete_google(google[second])
        sugar["in sugar"] = world.add_sugar(last_name="in sugar", email="in.sugar@x.test", title="sugar's")
        google["in google"] = world.add_google(
            "", "in google", "in.google@x.test", organizations=[{"title": "google's"}]
        )
        sugar["the same"] = world.add_sugar(last_name="the same", email="same@x.test", title="sugar's")
        world.clock.advance(seconds=5)
        google["the same"] = world.add_google(
            "", "the same", "same@x.test", organizations=[{"title": "google's"}]
        )

    def titles(self) -> dict[str, Titles]:
        """What each contact shows on both sides, found by its address."""
        shown: dict[str, dict[str, str]] = {"sugar": {}, "google": {}}
        for record in self.world.sugar_contacts():
            shown["sugar"][record["email"][0]["email_address"]] = sugar_title(self.world, record["id"])
        for person in self.world.google_contacts():
            google_id = person["resourceName"].removeprefix("people/")
            shown["google"][person["emailAddresses"][0]["value"]] = google_title(self.world, google_id)
        names = {**{address(name): name for name in expected({})}, "same@x.test": "the same"}
        assert shown["sugar"].keys() | shown["google"].keys() <= names.keys()
        assert len(self.world.sugar_contacts()) == len(shown["sugar"])
        assert len(self.world.google_contacts()) == len(shown["google"])
        return {name: (shown["sugar"].get(key), shown["google"].get(key)) for key, name in names.items()}

    def states(self) -> dict[str, State]:
        """The state of the mapping of every contact of Sugar."""
        return {name: self.world.mapping(key).state for name, key in self.sugar.items()}

    def asked(self) -> set[str]:
        """Whose case is in the backlog."""
        found = {entry.sugar_id: entry.cause for entry in self.world.backlog()}
        assert set(found.values()) <= {"deleted_and_edited"}
        return {name for name, key in self.sugar.items() if key in found}


def expected(on: Mapping[str, bool]) -> dict[str, Titles]:
    """The titles after the sync under these switches; `newest` decides for Google, which edited last."""
    su, sc, sd, gu, gc, gd = (on.get(flag, False) for flag in FLAGS)
    return {
        "sugar edits": ("sugar's", "sugar's" if su else "old"),
        "google edits": ("google's" if gu else "old", "google's"),
        "both edit": ("sugar's", "sugar's" if su else "old"),
        "conflict": ("google's" if gu else "sugar's", "google's"),
        "sugar deletes": (ABSENT, ABSENT if sd else "old"),
        "google deletes": (ABSENT if gd else "old", ABSENT),
        "both delete": (ABSENT, ABSENT),
        "sugar deletes, google edits": (ABSENT, "google's"),
        "google deletes, sugar edits": ("sugar's", ABSENT),
        "in sugar": ("sugar's", "sugar's" if sc else ABSENT),
        "in google": ("google's" if gc else ABSENT, "google's"),
        "the same": ("google's" if gu else "sugar's", "google's"),
    }


def expected_departments(on: Mapping[str, bool]) -> tuple[str, str]:
    """Of the contact that was edited on both sides in different fields."""
    return ("google's" if on["gu"] else "old", "google's")


def expected_states(on: Mapping[str, bool]) -> dict[str, State]:
    """The states of the mappings. What waits for an answer is still linked."""
    anything = any(on.values())
    return {
        **dict.fromkeys(("sugar edits", "google edits", "both edit", "conflict"), State.LINKED),
        "sugar deletes": State.GONE if on["sd"] else State.UNLINKED,
        "google deletes": State.GONE if on["gd"] else State.UNLINKED,
        "both delete": State.GONE,
        "sugar deletes, google edits": State.LINKED if on["sd"] else State.UNLINKED,
        "google deletes, sugar edits": State.LINKED if on["gd"] else State.UNLINKED,
        "in sugar": State.LINKED if on["sc"] else State.NEW,
        "the same": State.LINKED if anything else State.NEW,
    }


def expected_questions(on: Mapping[str, bool]) -> set[str]:
    asked = {"sugar deletes, google edits": on["sd"], "google deletes, sugar edits": on["gd"]}
    return {name for name, question in asked.items() if question}


def caught_up(on: Mapping[str, bool]) -> dict[str, Titles]:
    """The titles once everything is turned on later: edits and creates are caught up, deletions are not."""
    later = expected(dict.fromkeys(FLAGS, True))
    untouched = expected(on)
    kept = ("sugar deletes", "google deletes", *EDITED_SURVIVORS)
    return {name: untouched[name] if name in kept else later[name] for name in later}


def label(on: Mapping[str, bool]) -> str:
    return "+".join(flag for flag in FLAGS if on[flag]) or "nothing"


@pytest.mark.parametrize("on", COMBINATIONS, ids=label)
def test_every_combination_does_what_it_allows_and_catches_up_later(on: dict[str, bool]) -> None:
    book = Book.linked()
    world = book.world
    world.set(**switches(**on))
    world.settle()
    untouched = {name: world.mapping(key).base for name, key in book.sugar.items()}
    book.happen()
    before = world.writes()
    world.settle()

    assert book.titles() == expected(on)
    departments = book.world.sugar.contact(book.sugar["both edit"])["department"]
    assert departments == expected_departments(on)[0]
    assert book.states() == expected_states(on)
    assert book.asked() == expected_questions(on)
    if not any(on.values()):
        assert world.writes() == before
        assert {name: world.mapping(book.sugar[name]).base for name in untouched} == untouched
    lost = [change.lost for entry in world.history() for change in entry.changes if change.lost]
    assert lost == (["sugar's", "sugar's"] if on["gu"] else [])

    settled = world.writes()
    world.settle()
    assert world.writes() == settled, "a settled book is written to no more"

    world.set(**ALL_ON)
    world.settle()
    assert book.titles() == caught_up(on)
    assert world.sugar.contact(book.sugar["both edit"])["department"] == "google's"
    assert book.asked() == expected_questions(on)
