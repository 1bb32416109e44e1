"""Whether a record shows what a write meant to put there; decides after a lost answer or a conflict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...contacts.json_values import as_maps


def shows(record: Mapping[str, Any], sent: Mapping[str, Any]) -> bool:
    """Every field that was sent and that the record has, has the value sent; and there is at least one.

    A key that Sugar does not return is unknown and proves nothing either way. `null` was never a change.
    """
    compared = {_read_name(name): value for name, value in sent.items() if value is not None}
    known = {name: value for name, value in compared.items() if name in record}
    return bool(known) and all(_equal(name, record[name], value) for name, value in known.items())


def read_names(sent: Mapping[str, Any]) -> list[str]:
    """The fields to read in order to see what was sent."""
    return [_read_name(name) for name in sent]


def _read_name(name: str) -> str:
    return "account_id" if name == "accounts" else name


def _equal(name: str, held: Any, sent: Any) -> bool:
    if name == "email":
        return _addresses(held) == _addresses(sent)
    if name == "account_id" and isinstance(sent, Mapping):
        added = sent.get("add") or [""]
        return _text(held) == _text(added[0])
    return _text(held) == _text(sent)


def _addresses(emails: Any) -> tuple[frozenset[str], str]:
    """All addresses and the primary one; Sugar keeps the case in which an address was first stored."""
    entries = [entry for entry in as_maps(emails) if entry.get("email_address")]
    flagged = [entry for entry in entries if _text(entry.get("primary_address")) == "1"]
    primary = (flagged or entries)[:1]
    return (
        frozenset(str(entry["email_address"]).strip().casefold() for entry in entries),
        str(primary[0]["email_address"]).strip().casefold() if primary else "",
    )


def _text(value: Any) -> str:
    """One spelling for what Sugar returns in several: booleans, numbers as text, line ends, outer blanks."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value).replace("\r\n", "\n").strip()
