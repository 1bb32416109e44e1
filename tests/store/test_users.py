"""Users and their tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contact_sync.contacts.settings import Auto, SyncSettings
from contact_sync.contacts.side import Side
from contact_sync.store import system, tokens, users
from contact_sync.store.cipher import Cipher, DecryptionError
from contact_sync.store.database import Database
from contact_sync.store.records import Cursors, Lease, Tokens, User
from contact_sync.store.write import Conflict, Kind, Write
from local_stack.firestore import FirestoreStandIn

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TOKENS = Tokens("refresh-secret", "access-secret", NOON, ("scope-a", "scope-b"), "sugar-secret", NOON)


def read(db: Database, user_id: str = "u1") -> User:
    found = users.read(db, user_id)
    assert found is not None
    return found[0]


def test_a_user_can_be_created_once(db: Database) -> None:
    db.commit([users.create(User("u1", email="ana@example.org"))])
    with pytest.raises(Conflict):
        db.commit([users.create(User("u1", email="other@example.org"))])
    assert read(db) == User("u1", email="ana@example.org")
    assert users.read(db, "u2") is None


def test_an_update_touches_only_the_fields_it_names(db: Database) -> None:
    db.commit([users.create(User("u1", email="ana@example.org", pending=NOON, next_sync_at=NOON))])
    db.commit([users.update("u1", settings=SyncSettings(auto=Auto(enabled=True)), settings_version=2)])
    db.commit(
        [users.update("u1", cursors=Cursors(sync_token="t", deletes_on={Side.GOOGLE: True}), pending=None)]
    )
    assert read(db) == User(
        "u1",
        email="ana@example.org",
        settings=SyncSettings(auto=Auto(enabled=True)),
        settings_version=2,
        cursors=Cursors(sync_token="t", deletes_on={Side.GOOGLE: True}),
        next_sync_at=NOON,
    )


def test_one_key_of_a_map_field_can_be_changed(db: Database) -> None:
    lease = Lease("l1", "r1", NOON)
    db.commit([users.create(User("u1", lease=lease, cursors=Cursors(watermark=NOON, sync_token="t")))])
    db.commit([users.update("u1", lease__again=True, cursors__sync_token=None)])
    assert read(db) == User("u1", lease=Lease("l1", "r1", NOON, again=True), cursors=Cursors(watermark=NOON))


def test_a_whole_map_replaces_what_was_there(db: Database) -> None:
    db.commit([users.create(User("u1", deletions={"google/2026-11-21T09": 3, "sugar/2026-11-21T09": 1}))])
    db.commit([users.update("u1", deletions={"google/2026-11-21T10": 1}, lease=Lease("l1", "r1", NOON))])
    db.commit([users.update("u1", lease=None)])
    assert read(db) == User("u1", deletions={"google/2026-11-21T10": 1})


def test_a_field_that_users_do_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="sync_token"):
        users.update("u1", sync_token="t")


def test_only_one_of_two_conditional_updates_wins(db: Database) -> None:
    db.commit([users.create(User("u1"))])
    found = users.read(db, "u1")
    assert found is not None
    db.commit([users.update("u1", if_updated_at=found[1], lease=Lease("l1", "r1", NOON))])
    with pytest.raises(Conflict):
        db.commit([users.update("u1", if_updated_at=found[1], lease=Lease("l2", "r2", NOON))])
    assert read(db).lease == Lease("l1", "r1", NOON)


def test_due_users_come_in_order_and_page_by_page(db: Database) -> None:
    for number, minutes in enumerate((5, 0, 3, 0, -2)):
        user = User(f"u{number}", next_sync_at=NOON - timedelta(minutes=minutes))
        db.commit([users.create(user)])
    db.commit([users.create(User("never"))])
    first = users.due(db, NOON, limit=2)
    rest = users.due(db, NOON, limit=2, after=first[-1])
    assert [user.id for user in first + rest] == ["u0", "u2", "u1", "u3"]
    assert first[0].at == NOON - timedelta(minutes=5)
    assert users.due(db, NOON, limit=2, after=rest[-1]) == []


def test_users_are_found_by_their_sugar_user_and_listed(db: Database) -> None:
    for user_id, sugar_user in (("u1", "s1"), ("u2", "s2"), ("u3", "s1"), ("u4", None)):
        db.commit([users.create(User(user_id, sugar_user_id=sugar_user))])
    assert users.by_sugar_user(db, "s1") == ["u1", "u3"]
    assert users.all_ids(db) == ["u1", "u2", "u3", "u4"]


def test_load_reads_user_tokens_and_pause_by_one_call(
    counted: Database, standin: FirestoreStandIn, cipher: Cipher
) -> None:
    counted.commit([users.create(User("u1")), tokens.put(cipher, "u1", TOKENS, create=True)])
    standin.counters.reset()
    loaded = users.load(counted, cipher, "u1")
    assert standin.counters.calls() == {"BatchGetDocuments": 1}
    assert (loaded.user, loaded.tokens, loaded.paused_all) == (User("u1"), TOKENS, None)
    assert loaded.updated_at is not None
    assert loaded.tokens_updated_at is not None


def test_load_of_nobody_and_of_everybody_paused(db: Database, cipher: Cipher) -> None:
    db.commit([Write(system.PAUSE, Kind.SET, {"reason": "Sugar is being upgraded."})])
    loaded = users.load(db, cipher, "u1")
    assert loaded == users.Loaded(None, None, Tokens(), None, "Sugar is being upgraded.")
    assert system.pause(db) == "Sugar is being upgraded."


def test_tokens_are_never_stored_in_clear(db: Database, cipher: Cipher) -> None:
    db.commit([tokens.put(cipher, "u1", TOKENS, create=True)])
    data = db.get([tokens.path("u1")])[tokens.path("u1")].data
    assert "secret" not in repr(data)
    assert data["google_scopes"] == ["scope-a", "scope-b"]


def test_tokens_are_replaced_only_in_place_of_those_read(db: Database, cipher: Cipher) -> None:
    first = db.commit([tokens.put(cipher, "u1", TOKENS, create=True)])[tokens.path("u1")]
    db.commit([tokens.put(cipher, "u1", Tokens(google_refresh="new"), first)])
    with pytest.raises(Conflict):
        db.commit([tokens.put(cipher, "u1", TOKENS, first)])
    with pytest.raises(Conflict):
        db.commit([tokens.put(cipher, "u1", TOKENS, create=True)])
    assert users.load(db, cipher, "u1").tokens == Tokens(google_refresh="new")
    db.commit([tokens.forget("u1")])
    assert users.load(db, cipher, "u1").tokens == Tokens()


def test_tokens_moved_to_another_user_cannot_be_read(db: Database, cipher: Cipher) -> None:
    db.commit([users.create(User("u2")), tokens.put(cipher, "u1", TOKENS, create=True)])
    stolen = db.get([tokens.path("u1")])[tokens.path("u1")].data
    db.commit([Write(tokens.path("u2"), Kind.SET, stolen)])
    with pytest.raises(DecryptionError):
        users.load(db, cipher, "u2")


def test_rotation_encrypts_with_the_newest_key_and_loses_nothing(db: Database, cipher: Cipher) -> None:
    old, new = ("k1", bytes(range(32))), ("k2", bytes(32))
    db.commit([tokens.put(cipher, "u1", TOKENS, create=True)])
    assert tokens.rotate(db, Cipher([new, old]), "u1")
    assert users.load(db, Cipher([new]), "u1").tokens == TOKENS
    assert not tokens.rotate(db, Cipher([new]), "u1")
    assert not tokens.rotate(db, Cipher([new]), "nobody")
