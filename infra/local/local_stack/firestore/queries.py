"""Structured queries: which documents, in which order, from which cursor on.

Three ways lead to the candidates: the equality index of one condition, a stretch of an ordered index, or all
documents of the collection. The one with the fewest candidates is taken; the other conditions are tested on
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import Any

from .conditions import Condition, conjuncts, inequality_paths
from .errors import invalid_argument
from .fields import NAME, field_key
from .indexes import Bounds, EqualityIndex
from .protos import DESCENDING, Document, StructuredQuery
from .storage import Collection, Documents
from .values import Key, sort_key


@dataclass(frozen=True)
class Cursor:
    """A position in the result order: keys of its first fields, before or after what equals them."""

    keys: tuple[Key, ...]
    before: bool


@dataclass(frozen=True)
class Order:
    """One field of the result order."""

    path: str
    descending: bool


@dataclass(frozen=True)
class Query:
    """A structured query, ready to run."""

    conditions: list[Condition]
    orders: list[Order]
    start: Cursor | None
    end: Cursor | None
    offset: int
    limit: int | None

    @property
    def stop(self) -> int | None:
        """How many matching documents, from the first, can be part of the answer; None: all."""
        return None if self.limit is None else self.offset + self.limit

    @property
    def index_order(self) -> str:
        """The field whose ordered index alone gives the result order; empty where none does."""
        first, *rest = self.orders
        if first.path == NAME or rest == [Order(NAME, first.descending)]:
            return first.path
        return ""


def compiled(query: StructuredQuery) -> Query:
    """The query with its implied orders; refuses what Firestore refuses."""
    orders = [Order(order.field.field_path, order.direction == DESCENDING) for order in query.order_by]
    descending = orders[-1].descending if orders else False
    named = {order.path for order in orders}
    implied = sorted(set(inequality_paths(query.where)) - named)
    orders += [Order(path, descending) for path in implied]
    if NAME not in {order.path for order in orders}:
        orders.append(Order(NAME, descending))
    if query.offset < 0 or query.limit.value < 0:
        raise invalid_argument("offset and limit must not be negative")
    return Query(
        conditions=conjuncts(query.where),
        orders=orders,
        start=_cursor(query.start_at, orders) if query.HasField("start_at") else None,
        end=_cursor(query.end_at, orders) if query.HasField("end_at") else None,
        offset=query.offset,
        limit=query.limit.value if query.HasField("limit") else None,
    )


def selected(documents: Documents, parent: str, query: StructuredQuery) -> list[Collection]:
    """The collections that the query is about."""
    if len(query.from_) != 1:
        raise invalid_argument("A query must name exactly one collection")
    source = query.from_[0]
    if source.all_descendants:
        return documents.group(source.collection_id, parent)
    return [documents.collection(f"{parent}/{source.collection_id}")]


def results(collections: list[Collection], query: Query) -> list[Document]:
    """The documents that match, in order, from the offset to the limit."""
    if len(collections) == 1:
        way = _best_way(collections[0], query)
        found = _matching(way.documents(), query, way.used)
        if way.in_order:
            return list(islice(found, query.offset, query.stop))
    else:
        found = (document for collection in collections for document in matching(collection, query))
    return _in_order(found, query, one_collection=len(collections) == 1)


def matching(collection: Collection, query: Query) -> Iterator[Document]:
    """The documents of one collection that match, in no particular order, offset and limit disregarded."""
    way = _best_way(collection, query)
    return _matching(way.documents(), query, way.used)


def scanned(collections: list[Collection], query: Query) -> list[Document]:
    """The same answer as `results` without any index: the yardstick that indexes are tested against."""
    everything = (document for collection in collections for document in collection.documents.values())
    return _in_order(_matching(everything, query, used=()), query, one_collection=False)


@dataclass(frozen=True)
class _Way:
    """A way to candidates: how many there are, what they are, and which conditions they fulfil already."""

    cost: int
    documents: Callable[[], Iterable[Document]]
    used: tuple[Condition, ...] = ()
    in_order: bool = False


def _best_way(collection: Collection, query: Query) -> _Way:
    return min(_ways(collection, query), key=attrgetter("cost"))


def _ways(collection: Collection, query: Query) -> Iterator[_Way]:
    if query.index_order:
        yield _ordered_way(collection, query)
    for condition in query.conditions:
        if condition.within is not None and condition.path != query.index_order:
            yield _range_way(collection, condition)
        elif condition.equal_to is not None:
            yield _equality_way(
                collection, collection.by_value(condition.path), condition, condition.equal_to
            )
        elif condition.contains is not None:
            yield _equality_way(
                collection, collection.by_element(condition.path), condition, condition.contains
            )
    yield _Way(len(collection.documents), collection.documents.values)


def _equality_way(
    collection: Collection, index: EqualityIndex, condition: Condition, keys: tuple[Key, ...]
) -> _Way:
    def documents() -> Iterator[Document]:
        return map(collection.documents.__getitem__, index.find(keys))

    return _Way(index.size(keys), documents, (condition,))


def _range_way(collection: Collection, condition: Condition) -> _Way:
    index = collection.in_order(condition.path)
    stretch = index.stretch([condition.within] if condition.within else [])
    return _Way(
        len(stretch), lambda: (collection.documents[index.at(place)] for place in stretch), (condition,)
    )


def _ordered_way(collection: Collection, query: Query) -> _Way:
    path, descending = query.index_order, query.orders[0].descending
    index = collection.in_order(path)
    used = tuple(condition for condition in query.conditions if condition.path == path and condition.within)
    bounds = [condition.within for condition in used if condition.within]
    for cursor, is_lower in ((query.start, not descending), (query.end, descending)):
        if cursor and cursor.keys:
            bounds.append(Bounds(low=cursor.keys[0]) if is_lower else Bounds(high=cursor.keys[0]))
    stretch = index.stretch(bounds)
    cost = len(stretch)
    if query.stop is not None and len(used) == len(query.conditions):
        cost = min(cost, query.stop)
    places = reversed(stretch) if descending else iter(stretch)
    return _Way(
        cost, lambda: (collection.documents[index.at(place)] for place in places), used, in_order=True
    )


def _matching(
    candidates: Iterable[Document], query: Query, used: tuple[Condition, ...]
) -> Iterator[Document]:
    """The candidates that fulfil the other conditions, have the fields of the order, lie between cursors."""
    tests = [condition.matches for condition in query.conditions if condition not in used]
    paths = [order.path for order in query.orders if order.path != NAME]
    if not (tests or paths or query.start or query.end):
        yield from candidates
        return
    for document in candidates:
        if not all(test(document) for test in tests):
            continue
        if any(field_key(document, path) is None for path in paths):
            continue
        if query.start and _compared(document, query, query.start) < (0 if query.start.before else 1):
            continue
        if query.end and _compared(document, query, query.end) > (-1 if query.end.before else 0):
            continue
        yield document


def _compared(document: Document, query: Query, cursor: Cursor) -> int:
    """-1, 0, 1: the document comes before, with, after what the cursor's keys name, in the result order."""
    for order, wanted in zip(query.orders, cursor.keys, strict=False):
        key: Any = field_key(document, order.path)
        if key != wanted:
            return -1 if (key < wanted) != order.descending else 1
    return 0


def _in_order(found: Iterable[Document], query: Query, one_collection: bool) -> list[Document]:
    ordered = list(found)
    for order in reversed(query.orders):
        if order.path == NAME and one_collection:
            ordered.sort(key=attrgetter("name"), reverse=order.descending)
        else:
            ordered.sort(key=_order_key(order.path), reverse=order.descending)
    return ordered[query.offset : query.stop]


def _order_key(path: str) -> Callable[[Document], Any]:
    return lambda document: field_key(document, path)


def _cursor(cursor: StructuredQuery, orders: list[Order]) -> Cursor:
    if len(cursor.values) > len(orders):
        raise invalid_argument("A cursor has more values than the query has orders")
    return Cursor(tuple(sort_key(value) for value in cursor.values), cursor.before)
