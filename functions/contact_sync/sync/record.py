"""Record: what the store holds after a batch, one contact at a time: what every write left behind, and its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..contacts.actions import Become, Create, Delete, Forget, Nothing, Quarantine, Renew, Update, Wait
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.mapping import State
from ..contacts.side import Side
from ..services.outcome import Outcome, Status
from ..store import backlog, google_index, history, mappings
from ..store.write import Write
from . import agreement, story
from .batch import Batch, Case
from .engine import ECHO_DELAY
from .intake_google import index_terms, new_entry
from .marks import guarded
from .prepare import Writes
from .retries import Retries
from .session import Session, read_google
from .transitions import Transitions


class Recorder:
    """Turns the cases of a batch into groups of writes, and counts what happened."""

    def __init__(self, session: Session, batch: Batch, writes: Writes) -> None:
        self.session = session
        self.batch = batch
        self.writes = writes
        self.user_id = session.user.id
        self.now = session.engine.now()
        self.deleted: dict[Side, int] = dict.fromkeys(Side, 0)
        """Deletions carried out that the guard counts."""
        self.pauses: str | None = None
        """Why creates in Google have to pause from now on."""
        self.unsettled = False
        """Some planned history entry has to be settled by the next run."""
        self.transitions = Transitions(session)
        self.retries = Retries(session, batch)

    @property
    def retry_at(self) -> list[datetime]:
        """When contacts that could not be finished are due again."""
        return self.retries.retry_at

    def groups(self) -> list[tuple[Case, list[Write]]]:
        """One atomic group per contact. A contact that was put aside has another one, see `put_aside`."""
        groups: list[tuple[Case, list[Write]]] = []
        self.batch.each(lambda case: groups.append((case, self._case(case))))
        return [(case, group) for case, group in groups if group]

    def put_aside(self) -> list[list[Write]]:
        """The groups of the contacts that were put aside."""
        told = [(case, case.action) for case in self.batch.cases if case.aside]
        for case, _ in told:
            self._own_create(case)
        # What was sent for one of them is found out by the next run.
        self.unsettled = self.unsettled or any(case.outcomes for case, _ in told)
        return [
            self.retries.put_aside(case, action.message)
            for case, action in told
            if isinstance(action, Quarantine)
        ]

    def _case(self, case: Case) -> list[Write]:
        state = self._state(case)
        told = story.told(self.session, case)
        untold = {entry.id for entry in story.planned(self.session, case)} - {entry.id for entry in told}
        if any(outcome.status is Status.UNKNOWN for outcome in case.outcomes.values()):
            # Whether it took effect is found out by the next run.
            self.unsettled = self.unsettled or bool(untold)
            untold = set()
        entries = [history.put(self.user_id, entry) for entry in told]
        return [*state, *entries, *(history.remove(self.user_id, entry) for entry in untold)]

    def _own_create(self, case: Case) -> None:
        """A Google contact that is being created in Sugar has a mapping by now, which stands for both."""
        entry = case.entry
        sugar_id = self.writes.new_ids.get(entry.google_id) if entry and case.mapping is None else None
        if entry is not None and sugar_id is not None:
            journalled = self.session.holder.wrote(mappings.remove(self.user_id, sugar_id))
            case.entry = replace(entry, mapping=sugar_id) if journalled else entry

    def _state(self, case: Case) -> list[Write]:
        match case.action:
            case Update():
                return self._updated(case, case.action)
            case Create():
                return self._created(case, case.action)
            case Delete():
                return self._deleted(case, case.action)
            case Become():
                if case.action.state is not State.GONE:
                    self.session.counts[str(case.action.state)] += 1
                return self.transitions.became(case, case.action)
            case Renew():
                return self.transitions.renewed(case, case.action)
            case Forget():
                return self.transitions.forgotten(case)
            case Quarantine():
                return self.retries.quarantined(case, case.action)
            case Wait():
                return self.retries.wait(case, case.due_again or self.now + ECHO_DELAY)
            case Nothing():
                return self.retries.settled(case)

    # What each action leaves behind

    def _updated(self, case: Case, action: Update) -> list[Write]:
        mapping = case.mapping
        if mapping is None:
            return []
        linked = agreement.after_update(self.session, self.writes, case, mapping, action)
        self._count(case, action)
        index = self._index_if_changed(case, linked, action)
        open_entries = [item.backlog for item in (mapping, case.entry) if item is not None and item.backlog]
        index += [backlog.close(self.user_id, entry) for entry in open_entries]
        bad = self._worst(case)
        if bad is not None:
            return [
                *index,
                *self.retries.unfinished(replace(case, mapping=replace(linked, backlog=None)), bad),
            ]
        finished = replace(linked, due_at=case.due_again, attempts=0, directive=None, backlog=None)
        return [guarded(self.user_id, finished), *index]

    def _index_if_changed(self, case: Case, mapping: ContactMapping, action: Update) -> list[Write]:
        """The index entry, where its keys or its mapping may have changed."""
        outcome = case.outcomes.get(Side.GOOGLE)
        person = (outcome.record if outcome else None) or case.person or {}
        old = self.session.terms(case.mapping.base) if case.mapping and case.mapping.base else ()
        fresh = self.session.terms(read_google(person, mapping))
        if not action.links and set(old) == set(fresh) and case.entry is None:
            return []
        return [self._entry(case, mapping, person)]

    def _created(self, case: Case, action: Create) -> list[Write]:
        outcome = case.outcomes[action.side]
        if outcome.status is Status.DONE or (
            outcome.status is Status.CONFLICT and outcome.record is not None
        ):
            return self._create_done(case, action, outcome)
        mapping = case.mapping
        if outcome.status is Status.UNKNOWN or action.then is not None:
            # Found out by the journalled intent: what was not created again is left as it is.
            self.retries.retry_at.append(self.now + ECHO_DELAY)
            return []
        if action.side is Side.GOOGLE and mapping is not None:
            waiting = replace(mapping, state=State.NEW, due_at=None)
            if outcome.status is Status.FULL:
                self.pauses = "google_full"
                return [guarded(self.user_id, waiting)]
            if outcome.status is Status.REFUSED and outcome.field == "memberships":
                self.pauses = "label_missing"
                return [guarded(self.user_id, waiting)]
            return self.retries.unfinished(replace(case, mapping=waiting), outcome)
        if case.entry is None:
            return []
        freed = replace(case.entry, mapping=None)
        removal = mappings.remove(self.user_id, self.writes.new_ids[freed.google_id])
        return [removal, *self.retries.unfinished(replace(case, entry=freed), outcome)]

    def _create_done(self, case: Case, action: Create, outcome: Outcome) -> list[Write]:
        if action.then is not None:
            return self._restored(case, action, action.then, outcome)
        linked, person = agreement.after_create(self.session, self.batch, self.writes, case, action, outcome)
        case.mapping = linked
        self.session.counts[f"{action.side}_created"] += 1
        return [guarded(self.user_id, linked), self._entry(case, linked, person)]

    def _restored(self, case: Case, action: Create, then: Become, outcome: Outcome) -> list[Write]:
        """A record that was created again while the other side is not there."""
        mapping = agreement.after_restore(self.session, self.writes, case, action, then, outcome)
        case.mapping = mapping
        self.session.counts[f"{action.side}_created"] += 1
        writes = [guarded(self.user_id, mapping)]
        if action.side is Side.GOOGLE:
            writes.append(self._entry(case, mapping, outcome.record or {}))
        return writes

    def _entry(self, case: Case, mapping: ContactMapping, person: Mapping[str, Any]) -> Write:
        """The index entry of a linked contact."""
        keys = index_terms(self.session, person, mapping)
        known = case.entry if case.entry and case.entry.google_id == mapping.google_id else None
        entry = new_entry(self.session, mapping.google_id or "", mapping.google_source_id, keys)
        entry = replace(entry, mapping=mapping.sugar_id, since=known.since if known else None)
        return guarded(self.user_id, replace(entry, updated_at=known.updated_at if known else None))

    def _deleted(self, case: Case, action: Delete) -> list[Write]:
        outcome = case.outcomes[action.side]
        if outcome.status is not Status.DONE:
            return self.retries.unfinished(case, outcome)
        self.session.counts[f"{action.side}_deleted"] += 1
        if not action.released:
            self.deleted[action.side] += 1
        if case.mapping is None:
            return [google_index.remove(self.user_id, case.google_id or "")]
        if action.then is not None:
            return self.transitions.became(replace(case, person=None), action.then)
        return self.transitions.gone(case, case.mapping)

    @staticmethod
    def _worst(case: Case) -> Outcome | None:
        """The outcome that decides what happens next, if any side was not written."""
        bad = [outcome for outcome in case.outcomes.values() if outcome.status is not Status.DONE]
        refused = [outcome for outcome in bad if outcome.status is Status.REFUSED]
        return next(iter(refused or bad), None)

    def _count(self, case: Case, action: Update) -> None:
        counts = self.session.counts
        for side, outcome in case.outcomes.items():
            if outcome.status is Status.DONE:
                counts[f"{side}_updated"] += 1
        if action.links:
            counts["merged" if case.outcomes else "linked"] += 1
