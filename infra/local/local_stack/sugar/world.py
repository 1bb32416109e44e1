"""What people do in Sugar without the REST API: users, accounts, edits, deletions, teams, rights."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from . import dates
from .clock import Clock, utc_now
from .database import Database, User
from .fields import Field
from .table import Values
from .writing import Writer

SYSTEM = User("1", "system", None, True)
"""Who edits when a test names nobody."""


class World:
    """One instance's data and the people who change it. Ids are strings; times are datetimes with a zone."""

    def __init__(
        self, now: Callable[[], datetime] = utc_now, new_id: Callable[[], str] = lambda: str(uuid.uuid4())
    ) -> None:
        self.clock = Clock(now)
        self.db = Database(self.clock, new_id)

    @property
    def offset(self) -> timedelta:
        """How far the simulated clock is ahead of the one given."""
        return self.clock.offset

    @offset.setter
    def offset(self, offset: timedelta) -> None:
        self.clock.offset = offset

    def advance(self, seconds: float) -> None:
        """Let simulated time pass."""
        self.clock.offset += timedelta(seconds=seconds)

    def add_user(
        self,
        user_name: str,
        password: str | None = None,
        *,
        id: str | None = None,
        admin: bool = False,
        email: str | None = None,
        status: str = "Active",
        timezone: str = "UTC",
        acl: dict[str, Any] | None = None,
        first_name: str = "",
        last_name: str = "",
        own_only: bool = False,
    ) -> str:
        """A user; `acl` holds denials, such as `{"Contacts": {"fields": {"title": {"write": "no"}}, "delete":
        "no"}}`.

        With `own_only` he sees only records assigned to him. Returns the id.
        """
        user = User(id or self.db.new_id(), user_name, password, admin, timezone, acl or {}, own_only)
        dates.zone(timezone)
        self.db.users[user.id] = user
        fields = {"user_name": user_name, "first_name": first_name, "last_name": last_name or user_name}
        self._write(
            "Users", user.id, {**fields, "status": status, "is_admin": admin, "email": email or []}, SYSTEM
        )
        return user.id

    def edit_user(self, id: str, **fields: Any) -> None:
        """Change a user: his record (status, email, ...), or password, acl, timezone, admin, own_only."""
        user = self.db.users[id]
        for name in ("password", "acl", "timezone", "admin", "own_only"):
            if name in fields:
                setattr(user, name, fields.pop(name))
        user.user_name = fields.get("user_name", user.user_name)
        if fields:
            self._write("Users", id, fields, SYSTEM)

    def add_account(self, name: str, id: str | None = None) -> str:
        """An account; returns its id."""
        account_id = id or self.db.new_id()
        self._write("Accounts", account_id, {"name": name}, SYSTEM)
        return account_id

    def rename_account(self, id: str, name: str) -> None:
        """Give an account another name; its contacts do not move."""
        self._write("Accounts", id, {"name": name}, SYSTEM)

    def delete_account(self, id: str) -> None:
        """Mark an account deleted."""
        self.db.save("Accounts", id, {"deleted": True}, by=SYSTEM)

    def add_contact(
        self, _at: datetime | None = None, _by: str | None = None, commit_delay: float = 0.0, **fields: Any
    ) -> str:
        """A contact created by a person; `email` may be one address, a list of them, or full items.

        `sync_contact_users` names the users whose "Sync to Outlook" flag is set. Returns the id.
        """
        record_id = self._unused_id(fields.pop("id", None))
        self._write("Contacts", record_id, fields, self._person(_by), at=_at, commit_delay=commit_delay)
        return record_id

    def load(self, records: Iterable[dict[str, Any]]) -> list[str]:
        """Add thousands of contacts at once, without hooks; fields as for add_contact, `date_modified`
        too.
        """
        writer = Writer(self.db, "Contacts", SYSTEM)
        now = int(self.clock.seconds())
        loaded: list[Values] = []
        for record in records:
            fields = dict(record)
            flagged = fields.pop("sync_contact_users", ())
            changes = writer.read(_with_email_items(fields), None)
            modified = _moment(fields.get("date_modified"), now)
            values = {
                "id": self._unused_id(fields.get("id")),
                "deleted": False,
                "date_entered": modified,
                "date_modified": modified,
                "created_by": SYSTEM.id,
                "modified_user_id": SYSTEM.id,
                **changes.columns,
            }
            if changes.emails is not None:
                values["email"] = self.db.addresses.store(changes.emails)
            for user_id in flagged:
                self.db.flags.put(user_id, values["id"], True)
            loaded.append(values)
        self.db.load("Contacts", loaded)
        return [values["id"] for values in loaded]

    def edit_contact(
        self,
        id: str,
        _at: datetime | None = None,
        _by: str | None = None,
        commit_delay: float = 0.0,
        **fields: Any,
    ) -> None:
        """An edit by a person, dated `_at` (default: now). With `commit_delay` (seconds) others see it only
        later.
        """
        self._require_live(id)
        self._write("Contacts", id, fields, self._person(_by), at=_at, commit_delay=commit_delay)

    def touch_contact(self, id: str, _at: datetime | None = None) -> None:
        """Save a contact without a change: only date_modified moves."""
        self.edit_contact(id, _at)

    def delete_contact(self, id: str, _at: datetime | None = None, _by: str | None = None) -> None:
        """Delete a contact, as Sugar does: it stays as a deleted row."""
        self._require_live(id)
        modified = dates.epoch(_at) if _at else None
        self.db.save("Contacts", id, {"deleted": True}, by=self._person(_by), modified=modified)

    def restore_contact(self, id: str) -> None:
        """Undelete a contact, which only an administrator can do, and not through REST."""
        if not self.db.tables["Contacts"].rows[id].newest["deleted"]:
            raise ValueError(f"contact {id} is not deleted")
        self.db.save("Contacts", id, {"deleted": False}, by=SYSTEM)

    def prune(self) -> list[str]:
        """The monthly clean-up: deleted contacts are gone for good. Returns their ids."""
        return self.db.prune()

    def hide_contact(self, id: str, from_user_id: str) -> None:
        """Teams: the user does not see the contact any more."""
        self.db.hidden.put(from_user_id, id, True)

    def show_contact(self, id: str, to_user_id: str) -> None:
        """Teams: the user sees it again."""
        self.db.hidden.put(to_user_id, id, False)

    def refuse_contact(self, id: str, to_user_id: str, on: bool = True) -> None:
        """Roles: the user meets the contact in lists as a stub, and 403 when he opens it."""
        self.db.refused.put(to_user_id, id, on)

    def restrict_contact(self, id: str, user_id: str, fields: dict[str, dict[str, str]]) -> None:
        """Roles: field denials of this one record, shown in its `_acl`."""
        self.db.record_acl[user_id, id] = fields

    def erase_fields(self, id: str, *names: str) -> None:
        """Data privacy: empty fields for good and note it."""
        self._require_live(id)
        gone = {name: "" for name in names}
        self.db.save("Contacts", id, {**gone, "erased": tuple(names)}, by=SYSTEM)

    def set_flag(self, user_id: str, contact_id: str, on: bool) -> None:
        """A user's "Sync to Outlook" flag."""
        self.db.flag(user_id, self._require_live(contact_id), on, self.db.users[user_id])

    def customize_field(self, module: str, field: Field, options: dict[str, str] | None = None) -> None:
        """Studio: define or redefine a field, with the items of its dropdown."""
        self.db.schema[module][field.name] = field
        if field.options and options is not None:
            self.db.dropdowns[field.options] = dict(options)

    def contact(self, id: str) -> dict[str, Any] | None:
        """A live contact in plain values, latest version: texts, `email` items, `sync_contact_users`; else
        None.
        """
        row = self.db.tables["Contacts"].rows.get(id)
        return None if row is None or row.newest["deleted"] else self._plain(row.newest)

    def contacts(self) -> list[dict[str, Any]]:
        """All live contacts, in no promised order."""
        rows = self.db.tables["Contacts"].rows.values()
        return [self._plain(row.newest) for row in rows if not row.newest["deleted"]]

    def deleted_ids(self) -> set[str]:
        """Contacts that are deleted but not pruned."""
        return {row.id for row in self.db.tables["Contacts"].rows.values() if row.newest["deleted"]}

    def _plain(self, values: Values) -> dict[str, Any]:
        account = self.db.live("Accounts", values.get("account_id") or "")
        plain: dict[str, Any] = {}
        for name, field in self.db.schema["Contacts"].items():
            if field.stored and field.type == "datetime":
                plain[name] = (
                    dates.iso(values[name], dates.zone("UTC")) if values.get(name) is not None else ""
                )
            elif field.stored:
                value = values.get(name)
                plain[name] = bool(value) if field.type == "bool" else "" if value is None else value
        return plain | {
            "email": self.db.addresses.shown(values.get("email", ())),
            "account_name": account["name"] if account else "",
            "sync_contact_users": self.db.flags.users(values["id"]),
        }

    def _person(self, user_id: str | None) -> User:
        return self.db.users[user_id] if user_id else SYSTEM

    def _unused_id(self, wanted: Any) -> str:
        record_id = str(wanted or self.db.new_id())
        if record_id in self.db.tables["Contacts"].rows:
            raise ValueError(f"there is a contact {record_id} already")
        return record_id

    def _require_live(self, id: str) -> Values:
        row = self.db.tables["Contacts"].rows.get(id)
        if row is None or row.newest["deleted"]:
            raise ValueError(f"there is no contact {id}")
        return row.newest

    def _write(
        self,
        module: str,
        record_id: str,
        fields: dict[str, Any],
        by: User,
        *,
        at: datetime | None = None,
        commit_delay: float = 0.0,
    ) -> None:
        unknown = set(fields) - set(self.db.schema[module]) - {"sync_contact_users"}
        if unknown:
            raise ValueError(f"{module} has no field {', '.join(sorted(unknown))}")
        flagged = fields.get("sync_contact_users", ())
        row = self.db.tables[module].rows.get(record_id)
        changes = Writer(self.db, module, by).read(_with_email_items(fields), row.newest if row else None)
        if changes.emails is not None:
            changes.columns["email"] = self.db.addresses.store(changes.emails)
        modified = dates.epoch(at) if at else None
        values = self.db.save(
            module, record_id, changes.columns, by=by, modified=modified, commit_delay=commit_delay
        )
        for user_id in flagged:
            self.db.flag(user_id, values, True, by)


def _with_email_items(fields: dict[str, Any]) -> dict[str, Any]:
    email = fields.get("email")
    if email is None:
        return fields
    entries = [email] if isinstance(email, str) else email
    items = [{"email_address": entry} if isinstance(entry, str) else entry for entry in entries]
    return {**fields, "email": items}


def _moment(value: Any, now: int) -> int:
    if isinstance(value, datetime):
        return dates.epoch(value)
    return dates.instant(value, dates.zone("UTC")) if value else now
