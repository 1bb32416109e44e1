"""Hooks about relationships: what moves no date in Sugar still arrives, and a flag has its user's scope listed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.web.browser import Browser, Place
from tests.web.test_hooks import REGULARLY, deliver, listening, post, user

from contact_sync.contacts.mapping import State
from contact_sync.contacts.settings import Auto, SyncSettings
from contact_sync.store import mappings
from contact_sync.sync import resolve
from contact_sync.sync.related import mark_related

__all__ = ["listening", "user"]

FLAGGED = SyncSettings(auto=Auto(enabled=True), sugar_scope="flagged")


def settled(place: Place, person: Browser) -> None:
    """Everything synced, and nothing left of what Sugar told meanwhile."""
    for _ in range(3):
        place.world.clock.advance(minutes=11)
        person.post("/api/sync")
        place.work()
    place.world.sugar.hooks.queue.clear()
    place.world.tasks.clear()


@pytest.fixture
def employed(listening: Place, user: Browser) -> Browser:
    """The contact has a company, on both sides."""
    listening.world.sugar.add_account("Acme", id="acme")
    listening.world.sugar.edit_contact("ana", account_id="acme")
    settled(listening, user)
    return user


def company(place: Place, person: Browser) -> str:
    (contact,) = place.world.google.contacts(person.sub)
    return str(contact["organizations"][0]["name"])


def mapping(place: Place, person: Browser) -> Any:
    return mappings.get(place.engine.db, person.sub, ["ana"])["ana"]


def told(variant: str = "C", **more: Any) -> dict[str, Any]:
    """A hook about a relationship of the contact, in Sugar's three forms."""
    sides = {"module": "Contacts", "related_module": "Accounts", "related_id": "acme", "link": "accounts"}
    common = {"bean": "Contact", "data": {"id": "ana"}, "event": "after_relationship_add"}
    return common | ({} if variant == "B" else {"id": "ana", **sides}) | more


def run_tasks(place: Place) -> None:
    place.world.clock.advance(seconds=90)
    place.work()


@pytest.mark.parametrize("variant", ["A", "B", "C"])
def test_what_moves_no_date_arrives_by_the_hook_of_the_relationship(
    listening: Place, employed: Browser, variant: str
) -> None:
    listening.world.sugar.rename_account("acme", "Acme Holding")
    assert post(listening, told(variant)).status_code == 204
    assert listening.payloads() == [{"user": employed.sub, "trigger": "hook"}]
    run_tasks(listening)
    assert company(listening, employed) == "Acme Holding"


@pytest.mark.parametrize("variant", ["A", "B", "C"])
def test_a_contact_that_gets_another_company_arrives(
    listening: Place, employed: Browser, variant: str
) -> None:
    sugar = listening.world.sugar
    sugar.hooks.variant = variant
    sugar.add_account("Other", id="other")
    sugar.edit_contact("ana", account_id="other")
    deliver(listening)
    run_tasks(listening)
    assert company(listening, employed) == "Other"


def test_the_contact_may_stand_on_either_side_of_the_relationship(
    listening: Place, employed: Browser
) -> None:
    listening.world.sugar.rename_account("acme", "Acme Holding")
    sides = {"module": "Accounts", "id": "acme", "related_module": "Contacts", "related_id": "ana"}
    assert post(listening, told(**sides, bean="Account", data={"id": "acme"})).status_code == 204
    run_tasks(listening)
    assert company(listening, employed) == "Acme Holding"


def test_what_the_hook_claims_is_not_believed(listening: Place, employed: Browser) -> None:
    writes = listening.world.writes()
    post(listening, told(data={"id": "ana", "account_name": "Evil", "title": "Evil"}, related_name="Evil"))
    run_tasks(listening)
    assert (company(listening, employed), listening.world.writes()) == ("Acme", writes)
    assert mapping(listening, employed).due_at is None


def test_a_save_marks_nothing_and_wakes(listening: Place, employed: Browser) -> None:
    post(listening, {"bean": "Contact", "event": "after_save", "data": {"id": "ana"}})
    assert mapping(listening, employed).due_at is None
    assert listening.payloads() == [{"user": employed.sub, "trigger": "hook"}]


def test_who_syncs_by_hand_has_it_with_the_next_sync(listening: Place, employed: Browser) -> None:
    listening.change(employed.sub, settings=SyncSettings())
    listening.world.sugar.rename_account("acme", "Acme Holding")
    post(listening, told())
    assert listening.payloads() == []
    employed.post("/api/sync")
    listening.work()
    assert company(listening, employed) == "Acme Holding"


@pytest.mark.parametrize(
    "changes", [{"connection": "reconnect"}, {"connection": "disconnected"}, {"paused": True}]
)
def test_nothing_is_marked_for_who_is_not_synced(
    listening: Place, employed: Browser, changes: dict[str, Any]
) -> None:
    listening.change(employed.sub, **changes)
    post(listening, told())
    assert mapping(listening, employed).due_at is None


def test_a_flood_about_one_contact_writes_once_and_is_read_once(listening: Place, employed: Browser) -> None:
    post(listening, told())
    counters = listening.world.firestore.counters
    counters.reset()
    for _ in range(50):
        post(listening, told())
    assert counters["Commit"].written == 0
    assert sum(counters[name].read for name in ("RunQuery", "BatchGetDocuments")) <= 50 * 5
    assert len(listening.world.tasks) <= 2


def test_a_flood_about_unknown_contacts_reads_next_to_nothing(listening: Place, employed: Browser) -> None:
    counters = listening.world.firestore.counters
    counters.reset()
    for number in range(50):
        post(listening, told(id=f"new-{number}", data={"id": f"new-{number}"}))
    assert counters["Commit"].written == 0
    assert sum(counters[name].read for name in ("RunQuery", "BatchGetDocuments")) <= 50 * 2


def test_what_waits_in_the_backlog_is_not_taken_out_of_it(listening: Place, employed: Browser) -> None:
    db, sub = listening.engine.db, employed.sub
    db.commit([mappings.patch(sub, "ana", backlog="refused-ana", due_at=None)])
    post(listening, told())
    assert mapping(listening, employed).due_at is None


def test_what_failed_waits_as_long_as_it_has_to(listening: Place, employed: Browser) -> None:
    later = listening.engine.now().replace(year=2030)
    listening.engine.db.commit([mappings.patch(employed.sub, "ana", attempts=2, due_at=later)])
    post(listening, told())
    assert mapping(listening, employed).due_at == later


def test_what_was_unlinked_stays_alone(listening: Place, employed: Browser) -> None:
    resolve.unlink(listening.engine.db, employed.sub, "ana")
    post(listening, told())
    assert mapping(listening, employed).due_at is None


def test_a_run_that_is_under_way_does_not_lose_the_mark(listening: Place, employed: Browser) -> None:
    """The relationship changes after the run has read the contact, and before it records."""
    world = listening.world
    mark_related(listening.engine, listening.user(employed.sub), ["ana"])
    met: list[bool] = []

    def beside(request: Any, _answer: Any) -> None:
        if not met and "Contacts/ana" in str(request.body):
            met.append(True)
            world.clock.advance(seconds=1)
            world.sugar.rename_account("acme", "Acme Holding")
            mark_related(listening.engine, listening.user(employed.sub), ["ana"])

    world.sugar_transport.after = beside
    employed.post("/api/sync")
    listening.work()
    world.sugar_transport.after = None
    assert met
    employed.post("/api/sync")
    listening.work()
    assert company(listening, employed) == "Acme Holding"


# The flag


@pytest.fixture
def flagged(listening: Place, user: Browser) -> Browser:
    """Someone who syncs what they flagged: nothing yet."""
    sync_flagged(listening, user)
    return user


def sync_flagged(place: Place, person: Browser) -> None:
    place.change(person.sub, settings=FLAGGED, settings_version=2, intake_version=2)
    settled(place, person)
    place.change(person.sub, next_sync_at=place.engine.now().replace(year=2030))


def names(place: Place, person: Browser) -> list[str]:
    return sorted(contact["names"][0]["familyName"] for contact in place.world.google.contacts(person.sub))


@pytest.mark.parametrize("variant", ["A", "C"])
def test_a_flag_arrives_by_its_hook(listening: Place, flagged: Browser, variant: str) -> None:
    """Somebody else's contact, which nobody knows yet: setting the flag moves no date."""
    sugar = listening.world.sugar
    sugar.hooks.variant = variant
    sugar.add_contact(id="ben", first_name="Ben", last_name="Ek", assigned_user_id="user-boss")
    settled(listening, flagged)
    sugar.set_flag("user-ada", "ben", True)
    deliver(listening)
    assert listening.payloads() == [{"user": flagged.sub, "trigger": "flag"}]
    run_tasks(listening)
    assert "Ek" in names(listening, flagged)
    sugar.set_flag("user-ada", "ben", False)
    deliver(listening)
    run_tasks(listening)
    found = mappings.get(listening.engine.db, flagged.sub, ["ben"])["ben"]
    assert found.state is State.OUT_OF_SCOPE


def test_where_sugar_does_not_name_the_relationship_it_may_be_a_flag(
    listening: Place, flagged: Browser
) -> None:
    listening.world.sugar.hooks.variant = "B"
    listening.world.sugar.set_flag("user-ada", "ana", True)
    deliver(listening)
    assert listening.payloads() == [{"user": flagged.sub, "trigger": "flag"}]
    run_tasks(listening)
    assert mapping(listening, flagged).state is State.LINKED


def test_the_package_names_the_user_and_the_link(listening: Place, flagged: Browser) -> None:
    sides = {"related_module": "Users", "related_id": "user-ada"}
    payload = {
        "bean": "Contact",
        "event": "after_relationship_add",
        "id": "ana",
        "data": {"id": "ana"},
        **sides,
    }
    post(listening, payload)
    post(listening, payload | {"link": "user_sync"})
    assert listening.payloads() == [{"user": flagged.sub, "trigger": "flag"}]


@pytest.mark.parametrize(
    "sides",
    [
        {"related_module": "Users", "related_id": "user-ada", "link": "assigned_user_link"},
        {"related_module": "Accounts", "related_id": "acme", "link": "accounts"},
    ],
)
def test_another_relationship_lists_nothing(
    listening: Place, flagged: Browser, sides: dict[str, str]
) -> None:
    post(listening, told(**sides))
    assert {payload["trigger"] for payload in listening.payloads()} == {"hook"}


@pytest.mark.parametrize("name", [["user_sync"], {"user_sync": 1}, 7, True])
def test_a_relationship_whose_name_is_no_text_may_be_a_flag(
    listening: Place, flagged: Browser, name: Any
) -> None:
    sides = {"related_module": "Users", "related_id": "user-ada", "link": name, "relationship": name}
    assert post(listening, told(**sides)).status_code == 204
    assert listening.payloads() == [{"user": flagged.sub, "trigger": "flag"}]


def test_a_flag_of_somebody_else_wakes_nobody_who_has_the_contact(listening: Place, user: Browser) -> None:
    listening.person("bob")
    bob = listening.signed_in("bob")
    listening.change(bob.sub, settings=REGULARLY)
    sync_flagged(listening, user)
    listening.world.sugar.set_flag("user-bob", "ana", True)
    deliver(listening)
    assert listening.payloads() == []


def test_thousands_of_flags_at_once_are_few_listings(listening: Place, flagged: Browser) -> None:
    sugar = listening.world.sugar
    for number in range(60):
        sugar.add_contact(id=f"c{number}", last_name=f"No {number}", assigned_user_id="user-boss")
        sugar.set_flag("user-ada", f"c{number}", True)
    sugar.hooks.queue[:] = [call for call in sugar.hooks.queue if "relationship" in call.event]
    deliver(listening)
    assert listening.payloads() == [{"user": flagged.sub, "trigger": "flag"}]
