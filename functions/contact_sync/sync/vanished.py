"""Linked contacts that are not where they were in Google: under another resource name, or merged into another one.

A contact lives on in one with the same source id or with our mark; or in one of the same name that has all its e-mail
addresses and was not there while it lived. An address alone is no such sign: families and colleagues share them, and
one of them must not take the place of another. If nobody is linked with that one, the mapping follows it, and that is
stored before anything is decided. If somebody is, the two were merged in Google, and a person decides. Everything else
is a deletion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..contacts import google_person
from ..contacts.contact import Contact
from ..contacts.mapping import IndexEntry, State
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.match import same_name
from ..contacts.side import Side
from ..services.google_people import Read
from ..store import backlog, google_index
from ..store.write import Write
from .batch import Batch, Case
from .engine import addresses
from .intake_google import MARK, index_terms, new_entry, renamed
from .marks import guarded
from .session import Session, read_google


@dataclass(slots=True)
class Vanished:
    """Finds where the vanished contacts of a batch live on."""

    session: Session
    merged: dict[str, str] = field(default_factory=dict)
    """By Sugar id: the Sugar id of the contact that the vanished one was merged with."""
    _found: dict[str, IndexEntry] = field(default_factory=dict)

    def candidates(self, cases: Iterable[Case]) -> list[str]:
        """Google ids of the contacts in which those that Google reports deleted may live on."""
        mappings = [case.mapping for case in cases if case.mapping is not None and _is_vanished(case.mapping)]
        if not mappings:
            return []
        db, user_id = self.session.engine.db, self.session.user.id
        terms = {term for mapping in mappings for term in self._agreed(mapping)}
        sources = {mapping.google_source_id for mapping in mappings if mapping.google_source_id}
        marks = {MARK + mapping.sugar_id for mapping in mappings}
        self._found = {
            entry.google_id: entry
            for entry in (
                *google_index.with_keys(db, user_id, sorted(terms | marks)),
                *google_index.with_source_ids(db, user_id, sorted(sources)),
            )
        }
        return sorted(self._found)

    def follow(self, batch: Batch, people: Read) -> None:
        """Let mappings follow their contacts. A contact that is followed has no case of its own any more."""
        self._know(people.moved.values())
        batch.each(lambda case: self._follow(case, people))
        followed = {case.mapping.google_id for case in batch.cases if case.mapping is not None}
        batch.cases = [
            case for case in batch.cases if case.mapping is not None or case.google_id not in followed
        ]

    def _follow(self, case: Case, people: Read) -> None:
        mapping = case.mapping
        if mapping is None or mapping.google_id is None or mapping.google_id in people.failed:
            return
        person: Mapping[str, Any] | None = people.people.get(mapping.google_id)
        if person is None and _is_vanished(mapping):
            person = self._survivor(mapping, people)
        if person is None or google_person.google_id(person) == mapping.google_id:
            return
        entry = self._found.get(google_person.google_id(person))
        if entry is not None and entry.mapping not in (None, mapping.sugar_id):
            self.merged[mapping.sugar_id] = entry.mapping
        else:
            self._adopt(case, mapping, entry, person)
            people.people[google_person.google_id(person)] = dict(person)

    def _know(self, google_ids: Iterable[str]) -> None:
        wanted = sorted(set(google_ids) - self._found.keys())
        self._found |= google_index.get(self.session.engine.db, self.session.user.id, wanted)

    def _survivor(self, mapping: ContactMapping, people: Read) -> Mapping[str, Any] | None:
        """The contact that the vanished one lives on as: by the strongest evidence, unlinked ones first."""
        ranked = [
            (rank, entry.mapping is not None, google_id, person)
            for google_id, entry in self._found.items()
            if (person := people.people.get(google_id)) is not None
            and (rank := self._evidence(mapping, person)) is not None
        ]
        return min(ranked, key=lambda found: found[:3])[3] if ranked else self._successor(mapping, people)

    @staticmethod
    def _evidence(mapping: ContactMapping, person: Mapping[str, Any]) -> int | None:
        """How well a contact shows by its ids that it is the mapping's own: 0 is the best; None: it does not."""
        if mapping.google_source_id and google_person.source_id(person) == mapping.google_source_id:
            return 0
        return 1 if mapping.sugar_id in google_person.marks(person) else None

    def _successor(self, mapping: ContactMapping, people: Read) -> Mapping[str, Any] | None:
        """The one contact of the same name that has all addresses of the vanished one and came in its place.

        An unlinked one came in its place if no look showed it beside the vanished one; one that is linked with somebody
        else, if it had other keys until then: two were made one by hand. A third that holds one of the addresses and
        was there before makes it a shared address.
        """
        agreed, look = self._agreed(mapping), mapping.missing.look if mapping.missing else None
        if look is None:
            return None
        holders = [
            entry
            for entry in self._found.values()
            if entry.google_id != mapping.google_id and agreed & set(entry.match_keys)
        ]
        successors = [
            (entry, person)
            for entry in holders
            if (person := people.people.get(entry.google_id)) is not None
            and (entry.came_with(look) or (entry.mapping is not None and entry.changed_with(look)))
            and self._is_like(mapping, agreed, person)
        ]
        if len(successors) != 1:
            return None
        [(successor, person)] = successors
        beside = any(entry is not successor and not entry.came_with(look) for entry in holders)
        return None if beside else person

    def _is_like(self, mapping: ContactMapping, agreed: set[str], person: Mapping[str, Any]) -> bool:
        label, contact = self.session.settings.google_label, read_google(person, mapping)
        return (
            agreed <= set(self.session.terms(contact))
            and same_name(contact, mapping.base or Contact())
            and (label is None or label in google_person.groups(person))
        )

    def _agreed(self, mapping: ContactMapping) -> set[str]:
        """The e-mail addresses both sides agreed on, as terms. A contact that has only numbers has none."""
        emails = mapping.base.emails if mapping.base is not None else None
        return set(addresses(self.session.terms(Contact(emails=emails))))

    def _adopt(
        self, case: Case, mapping: ContactMapping, known: IndexEntry | None, person: Mapping[str, Any]
    ) -> None:
        """Store that the mapping's contact is this one now."""
        session, google_id = self.session, google_person.google_id(person)
        followed = renamed(mapping, google_id, google_person.source_id(person))
        source, keys = google_person.source_id(person), index_terms(session, person, followed)
        entry = replace(new_entry(session, google_id, source, keys), mapping=mapping.sugar_id)
        if known is not None:
            entry = replace(entry, since=known.since, updated_at=known.updated_at)
        group: list[Write] = [
            guarded(session.user.id, followed),
            guarded(session.user.id, entry),
            google_index.remove(session.user.id, mapping.google_id or ""),
        ]
        if known is not None and known.backlog is not None:
            group.append(backlog.close(session.user.id, known.backlog))
        if session.holder.commit([group]):
            case.due_again = session.engine.now()
            return
        case.mapping = followed
        self._found[google_id] = entry


def _is_vanished(mapping: ContactMapping) -> bool:
    return mapping.state is State.LINKED and mapping.misses(Side.GOOGLE)
