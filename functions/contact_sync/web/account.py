"""A user's document and connection: made at the first sign-in, linked to Sugar once, connected by the grant."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..errors import SyncError, TransientForAll
from ..services.google_oauth import Grant, Identity
from ..store import system, tokens, users
from ..store.cipher import DecryptionError
from ..store.records import Tokens, User
from ..store.users import Loaded
from ..store.write import Conflict, Write
from ..sync.load import CONTACTS_SCOPE
from .site import Refusal, Site

log = logging.getLogger("contact_sync.web")

PERMISSION_MISSING = "Access to your Google contacts is not granted yet."
DISCONNECTING = "Your Google account is being disconnected. Connect it again when that is done."
_TRIES = 5


def sign_in(site: Site, identity: Identity) -> None:
    """Make the user's document at the first sign-in; later keep the address, and find a missing Sugar user."""

    def writes(loaded: Loaded) -> list[Write]:
        user = loaded.user
        fields: dict[str, Any] = {}
        if user is None or user.email != identity.email:
            fields["email"] = identity.email
        if user is None or (user.sugar_user_id is None and user.disconnecting is None):
            fields |= sugar_user(site, identity.email, loaded.tokens)
        if user is None:
            return [users.create(replace(User(id=identity.sub, created_at=site.engine.now()), **fields))]
        return [users.update(user.id, if_updated_at=loaded.updated_at, **fields)] if fields else []

    change(site, identity.sub, writes)


def connect(site: Site, user_id: str, granted: Grant) -> None:
    """Keep the grant: the user is connected, if the Sugar user is known.

    Deletions found by the first intake after a reconnect are treated as if deleting were off, and creates that
    paused go on.
    """
    engine = site.engine

    def writes(loaded: Loaded) -> list[Write]:
        user, held = loaded.user, loaded.tokens
        if user is None:
            return []
        if user.disconnecting is not None:
            raise Refusal(409, "disconnecting", DISCONNECTING)
        fresh = replace(
            held,
            google_refresh=granted.refresh or held.google_refresh,
            google_access=granted.access,
            google_expires_at=granted.expires_at,
            google_scopes=granted.scopes,
        )
        fields = sugar_user(site, user.email, fresh) if user.sugar_user_id is None else standing(fresh)
        fields |= {"cursors__deletes_on": {}, **unpaused(user), **_due(site, user, fields)}
        return [
            tokens.put(engine.cipher, user_id, fresh),
            users.update(user_id, if_updated_at=loaded.updated_at, **fields),
        ]

    change(site, user_id, writes)


def permission_missing(site: Site, user_id: str) -> None:
    """The user came back from Google without the permission; a connection that works is left alone."""

    def writes(loaded: Loaded) -> list[Write]:
        user = loaded.user
        if user is None or user.connection in ("connected", "sugar_user_missing"):
            return []
        if user.disconnecting is not None:
            raise Refusal(409, "disconnecting", DISCONNECTING)
        fields = {"connection": "permission_missing", "connection_message": PERMISSION_MISSING}
        return [users.update(user_id, if_updated_at=loaded.updated_at, **fields)]

    change(site, user_id, writes)


def try_again(site: Site, user_id: str) -> None:
    """The user asks for a sync: whatever stopped it or paused creates may have been cured outside, so look again."""

    def writes(loaded: Loaded) -> list[Write]:
        user = loaded.user
        if user is None or user.disconnecting is not None:
            return []
        fields: dict[str, Any] = unpaused(user)
        if user.sugar_user_id is None:
            fields |= sugar_user(site, user.email, loaded.tokens)
        elif user.connection in ("sugar_user_missing", "sugar_access_denied", "too_many"):
            fields |= standing(loaded.tokens)
        fields |= _due(site, user, fields)
        return [users.update(user_id, if_updated_at=loaded.updated_at, **fields)] if fields else []

    change(site, user_id, writes)


def change(site: Site, user_id: str, writes: Callable[[Loaded], Sequence[Write]]) -> None:
    """Commit what `writes` makes of the user as loaded; again on the fresh documents if they changed meanwhile."""
    for _ in range(_TRIES):
        loaded = load(site, user_id)
        try:
            site.engine.db.commit(writes(loaded))
            return
        except Conflict:
            continue
    raise TransientForAll("contention", "Your data keeps changing at this moment")


def load(site: Site, user_id: str) -> Loaded:
    """The user and the tokens. Tokens whose key is no longer in the ring count as none: the user grants again."""
    db = site.engine.db
    try:
        return users.load(db, site.engine.cipher, user_id)
    except DecryptionError:
        found = users.read(db, user_id)
        user, updated_at = found or (None, None)
        return Loaded(user, updated_at, Tokens(), None, system.pause(db))


def sugar_user(site: Site, email: str, held: Tokens) -> dict[str, Any]:
    """Link the one active Sugar user with this primary address, and say how the connection stands then."""
    missing = {"connection": "sugar_user_missing"}
    try:
        found = site.engine.sugar.find_users(email)
    except SyncError as error:
        log.warning("the Sugar user could not be looked up", extra={"code": error.code})
        return missing | {
            "connection_message": "Sugar could not be asked for your user. Try again in a few minutes."
        }
    if len(found) != 1:
        many = "Several active Sugar users have" if found else "No active Sugar user has"
        return missing | {
            "connection_message": f"{many} the primary e-mail address {email}. Ask your Sugar administrator to "
            "give it to your user, and to no other."
        }
    linked = {"sugar_user_id": found[0]["id"], "sugar_user_name": found[0]["user_name"]}
    return linked | standing(held)


def standing(held: Tokens) -> dict[str, Any]:
    """How the connection of a user with a Sugar user stands."""
    if held.google_refresh and CONTACTS_SCOPE in held.google_scopes:
        return {"connection": "connected", "connection_message": ""}
    return {"connection": "permission_missing", "connection_message": PERMISSION_MISSING}


def unpaused(user: User) -> dict[str, Any]:
    """Let creates in Google go on: what was passed over meanwhile is found by a full intake."""
    if user.creates_paused is None:
        return {}
    version = user.settings_version + 1
    return {"creates_paused": None, "settings_version": version, "intake_version": version}


def _due(site: Site, user: User, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The next run of a user whose connection is cured by `fields`: at once, if they sync regularly."""
    if fields.get("connection") == "connected" and site.engine.policy.apply(user.settings).auto.enabled:
        return {"next_sync_at": site.engine.now()}
    return {}
