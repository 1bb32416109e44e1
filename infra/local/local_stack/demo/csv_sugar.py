"""Sugar contacts from a CSV file whose columns are Sugar's field names."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from ..sugar.addresses import read_items
from ..sugar.errors import SugarError
from ..sugar.fields import CONTACTS
from . import csv_rows
from .csv_rows import BadRow, Record, Rows

FIELDS = frozenset(
    {name for name, field in CONTACTS.items() if field.stored}
    - {"deleted", "created_by", "modified_user_id", "date_entered", "picture", "tag"}
    | {"email", "account_name"}
)
"""The columns that can be there. `email` holds one address, or several with `;` between them, the primary one first."""


def read(path: Path) -> Rows:
    """The contacts of a file, as the simulator takes them; `account_name` stays for the caller to resolve.

    Raises BadFile.
    """
    seen: set[str] = set()

    def convert(cells: Record) -> Record:
        record = _contact(cells)
        record_id = record.get("id")
        if record_id in seen:
            raise BadRow(f"the id {record_id!r} is there already")
        if record_id:
            seen.add(record_id)
        return record

    return csv_rows.read(path, _check_header, convert)


def _check_header(header: list[str]) -> str | None:
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        return "the columns must be separated by commas"
    if not {"last_name", "first_name"} & set(header):
        return "its first row must name Sugar's fields, such as first_name,last_name,email,phone_work"
    if len(set(header)) < len(header):
        return "a column is there twice"
    return csv_rows.unknown_columns(header, FIELDS)


def _contact(cells: Record) -> Record:
    record = {name: text.strip() for name, text in cells.items() if text.strip()}
    if not record.get("last_name"):
        raise BadRow("it has no last_name, which Sugar requires")
    if "email" in record:
        addresses = [{"email_address": each.strip()} for each in record["email"].split(";") if each.strip()]
        try:
            read_items(addresses)
        except SugarError:
            raise BadRow(f"email {record['email']!r} is no e-mail address") from None
        record["email"] = addresses
    for name, text in record.items():
        kind = CONTACTS[name].type if name in CONTACTS else ""
        if kind == "date" and not _is_date(text):
            raise BadRow(f"{name} {text!r} is no date like 1980-12-31")
        if kind == "datetime" and not _is_moment(text):
            raise BadRow(f"{name} {text!r} is no time like 2026-01-31T12:00:00+00:00")
    return record


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
