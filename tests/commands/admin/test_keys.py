"""Keys are replaced without anybody having to connect again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from google.api_core.exceptions import PermissionDenied
from tests.commands.admin.office import Office

from contact_sync.config_formats import TokenKey
from contact_sync.store import system, tokens, users
from contact_sync.store.backups import Backup
from contact_sync.store.cipher import Cipher
from contact_sync.store.write import Kind, Write

OLD, NEW = TokenKey("k1", b"k" * 32), TokenKey("k2", b"n" * 32)


@pytest.fixture
def ring(office: Office) -> Office:
    """Two users, Sugar's session kept, and a new key ahead of the old one."""
    office.world.add_person("ben")
    office.world.sync()
    office.keys(NEW, OLD)
    return office


def test_all_tokens_and_the_session_get_the_newest_key(ring: Office) -> None:
    found = ring.json("rotate-keys")
    assert (found["rotated"], found["in_use"]) == (3, {"k2": 3})
    newest = Cipher([(NEW.id, NEW.key)])
    for person in ring.world.people.values():
        assert users.load(ring.world.db, newest, person.sub).tokens.google_refresh
    ring.world.clock.advance(minutes=1)
    engine = ring.world.make_engine(cipher=newest)
    assert ring.world.sync(engine=engine)["phase"] in ("done", "idle")
    assert ring.json("rotate-keys")["rotated"] == 0


def test_an_interrupted_rotation_goes_on(ring: Office) -> None:
    both = Cipher([(NEW.id, NEW.key), (OLD.id, OLD.key)])
    tokens.rotate(ring.world.db, both, ring.jane.sub)
    assert ring.json("rotate-keys")["rotated"] == 2


def test_tokens_of_a_key_that_is_gone_are_named(ring: Office) -> None:
    ring.keys(NEW)
    found = ring.json("rotate-keys", status=1)
    assert sorted(found["unreadable"]) == sorted(person.sub for person in ring.world.people.values())
    assert found["in_use"] == {"k1": 3}
    assert "connect again" in ring.err


def test_an_older_key_stays_as_long_as_earlier_versions_of_the_data_can_be_had(ring: Office) -> None:
    """Without a single backup, Firestore itself keeps every version for a week."""
    found = ring.json("rotate-keys")
    assert (found["removable"], list(found["needed_until"])) == ([], ["k1"])
    ring.world.clock.advance(days=6, hours=23)
    assert ring.json("rotate-keys")["removable"] == []
    ring.world.clock.advance(hours=1)
    found = ring.json("rotate-keys")
    assert (found["removable"], found["needed_until"]) == (["k1"], {})
    assert ring("rotate-keys") == 0
    assert "No longer needed in TOKEN_KEYS: k1" in ring.out


def test_an_older_key_stays_as_long_as_the_last_backup_from_its_time(ring: Office) -> None:
    now = ring.world.clock.now()
    day = timedelta(days=1)
    ring.backups = [
        Backup(now - 20 * day, now + 8 * day),
        Backup(now - day, now + 27 * day),
        Backup(now + day, now + 29 * day),  # of a time when the key was in no document any more
    ]
    ring("rotate-keys")
    assert f"for backups until {now + 27 * day:%Y-%m-%d}" in ring.out and "No longer needed" not in ring.out
    ring.world.clock.advance(days=26)
    assert ring.json("rotate-keys", "--check")["removable"] == []
    ring.world.clock.advance(days=2)
    assert ring.json("rotate-keys", "--check")["removable"] == ["k1"]


def test_a_check_says_what_is_still_needed_and_changes_nothing(ring: Office) -> None:
    before = stored(ring)
    found = ring.json("rotate-keys", "--check")
    assert (found["rotated"], found["in_use"], found["removable"], found["missing"]) == (0, {"k1": 3}, [], [])
    assert ring("rotate-keys", "--check") == 0
    assert "infra/admin rotate-keys" in ring.out
    assert stored(ring) == before
    ring("rotate-keys")
    before = stored(ring)
    ring.world.clock.advance(days=2)
    assert list(ring.json("rotate-keys", "--check")["needed_until"]) == ["k1"]
    assert stored(ring) == before


def test_a_check_before_it_was_ever_noted_that_a_key_is_unused_takes_none_away(office: Office) -> None:
    """Since when it is unused nobody knows: from today on, then."""
    office.keys(OLD, NEW)
    assert list(office.json("rotate-keys", "--check")["needed_until"]) == ["k2"]
    office.world.clock.advance(days=30)
    assert list(office.json("rotate-keys", "--check")["needed_until"]) == ["k2"]


def test_a_key_that_encrypts_again_is_needed_anew_from_its_last_use_on(ring: Office) -> None:
    ring.json("rotate-keys")
    ring.world.clock.advance(days=6)
    ring.keys(OLD, NEW)  # somebody put the old key in front again
    assert ring.json("rotate-keys")["in_use"] == {"k1": 3}
    ring.keys(NEW, OLD)
    ring.json("rotate-keys")
    ring.world.clock.advance(days=3)
    assert list(ring.json("rotate-keys")["needed_until"]) == ["k1"]


def test_a_key_that_was_taken_out_too_early_is_named(ring: Office) -> None:
    ring.json("rotate-keys")
    ring.keys(NEW)
    for options in ([], ["--check"]):
        found = ring.json("rotate-keys", *options, status=1)
        assert found["missing"] == ["k1"]
        assert "not in TOKEN_KEYS: k1" in ring.err
    ring.world.clock.advance(days=8)
    assert ring.json("rotate-keys")["missing"] == []


def test_a_check_names_a_key_that_tokens_need_and_that_is_gone(ring: Office) -> None:
    ring.keys(NEW)
    assert ring.json("rotate-keys", "--check", status=1)["missing"] == ["k1"]


def test_without_the_right_to_see_backups_nothing_is_begun(ring: Office) -> None:
    def refuse() -> list[Backup]:
        raise PermissionDenied("no")

    before = stored(ring)
    ring.see_backups = refuse
    assert ring("rotate-keys") == 2
    assert ring.err.count("\n") == 1
    assert stored(ring) == before


def test_a_note_that_somebody_spoiled_counts_as_none(ring: Office) -> None:
    for spoiled in ({"unused_since": "yesterday"}, {"unused_since": {"k1": "yesterday"}}, {}):
        ring.world.db.commit([Write("system/keys", Kind.SET, spoiled)])
        assert "k1" not in ring.json("rotate-keys", "--check")["removable"]


def test_without_any_tokens_an_older_key_is_needed_for_backups_alone(office: Office) -> None:
    office("erase", office.jane.sub, "--yes")
    office.keys(NEW, OLD)
    assert list(office.json("rotate-keys")["needed_until"]) == ["k1"]
    office.world.clock.advance(days=7)
    assert office.json("rotate-keys")["removable"] == ["k1"]
    assert system.session_keys(office.world.db) == set()


def stored(office: Office) -> dict[str, object]:
    """Everything in system/ and of the users."""
    paths = ["system/keys", "system/sugar_session", "system/audit"]
    found = office.world.db.get(
        [*paths, *(path for one in office.world.people.values() for path in office.paths(one))]
    )
    return {path: document.data for path, document in found.items()}
