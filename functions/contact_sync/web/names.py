"""Names for what the store knows by id only: a Google contact without a mapping is read live from Google."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..contacts.match import TWIN
from ..contacts.side import Side
from ..errors import SyncError
from ..store import mappings
from ..store.records import BacklogEntry, User
from .google import people
from .site import Site

_ON_SUGAR = "merged_in_google"
"""This cause names the other contact by its Sugar id, whatever side the entry is about."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names by id, of either side; an id that could not be read has none."""

    google: Mapping[str, str] = field(default_factory=dict)
    sugar: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, site: Site, user: User, entries: Sequence[BacklogEntry]) -> Names:
        """The names that these backlog entries do not hold themselves."""
        in_google = {entry.google_id for entry in entries if entry.google_id and not entry.name}
        in_sugar: set[str] = set()
        for entry in entries:
            for side, record_id in (partner_of(entry, partner) for partner in entry.partners):
                (in_google if side is Side.GOOGLE else in_sugar).add(record_id)
        known = mappings.get(site.engine.db, user.id, sorted(in_sugar)) if in_sugar else {}
        return cls(
            _from_google(site, user, sorted(in_google)) if in_google else {},
            {sugar_id: mapping.name for sugar_id, mapping in known.items()},
        )

    def partner(self, key: str) -> str:
        """The name of a candidate."""
        return self.sugar.get(key) or self.google.get(key, "")


def partner_of(entry: BacklogEntry, partner: str) -> tuple[Side, str]:
    """On which side the other contact of an entry is, and its id there."""
    own = Side.GOOGLE if entry.sugar_id is None else Side.SUGAR
    if partner.startswith(TWIN):
        return own, partner.removeprefix(TWIN)
    return (Side.SUGAR if entry.cause == _ON_SUGAR else own.other), partner


def _from_google(site: Site, user: User, google_ids: Sequence[str]) -> dict[str, str]:
    """Without an answer of Google the list is shown all the same."""
    if user.connection != "connected":
        return {}
    try:
        found = people(site, user.id).get(google_ids)
    except SyncError:
        return {}
    return {key: _name(person) for key, person in found.people.items() if person}


def _name(person: Mapping[str, Any]) -> str:
    """What Google's own pages would show, or the first address."""
    for kind, part in (("names", "displayName"), ("organizations", "name"), ("emailAddresses", "value")):
        for item in person.get(kind) or ():
            if item.get(part):
                return str(item[part])
    return ""
