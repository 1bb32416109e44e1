"""Removal: delete, on disconnect, the Google contacts that the sync itself created, never ones it only linked.

A page at a time: first the mappings become `gone` and the history entries with the whole records are planned, then
Google is told, then the outcome is recorded. A run that died is taken up where it was: what it planned is deleted once
more, and a contact that is gone by then counts as deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ..contacts import google_person
from ..contacts.contact import Contact
from ..contacts.mapping import IndexEntry, State
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.side import Side
from ..errors import ContactAtFault, OperatorMustAct, SyncError, TransientForUser, UserMustAct
from ..services.outcome import Outcome, Status
from ..store import backlog, google_index, history, mappings
from ..store.records import Disconnecting, HistoryEntry
from ..store.write import Write
from .doubts import MOST_PAGES
from .engine import BATCH, ECHO_DELAY
from .intake_google import index_terms
from .intake_sugar import GONE_FOR
from .marks import guarded
from .progress import Progress
from .session import Session

PLACED = (State.LINKED, State.UNLINKED, State.OUT_OF_SCOPE)
"""States of a mapping whose Google contact may be there."""
_Found = tuple[ContactMapping, Mapping[str, Any]]


class Removal:
    """One pass over the created contacts. `last`: nobody tries again after this one."""

    def __init__(self, session: Session, progress: Progress, order: Disconnecting, *, last: bool) -> None:
        self.session = session
        self.progress = progress
        self.order = order
        self.last = last
        self.stayed: set[str] = set()
        """Sugar ids of contacts that this pass cannot delete."""
        self._again: SyncError | None = None
        """Why another pass has to look at single contacts."""
        self._before: dict[str, ContactMapping] = {}
        """By Sugar id: the mappings that this pass made `gone`, as they were."""

    def finish(self) -> None:
        """Delete all of them. Raises the SyncError because of which some of them have to wait."""
        db, user_id = self.session.engine.db, self.session.user.id
        self._delete(history.planned(db, user_id, self.session.run))
        for state in PLACED:
            cursor: str | None = None
            while True:
                self.session.ensure_time()
                page, cursor = mappings.matching_page(
                    db, user_id, cursor, BATCH, created_side=Side.GOOGLE, state=state
                )
                self._delete(self._journal(self._read(page)))
                if cursor is None:
                    break
        self._delete(self._journal(self._doubtful()))
        if self._again is not None and not self.last:
            raise self._again

    def _read(self, page: Sequence[ContactMapping]) -> list[_Found]:
        """The contacts of these mappings that are there, and are ours by the mark that each got when it was created:
        a mapping may have followed its contact into one that a person made."""
        there = {mapping.google_id: mapping for mapping in page if mapping.google_id}
        read = self.session.google.get(there)
        for google_id, error in read.failed.items():
            if isinstance(error, ContactAtFault) or self.last:
                self.stayed.add(there[google_id].sugar_id)
            else:
                self._again = error
        found: list[_Found] = []
        for google_id, person in read.people.items():
            mapping = there[google_id]
            if person is None or mapping.sugar_id in self.stayed:
                continue
            if mapping.sugar_id in google_person.marks(person):
                found.append((mapping, person))
            else:
                self.stayed.add(mapping.sugar_id)
        return found

    def _doubtful(self) -> list[_Found]:
        """The contacts of creates whose outcome is not known: found by our mark, once no listing can lag any more."""
        session, now = self.session, self.session.engine.now()
        db, user_id = session.engine.db, session.user.id
        creating = mappings.matching(db, user_id, created_side=Side.GOOGLE, state=State.CREATING)
        if not creating:
            return []
        wait = max((mapping.created_at or now) for mapping in creating) + ECHO_DELAY - now
        if wait > timedelta():
            raise TransientForUser(
                "create_in_doubt", "The outcome of a create is not known yet.", wait.total_seconds()
            )
        session.ensure_time()
        people = session.google.recently_changed(MOST_PAGES)
        marked = {mark: person for person in people for mark in google_person.marks(person)}
        absent = [mapping for mapping in creating if mapping.sugar_id not in marked]
        session.holder.commit([[guarded(user_id, _never_created(mapping))] for mapping in absent])
        return [(mapping, marked[mapping.sugar_id]) for mapping in creating if mapping.sugar_id in marked]

    def _journal(self, found: Sequence[_Found]) -> list[HistoryEntry]:
        """Commit what a crash would lose; the entries of the contacts that nobody else wrote meanwhile."""
        session, user_id = self.session, self.session.user.id
        groups: list[list[Write]] = []
        entries = []
        for mapping, person in found:
            gone, entry = self._gone(mapping, person), self._entry(mapping, person)
            group = [guarded(user_id, gone), history.put(user_id, entry)]
            group.append(google_index.put(user_id, IndexEntry(entry.google_id or "", mapping.sugar_id)))
            if mapping.google_id not in (None, entry.google_id):
                group.append(google_index.remove(user_id, mapping.google_id or ""))
            if mapping.backlog is not None:
                group.append(backlog.close(user_id, mapping.backlog))
            groups.append(group)
            entries.append(entry)
            self._before[mapping.sugar_id] = mapping
        dropped = session.holder.commit(groups) if groups else set()
        kept = [
            entry
            for entry, group in zip(entries, groups, strict=True)
            if not any(write.path in dropped for write in group)
        ]
        if len(kept) < len(entries):
            self._again = TransientForUser("contention", "The contacts are being changed by somebody else.")
        return kept

    def _delete(self, entries: Sequence[HistoryEntry]) -> None:
        """Delete the contacts of planned entries and record what became of each."""
        if not entries:
            return
        self.session.ensure_time()
        by_id = {entry.google_id or "": entry for entry in entries}
        try:
            outcomes = self.session.google.delete(list(by_id))
        except (UserMustAct, OperatorMustAct):
            # Nothing was sent: those of this pass are as they were.
            fresh = [entry for entry in entries if entry.sugar_id in self._before]
            self._commit([self._kept(entry) for entry in fresh])
            raise
        deleted = sum(outcome.status is Status.DONE for outcome in outcomes)
        waiting = self._record([(by_id[outcome.key], outcome) for outcome in outcomes])
        held_up = [outcome for _, outcome in waiting if outcome.retry_after is not None]
        if held_up and deleted:
            # What stopped the rest is met again at its first call, and is raised there if waiting does not cure it.
            self._delete([entry for entry, _ in waiting])
        elif held_up:
            reason = held_up[0].reason
            raise TransientForUser(reason, "Google asks to wait.", held_up[0].retry_after)

    def _record(self, told: Sequence[tuple[HistoryEntry, Outcome]]) -> list[tuple[HistoryEntry, Outcome]]:
        """Store the outcomes; returns what is neither done nor refused."""
        waiting = [(entry, outcome) for entry, outcome in told if _waits(outcome)]
        if self.last:
            told, waiting = self._looked_up(told)
        if any(outcome.retry_after is None for _, outcome in waiting):
            self._again = TransientForUser("google_unavailable", "Google did not delete some contacts yet.")
        done = [entry for entry, outcome in told if outcome.status is Status.DONE]
        refused = [
            entry for entry, outcome in told if outcome.status is not Status.DONE and not _waits(outcome)
        ]
        self.stayed.update(entry.sugar_id or "" for entry in refused)
        self.order = replace(self.order, deleted=self.order.deleted + len(done))
        self._commit([self._done(entry) for entry in done] + [self._kept(entry) for entry in refused])
        return waiting

    def _looked_up(
        self, told: Sequence[tuple[HistoryEntry, Outcome]]
    ) -> tuple[list[tuple[HistoryEntry, Outcome]], list[tuple[HistoryEntry, Outcome]]]:
        """Nobody tries again: what was sent and not answered is what Google shows now. What cannot be read either is
        told as done: rather a story too many than a record lost."""
        lost = [
            (entry, outcome) for entry, outcome in told if _waits(outcome) and outcome.retry_after is None
        ]
        held_up = [(entry, outcome) for entry, outcome in told if outcome.retry_after is not None]
        rest = [(entry, outcome) for entry, outcome in told if not _waits(outcome)]
        read = self.session.google.get(entry.google_id or "" for entry, _ in lost)
        for entry, outcome in lost:
            alive = read.people.get(entry.google_id or "") is not None
            rest.append((entry, replace(outcome, status=Status.REFUSED if alive else Status.DONE)))
        return rest, held_up

    def _commit(self, groups: Sequence[Sequence[Write]]) -> None:
        self.progress.done = self.order.deleted
        if self.order.deleted:
            self.session.counts["google_deleted"] = self.order.deleted
        self.session.holder.commit([*groups, [self.progress.write("deleting")]], disconnecting=self.order)

    def _done(self, entry: HistoryEntry) -> list[Write]:
        """Deleted. Should it come back from the trash, it is another mapping's."""
        user_id = self.session.user.id
        return [
            history.patch(user_id, entry.id, state=history.DONE),
            mappings.patch(user_id, entry.sugar_id or "", google_id=None, google_source_id=None),
            google_index.remove(user_id, entry.google_id or ""),
        ]

    def _kept(self, entry: HistoryEntry) -> list[Write]:
        """It stays in Google: as it was before, but not due."""
        user_id, person, sugar_id = self.session.user.id, entry.before or {}, entry.sugar_id or ""
        before = self._before.get(sugar_id) or self._alive_again(sugar_id)
        mapping = replace(
            before,
            google_id=entry.google_id,
            google_source_id=google_person.source_id(person),
            directive=None,
            due_at=None,
            backlog=None,
        )
        keys = index_terms(self.session, person, mapping)
        known = IndexEntry(entry.google_id or "", sugar_id, mapping.google_source_id, keys)
        return [
            mappings.put(user_id, mapping),
            google_index.put(user_id, known),
            history.remove(user_id, entry.id),
        ]

    def _alive_again(self, sugar_id: str) -> ContactMapping:
        """A mapping that an earlier pass made `gone`, as near to what it was as it still tells."""
        gone = mappings.get(self.session.engine.db, self.session.user.id, [sugar_id])[sugar_id]
        state = State.UNLINKED if gone.missing is not None else State.LINKED
        keys = self.session.terms(gone.base or Contact())
        return replace(gone, state=state, match_keys=keys, expire_at=None)

    def _gone(self, mapping: ContactMapping, person: Mapping[str, Any]) -> ContactMapping:
        now = self.session.engine.now()
        return replace(
            mapping,
            google_id=google_person.google_id(person),
            google_source_id=google_person.source_id(person),
            state=State.GONE,
            match_keys=(),
            deletion_waits=None,
            due_at=None,
            backlog=None,
            directive=None,
            attempts=0,
            written_at=now,
            expire_at=now + GONE_FOR,
        )

    def _entry(self, mapping: ContactMapping, person: Mapping[str, Any]) -> HistoryEntry:
        session, now = self.session, self.session.engine.now()
        return HistoryEntry(
            id=history.entry_id(session.run, mapping.sugar_id, f"delete-{Side.GOOGLE}"),
            at=now,
            run=session.run,
            trigger=session.trigger,
            sugar_id=mapping.sugar_id,
            google_id=google_person.google_id(person),
            name=mapping.name,
            action="delete",
            side=Side.GOOGLE,
            state=history.PLANNED,
            before=person,
            expire_at=now + timedelta(days=session.engine.history_days),
        )


def _waits(outcome: Outcome) -> bool:
    return outcome.status in (Status.TRANSIENT, Status.UNKNOWN)


def _never_created(mapping: ContactMapping) -> ContactMapping:
    return replace(
        mapping, state=State.NEW, base=None, created_side=None, created_at=None, due_at=None, attempts=0
    )
