"""Firestore's backups, as its own client library tells them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from google.api_core.exceptions import PermissionDenied
from google.cloud.firestore_admin_v1 import FirestoreAdminClient
from google.cloud.firestore_admin_v1.services.firestore_admin.transports import FirestoreAdminGrpcTransport
from google.cloud.firestore_admin_v1.types import backup, firestore_admin

from contact_sync.errors import TransientForAll
from contact_sync.store.backups import Backup, backups, keeps_until

NOW = datetime(2026, 11, 29, tzinfo=UTC)
DAY = timedelta(days=1)


class Google:
    """What Google would answer."""

    def __init__(self) -> None:
        self.asked = ""
        self.backups: list[backup.Backup] = []
        self.unreachable: list[str] = []
        self.refuses: grpc.StatusCode | None = None

    def list_backups(
        self, request: firestore_admin.ListBackupsRequest, context: grpc.ServicerContext
    ) -> firestore_admin.ListBackupsResponse:
        self.asked = request.parent
        if self.refuses:
            context.abort(self.refuses, "no")
        return firestore_admin.ListBackupsResponse(backups=self.backups, unreachable=self.unreachable)


@pytest.fixture
def google() -> Google:
    return Google()


@pytest.fixture
def client(google: Google) -> Iterator[FirestoreAdminClient]:
    handler = grpc.unary_unary_rpc_method_handler(
        google.list_backups,
        firestore_admin.ListBackupsRequest.deserialize,
        firestore_admin.ListBackupsResponse.serialize,
    )
    server = grpc.server(ThreadPoolExecutor(2))
    service = "google.firestore.admin.v1.FirestoreAdmin"
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {"ListBackups": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    yield FirestoreAdminClient(transport=FirestoreAdminGrpcTransport(channel=channel))
    channel.close()
    server.stop(None)


def test_the_backups_of_all_of_a_projects_locations_and_databases_count(
    client: FirestoreAdminClient, google: Google
) -> None:
    google.backups = [
        backup.Backup(
            name=f"projects/p/locations/eur3/backups/{name}",
            database=f"projects/p/databases/{database}",
            snapshot_time=NOW - age * DAY,
            expire_time=NOW + left * DAY,
        )
        for name, database, age, left in (("a", "(default)", 20, 8), ("b", "restored", 1, 27))
    ]
    assert backups(client, "p") == [
        Backup(NOW - 20 * DAY, NOW + 8 * DAY),
        Backup(NOW - DAY, NOW + 27 * DAY),
    ]
    assert google.asked == "projects/p/locations/-"


def test_where_some_could_not_be_asked_nothing_is_concluded(
    client: FirestoreAdminClient, google: Google
) -> None:
    google.unreachable = ["projects/p/locations/eur3"]
    with pytest.raises(TransientForAll):
        backups(client, "p")


@pytest.mark.parametrize(
    "code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.RESOURCE_EXHAUSTED]
)
def test_that_google_is_away_is_said(
    client: FirestoreAdminClient, google: Google, code: grpc.StatusCode
) -> None:
    google.refuses = code
    with pytest.raises(TransientForAll):
        backups(client, "p")


def test_a_right_that_is_missing_is_the_callers_to_tell(client: FirestoreAdminClient, google: Google) -> None:
    google.refuses = grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(PermissionDenied):
        backups(client, "p")


def test_what_was_there_can_be_had_until_the_last_backup_from_then_ends_and_for_a_week_at_least() -> None:
    older, newer = Backup(NOW - DAY, NOW + 27 * DAY), Backup(NOW + DAY, NOW + 99 * DAY)
    assert keeps_until(NOW, []) == NOW + 7 * DAY
    assert keeps_until(NOW, [newer]) == NOW + 7 * DAY
    assert keeps_until(NOW, [newer, older]) == NOW + 27 * DAY
    assert keeps_until(NOW, [Backup(NOW, NOW + 8 * DAY)]) == NOW + 8 * DAY
