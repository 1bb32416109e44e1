"""The numbers of both address books, held against what the simulators hold."""

from __future__ import annotations

from typing import Any

import pytest
from tests.web.browser import Browser, Place
from tests.world import WITH_DELETES, Person

from contact_sync.contacts.settings import SyncSettings

DELETING = SyncSettings(from_sugar=WITH_DELETES.from_sugar, from_google=WITH_DELETES.from_google)
KEEPING = SyncSettings()


@pytest.mark.parametrize("settings", [KEEPING, DELETING])
def test_the_numbers_of_both_sides_stay_true_when_contacts_come_and_go(
    place: Place, ada: Browser, settings: SyncSettings
) -> None:
    world, person = place.world, Person(ada.sub, "user-ada")
    place.change(ada.sub, settings=settings, settings_version=2, intake_version=2)

    def numbers() -> tuple[Any, Any]:
        world.settle(person)
        counts = ada.json("/api/status")["counts"]
        assert counts["sugar_contacts"] == len(world.sugar_contacts())
        assert counts["google_contacts"] == len(world.google_contacts(person))
        return counts["sugar_contacts"], counts["google_contacts"]

    before = ada.json("/api/status")["counts"]
    assert (before["sugar_contacts"], before["google_contacts"]) == (None, None)
    ids = [world.add_sugar(person, first_name=f"S{n}", last_name="Ek") for n in range(3)]
    world.add_google("Gus", "Ek", "gus@x.test", person=person)
    start = numbers()
    assert start in ((3, 4), (4, 4))
    mapping = world.mapping(ids[0], person)
    world.delete_google(mapping.google_id, person)
    numbers()
    world.sugar.delete_contact(ids[1])
    numbers()
    if settings is KEEPING:
        world.sugar.delete_contact(ids[0])
    assert numbers() != start
