"""Large address books whose contacts are linked already, written straight into the store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from tests.world import World

from contact_sync.contacts import google_person
from contact_sync.contacts.mapping import IndexEntry, Mapping, Seen, State
from contact_sync.contacts.normal_form import EMPTY
from contact_sync.store import google_index, mappings
from contact_sync.store.write import Write


def link_many(world: World, count: int) -> list[tuple[str, str]]:
    """`count` contacts on both sides that agree, and their mappings; the world must have settled before.

    Returns pairs of Sugar id and Google id.
    """
    sub, numbers = world.first.sub, range(count)
    long_ago = world.clock.now() - timedelta(days=30)
    sugar_ids = world.sugar.load(
        {
            "first_name": "Ana",
            "last_name": f"Number {number}",
            "email": f"ana{number}@x.test",
            "assigned_user_id": world.first.sugar_user,
            "date_modified": long_ago,
        }
        for number in numbers
    )
    names = world.google.load(
        sub,
        (
            {
                "names": [{"givenName": "Ana", "familyName": f"Number {number}"}],
                "emailAddresses": [{"value": f"ana{number}@x.test"}],
            }
            for number in numbers
        ),
    )
    sources = {person["resourceName"]: person for person in world.google.contacts(sub)}
    writes: list[Write] = []
    for number, sugar_id, name in zip(numbers, sugar_ids, names, strict=True):
        person = sources[name]
        base = replace(EMPTY, first_name="Ana", last_name=f"Number {number}", emails=(f"ana{number}@x.test",))
        keys = world.engine.hashed_terms(sub, base)
        mapping = Mapping(
            sugar_id,
            google_id=google_person.google_id(person),
            google_source_id=google_person.source_id(person),
            name=f"Ana Number {number}",
            match_keys=keys,
            state=State.LINKED,
            base=base,
            seen=Seen(long_ago.isoformat(timespec="seconds"), google_person.source_etag(person)),
        )
        entry = IndexEntry(mapping.google_id or "", sugar_id, mapping.google_source_id, keys)
        writes += [mappings.put(sub, mapping), google_index.put(sub, entry)]
    for chunk in world.db.chunks([write] for write in writes):
        world.db.commit(chunk)
    world.sync()
    return list(zip(sugar_ids, (name.removeprefix("people/") for name in names), strict=True))


def delete_in_sugar(world: World, pairs: Iterable[tuple[str, str]]) -> None:
    """Somebody deletes these contacts in Sugar."""
    for sugar_id, _ in pairs:
        world.sugar.delete_contact(sugar_id)


def delete_in_google(world: World, pairs: Iterable[tuple[str, str]]) -> None:
    """Somebody deletes these contacts in Google."""
    for _, google_id in pairs:
        world.delete_google(google_id)
