"""Apply: exactly the contacts of a preview that the user left in, planned anew, as far as they are as they were shown.

An action whose fingerprint no longer holds is not carried out but listed with the preview as moved, and its contact
stays due. Before anything is sent the preview notes what is begun: where a run dies and is delivered again, what it
changed itself has not moved; only the record of it is made up for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ..contacts.actions import Become, Create, Delete, Forget, Update, Wait
from ..contacts.mapping import IndexEntry, State
from ..contacts.mapping import Mapping as ContactMapping
from ..contacts.normal_form import field_text
from ..errors import SyncError
from ..services.outcome import Outcome, Status
from ..services.sugar import NOT_SENT
from ..store import google_index, mappings, previews, runs
from ..store.records import Moved, PlannedAction, PreviewRecord
from .batch import Batch, Case
from .choice import Choice, Declined, decided
from .describe import fingerprint, kinds
from .due import at_once
from .session import Session
from .undo import Undo

SUFFIX = "-apply"
"""What the id of the run that applies a preview has behind the preview's."""

CHANGED = "It changed in the meantime."
NOT_THERE = "It is not there any more."
IN_BACKLOG = "It waits for your decision in the backlog."
WITH_ANOTHER = "It is being decided together with another contact."
UNDECIDED = "It could not be decided just now; the next sync tries again."
FAILED = {
    Status.CONFLICT: CHANGED,
    Status.GONE: NOT_THERE,
    Status.FULL: "Google takes no more contacts.",
    Status.TRANSIENT: "It did not get through; the next sync tries again.",
    Status.UNKNOWN: "Whether it got through is not known yet; the next sync finds out.",
}


def approved(session: Session) -> Choice:
    """The choice of a run that applies a preview. Raises SyncError `preview_expired`."""
    now, preview = session.engine.now(), session.run.removesuffix(SUFFIX)
    found = previews.get(session.engine.db, session.user.id, preview, now)
    if found is None or found.applied is None:
        raise SyncError("preview_expired", "The time to apply the preview was over. Ask for a new one.")
    return Approved(session, found)


def left_out_at(session: Session) -> datetime | None:
    """When the last preview was applied of which something was left out, if that was ordered after this sync was: what
    was due by then is not what this sync may carry out. With automatic syncs on it will be carried out anyway."""
    asked, db, user_id = session.asked, session.engine.db, session.user.id
    if asked is None or session.settings.auto.enabled:
        return None
    for run in runs.since(db, user_id, asked):
        if run.trigger == "apply":
            preview = previews.get(db, user_id, run.id.removesuffix(SUFFIX), session.engine.now())
            applied = preview.applied if preview is not None else None
            at = applied.at if applied is not None else run.started
            if at > asked and (applied is None or applied.leave_out):
                return at
    return None


class Approved(Choice):
    """The actions of an applied preview."""

    def __init__(self, session: Session, preview: PreviewRecord) -> None:
        super().__init__(session)
        self._preview = preview
        self._undo = Undo(session, preview) if preview.undo is not None else None
        left_out = preview.applied.leave_out if preview.applied else ()
        self._actions = {
            action.id: action for action in _planned(session, preview) if action.id not in left_out
        }
        self._left = list(self._actions)
        self._unsent: list[str] = []
        self._begun = set(preview.begun)
        self._moved = {moved.id: moved for moved in preview.moved}

    def next(self) -> Batch | None:
        """What is left, planned anew, as far as it is as it was shown."""
        while self._left:
            count = at_once(self.session)
            keys, self._left = self._left[:count], self._left[count:]
            batch = self._holding(keys)
            self._begun |= {case.key for case in batch.cases}
            self._note()
            if batch.cases:
                return batch
        return None

    def carried_out(self, batch: Batch) -> None:
        """What was not sent comes again; what failed is told."""
        for case in batch.cases:
            bad = [outcome for outcome in case.outcomes.values() if not _took_effect(case, outcome)]
            if any(outcome.reason == NOT_SENT for outcome in bad):
                self._unsent.append(case.key)
            elif bad:
                self._move(case.key, _failure(bad[0]))
            elif isinstance(case.action, Wait):
                self._move(case.key, UNDECIDED)
            else:
                self._moved.pop(case.key, None)
                if isinstance(case.action, Create | Delete) and case.action.also:
                    # The other side's turn, on what is stored by now.
                    self._left.append(case.key)
        self._note()

    def unfinished(self) -> bool:
        """Whether some of it was not come to."""
        return bool(self._left or self._unsent)

    def _holding(self, keys: list[str]) -> Batch:
        """The cases whose action is the one that was shown."""
        db, user_id = self.session.engine.db, self.session.user.id
        actions = [self._actions[key] for key in keys]
        known = mappings.get(db, user_id, [action.sugar_id for action in actions if action.sugar_id])
        entries = google_index.get(db, user_id, [action.google_id for action in actions if action.google_id])
        declined = ""
        try:
            batch = self._planned_anew(list(known.values()), list(entries.values()))
        except Declined as refusal:
            batch, declined = Batch(), str(refusal)
        found = {case.key: case for case in batch.cases}
        holding: set[str] = set()

        def compare(case: Case) -> None:
            if self._holds(batch, case):
                holding.add(case.key)

        batch.each(compare, [found[key] for key in keys if key in found])
        batch.cases = []
        for key in keys:
            case, held = found.get(key), known.get(key) or entries.get(key)
            if case is not None and (case.aside or key in holding):
                batch.cases.append(case)
            elif key not in self._begun:
                self._move(key, declined or _why(held, case))
            elif self._in_doubt(held):
                self._move(key, FAILED[Status.UNKNOWN])
        return batch

    def _planned_anew(self, known: Sequence[ContactMapping], entries: Sequence[IndexEntry]) -> Batch:
        """The actions' contacts, decided on fresh reads. Raises Declined."""
        if self._undo is not None:
            return self._undo.step()
        placed = {mapping.google_id for mapping in known}
        free = [entry for entry in entries if entry.google_id not in placed]
        return decided(
            self.session,
            [mapping for mapping in known if mapping.backlog is None],
            [entry for entry in free if entry.backlog is None],
        )

    def _holds(self, batch: Batch, case: Case) -> bool:
        action = case.action
        if fingerprint(self.session, batch, case) == self._actions[case.key].fingerprint:
            return True
        if case.key not in self._begun:
            return False
        # This preview got so far, maybe in an interrupted run: what is left to do is part of what was shown.
        if isinstance(action, Update):
            return self._was_shown(case.key, action)
        if isinstance(action, Create | Delete):
            left = set(kinds(case))
            return self._undo is not None and left < set(self._actions[case.key].kinds)
        return isinstance(action, Become) and action.state is State.GONE

    def _was_shown(self, key: str, action: Update) -> bool:
        """Whether the preview showed every field that is to be written, with this value."""
        shown = {(change.side, change.field, change.after) for change in self._actions[key].changes}
        left = {
            (side, name, field_text(name, getattr(target, name)))
            for side, target in action.merged.targets.items()
            for name in action.merged.fields_to_write(side)
        }
        return left <= shown

    def _in_doubt(self, held: ContactMapping | IndexEntry | None) -> bool:
        """Whether a create was sent for it, and nobody knows what became of that."""
        if isinstance(held, IndexEntry) and held.mapping is not None:
            found = mappings.get(self.session.engine.db, self.session.user.id, [held.mapping])
            held = found.get(held.mapping)
        return isinstance(held, ContactMapping) and held.state is State.CREATING

    def _move(self, key: str, why: str) -> None:
        self._moved[key] = Moved(key, self._actions[key].name, why)

    def _note(self) -> None:
        """Store with the preview what is begun and what moved."""
        begun, moved = tuple(sorted(self._begun)), tuple(self._moved.values())
        if (begun, moved) != (self._preview.begun, self._preview.moved):
            self._preview = replace(self._preview, begun=begun, moved=moved)
            write = previews.patch(self.session.user.id, self._preview.id, begun=begun, moved=moved)
            self.session.holder.commit([[write]])


def _planned(session: Session, preview: PreviewRecord) -> list[PlannedAction]:
    """All actions of the preview; those of one that was ordered in time are good beyond their hour."""
    found: list[PlannedAction] = []
    cursor: str | None = None
    while True:
        page, cursor = previews.actions(
            session.engine.db, session.user.id, preview.id, preview.at, cursor=cursor, limit=200
        )
        found += page
        if cursor is None:
            return found


def _took_effect(case: Case, outcome: Outcome) -> bool:
    existed = isinstance(case.action, Create) and outcome.record is not None
    return outcome.status is Status.DONE or (outcome.status is Status.CONFLICT and existed)


def _failure(outcome: Outcome) -> str:
    return FAILED.get(outcome.status) or outcome.reason or "It was refused."


def _why(known: ContactMapping | IndexEntry | None, case: Case | None) -> str:
    """Why an action does not hold any more."""
    if known is None or (case is not None and isinstance(case.action, Forget)):
        return NOT_THERE
    if known.backlog is not None:
        return IN_BACKLOG
    if case is None:
        return WITH_ANOTHER
    return UNDECIDED if isinstance(case.action, Wait) else CHANGED
