"""Submitted fields turned into stored values, the way Sugar does it: forgiving, silent, and all or nothing on
rights.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from . import dates
from .addresses import EmailItem, EmailLink, read_items, truth
from .database import Database, User
from .errors import invalid_parameter
from .fields import Field
from .links import LINKS
from .table import Values

READ_ONLY = frozenset({"id", "date_modified", "modified_user_id", "created_by", "deleted"})
TEXT_LIMIT = 65_535
"""Bytes that MySQL's TEXT takes."""


@dataclass
class Changes:
    """What a request sets: columns, addresses (None: left alone), the caller's marks; `keys` are the known
    names.
    """

    columns: Values = field(default_factory=dict)
    emails: list[EmailItem] | None = None
    flag: bool | None = None
    favorite: bool | None = None
    keys: list[str] = field(default_factory=list)


class Writer:
    """Reads and stores submitted fields of one module on behalf of one user."""

    def __init__(self, db: Database, module: str, user: User) -> None:
        self._db = db
        self._module = module
        self._user = user

    def read(self, submitted: dict[str, Any], current: Values | None) -> Changes:
        """Check everything before anything changes. Null leaves a field alone, unknown names are dropped."""
        changes = Changes()
        for name, value in submitted.items():
            known = self._db.schema[self._module].get(name)
            if value is None:
                continue
            if name in LINKS[self._module] and known is None:
                self._link_actions(name, value, current, changes)
            elif known is not None and name not in READ_ONLY:
                changes.keys.append(name)
                self._field(known, value, current, changes)
        return changes

    def apply(self, record_id: str, changes: Changes) -> Values:
        """Store what was read; every call moves date_modified, even if no value differs."""
        columns = dict(changes.columns)
        if changes.emails is not None:
            columns["email"] = self._db.addresses.store(changes.emails)
        values = self._db.save(self._module, record_id, columns, by=self._user)
        if changes.flag is not None:
            self._db.flag(self._user.id, values, changes.flag, self._user)
        if changes.favorite is not None:
            self._db.favorites.put(self._user.id, record_id, changes.favorite)
        return values

    def _field(self, known: Field, value: Any, current: Values | None, changes: Changes) -> None:
        name = known.name
        if name == "email":
            if isinstance(value, list):
                changes.emails = read_items(value)
        elif name == "email1":
            if not isinstance(changes.emails, list):
                changes.emails = self._primary(str(value).strip(), (current or {}).get("email", ()))
        elif name == "sync_contact":
            changes.flag = truth(value)
        elif name == "my_favorite":
            changes.favorite = truth(value)
        elif name == "account_id":
            if value == "" or self._db.live("Accounts", str(value)):
                changes.columns[name] = str(value)
        elif name in ("tag", "team_name"):
            if isinstance(value, list):
                changes.columns[name] = [self._tag(item) if name == "tag" else item for item in value]
        elif known.stored:
            changes.columns[name] = self.column(known, value)

    def column(self, known: Field, value: Any) -> Any:
        """One column's value; raises 422 for a bad date or a text beyond the database's size."""
        if known.type == "bool":
            return truth(value)
        if known.type in ("date", "datetime"):
            return self._dated(known, str(value).strip())
        if known.type == "int":
            return _leading_number(str(value))
        text = ("1" if value else "") if isinstance(value, bool) else str(value)
        if known.type == "text" and len(text.encode()) > TEXT_LIMIT:
            raise invalid_parameter(f"ERR_FIELD_TOO_LARGE: {known.name}")
        return text.strip()[: known.length] if known.length else text

    def _dated(self, known: Field, text: str) -> Any:
        if not text:
            return None
        try:
            if known.type == "date":
                return date.fromisoformat(text[:10]).isoformat()
            return dates.instant(text, dates.zone(self._user.timezone))
        except (ValueError, OverflowError):
            raise invalid_parameter(
                f"Did not recognize {known.name} as a date/time, it looked like {text}"
            ) from None

    def _primary(self, address: str, links: Iterable[EmailLink]) -> list[EmailItem]:
        """The list after a write of `email1`: the address takes the primary one's place."""
        others = [
            EmailItem(self._db.addresses[link.caps].email_address, False, None, None, link.reply_to)
            for link in links
            if not link.primary and link.caps != address.upper()
        ]
        entries = [{"email_address": address, "primary_address": True}] if address else []
        entries += [{"email_address": item.address, "primary_address": False} for item in others]
        return read_items(entries)

    def _tag(self, item: Any) -> dict[str, Any]:
        name = str(item.get("name", "")) if isinstance(item, dict) else str(item)
        return {"id": f"tag-{name.lower()}", "name": name, "tags__name_lower": name.lower()}

    def _link_actions(self, link: str, actions: Any, current: Values | None, changes: Changes) -> None:
        """`{"accounts": {"add": [id]}}`; only links that a column holds can be written."""
        if not isinstance(actions, dict):
            raise invalid_parameter(f"Invalid parameter: {link}")
        if link != "accounts":
            return
        added = [entry.get("id") if isinstance(entry, dict) else entry for entry in actions.get("add") or ()]
        removed = {
            entry.get("id") if isinstance(entry, dict) else entry for entry in actions.get("delete") or ()
        }
        changes.keys.append(link)
        for account in added:
            if self._db.live("Accounts", str(account)):
                changes.columns["account_id"] = str(account)
        if not added and current is not None and current.get("account_id") in removed:
            changes.columns["account_id"] = ""


def _leading_number(text: str) -> int | None:
    """What the database makes of a text in an integer column."""
    match = re.match(r"\s*[+-]?\d+", text)
    return int(match.group()) if match else None if text == "" else 0
