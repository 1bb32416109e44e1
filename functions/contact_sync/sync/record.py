"""Record: what the mapping, the index, the history and the backlog hold after the writes, one contact at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from ..contacts import google_person
from ..contacts.contact import Contact
from ..contacts.mapping import IndexEntry, Seen, State
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.merge import differs_from_base
from ..contacts.normal_form import display_name, to_plain
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
    agreed_base,
    flips_after,
)
from ..contacts.side import Side
from ..services.outcome import Outcome, Status
from ..services.sugar import NOT_SENT
from ..store import backlog, google_index, history, mappings
from ..store.records import BacklogEntry
from ..store.write import Write
from . import story
from .batch import Batch, Case
from .engine import ECHO_DELAY
from .intake_google import index_terms
from .intake_sugar import GONE_FOR
from .marks import backlog_id, guarded
from .prepare import Writes
from .session import Session, read_google, read_sugar

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
        linked = self._linked(case, mapping, action)
        self._count(case, action)
        bad = self._worst(case)
        if bad is not None:
            return self._unfinished(replace(case, mapping=linked), bad)
        finished = replace(linked, due_at=None, attempts=0, directive=None, backlog=None)
        return [guarded(self.user_id, finished), *self._index_if_changed(case, finished, action)]

    def _linked(self, case: Case, mapping: ContactMapping, action: Update) -> ContactMapping:
        """The mapping after both sides' writes, as far as they took effect: the base is what they agree on now."""
        done = {side: outcome for side, outcome in case.outcomes.items() if outcome.status is Status.DONE}
        filled = mapping.filled
        if Side.SUGAR in done:
            filled = self.writes.filled.get(mapping.sugar_id, filled)
        mapping = replace(mapping, filled=filled)
        record, person = case.record or {}, case.person or {}
        if Side.SUGAR in done:
            record = done[Side.SUGAR].record or record
        if Side.GOOGLE in done:
            person = done[Side.GOOGLE].record or person
        contacts = {Side.SUGAR: read_sugar(record, mapping), Side.GOOGLE: read_google(person, mapping)}
        holds = {side: case.views[side].holds for side in Side}
        base = agreed_base(
            contacts, None if action.links and mapping.state is State.NEW else mapping.base, holds
        )
        written = {
            key: flip
            for key, flip in flips_after(mapping, action.merged, case.contacts, self.now).items()
            if flip.side in done or key in mapping.flips
        }
        return replace(
            mapping,
            google_id=google_person.google_id(person),
            google_source_id=google_person.source_id(person),
            name=display_name(contacts[Side.SUGAR]) or display_name(contacts[Side.GOOGLE]),
            match_keys=self.session.terms(contacts[Side.SUGAR]),
            state=State.LINKED,
            base=base,
            seen=Seen(
                sugar_date=record.get("date_modified"),
                google_etag=google_person.source_etag(person),
                sugar_changed_at=self._still_changed(Side.SUGAR, mapping, contacts, base, case),
                google_changed_at=self._still_changed(Side.GOOGLE, mapping, contacts, base, case),
            ),
            missing=None,
            deletion_waits=None,
            written_at=self.now if done else mapping.written_at,
            flips=written,
            expire_at=None,
        )

    def _still_changed(
        self, side: Side, mapping: ContactMapping, contacts: dict[Side, Contact], base: Contact, case: Case
    ) -> datetime | None:
        if not differs_from_base(contacts[side], base, case.views[side].holds):
            return None
        return mapping.seen.changed_at(side) or case.views[side].modified_at

    def _index_if_changed(self, case: Case, mapping: ContactMapping, action: Update) -> list[Write]:
        """The index entry, where its keys or its mapping may have changed."""
        outcome = case.outcomes.get(Side.GOOGLE)
        person = (outcome.record if outcome else None) or case.person or {}
        old = self.session.terms(case.mapping.base) if case.mapping and case.mapping.base else ()
        fresh = self.session.terms(read_google(person, mapping))
        if not action.links and set(old) == set(fresh) and case.entry is None:
            return []
        return [self._entry(case, mapping.sugar_id, index_terms(self.session, person, mapping), mapping)]

    def _entry(self, case: Case, sugar_id: str, keys: tuple[str, ...], mapping: ContactMapping) -> Write:
        entry = IndexEntry(mapping.google_id or "", sugar_id, mapping.google_source_id, keys)
        known = case.entry if case.entry and case.entry.google_id == entry.google_id else None
        return guarded(self.user_id, replace(entry, updated_at=known.updated_at if known else None))

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
        record, person = case.record, case.person
        if action.side is Side.GOOGLE:
            person = outcome.record or {}
            mapping = case.mapping or ContactMapping("")
        else:
            record = outcome.record or {}
            sugar_id = self.writes.new_ids[case.entry.google_id] if case.entry else outcome.key
            mapping = ContactMapping(sugar_id, filled=self.writes.filled.get(sugar_id))
        contacts = {
            Side.SUGAR: read_sugar(record or {}, mapping),
            Side.GOOGLE: google_person.read(person or {}, action.contact),
        }
        holds = {
            Side.GOOGLE: google_person.reduce,
            Side.SUGAR: lambda contact: self.session.held_by_sugar(contact, self.batch.accounts),
        }
        base = agreed_base(contacts, None, holds)
        linked = replace(
            mapping,
            google_id=google_person.google_id(person or {}),
            google_source_id=google_person.source_id(person or {}),
            name=display_name(contacts[action.side.other]),
            match_keys=self.session.terms(contacts[Side.SUGAR]),
            state=State.LINKED,
            base=base,
            seen=Seen((record or {}).get("date_modified"), google_person.source_etag(person or {})),
            created_side=action.side,
            created_at=self.now,
            written_at=self.now,
            due_at=self.now if outcome.status is Status.CONFLICT else None,
            attempts=0,
            directive=None,
        )
        case.mapping = linked
        self.session.counts[f"{action.side}_created"] += 1
        keys = index_terms(self.session, person or {}, linked)
        return [guarded(self.user_id, linked), self._entry(case, linked.sugar_id, keys, linked)]

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
                writes.append(google_index.remove(self.user_id, mapping.google_id))
            fresh = replace(fresh, google_id=None, google_source_id=None, base=None)
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
        person = case.person or {}
        entry = IndexEntry(
            mapping.google_id or "",
            None,
            mapping.google_source_id,
            index_terms(self.session, person, None),
            directive=directive,
            due_at=self.now,
        )
        return [*self._gone(case, gone), google_index.put(self.user_id, entry)]

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
            date = (case.record or {}).get("date_modified", mapping.seen.sugar_date)
            held = replace(
                mapping,
                backlog=entry_id,
                due_at=None,
                directive=None,
                attempts=0,
                seen=replace(mapping.seen, sugar_date=date),
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
        attempts = item.attempts + 1
        if attempts >= MOST_ATTEMPTS:
            reason = outcome.reason or "The other system did not answer."
            message = f"It failed {attempts} times in a row. {reason}"
            return self._quarantined(case, Quarantine("failing", message))
        at = self.now + timedelta(minutes=2**attempts)
        if case.mapping is not None:
            return self._later(replace(case, mapping=replace(case.mapping, attempts=attempts)), at)
        return self._later(replace(case, entry=replace(item, attempts=attempts)), at)  # type: ignore[arg-type]

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
