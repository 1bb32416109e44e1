"""The ids-only listing of the user's scope, compared with the mappings.

It finds what moves no date: records that left the scope or came into it, and deletions that were pruned. Nothing is
judged here: what is suspect is marked, and the batches decide about it. A listing for which the time of one run is too
short goes on in the next one; it needs no single moment, since all that follows from it is that records are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from ..contacts.mapping import State
from ..errors import SyncError
from ..store import listings, mappings
from ..store.mappings import Standing
from ..store.records import Listing, Proof
from . import intake_sugar, proof
from .aside import flush
from .marks import Marks
from .session import Session

FETCH = 100
"""Mappings that are marked, and records that are listed whole, at once."""
ASKED = 500
"""Ids out of scope of which one call asks whether they exist."""
GOOD_FOR = timedelta(hours=6)


def list_scope(session: Session) -> Proof | None:
    """List the scope and mark what differs. None if the time was too short; the next run goes on.

    Answers how the whole book stands, which is a proof of the sync where a full intake went before.
    """
    return _Lister(session).run()


class _Lister:
    """One listing, from the beginning or from where an earlier run left it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        now, user = session.engine.now(), session.user
        kept = listings.read(session.engine.db, user.id, now)
        self._kept = kept is not None
        if kept is None or kept.version != user.intake_version:
            kept = Listing(now + GOOD_FOR, user.intake_version)
        self._progress = kept
        self._ids = set(kept.ids.split())

    def run(self) -> Proof | None:
        """To the end; or as far as there is time, and None."""
        try:
            if self._read():
                states = mappings.states(self.session.engine.db, self.session.user.id)
                if self._compare(states):
                    self._forget()
                    return proof.of_listing(states, self._ids, self.session.engine.now())
        except SyncError:
            self._keep()
            raise
        self._keep()
        return None

    def _read(self) -> bool:
        """All ids of the scope."""
        session = self.session
        while not self._progress.complete:
            if session.holder.seconds_left() <= 0:
                return False
            page, after = session.sugar.all_ids(session.scope, self._progress.after)
            self._ids.update(page)
            self._progress = replace(self._progress, after=after, complete=after is None)
        return True

    def _compare(self, states: Mapping[str, Standing]) -> bool:
        """Mark what differs, bit by bit; what is marked is not done again."""
        within, outside, back = list[str](), list[str](), list[str]()
        for sugar_id, stands in states.items():
            if stands.state is State.OUT_OF_SCOPE:
                (back if sugar_id in self._ids else outside).append(sugar_id)
            elif (
                stands.state in (State.LINKED, State.NEW) and not stands.absent and sugar_id not in self._ids
            ):
                within.append(sugar_id)
        unknown = sorted(self._ids - states.keys())
        return (
            self._mark(within, absent=True)
            and self._mark([key for key in back if not states[key].due], absent=False)
            and self._ask_about(sorted(outside))
            and self._take_in(unknown)
        )

    def _mark(self, sugar_ids: Sequence[str], *, absent: bool) -> bool:
        for some in self._parts(sugar_ids, FETCH):
            marks = Marks(self.session)
            intake_sugar.doubted(self.session, marks, some, absent=absent)
            flush(self.session, marks)
        return self._has_time()

    def _ask_about(self, outside: Sequence[str]) -> bool:
        """Mark what is out of scope and exists no more: a deletion poll that is restricted to the owner does not tell
        of it."""
        session = self.session
        if not session.scope.deleted_conditions():
            return True
        left = [sugar_id for sugar_id in outside if sugar_id > self._progress.asked]
        for some in self._parts(left, ASKED):
            there = session.engine.sugar.listed(some, session.sugar.portions, session.ensure_time)
            marks = Marks(session)
            intake_sugar.doubted(session, marks, [key for key in some if key not in there], absent=False)
            flush(session, marks)
            self._progress = replace(self._progress, asked=some[-1])
        return self._has_time()

    def _take_in(self, unknown: Sequence[str]) -> bool:
        """Mark records of the scope that nobody knows yet."""
        session = self.session
        for some in self._parts(unknown, FETCH):
            marks = Marks(session)
            intake_sugar.changed(session, marks, session.sugar.listed(session.scope, some), full=False)
            flush(session, marks)
        return self._has_time()

    def _parts(self, sugar_ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
        """Part after part, as long as there is time."""
        for start in range(0, len(sugar_ids), size):
            if not self._has_time():
                return
            yield sugar_ids[start : start + size]

    def _has_time(self) -> bool:
        return self.session.holder.seconds_left() > 0

    def _keep(self) -> None:
        """Leave what was found out to the next run."""
        kept = replace(self._progress, ids="\n".join(sorted(self._ids)))
        write = listings.put(self.session.user.id, kept)
        if write is not None:
            self.session.holder.commit([[write]])

    def _forget(self) -> None:
        if self._kept:
            self.session.holder.commit([[listings.remove(self.session.user.id)]])
