"""Names and content of what the store knows by id only: a Google contact without a mapping is read live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..contacts import google_person
from ..contacts.match import TWIN
from ..contacts.normal_form import to_plain
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
    contacts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By Google id: the content as it is now, as plain data."""

    @classmethod
    def of(cls, site: Site, user: User, entries: Sequence[BacklogEntry]) -> Names:
        """The names that these backlog entries do not hold themselves."""
        in_google = {entry.google_id for entry in entries if entry.google_id and not entry.name}
        in_sugar: set[str] = set()
        for entry in entries:
            for side, record_id in (partner_of(entry, partner) for partner in entry.partners):
                (in_google if side is Side.GOOGLE else in_sugar).add(record_id)
        known = mappings.get(site.engine.db, user.id, sorted(in_sugar)) if in_sugar else {}
        persons = _from_google(site, user, sorted(in_google)) if in_google else {}
        return cls(
            {key: _name(person) for key, person in persons.items()},
            {sugar_id: mapping.name for sugar_id, mapping in known.items()},
            {key: to_plain(google_person.read(person, None)) for key, person in persons.items()},
        )

    def records(self, entry: BacklogEntry) -> dict[str, Any] | None:
        """Both sides of an entry as last seen; what is in Google only, the contact itself or the one that it looks
        like, as it is now."""
        held = dict(entry.records or {})
        others = [partner_of(entry, partner) for partner in entry.partners]
        alike = others[0][1] if len(others) == 1 and others[0][0] is Side.GOOGLE else ""
        contact = self.contacts.get(entry.google_id or alike)
        if not held.get(Side.GOOGLE) and contact is not None:
            held[Side.GOOGLE.value] = contact
        return held or None

    def partner(self, key: str) -> str:
        """The name of a candidate."""
        return self.sugar.get(key) or self.google.get(key, "")


def partner_of(entry: BacklogEntry, partner: str) -> tuple[Side, str]:
    """On which side the other contact of an entry is, and its id there."""
    own = Side.GOOGLE if entry.sugar_id is None else Side.SUGAR
    if partner.startswith(TWIN):
        return own, partner.removeprefix(TWIN)
    return (Side.SUGAR if entry.cause == _ON_SUGAR else own.other), partner


def _from_google(site: Site, user: User, google_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Without an answer of Google the list is shown all the same."""
    if user.connection != "connected":
        return {}
    try:
        found = people(site, user.id).get(google_ids)
    except SyncError:
        return {}
    return {key: person for key, person in found.people.items() if person}


def _name(person: Mapping[str, Any]) -> str:
    """What Google's own pages would show, or the first address or number."""
    shown = (("names", "displayName"), ("organizations", "name"), ("emailAddresses", "value"))
    for kind, part in (*shown, ("phoneNumbers", "value")):
        for item in person.get(kind) or ():
            if item.get(part):
                return str(item[part])
    return ""
