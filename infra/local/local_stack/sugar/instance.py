"""Endpoints about the instance and the caller: tokens, who am I, ping, metadata."""

from __future__ import annotations

from hashlib import md5
from typing import Any

from . import dates
from .addresses import truth
from .database import Database
from .errors import no_route, not_authorized
from .links import full_name
from .messages import Answer, php_json
from .rendering import GLOBAL_TEAM
from .routing import Call, Router
from .sessions import Sessions

SERVER = {"flavor": "ENT", "version": "25.1.0", "build": "364", "product_name": "SugarCRM Simulator"}


class Instance:
    """Handlers of the routes outside any module."""

    def __init__(self, db: Database, sessions: Sessions) -> None:
        self._db = db
        self._sessions = sessions

    def register(self, router: Router) -> None:
        """Add the routes."""
        router.add("POST", "/oauth2/token", self.token, public=True)
        router.add("POST", "/oauth2/sudo/:user_name", self.sudo)
        router.add("POST", "/oauth2/logout", self.logout)
        router.add("GET", "/me", self.me)
        router.add("GET", "/ping", lambda call: "pong")
        router.add("GET", "/ping/whattimeisit", self.time)
        router.add("GET", "/Administration/settings/validateIPAddress", self.validates_ip)
        router.add("GET", "/metadata", self.metadata)
        router.add("GET", "/metadata/_hash", lambda call: self._everything()["_hash"])
        router.add(
            "GET", "/metadata/public", lambda call: {"server_info": SERVER, "_hash": "public"}, public=True
        )

    def token(self, call: Call) -> Any:
        """A token for a password or a refresh token."""
        answer = self._sessions.token(call.args)
        name = f"download_token_{call.args.get('platform') or 'base'}"
        return Answer(answer, headers={"Set-Cookie": f"{name}={answer['download_token']}; path=/; HttpOnly"})

    def sudo(self, call: Call) -> Any:
        """A token of another user, for an administrator."""
        session = call.session
        args = {name: value for name, value in call.args.items() if name != "user_name"}
        return self._sessions.sudo(session, call.args["user_name"], args) if session else None

    def logout(self, call: Call) -> Any:
        """End the caller's session."""
        if call.session:
            self._sessions.logout(call.session)
        return {"success": True}

    def me(self, call: Call) -> Any:
        """The caller: profile and denials."""
        user, values = call.caller.user, self._db.tables["Users"].rows[call.caller.user.id].newest
        profile = {
            "type": "admin" if user.admin else "user",
            "id": user.id,
            "user_name": user.user_name,
            "full_name": full_name(values),
            "email": self._db.addresses.shown(values.get("email", ())),
            "timezone": user.timezone,
            "datepref": "Y-m-d",
            "timepref": "H:i",
            "preferred_language": "en_us",
            "is_manager": False,
            "module_list": [module for module in self._db.tables if call.caller.allows(module, "access")],
            "acl": call.caller.denials(),
            "my_teams": [{"id": GLOBAL_TEAM["id"], "name": GLOBAL_TEAM["name"]}],
        }
        return Answer({"current_user": profile}, max_age=3)

    def time(self, call: Call) -> Any:
        """The server's time in the caller's zone."""
        return dates.iso(int(self._db.clock.seconds()), dates.zone(call.caller.user.timezone))

    def validates_ip(self, call: Call) -> Any:
        """Whether sessions are bound to addresses, for an administrator, since 11.12. The answer's form is a guess."""
        if call.request.version < (11, 12):
            raise no_route(call.request.path)
        if not call.caller.user.admin:
            raise not_authorized()
        return {"validateIPAddress": self._sessions.validate_ip}

    def metadata(self, call: Call) -> Any:
        """Definitions of modules and facts about the server, cut down by type_filter and module_filter."""
        everything = self._everything()
        if truth(call.args.get("only_hash")):
            return {"_hash": everything["_hash"]}
        types = [name for name in str(call.args.get("type_filter") or "").split(",") if name]
        modules = [name for name in str(call.args.get("module_filter") or "").split(",") if name]
        if modules:
            everything["modules"] = {
                name: entry for name, entry in everything["modules"].items() if name in modules
            }
        return {name: part for name, part in everything.items() if not types or name in (*types, "_hash")}

    def _everything(self) -> dict[str, Any]:
        modules = {}
        for module, fields in self._db.schema.items():
            entries = {name: field.metadata() for name, field in fields.items()}
            modules[module] = {"fields": entries, "_hash": _digest(entries)}
        names = {module: module for module in self._db.schema}
        return {
            "modules": modules,
            "full_module_list": names | {"_hash": _digest(names)},
            "server_info": SERVER,
            "_hash": _digest(modules),
        }


def _digest(value: Any) -> str:
    return md5(php_json(value), usedforsecurity=False).hexdigest()
