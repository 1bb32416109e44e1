"""What goes in and out of the People adapter. Persons are plain JSON objects as the People API defines them.

A Google id is a resource name without "people/".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from ...contacts.json_values import as_map, as_maps
from ...errors import SyncError

Person = Mapping[str, Any]
_NAME = re.compile(r"people/[^/\s]+")


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """One page of a listing or of the change feed, tombstones included (`metadata.deleted`).

    `next_sync_token` comes with the last page only, when it was asked for.
    """

    people: list[dict[str, Any]]
    next_page: str | None
    next_sync_token: str | None


@dataclass(frozen=True, slots=True)
class Read:
    """What direct reads found, by the id that was asked for. An id is in `people` or in `failed`."""

    people: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    """None: there is no such contact (any more)."""
    moved: dict[str, str] = field(default_factory=dict)
    """Asked for -> the id the contact has now."""
    failed: dict[str, SyncError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PersonUpdate:
    """New content for some fields of one person; each named field is replaced as a whole.

    `person` is the freshly read person the new content was made from. It brings the etag, and the content of
    fields that a batch must send although this person does not change them.
    """

    key: str
    person: Person
    fields: Mapping[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Label:
    """A contact group the user made; Google's pages call it a label."""

    resource_name: str
    name: str
    count: int


def resource_name(google_id: str) -> str:
    """The name the API uses for a Google id."""
    return f"people/{google_id}"


def google_id(person: Person) -> str:
    """The Google id of a person."""
    return str(person.get("resourceName", "")).removeprefix("people/")


def is_person(answer: object) -> TypeGuard[dict[str, Any]]:
    """Whether Google answered a person; success alone does not say so. A name is one segment of an address."""
    name = answer.get("resourceName") if isinstance(answer, dict) else None
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def contact_source(person: Person) -> Mapping[str, Any] | None:
    """The source that makes the person one of the user's contacts, None where only a profile is left."""
    sources = as_maps(as_map(person.get("metadata")).get("sources"))
    return next((source for source in sources if source.get("type") == "CONTACT"), None)


def tells_sources(person: Person) -> bool:
    """Whether the person says where it is from. One that does not is not known to be gone from the contacts."""
    sources = as_map(person.get("metadata")).get("sources")
    return isinstance(sources, list) and len(as_maps(sources)) == len(sources)
