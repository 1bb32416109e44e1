"""What was stored is read back as it was, on the wire format of the real client library."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from tests.store import generated

from contact_sync.contacts.mapping import IndexEntry, Mapping
from contact_sync.store import backlog, google_index, history, mappings, runs, users
from contact_sync.store.database import Database
from contact_sync.store.records import BacklogEntry, HistoryEntry, RunRecord, User
from local_stack.firestore import FirestoreStandIn, in_process_client

DB = Database(in_process_client(FirestoreStandIn()))
EXAMPLES = settings(max_examples=60, deadline=timedelta(seconds=2))


@EXAMPLES
@given(generated.mappings)
def test_mapping(mapping: Mapping) -> None:
    write = mappings.put("u1", mapping)
    updated_at = DB.commit([write])[write.path]
    found = mappings.get(DB, "u1", [mapping.sugar_id])
    assert found == {mapping.sugar_id: mapping}
    assert found[mapping.sugar_id].updated_at == updated_at


@EXAMPLES
@given(generated.index_entries)
def test_index_entry(entry: IndexEntry) -> None:
    DB.commit([google_index.put("u1", entry)])
    assert google_index.get(DB, "u1", [entry.google_id]) == {entry.google_id: entry}


@EXAMPLES
@given(generated.users, generated.users)
def test_user_created_and_then_changed_in_every_field(first: User, second: User) -> None:
    db = Database(in_process_client(FirestoreStandIn()))
    db.commit([users.create(first)])
    read = users.read(db, first.id)
    assert read is not None
    assert read[0] == first
    changes = {name: getattr(second, name) for name in User.__dataclass_fields__ if name != "id"}
    db.commit([users.update(first.id, if_updated_at=read[1], **changes)])
    changed = users.read(db, first.id)
    assert changed is not None
    assert changed[0] == User(id=first.id, **changes)


@EXAMPLES
@given(generated.history_entries)
def test_history_entry(entry: HistoryEntry) -> None:
    DB.commit([history.put("u1", entry)])
    assert history.get(DB, "u1", entry.id) == entry


@EXAMPLES
@given(generated.backlog_entries)
def test_backlog_entry(entry: BacklogEntry) -> None:
    DB.commit([backlog.put("u1", entry)])
    assert backlog.get(DB, "u1", [entry.id]) == {entry.id: entry}


@EXAMPLES
@given(generated.runs)
def test_run(run: RunRecord) -> None:
    DB.commit([runs.put("u1", run)])
    assert runs.get(DB, "u1", run.id) == run


def test_ids_that_firestore_does_not_allow_as_they_are() -> None:
    due_at = datetime(2026, 11, 21, tzinfo=UTC)
    odd = {
        name: Mapping(name, due_at=due_at) for name in ("a/b", ".", "..", "__x__", "50%", "%2F", "ü", "a b")
    }
    db = Database(in_process_client(FirestoreStandIn()))
    db.commit([mappings.put("o/dd", mapping) for mapping in odd.values()])
    assert mappings.get(db, "o/dd", odd) == odd
    assert set(mappings.states(db, "o/dd")) == set(odd)
