"""A user's settings: read, replaced as a whole under their version, reset."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import msgspec
from flask import request

from ..config_formats import Policy
from ..contacts.settings import (
    Interval,
    InvalidSettings,
    SyncSettings,
    from_plain,
    leaves,
    needs_full_intake,
    nested,
    to_plain,
)
from ..store import users
from ..store.records import User
from ..store.users import Loaded
from ..store.write import Write
from ..sync import schedule
from . import account
from .caller import caller, user_id
from .operation import Operations, Sent, Versioned, from_json
from .site import Json, Refusal, site

routes = Operations("settings")

READ_ONLY = ("version", "locked")
"""Keys that GET adds to the settings and PUT takes back; `version` stands in for If-Match."""
LOCKED = "Your administrator decided this for everyone."


class WholeDirection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One direction: a master switch, and what it may do on the side it writes to."""

    enabled: bool
    update: bool
    create: bool
    delete: bool


class WholeAuto(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Sync regularly, every so many minutes."""

    enabled: bool
    interval_minutes: Interval


class Settings(Versioned, frozen=True, kw_only=True):
    """The settings in force, their version, and which of them are locked and why (by path, as in "auto.enabled")."""

    from_sugar: WholeDirection
    from_google: WholeDirection
    auto: WholeAuto
    sugar_scope: Literal["mine", "flagged", "all"]
    google_label: str | None
    private_fields: Literal["share", "keep"]
    conflict: Literal["newest", "sugar", "google"]
    overflow: Literal["next_period", "continue"]
    locked: dict[str, str]


class GivenSettings(Sent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings, as GET answers them. `version` stands in for If-Match; `locked` is ignored."""

    from_sugar: WholeDirection
    from_google: WholeDirection
    auto: WholeAuto
    sugar_scope: Literal["mine", "flagged", "all"]
    google_label: str | None
    private_fields: Literal["share", "keep"]
    conflict: Literal["newest", "sugar", "google"]
    overflow: Literal["next_period", "continue"]
    version: int | None = None
    locked: dict[str, str] | None = None

    @classmethod
    def read(cls, data: bytes) -> GivenSettings:
        """The settings in a body. Refused with every key that is wrong."""
        given = _object(data)
        wanted = {key: value for key, value in given.items() if key not in READ_ONLY}
        problems = dict(_problems(wanted))
        if problems:
            listed = "; ".join(f"{path}: {what}" for path, what in problems.items())
            raise Refusal(400, "invalid_settings", f"Nothing was saved. {listed}.", {"keys": list(problems)})
        try:
            return msgspec.convert(given, cls)
        except msgspec.ValidationError as error:
            raise Refusal(400, "invalid_settings", f"Nothing was saved. {error}.") from None

    @property
    def settings(self) -> Json:
        """The settings alone, as plain data."""
        plain: Json = msgspec.to_builtins(self)
        return {key: value for key, value in plain.items() if key not in READ_ONLY}


@routes.get("/settings")
def get() -> Settings:
    """The settings in force, their version, and which of them are locked."""
    return shown(caller().user)


@routes.put("/settings", errors=(412, 428), if_match=True)
def put(body: GivenSettings) -> Settings:
    """Replace all settings, if they still have the version of If-Match."""
    if not request.if_match and body.version is None:
        raise Refusal(
            428,
            "version_missing",
            "Send the ETag of the settings you read as If-Match, so that none are lost.",
        )
    return save(body.settings, None if request.if_match else body.version)


@routes.post("/settings/reset", errors=(412,), if_match=True)
def reset() -> Settings:
    """All settings as they are for a new user."""
    return _save(lambda _held: SyncSettings())


def shares_unasked(user: User) -> bool:
    """Whether private fields go to Sugar although the user never decided that they should."""
    policy = site().engine.policy
    unasked = user.settings.private_fields == "share" and not user.sharing_chosen
    return unasked and "private_fields" not in policy.forced


def keep_private() -> None:
    """From now on private fields go to Sugar only where it has held a value since the two were linked."""
    _save(lambda held: msgspec.structs.replace(held, private_fields="keep"))


def keep_sharing() -> None:
    """Private fields go on being shared, by the user's word."""
    site().engine.db.commit([users.update(user_id(), sharing_chosen=True)])


def save(wanted: Json, version: int | None) -> Settings:
    """Replace all settings, if they still have this version."""
    return _save(lambda held: _chosen(wanted, held, site().engine.policy), version)


def _save(choose: Callable[[SyncSettings], SyncSettings], version: int | None = None) -> Settings:
    """Store what `choose` makes of the settings, and what follows from it for the next runs.

    Refused where they no longer have the version of If-Match, or `version`.
    """

    def writes(loaded: Loaded) -> list[Write]:
        user = loaded.user
        if user is None:
            raise Refusal(401, "not_signed_in", "You are not signed in.", way="Open /sign-in.")
        current = user.settings_version
        # A proxy that compresses answers makes their ETags weak.
        fits = (
            request.if_match.contains_weak(str(current)) if request.if_match else version in (None, current)
        )
        if not fits:
            message = "The settings were changed meanwhile, perhaps in another window. Nothing was saved."
            raise Refusal(412, "stale", message, msgspec.to_builtins(shown(user)))
        fields = _change(user, choose(user.settings))
        return [users.update(user.id, if_updated_at=loaded.updated_at, **fields)] if fields else []

    account.change(site(), user_id(), writes)
    saved = users.read(site().engine.db, user_id())
    return shown(saved[0] if saved else caller().user)


def _change(user: User, settings: SyncSettings) -> dict[str, Any]:
    """The fields that change with the settings; none where they are the same."""
    if settings == user.settings:
        return {}
    engine = site().engine
    version = user.settings_version + 1
    fields: dict[str, Any] = {"settings": settings, "settings_version": version}
    if settings.private_fields != user.settings.private_fields:
        fields["sharing_chosen"] = True
    old, new = engine.policy.apply(user.settings), engine.policy.apply(settings)
    if needs_full_intake(old, new):
        fields["intake_version"] = version
    if user.creates_paused == "label_missing" and old.google_label != new.google_label:
        fields["creates_paused"] = None
    connection = user.connection
    if connection == "too_many" and old.sugar_scope != new.sugar_scope:
        connection = "connected"
        fields |= {"connection": connection, "connection_message": ""}
    if schedule.next_sync(new, replace(user, connection=connection), engine.now()) is None:
        fields["next_sync_at"] = None
    elif not old.auto.enabled or user.next_sync_at is None:
        fields["next_sync_at"] = engine.now()
    elif old.auto.interval_minutes != new.auto.interval_minutes:
        interval = timedelta(minutes=new.auto.interval_minutes)
        fields["next_sync_at"] = min(user.next_sync_at, engine.now() + interval)
    return fields


def _object(data: bytes) -> Json:
    try:
        value = from_json(data)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Refusal(400, "invalid_settings", "The body must be the settings as JSON, as GET gives them.")
    return value


def _chosen(wanted: Json, held: SyncSettings, policy: Policy) -> SyncSettings:
    """The settings in a body. What is locked keeps the value the user once chose, for when the lock is lifted."""
    given, own = dict(leaves(wanted)), dict(leaves(to_plain(held)))
    refuse_locked([path for path, value in policy.forced.items() if given[path] != value])
    return from_plain(nested(given | {path: own[path] for path in policy.forced}))


def refuse_locked(paths: Sequence[str]) -> None:
    """Refuse to change any of these."""
    if paths:
        named = ", ".join(paths)
        raise Refusal(
            403, "locked", f"{named} cannot be changed. {LOCKED} Nothing was saved.", {"keys": list(paths)}
        )


def _problems(wanted: Json) -> Iterator[tuple[str, str]]:
    """Every key that is unknown, missing or of the wrong type, and what is wrong with it."""
    defaults, given = dict(leaves(to_plain(SyncSettings()))), dict(leaves(wanted))
    groups = {path.partition(".")[0] for path in defaults if "." in path}
    for path in given:
        if path in groups:
            yield path, "must be an object with all its settings"
        elif path not in defaults:
            yield path, "is no setting"
    for path in defaults:
        if path not in given and path.partition(".")[0] not in given:
            yield path, "is missing"
    for path, value in given.items():
        if path in defaults:
            try:
                from_plain(nested(defaults | {path: value}))
            except InvalidSettings as error:
                yield path, str(error).partition(" - at ")[0]


def shown(user: User) -> Settings:
    """A user's settings in force."""
    policy = site().engine.policy
    plain = to_plain(policy.apply(user.settings))
    locked = dict.fromkeys(policy.forced, LOCKED)
    return msgspec.convert({**plain, "version": user.settings_version, "locked": locked}, Settings)
