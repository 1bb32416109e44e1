"""The lease: who works on a user. Every commit of its holder is conditional on still holding it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from ..store import history, users
from ..store.records import Lease, User
from ..store.write import Conflict, Kind, Unstorable, Write
from .engine import Engine

DURATION = timedelta(minutes=5)
LAST_CALL = timedelta(seconds=60)
"""No outside call begins later than this before the lease ends."""


class LeaseLost(Exception):
    """Another run took over; this one ends without recording."""


class LeaseHolder:
    """Commits writes together with the user document, under that document's update time.

    Where the document was changed meanwhile (a setting, a release), the commit is repeated after a pause on the fresh
    one as long as it still carries our lease. A mapping or index entry that somebody else wrote since we read it is
    left to them: its group of writes is dropped, and the next run decides about it again.
    """

    def __init__(self, engine: Engine, user: User, updated_at: datetime, lease: Lease) -> None:
        self.engine = engine
        self.user = user
        self.lease = lease
        self._updated_at = updated_at
        self._known: dict[str, datetime] = {}
        self.unstorable: set[str] = set()
        """The paths whose groups of the last commit were dropped because Firestore does not take them."""
        self._group_of: dict[str, int] = {}
        """By path of the last commit: its group."""

    @classmethod
    def take(cls, engine: Engine, user: User, updated_at: datetime, run: str) -> LeaseHolder:
        """Take the lease if the document is still as loaded. Raises Conflict if it is not."""
        now = engine.now()
        lease = Lease(id=engine.new_id(), run=run, until=now + DURATION)
        fields: dict[str, Any] = {"lease": lease}
        if user.pending is not None and user.pending < now:
            # A decision that is taken from now on sets the hint anew: as a change, it makes our commits look again.
            fields["pending"] = now
            user = replace(user, pending=now)
        write = users.update(user.id, if_updated_at=updated_at, **fields)
        updated = engine.db.commit([write])[write.path]
        return cls(engine, replace(user, lease=lease), updated, lease)

    def seconds_left(self) -> float:
        """Seconds in which outside calls may still begin."""
        return (self.lease.until - LAST_CALL - self.engine.now()).total_seconds()

    def commit(
        self,
        groups: Iterable[Sequence[Write]],
        computed: Callable[[User], Mapping[str, Any]] | None = None,
        **fields: Any,
    ) -> set[str]:
        """Commit groups of writes, each whole, in as few commits as the limits allow.

        `fields` of the user document go with the last one, and those `computed` from the document as it is then.
        Returns the paths whose groups were dropped because somebody else wrote there, or (`unstorable`) because they
        cannot be stored at all; what the history tells of the former stays true all the same.
        """
        self.unstorable = set()
        listed = [list(group) for group in groups]
        self._group_of = {write.path: number for number, group in enumerate(listed) for write in group}
        siblings = {
            write.path: [other.path for other in group if not history.tells(other)]
            for group in listed
            for write in group
        }

        def values(user: User, last: bool) -> Mapping[str, Any]:
            own = {**fields, **(computed(user) if computed else {})} if last else {}
            return own or {"lease__until": self.lease.until}

        chunks = list(self.engine.db.chunks(listed)) or [[]]
        dropped: set[str] = set()
        for number, chunk in enumerate(chunks, 1):
            last = number == len(chunks)
            dropped |= self._commit(chunk, lambda user, last=last: values(user, last), siblings)  # type: ignore[misc]
        return dropped

    def release(self, writes: Sequence[Write], fields: Callable[[User], Mapping[str, Any]]) -> None:
        """Commit for the last time and give the lease back. `fields` of the user document are computed from the
        document as it is then, since a setting may have changed meanwhile."""
        alone = {write.path: [write.path] for write in writes}
        self._group_of = {write.path: number for number, write in enumerate(writes)}
        self._commit(writes, lambda user: {**fields(user), "lease": None}, alone)

    def wrote(self, write: Write) -> bool:
        """Whether there is a document because this run wrote it."""
        return write.path in self._known

    def _commit(
        self,
        writes: Sequence[Write],
        fields: Callable[[User], Mapping[str, Any]],
        siblings: Mapping[str, Sequence[str]],
    ) -> set[str]:
        dropped: set[str] = set()
        for _ in self.engine.tries(self.lease.until):
            kept = [self._conditional(write) for write in writes if write.path not in dropped]
            own = users.update(self.user.id, if_updated_at=self._updated_at, **fields(self.user))
            try:
                times = self.engine.db.commit([*kept, own])
            except Conflict:
                for path in self._stale(kept):
                    dropped.update(siblings[path])
                continue
            except Unstorable:
                return dropped | self._parted(kept, fields, siblings)
            self._updated_at = times.pop(own.path)
            self._known.update(times)
            return dropped
        raise LeaseLost("the user document keeps changing")

    def _parted(
        self,
        writes: Sequence[Write],
        fields: Callable[[User], Mapping[str, Any]],
        siblings: Mapping[str, Sequence[str]],
    ) -> set[str]:
        """Commit in halves what Firestore does not take together, until what it does not take at all is left out."""
        groups = [list(group) for _, group in groupby(writes, key=lambda write: self._group_of[write.path])]
        if not groups:
            raise Unstorable("the user document cannot be stored")
        if len(groups) == 1:
            paths = {write.path for write in writes}
            self.unstorable |= paths
            return paths | self._commit((), fields, {})
        half = [write for group in groups[: len(groups) // 2] for write in group]
        rest = [write for group in groups[len(groups) // 2 :] for write in group]
        held = self._commit(half, lambda user: {"lease__until": self.lease.until}, siblings)
        return held | self._commit(rest, fields, siblings)

    def _conditional(self, write: Write) -> Write:
        """A write on the condition that the document is as we left it, or as it was read since."""
        known, read = self._known.get(write.path), write.if_updated_at
        return (
            write
            if known is None or (read is not None and read > known)
            else replace(write, if_updated_at=known)
        )

    def _stale(self, writes: Sequence[Write]) -> set[str]:
        """After a refused commit: make sure the lease is ours, and find the documents that were not as expected."""
        fresh = users.read(self.engine.db, self.user.id)
        if fresh is None or fresh[0].lease is None or fresh[0].lease.id != self.lease.id:
            raise LeaseLost("another run took over")
        self.user, self._updated_at = fresh
        expected = {write.path: write.if_updated_at for write in writes if write.if_updated_at is not None}
        made = {write.path for write in writes if write.kind is Kind.CREATE}
        wanted = [*expected, *made]
        found = self.engine.db.get(wanted) if wanted else {}
        stale = {path for path, at in expected.items() if path not in found or found[path].updated_at != at}
        return stale | (made & found.keys())
