"""Field paths (`a.b`, with backquotes around names that are no plain words) and the fields they lead to."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from .errors import invalid_argument
from .protos import Document, Value, new_document
from .values import ARRAY, Key, reference_key, sort_key

NAME = "__name__"
NO_KEYS: frozenset[Key] = frozenset()


@lru_cache(maxsize=4096)
def split_path(path: str) -> tuple[str, ...]:
    """The names of a path, unquoted."""
    if "`" not in path:
        names = tuple(path.split("."))
    else:
        parts: list[str] = [""]
        quoted = False
        characters = iter(path)
        for character in characters:
            if quoted and character == "\\":
                parts[-1] += next(characters, "")
            elif character == "`":
                quoted = not quoted
            elif character == "." and not quoted:
                parts.append("")
            else:
                parts[-1] += character
        names = tuple(parts)
    if not all(names):
        raise invalid_argument(f"Invalid field path: {path!r}")
    return names


def get_field(fields: Any, path: str) -> Value | None:
    """The value at a path, or None where there is none."""
    value: Value | None = None
    for depth, name in enumerate(split_path(path)):
        if depth:
            if value is None or not value.HasField("map_value"):
                return None
            fields = value.map_value.fields
        if name not in fields:
            return None
        value = fields[name]
    return value


def put_field(fields: Any, path: str, value: Value | None) -> None:
    """Set the value at a path, making the maps on the way; None removes it."""
    *outer, last = split_path(path)
    for name in outer:
        if name not in fields or not fields[name].HasField("map_value"):
            if value is None:
                return
            fields[name].map_value.SetInParent()
        fields = fields[name].map_value.fields
    if value is not None:
        fields[last].CopyFrom(value)
    elif last in fields:
        del fields[last]


def field_key(document: Document, path: str) -> Key | None:
    """The sort key of a document's field, None where it is absent; `__name__` is the document itself."""
    if path == NAME:
        return reference_key(document.name)
    value = get_field(document.fields, path)
    return None if value is None else sort_key(value)


def field_keys(document: Document, path: str) -> frozenset[Key]:
    """The field's key as a set of at most one, the form that equality indexes use."""
    key = field_key(document, path)
    return NO_KEYS if key is None else frozenset((key,))


def element_keys(document: Document, path: str) -> frozenset[Key]:
    """The keys of the elements of an array field; nothing for any other field."""
    key = field_key(document, path)
    return NO_KEYS if key is None or key[0] != ARRAY else frozenset(key[1:])


def projected(document: Document, paths: list[str]) -> Document:
    """The document with these fields only (`__name__` alone: none at all)."""
    chosen = new_document(
        name=document.name, create_time=document.create_time, update_time=document.update_time
    )
    for path in paths:
        value = None if path == NAME else get_field(document.fields, path)
        if value is not None:
            put_field(chosen.fields, path, value)
    return chosen
