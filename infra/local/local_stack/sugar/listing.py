"""Lists of records: which, in what order, which page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from .addresses import truth
from .database import Database
from .errors import SugarError, invalid_parameter
from .fields import Field
from .filters import Condition, FilterCompiler, all_of
from .links import LINKS, full_name
from .rendering import Renderer, wanted_fields
from .rights import Rights
from .table import Values

DEFAULT_LIMIT = 20
Column = tuple[str, bool]


@dataclass(frozen=True)
class Page:
    """What part of a list is wanted; `limit` None is all, `offset` None is the end."""

    offset: int | None
    limit: int | None


class Lister:
    """Answers list and count requests of one module for one user."""

    def __init__(self, db: Database, rights: Rights, module: str, max_list_limit: int | None) -> None:
        self._db = db
        self._rights = rights
        self._module = module
        self._max_list_limit = max_list_limit

    def page(self, args: dict[str, Any]) -> dict[str, Any]:
        """`{"next_offset": n or -1, "records": [...]}`."""
        rows = self._rows(args)
        page = self.wanted_page(args)
        if page.offset is None:
            return {"next_offset": -1, "records": []}
        end = None if page.limit is None else page.offset + page.limit + 1
        found = list(islice(rows, page.offset, end))
        more = page.limit is not None and len(found) > page.limit
        renderer = Renderer(self._db, self._rights, self._module, wanted_fields(args))
        records = [renderer.listed(values) for values in (found[:-1] if more else found)]
        if truth(args.get("erased_fields")):
            for record, values in zip(records, found, strict=False):
                record["_erased_fields"] = list(values.get("erased", ()))
        return {"next_offset": page.offset + (page.limit or 0) if more else -1, "records": records}

    def count(self, args: dict[str, Any]) -> dict[str, int]:
        """`{"record_count": n}`."""
        return {"record_count": sum(1 for _ in self._rows({**args, "order_by": None}))}

    def wanted_page(self, args: dict[str, Any]) -> Page:
        """Offset and size; a configured maximum replaces sizes below 1 or above it without a word."""
        if args.get("offset") == "end":
            return Page(None, None)
        try:
            offset, size = int(args.get("offset") or 0), args.get("max_num")
            limit = DEFAULT_LIMIT if size in (None, "") else int(str(size))
        except (TypeError, ValueError):
            raise invalid_parameter("Invalid value for offset or max_num") from None
        if self._max_list_limit is not None:
            if limit < 1 or limit > self._max_list_limit:
                limit = self._max_list_limit
        elif limit == 0:
            limit = DEFAULT_LIMIT
        return Page(max(offset, 0), None if limit < 0 else limit)

    def _rows(self, args: dict[str, Any]) -> Iterator[Values]:
        self._rights.require(self._module, "list")
        user = self._rights.user
        compiler = FilterCompiler(self._db, self._module, user, self._rights.hidden(self._module))
        filters = [compiler.compile(args.get("filter"))]
        if truth(args.get("my_items")):
            filters.append(compiler.compile([{"$owner": ""}]))
        if truth(args.get("favorites")):
            filters.append(compiler.compile([{"$favorite": ""}]))
        if args.get("filter_id"):
            raise SugarError(
                404, "not_found", f"Could not find record: {args['filter_id']} in module: Filters"
            )
        if args.get("q"):
            if args.get("filter") or truth(args.get("deleted")):
                raise invalid_parameter("Filter, filter_id and deleted cannot be combined with q")
            filters.append(self._full_text(str(args["q"])))
        condition = all_of(filters)
        columns = self._order(args.get("order_by"))
        return self._matching(condition, truth(args.get("deleted")), columns)

    def _matching(self, condition: Condition, deleted: bool, columns: list[Column]) -> Iterator[Values]:
        by_index = len({direction for _, direction in columns}) == 1 and [name for name, _ in columns] in (
            ["date_modified"],
            ["date_modified", "id"],
        )
        cutoff = self._db.clock.seconds() - self._db.feed_lag
        table, user = self._db.tables[self._module], self._rights.user
        only = None if condition.ids is None else set(condition.ids)
        rows = (
            values
            for values in table.scan(
                cutoff, condition.earliest, condition.latest, only, by_index and columns[0][1]
            )
            if (deleted or not values["deleted"])
            and self._db.visible(user, self._module, values)
            and condition.test(values)
        )
        if by_index:
            return rows
        found = list(rows)
        found.sort(key=lambda values: values["id"].upper(), reverse=columns[-1][1])
        for name, descending in reversed(columns):
            found.sort(key=self._sort_key(self._db.schema[self._module][name]), reverse=descending)
        return iter(found)

    def _order(self, order_by: Any) -> list[Column]:
        columns: list[Column] = []
        for part in str(order_by or "").split(","):
            name, _, direction = part.strip().partition(":")
            if not name:
                continue
            if name not in self._db.schema[self._module]:
                raise invalid_parameter(f"Non existing field: {name} in module: {self._module}")
            columns.append((name, direction.strip().lower() == "desc"))
        return columns or [("date_modified", True)]

    def _sort_key(self, field: Field) -> Callable[[Values], Any]:
        name = field.name
        if field.type == "fullname":
            return lambda values: full_name(values).upper()
        if field.type == "relate" and field.link:
            resolve = LINKS[self._module][field.link][1]
            return lambda values: next((full_name(row).upper() for row in resolve(self._db, values)), "")
        if field.type in ("datetime", "bool"):
            return lambda values: values.get(name) or 0
        return lambda values: str(values.get(name) or "").upper()

    def _full_text(self, words: str) -> Condition:
        wanted = words.upper()

        def holds(values: Values) -> bool:
            texts = [full_name(values), *(link.caps for link in values.get("email", ()))]
            return any(wanted in text.upper() for text in texts)

        return Condition(holds)
