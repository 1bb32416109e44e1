"""The record endpoints of a module: list, count, create, read, change, delete, and what hangs on one
record.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from . import dates
from .addresses import truth
from .database import Database, User
from .errors import SugarError, database_failure, invalid_parameter, not_authorized, record_not_found
from .listing import Lister
from .messages import read_json
from .rendering import Renderer, wanted_fields
from .rights import Rights
from .routing import Call, Router
from .table import Values
from .writing import Writer

ID_LENGTH = 36
LIST_ARGUMENTS = frozenset({"fields", "view", "module", "record", "link_name", "remote_id", "viewed"})


class Write(NamedTuple):
    """A write on Contacts through REST: who, verb, contact, and the field names it set."""

    user_name: str
    verb: str
    id: str
    keys: tuple[str, ...]


class Records:
    """Handlers of `/:module` routes; `settings` holds what an administrator can turn."""

    def __init__(self, db: Database, max_list_limit: Callable[[], int | None], writes: list[Write]) -> None:
        self._db = db
        self._max_list_limit = max_list_limit
        self._writes = writes
        self.on_saved: Callable[[str], None] | None = None

    def register(self, router: Router) -> None:
        """Add the routes."""
        router.add("GET", "/:module", self.page)
        router.add("GET POST", "/:module/filter", self.page)
        router.add("GET", "/:module/count", self.count)
        router.add("GET POST", "/:module/filter/count", self.count)
        router.add("POST", "/:module", self.create)
        router.add("POST", "/:module/duplicateCheck", self.duplicates)
        router.add("GET", "/:module/enum/:field", self.enum)
        router.add("GET", "/:module/:record", self.read)
        router.add("PUT", "/:module/:record", self.update)
        router.add("DELETE", "/:module/:record", self.delete)
        router.add("GET", "/:module/:record/audit", self.audit)
        router.add("PUT", "/:module/:record/favorite", self.favorite)
        router.add("PUT DELETE", "/:module/:record/unfavorite", self.unfavorite)
        router.add("DELETE", "/:module/:record/favorite", self.unfavorite)

    def page(self, call: Call) -> Any:
        """A page of records."""
        return self._lister(call).page(_list_arguments(call.args))

    def count(self, call: Call) -> Any:
        """How many records a filter finds."""
        return self._lister(call).count(_list_arguments(call.args))

    def read(self, call: Call) -> Any:
        """One record."""
        module = self.module(call)
        values = self.find(call.caller, module, call.args["record"])
        call.caller.require(module, "view")
        call.caller.require_record(values)
        return self.shown(call, module, values)

    def create(self, call: Call) -> Any:
        """A new record, under the caller's id for it if it gives one."""
        module, rights = self.module(call), call.caller
        submitted = _submitted(call.args)
        rights.require(module, "create")
        rights.require_fields(module, submitted, None)
        record_id = str(submitted.get("id") or self._db.new_id())
        if len(record_id) > ID_LENGTH:
            raise invalid_parameter(f"Invalid field value: id in module: {module}")
        existing = self._db.tables[module].rows.get(record_id)
        if existing is not None:
            if existing.newest["deleted"]:
                raise database_failure()
            raise SugarError(
                422, "invalid_parameter", f"Record already exists: {record_id} in module: {module}"
            )
        if module == "WebLogicHooks":
            _require_hook_fields(submitted)
        writer = Writer(self._db, module, rights.user)
        changes = writer.read(submitted, None)
        values = writer.apply(record_id, changes)
        self._note(module, rights.user, "POST", record_id, changes.keys)
        return self._written(call, module, values)

    def update(self, call: Call) -> Any:
        """Change the given fields of a record."""
        module, rights, record_id = self.module(call), call.caller, call.args["record"]
        submitted = _submitted(call.args)
        current = self.find(rights, module, record_id)
        rights.require(module, "edit")
        rights.require_record(current)
        if submitted.get("id") not in (None, record_id):
            raise invalid_parameter("The id of a record cannot be changed")
        self._require_unchanged(call, module, current)
        rights.require_fields(module, submitted, record_id)
        writer = Writer(self._db, module, rights.user)
        changes = writer.read(submitted, current)
        values = writer.apply(record_id, changes)
        self._note(module, rights.user, "PUT", record_id, changes.keys)
        return self._written(call, module, values)

    def delete(self, call: Call) -> Any:
        """Mark a record deleted."""
        module, rights, record_id = self.module(call), call.caller, call.args["record"]
        values = self.find(rights, module, record_id)
        rights.require(module, "delete")
        rights.require_record(values)
        self._db.save(module, record_id, {"deleted": True}, by=rights.user)
        self._note(module, rights.user, "DELETE", record_id, [])
        return {"id": record_id}

    def duplicates(self, call: Call) -> Any:
        """Records that the stock rule takes for the same person: names that start alike, same account."""
        module, rights = self.module(call), call.caller
        rights.require(module, "view")
        wanted: list[dict[str, Any]] = []
        for name, operator in (
            ("first_name", "$starts"),
            ("last_name", "$starts"),
            ("account_id", "$equals"),
        ):
            if call.args.get(name) and name in self._db.schema[module]:
                wanted.append({name: {operator: call.args[name]}})
        if not wanted:
            return {"next_offset": -1, "records": []}
        found = self._lister(call).page({"filter": wanted, "max_num": -1, "fields": call.args.get("fields")})
        for rank, record in enumerate(reversed(found["records"]), 1):
            record["duplicate_check_rank"] = rank
        return found

    def enum(self, call: Call) -> Any:
        """The keys and labels of a dropdown."""
        field = self._db.schema[self.module(call)].get(call.args["field"])
        if field is None:
            raise SugarError(404, "not_found", "field not found")
        if field.options is None:
            raise SugarError(404, "not_found", "options not found")
        return self._db.dropdowns[field.options]

    def audit(self, call: Call) -> Any:
        """The change log of a record, newest first."""
        module = self.module(call)
        values = self.find(call.caller, module, call.args["record"])
        tz = dates.zone(call.caller.user.timezone)
        entries = [
            {**entry, "date_created": dates.iso(entry["date_created"], tz), "data_type": "varchar"}
            for entry in reversed(self._db.audit.get(values["id"], []))
        ]
        return {"next_offset": -1, "records": entries}

    def favorite(self, call: Call) -> Any:
        """Make a record the caller's favourite."""
        return self._mark(call, True)

    def unfavorite(self, call: Call) -> Any:
        """Take that back."""
        return self._mark(call, False)

    def module(self, call: Call) -> str:
        """The module of a call; 404 for one that is not there."""
        module: str = call.args["module"]
        if module not in self._db.tables:
            raise SugarError(404, "not_found", f"Could not find module: {module}")
        if module == "WebLogicHooks" and not call.caller.user.admin:
            raise not_authorized()
        return module

    def find(self, rights: Rights, module: str, record_id: str) -> Values:
        """A live record the caller can see; 404 otherwise."""
        values = self._db.live(module, record_id)
        if values is None or not self._db.visible(rights.user, module, values):
            raise record_not_found(record_id, module)
        return values

    def shown(self, call: Call, module: str, values: Values) -> dict[str, Any]:
        """A record as this call wants to see it."""
        record = Renderer(self._db, call.caller, module, wanted_fields(call.args)).record(values)
        if truth(call.args.get("erased_fields")):
            record["_erased_fields"] = list(values.get("erased", ()))
        return record

    def _written(self, call: Call, module: str, values: Values) -> dict[str, Any]:
        """The answer to a write: the record as its writer may see it by now. Teams are asked first."""
        if self.on_saved is not None and module == "Contacts":
            self.on_saved(values["id"])
            values = self._db.tables[module].rows[values["id"]].newest
        user = call.caller.user
        if self._db.hidden.has(user.id, values["id"]):
            raise not_authorized()
        if self._db.refused.has(user.id, values["id"]) or not self._db.visible(user, module, values):
            shown = self.shown(call, module, values)
            return {name: shown[name] for name in ("id", "date_modified", "_acl")}
        return self.shown(call, module, values)

    def _lister(self, call: Call) -> Lister:
        return Lister(self._db, call.caller, self.module(call), self._max_list_limit())

    def _mark(self, call: Call, on: bool) -> Any:
        module = self.module(call)
        values = self.find(call.caller, module, call.args["record"])
        self._db.favorites.put(call.caller.user.id, values["id"], on)
        return self.shown(call, module, values)

    def _require_unchanged(self, call: Call, module: str, current: Values) -> None:
        header = call.request.header("X-TIMESTAMP")
        if header is None or module != "Contacts":
            return
        tz = dates.zone(call.caller.user.timezone)
        try:
            seen = dates.instant(header, tz)
        except ValueError:
            raise invalid_parameter(f"Bad timestamp {header}") from None
        if seen != current["date_modified"]:
            message = (
                f"client TS is {dates.iso(seen, tz)}, server TS is {dates.iso(current['date_modified'], tz)}"
            )
            record = Renderer(self._db, call.caller, module, None).record(current)
            raise SugarError(409, "edit_conflict", f"Edit conflict - {message}", {"record": record})

    def _note(self, module: str, user: User, verb: str, record_id: str, keys: list[str]) -> None:
        if module == "Contacts":
            self._writes.append(Write(user.user_name, verb, record_id, tuple(sorted(keys))))


def _submitted(args: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in args.items() if name not in LIST_ARGUMENTS}


def _list_arguments(args: dict[str, Any]) -> dict[str, Any]:
    """List arguments; a GET may carry the filter as JSON text."""
    definition = args.get("filter")
    if isinstance(definition, str) and definition[:1] in ("[", "{"):
        return {**args, "filter": read_json(definition)}
    return args


def _require_hook_fields(submitted: dict[str, Any]) -> None:
    for name in ("name", "webhook_target_module", "trigger_event", "request_method", "url"):
        if not submitted.get(name):
            raise SugarError(422, "missing_parameter", f"Missing parameter: {name}")
