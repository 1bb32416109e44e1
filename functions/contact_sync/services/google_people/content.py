"""Comparing what a person holds with what we sent or saw, without what Google adds by itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ...contacts.google_person import carried
from .values import Person


def same_content(person: Person, other: Person, fields: Iterable[str]) -> bool:
    """Whether the named fields hold the same; the order of items means nothing to Google."""
    return all(_plain(carried(person, field)) == _plain(carried(other, field)) for field in fields)


def holds(person: Person, fields: Mapping[str, list[Any]]) -> bool:
    """Whether the person shows the items we sent and no others; what Google derives does not count."""
    return all(_holds(carried(person, field), sent) for field, sent in fields.items())


def _holds(held: list[Any], sent: list[Any]) -> bool:
    left = list(held)
    for item in sent:
        if _is_empty(item):
            continue
        match = next((index for index, each in enumerate(left) if _covers(each, item)), None)
        if match is None:
            return False
        left.pop(match)
    return not left


def _covers(held: Any, sent: Any) -> bool:
    if isinstance(sent, Mapping):
        return isinstance(held, Mapping) and all(
            _covers(held.get(key), value) for key, value in sent.items() if not _is_empty(value)
        )
    return bool(held == sent)


def _is_empty(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_empty(part) for part in value.values())
    return value in (None, "", [], False)


def _plain(items: list[Any]) -> list[str]:
    return sorted(json.dumps(item, sort_keys=True) for item in items)
