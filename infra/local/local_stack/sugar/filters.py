"""Sugar's filter definitions, compiled to a test of stored records and to hints for the indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from typing import Any

from . import dates
from .database import Database, User
from .errors import SugarError, invalid_parameter
from .fields import EMAIL_ADDRESSES, Field, Fields
from .links import LINKS, link_fields
from .operators import Comparison, compare
from .table import Values


@dataclass(frozen=True)
class Condition:
    """`test` decides; outside of `earliest`..`latest` (date_modified) and of `ids`, if given, it never
    holds.
    """

    test: Callable[[Values], bool]
    earliest: float = -inf
    latest: float = inf
    ids: frozenset[str] | None = None


ANYTHING = Condition(lambda values: True)


def all_of(conditions: Iterable[Condition]) -> Condition:
    """Every condition holds."""
    parts = [part for part in conditions if part is not ANYTHING]
    if len(parts) < 2:
        return parts[0] if parts else ANYTHING
    tests = tuple(part.test for part in parts)
    id_sets = sorted((part.ids for part in parts if part.ids is not None), key=len)
    return Condition(
        lambda values: all(test(values) for test in tests),
        max(part.earliest for part in parts),
        min(part.latest for part in parts),
        id_sets[0] if id_sets else None,
    )


def any_of(conditions: Iterable[Condition]) -> Condition:
    """At least one condition holds; of none, every record passes, as an empty SQL clause is dropped."""
    parts = list(conditions)
    if not parts or any(part is ANYTHING for part in parts):
        return ANYTHING
    tests = tuple(part.test for part in parts)
    known = [part.ids for part in parts if part.ids is not None]
    return Condition(
        lambda values: any(test(values) for test in tests),
        min(part.earliest for part in parts),
        max(part.latest for part in parts),
        frozenset().union(*known) if len(known) == len(parts) else None,
    )


class FilterCompiler:
    """Compiles filters on one module for one caller, whose zone, rights and marks matter."""

    def __init__(self, db: Database, module: str, caller: User, hidden: frozenset[str]) -> None:
        self._db = db
        self._module = module
        self._fields: Fields = db.schema[module]
        self._caller = caller
        self._hidden = hidden
        self._zone = dates.zone(caller.timezone)

    def compile(self, definition: Any) -> Condition:
        """The whole filter. Raises 422 for a definition Sugar does not understand, 403 for a hidden field."""
        if definition is None or definition == "" or definition == []:
            return ANYTHING
        return all_of(self._element(element) for element in self._elements(definition))

    def _elements(self, definition: Any) -> list[Any]:
        if isinstance(definition, dict):
            return list(definition.values())
        if not isinstance(definition, list):
            kind = {str: "string", bool: "boolean", int: "integer", float: "double"}.get(
                type(definition), "unknown"
            )
            raise invalid_parameter(f"Unexpected filter type {kind}.")
        return definition

    def _element(self, element: Any) -> Condition:
        if not isinstance(element, dict):
            raise invalid_parameter(f"Did not recognize the definition: {element}")
        return all_of(self._entry(name, argument) for name, argument in element.items())

    def _entry(self, name: str, argument: Any) -> Condition:
        if name == "$or":
            return any_of(self._element(element) for element in self._elements(argument))
        if name == "$and":
            return all_of(self._element(element) for element in self._elements(argument))
        if name.startswith("$"):
            return self._macro(name)
        operators = argument if isinstance(argument, dict) else {"$equals": argument}
        return all_of(self._condition(name, operator, value) for operator, value in operators.items())

    def _macro(self, name: str) -> Condition:
        me = self._caller.id
        if name == "$owner":
            return Condition(
                lambda v: v.get("assigned_user_id") == me,
                ids=frozenset(self._db.tables[self._module].owners.get(me, ())),
            )
        if name == "$creator":
            return Condition(lambda v: v.get("created_by") == me)
        if name == "$favorite":
            return self._marked(self._db.favorites.records(me), True)
        if name in ("$following", "$tracker"):
            return Condition(lambda v: False)
        raise invalid_parameter(f"Unknown field {name}")

    def _marked(self, records: set[str], wanted: bool) -> Condition:
        marked = frozenset(records)
        return Condition(lambda v: (v["id"] in marked) is wanted, ids=marked if wanted else None)

    def _condition(self, name: str, operator: str, argument: Any) -> Condition:
        if "." in name:
            link, _, column = name.partition(".")
            return self._related(link, column, operator, argument)
        if name not in self._fields:
            raise invalid_parameter(f"Unknown field {name}")
        if name in self._hidden:
            raise SugarError(403, "not_authorized", f"Access for field {name} is not allowed")
        field = self._fields[name]
        if field.link and field.shows and field.type == "relate":
            return self._related(field.link, field.shows, operator, argument)
        if name in ("email", "email1"):
            return self._related("email_addresses_primary", "email_address", operator, argument)
        marks = {"sync_contact": self._db.flags, "my_favorite": self._db.favorites}.get(name)
        if not field.stored and marks is None:
            return ANYTHING  # a field without a column: Sugar drops the condition without a word
        comparison = compare(field, operator, argument, self._zone, self._db.clock.now())
        if marks is not None:
            return self._marked(marks.records(self._caller.id), comparison.test(True))
        return self._stored(field, operator, argument, comparison)

    def _stored(self, field: Field, operator: str, argument: Any, comparison: Comparison) -> Condition:
        name, test = field.name, comparison.test
        if name == "date_modified":
            return Condition(lambda v: test(v.get(name)), comparison.earliest, comparison.latest)
        if name in ("id", "assigned_user_id") and operator in ("$equals", "$in"):
            wanted = argument if isinstance(argument, list) else [argument]
            return Condition(lambda v: test(v.get(name)), ids=self._indexed(name, wanted))
        if field.type == "bool":
            return Condition(lambda v: test(bool(v.get(name))))
        return Condition(lambda v: test(v.get(name)))

    def _indexed(self, name: str, wanted: list[Any]) -> frozenset[str]:
        table = self._db.tables[self._module]
        if name == "id":
            return frozenset(str(item) for item in wanted)
        return frozenset().union(*(table.owners.get(str(item), ()) for item in wanted))

    def _related(self, link: str, name: str, operator: str, argument: Any) -> Condition:
        target = LINKS[self._module].get(link)
        if target is None:
            raise invalid_parameter(f"Invalid link {link}")
        module, related = target
        fields = link_fields(self._db, module)
        shown = "name" if name in ("full_name", "name") and "user_name" in fields else name
        if shown not in fields:
            raise invalid_parameter(f"Unknown field {name}")
        field = Field(shown, "varchar") if fields[shown].type == "fullname" else fields[shown]
        test = compare(field, operator, argument, self._zone, self._db.clock.now()).test
        db = self._db
        ids = None
        if fields is EMAIL_ADDRESSES and name.startswith("email_address") and operator in ("$equals", "$in"):
            wanted = argument if isinstance(argument, list) else [argument]
            ids = frozenset(db.addresses.holders(self._module, (str(item).upper() for item in wanted)))
        # The join is a left join: without a related row every column is NULL.
        return Condition(lambda v: any(test(_column(row, shown)) for row in related(db, v) or [{}]), ids=ids)


def _column(values: Values, name: str) -> Any:
    if name == "name" and "user_name" in values:
        return f"{values.get('first_name') or ''} {values.get('last_name') or ''}".strip()
    return values.get(name)
