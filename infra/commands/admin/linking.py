"""Which Sugar user someone is. They say so once, at the first sign-in; afterwards only this changes it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from contact_sync.store import links, tokens, users
from contact_sync.store.records import Tokens, User
from contact_sync.store.users import Loaded
from contact_sync.store.write import Conflict, Write
from contact_sync.sync.engine import Engine
from contact_sync.sync.load import CONTACTS_SCOPE

from .deployment import SUGAR, Deployment
from .failure import Failure
from .pausing import regular
from .people import readable
from .screen import Screen

_CHANGED = "The user's document was changed at the same moment. Repeat the command."
_CURED = ("sugar_user_asked", "sugar_user_missing", "sugar_access_denied", "too_many")
"""Connections that another Sugar user may cure."""


def relink(options: argparse.Namespace, deployment: Deployment, screen: Screen) -> int:
    """sugar-user: from now on this user is the active Sugar user with that primary address.

    Of who is that Sugar user already, by the id, the name is renewed and what stopped them is tried again.
    """
    user_id = readable(deployment, options.user).id
    engine = deployment.engine(SUGAR)
    wanted = _sugar_user(engine, options.sugar_user)
    claimed = links.claim(deployment.db, wanted["id"], user_id, deployment.now())
    if claimed is None:
        [other, *_] = links.others(deployment.db, wanted["id"], user_id)
        raise Failure(
            f"User {other} is the Sugar user {wanted['user_name']} already. Change or erase that one."
        )
    loaded = users.load(deployment.db, engine.cipher, user_id)
    user = loaded.user
    if user is None:
        raise Failure(_CHANGED)
    if user.lease is not None and user.lease.until > deployment.now():
        raise Failure(
            f"A run works for this user, at most until {user.lease.until:%H:%M:%S} UTC. Repeat it then."
        )
    fields = _fields(deployment, user, loaded, wanted)
    if fields:
        try:
            deployment.commit(
                [*_writes(engine, user, loaded, wanted, fields), claimed],
                "sugar-user",
                _told(user, wanted),
                user.id,
            )
        except Conflict:
            raise Failure(_CHANGED) from None
    screen.json(
        {"user": user_id, "sugar_user": wanted, "before": user.sugar_user_name, "changed": bool(fields)}
    )
    screen.line(
        f"{user.email} is the Sugar user {wanted['user_name']} ({wanted['full_name']}){_before(user, wanted, fields)}."
    )
    return 0


def _before(user: User, wanted: Mapping[str, str], fields: Mapping[str, Any]) -> str:
    if user.sugar_user_id == wanted["id"] and user.sugar_user_name == wanted["user_name"]:
        return " already; what stopped the sync is tried again" if fields else " already"
    return f", before {user.sugar_user_name or 'nobody'}"


def _sugar_user(engine: Engine, address: str) -> Mapping[str, str]:
    found = engine.sugar.find_users(address)
    if len(found) == 1:
        return found[0]
    many = "Several active Sugar users have" if found else "No active Sugar user has"
    raise Failure(
        f"{many} the primary e-mail address {address}. Correct that in Sugar, then repeat the command."
    )


def _fields(deployment: Deployment, user: User, loaded: Loaded, wanted: Mapping[str, str]) -> dict[str, Any]:
    """What changes of the user. Another Sugar user means a full intake, by which nothing is deleted: what was the other
    one's leaves the scope."""
    fields: dict[str, Any] = {}
    if user.sugar_user_name != wanted["user_name"]:
        fields["sugar_user_name"] = wanted["user_name"]
    if user.sugar_user_id != wanted["id"]:
        version = user.settings_version + 1
        fields |= {
            "sugar_user_id": wanted["id"],
            "sugar_user_asked": None,
            "settings_version": version,
            "intake_version": version,
            "cursors__deletes_on": {},
        }
    if user.connection in _CURED:
        fields |= _standing(loaded.tokens)
    if fields and regular(
        deployment,
        replace(user, connection=fields.get("connection", user.connection), sugar_user_id=wanted["id"]),
    ):
        fields["next_sync_at"] = deployment.now()
    return fields


def _writes(
    engine: Engine, user: User, loaded: Loaded, wanted: Mapping[str, str], fields: Mapping[str, Any]
) -> list[Write]:
    linked = users.update(user.id, if_updated_at=loaded.updated_at, **fields)
    if loaded.tokens.sugar_access is None or user.sugar_user_id == wanted["id"]:
        return [linked]
    # The token speaks for the Sugar user of before.
    held = replace(loaded.tokens, sugar_access=None, sugar_expires_at=None, sugar_user_id=None)
    return [linked, tokens.put(engine.cipher, user.id, held, loaded.tokens_updated_at)]


def _told(user: User, wanted: Mapping[str, str]) -> str:
    before = f"{user.sugar_user_name} (id {user.sugar_user_id})" if user.sugar_user_id else "nobody"
    return f"{user.email} is the Sugar user {wanted['user_name']} (id {wanted['id']}), before {before}"


def _standing(held: Tokens) -> dict[str, str]:
    if held.google_refresh and CONTACTS_SCOPE in held.google_scopes:
        return {"connection": "connected", "connection_message": ""}
    return {"connection": "permission_missing", "connection_message": "Connect your Google account."}
