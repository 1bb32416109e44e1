"""Mappings and the index of Google contacts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contact_sync.contacts.contact import Address, Contact
from contact_sync.contacts.mapping import IndexEntry, Mapping, Missing, Seen, Sight, State
from contact_sync.contacts.side import Side
from contact_sync.store import google_index, mappings
from contact_sync.store.database import Database
from contact_sync.store.mappings import Standing
from contact_sync.store.paging import InvalidCursor
from contact_sync.store.write import Conflict
from local_stack.firestore import FirestoreStandIn

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def store(db: Database, *items: Mapping | IndexEntry, user: str = "u1") -> None:
    for chunk in db.chunks(
        [mappings.put(user, item) if isinstance(item, Mapping) else google_index.put(user, item)]
        for item in items
    ):
        db.commit(chunk)


def sugar_ids(found: list[Mapping]) -> list[str]:
    return [mapping.sugar_id for mapping in found]


def test_a_mapping_reads_like_a_sentence_in_the_console(db: Database) -> None:
    base = Contact(
        first_name="Ana", last_name="", emails=("ana@example.org",), alt_address=Address(city="Bern")
    )
    mapping = Mapping(
        "s1",
        google_id="c1",
        name="Ana",
        state=State.LINKED,
        base=base,
        seen=Seen(google_etag="e"),
        missing=Missing(Side.GOOGLE, NOON, delete_on=False),
    )
    store(db, mapping)
    assert db.get(["users/u1/mappings/s1"])["users/u1/mappings/s1"].data == {
        "sugar_id": "s1",
        "google_id": "c1",
        "name": "Ana",
        "match_keys": [],
        "held": {},
        "holds": [],
        "state": "linked",
        "base": {
            "first_name": "Ana",
            "last_name": "",
            "emails": ["ana@example.org"],
            "alt_address": {"city": "Bern"},
        },
        "seen": {"google_etag": "e", "times": {}},
        "missing": {"side": "google", "at": NOON, "delete_on": False},
        "flips": {},
        "attempts": 0,
        "backlog": None,
        "deletion_waits": None,
    }


def test_get_reads_a_batch_by_one_call(counted: Database, standin: FirestoreStandIn) -> None:
    store(counted, *(Mapping(f"s{number}") for number in range(100)))
    standin.counters.reset()
    found = mappings.get(counted, "u1", [*(f"s{number}" for number in range(100)), "missing"])
    assert found == {f"s{number}": Mapping(f"s{number}") for number in range(100)}
    assert standin.counters.calls() == {"BatchGetDocuments": 1}


def test_due_ones_of_some_states_come_longest_due_first(db: Database) -> None:
    states = [State.LINKED, State.NEW, State.UNLINKED, State.LINKED, State.OUT_OF_SCOPE]
    store(
        db,
        *(
            Mapping(f"s{number}", state=state, due_at=NOON - timedelta(minutes=number))
            for number, state in enumerate(states)
        ),
    )
    wanted = (State.LINKED, State.UNLINKED)
    assert sugar_ids(mappings.due(db, "u1", NOON, 10, states=wanted)) == ["s3", "s2", "s0"]
    after = (NOON - timedelta(minutes=3), "s3")
    assert sugar_ids(mappings.due(db, "u1", NOON, 1, after, wanted)) == ["s2"]
    assert sugar_ids(mappings.due(db, "u1", NOON, 10, states=[State.NEW])) == ["s1"]


def test_due_ones_come_longest_due_first_and_only_those(db: Database) -> None:
    times = {"s1": 3, "s2": 9, "s3": 0, "s4": -1, "s5": None}
    due_at = {
        key: None if minutes is None else NOON - timedelta(minutes=minutes) for key, minutes in times.items()
    }
    store(db, *(Mapping(key, due_at=at) for key, at in due_at.items()))
    store(db, *(IndexEntry(key, due_at=at) for key, at in due_at.items()))
    assert sugar_ids(mappings.due(db, "u1", NOON, 10)) == ["s2", "s1", "s3"]
    assert sugar_ids(mappings.due(db, "u1", NOON, 2)) == ["s2", "s1"]
    assert [entry.google_id for entry in google_index.due(db, "u1", NOON, 2)] == ["s2", "s1"]
    assert mappings.count_due(db, "u1", NOON) == google_index.count_due(db, "u1", NOON) == 3
    assert mappings.next_due(db, "u1") == google_index.next_due(db, "u1") == due_at["s2"]
    assert mappings.next_due(db, "u2") is google_index.next_due(db, "u2") is None


def test_who_has_these_keys_is_asked_for_thirty_at_a_time_and_each_comes_once(
    counted: Database, standin: FirestoreStandIn
) -> None:
    store(
        counted, *(Mapping(f"s{number}", match_keys=(f"k{number}", f"k{number + 1}")) for number in range(70))
    )
    store(counted, *(IndexEntry(f"c{number}", match_keys=(f"k{number}",)) for number in range(3)))
    standin.counters.reset()
    found = mappings.with_keys(counted, "u1", [f"k{number}" for number in range(61)])
    assert sorted(sugar_ids(found)) == sorted(f"s{number}" for number in range(61))
    assert standin.counters.calls() == {"RunQuery": 3}
    indexed = google_index.with_keys(counted, "u1", ["k2", "k0", "other"])
    assert {entry.google_id for entry in indexed} == {"c0", "c2"}
    assert mappings.with_keys(counted, "u1", []) == []


def test_google_contacts_are_found_by_source_id(db: Database) -> None:
    store(
        db, *(IndexEntry(f"c{number}", source_id=f"src{number}") for number in range(40)), IndexEntry("c99")
    )
    wanted = [f"src{number}" for number in range(5, 40)]
    assert {entry.google_id for entry in google_index.with_source_ids(db, "u1", wanted)} == {
        f"c{number}" for number in range(5, 40)
    }


def test_a_patch_touches_only_what_it_names(db: Database) -> None:
    linked = Mapping("s1", google_id="c1", state=State.LINKED, due_at=NOON, backlog="b1", name="Ana")
    store(db, linked, IndexEntry("c1", mapping="s1", due_at=NOON, match_keys=("k",)))
    db.commit(
        [
            mappings.patch(
                "u1", "s1", due_at=None, backlog=None, base=Contact(title="Dr"), seen__sugar_date="d"
            ),
            google_index.patch("u1", "c1", mapping=None, due_at=None, left_alone=True),
        ]
    )
    expected = Mapping(
        "s1",
        google_id="c1",
        state=State.LINKED,
        name="Ana",
        base=Contact(title="Dr"),
        seen=Seen(sugar_date="d"),
    )
    assert mappings.get(db, "u1", ["s1"]) == {"s1": expected}
    assert google_index.get(db, "u1", ["c1"]) == {"c1": IndexEntry("c1", match_keys=("k",), left_alone=True)}
    assert mappings.count(db, "u1", backlog=None) == google_index.count(db, "u1", mapping=None) == 1


def test_a_patch_of_what_is_gone_is_a_conflict(db: Database) -> None:
    with pytest.raises(Conflict):
        db.commit([mappings.patch("u1", "s1", name="Ana")])
    with pytest.raises(Conflict):
        db.commit([google_index.patch("u1", "c1", left_alone=True)])
    with pytest.raises(ValueError, match="colour"):
        mappings.patch("u1", "s1", colour="red")


def test_removed_ones_are_gone(db: Database) -> None:
    store(db, Mapping("s1"), IndexEntry("c1"))
    db.commit([mappings.remove("u1", "s1"), google_index.remove("u1", "c1")])
    assert mappings.get(db, "u1", ["s1"]) == {}
    assert google_index.get(db, "u1", ["c1"]) == {}


def test_counting_by_values(db: Database) -> None:
    store(
        db,
        Mapping("s1", state=State.LINKED),
        Mapping("s2", state=State.LINKED, deletion_waits=Side.GOOGLE),
        Mapping("s3", state=State.NEW),
    )
    assert mappings.count(db, "u1", state=State.LINKED) == 2
    assert mappings.count(db, "u1", deletion_waits=Side.GOOGLE) == 1
    assert mappings.count(db, "u1") == 3
    assert mappings.count(db, "u2") == 0


def test_deletions_in_the_backlog_wait_for_a_person_not_for_us(db: Database) -> None:
    store(
        db,
        Mapping("s1", deletion_waits=Side.GOOGLE),
        Mapping("s2", deletion_waits=Side.GOOGLE, backlog="b1"),
        Mapping("s3", deletion_waits=Side.SUGAR),
        Mapping("s4"),
    )
    assert sugar_ids(mappings.deletions_waiting(db, "u1", Side.GOOGLE)) == ["s1"]


def test_the_whole_book_is_listed_leanly(db: Database) -> None:
    store(
        db,
        Mapping("s1", google_id="c1", state=State.LINKED, base=Contact(title="x")),
        Mapping("s2", backlog="b1"),
        Mapping(
            "s3",
            due_at=NOON,
            missing=Missing(Side.GOOGLE, NOON, True),
            seen=Seen(times={Side.SUGAR: {"title": Sight("h", NOON)}}),
        ),
        Mapping("s4", seen=Seen("2026-01-01", "etag", {Side.GOOGLE: {"title": Sight("h", NOON)}})),
        IndexEntry("c1", mapping="s1"),
        IndexEntry("c2"),
    )
    assert mappings.states(db, "u1") == {
        "s1": Standing(State.LINKED, None, due=False, missing=False, differs=False),
        "s2": Standing(State.NEW, "b1", due=False, missing=False, differs=False),
        "s3": Standing(State.NEW, None, due=True, missing=True, differs=True),
        "s4": Standing(State.NEW, None, due=False, missing=False, differs=True),
    }
    assert google_index.ids(db, "u1") == {"c1": "s1", "c2": None}


def test_a_book_larger_than_a_page_is_listed_completely(counted: Database, standin: FirestoreStandIn) -> None:
    store(counted, *(IndexEntry(f"c{number}", mapping=f"s{number}") for number in range(4001)))
    standin.counters.reset()
    assert google_index.ids(counted, "u1") == {f"c{number}": f"s{number}" for number in range(4001)}
    assert standin.counters.calls() == {"RunQuery": 3}


def test_mappings_of_a_state_are_paged_by_name(db: Database) -> None:
    names = ["Cy", "Ana", "Ana", "Bo", "Dee"]
    store(db, *(Mapping(f"s{number}", name=name, state=State.LINKED) for number, name in enumerate(names)))
    store(db, Mapping("s9", name="Abe", state=State.NEW))
    pages: list[list[str]] = []
    cursor = None
    while not pages or cursor:
        page, cursor = mappings.by_state(db, "u1", State.LINKED, cursor, 2)
        pages.append(sugar_ids(page))
    assert pages == [["s1", "s2"], ["s3", "s0"], ["s4"]]


@pytest.mark.parametrize("cursor", ["x", "W10=", "WzEsMl0=", "eyJhIjoxfQ==", "ü"])
def test_a_made_up_cursor_is_refused(counted: Database, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        mappings.by_state(counted, "u1", State.LINKED, cursor, 2)


def test_a_linked_contact_is_found_by_its_name(db: Database) -> None:
    store(db, Mapping("s1", name="Ana Cy"), Mapping("s2", name="Ana"))
    assert sugar_ids(mappings.matching(db, "u1", name="Ana Cy")) == ["s1"]


def test_a_sugar_record_tells_whose_mappings_it_has(db: Database) -> None:
    store(db, Mapping("s1"), user="u/1")
    store(db, Mapping("s1"), Mapping("s2"), user="u2")
    store(db, Mapping("s2"), user="u3")
    assert sorted(mappings.users_with(db, "s1")) == ["u/1", "u2"]
