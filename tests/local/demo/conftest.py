"""Address books small enough to read, as a sync has left them behind."""

from __future__ import annotations

from typing import Any

import pytest

from local_stack.demo.loading import Books, Placed
from local_stack.demo.outcome import Stored
from local_stack.demo_data import COLLEAGUE, Scene, scenes
from local_stack.google import GoogleSimulator
from local_stack.sugar import SugarSimulator

ME = "me"


class Aftermath:
    """Both sides, before and after, and the documents of a sync; everything in here is as it must be, until a test
    spoils it.
    """

    def __init__(self) -> None:
        self.simulator = SugarSimulator(platforms=[])
        self.simulator.add_user("me", id=ME)
        self.simulator.add_user("colleague", id=COLLEAGUE)
        self.account = self.simulator.add_account("Harbour Café")
        self.google_simulator = GoogleSimulator()
        self.sub = self.google_simulator.add_account("me@corp.example")
        self.placed: list[Placed] = []
        self.sugar_before: dict[str, Any] = {}
        self.google_before: dict[str, Any] = {}
        self.sugar: dict[str, Any] = {}
        self.google: dict[str, Any] = {}
        self.mappings: dict[str, dict[str, Any]] = {}
        self.index: dict[str, dict[str, Any]] = {}
        self.backlog: dict[str, dict[str, Any]] = {}

    def sugar_record(self, **fields: Any) -> tuple[str, dict[str, Any]]:
        """A record as the simulator shows it."""
        fields.setdefault("assigned_user_id", ME)
        record_id = self.simulator.add_contact(**fields)
        record = self.simulator.contact(record_id)
        assert record is not None
        return record_id, record

    def person(self, **fields: Any) -> tuple[str, dict[str, Any]]:
        """A person as the simulator shows it."""
        name = self.google_simulator.add_contact(self.sub, fields)
        found = self.google_simulator.contact(self.sub, name)
        assert found is not None
        return name.removeprefix("people/"), found

    def linked(
        self, sugar: dict[str, Any], google: dict[str, Any], *, source: str, **scene: Any
    ) -> tuple[str, str]:
        """A pair, one side of which (`source`: sugar, google or both) was there before."""
        sugar_id, record = self.sugar_record(**sugar)
        google_id, person = self.person(**google)
        self.sugar[sugar_id], self.google[google_id] = record, person
        from_sugar, from_google = source in ("sugar", "both"), source in ("google", "both")
        if from_sugar:
            self.sugar_before[sugar_id] = record
        if from_google:
            self.google_before[google_id] = person
        self.mappings[sugar_id] = {
            "state": "linked",
            "google_id": google_id,
            "base": {
                "last_name": record["last_name"],
                "emails": [item["email_address"] for item in record["email"]],
            },
        }
        self.index[google_id] = {"mapping": sugar_id}
        told = Scene("a pair", (sugar,) * from_sugar, (google,) * from_google, **scene)
        self.placed.append(Placed(told, (sugar_id,) * from_sugar, (google_id,) * from_google))
        return sugar_id, google_id

    def waiting(self, cause: str | None, expect: dict[str, int] | None, **google: Any) -> str:
        """A Google contact without a partner, in the backlog unless `cause` is None."""
        google_id, person = self.person(**google)
        self.google[google_id] = self.google_before[google_id] = person
        self.index[google_id] = {"mapping": None, "backlog": cause and f"entry-{google_id}"}
        if cause:
            self.backlog[f"entry-{google_id}"] = {"cause": cause, "google_id": google_id, "name": ""}
        self.placed.append(Placed(Scene("alone", (), (google,), expect), (), (google_id,)))
        return google_id

    def colleagues(self, **fields: Any) -> str:
        """A Sugar contact of somebody else."""
        record_id, record = self.sugar_record(assigned_user_id=COLLEAGUE, **fields)
        self.sugar[record_id] = self.sugar_before[record_id] = record
        self.placed.append(Placed(Scene("a colleague's", (fields,), (), {"left alone": 1}), (record_id,), ()))
        return record_id

    def books(self) -> Books:
        """What was there before."""
        return Books(ME, ["Harbour Café"], self.placed, self.sugar_before, self.google_before)

    def stored(self) -> Stored:
        """The documents."""
        return Stored(self.mappings, self.index, self.backlog)


@pytest.fixture
def aftermath() -> Aftermath:
    """Three pairs, one contact in the backlog, and a contact of a colleague."""
    world = Aftermath()
    ana = {
        "names": [{"givenName": "Ana", "familyName": "Ruiz"}],
        "emailAddresses": [{"value": "ana@x.example"}],
    }
    world.linked({"first_name": "Ana", "last_name": "Ruiz", "email": "ana@x.example"}, ana, source="sugar")
    ben = {"names": [{"givenName": "Ben", "familyName": "Okafor"}]}
    world.linked({"first_name": "Ben", "last_name": "Okafor"}, ben, source="google")
    eva = {"names": [{"givenName": "Eva", "familyName": "Both"}]}
    world.linked({"first_name": "Eva", "last_name": "Both"}, eva, source="both")
    world.waiting("no_name", {"no_name": 1}, phoneNumbers=[{"value": "+44 7700 900001"}])
    world.colleagues(last_name="League", email="cole@league.example")
    return world


@pytest.fixture(scope="session")
def demo_scenes() -> list[Scene]:
    """The demo's own people."""
    return scenes(200)
