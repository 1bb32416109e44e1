"""What a person decides about single contacts, from the backlog's question to the written contact."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.web.browser import Browser, Place, words_of
from tests.world import Person

from contact_sync.contacts.mapping import Mapping, State
from contact_sync.contacts.settings import Direction, SyncSettings
from contact_sync.store import backlog, google_index, mappings
from contact_sync.store.records import BacklogEntry


def sync(place: Place, browser: Browser) -> None:
    browser.post("/api/sync")
    place.work()


def ambiguous(place: Place, ada: Browser) -> tuple[str, dict[str, Any], list[str]]:
    """A Sugar contact that could be either of two Google contacts: its id, its entry, their ids."""
    google = place.world.google
    candidates = [
        google.add_contact(
            ada.sub,
            {"names": [{"givenName": given, "familyName": "Ruiz"}], "emailAddresses": [{"value": address}]},
        ).removeprefix("people/")
        for given, address in (("Ana", "ana@x.test"), ("Anna", "anna@x.test"))
    ]
    both = [
        {"email_address": "ana@x.test", "primary_address": True},
        {"email_address": "anna@x.test", "primary_address": False},
    ]
    sugar_id = place.world.add_sugar(
        first_name="Ana", last_name="Ruiz", email=both, assigned_user_id="user-ada"
    )
    sync(place, ada)
    # The same question is asked about either candidate.
    (entry,) = [item for item in ada.json("/api/backlog")["items"] if item["sugar_id"]]
    return sugar_id, entry, candidates


def refused(place: Place, ada: Browser, count: int, group: str | None = None, first: int = 0) -> list[str]:
    """Mappings in the backlog, as a refusal leaves them behind; the ids of their entries."""
    now, db = place.engine.now(), place.engine.db
    ids = [f"c{number:03}" for number in range(first, first + count)]
    for number, key in enumerate(ids):
        entry_id = f"refused-{key}"
        place.world.add_sugar(id=key, last_name=f"Ruiz {key}", assigned_user_id="user-ada")
        mapping = Mapping(key, name=f"Ruiz {key}", state=State.NEW, backlog=entry_id)
        since = now + timedelta(seconds=number)
        entry = BacklogEntry(entry_id, key, None, mapping.name, "refused", "Refused.", since, group=group)
        db.commit([mappings.put(ada.sub, mapping), backlog.put(ada.sub, entry)])
    return [f"refused-{key}" for key in ids]


def test_an_ambiguous_contact_is_shown_with_its_candidates_and_linked_with_the_chosen_one(
    place: Place, ada: Browser
) -> None:
    sugar_id, entry, candidates = ambiguous(place, ada)
    assert (entry["cause"], entry["sugar_id"], entry["name"]) == ("ambiguous", sugar_id, "Ana Ruiz")
    assert {partner["id"]: partner["name"] for partner in entry["partners"]} == {
        candidates[0]: "Ana Ruiz",
        candidates[1]: "Anna Ruiz",
    }
    assert ada.json("/api/status")["counts"]["quarantined"] == 3
    answer = ada.post(f"/api/backlog/{entry['id']}/choose", {"partner": f"people/{candidates[1]}"})
    assert (answer.status_code, answer.get_json()) == (200, {"count": 1})
    assert ada.json("/api/backlog")["items"] == []
    place.work()
    (mapping,) = ada.json("/api/mappings")["items"]
    assert (mapping["sugar_id"], mapping["google_id"]) == (sugar_id, candidates[1])


def test_only_a_candidate_can_be_chosen(place: Place, ada: Browser) -> None:
    _, entry, _ = ambiguous(place, ada)
    place.world.tasks.clear()
    for partner, status in (("c1", 409), ("", 409), (7, 400), (None, 400)):
        answer = ada.post(f"/api/backlog/{entry['id']}/choose", {"partner": partner})
        assert answer.status_code == status
    assert ada.post("/api/backlog/none/choose", {"partner": "c1"}).status_code == 404
    assert len(ada.json("/api/backlog")["items"]) == 3
    assert place.payloads() == []


def test_choosing_one_that_is_linked_by_now_says_with_whom_and_leaves_the_question(
    place: Place, ada: Browser
) -> None:
    sugar_id, entry, candidates = ambiguous(place, ada)
    place.world.add_sugar(id="bo", first_name="Bo", last_name="Berg", assigned_user_id="user-ada")
    place.engine.db.commit(
        [
            mappings.put(ada.sub, Mapping("bo", google_id=candidates[0], name="Bo Berg", state=State.LINKED)),
            google_index.patch(ada.sub, candidates[0], mapping="bo", backlog=None),
        ]
    )
    answer = ada.post(f"/api/backlog/{entry['id']}/choose", {"partner": candidates[0]})
    assert (answer.status_code, answer.get_json()["error"]) == (
        409,
        {
            "code": "not_possible",
            "message": "The contact in Google that you chose is linked with Bo Berg by now. Nothing was decided.",
        },
    )
    page = ada.form(f"/backlog/{entry['id']}/choose", partner=candidates[0])
    assert page.status_code == 303
    assert "is linked with Bo Berg by now. Nothing was decided." in words_of(ada.get(page.location))
    assert ada.json(f"/api/backlog/{entry['id']}")["sugar_id"] == sugar_id
    place.work()
    assert len(place.world.google_contacts(Person(ada.sub, "user-ada"))) == 2


def test_a_decision_about_a_contact_that_was_decided_meanwhile_is_no_decision(
    place: Place, ada: Browser
) -> None:
    (entry,) = refused(place, ada, 1)
    place.engine.db.commit([mappings.patch(ada.sub, "c000", backlog="another")])
    for verb in ("release", "keep"):
        assert ada.post(f"/api/backlog/{entry}/{verb}").status_code == 404
    assert place.payloads() == []


def test_keeping_an_ambiguous_contact_makes_it_one_of_its_own(place: Place, ada: Browser) -> None:
    _, entry, candidates = ambiguous(place, ada)
    assert ada.post(f"/api/backlog/{entry['id']}/keep").get_json() == {"count": 1}
    place.work()
    (mapping,) = ada.json("/api/mappings")["items"]
    assert mapping["google_id"] not in candidates
    assert mapping["created_side"] == "google"


def test_a_decision_is_carried_out_by_one_urgent_run_after_the_second_it_was_made_in(
    place: Place, ada: Browser
) -> None:
    for entry in refused(place, ada, 2):
        assert ada.post(f"/api/backlog/{entry}/release").get_json() == {"count": 1}
    ((payload, _name, at),) = place.world.tasks
    assert payload == {"user": ada.sub, "trigger": "manual"}
    assert at == place.engine.now() + timedelta(seconds=1)
    place.world.clock.advance(seconds=1)
    ada.post(f"/api/backlog/{refused(place, ada, 1, first=2)[0]}/release")
    assert len(place.world.tasks) == 2
    place.work()
    assert ada.json("/api/status")["counts"]["linked"] == 3


def test_what_was_decided_already_is_not_found(place: Place, ada: Browser) -> None:
    (entry,) = refused(place, ada, 1)
    assert ada.post(f"/api/backlog/{entry}/release").status_code == 200
    answer = ada.post(f"/api/backlog/{entry}/release")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "not_found")


def test_a_cause_is_released_as_a_whole(place: Place, ada: Browser) -> None:
    refused(place, ada, 130)
    assert ada.post("/api/backlog/release", {"cause": "no_name"}).get_json() == {"count": 0}
    assert place.payloads() == []
    assert ada.post("/api/backlog/release", {"cause": "refused"}).get_json() == {"count": 130}
    assert ada.json("/api/status")["counts"]["quarantined"] == 0
    assert ada.json("/api/status")["counts"]["waiting"] == 130
    assert place.payloads() == [{"user": ada.sub, "trigger": "manual"}]


def test_a_group_is_kept_as_a_whole_and_nothing_else(place: Place, ada: Browser) -> None:
    refused(place, ada, 3, group="g1")
    others = BacklogEntry("refused-z", "z", None, "Z", "refused", "Refused.", place.engine.now(), group="g2")
    place.engine.db.commit([backlog.put(ada.sub, others)])
    assert ada.post("/api/backlog/keep", {"group": "g1"}).get_json() == {"count": 3}
    assert [entry["id"] for entry in ada.json("/api/backlog")["items"]] == ["refused-z"]
    assert len(ada.json("/api/mappings?state=unlinked")["items"]) == 3


@pytest.mark.parametrize(
    "selection", [{}, {"cause": "refused", "group": "g1"}, {"cuase": "refused"}, {"cause": 1}]
)
def test_a_selection_names_one_cause_or_one_group(
    place: Place, ada: Browser, selection: dict[str, Any]
) -> None:
    refused(place, ada, 1)
    answer = ada.post("/api/backlog/keep", selection)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "invalid_request")
    assert len(ada.json("/api/backlog")["items"]) == 1


def test_the_backlog_comes_newest_first_in_pages_and_by_cause(place: Place, ada: Browser) -> None:
    entries = refused(place, ada, 60)
    first = ada.json("/api/backlog?cause=refused")
    rest = ada.json(f"/api/backlog?cause=refused&cursor={first['next']}")
    assert [item["id"] for item in first["items"] + rest["items"]] == entries[::-1]
    assert rest["next"] is None
    assert ada.json("/api/backlog?cause=no_name") == {"items": [], "next": None}
    assert set(first["items"][0]) >= {"cause", "message", "field", "group", "attempts", "since", "records"}


def unmapped(place: Place, ada: Browser) -> dict[str, Any]:
    """A Google contact without a mapping in the backlog: the store knows its id only."""
    from_google = SyncSettings(
        from_sugar=Direction(enabled=False, create=False), from_google=Direction(enabled=True, create=True)
    )
    place.change(ada.sub, settings=from_google)
    for key, address in (("s1", "ana@x.test"), ("s2", "anna@x.test")):
        place.world.add_sugar(id=key, last_name=key, email=address, assigned_user_id="user-ada")
    person = {
        "names": [{"givenName": "Ana", "familyName": "Ruiz"}],
        "emailAddresses": [{"value": "ana@x.test"}, {"value": "anna@x.test"}],
    }
    place.world.google.add_contact(ada.sub, person)
    sync(place, ada)
    (entry,) = ada.json("/api/backlog")["items"]
    assert isinstance(entry, dict)
    return entry


def test_a_google_contact_of_which_only_the_id_is_stored_is_named_live(place: Place, ada: Browser) -> None:
    entry = unmapped(place, ada)
    assert (entry["sugar_id"], entry["name"]) == (None, "Ana Ruiz")
    assert {partner["id"]: partner["name"] for partner in entry["partners"]} == {"s1": "s1", "s2": "s2"}
    stored = backlog.every_entry(place.engine.db, ada.sub)
    assert [(entry.name, entry.records) for entry in stored] == [("", None)]


def test_without_google_s_answer_the_backlog_is_shown_all_the_same(place: Place, ada: Browser) -> None:
    entry = unmapped(place, ada)
    place.world.google.faults.add("503", "people", times=99)
    shown = ada.json("/api/backlog")["items"]
    assert [(item["id"], item["name"]) for item in shown] == [(entry["id"], "")]


def test_a_contact_is_unlinked_and_linked_again(place: Place, ada: Browser) -> None:
    sugar_id = place.world.add_sugar(first_name="Ana", last_name="Ruiz", assigned_user_id="user-ada")
    sync(place, ada)
    answer = ada.post(f"/api/mappings/{sugar_id}/unlink")
    assert (answer.status_code, answer.get_json()["state"]) == (200, "unlinked")
    assert place.payloads() == []
    place.world.sugar.edit_contact(sugar_id, last_name="Rojas")
    sync(place, ada)
    assert place.world.google_names(type(place.world.first)(ada.sub, "user-ada")) == ["Ana Ruiz"]
    assert ada.post(f"/api/mappings/{sugar_id}/link").status_code == 200
    place.work()
    assert place.world.google_names(type(place.world.first)(ada.sub, "user-ada")) == ["Ana Rojas"]
    assert ada.json("/api/mappings")["items"][0]["state"] == "linked"


@pytest.mark.parametrize(
    ("state", "verb", "status"),
    [
        ("gone", "link", 404),
        ("gone", "unlink", 404),
        ("creating", "link", 409),
        ("creating", "unlink", 409),
        ("out_of_scope", "link", 409),
        ("out_of_scope", "unlink", 200),
    ],
)
def test_what_a_state_does_not_allow_is_refused(
    place: Place, ada: Browser, state: str, verb: str, status: int
) -> None:
    place.engine.db.commit([mappings.put(ada.sub, Mapping("s1", name="Ana", state=State(state)))])
    assert ada.post(f"/api/mappings/s1/{verb}").status_code == status
    assert ada.post(f"/api/mappings/none/{verb}").status_code == 404


def test_a_contact_that_a_run_is_writing_is_refused_for_the_moment(place: Place, ada: Browser) -> None:
    (entry,) = refused(place, ada, 1)
    left = [1]

    def run_writes(_request: Any) -> None:
        if left and left.pop():
            place.engine.db.commit([mappings.patch(ada.sub, "c000", attempts=1)])

    place.world.firestore.before_commit = run_writes
    answer = ada.post(f"/api/backlog/{entry}/keep")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "not_possible")
    assert ada.post(f"/api/backlog/{entry}/keep").status_code == 200


def test_contacts_are_listed_by_name_in_pages_of_one_state(place: Place, ada: Browser) -> None:
    names = [f"Ana {number:02}" for number in range(60)]
    held = [Mapping(f"s{n}", name=name, state=State.LINKED) for n, name in enumerate(reversed(names))]
    place.engine.db.commit([mappings.put(ada.sub, mapping) for mapping in held])
    first = ada.json("/api/mappings?state=linked")
    rest = ada.json(f"/api/mappings?state=linked&cursor={first['next']}")
    assert [item["name"] for item in first["items"] + rest["items"]] == names
    assert (ada.json("/api/mappings?state=gone"), rest["next"]) == ({"items": [], "next": None}, None)
