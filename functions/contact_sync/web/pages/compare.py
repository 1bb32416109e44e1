"""Two records of one contact beside each other, before and after a change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ...contacts.contact import FIELDS, Contact
from ...contacts.normal_form import field_text, from_plain
from ...contacts.side import Side

Records = Mapping[Side, Mapping[str, Any]] | Mapping[str, Mapping[str, Any]]
"""Contacts in plain form, by side; a side without a record has none."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of one side, as readable text."""

    before: str
    after: str
    exposed: bool = False
    """A private value that the company will see."""

    @property
    def changed(self) -> bool:
        """Whether the change concerns this field."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Row:
    """One field of both sides."""

    field: str
    cells: Mapping[Side, Cell]


def rows(before: Records, after: Records, exposed: Collection[str] = ()) -> list[Row]:
    """The fields that hold something, in the order of a Contact. `exposed` names those the company will see."""
    befores, afters = _contacts(before), _contacts(after)
    compared = []
    for name in FIELDS:
        cells = {
            side: Cell(
                field_text(name, getattr(befores[side], name)),
                field_text(name, getattr(afters[side], name)),
                side is Side.SUGAR and name in exposed,
            )
            for side in Side
        }
        if any(cell.before or cell.after for cell in cells.values()):
            compared.append(Row(name, cells))
    return compared


def texts(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The fields of one Contact in plain form that hold something, as readable text."""
    contact = from_plain(record)
    found = ((name, field_text(name, getattr(contact, name))) for name in FIELDS)
    return [(name, text) for name, text in found if text]


def _contacts(records: Records) -> dict[Side, Contact]:
    by_side = {str(side): record for side, record in records.items()}
    return {side: from_plain(by_side.get(side, {})) for side in Side}
