"""One story of the demo: who is in which address book at first, and how it must end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]
"""A Sugar contact by its field names, or a Google Person."""

LINKED = "linked"
LEFT_ALONE = "left alone"
COLLEAGUE = "colleague"
"""Id of the Sugar user who is not the demo user."""


@dataclass(frozen=True)
class Scene:
    """Records of either side, and what a sync has to make of them.

    `expect` counts outcomes: linked pairs, records left alone, records in the backlog by cause; None: whatever is
    explained. `sugar_shows` and `google_shows` are values that the (first) linked pair must show in the end; of
    Google by a path such as `names.0.familyName`.
    """

    title: str
    sugar: tuple[Record, ...] = ()
    google: tuple[Record, ...] = ()
    expect: Mapping[str, int] | None = field(default_factory=lambda: {LINKED: 1})
    sugar_shows: Mapping[str, Any] = field(default_factory=dict)
    google_shows: Mapping[str, Any] = field(default_factory=dict)


def person(given: str = "", family: str = "", *emails: str, **fields: Any) -> Record:
    """A Google contact; `fields` are further fields of a Person."""
    body: Record = {}
    if given or family:
        names = {"givenName": given, "familyName": family}
        body["names"] = [{part: text for part, text in names.items() if text}]
    if emails:
        body["emailAddresses"] = [{"value": email} for email in emails]
    return {**body, **fields}


def phones(**by_type: str) -> list[dict[str, str]]:
    """Google phone numbers by type."""
    return [{"value": number, "type": kind} for kind, number in by_type.items()]


def work(company: str, title: str = "", department: str = "") -> list[dict[str, str]]:
    """A Google contact's organisation."""
    parts = {"name": company, "title": title, "department": department}
    return [{part: text for part, text in parts.items() if text}]
