"""system/sugar_users/links/{sugar_user_id}: when a Sugar user was last linked to a Google account.

A Sugar user belongs to one account. Whoever links one writes this document under the condition that it is as it was
before the search for another account that has the Sugar user: of two who do so at once, one is refused. It says
nothing about who has the Sugar user; the users themselves do.
"""

from __future__ import annotations

from datetime import datetime

from . import users
from .database import Database
from .documents import document_id
from .write import Kind, Write


def claim(db: Database, sugar_user_id: str, user_id: str, at: datetime) -> Write | None:
    """The write to commit together with this user's link; None: another user has the Sugar user."""
    path = f"system/sugar_users/links/{document_id(sugar_user_id)}"
    found = db.get([path]).get(path)
    if others(db, sugar_user_id, user_id):
        return None
    data = {"linked_at": at}
    return Write(path, Kind.SET, data, found.updated_at) if found else Write(path, Kind.CREATE, data)


def others(db: Database, sugar_user_id: str, user_id: str) -> list[str]:
    """The other users who are this Sugar user."""
    return [other for other in users.by_sugar_user(db, sugar_user_id) if other != user_id]
