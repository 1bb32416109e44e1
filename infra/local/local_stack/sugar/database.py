"""What the simulated Sugar instance stores, and the only way to change it: every change passes `save` or
`load`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .addresses import AddressBook
from .clock import Clock
from .fields import DROPDOWNS, MODULES, Fields
from .table import Table, Values


@dataclass
class User:
    """Who may sign in and what he may do. `acl` holds denials only: `{"Contacts": {"delete": "no", "fields":
    {...}}}`.

    Without a password no password grant works, as for users of a single sign-on. With `own_only` the user
    sees only
    records assigned to him.
    """

    id: str
    user_name: str
    password: str | None
    admin: bool
    timezone: str = "UTC"
    acl: dict[str, Any] = field(default_factory=dict)
    own_only: bool = False


@dataclass(frozen=True)
class Event:
    """Something that logic hooks can hear of. `details` are the arguments of a relationship event."""

    name: str
    module: str
    by: User
    before: Values | None
    after: Values
    details: Mapping[str, Any] = field(default_factory=dict)


class Marks:
    """Pairs of user and record: the "Sync to Outlook" flag, favourites, records hidden from or refused to a
    user.
    """

    def __init__(self) -> None:
        self._records: dict[str, set[str]] = {}

    def put(self, user_id: str, record_id: str, on: bool) -> bool:
        """Set or clear the mark; returns whether that changed anything."""
        records = self._records.setdefault(user_id, set())
        if on == (record_id in records):
            return False
        if on:
            records.add(record_id)
        else:
            records.remove(record_id)
        return True

    def has(self, user_id: str, record_id: str) -> bool:
        """Whether the record is marked for the user."""
        return record_id in self._records.get(user_id, ())

    def records(self, user_id: str) -> set[str]:
        """Everything marked for the user."""
        return self._records.get(user_id, set())

    def users(self, record_id: str) -> list[str]:
        """Everyone for whom the record is marked."""
        return sorted(user for user, records in self._records.items() if record_id in records)

    def as_json(self) -> dict[str, list[str]]:
        """Record ids by user."""
        return {user: sorted(records) for user, records in self._records.items()}

    @classmethod
    def from_json(cls, records: dict[str, list[str]]) -> Marks:
        """The marks that `as_json` gave."""
        marks = cls()
        marks._records = {user: set(ids) for user, ids in records.items()}
        return marks

    def drop(self, record_id: str) -> None:
        """Forget a record."""
        for records in self._records.values():
            records.discard(record_id)


class Database:
    """Tables, shared addresses, users and per-user marks of one instance."""

    def __init__(self, clock: Clock, new_id: Callable[[], str]) -> None:
        self.clock = clock
        self.new_id = new_id
        self.feed_lag = 0.0
        self.schema: dict[str, Fields] = {module: dict(fields) for module, fields in MODULES.items()}
        self.dropdowns: dict[str, dict[str, str]] = {name: dict(items) for name, items in DROPDOWNS.items()}
        self.tables = {module: Table() for module in MODULES}
        self.addresses = AddressBook(new_id)
        self.users: dict[str, User] = {}
        self.flags = Marks()
        self.favorites = Marks()
        self.hidden = Marks()
        self.refused = Marks()
        self.record_acl: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
        self.audit: dict[str, list[dict[str, Any]]] = {}
        self.listeners: list[Callable[[Event], None]] = []

    def save(
        self,
        module: str,
        record_id: str,
        changes: Values,
        *,
        by: User,
        modified: int | None = None,
        commit_delay: float = 0.0,
    ) -> Values:
        """Create or change a record; date_modified becomes `modified`, else now, whatever changed.

        With `commit_delay` (seconds) nobody sees the result before that time has passed.
        """
        table = self.tables[module]
        now = self.clock.seconds()
        row = table.rows.get(record_id)
        before = row.newest if row else None
        moment = int(now) if modified is None else modified
        base = before or {"id": record_id, "deleted": False, "date_entered": moment, "created_by": by.id}
        after = {**base, **changes, "date_modified": moment, "modified_user_id": by.id}
        table.store(after, now + commit_delay)
        self.addresses.move(module, record_id, (before or {}).get("email", ()), after.get("email", ()))
        self._note(record_id, before, after)
        self._announce(module, by, before, after)
        return after

    def load(self, module: str, records: Iterable[Values]) -> None:
        """Store many new records without telling any hook."""
        loaded = list(records)
        for values in loaded:
            self.addresses.move(module, values["id"], (), values.get("email", ()))
        self.tables[module].load(loaded, self.clock.seconds())

    def prune(self) -> list[str]:
        """Remove deleted contacts physically, as the monthly scheduler does; returns their ids."""
        table = self.tables["Contacts"]
        gone = [row.id for row in table.rows.values() if row.newest["deleted"]]
        for record_id in gone:
            self.addresses.move("Contacts", record_id, table.rows[record_id].newest.get("email", ()), ())
            table.remove(record_id)
            for marks in (self.flags, self.favorites, self.hidden, self.refused):
                marks.drop(record_id)
        return gone

    def live(self, module: str, record_id: str) -> Values | None:
        """The record as a direct read finds it: committed and not deleted."""
        values = self.tables[module].read(record_id, self.clock.seconds())
        return None if values is None or values["deleted"] else values

    def visible(self, user: User, module: str, values: Values) -> bool:
        """Whether the user's teams let him see the record."""
        if user.own_only and module == "Contacts" and values.get("assigned_user_id") != user.id:
            return False
        return not self.hidden.has(user.id, values["id"])

    def user_named(self, user_name: str) -> User | None:
        """The user of that name, compared as the database does."""
        wanted = user_name.upper()
        return next((user for user in self.users.values() if user.user_name.upper() == wanted), None)

    def active(self, user: User) -> bool:
        """Whether the user may sign in."""
        values = self.live("Users", user.id)
        return values is not None and values.get("status") == "Active"

    def relate(self, contact: Values, link: str, module: str, related: str, added: bool, by: User) -> None:
        """Tell the hooks that a contact was linked to something, or that the link went."""
        event = "after_relationship_add" if added else "after_relationship_delete"
        details = {
            "id": contact["id"],
            "related_id": related,
            "module": "Contacts",
            "related_module": module,
            "link": link,
            "relationship": {"accounts": "accounts_contacts", "user_sync": "contacts_users"}.get(link, link),
        }
        self.tell(Event(event, "Contacts", by, contact, contact, details))

    def flag(self, user_id: str, contact: Values, on: bool, by: User) -> None:
        """Set a user's "Sync to Outlook" flag; this alone does not move date_modified."""
        if self.flags.put(user_id, contact["id"], on):
            self.relate(contact, "user_sync", "Users", user_id, on, by)

    def tell(self, event: Event) -> None:
        """Hand an event to the hooks."""
        for listener in self.listeners:
            listener(event)

    def _announce(self, module: str, by: User, before: Values | None, after: Values) -> None:
        if after["deleted"] and before and not before["deleted"]:
            self.tell(Event("after_delete", module, by, before, after))
        elif not after["deleted"]:
            restored = before is not None and before["deleted"]
            if not restored:
                self.tell(Event("after_save", module, by, before, after))
        if module == "Contacts":
            was, now = (before or {}).get("account_id") or "", after.get("account_id") or ""
            if was and was != now:
                self.relate(after, "accounts", "Accounts", was, False, by)
            if now and was != now:
                self.relate(after, "accounts", "Accounts", now, True, by)

    def _note(self, record_id: str, before: Values | None, after: Values) -> None:
        if before is None:
            return
        for name, value in after.items():
            if isinstance(value, str) and name != "modified_user_id" and before.get(name) != value:
                self.audit.setdefault(record_id, []).append(
                    {
                        "id": self.new_id(),
                        "parent_id": record_id,
                        "date_created": after["date_modified"],
                        "created_by": after["modified_user_id"],
                        "field_name": name,
                        "before": before.get(name) or "",
                        "after": value,
                    }
                )
