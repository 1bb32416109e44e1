"""A user's document and connection: made at the first sign-in, linked with Sugar on the user's word, then granted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .. import logs
from ..errors import SyncError, TransientForAll
from ..services.google_oauth import Grant, Identity
from ..store import audit, links, system, tokens, users
from ..store.cipher import DecryptionError
from ..store.records import BROKEN, AuditEntry, SugarUser, Tokens, User
from ..store.users import Loaded
from ..store.write import Conflict, Write
from ..sync import schedule
from ..sync.load import CONTACTS_SCOPE
from .site import Refusal, Site

log = logging.getLogger("contact_sync.web")

PERMISSION_MISSING = "Access to your Google contacts is not granted yet."
DISCONNECTING = "Your Google account is being disconnected. Connect it again when that is done."
ASKED = "sugar_user_asked"
ASK = "Say first whether the Sugar user who was found for your address is you."
LINKED_ALREADY = "You are linked with a Sugar user already. Only an administrator can change that."


def sign_in(site: Site, identity: Identity) -> None:
    """Make the user's document at the first sign-in; later keep the address, and look for a missing Sugar user."""

    def writes(loaded: Loaded) -> list[Write]:
        user, now = loaded.user, site.engine.now()
        if user is not None and user.unreadable:
            return []
        fields: dict[str, Any] = {}
        if user is None or user.email != identity.email:
            fields["email"] = identity.email
        if user is None or (user.sugar_user_id is None and user.disconnecting is None):
            fields |= sugar_user(site, identity.sub, identity.email)
        if user is None:
            # What was erased may have left sessions.
            return [users.create(replace(User(id=identity.sub, created_at=now, sessions_from=now), **fields))]
        return [users.update(user.id, if_updated_at=loaded.updated_at, **fields)] if fields else []

    change(site, identity.sub, writes)


def that_is_me(site: Site, user_id: str, sugar_user_id: str) -> None:
    """The user says that they are the Sugar user who was found: linked, from now on changed by an administrator only.

    Sugar is asked anew. Raises Refusal where it is another one by now, or another account was faster.
    """
    engine, refused = site.engine, False

    def writes(loaded: Loaded) -> list[Write]:
        nonlocal refused
        refused = False
        user = loaded.user
        if user is None or user.sugar_user_id == sugar_user_id:
            return []
        if user.disconnecting is not None:
            raise Refusal(409, "disconnecting", DISCONNECTING)
        if user.sugar_user_id is not None:
            raise Refusal(409, "linked_already", LINKED_ALREADY)
        claimed = links.claim(engine.db, sugar_user_id, user_id, engine.now())
        fields = _found(site, user_id, user.email)
        found: SugarUser | None = fields["sugar_user_asked"]
        if claimed is None or found is None or found.id != sugar_user_id:
            refused = True
            return [users.update(user_id, if_updated_at=loaded.updated_at, **fields)]
        fields = {
            "sugar_user_id": found.id,
            "sugar_user_name": found.user_name,
            "sugar_user_asked": None,
            **standing(loaded.tokens),
        }
        what = (
            f"linked with the Sugar user {found.user_name} ({found.full_name}, id {found.id}) after saying so"
        )
        told = AuditEntry(engine.new_id(), engine.now(), user.email, user_id, what)
        fields |= _due(site, user, fields)
        return [
            users.update(user_id, if_updated_at=loaded.updated_at, **fields),
            claimed,
            audit.put(told),
        ]

    change(site, user_id, writes)
    if refused:
        raise Refusal(
            409,
            "not_this_sugar_user",
            "That is not the Sugar user who belongs to your address any more. Look again who it is.",
        )
    with logs.context(user=user_id):
        log.info("a user was linked with a Sugar user")


def require_sugar_user(user: User) -> None:
    """Refuse before anything is granted by somebody of whom it is not known who they are in Sugar."""
    if user.sugar_user_id is None:
        code = user.connection if user.connection in (ASKED, "sugar_user_missing") else "sugar_user_missing"
        raise Refusal(409, code, user.connection_message or ASK, way="Open / first.")


def connect(site: Site, user_id: str, granted: Grant) -> None:
    """Keep the grant: the user is connected.

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
        require_sugar_user(user)
        fresh = replace(
            held,
            google_refresh=granted.refresh or held.google_refresh,
            google_access=granted.access,
            google_expires_at=granted.expires_at,
            google_scopes=granted.scopes,
        )
        fields = standing(fresh)
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
        if (
            user is None
            or user.sugar_user_id is None
            or user.connection in ("connected", "sugar_user_missing")
        ):
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
            fields |= sugar_user(site, user_id, user.email)
        elif user.connection in (*schedule.CURED_OUTSIDE, "too_many", BROKEN):
            fields |= standing(loaded.tokens)
        fields |= _due(site, user, fields)
        return [users.update(user_id, if_updated_at=loaded.updated_at, **fields)] if fields else []

    change(site, user_id, writes)


def change(site: Site, user_id: str, writes: Callable[[Loaded], Sequence[Write]]) -> None:
    """Commit what `writes` makes of the user as loaded; again on the fresh documents if they changed meanwhile."""
    for _ in site.engine.tries():
        loaded = load(site, user_id)
        asked = writes(loaded)
        if asked and loaded.user is not None and loaded.user.unreadable:
            raise Refusal(409, BROKEN, loaded.user.connection_message)
        try:
            site.engine.db.commit(asked)
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


def sugar_user(site: Site, user_id: str, email: str) -> dict[str, Any]:
    """Look for the Sugar user of somebody who has none, to ask them; or say what is wrong."""
    try:
        return _found(site, user_id, email)
    except SyncError as error:
        log.warning("the Sugar user could not be looked up", extra={"code": error.code})
        return _missing("Sugar could not be asked for your user. Try again in a few minutes.")


def _found(site: Site, user_id: str, email: str) -> dict[str, Any]:
    """The one Sugar user with this primary address who may be this person. Which of several is never guessed."""
    found = site.engine.sugar.find_people(email)
    free = [one for one in found if not links.others(site.engine.db, one["id"], user_id)]
    if len(free) == 1:
        asked = SugarUser(free[0]["id"], free[0]["user_name"], free[0]["full_name"] or free[0]["user_name"])
        return {"connection": ASKED, "connection_message": ASK, "sugar_user_asked": asked}
    if free:
        several = f"Several active Sugar users have the primary e-mail address {email}."
        return _missing(f"{several} Ask your Sugar administrator to leave it to your user alone.")
    if found:
        taken = (
            f"The Sugar user with the primary e-mail address {email} is linked with another Google account."
        )
        return _missing(f"{taken} Ask the administrator of the contact sync.")
    return _missing(
        f"No active Sugar user has the primary e-mail address {email}. Ask your Sugar administrator to give it to your "
        "user; administrators, groups and portal users do not count."
    )


def _missing(message: str) -> dict[str, Any]:
    return {"connection": "sugar_user_missing", "connection_message": message, "sugar_user_asked": None}


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
