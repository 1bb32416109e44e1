"""Look-ups of many documents at once, in as few calls as Firestore allows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from .database import Database, Document, Query

_VALUES_PER_QUERY = 30
_DOCUMENTS_PER_READ = 1000


def read_all(db: Database, paths: Iterable[str]) -> list[Document]:
    """The documents that exist."""
    return [document for some in _split(paths, _DOCUMENTS_PER_READ) for document in db.get(some).values()]


def with_any(
    db: Database, collection: str, field: str, operator: str, values: Iterable[str]
) -> list[Document]:
    """The documents whose field is (`in`) or contains (`array_contains_any`) any of the values, each once."""
    wanted = list(dict.fromkeys(values))
    queries = [Query(collection, ((field, operator, some),)) for some in _split(wanted, _VALUES_PER_QUERY)]
    found = {document.path: document for documents in db.queries(queries) for document in documents}
    return list(found.values())


def _split(items: Iterable[str], size: int) -> list[Sequence[str]]:
    remaining = iter(dict.fromkeys(items))
    return list(iter(lambda: list(islice(remaining, size)), []))
