"""Stored tokens are bound to their document and field; those of the earlier version are read, and encrypted anew."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.world import World

from contact_sync.services.sugar import SharedSession
from contact_sync.store import system, tokens, users
from contact_sync.store.cipher import DecryptionError
from contact_sync.store.records import Tokens
from contact_sync.store.write import Kind, Write

KEY = b"k" * 32
SESSION = "system/sugar_session"


@pytest.fixture
def world() -> World:
    """A world with all tokens: of Google, of Sugar's user and of the service administrator."""
    world = World()
    world.sync()
    return world


def stored(world: World, path: str) -> dict[str, Any]:
    return dict(world.db.get([path])[path].data)


def store(world: World, path: str, data: dict[str, Any]) -> None:
    world.db.commit([Write(path, Kind.SET, data)])


def secrets(world: World, path: str) -> list[str]:
    return [
        name
        for name, value in stored(world, path).items()
        if isinstance(value, str) and value.startswith("k1:")
    ]


def as_before(world: World, path: str) -> None:
    """Have the tokens of a document as the earlier version wrote them."""
    held = stored(world, path)
    for number, name in enumerate(secrets(world, path)):
        clear = world.cipher.decrypt(held[name], f"{path}#{name}")
        nonce = bytes([number]) * 12
        sealed = AESGCM(KEY).encrypt(nonce, clear.encode(), path.encode())
        held[name] = f"k1:{base64.b64encode(nonce + sealed).decode()}"
    store(world, path, held)


def bound(world: World, path: str) -> bool:
    held = stored(world, path)
    return not any(world.cipher.needs_rotation(held[name]) for name in secrets(world, path))


def test_tokens_that_changed_places_are_refused(world: World) -> None:
    path = tokens.path(world.first.sub)
    held = stored(world, path)
    assert len(secrets(world, path)) == 3
    for one in secrets(world, path):
        for other in secrets(world, path):
            if one != other:
                store(world, path, {**held, one: held[other]})
                with pytest.raises(DecryptionError):
                    users.load(world.db, world.cipher, world.first.sub)


def test_tokens_of_another_user_are_refused(world: World) -> None:
    ben = world.add_person("ben")
    store(world, tokens.path(world.first.sub), stored(world, tokens.path(ben.sub)))
    with pytest.raises(DecryptionError):
        users.load(world.db, world.cipher, world.first.sub)


def test_the_service_administrator_s_tokens_that_changed_places_are_refused(world: World) -> None:
    held = stored(world, SESSION)
    store(world, SESSION, {**held, "access": held["refresh"], "refresh": held["access"]})
    kept, version = system.SugarSessions(world.db, world.cipher, SharedSession).load()
    assert kept is None and version is not None
    # So the service user signs in anew.
    world.add_sugar(first_name="Ana", last_name="Ruiz")
    assert world.sync(engine=world.make_engine())["phase"] == "done"
    assert world.google_names() == ["Ana Ruiz"]


def test_tokens_of_the_earlier_version_are_read_and_rewritten_by_the_next_run(world: World) -> None:
    path = tokens.path(world.first.sub)
    before = users.load(world.db, world.cipher, world.first.sub).tokens
    as_before(world, path)
    assert not bound(world, path)
    assert users.load(world.db, world.cipher, world.first.sub).tokens == before
    world.forget_calls()
    world.sync()
    assert bound(world, path)
    assert users.load(world.db, world.cipher, world.first.sub).tokens == before != Tokens()
    assert not [path for _, path in world.google_transport.calls if path == "/token"]
    written = world.db.get([path])[path].updated_at
    world.sync()
    assert world.db.get([path])[path].updated_at == written


def test_the_service_administrator_s_tokens_are_rewritten_when_they_are_renewed(world: World) -> None:
    as_before(world, SESSION)
    world.sync(engine=world.make_engine())
    world.clock.advance(hours=2)
    world.sync(engine=world.make_engine())
    assert bound(world, SESSION)


def test_rotating_rewrites_what_the_earlier_version_wrote(world: World) -> None:
    path = tokens.path(world.first.sub)
    as_before(world, path), as_before(world, SESSION)
    assert tokens.outdated_of(world.db, world.cipher, [world.first.sub]) == [world.first.sub]
    assert tokens.rotate(world.db, world.cipher, world.first.sub)
    assert system.rotate_session(world.db, world.cipher)
    assert bound(world, path) and bound(world, SESSION)
    assert tokens.outdated_of(world.db, world.cipher, [world.first.sub]) == []
    assert not tokens.rotate(world.db, world.cipher, world.first.sub)
