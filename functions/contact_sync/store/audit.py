"""system/audit/entries/{id}: what an administrator's command or a sign-in changed, and by whom. Kept for a year."""

from __future__ import annotations

from datetime import timedelta

from .documents import as_data, document_id
from .records import AuditEntry
from .write import Kind, Write

COLLECTION = "system/audit/entries"
KEPT = timedelta(days=365)


def put(entry: AuditEntry) -> Write:
    """One entry, to be committed with what it tells of."""
    data = as_data(entry, without=("id",)) | {"expire_at": entry.at + KEPT}
    return Write(f"{COLLECTION}/{document_id(entry.id)}", Kind.CREATE, data)
