"""Firestore's backups: how far back an administrator can have the data again, with what encrypted it then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from google.api_core import exceptions
from google.cloud.firestore_admin_v1 import FirestoreAdminClient

from ..errors import TransientForAll

VERSIONS = timedelta(days=7)
"""How long Firestore keeps every version of a document where point-in-time recovery is on."""
_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup: of which moment it is, and when it ends."""

    taken: datetime
    until: datetime


def backups(client: FirestoreAdminClient, project: str) -> list[Backup]:
    """Every backup that a project has, of whichever database: one that was restored goes by another name.

    Raises TransientForAll, and GoogleAPICallError where a right is missing.
    """
    try:
        found = client.list_backups(parent=f"projects/{project}/locations/-", timeout=_TIMEOUT)
    except (exceptions.ServerError, exceptions.TooManyRequests, exceptions.RetryError) as error:
        raise TransientForAll(
            "firestore_unavailable", f"Firestore answered {type(error).__name__}"
        ) from error
    if found.unreachable:
        where = ", ".join(found.unreachable)
        raise TransientForAll("firestore_unavailable", f"Firestore does not know its backups in {where}")
    answered: list[Any] = list(
        found.backups
    )  # its times are datetimes, whatever the library's annotations say
    return [
        Backup(backup.snapshot_time, backup.expire_time)
        for backup in answered
        if backup.snapshot_time and backup.expire_time
    ]


def keeps_until(unused_since: datetime, kept: Sequence[Backup]) -> datetime:
    """Until when what was there before that time can still be had again."""
    return max([unused_since + VERSIONS, *(backup.until for backup in kept if backup.taken <= unused_since)])
