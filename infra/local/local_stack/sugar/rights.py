"""What a user may do: module actions and fields, from the denials given for him and for single records."""

from __future__ import annotations

from hashlib import md5
from typing import Any

from .database import Database, User
from .errors import SugarError, not_authorized
from .fields import HIDDEN_FROM_USERS
from .table import Values

FieldRules = dict[str, dict[str, str]]


class Rights:
    """One user's rights in one instance."""

    def __init__(self, db: Database, user: User) -> None:
        self._db = db
        self.user = user

    def field_rules(self, module: str) -> FieldRules:
        """Denials by field; a field without an entry is free."""
        rules: FieldRules = dict(self.user.acl.get(module, {}).get("fields", {}))
        if module == "Users" and not self.user.admin:
            rules |= {name: {"read": "no", "write": "no", "create": "no"} for name in HIDDEN_FROM_USERS}
        return rules

    def hidden(self, module: str) -> frozenset[str]:
        """Fields that the user does not get to read."""
        rules = self.field_rules(module)
        return frozenset(
            name for name, rule in rules.items() if "no" in (rule.get("read"), rule.get("license"))
        )

    def record_rules(self, record_id: str) -> FieldRules:
        """What a record denies beyond its module: the `_acl` of the record."""
        return self._db.record_acl.get((self.user.id, record_id), {})

    def allows(self, module: str, action: str) -> bool:
        """Whether the module action (view, list, create, edit, delete, ...) is free."""
        if module == "WebLogicHooks":
            return self.user.admin
        if module == "Users" and action in ("create", "edit", "delete"):
            return False
        denials = self.user.acl.get(module, {})
        return "no" not in (denials.get("access"), denials.get(action))

    def require(self, module: str, action: str) -> None:
        """Raise 403 unless the action is free."""
        if not self.allows(module, action):
            if action == "list":
                raise not_authorized(f"No access to view records for module: {module}")
            raise not_authorized()

    def require_record(self, values: Values) -> None:
        """Raise 403 for a record that is visible but refused by a finer rule, such as "owner only"."""
        if self._db.refused.has(self.user.id, values["id"]):
            raise not_authorized()

    def require_fields(self, module: str, submitted: dict[str, Any], record_id: str | None) -> None:
        """Raise 403 if a submitted field is closed; a value equal to the field's default passes."""
        rules = self.field_rules(module) | (self.record_rules(record_id) if record_id else {})
        actions = ("read", "license", "write") if record_id else ("read", "license", "write", "create")
        for name, rule in rules.items():
            if name not in submitted or all(rule.get(action) != "no" for action in actions):
                continue
            field = self._db.schema[module].get(name)
            if field is not None and field.default is not None and str(submitted[name] or 0) == field.default:
                continue
            raise SugarError(403, "not_authorized", f"Not allowed to edit field {name} in module: {module}")

    def denials(self) -> dict[str, Any]:
        """The `acl` of GET /me: by module, denials only; empty field lists are lists."""
        acl: dict[str, Any] = {}
        for module in self._db.tables:
            entry: dict[str, Any] = {"fields": self.field_rules(module) or []}
            if not self.user.admin:
                entry |= {"admin": "no", "developer": "no"}
            entry |= {key: value for key, value in self.user.acl.get(module, {}).items() if key != "fields"}
            if module == "WebLogicHooks" and not self.user.admin:
                entry["access"] = "no"
            digest = md5(repr(sorted(entry.items())).encode(), usedforsecurity=False).hexdigest()
            acl[module] = entry | {"_hash": digest}
        return acl
