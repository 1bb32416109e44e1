"""Records as the REST API shows them to one user: his rights, his time zone, the fields he asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from . import dates
from .database import Database
from .fields import Field
from .links import LINKS, full_name
from .rights import Rights
from .table import Values

Shown = Callable[[Values], Any]

GLOBAL_TEAM = {"id": "1", "name": "Global", "name_2": "", "primary": True, "selected": False}
VIEWS = {
    "list": "first_name,last_name,title,account_name,account_id,email,phone_work,assigned_user_name",
    "record": "salutation,first_name,last_name,title,department,account_name,account_id,email,phone_work,"
    "phone_mobile,primary_address_street,primary_address_city,primary_address_state,"
    "primary_address_postalcode,primary_address_country,description,birthdate,assigned_user_name,sync_contact",
}
"""What `view` adds to the fields asked for."""


def wanted_fields(args: dict[str, Any]) -> list[str] | None:
    """Names from `fields` and `view`; None if neither is given, which means all."""
    names: list[str] = []
    fields, view = args.get("fields"), args.get("view")
    if isinstance(fields, str):
        names += [name.strip() for name in fields.split(",") if name.strip()]
    elif isinstance(fields, dict | list):
        entries = fields.values() if isinstance(fields, dict) else fields
        names += [str(entry.get("name")) if isinstance(entry, dict) else str(entry) for entry in entries]
    if view:
        names += VIEWS.get(str(view), "name").split(",")
    return names if fields or view else None


class Renderer:
    """Shows records of one module to one user. Build it once per request: it prepares the fields."""

    def __init__(self, db: Database, rights: Rights, module: str, wanted: Iterable[str] | None) -> None:
        self._db = db
        self._rights = rights
        self._module = module
        self._zone = dates.zone(rights.user.timezone)
        self._stub_owner = rights.user.admin and wanted is not None and "assigned_user_id" in wanted
        fields = db.schema[module]
        hidden = rights.hidden(module)
        names = list(fields) if wanted is None else [name for name in wanted if name in fields]
        # The `_acl` of a record holds the module's denials for the fields asked, and what differs for the record.
        self._rules = {name: rule for name, rule in rights.field_rules(module).items() if name in names}
        self._parts: list[tuple[str, Shown]] = []
        links: list[str] = []
        for name in dict.fromkeys(["id", "date_modified", *names]):
            field = fields[name]
            if name in hidden or name == "locked_fields":
                continue
            self._parts.append((name, self._shown(field)))
            if field.type == "relate" and field.link:
                links.append(field.link)
        links += [name for name in wanted or () if name in LINKS[module] and name not in fields]
        self._parts += [(link, self._link_object(link)) for link in dict.fromkeys(links)]

    def record(self, values: Values) -> dict[str, Any]:
        """The whole record; in a list, one that a finer rule refuses comes as a stub."""
        shown = {name: part(values) for name, part in self._parts}
        shown["locked_fields"] = []
        shown["_acl"] = {"fields": self._rules | self._rights.record_rules(values["id"])}
        shown["_module"] = self._module
        return shown

    def listed(self, values: Values) -> dict[str, Any]:
        """A row of a list: a deleted record and one refused to this user are reduced to a stub."""
        if values["deleted"]:
            stub: dict[str, Any] = {"id": values["id"], "deleted": True, "_module": self._module}
            if self._stub_owner:
                stub["assigned_user_id"] = values.get("assigned_user_id") or ""
            return stub
        if self._db.refused.has(self._rights.user.id, values["id"]):
            modified = dates.iso(values["date_modified"], self._zone)
            return {"id": values["id"], "date_modified": modified, "_module": self._module}
        return self.record(values)

    def _shown(self, field: Field) -> Shown:
        name, db, user = field.name, self._db, self._rights.user
        if field.type == "datetime":
            return lambda v: dates.iso(v[name], self._zone) if v.get(name) is not None else ""
        if field.type == "email":
            return lambda v: db.addresses.shown(v.get("email", ()))
        if field.type == "fullname":
            return full_name
        if field.type == "relate":
            return self._relate(field)
        special: dict[str, Shown] = {
            "email1": lambda v: db.addresses.primary(v.get("email", ())),
            "email2": lambda v: next(
                (db.addresses[link.caps].email_address for link in v.get("email", ()) if not link.primary), ""
            ),
            "invalid_email": lambda v: self._primary_flag(v, "invalid_email"),
            "email_opt_out": lambda v: self._primary_flag(v, "opt_out"),
            "sync_contact": lambda v: db.flags.has(user.id, v["id"]),
            "my_favorite": lambda v: db.favorites.has(user.id, v["id"]),
            "following": lambda v: False,
            "team_name": lambda v: v.get("team_name") or [GLOBAL_TEAM],
            "tag": lambda v: v.get("tag") or [],
        }
        if name in special:
            return special[name]
        if field.type == "bool":
            return lambda v: bool(v.get(name))
        return lambda v: v[name] if v.get(name) is not None else ""

    def _primary_flag(self, values: Values, flag: str) -> bool:
        shown = self._db.addresses.shown(values.get("email", ()))
        return bool(shown and shown[0][flag])

    def _relate(self, field: Field) -> Shown:
        resolve = LINKS[self._module][field.link or ""][1]

        def name_of(values: Values) -> str:
            related = resolve(self._db, values)
            return full_name(related[0]) if related else ""

        return name_of

    def _link_object(self, link: str) -> Shown:
        resolve = LINKS[self._module][link][1]
        acl = {"fields": [], "_hash": "654d337e0e912edaa00dbb0fb3dc3c17"}

        def shown(values: Values) -> dict[str, Any]:
            related = resolve(self._db, values)
            name, record_id = (full_name(related[0]), related[0]["id"]) if related else ("", "")
            key = "full_name" if LINKS[self._module][link][0] in ("Users", "Contacts") else "name"
            return {key: name, "id": record_id, "_acl": acl}

        return shown
