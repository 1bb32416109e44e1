"""Sugar's contacts as one user sees them. One object per user and run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from . import listing
from .calls import UserCaller, UserToken
from .feed import ChangePage, DeletionPage, Feed, FeedPosition, Look
from .listing import Scope
from .portions import Portions
from .records import Fetched, fetch
from .rights import denied_by
from .server import SugarServer
from .writes import SugarWrite, Writer, WriteResult


class SugarContacts:
    """Every call is made with the user's token, so Sugar's own access rules apply."""

    def __init__(
        self,
        server: SugarServer,
        token: UserToken,
        fields: Sequence[str],
        deadline: Callable[[], float] | None = None,
    ) -> None:
        """`fields` are read of every record; `deadline` answers how many seconds a reading call may last."""
        self._caller = UserCaller(server.transport, token, deadline)
        self._fields = tuple(fields)
        self._now = server.now
        self.portions = Portions.fresh(server.now)
        self._feed = Feed(self._caller, self._fields, self.portions)
        still_there = partial(server.still_there, portions=self.portions)
        self._writer = Writer(self._caller, self.portions.reads, self._fields, server.now, still_there)

    def look(
        self,
        scope: Scope,
        since: datetime | None,
        position: FeedPosition | None,
        deleted_since: datetime | None,
    ) -> Look:
        """See `Feed.look`: one call."""
        return self._feed.look(scope, since, position, deleted_since)

    def changes(self, scope: Scope, since: datetime | None, position: FeedPosition | None) -> ChangePage:
        """See `Feed.changes`."""
        return self._feed.changes(scope, since, position)

    def deletions(self, scope: Scope, since: datetime, offset: int) -> DeletionPage:
        """See `Feed.deletions`."""
        return self._feed.deletions(scope, since, offset)

    def all_ids(self, scope: Scope, after_id: str | None) -> tuple[list[str], str | None]:
        """See `listing.ids_page`."""
        return listing.ids_page(self._caller, self.portions.ids, scope, after_id)

    def listed(self, scope: Scope, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Those of the records that a list of the scope shows, whole: good for marks, not for decisions."""
        shown = ",".join(self._fields)
        return listing.rows_among(self._caller, self.portions.rows, shown, scope.conditions(), ids)

    def count(self, scope: Scope) -> int:
        """How many records the scope holds."""
        return listing.count(self._caller, scope)

    def fetch(
        self,
        ids: Sequence[str],
        addresses: Sequence[str] = (),
        people: Sequence[tuple[str, str]] = (),
        companies: Sequence[str] = (),
    ) -> Fetched:
        """Records by id, candidates by e-mail address or by (first name, last name), accounts by name."""
        return fetch(
            self._caller, self.portions.reads, self._fields, self._now, ids, addresses, people, companies
        )

    def write(self, writes: Sequence[SugarWrite], chunk: int, deadline: Callable[[], float]) -> WriteResult:
        """See `Writer.write`."""
        return self._writer.write(writes, chunk, deadline)

    def ask_rights(self) -> None:
        """Have the next call that reads several things ask for the user's rights as well."""
        self._caller.asks_me = True

    @property
    def denied(self) -> frozenset[str] | None:
        """The fields that the user's role keeps from being written, as last read in this run; None: not yet."""
        me = self._caller.me
        return None if me is None else denied_by(me, self._fields)

    def me_denied(self) -> frozenset[str]:
        """The same, asked for where that is not known yet."""
        if self._caller.me is None:
            self._caller.me = self._caller.read("GET", "me")
        return denied_by(self._caller.me, self._fields)
