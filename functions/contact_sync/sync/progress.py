"""The run document: progress while a run works, its summary when it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ..store import runs
from ..store.records import RunRecord
from ..store.write import Write
from .session import Session

KEPT = timedelta(days=30)


@dataclass(slots=True)
class Progress:
    """Progress of one run, written along with the run's own commits."""

    session: Session
    done: int = 0
    total: int = 0
    waiting: int = 0
    _stored: bool = field(default=False)

    def go_on(self, begun: RunRecord) -> None:
        """Count on from where an earlier task of this run stopped."""
        self.done, self.total = begun.done, begun.total
        self.session.counts.update(begun.counts)

    def write(self, phase: str, *, finished: bool = False, error: str | None = None) -> Write:
        """The write of the run document as it stands."""
        session = self.session
        now = session.engine.now()
        return runs.put(
            session.user.id,
            RunRecord(
                id=session.run,
                trigger=session.trigger,
                started=session.started,
                finished=now if finished else None,
                phase=phase,
                done=self.done,
                total=self.total,
                waiting=self.waiting,
                counts=dict(session.counts),
                error=error,
                expire_at=now + KEPT,
                asked=session.asked if session.order else None,
            ),
        )

    def summary(self, error: str | None = None) -> dict[str, Any]:
        """The summary of the run, as the worker answers it and the user document keeps it."""
        session = self.session
        return {
            "run": session.run,
            "trigger": session.trigger,
            "phase": "done",
            "started": session.started,
            "finished": session.engine.now(),
            "done": self.done,
            "total": self.total,
            "waiting": self.waiting,
            "counts": dict(session.counts),
            "error": error,
        }
