"""The field of a match: all records of both sides that share an address with a subject or with its candidates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ..contacts.mapping import IndexEntry, State
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.match import Match, Party, match
from ..contacts.side import Side
from ..store import google_index, mappings
from .engine import addresses
from .session import Session

STEPS = 3
"""How far from a record, in steps of shared addresses, others can bear on whom it is linked with."""


@dataclass(slots=True)
class Field:
    """Parties by side and id, and the index entries and mappings they were made from."""

    session: Session
    parties: dict[Side, dict[str, Party]] = field(default_factory=lambda: {side: {} for side in Side})
    entries: dict[str, IndexEntry] = field(default_factory=dict)
    mappings: dict[str, ContactMapping] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)

    def look_up(self, terms: Iterable[str]) -> None:
        """Load everyone within the steps of shared addresses that a verdict depends on. What is placed is no
        candidate, so that the others at its further addresses do not matter."""
        near: set[str] = set()
        reached = set(addresses(terms))
        for _ in range(STEPS):
            if reached <= near:
                return
            near |= reached
            self._load(sorted(near - self._asked))
            reached = {
                term
                for parties in self.parties.values()
                for party in parties.values()
                if not party.placed and not near.isdisjoint(party.terms)
                for term in addresses(party.terms)
            }

    def _load(self, wanted: list[str]) -> None:
        if not wanted:
            return
        self._asked.update(wanted)
        db, user_id = self.session.engine.db, self.session.user.id
        for entry in google_index.with_keys(db, user_id, wanted):
            self.add_entry(entry)
        for mapping in mappings.with_keys(db, user_id, wanted):
            self.add_mapping(mapping)

    def add_entry(self, entry: IndexEntry) -> None:
        """A Google contact as the index knows it."""
        self.entries[entry.google_id] = entry
        placed = entry.mapping is not None or entry.left_alone
        self.parties[Side.GOOGLE].setdefault(
            entry.google_id, Party(entry.google_id, frozenset(entry.match_keys), placed)
        )

    def add_mapping(self, mapping: ContactMapping) -> None:
        """A Sugar record as its mapping knows it."""
        self.mappings[mapping.sugar_id] = mapping
        if mapping.state is State.GONE:
            return
        waits_outside = mapping.state is State.OUT_OF_SCOPE and mapping.google_id is None
        self.parties[Side.SUGAR].setdefault(
            mapping.sugar_id,
            Party(
                mapping.sugar_id,
                frozenset(mapping.match_keys),
                placed=mapping.state is not State.NEW and not waits_outside,
                in_scope=not waits_outside,
            ),
        )

    def put(self, side: Side, party: Party) -> None:
        """A record as it was read directly; replaces what the index says about it."""
        self.parties[side][party.id] = party

    def refresh(self, side: Side, key: str, terms: Iterable[str]) -> Party:
        """A record's terms as read directly."""
        known = self.parties[side].get(key)
        party = replace(known, terms=frozenset(terms)) if known else Party(key, frozenset(terms))
        self.parties[side][key] = party
        return party

    def match(self, side: Side, key: str) -> Match:
        """Who on the other side is the same person as this record of `side`."""
        subject = self.parties[side][key]
        return match(subject, self.parties[side].values(), self.parties[side.other].values())

    def placed(self, side: Side, key: str) -> None:
        """From now on this record is no candidate."""
        self.parties[side][key] = replace(self.parties[side][key], placed=True)
