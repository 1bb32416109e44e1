"""Records as document data and back: plain names, readable values, absent where an optional one is None."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar, get_type_hints
from urllib.parse import quote, unquote

import msgspec

from ..contacts import normal_form, settings
from ..contacts.contact import Contact
from ..contacts.settings import SyncSettings
from .write import REMOVE

Record = TypeVar("Record")

UNREADABLE = (msgspec.ValidationError, ValueError, TypeError, AttributeError, KeyError)
"""What reading a document raises that holds what it should not: an unknown value after a rollback, a hand edit."""


EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""No time that is stored lies before this one: a condition that what is no time does not fulfil."""


def why(error: Exception) -> str:
    """What is wrong with a document, for an administrator: the field and what it should be."""
    if isinstance(error, msgspec.ValidationError):
        return str(error).replace("$.", "").replace(" - at ", ", in ")
    return f"it holds what it should not ({type(error).__name__})"


class Unreadable(Exception):
    """A document that could not be read would be written whole: what is in it would be lost."""


def document_id(text: str) -> str:
    """A record's id as a document id: what Firestore does not allow there is percent-encoded."""
    encoded = quote(text, safe=" :@,;+=()'!*")
    if encoded in (".", "..") or encoded.startswith("__"):
        return f"%{ord(encoded[0]):02X}{encoded[1:]}"
    return encoded


def record_id(document: str) -> str:
    """The record's id again."""
    return unquote(document)


def plain(value: Any) -> Any:
    """A value as Firestore holds it: enums as their text, records as maps without their None values."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Contact):
        return normal_form.to_plain(value)
    if isinstance(value, SyncSettings):
        return settings.to_plain(value)
    if is_dataclass(value) and not isinstance(value, type):
        return as_data(value)
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def as_data(record: Any, *, without: Collection[str] = (), nulls: Collection[str] = ()) -> dict[str, Any]:
    """A whole record as document data.

    `without` names fields that are not stored; `nulls` those stored even when None because a query asks for
    null. A field without a default is always stored.
    """
    kept = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if field.name not in without and (value is not None or field.name in nulls or _required(field)):
            kept[field.name] = plain(value)
    return kept


def changed_data(record: type, changes: Mapping[str, Any], *, nulls: Collection[str] = ()) -> dict[str, Any]:
    """Single fields of a record as update data; None removes a field.

    `lease__again` names a key of a map field, `lease` the whole map. A name that is no field is a ValueError.
    """
    data = {}
    known = {field.name: field for field in fields(record)}
    for name, value in changes.items():
        field = known.get(name.partition("__")[0])
        if field is None:
            raise ValueError(f"{record.__name__} has no field {name}")
        removed = value is None and name not in nulls and not (name in known and _required(field))
        data[name.replace("__", ".")] = REMOVE if removed else plain(value)
    return data


def from_data(record: type[Record], data: Mapping[str, Any], **known: Any) -> Record:
    """A record from document data and what is known beside it. Unknown fields are passed over."""
    return msgspec.convert({**data, **known}, record)


def salvaged(record: type[Record], data: Mapping[str, Any], **known: Any) -> Record:
    """As much of a record as a document still tells that cannot be read whole: what is left out has its default."""
    hints = get_type_hints(record)
    readable = {}
    for field in fields(record):  # type: ignore[arg-type]
        if field.name not in data:
            continue
        try:
            readable[field.name] = msgspec.convert(data[field.name], hints[field.name])
        except UNREADABLE:
            continue
    return record(**{**readable, **known})


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING
