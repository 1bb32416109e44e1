"""Sugar's contacts as one user sees them. One object per user and run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from ...errors import UserMustAct
from . import listing
from .calls import UserCaller, UserToken
from .feed import ChangePage, DeletionPage, Feed, FeedPosition, Look
from .listing import Scope
from .portions import Portions
from .records import Fetched, fetch
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
        self._denied: frozenset[str] | None = None

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

    def me_denied(self) -> frozenset[str]:
        """The fields that the user's role keeps from being written; all of them if it forbids editing."""
        if self._denied is None:
            self._denied = self._read_denied()
        return self._denied

    def _read_denied(self) -> frozenset[str]:
        user = self._caller.read("GET", "me").get("current_user") or {}
        # Only denials are listed, and PHP writes an empty map as [].
        modules = _as_map(user.get("acl"))
        acl = _as_map(modules.get("Contacts"))
        if acl.get("access") == "no":
            raise UserMustAct("sugar_access_denied", "Sugar gives the user no access to contacts")
        if acl.get("edit") == "no":
            return frozenset(self._fields)
        fields = _as_map(acl.get("fields")).items()
        return frozenset(name for name, denials in fields if _forbids_writing(_as_map(denials)))


def _as_map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _forbids_writing(denials: dict[str, Any]) -> bool:
    return "no" in (denials.get("write"), denials.get("edit"), denials.get("license"))
