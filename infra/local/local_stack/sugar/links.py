"""What a record is related to, by link name, for filters, relate fields and link objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .database import Database
from .fields import EMAIL_ADDRESSES, Fields
from .table import Values

Related = Callable[[Database, Values], list[Values]]

UNUSED_LINKS = ("opportunities", "leads", "calls", "meetings", "tag_link", "cases", "notes")
"""Links that exist in Contacts and lead nowhere here."""


def _live(db: Database, module: str, record_id: Any) -> list[Values]:
    values = db.live(module, record_id) if record_id else None
    return [values] if values else []


def _by_id(module: str, name: str) -> Related:
    return lambda db, values: _live(db, module, values.get(name))


def _emails(db: Database, values: Values) -> list[Values]:
    return [db.addresses[link.caps].values() for link in values.get("email", ())]


def _flagged_by(db: Database, values: Values) -> list[Values]:
    return [user for i in db.flags.users(values["id"]) for user in _live(db, "Users", i)]


def _members(db: Database, values: Values) -> list[Values]:
    rows = db.tables["Contacts"].rows.values()
    return [
        row.newest
        for row in rows
        if row.newest.get("account_id") == values["id"] and not row.newest["deleted"]
    ]


def _none(db: Database, values: Values) -> list[Values]:
    return []


_EVERYWHERE: dict[str, tuple[str, Related]] = {
    "created_by_link": ("Users", _by_id("Users", "created_by")),
    "modified_user_link": ("Users", _by_id("Users", "modified_user_id")),
    "assigned_user_link": ("Users", _by_id("Users", "assigned_user_id")),
    "email_addresses": ("EmailAddresses", _emails),
    "email_addresses_primary": (
        "EmailAddresses",
        lambda db, values: [
            db.addresses[link.caps].values() for link in values.get("email", ()) if link.primary
        ],
    ),
}
LINKS: dict[str, dict[str, tuple[str, Related]]] = {
    "Contacts": {
        **_EVERYWHERE,
        "accounts": ("Accounts", _by_id("Accounts", "account_id")),
        "reports_to_link": ("Contacts", _by_id("Contacts", "reports_to_id")),
        "user_sync": ("Users", _flagged_by),
        **{name: ("Contacts", _none) for name in UNUSED_LINKS},
    },
    "Accounts": {**_EVERYWHERE, "contacts": ("Contacts", _members)},
    "Users": dict(_EVERYWHERE),
    "WebLogicHooks": dict(_EVERYWHERE),
}


def link_fields(db: Database, module: str) -> Fields:
    """Fields of the module at the other end of a link."""
    return EMAIL_ADDRESSES if module == "EmailAddresses" else db.schema[module]


def full_name(values: Values) -> str:
    """First and last name as the stock locale puts them; an account has just a name."""
    if "name" in values:
        return str(values["name"] or "")
    return f"{values.get('first_name') or ''} {values.get('last_name') or ''}".strip()
