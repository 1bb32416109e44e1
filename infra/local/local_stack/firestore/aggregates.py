"""count, sum and average over the documents of a query."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .errors import invalid_argument
from .fields import get_field
from .protos import Document, Value, new_value


def aggregated(aggregation: Any, documents: list[Document]) -> Value:
    """One aggregation's value. sum and avg pass over what is no number; avg of nothing is null."""
    operator = aggregation.WhichOneof("operator")
    if operator == "count":
        if not aggregation.count.HasField("up_to"):
            return new_value(integer_value=len(documents))
        if aggregation.count.up_to.value <= 0:
            raise invalid_argument("up_to must be positive")
        return new_value(integer_value=min(len(documents), aggregation.count.up_to.value))
    if operator not in ("sum", "avg"):
        raise invalid_argument("An aggregation must name an operator: count, sum or avg")
    numbers = list(_numbers(documents, getattr(aggregation, operator).field.field_path))
    if operator == "avg":
        return new_value(double_value=sum(numbers) / len(numbers)) if numbers else new_value(null_value=0)
    total = sum(numbers)
    return new_value(integer_value=total) if isinstance(total, int) else new_value(double_value=total)


def _numbers(documents: Iterable[Document], path: str) -> Iterable[int | float]:
    for document in documents:
        value = get_field(document.fields, path)
        if value is not None and value.HasField("integer_value"):
            yield value.integer_value
        elif value is not None and value.HasField("double_value"):
            yield value.double_value
