"""Direct reads for planning: records by id, candidates for a match, accounts by name; all in one /bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, Final, TypeVar

from ...contacts.normal_form import company_key
from ...errors import SyncError, TransientForUser
from .calls import Caller, Item
from .faults import TIMEOUT, item_fault_of, record_fault_of
from .listing import list_query
from .paths import fits_item
from .portions import Portion
from .transport import Answer

T = TypeVar("T")
_VALUES_A_FILTER: Final = 100
_PEOPLE_A_FILTER: Final = 25
_PAGE: Final = 200


@dataclass(frozen=True)
class Fetched:
    """What a fetch found. Records are as Sugar returned them."""

    read_at: datetime
    """Our clock before the first call."""
    records: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    """By id; None: deleted, never there, or not visible to the user."""
    failed: dict[str, SyncError] = field(default_factory=dict)
    """Ids that could not be read, and why."""
    candidates: list[dict[str, Any]] = field(default_factory=list)
    """Records with one of the addresses or names, each once."""
    accounts: dict[str, list[str]] = field(default_factory=dict)
    """For each company asked about, the ids of the visible accounts of that name."""


def record_item(record_id: str, fields: Sequence[str]) -> Item:
    """The read of one record, with the names of what was erased of it for privacy."""
    shown = ",".join(dict.fromkeys(fields))
    return Item(f"Contacts/{record_id}?fields={shown}&erased_fields=true")


def fetch(
    caller: Caller,
    reads: Portion,
    fields: Sequence[str],
    now: Callable[[], datetime],
    ids: Sequence[str],
    addresses: Sequence[str],
    people: Sequence[tuple[str, str]],
    companies: Sequence[str],
) -> Fetched:
    """Read and look up. A look-up that fails raises: a missed candidate would become a duplicate."""

    def ask(entries: Sequence[str | _List], count: int) -> list[Answer]:
        return caller.read_bulk(
            [
                record_item(entry, fields) if isinstance(entry, str) else entry.item()
                for entry in entries[:count]
            ]
        )

    fetched = Fetched(now(), accounts={company: [] for company in companies})
    named = list(dict.fromkeys(ids))
    queue: list[str | _List] = [record_id for record_id in named if fits_item(record_id)]
    queue += _asked_by_filter(fields, [record_id for record_id in named if not fits_item(record_id)])
    queue += _look_ups(fields, addresses, people, companies)
    seen: dict[str, dict[str, Any]] = {}
    answered = False
    while queue:
        try:
            answers = reads.ask(partial(ask, queue), len, len(queue))
        except TransientForUser as error:
            if error.code != TIMEOUT:
                raise
            # One alone takes too long: the others do not wait for it.
            queue = _without_first(queue, fetched, error)
            if not queue and not answered:
                raise
            continue
        answered = True
        part, queue = queue[: len(answers)], queue[len(answers) :]
        for entry, answer in zip(part, answers, strict=True):
            if isinstance(entry, str):
                _keep_record(fetched, entry, answer)
                continue
            if entry.ids and answer.status != 200:
                fetched.failed.update(dict.fromkeys(entry.ids, record_fault_of(answer)))
                continue
            rows = entry.rows(answer)
            if entry.ids:
                _keep_found(fetched, entry, rows)
            elif entry.module == "Accounts":
                _keep_accounts(fetched, rows)
            else:
                seen.update((str(row["id"]), row) for row in rows)
            queue += entry.following(answer)
    fetched.candidates.extend(seen.values())
    return fetched


@dataclass(frozen=True)
class _List:
    """One list query, from `offset` on."""

    module: str
    condition: dict[str, Any]
    fields: str
    offset: int = 0
    ids: tuple[str, ...] = ()
    """The records that are read by it; () if it looks something up."""

    def item(self) -> Item:
        query = list_query([self.condition], self.fields, "id:asc", _PAGE, self.offset)
        return Item(f"{self.module}/filter", "POST", query)

    def rows(self, answer: Answer) -> list[dict[str, Any]]:
        if answer.status == 403:
            # Without access to accounts a user sees none of any name; and a condition on a field that a role hides is
            # refused: what the user must not see is no evidence.
            return []
        if answer.status != 200:
            raise item_fault_of(answer, self.module)
        return answer.records()

    def halves(self) -> list[_List]:
        """Two queries for the same, each for half of the values; none where it is for one value only."""
        field, values = self._values()
        if len(values) < 2:
            return []
        middle = len(values) // 2
        return [
            replace(
                self,
                condition={"$or": half} if field is None else {field: {"$in": half}},
                offset=0,
                ids=tuple(half) if self.ids else (),
            )
            for half in (values[:middle], values[middle:])
        ]

    def _values(self) -> tuple[str | None, list[Any]]:
        ((name, asked),) = self.condition.items()
        return (None, asked) if name == "$or" else (name, asked["$in"])

    def following(self, answer: Answer) -> list[_List]:
        """The query for the next page, if there is one."""
        offset = answer.next_offset()
        if offset is None:
            return []
        if offset <= self.offset:
            raise TransientForUser("sugar_paging", "Sugar's list of candidates does not advance")
        return [replace(self, offset=offset)]


def _asked_by_filter(fields: Sequence[str], ids: Sequence[str]) -> Iterator[_List]:
    """Reads of records whose id cannot stand in a path."""
    for some in _parts(ids, _VALUES_A_FILTER):
        yield _List("Contacts", {"id": {"$in": some}}, ",".join(dict.fromkeys(fields)), ids=tuple(some))


def _without_first(queue: list[str | _List], fetched: Fetched, error: TransientForUser) -> list[str | _List]:
    """The queue without a read that takes too long, or with two smaller queries in place of one that does."""
    first, rest = queue[0], queue[1:]
    halves = first.halves() if isinstance(first, _List) else []
    if halves:
        return [*halves, *rest]
    records = (first,) if isinstance(first, str) else first.ids
    if not records:
        raise error
    fetched.failed.update(dict.fromkeys(records, error))
    return rest


def _look_ups(
    fields: Sequence[str],
    addresses: Sequence[str],
    people: Sequence[tuple[str, str]],
    companies: Sequence[str],
) -> Iterator[_List]:
    shown = ",".join(fields)
    for some in _parts(addresses, _VALUES_A_FILTER):
        yield _List("Contacts", {"email_addresses.email_address": {"$in": some}}, shown)
    for group in _parts(people, _PEOPLE_A_FILTER):
        yield _List("Contacts", {"$or": [_named(*person) for person in group]}, shown)
    for some in _parts([company.strip() for company in companies], _VALUES_A_FILTER):
        yield _List("Accounts", {"name": {"$in": some}}, "id,name")


def _named(first: str, last: str) -> dict[str, Any]:
    # An empty name may be stored as NULL, which equals nothing.
    names = {"first_name": first, "last_name": last}
    return {"$and": [{name: {"$equals": text} if text else {"$empty": ""}} for name, text in names.items()]}


def _keep_record(fetched: Fetched, record_id: str, answer: Answer) -> None:
    if answer.status == 200 and isinstance(answer.body, dict) and "id" in answer.body:
        fetched.records[record_id] = answer.body
    elif answer.status == 404 and answer.label == "not_found":
        fetched.records[record_id] = None
    else:
        fetched.failed[record_id] = record_fault_of(answer)


def _keep_found(fetched: Fetched, entry: _List, rows: Sequence[dict[str, Any]]) -> None:
    for record_id in entry.ids:
        fetched.records.setdefault(record_id, None)
    fetched.records.update((str(row["id"]), row) for row in rows if str(row["id"]) in entry.ids)


def _keep_accounts(fetched: Fetched, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        for company, ids in fetched.accounts.items():
            if _same_name(company, str(row.get("name") or "")) and row["id"] not in ids:
                ids.append(str(row["id"]))


def _same_name(one: str, other: str) -> bool:
    return company_key(one) == company_key(other)


def _parts(values: Sequence[T], size: int) -> Iterator[list[T]]:
    rest = iter(dict.fromkeys(values))
    while part := list(islice(rest, size)):
        yield part
