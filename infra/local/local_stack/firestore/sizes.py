"""How large Firestore takes a document to be ("Storage size calculations" in its documentation)."""

from __future__ import annotations

from typing import Any

from .errors import invalid_argument
from .protos import Document, Value

MAX_DOCUMENT_BYTES = 1 << 20
SURELY_SMALL_BYTES = MAX_DOCUMENT_BYTES // 2


def check_size(document: Document) -> None:
    """Refuse a document above 1 MiB."""
    if document.ByteSize() > SURELY_SMALL_BYTES and document_size(document) > MAX_DOCUMENT_BYTES:
        raise invalid_argument(
            f"Document {document.name!r} cannot be written because its size exceeds the maximum allowed "
            f"size of {MAX_DOCUMENT_BYTES:,} bytes."
        )


def document_size(document: Document) -> int:
    """Bytes, the name included."""
    return _name_size(document.name) + _fields_size(document.fields) + 32


def _name_size(name: str) -> int:
    return sum(len(segment.encode()) + 1 for segment in name.split("/")[5:]) + 16


def _fields_size(fields: Any) -> int:
    return sum(len(name.encode()) + 1 + _value_size(fields[name]) for name in fields)


def _value_size(value: Value) -> int:
    kind = value.WhichOneof("value_type")
    if kind == "string_value":
        return len(value.string_value.encode()) + 1
    if kind == "bytes_value":
        return len(value.bytes_value)
    if kind == "reference_value":
        return _name_size(value.reference_value)
    if kind == "map_value":
        return _fields_size(value.map_value.fields)
    if kind == "array_value":
        return sum(_value_size(item) for item in value.array_value.values)
    if kind == "geo_point_value":
        return 16
    return 1 if kind in ("null_value", "boolean_value") else 8
