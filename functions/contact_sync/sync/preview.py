"""Preview: what a run would do, stored for an hour; nothing is written to either side or to any base.

Until it is ready the preview says `planning`; however its run ends, it does not stay that.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ..errors import SyncError
from ..store import previews
from ..store.records import PlannedAction, PreviewRecord
from ..store.write import Write
from .batch import Batch, Case
from .choice import Choice, Declined, DueOnce, is_plan
from .describe import described, fingerprint, unknown
from .engine import Engine
from .prepare import prepare
from .session import Session
from .undo import Undo

KEPT = timedelta(hours=1)

REASONS = {
    "paused": "Syncing is paused. Ask your administrator.",
    "disabled": "Your administrator has switched syncing off.",
    "domain_not_allowed": "Accounts of your domain are not synced any more. Ask your administrator.",
    "disconnected": "Your Google account is not connected. Connect it, then ask for the preview again.",
    "disconnecting": "Your Google account is being disconnected.",
    "reconnect": "Your Google account has to be connected again. Then ask for the preview again.",
    "permission_missing": "The sync may not see your Google contacts. Allow it, then ask for the preview again.",
    "sugar_user_missing": "No active Sugar user has your address.",
    "lost": "Another sync was faster. Ask for the preview again.",
}
INTERRUPTED = (
    "The preview could not be made. Ask for it again; if that does not help, tell your administrator."
)


class Preview:
    """Plans what a choice gives and stores it under the id of the run."""

    def __init__(self, session: Session, record: PreviewRecord) -> None:
        self.session = session
        self.record = record
        self._actions: list[PlannedAction] = []

    def plan(self, choice: Choice) -> None:
        """Plan until there is no more, or no time. Raises TransientForUser `out_of_time` if nothing was planned."""
        try:
            self._collect(choice)
        except Declined as declined:
            self.record = replace(self.record, state="refused", message=str(declined))
        except SyncError as error:
            if error.code != "out_of_time" or not self._actions:
                raise
        self._store(choice.waiting())

    def _collect(self, choice: Choice) -> None:
        while (batch := choice.next()) is not None:
            self._add(batch)
            if self.session.holder.seconds_left() <= 0:
                return

    def _add(self, batch: Batch) -> None:
        prints: dict[int, str] = {}

        def sign(case: Case) -> None:
            prints[id(case)] = fingerprint(self.session, batch, case)

        def tell(case: Case) -> None:
            if is_plan(case):
                decided_on = prints.get(id(case), "")
                self._actions.append(described(self.session, batch, case, writes, decided_on))

        batch.each(sign)
        writes = prepare(self.session, batch)
        batch.each(tell)
        self._actions += [unknown(case) for case in batch.cases if case.aside]

    def _store(self, waiting: int) -> None:
        """The actions and the preview itself, together."""
        session, now = self.session, self.session.engine.now()
        counts: dict[str, int] = {}
        for kind in (kind for action in self._actions for kind in action.kinds):
            counts[kind] = counts.get(kind, 0) + 1
        ready = replace(
            self.record,
            state="refused" if self.record.state == "refused" else "ready",
            at=now,
            expire_at=now + KEPT,
            counts=counts,
            total=len(self._actions),
            waiting=waiting,
            settings_version=session.user.settings_version,
        )
        if ready.undo is not None and self._actions:
            ready = replace(ready, message=self._actions[0].message)
        user_id = session.user.id
        actions = [
            [previews.put_action(user_id, self.record.id, action, ready.expire_at)]
            for action in self._actions
        ]
        session.holder.commit([*actions, [previews.put(user_id, ready)]])


def planned(session: Session) -> tuple[Preview, Choice] | None:
    """The preview that a run is to make, and what of; None if it is made already, or nobody waits for it any more."""
    found = previews.get(session.engine.db, session.user.id, session.run, session.engine.now())
    if found is None or found.state != "planning":
        return None
    return Preview(session, found), Undo(session, found) if found.undo is not None else DueOnce(session)


def unplanned(
    engine: Engine, user_id: str, trigger: str, run_id: str, code: str, message: str | None = None
) -> list[Write]:
    """The end of a preview whose run ended with this error, in plain words. Nothing for any other run."""
    found = previews.get(engine.db, user_id, run_id, engine.now()) if trigger == "preview" else None
    if found is None or found.state != "planning":
        return []
    told = REASONS.get(code) or message or INTERRUPTED
    return [previews.patch(user_id, run_id, state="failed", error=code, message=told)]
