"""Values, writes and queries as Firestore's protobuf messages, and back.

The client library's own conversion goes through wrapped messages, costs several times as much per document,
and knows no condition on replacing a document; so messages are filled here and the library's generated client
sends them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud.firestore_v1.types import document, query
from google.cloud.firestore_v1.types import write as write_types
from google.protobuf.timestamp_pb2 import Timestamp

from .write import Kind, Remove, Write

DOCUMENT_ID = "__name__"
"""The pseudo field that orders by document id."""
NESTED = "[]"
"""Firestore holds no list directly in a list: the inner one is kept in a map under this key."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A value of a kind that no document of ours holds, put there by hand: that document alone cannot be read."""

    kind: str

    def __str__(self) -> str:
        return f"a {self.kind}, which is not stored by this program"


_Value = document.Value.pb()
_Write = write_types.Write.pb()
_StructuredQuery = query.StructuredQuery.pb()
_Operator = query.StructuredQuery.FieldFilter.Operator
_Direction = query.StructuredQuery.Direction
_IS_NULL = query.StructuredQuery.UnaryFilter.Operator.IS_NULL
_AND = query.StructuredQuery.CompositeFilter.Operator.AND
_OPERATORS = {
    "==": _Operator.EQUAL,
    "!=": _Operator.NOT_EQUAL,
    "<": _Operator.LESS_THAN,
    "<=": _Operator.LESS_THAN_OR_EQUAL,
    ">": _Operator.GREATER_THAN,
    ">=": _Operator.GREATER_THAN_OR_EQUAL,
    "in": _Operator.IN,
    "array_contains": _Operator.ARRAY_CONTAINS,
    "array_contains_any": _Operator.ARRAY_CONTAINS_ANY,
}
_AS_THEY_ARE = frozenset(("string_value", "boolean_value", "integer_value", "double_value"))
_SIMPLE_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")


@dataclass(frozen=True, slots=True)
class Query:
    """Documents of one collection, or with `everywhere` of all collections of that name.

    `where` holds (field, operator, value), all of which must hold. `order_by` names fields, "-" in front for
    descending; `start_after` gives the values of those fields after which the result begins (the document's
    id for `__name__`). `fields` limits what is read; `()` reads ids only.
    """

    collection: str
    where: tuple[tuple[str, str, Any], ...] = ()
    order_by: tuple[str, ...] = ()
    limit: int | None = None
    start_after: tuple[Any, ...] | None = None
    fields: tuple[str, ...] | None = None
    everywhere: bool = False


def fill(message: Any, value: Any) -> None:
    """Put a Python value into an empty `Value` message."""
    if value is None:
        message.null_value = 0
    elif isinstance(value, str):
        _fill_text(message, value)
    elif isinstance(value, bool):
        message.boolean_value = value
    elif isinstance(value, int):
        message.integer_value = value
    elif isinstance(value, float):
        message.double_value = value
    elif isinstance(value, datetime):
        message.timestamp_value.CopyFrom(timestamp(value))
    elif isinstance(value, Mapping):
        message.map_value.SetInParent()
        fill_fields(message.map_value.fields, value)
    elif isinstance(value, list | tuple):
        message.array_value.SetInParent()
        for item in value:
            inner = {NESTED: item} if isinstance(item, list | tuple) else item
            fill(message.array_value.values.add(), inner)
    else:
        raise TypeError(f"Firestore cannot hold a {type(value).__name__}")


def fill_fields(fields: Any, data: Mapping[str, Any]) -> None:
    """Put a mapping's values into the fields of a document or map."""
    for name, value in data.items():
        fill(fields[name], value)


def read(message: Any) -> Any:
    """The Python value of a `Value` message; times as aware UTC datetimes."""
    kind = message.WhichOneof("value_type")
    if kind in _AS_THEY_ARE:
        return getattr(message, kind)
    if kind == "null_value":
        return None
    if kind == "timestamp_value":
        return message.timestamp_value.ToDatetime(tzinfo=UTC)
    if kind == "map_value":
        held = read_fields(message.map_value.fields)
        return held[NESTED] if len(held) == 1 and NESTED in held else held
    if kind == "array_value":
        return [read(item) for item in message.array_value.values]
    return Foreign(str(kind).removesuffix("_value"))


def read_fields(fields: Any) -> dict[str, Any]:
    """The fields of a document or map."""
    return {name: read(message) for name, message in fields.items()}


def timestamp(moment: datetime) -> Timestamp:
    """A moment for the wire; one that Firestore handed out keeps every digit. A naive one is a bug."""
    if moment.tzinfo is None:
        raise ValueError("A time without a time zone cannot be stored")
    if isinstance(moment, DatetimeWithNanoseconds):
        exact: Timestamp = moment.timestamp_pb()  # type: ignore[no-untyped-call]
        return exact
    message = Timestamp()
    message.FromDatetime(moment.astimezone(UTC))
    return message


def write_message(write: Write, root: str) -> Any:
    """The `Write` message; `root` is the database's documents path."""
    message = _Write()
    name = f"{root}/{write.path}"
    if write.kind is Kind.DELETE:
        message.delete = name
    else:
        message.update.name = name
        data = write.data or {}
        if write.kind is Kind.UPDATE:
            _fill_update(message, data)
        else:
            fill_fields(message.update.fields, data)
    if write.if_updated_at is not None:
        message.current_document.update_time.CopyFrom(timestamp(write.if_updated_at))
    elif write.kind in (Kind.CREATE, Kind.UPDATE):
        message.current_document.exists = write.kind is Kind.UPDATE
    return message


def query_message(wanted: Query, parent: str) -> Any:
    """The `StructuredQuery` message; `parent` is the path of the document above the collection."""
    message = _StructuredQuery()
    name = wanted.collection.rpartition("/")[2]
    message.from_.add(collection_id=name, all_descendants=wanted.everywhere)
    _fill_conditions(message.where, wanted.where)
    for order in wanted.order_by:
        direction = _Direction.DESCENDING if order.startswith("-") else _Direction.ASCENDING
        message.order_by.add(direction=direction).field.field_path = order.removeprefix("-")
    if wanted.start_after is not None:
        for order, value in zip(wanted.order_by, wanted.start_after, strict=True):
            bound = message.start_at.values.add()
            if order.removeprefix("-") == DOCUMENT_ID:
                bound.reference_value = f"{parent}/{name}/{value}"
            else:
                fill(bound, value)
    if wanted.limit is not None:
        message.limit.value = wanted.limit
    if wanted.fields is not None:
        for field in wanted.fields or (DOCUMENT_ID,):
            message.select.fields.add(field_path=field)
    return message


def below_message(after: str, limit: int, fields: Iterable[str] | None) -> Any:
    """The `StructuredQuery` message for whatever is below a document, by name; `after` is the last name seen."""
    message = _StructuredQuery()
    message.from_.add(all_descendants=True)
    message.order_by.add(direction=_Direction.ASCENDING).field.field_path = DOCUMENT_ID
    if after:
        message.start_at.values.add().reference_value = after
    message.limit.value = limit
    if fields is not None:
        for field in tuple(fields) or (DOCUMENT_ID,):
            message.select.fields.add(field_path=field)
    return message


def _fill_text(message: Any, text: str) -> None:
    try:
        message.string_value = str(text)
    except UnicodeEncodeError:
        # JSON can carry halves of surrogate pairs, which no UTF-8 text can.
        message.string_value = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _fill_update(message: Any, data: Mapping[str, Any]) -> None:
    message.update_mask.SetInParent()
    for path, value in data.items():
        names = path.split(".")
        message.update_mask.field_paths.append(".".join(map(_quoted, names)))
        if isinstance(value, Remove):
            continue
        fields = message.update.fields
        for name in names[:-1]:
            fields = fields[name].map_value.fields
        fill(fields[names[-1]], value)


def _quoted(name: str) -> str:
    if _SIMPLE_NAME.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def _fill_conditions(message: Any, where: Sequence[tuple[str, str, Any]]) -> None:
    if len(where) == 1:
        _fill_condition(message, *where[0])
    elif where:
        message.composite_filter.op = _AND
        for condition in where:
            _fill_condition(message.composite_filter.filters.add(), *condition)


def _fill_condition(message: Any, field: str, operator: str, value: Any) -> None:
    if value is None and operator == "==":
        message.unary_filter.op = _IS_NULL
        message.unary_filter.field.field_path = field
        return
    message.field_filter.op = _OPERATORS[operator]
    message.field_filter.field.field_path = field
    fill(message.field_filter.value, value)


def mask(fields: Iterable[str]) -> dict[str, list[str]]:
    """A document mask."""
    return {"field_paths": list(fields)}
