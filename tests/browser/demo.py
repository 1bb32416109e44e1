"""A user with a past that is good to look at: contacts of many countries, edits on both sides, a few in the backlog."""

from __future__ import annotations

from typing import Any

from tests.browser.system import System
from tests.world import BOTH_WAYS, Person

from contact_sync.contacts.mapping import State
from contact_sync.contacts.settings import Auto
from local_stack.demo_data import COLLEAGUE, COMPANIES, Record
from local_stack.demo_data.ordinary import people
from local_stack.demo_data.overlaps import LOOK_ALIKES

NAME = "jane"
_PEOPLE = 40


def settled(system: System) -> Person:
    """Both address books filled and synced, some edits since then synced too. Jane has signed in before."""
    person = system.world.people[NAME]
    system.world.set(
        person,
        from_sugar=BOTH_WAYS.from_sugar,
        from_google=BOTH_WAYS.from_google,
        auto=Auto(enabled=True, interval_minutes=15),
    )
    _load(system, person)
    _sync(system, person)
    _edit(system, person, 0)
    system.clock.advance(minutes=25)
    _sync(system, person)
    return person


def edited(system: System) -> None:
    """More edits on both sides, not synced yet: what a preview shows."""
    person = system.world.people[NAME]
    system.clock.advance(minutes=25)
    _edit(system, person, 8)
    system.world.add_sugar(
        person, first_name="Mireille", last_name="Aubert", email="mireille@aubert.example", title="Notary"
    )
    system.world.add_google(
        "Ingrid",
        "Solberg",
        "ingrid@solberg.example",
        phoneNumbers=[{"value": "+47 22 55 01 99", "type": "home"}],
        biographies=[{"value": "Met at the book fair.", "contentType": "TEXT_PLAIN"}],
    )


def _load(system: System, person: Person) -> None:
    sugar = system.world.sugar
    sugar.add_user(COLLEAGUE, id=COLLEAGUE, email=f"{COLLEAGUE}@corp.test")
    accounts = {name: sugar.add_account(name) for name in COMPANIES}
    scenes = [*people(_PEOPLE), *LOOK_ALIKES]
    sugar.load(
        _sugar_record(record, person.sugar_user, accounts) for scene in scenes for record in scene.sugar
    )
    system.google.load(person.sub, [record for scene in scenes for record in scene.google])


def _sugar_record(record: Record, owner: str, accounts: dict[str, str]) -> dict[str, Any]:
    kept = {name: value for name, value in record.items() if name != "account_name"}
    company = record.get("account_name")
    return {"assigned_user_id": owner, **kept, **({"account_id": accounts[company]} if company else {})}


def _edit(system: System, person: Person, start: int) -> None:
    """People change things on both sides, one of them on both at once."""
    world = system.world
    linked = sorted(
        (mapping for mapping in world.all_mappings(person).values() if mapping.state is State.LINKED),
        key=lambda mapping: mapping.name,
    )[start : start + 8]
    for number, mapping in enumerate(linked):
        if number % 2 == 0:
            world.sugar.edit_contact(
                mapping.sugar_id, phone_work=f"+49 30 5557 {number:03}", title="Director"
            )
        if number % 2 or number == 0:
            held = (world.google_contact(mapping.google_id, person) or {}).get("phoneNumbers", [])
            kept = [
                {key: phone[key] for key in ("value", "type") if key in phone}
                for phone in held
                if phone.get("type") != "mobile"
            ]
            mobile = {"value": f"+49 170 5557 {number:03}", "type": "mobile"}
            world.edit_google(mapping.google_id, person, phoneNumbers=[mobile, *kept])


def _sync(system: System, person: Person) -> None:
    system.worker.enqueue({"user": person.sub, "trigger": "manual"})
    system.settle(minutes=3)
