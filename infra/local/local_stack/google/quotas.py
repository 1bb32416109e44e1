"""Quotas per minute (or day) and user, with the costs that Google's guide states per method."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from . import errors
from .errors import Json
from .knobs import Knobs

# bucket: title, limit, metric, seconds of its window
_BUCKETS: dict[str, tuple[str, str, str, int]] = {
    "critical_read": (
        "Critical read requests",
        "CriticalReadsPerMinutePerProjectPerUser",
        "critical_read_requests",
        60,
    ),
    "critical_write": (
        "Critical write requests",
        "CriticalWritesPerMinutePerProjectPerUser",
        "critical_write_requests",
        60,
    ),
    "write": ("Write requests", "WritesPerMinutePerProjectPerUser", "write_requests", 60),
    "read": ("Read requests", "ReadsPerMinutePerProjectPerUser", "read_requests", 60),
    "daily_contact_write": (
        "Daily contact writes",
        "DailyContactWritesPerDay",
        "daily_contact_writes",
        86400,
    ),
}
_SINGLE = {"critical_read": 1, "critical_write": 1, "daily_contact_write": 1}
_BATCH = {"critical_read": 6, "critical_write": 6, "daily_contact_write": 200}
_COSTS: dict[str, dict[str, int]] = {
    "people.get": {"critical_read": 1},
    "people.getBatchGet": {"critical_read": 1},
    "people.connections.list": {"critical_read": 1},
    "people.searchContacts": {"critical_read": 1},
    "people.createContact": _SINGLE,
    "people.updateContact": _SINGLE,
    "people.batchCreateContacts": _BATCH,
    "people.batchUpdateContacts": _BATCH,
    "people.deleteContact": {"write": 1},
    "people.batchDeleteContacts": {"write": 10},
    "contactGroups.list": {"read": 1},
    "contactGroups.get": {"read": 1},
    "contactGroups.batchGet": {"read": 1},
    "contactGroups.create": {"write": 1},
    "contactGroups.update": {"write": 1},
    "contactGroups.delete": {"write": 1},
    "contactGroups.members.modify": {"write": 1},
}
_FULL_SYNC_WINDOW = 3600


class QuotaMeter:
    """Counts units per user and bucket in fixed windows."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, str, int], int] = defaultdict(int)

    def charge(self, sub: str, method: str, query: Json, now: datetime, knobs: Knobs) -> None:
        """Count one call; 429 if a bucket with a limit would overflow. A refused call costs nothing."""
        costs = [
            (bucket, units, knobs.quotas[bucket])
            for bucket, units in _COSTS.get(method, {}).items()
            if bucket in knobs.quotas
        ]
        for bucket, units, limit in costs:
            title, name, metric, window = _BUCKETS[bucket]
            if self._used[self._key(sub, bucket, now, window)] + units > limit:
                raise errors.rate_limited(title, name, metric)
        if knobs.full_sync_quota is not None and _begins_full_sync(method, query):
            key = self._key(sub, "full_sync", now, _FULL_SYNC_WINDOW)
            if self._used[key] >= knobs.full_sync_quota:
                raise errors.account_quota_exceeded()
            self._used[key] += 1
        for bucket, units, _ in costs:
            self._used[self._key(sub, bucket, now, _BUCKETS[bucket][3])] += units

    @staticmethod
    def _key(sub: str, bucket: str, now: datetime, window: int) -> tuple[str, str, int]:
        return sub, bucket, int(now.timestamp() // window)


def _begins_full_sync(method: str, query: Json) -> bool:
    return (
        method == "people.connections.list"
        and bool(query.get("requestSyncToken"))
        and not query.get("syncToken")
        and not query.get("pageToken")
    )
