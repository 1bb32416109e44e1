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
    _holders: dict[str, set[tuple[Side, str]]] = field(default_factory=dict)
    """By address: who has it."""

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
            reached = self._addresses_around(near)

    def _addresses_around(self, near: Iterable[str]) -> set[str]:
        """All addresses of the unplaced records that have one of these."""
        holders = {holder for term in near for holder in self._holders.get(term, ())}
        found = (self.parties[side][key] for side, key in holders)
        return {term for party in found if not party.placed for term in addresses(party.terms)}

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
        placed = entry.mapping is not None or entry.left_alone or entry.unreadable
        if entry.google_id not in self.parties[Side.GOOGLE]:
            self.put(Side.GOOGLE, Party(entry.google_id, frozenset(entry.match_keys), placed))

    def add_mapping(self, mapping: ContactMapping) -> None:
        """A Sugar record as its mapping knows it."""
        self.mappings[mapping.sugar_id] = mapping
        if mapping.state is State.GONE:
            return
        waits_outside = mapping.state is State.OUT_OF_SCOPE and mapping.google_id is None
        if mapping.sugar_id not in self.parties[Side.SUGAR]:
            placed = mapping.unreadable or (mapping.state is not State.NEW and not waits_outside)
            terms = frozenset(mapping.match_keys)
            self.put(Side.SUGAR, Party(mapping.sugar_id, terms, placed, in_scope=not waits_outside))

    def put(self, side: Side, party: Party) -> None:
        """A record as it was read directly; replaces what the index says about it."""
        before = self.parties[side].get(party.id)
        for term in addresses(before.terms) if before else ():
            self._holders[term].discard((side, party.id))
        for term in addresses(party.terms):
            self._holders.setdefault(term, set()).add((side, party.id))
        self.parties[side][party.id] = party

    def refresh(self, side: Side, key: str, terms: Iterable[str]) -> Party:
        """A record's terms as read directly."""
        known = self.parties[side].get(key)
        party = replace(known, terms=frozenset(terms)) if known else Party(key, frozenset(terms))
        self.put(side, party)
        return party

    def absent(self, google_id: str) -> None:
        """A Google contact that was read and is not there: if it has no partner, it is nobody's candidate."""
        known = self.parties[Side.GOOGLE].get(google_id)
        if known is not None and not known.placed:
            self.put(Side.GOOGLE, replace(known, placed=True, terms=frozenset()))

    def match(self, side: Side, key: str) -> Match:
        """Who on the other side is the same person as this record of `side`."""
        subject = self.parties[side][key]
        near = set(addresses(subject.terms))
        for _ in range(STEPS):
            near |= self._addresses_around(near)
        around = {holder for term in near for holder in self._holders.get(term, ())}
        known = [(there, self.parties[there][held]) for there, held in sorted(around)]
        return match(
            subject,
            [party for there, party in known if there is side],
            [party for there, party in known if there is side.other],
        )

    def placed(self, side: Side, key: str) -> None:
        """From now on this record is no candidate."""
        self.parties[side][key] = replace(self.parties[side][key], placed=True)
