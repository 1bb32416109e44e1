"""The store on the local stand-in always, and on Google's emulator where it is installed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from tests.firestore_emulator import firestore_emulator

from contact_sync.store.cipher import Cipher
from contact_sync.store.database import Database
from local_stack.firestore import FirestoreStandIn, in_process_client

__all__ = ["firestore_emulator"]

Connect = Callable[[], firestore.Client]


@pytest.fixture(params=["stand-in", "emulator"])
def connect(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Opens a client on an empty database each time it is called."""
    if request.param == "stand-in":
        yield lambda: in_process_client(FirestoreStandIn())
        return
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", request.getfixturevalue("firestore_emulator"))
    clients = []

    def connected() -> firestore.Client:
        project = f"t-{uuid.uuid4().hex}"
        clients.append(firestore.Client(project=project, credentials=AnonymousCredentials()))  # type: ignore[no-untyped-call]
        return clients[-1]

    yield connected
    for client in clients:
        client.close()  # type: ignore[no-untyped-call]


@pytest.fixture
def db(connect: Connect) -> Database:
    """An empty database."""
    return Database(connect())


@pytest.fixture
def standin() -> FirestoreStandIn:
    """The stand-in itself, for tests of what is sent to Firestore."""
    return FirestoreStandIn()


@pytest.fixture
def counted(standin: FirestoreStandIn) -> Database:
    """A database on `standin`, whose calls it counts."""
    return Database(in_process_client(standin), sleep=lambda _seconds: None)


@pytest.fixture
def cipher() -> Cipher:
    """A key ring with one key."""
    return Cipher([("k1", bytes(range(32)))])
