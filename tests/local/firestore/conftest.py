"""One contract for the stand-in in process, the stand-in over a socket, and Google's own emulator."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from tests.firestore_emulator import firestore_emulator

from local_stack.firestore import FirestoreStandIn, in_process_client

__all__ = ["firestore_emulator"]

Open = Callable[..., firestore.Client]


@pytest.fixture(scope="module")
def listening() -> Iterator[str]:
    """Host and port of a stand-in that listens; its projects are isolated from each other."""
    standin = FirestoreStandIn()
    yield f"127.0.0.1:{standin.serve()}"
    standin.stop()


@pytest.fixture(params=["in_process", "socket", "emulator"])
def open_database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens databases of one project that nobody else uses, by name."""
    project = f"p{uuid.uuid4().hex[:20]}"
    if request.param == "in_process":
        standin = FirestoreStandIn()
        yield lambda database="(default)": in_process_client(standin, project, database)
        return
    host = request.getfixturevalue("listening" if request.param == "socket" else "firestore_emulator")
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
    clients: list[firestore.Client] = []

    def connected(database: str = "(default)") -> firestore.Client:
        client = firestore.Client(project=project, credentials=AnonymousCredentials(), database=database)
        clients.append(client)
        return client

    yield connected
    for client in clients:
        client.close()


@pytest.fixture
def db(open_database: Open) -> firestore.Client:
    """An empty database."""
    return open_database()


@pytest.fixture
def standin() -> FirestoreStandIn:
    """A stand-in in memory."""
    return FirestoreStandIn()


@pytest.fixture
def local(standin: FirestoreStandIn) -> firestore.Client:
    """A database of `standin`, in process."""
    return in_process_client(standin)
