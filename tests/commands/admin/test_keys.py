"""Keys are replaced without anybody having to connect again."""

from __future__ import annotations

import pytest
from tests.commands.admin.office import Office

from contact_sync.config_formats import TokenKey
from contact_sync.store import system, tokens, users
from contact_sync.store.cipher import Cipher

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
    assert (found["rotated"], found["in_use"], found["removable"]) == (3, {"k2": 3}, ["k1"])
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


def test_without_any_tokens_every_older_key_is_removable(office: Office) -> None:
    office("erase", office.jane.sub, "--yes")
    office.keys(NEW, OLD)
    assert office.json("rotate-keys")["removable"] == ["k1"]
    assert system.session_keys(office.world.db) == set()
