"""Google contacts from a CSV file as Google Contacts itself exports them ("Export", "Google CSV").

A cell may hold several values of one label, joined by ` ::: `; `* ` in front of a label marks the primary value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from . import csv_rows
from .csv_rows import BadRow, Record, Rows

LABELS = "labels"
"""Key under which a record names its Google labels, for the caller to turn into memberships."""

_JOINT = " ::: "
_NAMES = {
    "First Name": "givenName",
    "Middle Name": "middleName",
    "Last Name": "familyName",
    "Name Prefix": "honorificPrefix",
    "Name Suffix": "honorificSuffix",
    "Phonetic First Name": "phoneticGivenName",
    "Phonetic Middle Name": "phoneticMiddleName",
    "Phonetic Last Name": "phoneticFamilyName",
}
_ORGANIZATION = {
    "Organization Name": "name",
    "Organization Title": "title",
    "Organization Department": "department",
}
_ADDRESS = {
    "Formatted": "formattedValue",
    "Street": "streetAddress",
    "City": "city",
    "PO Box": "poBox",
    "Region": "region",
    "Postal Code": "postalCode",
    "Country": "country",
    "Extended Address": "extendedAddress",
}
_SINGLE = {*_NAMES, *_ORGANIZATION, "Nickname", "File As", "Birthday", "Notes", "Photo", "Labels"}


class _Repeated(NamedTuple):
    """A group of columns such as `Phone 1 - Label`, `Phone 1 - Value`: its Person field, and the key per column."""

    field: str
    keys: dict[str, str]
    label: str = "type"


_REPEATED = {
    "E-mail": _Repeated("emailAddresses", {"Value": "value"}),
    "Phone": _Repeated("phoneNumbers", {"Value": "value"}),
    "Address": _Repeated("addresses", _ADDRESS),
    "Relation": _Repeated("relations", {"Value": "person"}),
    "Website": _Repeated("urls", {"Value": "value"}),
    "Event": _Repeated("events", {"Value": "date"}),
    "Custom Field": _Repeated("userDefined", {"Value": "value"}, label="key"),
    "IM": _Repeated("imClients", {"Service": "protocol", "Value": "username"}),
}
_COLUMN = re.compile(rf"({'|'.join(_REPEATED)}) (\d+) - (.+)")
_TYPES = {
    **{word.casefold(): word for word in ("home", "work", "other", "mobile", "main", "pager")},
    **{"work fax": "workFax", "home fax": "homeFax", "other fax": "otherFax", "google voice": "googleVoice"},
    **{"home page": "homePage", "homepage": "homePage", "domestic partner": "domesticPartner"},
}
_DATE = re.compile(r"(\d{4}|-)-(\d{2})-(\d{2})")


def read(path: Path) -> Rows:
    """The contacts of a file as Persons; a record with labels carries them under LABELS. Raises BadFile."""
    return csv_rows.read(path, _check_header, _person)


def _check_header(header: list[str]) -> str | None:
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        return "the columns must be separated by commas"
    if not {"First Name", "Last Name", "Organization Name", "E-mail 1 - Value", "Phone 1 - Value"} & set(
        header
    ):
        return "it is no Google CSV: the first row must be as Google Contacts exports it, First Name,Middle Name,..."
    if len(set(header)) < len(header):
        return "a column is there twice"
    known = _SINGLE | {name for name in header if _is_repeated(name)}
    return csv_rows.unknown_columns(header, known)


def _is_repeated(name: str) -> bool:
    match = _COLUMN.fullmatch(name)
    if match is None:
        return False
    kind = _REPEATED[match[1]]
    return match[3] in (*kind.keys, "Label", "Type")


def _person(cells: Record) -> Record:
    text = {name: cell.strip() for name, cell in cells.items()}
    person: Record = {}
    for field, keys in (("names", _NAMES), ("organizations", _ORGANIZATION)):
        parts = {key: text[column] for column, key in keys.items() if text.get(column)}
        if parts:
            person[field] = [parts]
    for column, field in (("Nickname", "nicknames"), ("Notes", "biographies")):
        if text.get(column):
            person[field] = [{"value": text[column]}]
    if text.get("Birthday"):
        person["birthdays"] = [{"date": _date("Birthday", text["Birthday"])}]
    for name, kind in _REPEATED.items():
        items = sorted(_items(name, kind, text), key=lambda item: not item.pop("primary"))
        if items:
            person.setdefault(kind.field, []).extend(items)
    if not person:
        raise BadRow("it holds nothing that Google could keep")
    labels = [label.removeprefix("*").strip() for label in text.get("Labels", "").split(_JOINT)]
    person[LABELS] = [label for label in labels if label]
    return person


def _items(name: str, kind: _Repeated, text: dict[str, str]) -> Iterator[Record]:
    """The items of one kind; `primary` says whether the label was marked."""
    numbers = sorted(
        {int(match[2]) for column in text if (match := _COLUMN.fullmatch(column)) and match[1] == name}
    )
    for number in numbers:
        label = text.get(f"{name} {number} - Label") or text.get(f"{name} {number} - Type") or ""
        columns = {key: text.get(f"{name} {number} - {column}", "") for column, key in kind.keys.items()}
        values = {key: [each.strip() for each in cell.split(_JOINT)] for key, cell in columns.items() if cell}
        for index in range(max(map(len, values.values()), default=0)):
            item: Record = {
                key: each[index] for key, each in values.items() if index < len(each) and each[index]
            }
            if not item:
                continue
            if "date" in item:
                item["date"] = _date(f"{name} {number}", item["date"])
            bare = label.removeprefix("*").strip()
            if bare:
                item[kind.label] = _TYPES.get(bare.casefold(), bare) if kind.label == "type" else bare
            yield {**item, "primary": label.startswith("*")}


def _date(column: str, text: str) -> Record:
    match = _DATE.fullmatch(text)
    year, month, day = (0 if part == "-" else int(part) for part in match.groups()) if match else (0, 0, 0)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        raise BadRow(f"{column} {text!r} is no date like 1980-12-31, or --12-31 without a year")
    return {"year": year, "month": month, "day": day} if year else {"month": month, "day": day}
