"""Retries: contacts that could not be finished, looked at again later or left to a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from ..contacts import google_person
from ..contacts.actions import Quarantine
from ..contacts.contact import Contact
from ..contacts.mapping import IndexEntry
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.normal_form import to_plain
from ..contacts.side import Side
from ..services.outcome import Outcome, Status
from ..services.sugar import NOT_SENT
from ..store import backlog
from ..store.records import BacklogEntry
from ..store.write import Write
from .aside import put_aside, shortened
from .batch import Batch, Case
from .engine import OUTAGE
from .marks import amended, backlog_id, guarded
from .session import Session

MOST_ATTEMPTS = 5
"""The fifth transient failure in a row of the same contact puts it into the backlog."""
AT_ONCE = 2
"""So many conflicts in a row are looked at again at once; the next one is a failure like any other."""

REASONS = {
    Status.CONFLICT: "The record kept changing while it was written.",
    Status.GONE: "The record could be read, but not be found to be written.",
}
"""What a failure means where the other system did not say."""


class Retries:
    """Each method answers one contact's writes."""

    def __init__(self, session: Session, batch: Batch) -> None:
        self.session = session
        self.user_id = session.user.id
        self.now = session.engine.now()
        self.down = _down(batch)
        """Sides on which nothing got through: their failures are not the contacts' own."""
        self.retry_at: list[datetime] = []
        """When contacts that could not be finished are due again."""

    def wait(self, case: Case, at: datetime) -> list[Write]:
        """Nothing could be decided. A partner that could not be read is looked at by itself, at once."""
        writes = self.unfinished(case, case.unread) if case.unread is not None else self.later(case, at)
        partner = case.partner
        if partner is None or partner.updated_at is None or partner.backlog is not None:
            return writes
        if partner.due_at is None or partner.due_at > self.now:
            self.retry_at.append(self.now)
            writes.append(guarded(self.user_id, replace(partner, due_at=self.now)))
        return writes

    def quarantined(self, case: Case, action: Quarantine) -> list[Write]:
        """Into the backlog: not due until a person, or an edit, releases it."""
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
                absent=None,
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

    def put_aside(self, case: Case, message: str) -> list[Write]:
        """Into the backlog, with nothing else stored about it than that."""
        item = case.mapping or case.entry
        if item is None:
            return []
        self.session.counts["quarantined"] += 1
        stored = item.updated_at is not None or self.session.holder.wrote(amended(self.user_id, item))
        records = _as_last_seen(case, case.mapping) if case.mapping else None
        return put_aside(self.session, item, message, stored=stored, records=records)

    def settled(self, case: Case) -> list[Write]:
        """Nothing to do: no longer due."""
        item = case.mapping or case.entry
        if item is None:
            return []
        return [guarded(self.user_id, replace(item, due_at=None, directive=None, attempts=0))]

    def later(self, case: Case, at: datetime) -> list[Write]:
        """Due again at that time."""
        item = case.mapping or case.entry
        if item is None:
            return []
        self.retry_at.append(at)
        if isinstance(item, ContactMapping) and item.absent is not None:
            item = replace(item, absent=replace(item.absent, due_at=at))
            return [guarded(self.user_id, replace(item, due_at=at if item.due_at is not None else None))]
        return [guarded(self.user_id, replace(item, due_at=at))]

    def unfinished(self, case: Case, outcome: Outcome) -> list[Write]:
        """A record that was not read, or a write that did not take effect: look again, or quarantine."""
        item = case.mapping or case.entry
        if item is None:
            return []
        if outcome.status is Status.REFUSED:
            reason = outcome.reason or "The change was refused."
            return self.quarantined(case, Quarantine("refused", reason, outcome.field))
        if outcome.reason == NOT_SENT or outcome.retry_after is not None:
            return self.later(case, self.now + timedelta(seconds=outcome.retry_after or 0))
        if any(case.outcomes.get(side) is outcome for side in self.down):
            return self.later(case, self.now + OUTAGE)
        attempts = item.attempts + 1
        if isinstance(item, ContactMapping):
            case = replace(case, mapping=replace(item, attempts=attempts))
        else:
            case = replace(case, entry=replace(item, attempts=attempts))
        if attempts >= MOST_ATTEMPTS:
            reason = outcome.reason or REASONS.get(outcome.status, "The other system did not answer.")
            message = f"It failed {attempts} times in a row. {reason}"
            return self.quarantined(case, Quarantine("failing", message))
        if outcome.status is Status.CONFLICT and attempts <= AT_ONCE:
            return self.later(case, self.now)
        return self.later(case, self.now + timedelta(minutes=2**attempts))


def _as_last_seen(case: Case, mapping: ContactMapping) -> dict[str, dict[str, object]]:
    """Both sides' content as last seen: what this run read, else what both agreed on."""
    contacts = {side: case.views[side].contact or mapping.base or Contact() for side in Side}
    return {str(side): shortened(to_plain(contact)) for side, contact in contacts.items()}


def _down(batch: Batch) -> set[Side]:
    """The sides that failed for every one of several contacts."""
    found = set()
    for side in Side:
        outcomes = [case.outcomes[side] for case in batch.cases if side in case.outcomes]
        failed = [one for one in outcomes if one.status in (Status.TRANSIENT, Status.UNKNOWN)]
        if len(outcomes) > 1 and len(failed) == len(outcomes):
            found.add(side)
    return found
