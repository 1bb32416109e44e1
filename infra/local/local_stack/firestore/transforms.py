"""Field transforms: server timestamp, increment, maximum, minimum, array union and removal."""

from __future__ import annotations

from typing import Any

from google.protobuf import timestamp_pb2

from .protos import Timestamp, Value, new_value
from .values import NUMBER, sort_key

MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1


def transformed(transform: Any, old: Value | None, at: Timestamp) -> Value:
    """The field's value after the transform; `old` is None where the field is absent."""
    kind = transform.WhichOneof("transform_type")
    if kind == "set_to_server_value":
        return new_value(timestamp_value=_whole_milliseconds(at))
    operand = getattr(transform, kind)
    if kind == "append_missing_elements":
        return _union(_elements(old), operand.values)
    if kind == "remove_all_from_array":
        removed = {sort_key(value) for value in operand.values}
        return _array([value for value in _elements(old) if sort_key(value) not in removed])
    if old is None or sort_key(old)[0] != NUMBER:
        return operand
    if kind == "increment":
        return _sum(old, operand)
    larger = sort_key(operand) > sort_key(old)
    smaller = sort_key(operand) < sort_key(old)
    return operand if (larger if kind == "maximum" else smaller) else old


def _whole_milliseconds(at: Timestamp) -> Timestamp:
    """The server timestamp has the precision of milliseconds, other than update times."""
    return timestamp_pb2.Timestamp(seconds=at.seconds, nanos=at.nanos // 1_000_000 * 1_000_000)


def _sum(old: Value, operand: Value) -> Value:
    if old.HasField("integer_value") and operand.HasField("integer_value"):
        total = old.integer_value + operand.integer_value
        return new_value(integer_value=max(MIN_INTEGER, min(MAX_INTEGER, total)))
    return new_value(double_value=float(_number(old)) + float(_number(operand)))


def _number(value: Value) -> float:
    return float(value.integer_value if value.HasField("integer_value") else value.double_value)


def _elements(value: Value | None) -> list[Value]:
    return [] if value is None else list(value.array_value.values)


def _union(present: list[Value], added: list[Value]) -> Value:
    keys = {sort_key(value) for value in present}
    for value in added:
        if sort_key(value) not in keys:
            keys.add(sort_key(value))
            present.append(value)
    return _array(present)


def _array(values: list[Value]) -> Value:
    array = new_value()
    array.array_value.SetInParent()
    array.array_value.values.extend(values)
    return array
