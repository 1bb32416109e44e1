"""What kinds of queries were asked: production serves some only with an index that somebody defined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .conditions import CONTAINMENTS, inequality_paths
from .fields import NAME
from .protos import Filter, StructuredQuery
from .queries import Order, compiled


@dataclass(frozen=True)
class QueryShape:
    """A query without its values: collection id, fields compared, arrays searched, result order.

    The order holds the fields of ranges too, not the document's name. `group`: all collections of that id.
    """

    collection: str
    group: bool
    equal: frozenset[str]
    contains: frozenset[str]
    orders: tuple[Order, ...]

    @property
    def needs_index(self) -> bool:
        """Whether the automatic single-field indexes do not do.

        They serve one collection, by any equalities and array searches, or by the order of one field alone;
        collection groups have none.
        """
        fields = self.equal | self.contains | {order.path for order in self.orders}
        if self.group:
            return bool(fields)
        return bool(self.orders) and len(fields) > 1


def shape_of(query: StructuredQuery) -> QueryShape:
    """The shape of a query that names one collection."""
    source = query.from_[0]
    return QueryShape(
        collection=source.collection_id,
        group=source.all_descendants,
        equal=frozenset(_filtered(query.where, contains=False)) - set(inequality_paths(query.where)) - {NAME},
        contains=frozenset(_filtered(query.where, contains=True)),
        orders=tuple(order for order in compiled(query).orders if order.path != NAME),
    )


def _filtered(where: Filter, contains: bool) -> Iterator[str]:
    kind = where.WhichOneof("filter_type")
    if kind == "composite_filter":
        for part in where.composite_filter.filters:
            yield from _filtered(part, contains)
    elif kind == "unary_filter" and not contains:
        yield where.unary_filter.field.field_path
    elif kind == "field_filter" and (where.field_filter.op in CONTAINMENTS) == contains:
        yield where.field_filter.field.field_path
