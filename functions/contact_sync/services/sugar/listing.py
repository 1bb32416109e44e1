"""A user's scope, list queries on Contacts, and complete listings of a scope in the order of ids."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal
from urllib.parse import quote

from ...contacts.json_values import as_map
from ...errors import TransientForUser
from .calls import Caller
from .faults import item_fault_of
from .portions import Portion
from .transport import Answer

LIST: Final = "Contacts/filter"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which contacts a user syncs: assigned to them, flagged by them ("Sync to Outlook"), or all they see."""

    kind: Literal["mine", "flagged", "all"]
    user_id: str

    def conditions(self) -> list[dict[str, Any]]:
        """The filter of live records. The flag is the calling user's own."""
        if self.kind == "mine":
            return [{"assigned_user_id": {"$equals": self.user_id}}]
        return [{"sync_contact": {"$equals": True}}] if self.kind == "flagged" else []

    def deleted_conditions(self) -> list[dict[str, Any]]:
        """The filter of deleted records: they keep their owner, but a flag may go with the record."""
        return self.conditions() if self.kind == "mine" else []


def list_query(
    conditions: list[dict[str, Any]], fields: str, order: str, page: int, offset: int = 0
) -> dict[str, Any]:
    """The body of a list request. An instance may cut the page shorter without a word. Records name what was
    erased of them for privacy: that is no clearing."""
    return {
        "filter": conditions,
        "fields": fields,
        "order_by": order,
        "max_num": page,
        "offset": offset,
        "erased_fields": True,
    }


def ask_list(caller: Caller, query: dict[str, Any]) -> Answer:
    """The answer to one list query; a 422 is left to the caller, whose filter may be what Sugar refuses."""
    answer = caller.ask("POST", LIST, query)
    if answer.status not in (200, 422) or not answer.is_json:
        raise caller.fault(answer, "Contacts")
    return answer


def rows_of(answer: Answer) -> list[dict[str, Any]]:
    """The records of a list answer; raises what it says instead."""
    if answer.status != 200 or not isinstance(answer.body, dict):
        raise item_fault_of(answer, "Contacts")
    return answer.records()


def ask_pages(caller: Caller, portion: Portion, query: Callable[[int], dict[str, Any]]) -> Answer:
    """The answer to a list query for as many rows as Sugar answers in good time."""
    return portion.ask(lambda rows: ask_list(caller, query(rows)), lambda answer: len(answer.records()))


def ids_page(
    caller: Caller, ids: Portion, scope: Scope, after_id: str | None
) -> tuple[list[str], str | None]:
    """A page of the scope after that id, and the id after which the next begins (None: it was the last)."""
    conditions = scope.conditions()
    if after_id is not None:
        conditions.append({"id": {"$gt": after_id}})
    answer = ask_pages(caller, ids, lambda rows: list_query(conditions, "id", "id:asc", rows))
    found = [str(row["id"]) for row in rows_of(answer)]
    if after_id is not None and after_id in found:
        raise TransientForUser("sugar_paging", "Sugar's listing does not advance")
    return found, None if answer.next_offset() is None or not found else found[-1]


def deleted_query(conditions: list[dict[str, Any]], order: str, offset: int, page: int) -> dict[str, Any]:
    """The body of a request for the ids of deleted records."""
    wanted = [*conditions, {"deleted": {"$equals": "1"}}]
    return list_query(wanted, "id,deleted", order, page, offset) | {"deleted": True}


def deleted_ids(caller: Caller, ids: Portion, conditions: list[dict[str, Any]]) -> set[str]:
    """The ids of deleted records that are not pruned yet and fulfil the conditions."""
    rows = all_rows(caller, ids, partial(deleted_query, conditions, "id:asc"))
    # A server that ignores the condition on `deleted` answers live rows too.
    return {str(row["id"]) for row in rows if row.get("deleted") in (True, 1, "1")}


def rows_among(
    caller: Caller, portion: Portion, fields: str, conditions: list[dict[str, Any]], ids: Sequence[str]
) -> list[dict[str, Any]]:
    """Those of the records that a list shows under these conditions, many ids in one call. A list may lag: what it
    does not show has to be read."""
    among = [{"id": {"$in": list(ids)}}, *conditions]
    return all_rows(caller, portion, lambda offset, page: list_query(among, fields, "id:asc", page, offset))


def all_rows(
    caller: Caller, portion: Portion, query: Callable[[int, int], dict[str, Any]]
) -> list[dict[str, Any]]:
    """All rows of a short list; `query` makes the request for an offset and a page size."""
    found: list[dict[str, Any]] = []
    offset = 0
    while True:
        answer = ask_pages(caller, portion, partial(query, offset))
        found += rows_of(answer)
        following = answer.next_offset()
        if following is None:
            return found
        if following <= offset:
            raise TransientForUser("sugar_paging", "Sugar's list does not advance")
        offset = following


def count(caller: Caller, scope: Scope) -> int:
    """How many records the scope holds."""
    conditions = scope.conditions()
    query = f"?filter={quote(json.dumps(conditions), safe='')}" if conditions else ""
    body = caller.read("GET", f"Contacts/count{query}")
    told = as_map(body).get("record_count")
    if isinstance(told, int) or (isinstance(told, str) and re.fullmatch(r"[0-9]{1,12}", told)):
        return int(told)
    raise TransientForUser("sugar_error", "Sugar answered a count without a number")
