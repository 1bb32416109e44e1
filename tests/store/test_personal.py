"""Everything that is stored about one user, found and removed, on every database the store runs on."""

from __future__ import annotations

from datetime import UTC, datetime

from contact_sync.contacts.mapping import IndexEntry, Mapping
from contact_sync.store import google_index, mappings, personal, previews, runs, tokens, users
from contact_sync.store.cipher import Cipher
from contact_sync.store.database import Database
from contact_sync.store.records import PlannedAction, PreviewRecord, RunRecord, Tokens, User

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OWN = "users/u1"
KEPT = [
    f"{OWN}/google_index/c1",
    f"{OWN}/mappings/s1",
    f"{OWN}/previews/gone/actions/a1",
    f"{OWN}/previews/p1",
    f"{OWN}/previews/p1/actions/a1",
    f"{OWN}/runs/r1",
]


def fill(db: Database, cipher: Cipher) -> None:
    """Two users whose ids begin alike; an action of the first is all that is left of its preview."""
    action = PlannedAction("a1", "update", ("update",), "Ada", "print")
    for user_id in ("u1", "u11"):
        db.commit(
            [
                users.create(User(user_id, email=f"{user_id}@corp.test")),
                tokens.put(cipher, user_id, Tokens(google_refresh="r"), create=True),
                mappings.put(user_id, Mapping("s1")),
                google_index.put(user_id, IndexEntry("c1")),
                runs.put(user_id, RunRecord("r1", "manual", NOW)),
                previews.put(user_id, PreviewRecord("p1", "ready", NOW, NOW)),
                *(previews.put_action(user_id, preview, action, NOW) for preview in ("p1", "gone")),
            ]
        )


def test_all_that_is_stored_about_a_user_is_found_but_the_tokens(db: Database, cipher: Cipher) -> None:
    fill(db, cipher)
    assert [found.path for found in personal.documents(db, "u1")] == [OWN, *KEPT]


def test_a_user_is_removed_whole_and_alone(db: Database, cipher: Cipher) -> None:
    fill(db, cipher)
    assert personal.is_left(db, "u1")
    assert list(personal.remove(db, "u1")) == [len(KEPT) + 2]
    assert not personal.is_left(db, "u1")
    assert len(list(personal.documents(db, "u11"))) == len(KEPT) + 1


def test_what_is_left_without_the_users_document_is_found(db: Database, cipher: Cipher) -> None:
    fill(db, cipher)
    list(personal.remove(db, "u1"))
    db.commit([runs.put("u1", RunRecord("late", "manual", NOW))])
    assert personal.is_left(db, "u1")
    list(personal.remove(db, "u1"))
    assert not personal.is_left(db, "u1")


def test_more_than_a_page_is_read_completely(db: Database) -> None:
    db.commit([users.create(User("u1"))])
    for start in (0, 350):
        db.commit(
            [
                runs.put("u1", RunRecord(f"r{number:04}", "manual", NOW))
                for number in range(start, start + 350)
            ]
        )
    found = [document.id for document in db.below(OWN, fields=())]
    assert found == [f"r{number:04}" for number in range(700)]


def test_users_are_found_by_their_address(db: Database, cipher: Cipher) -> None:
    fill(db, cipher)
    assert users.by_email(db, "u1@corp.test") == ["u1"]
    assert users.by_email(db, "nobody@corp.test") == []


def test_the_keys_in_use_are_known_without_decrypting(db: Database, cipher: Cipher) -> None:
    fill(db, cipher)
    newer = Cipher([("k2", b"n" * 32), ("k1", bytes(range(32)))])
    assert tokens.rotate(db, newer, "u1")
    assert tokens.keys(db, ["u1", "u11", "nobody"]) == {"u1": {"k2"}, "u11": {"k1"}}
