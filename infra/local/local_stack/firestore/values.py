"""Firestore's order of values as Python tuples: `sort_key(a) < sort_key(b)` exactly if `a` sorts before `b`.

Keys of equal values are equal and hash alike (1 and 1.0 are one value to Firestore), so they serve as
dictionary keys. The first item is the rank of the type; a range filter never leaves the rank of its operand.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from .protos import Value

Key: TypeAlias = tuple[Any, ...]

NULL, BOOLEAN, NUMBER, TIMESTAMP, STRING, BYTES, REFERENCE, GEO_POINT, ARRAY, MAP = range(10)
NULL_KEY: Key = (NULL,)
NAN_KEY: Key = (NUMBER, 0)
LOWEST_NUMBER_KEY: Key = (NUMBER, 1)


def reference_key(name: str) -> Key:
    """Documents are ordered segment by segment, so a parent comes right before what is below it."""
    return (REFERENCE, *name.split("/"))


def sort_key(value: Value) -> Key:
    """The place of a value in Firestore's order of all values."""
    kind = value.WhichOneof("value_type")
    if kind == "string_value":
        return (STRING, value.string_value)
    if kind == "integer_value":
        return (NUMBER, 1, value.integer_value)
    if kind == "timestamp_value":
        return (TIMESTAMP, value.timestamp_value.seconds, value.timestamp_value.nanos)
    if kind == "boolean_value":
        return (BOOLEAN, value.boolean_value)
    if kind is None or kind == "null_value":
        return NULL_KEY
    if kind == "double_value":
        number = value.double_value
        return NAN_KEY if number != number else (NUMBER, 1, number)
    if kind == "bytes_value":
        return (BYTES, value.bytes_value)
    if kind == "reference_value":
        return reference_key(value.reference_value)
    if kind == "geo_point_value":
        return (GEO_POINT, value.geo_point_value.latitude, value.geo_point_value.longitude)
    if kind == "array_value":
        return (ARRAY, *(sort_key(item) for item in value.array_value.values))
    fields = value.map_value.fields
    return (MAP, *((name, sort_key(fields[name])) for name in sorted(fields)))
