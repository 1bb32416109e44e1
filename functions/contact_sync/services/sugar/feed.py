"""The change feed and the deletion poll.

Pages are continued by key (date_modified and id of the last row), not by offset: rows that change between two
pages move to the end, and an offset would then skip others. An instance may cut pages shorter than asked
(max_list_limit), so only `next_offset` says whether a page was the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from ...contacts.json_values import as_time
from ...errors import TransientForUser
from .calls import Caller, Item
from .dates import moment, text_of
from .faults import TIMEOUT, item_fault_of
from .listing import LIST, Scope, ask_pages, deleted_query, list_query, rows_of
from .portions import Portions
from .transport import Answer

_TIME: Final = "ping/whattimeisit"
_NO_DATE: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FeedPosition:
    """A place in the change feed, right after this row."""

    date_modified: datetime
    id: str


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Changed records, oldest change first. `position` is that of the last row; None: there are none."""

    records: list[dict[str, Any]]
    position: FeedPosition | None
    end: bool


@dataclass(frozen=True, slots=True)
class DeletionPage:
    """Ids of deleted records; Sugar tells nothing else about them. `next_offset` None: the poll ended."""

    ids: list[str]
    next_offset: int | None


_NO_CHANGES: Final = ChangePage([], None, end=True)
_NO_DELETIONS: Final = DeletionPage([], None)


@dataclass(frozen=True, slots=True)
class Look:
    """The first page of everything, and the server's time when it was read (UTC)."""

    server_time: datetime
    changes: ChangePage
    deletions: DeletionPage


class Feed:
    """Reads changes and listings as one user."""

    def __init__(self, caller: Caller, fields: Sequence[str], portions: Portions) -> None:
        self._caller = caller
        self._portions = portions
        self._fields = ",".join(fields)
        self._keys_work = True

    def look(
        self,
        scope: Scope,
        since: datetime | None,
        position: FeedPosition | None,
        deleted_since: datetime | None,
    ) -> Look:
        """Server time, first change page and first deletion page in one call; in three where that takes too long.

        Without `since` and `position` there is no feed yet and no changes are read; likewise deletions
        without `deleted_since`.
        """
        try:
            return self._look_at_once(scope, since, position, deleted_since)
        except TransientForUser as error:
            if error.code != TIMEOUT:
                raise
        self._portions.rows.shrink(self._portions.rows.size)
        server_time = _server_time(self._caller.ask("GET", _TIME))
        changes, deletions = _NO_CHANGES, _NO_DELETIONS
        if since is not None or position is not None:
            changes = self.changes(scope, since, position)
        if deleted_since is not None:
            deletions = self.deletions(scope, deleted_since, 0)
        return Look(server_time, changes, deletions)

    def _look_at_once(
        self,
        scope: Scope,
        since: datetime | None,
        position: FeedPosition | None,
        deleted_since: datetime | None,
    ) -> Look:
        rows, ids = self._portions.rows.size, self._portions.ids.size
        items = [Item(_TIME)]
        has_changes = since is not None or position is not None
        if has_changes:
            items.append(Item(LIST, "POST", self._change_query(scope, since, position, rows)))
        if deleted_since is not None:
            items.append(Item(LIST, "POST", _deletion_query(scope, deleted_since, 0, ids)))
        answers = iter(self._caller.read_bulk(items))
        server_time = _server_time(next(answers))
        changes = self._page_or_rest(next(answers), scope, position) if has_changes else _NO_CHANGES
        deletions = _deletion_page(next(answers)) if deleted_since is not None else _NO_DELETIONS
        return Look(server_time, changes, deletions)

    def changes(self, scope: Scope, since: datetime | None, position: FeedPosition | None) -> ChangePage:
        """The page after `position`, or the first one from `since` on (None: from the scope's beginning).

        A server that does not honour the key filter is read second by second instead; rows of the position's
        own second may then be answered again.
        """
        answer = ask_pages(
            self._caller,
            self._portions.rows,
            lambda rows: self._change_query(scope, since, position, rows),
        )
        return self._page_or_rest(answer, scope, position)

    def deletions(self, scope: Scope, since: datetime, offset: int) -> DeletionPage:
        """Ids of the records deleted since then."""
        return _deletion_page(
            ask_pages(
                self._caller, self._portions.ids, lambda ids: _deletion_query(scope, since, offset, ids)
            )
        )

    def _change_query(
        self,
        scope: Scope,
        since: datetime | None,
        position: FeedPosition | None,
        rows: int,
        offset: int = 0,
    ) -> dict[str, Any]:
        conditions = scope.conditions()
        if position is not None:
            # The plain condition keeps the query cheap, and meaningful where the second one is ignored.
            conditions.append({"date_modified": {"$gte": text_of(position.date_modified)}})
            if self._keys_work:
                conditions.append(_after(position))
        elif since is not None:
            conditions.append({"date_modified": {"$gte": text_of(since)}})
        return list_query(conditions, self._fields, "date_modified:asc,id:asc", rows, offset)

    def _page_or_rest(self, answer: Answer, scope: Scope, position: FeedPosition | None) -> ChangePage:
        refuses_keys = answer.status == 422 and position is not None and self._keys_work
        rows = [] if refuses_keys else rows_of(answer)
        if position is not None and (refuses_keys or not self._keys_work or not _is_after(rows, position)):
            self._keys_work = False
            return self._rest_of_second(scope, position)
        reached, end = _position_of(rows), answer.next_offset() is None
        if reached is None and not end:
            raise TransientForUser("sugar_error", "Sugar answered changes without their dates")
        return ChangePage(rows, reached, end)

    def _rest_of_second(self, scope: Scope, position: FeedPosition) -> ChangePage:
        """Everything from the position's second on, by offset, until a later second or the end is reached."""
        unique: dict[str, dict[str, Any]] = {}
        offset = 0
        while True:
            query = partial(self._change_query, scope, None, position, offset=offset)
            answer = ask_pages(self._caller, self._portions.rows, query)
            rows = rows_of(answer)
            unique.update((str(row["id"]), row) for row in rows)
            reached = _position_of(rows)
            next_offset = answer.next_offset()
            passed = reached is not None and reached.date_modified > position.date_modified
            if next_offset is None or passed:
                return ChangePage(list(unique.values()), reached or position, next_offset is None)
            if next_offset <= offset:
                raise TransientForUser("sugar_paging", "Sugar's change feed does not advance")
            offset = next_offset


def _deletion_query(scope: Scope, since: datetime, offset: int, page: int) -> dict[str, Any]:
    conditions = [*scope.deleted_conditions(), {"date_modified": {"$gte": text_of(since)}}]
    return deleted_query(conditions, "date_modified:asc,id:asc", offset, page)


def _after(position: FeedPosition) -> dict[str, Any]:
    time = text_of(position.date_modified)
    same_second = [{"date_modified": {"$equals": time}}, {"id": {"$gt": position.id}}]
    return {"$or": [{"date_modified": {"$gt": time}}, {"$and": same_second}]}


def _position_of(rows: list[dict[str, Any]]) -> FeedPosition | None:
    """The place of the last row. One without a date, as old imports leave them, has none in this order."""
    dated = [row for row in rows if as_time(row.get("date_modified"))]
    if not dated:
        return None
    return FeedPosition(_time_of(dated[-1]), str(dated[-1]["id"]))


def _time_of(row: dict[str, Any]) -> datetime:
    return as_time(row.get("date_modified")) or _NO_DATE


def _is_after(rows: list[dict[str, Any]], position: FeedPosition) -> bool:
    """Whether the key filter was honoured. The database need not order ids as we do, so doubt means no."""
    if not rows:
        return True
    place = (position.date_modified.astimezone(UTC).replace(microsecond=0), position.id.upper())
    dated = [row for row in rows if as_time(row.get("date_modified"))] or rows
    first = (_time_of(dated[0]), str(dated[0]["id"]).upper())
    return first > place and all(row["id"] != position.id or _time_of(row) > place[0] for row in rows)


def _deletion_page(answer: Answer) -> DeletionPage:
    # A server that ignores the condition on `deleted` answers live rows too.
    ids = [str(row["id"]) for row in rows_of(answer) if row.get("deleted") in (True, 1, "1")]
    return DeletionPage(ids, answer.next_offset())


def _server_time(answer: Answer) -> datetime:
    try:
        return moment(answer.body)
    except ValueError as error:
        raise item_fault_of(answer, "ping") from error
