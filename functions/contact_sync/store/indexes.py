"""The indexes the queries of this package need, and the fields that need none. `infra/` creates just these.

Queries over one field, and equalities without an order, are served by Firestore's automatic single-field
indexes. The tests record every query that the modules here issue and hold this list against them, because
neither Google's emulator nor the local stand-in ever misses an index.
"""

from __future__ import annotations

from dataclasses import dataclass

ASCENDING = "ASCENDING"
DESCENDING = "DESCENDING"
CONTAINS = "CONTAINS"


@dataclass(frozen=True, slots=True)
class Index:
    """A composite index over the documents of all collections of this name, one collection at a time."""

    collection: str
    fields: tuple[tuple[str, str], ...]
    """(field, ASCENDING, DESCENDING or CONTAINS); `__name__` is appended in the last one's direction."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the documents in all collections of this name."""

    collection: str
    name: str


COMPOSITE: tuple[Index, ...] = (
    Index("mappings", (("state", ASCENDING), ("name", ASCENDING))),
    Index("mappings", (("state", ASCENDING), ("google_id", ASCENDING))),
    Index("mappings", (("state", ASCENDING), ("due_at", ASCENDING))),
    Index("history", (("state", ASCENDING), ("at", DESCENDING))),
    Index("history", (("state", ASCENDING), ("run", ASCENDING), ("at", DESCENDING))),
    Index("history", (("state", ASCENDING), ("contact_ids", CONTAINS), ("at", DESCENDING))),
    Index(
        "history",
        (("state", ASCENDING), ("run", ASCENDING), ("contact_ids", CONTAINS), ("at", DESCENDING)),
    ),
    Index("backlog", (("cause", ASCENDING), ("since", DESCENDING))),
    Index("backlog", (("group", ASCENDING), ("since", DESCENDING))),
    Index("backlog", (("cause", ASCENDING), ("group", ASCENDING), ("since", DESCENDING))),
)

ACROSS_USERS: tuple[Field, ...] = (Field("mappings", "sugar_id"),)
"""Fields asked for in all users' collections at once: they need an ascending index of collection group scope
besides the automatic ones."""

NOT_INDEXED: tuple[Field, ...] = (
    Field("users", "settings"),
    Field("users", "cursors"),
    Field("users", "deletions"),
    Field("users", "last_run"),
    Field("users", "proof"),
    Field("mappings", "base"),
    Field("mappings", "held"),
    Field("mappings", "seen"),
    Field("mappings", "flips"),
    Field("mappings", "expire_at"),
    Field("history", "before"),
    Field("history", "changes"),
    Field("history", "expire_at"),
    Field("backlog", "records"),
    Field("backlog", "message"),
    Field("private", "ids"),
    Field("runs", "counts"),
    Field("runs", "expire_at"),
    Field("previews", "counts"),
    Field("previews", "moved"),
    Field("previews", "expire_at"),
    Field("actions", "before"),
    Field("actions", "after"),
    Field("actions", "changes"),
    Field("actions", "expire_at"),
    Field("entries", "expire_at"),
    Field("reservations", "creates"),
    Field("reservations", "expire_at"),
)
"""Fields exempt from automatic indexes: maps and texts that nothing asks for, and times that only rise."""

EXPIRING: tuple[Field, ...] = (
    Field("mappings", "expire_at"),
    Field("history", "expire_at"),
    Field("runs", "expire_at"),
    Field("previews", "expire_at"),
    Field("actions", "expire_at"),
    Field("entries", "expire_at"),
    Field("reservations", "expire_at"),
)
"""Fields with a time-to-live policy."""
