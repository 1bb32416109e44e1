"""Pages of a query: an opaque cursor says where the next one begins."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from .database import Database, Document, Query
from .wire import DOCUMENT_ID


class InvalidCursor(ValueError):
    """A cursor that no page of ours handed out."""


def page(db: Database, query: Query, cursor: str | None, limit: int) -> tuple[list[Document], str | None]:
    """Up to `limit` documents after the cursor, and the cursor of the next page (None: this was the last).

    The query must order by values that are times or texts, and last by `__name__`.
    """
    start = _read(cursor, query.order_by) if cursor else None
    documents = db.query(replace(query, start_after=start, limit=limit + 1))
    if len(documents) <= limit:
        return documents, None
    shown = documents[:limit]
    return shown, _written(order_values(query, shown[-1]))


def order_values(query: Query, document: Document) -> tuple[Any, ...]:
    """Where a document stands in the query's order."""
    names = (order.removeprefix("-") for order in query.order_by)
    return tuple(document.id if name == DOCUMENT_ID else document.data[name] for name in names)


def every(db: Database, query: Query, page_size: int = 2000) -> list[Document]:
    """All documents of a query, read page by page so that no single call grows with the collection."""
    documents: list[Document] = []
    start = None
    while True:
        found = db.query(replace(query, start_after=start, limit=page_size))
        documents += found
        if len(found) < page_size:
            return documents
        start = order_values(query, found[-1])


def _written(values: tuple[Any, ...]) -> str:
    items = [{"time": value.isoformat()} if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(items).encode()).decode()


def _read(cursor: str, order_by: Sequence[str]) -> tuple[Any, ...]:
    try:
        items = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        values = tuple(_moment(item["time"]) if isinstance(item, dict) else item for item in items)
        fits = len(values) == len(order_by) and all(isinstance(value, str | datetime) for value in values)
        "".join(value for value in values if isinstance(value, str)).encode()
    except (binascii.Error, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidCursor("Unknown cursor") from error
    if not fits or not all(
        _is_document(value)
        for name, value in zip(order_by, values, strict=True)
        if name.removeprefix("-") == DOCUMENT_ID
    ):
        raise InvalidCursor("Unknown cursor")
    return values


def _moment(text: str) -> datetime:
    """A moment that can be sent. Raises ValueError or OverflowError for one that nobody stores."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a time zone")
    return moment.astimezone(UTC)


def _is_document(value: Any) -> bool:
    """Whether Firestore takes this for the last part of a document's name."""
    reserved = value in (".", "..") or (isinstance(value, str) and value.startswith("__"))
    return isinstance(value, str) and bool(value) and "/" not in value and not reserved
