"""Record: what the mapping, the index, the history and the backlog hold after the writes, one contact at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ..contacts import google_person
from ..contacts.contact import Contact
from ..contacts.mapping import Directive, IndexEntry, Seen, State
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.normal_form import to_plain
from ..contacts.plan import (
    Become,
    Create,
    Delete,
    Forget,
    Nothing,
    Quarantine,
    Renew,
    Update,
    Wait,
)
from ..contacts.side import Side
from ..services.outcome import Outcome, Status
from ..services.sugar import NOT_SENT
from ..store import backlog, google_index, history, mappings
from ..store.records import BacklogEntry
from ..store.write import Write
from . import agreement, story
from .batch import Batch, Case
from .engine import ECHO_DELAY
from .intake_google import index_terms
from .intake_sugar import GONE_FOR
from .marks import backlog_id, guarded
from .prepare import Writes
from .session import Session, read_google, read_sugar

OUTAGE = timedelta(minutes=2)
"""When to try again where a whole side did not answer."""
MOST_ATTEMPTS = 5
"""The fifth transient failure in a row of the same contact puts it into the backlog."""


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
        self.down = _down(batch)
        """Sides on which nothing got through: their failures are not the contacts' own."""
        self.pauses: str | None = None
        """Why creates in Google have to pause from now on."""
        self.unsettled = False
        """Some planned history entry has to be settled by the next run."""
        self.retry_at: list[datetime] = []
        """When contacts that could not be finished are due again."""

    def groups(self) -> list[list[Write]]:
        """One atomic group per contact."""
        return [group for case in self.batch.cases if (group := self._case(case))]

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

    def _state(self, case: Case) -> list[Write]:
        match case.action:
            case Update():
                return self._updated(case, case.action)
            case Create():
                return self._created(case, case.action)
            case Delete():
                return self._deleted(case, case.action)
            case Become():
                return self._became(case, case.action)
            case Renew():
                return self._renewed(case, case.action)
            case Forget():
                return self._forgotten(case)
            case Quarantine():
                return self._quarantined(case, case.action)
            case Wait():
                return self._later(case, case.due_again or self.now + ECHO_DELAY)
            case Nothing():
                return self._settled(case)

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
            return [*index, *self._unfinished(replace(case, mapping=replace(linked, backlog=None)), bad)]
        finished = replace(linked, due_at=None, attempts=0, directive=None, backlog=None)
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
        if outcome.status is Status.UNKNOWN:
            self.retry_at.append(self.now + ECHO_DELAY)
            return []
        if action.side is Side.GOOGLE and mapping is not None:
            waiting = replace(mapping, state=State.NEW, due_at=None)
            if outcome.status is Status.FULL:
                self.pauses = "google_full"
                return [guarded(self.user_id, waiting)]
            if outcome.status is Status.REFUSED and outcome.field == "memberships":
                self.pauses = "label_missing"
                return [guarded(self.user_id, waiting)]
            return self._unfinished(replace(case, mapping=waiting), outcome)
        if case.entry is None:
            return []
        freed = replace(case.entry, mapping=None)
        removal = mappings.remove(self.user_id, self.writes.new_ids[freed.google_id])
        return [removal, *self._unfinished(replace(case, entry=freed), outcome)]

    def _create_done(self, case: Case, action: Create, outcome: Outcome) -> list[Write]:
        linked, person = agreement.after_create(self.session, self.batch, self.writes, case, action, outcome)
        case.mapping = linked
        self.session.counts[f"{action.side}_created"] += 1
        return [guarded(self.user_id, linked), self._entry(case, linked, person)]

    def _entry(self, case: Case, mapping: ContactMapping, person: Mapping[str, Any]) -> Write:
        """The index entry of a linked contact."""
        keys = index_terms(self.session, person, mapping)
        known = case.entry if case.entry and case.entry.google_id == mapping.google_id else None
        entry = IndexEntry(mapping.google_id or "", mapping.sugar_id, mapping.google_source_id, keys)
        return guarded(self.user_id, replace(entry, updated_at=known.updated_at if known else None))

    def _deleted(self, case: Case, action: Delete) -> list[Write]:
        outcome = case.outcomes[action.side]
        if outcome.status is not Status.DONE:
            return self._unfinished(case, outcome)
        self.session.counts[f"{action.side}_deleted"] += 1
        if not action.released:
            self.deleted[action.side] += 1
        if case.mapping is None:
            return [google_index.remove(self.user_id, case.google_id or "")]
        return self._gone(case, case.mapping)

    def _gone(self, case: Case, mapping: ContactMapping) -> list[Write]:
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

    def _became(self, case: Case, action: Become) -> list[Write]:
        mapping = case.mapping
        if mapping is None:
            return []
        if action.state is State.GONE:
            return self._gone(case, mapping)
        self.session.counts[str(action.state)] += 1
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
                seen=Seen(sugar_date=mapping.seen.sugar_date),
                created_side=None,
                flips={},
            )
        if action.state is State.NEW and case.record is not None:
            fresh = replace(fresh, match_keys=self.session.terms(read_sugar(case.record, fresh)))
        return [guarded(self.user_id, fresh), *writes]

    def _renewed(self, case: Case, action: Renew) -> list[Write]:
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
        return [*self._gone(case, gone), self._freed(mapping, case.person, directive)]

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

    def _forgotten(self, case: Case) -> list[Write]:
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

    def _quarantined(self, case: Case, action: Quarantine) -> list[Write]:
        entry_id = backlog_id(action.cause, case.key)
        self.session.counts["quarantined"] += 1
        mapping, item = case.mapping, case.mapping or case.entry
        if item is None:
            return []
        keeps = action.cause == "mass_delete"
        held: ContactMapping | IndexEntry
        if mapping is not None:
            date = case.held(Side.SUGAR).get("date_modified", mapping.seen.sugar_date)
            etag = google_person.source_etag(case.held(Side.GOOGLE)) or mapping.seen.google_etag
            held = replace(
                mapping,
                backlog=entry_id,
                due_at=None,
                directive=None,
                attempts=0,
                seen=replace(mapping.seen, sugar_date=date, google_etag=etag),
                deletion_waits=mapping.deletion_waits if keeps else None,
            )
        else:
            held = replace(item, backlog=entry_id, due_at=None, directive=None, attempts=0)
        entry = BacklogEntry(
            id=entry_id,
            sugar_id=mapping.sugar_id if mapping else None,
            google_id=case.google_id,
            name=mapping.name if mapping else "",
            cause=action.cause,
            message=action.message,
            since=self.now,
            field=action.field,
            group=case.group,
            attempts=item.attempts,
            records=_as_last_seen(case, mapping) if mapping else None,
            partners=action.partners,
        )
        return [guarded(self.user_id, held), backlog.put(self.user_id, entry)]

    def _settled(self, case: Case) -> list[Write]:
        """Nothing to do: no longer due."""
        item = case.mapping or case.entry
        if item is None:
            return []
        return [guarded(self.user_id, replace(item, due_at=None, directive=None, attempts=0))]

    def _later(self, case: Case, at: datetime) -> list[Write]:
        item = case.mapping or case.entry
        if item is None:
            return []
        self.retry_at.append(at)
        return [guarded(self.user_id, replace(item, due_at=at))]

    def _unfinished(self, case: Case, outcome: Outcome) -> list[Write]:
        """A write that did not take effect: look again, or quarantine."""
        item = case.mapping or case.entry
        if item is None:
            return []
        match outcome.status:
            case Status.REFUSED:
                reason = outcome.reason or "The change was refused."
                return self._quarantined(case, Quarantine("refused", reason, outcome.field))
            case Status.CONFLICT:
                return self._later(case, self.now)
            case Status.GONE:
                return self._later(case, self.now + timedelta(minutes=1))
        if outcome.reason == NOT_SENT or outcome.retry_after is not None:
            return self._later(case, self.now + timedelta(seconds=outcome.retry_after or 0))
        if any(case.outcomes.get(side) is outcome for side in self.down):
            return self._later(case, self.now + OUTAGE)
        attempts = item.attempts + 1
        if isinstance(item, ContactMapping):
            case = replace(case, mapping=replace(item, attempts=attempts))
        else:
            case = replace(case, entry=replace(item, attempts=attempts))
        if attempts >= MOST_ATTEMPTS:
            reason = outcome.reason or "The other system did not answer."
            message = f"It failed {attempts} times in a row. {reason}"
            return self._quarantined(case, Quarantine("failing", message))
        return self._later(case, self.now + timedelta(minutes=2**attempts))

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


def _as_last_seen(case: Case, mapping: ContactMapping) -> dict[str, dict[str, object]]:
    """Both sides' content as last seen: what this run read, else what both agreed on."""
    contacts = {side: case.views[side].contact or mapping.base or Contact() for side in Side}
    return {str(side): to_plain(contact) for side, contact in contacts.items()}


def _down(batch: Batch) -> set[Side]:
    """The sides that failed for every one of several contacts."""
    found = set()
    for side in Side:
        outcomes = [case.outcomes[side] for case in batch.cases if side in case.outcomes]
        failed = [one for one in outcomes if one.status in (Status.TRANSIENT, Status.UNKNOWN)]
        if len(outcomes) > 1 and len(failed) == len(outcomes):
            found.add(side)
    return found
