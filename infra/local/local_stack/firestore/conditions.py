"""The where clause of a query: what a document must fulfil, and which index finds those that do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from .errors import invalid_argument
from .fields import element_keys, field_key
from .indexes import Bounds
from .protos import CompositeOperator, Document, FieldOperator, Filter, UnaryOperator
from .values import LOWEST_NUMBER_KEY, NAN_KEY, NULL_KEY, NUMBER, Key, sort_key

MAX_DISJUNCTIONS = 30
MAX_NOT_IN = 10


@dataclass(frozen=True)
class Condition:
    """One conjunct of the where clause.

    `equal_to` (the field is one of these keys), `contains` (an array holds one of these) and `within` say
    which index over `path` yields exactly the matching documents; without any, every document must be tested.
    """

    matches: Callable[[Document], bool]
    path: str = ""
    equal_to: tuple[Key, ...] | None = None
    contains: tuple[Key, ...] | None = None
    within: Bounds | None = None


def conjuncts(where: Filter) -> list[Condition]:
    """The where clause as conditions that must all hold."""
    if _disjunctions(where) > MAX_DISJUNCTIONS:
        raise invalid_argument(f"The query has more than {MAX_DISJUNCTIONS} disjunctions")
    return list(_flattened(where))


def inequality_paths(where: Filter) -> Iterator[str]:
    """The fields that take part in the implied order: those of ranges, !=, not-in and is-not-null."""
    kind = where.WhichOneof("filter_type")
    if kind == "composite_filter":
        for part in where.composite_filter.filters:
            yield from inequality_paths(part)
    elif kind == "field_filter" and where.field_filter.op in _INEQUALITIES:
        yield where.field_filter.field.field_path
    elif kind == "unary_filter" and where.unary_filter.op in (
        UnaryOperator.IS_NOT_NULL,
        UnaryOperator.IS_NOT_NAN,
    ):
        yield where.unary_filter.field.field_path


_INEQUALITIES = frozenset(
    (
        FieldOperator.LESS_THAN,
        FieldOperator.LESS_THAN_OR_EQUAL,
        FieldOperator.GREATER_THAN,
        FieldOperator.GREATER_THAN_OR_EQUAL,
        FieldOperator.NOT_EQUAL,
        FieldOperator.NOT_IN,
    )
)
CONTAINMENTS = frozenset((FieldOperator.ARRAY_CONTAINS, FieldOperator.ARRAY_CONTAINS_ANY))
_LISTS = frozenset((FieldOperator.IN, FieldOperator.NOT_IN, FieldOperator.ARRAY_CONTAINS_ANY))


def _disjunctions(where: Filter) -> int:
    kind = where.WhichOneof("filter_type")
    if kind == "composite_filter":
        counts = [_disjunctions(part) for part in where.composite_filter.filters]
        if where.composite_filter.op == CompositeOperator.OR:
            return sum(counts)
        product = 1
        for count in counts:
            product *= count
        return product
    if kind == "field_filter" and where.field_filter.op in (
        FieldOperator.IN,
        FieldOperator.ARRAY_CONTAINS_ANY,
    ):
        return len(where.field_filter.value.array_value.values)
    return 1


def _flattened(where: Filter) -> Iterator[Condition]:
    kind = where.WhichOneof("filter_type")
    if kind is None:
        return
    if kind == "unary_filter":
        yield _unary(where.unary_filter.field.field_path, where.unary_filter.op)
    elif kind == "field_filter":
        yield _comparison(where.field_filter)
    elif where.composite_filter.op == CompositeOperator.OR:
        branches = [list(_flattened(part)) for part in where.composite_filter.filters]
        yield Condition(lambda document: any(all(c.matches(document) for c in branch) for branch in branches))
    else:
        for part in where.composite_filter.filters:
            yield from _flattened(part)


def _unary(path: str, operator: int) -> Condition:
    if operator in (UnaryOperator.IS_NULL, UnaryOperator.IS_NAN):
        return _equal(path, (NULL_KEY if operator == UnaryOperator.IS_NULL else NAN_KEY,))
    excluded = (NULL_KEY,) if operator == UnaryOperator.IS_NOT_NULL else (NULL_KEY, NAN_KEY)
    return _different(path, excluded)


def _comparison(condition: Filter) -> Condition:
    """In lists of values null and NaN are passed over, but a null in not-in matches nothing."""
    path, operator = condition.field.field_path, condition.op
    if operator in _LISTS:
        if not condition.value.array_value.values:
            raise invalid_argument(f"{FieldOperator(operator).name} requires a non-empty array")
        keys = tuple(sort_key(value) for value in condition.value.array_value.values)
    else:
        keys = (sort_key(condition.value),)
    if operator == FieldOperator.NOT_IN and len(keys) > MAX_NOT_IN:
        raise invalid_argument(f"'NOT_IN' supports up to {MAX_NOT_IN} comparison values.")
    if operator == FieldOperator.NOT_IN and NULL_KEY in keys:
        return Condition(lambda _document: False)
    if operator in _LISTS:
        keys = tuple(key for key in keys if key not in (NULL_KEY, NAN_KEY))
    if operator in (FieldOperator.EQUAL, FieldOperator.IN):
        return _equal(path, keys)
    if operator in CONTAINMENTS:
        wanted = frozenset(keys)
        return Condition(
            lambda document: not wanted.isdisjoint(element_keys(document, path)), path, contains=tuple(wanted)
        )
    if operator in (FieldOperator.NOT_EQUAL, FieldOperator.NOT_IN):
        return _different(path, (*keys, NULL_KEY))
    if operator in _INEQUALITIES:
        return _range(path, operator, keys[0])
    raise invalid_argument(f"Unknown operator {operator}")


def _equal(path: str, keys: tuple[Key, ...]) -> Condition:
    wanted = frozenset(keys)
    return Condition(lambda document: field_key(document, path) in wanted, path, equal_to=tuple(wanted))


def _different(path: str, excluded: tuple[Key, ...]) -> Condition:
    def matches(document: Document) -> bool:
        key = field_key(document, path)
        return key is not None and key not in excluded

    return Condition(matches, path)


def _range(path: str, operator: int, key: Key) -> Condition:
    rank = key[0]
    lowest = LOWEST_NUMBER_KEY if rank == NUMBER else (rank,)
    if operator in (FieldOperator.LESS_THAN, FieldOperator.LESS_THAN_OR_EQUAL):
        bounds = Bounds(lowest, True, key, operator == FieldOperator.LESS_THAN_OR_EQUAL)
    else:
        bounds = Bounds(key, operator == FieldOperator.GREATER_THAN_OR_EQUAL, (rank + 1,), False)
    return Condition(partial(_is_within, path=path, bounds=bounds), path, within=bounds)


def _is_within(document: Document, path: str, bounds: Bounds) -> bool:
    key = field_key(document, path)
    if key is None or bounds.low is None or bounds.high is None:
        return False
    above = key >= bounds.low if bounds.low_included else key > bounds.low
    below = key <= bounds.high if bounds.high_included else key < bounds.high
    return above and below
