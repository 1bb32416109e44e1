"""Transitions: what the store holds after only the state of a contact changed; neither side was written for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..contacts import google_person
from ..contacts.actions import Become, Renew
from ..contacts.contact import Contact
from ..contacts.mapping import Directive, IndexEntry, Seen, State
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.side import Side
from ..store import backlog, google_index, mappings
from ..store.write import Write
from .batch import Case
from .intake_google import index_terms
from .intake_sugar import GONE_FOR
from .marks import guarded
from .session import Session, read_sugar


class Transitions:
    """Each method answers one contact's writes."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.user_id = session.user.id
        self.now = session.engine.now()

    def gone(self, case: Case, mapping: ContactMapping) -> list[Write]:
        """Both sides are gone; kept for a while, so that late echoes resurrect nothing."""
        gone = replace(
            mapping,
            state=State.GONE,
            match_keys=(),
            deletion_waits=None,
            due_at=None,
            backlog=None,
            directive=None,
            attempts=0,
            written_at=self.now,
            expire_at=self.now + GONE_FOR,
        )
        writes = [guarded(self.user_id, gone)]
        if mapping.google_id is not None:
            entry = IndexEntry(mapping.google_id, mapping.sugar_id, mapping.google_source_id)
            writes.append(google_index.put(self.user_id, entry))
        return writes

    def became(self, case: Case, action: Become) -> list[Write]:
        """The mapping in its new state."""
        mapping = case.mapping
        if mapping is None:
            return []
        if action.state is State.GONE:
            return self.gone(case, mapping)
        fresh = replace(
            mapping,
            state=action.state,
            missing=action.missing,
            deletion_waits=None,
            due_at=self.now if action.state is State.NEW else None,
            directive=None,
            attempts=0,
            expire_at=None,
        )
        writes: list[Write] = []
        if action.forget is Side.GOOGLE:
            if mapping.google_id is not None:
                writes.append(self._freed(mapping, case.person))
            fresh = replace(
                fresh,
                google_id=None,
                google_source_id=None,
                base=None,
                held={},
                holds=(),
                seen=Seen(sugar_date=mapping.seen.sugar_date),
                created_side=None,
                flips={},
            )
        if action.state is State.NEW and case.record is not None:
            fresh = replace(fresh, match_keys=self.session.terms(read_sugar(case.record, fresh)))
        return [guarded(self.user_id, fresh), *writes]

    def renewed(self, case: Case, action: Renew) -> list[Write]:
        """The survivor of a deletion as a contact of its own, due at once."""
        mapping = case.mapping
        if mapping is None:
            return []
        directive = mapping.directive if mapping.directive and mapping.directive.kind == "create" else None
        if action.missing is Side.GOOGLE:
            fresh = ContactMapping(
                mapping.sugar_id,
                name=mapping.name,
                match_keys=mapping.match_keys,
                seen=Seen(sugar_date=mapping.seen.sugar_date),
                filled=mapping.filled,
                directive=directive,
                due_at=self.now,
                updated_at=mapping.updated_at,
            )
            removal = [google_index.remove(self.user_id, mapping.google_id)] if mapping.google_id else []
            return [guarded(self.user_id, fresh), *removal]
        gone = replace(mapping, google_id=None, google_source_id=None)
        return [*self.gone(case, gone), self._freed(mapping, case.person, directive)]

    def forgotten(self, case: Case) -> list[Write]:
        """What was never placed is removed; the Google contact of a create taken back is free again."""
        writes: list[Write] = []
        mapping = case.mapping
        if mapping is not None:
            writes.append(mappings.remove(self.user_id, mapping.sugar_id))
            if mapping.state is State.CREATING and mapping.google_id is not None:
                keys = self.session.terms(mapping.base or Contact())
                freed = IndexEntry(mapping.google_id, None, mapping.google_source_id, keys, due_at=self.now)
                writes.append(google_index.put(self.user_id, freed))
        elif case.entry is not None:
            writes.append(google_index.remove(self.user_id, case.entry.google_id))
        item = mapping or case.entry
        if item is not None and item.backlog is not None:
            writes.append(backlog.close(self.user_id, item.backlog))
        return writes

    def _freed(
        self, mapping: ContactMapping, person: Mapping[str, Any] | None, directive: Directive | None = None
    ) -> Write:
        """The mapping gives up its Google contact: forgotten if it is not there, else one without a partner."""
        google_id = mapping.google_id or ""
        if person is None:
            return google_index.remove(self.user_id, google_id)
        keys = index_terms(self.session, person, None)
        entry = IndexEntry(
            google_id, None, google_person.source_id(person), keys, directive=directive, due_at=self.now
        )
        return google_index.put(self.user_id, entry)
