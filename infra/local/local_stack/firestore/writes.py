"""What one write makes of one document: preconditions, masks, limits."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import grpc

from .errors import StatusError, invalid_argument
from .fields import get_field, put_field
from .protos import Document, Timestamp, Value, Write, WriteResult, new_document, new_write_result
from .sizes import check_size
from .transforms import transformed

MAX_ID_BYTES = 1500
MAX_FIELD_NAME_BYTES = 1500
MAX_DEPTH = 20


def document_name(write: Write) -> str:
    """The document that a write is about."""
    operation = write.WhichOneof("operation")
    if operation == "update":
        return str(write.update.name)
    if operation in ("delete", "transform"):
        return str(write.delete if operation == "delete" else write.transform.document)
    raise invalid_argument("A write must name an operation: update, delete or transform")


def check_name(name: str) -> None:
    """Refuse what is no document name or holds an id that Firestore reserves."""
    segments = name.split("/")
    if len(segments) < 7 or len(segments) % 2 == 0 or segments[4] != "documents":
        raise invalid_argument(f"Document name {name!r} is invalid")
    for segment in segments[5:]:
        reserved = len(segment) >= 4 and segment.startswith("__") and segment.endswith("__")
        if segment in ("", ".", "..") or reserved or len(segment.encode()) > MAX_ID_BYTES:
            raise invalid_argument(f"Resource id {segment[:40]!r} is invalid")


def written(write: Write, current: Document | None, at: Timestamp) -> tuple[Document | None, WriteResult]:
    """The document after the write (None: deleted) and the write's result; `current` is left alone.

    A write that changes nothing keeps the document's update time, as Firestore does.
    """
    name = document_name(write)
    check_name(name)
    _check_precondition(write, current, name)
    operation = write.WhichOneof("operation")
    if operation == "delete":
        return None, new_write_result()
    _check_fields(write.update.fields)
    new = _merged(write, current, name)
    transforms = write.update_transforms if operation == "update" else write.transform.field_transforms
    result = new_write_result()
    for transform in transforms:
        value = transformed(transform, get_field(new.fields, transform.field_path), at)
        _check_value(value, 1, inside_array=False)
        put_field(new.fields, transform.field_path, value)
        result.transform_results.add().CopyFrom(value)
    if current is not None and current.fields == new.fields:
        result.update_time.CopyFrom(current.update_time)
        return current, result
    new.create_time.CopyFrom(at if current is None else current.create_time)
    new.update_time.CopyFrom(at)
    result.update_time.CopyFrom(at)
    check_size(new)
    return new, result


def _check_precondition(write: Write, current: Document | None, name: str) -> None:
    condition = write.current_document.WhichOneof("condition_type")
    if condition is None:
        return
    wanted = write.current_document
    if condition == "update_time":
        if current is None or current.update_time != wanted.update_time:
            raise StatusError(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"The stored version of {name} does not match the required base version",
            )
    elif wanted.exists and current is None:
        raise StatusError(grpc.StatusCode.NOT_FOUND, f"No document to update: {name}")
    elif not wanted.exists and current is not None:
        raise StatusError(grpc.StatusCode.ALREADY_EXISTS, f"Document already exists: {name}")


def _merged(write: Write, current: Document | None, name: str) -> Document:
    new = new_document()
    if write.HasField("update") and not write.HasField("update_mask"):
        new.CopyFrom(write.update)
        return new
    if current is not None:
        new.CopyFrom(current)
    new.name = name
    for path in write.update_mask.field_paths:
        put_field(new.fields, path, get_field(write.update.fields, path))
    return new


def _check_fields(fields: Any, depth: int = 1) -> None:
    for name in fields:
        _check_field_name(name)
        _check_value(fields[name], depth, inside_array=False)


def _check_value(value: Value, depth: int, inside_array: bool) -> None:
    kind = value.WhichOneof("value_type")
    if kind != "map_value" and kind != "array_value":
        return
    if depth > MAX_DEPTH:
        raise invalid_argument(f"Maps and arrays may be nested {MAX_DEPTH} deep")
    if kind == "map_value":
        _check_fields(value.map_value.fields, depth + 1)
        return
    if inside_array:
        raise invalid_argument("Cannot convert an array value in an array value.")
    for item in value.array_value.values:
        _check_value(item, depth + 1, inside_array=True)


@lru_cache(maxsize=8192)
def _check_field_name(name: str) -> None:
    reserved = len(name) >= 4 and name.startswith("__") and name.endswith("__")
    if not name or reserved or len(name.encode()) > MAX_FIELD_NAME_BYTES:
        raise invalid_argument(f"Field name {name[:40]!r} is invalid")
