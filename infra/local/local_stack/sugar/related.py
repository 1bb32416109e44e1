"""The link endpoints of a record: list what it is linked to, link, unlink."""

from __future__ import annotations

from typing import Any

from .addresses import truth
from .database import Database, User
from .errors import SugarError, missing_parameter, record_not_found
from .links import LINKS
from .records import Records, Write
from .rendering import Renderer, wanted_fields
from .routing import Call, Router
from .table import Values


class RelatedRecords:
    """Handlers of `/:module/:record/link/...`."""

    def __init__(self, db: Database, records: Records, writes: list[Write]) -> None:
        self._db = db
        self._records = records
        self._writes = writes

    def register(self, router: Router) -> None:
        """Add the routes."""
        router.add("POST", "/:module/:record/link", self.link_many)
        router.add("GET", "/:module/:record/link/:link_name", self.page)
        router.add("POST", "/:module/:record/link/:link_name/:remote_id", self.link)
        router.add("DELETE", "/:module/:record/link/:link_name/:remote_id", self.unlink)

    def page(self, call: Call) -> Any:
        """What the record is linked to; a page of it."""
        _, values = self._record(call)
        module, related = self._link(call)
        if module not in self._db.tables:
            return {"next_offset": -1, "records": related(self._db, values)}
        rows = [row for row in related(self._db, values) if self._db.visible(call.caller.user, module, row)]
        renderer = Renderer(self._db, call.caller, module, wanted_fields(call.args))
        offset, size = int(call.args.get("offset") or 0), int(call.args.get("max_num") or 20)
        end = offset + size if size > 0 else len(rows)
        return {
            "next_offset": end if end < len(rows) else -1,
            "records": [renderer.listed(row) for row in rows[offset:end]],
        }

    def link_many(self, call: Call) -> Any:
        """Link to each of `ids`."""
        if not call.args.get("link_name"):
            raise missing_parameter("link_name")
        ids = call.args.get("ids")
        if not isinstance(ids, list) or not ids:
            raise missing_parameter("ids")
        wanted = [str(entry.get("id")) if isinstance(entry, dict) else str(entry) for entry in ids]
        answers = [self._set(call, remote, True) for remote in wanted]
        return {
            "record": answers[-1]["record"],
            "related_records": [answer["related_record"] for answer in answers],
        }

    def link(self, call: Call) -> Any:
        """Link to one record."""
        return self._set(call, call.args["remote_id"], True)

    def unlink(self, call: Call) -> Any:
        """Take one link away."""
        return self._set(call, call.args["remote_id"], False)

    def _record(self, call: Call) -> tuple[str, Values]:
        module = self._records.module(call)
        return module, self._records.find(call.caller, module, call.args["record"])

    def _link(self, call: Call) -> Any:
        name = str(call.args["link_name"])
        target = LINKS[self._records.module(call)].get(name)
        if target is None:
            raise SugarError(404, "not_found", f"Could not find a relationship named: {name}")
        return target

    def _set(self, call: Call, remote_id: str, on: bool) -> dict[str, Any]:
        module, values = self._record(call)
        target, _ = self._link(call)
        call.caller.require(module, "edit")
        related = self._db.live(target, remote_id) if target in self._db.tables else None
        if related is None:
            raise record_not_found(remote_id, target)
        name, user = str(call.args["link_name"]), call.caller.user
        if module == "Contacts":
            self._change(values, name, remote_id, on, user)
            self._writes.append(Write(user.user_name, call.request.method, values["id"], (name,)))
        fresh = self._db.live(module, values["id"]) or values
        return {
            "record": Renderer(self._db, call.caller, module, None).record(fresh),
            "related_record": Renderer(self._db, call.caller, target, None).record(related),
        }

    def _change(self, values: Values, name: str, remote_id: str, on: bool, user: User) -> None:
        if name == "user_sync":
            self._db.flag(remote_id, values, truth(on), user)
        elif name == "accounts" and (on or values.get("account_id") == remote_id):
            self._db.save("Contacts", values["id"], {"account_id": remote_id if on else ""}, by=user)
