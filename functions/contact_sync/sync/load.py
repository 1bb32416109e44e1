"""Load a user and say whether they may sync: connected, not paused, not forbidden, with permission."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..contacts.settings import SyncSettings
from ..store import users
from ..store.records import BROKEN, User
from . import schedule
from .engine import Engine
from .tokens import TokenBox

CONTACTS_SCOPE = "https://www.googleapis.com/auth/contacts"


@dataclass(frozen=True, slots=True)
class Ready:
    """A user who may sync, with the settings in force and the tokens."""

    user: User
    updated_at: datetime
    settings: SyncSettings
    box: TokenBox


@dataclass(frozen=True, slots=True)
class Stopped:
    """A user who may not sync: the reason as a word. `user` is None if there is no such user."""

    reason: str
    user: User | None = None
    updated_at: datetime | None = None
    everybody: bool = False
    """The stop is the administrator's, for many at once; it ends without the user doing anything."""


def load(engine: Engine, user_id: str, trigger: str) -> Ready | Stopped:
    """One batched read of the user, the tokens and the pause of the whole deployment.

    The schedule looks now and then at who was stopped by what an administrator of Sugar can cure.
    """
    loaded = users.load(engine.db, engine.cipher, user_id)
    user = loaded.user
    if user is None or loaded.updated_at is None:
        return Stopped("unknown_user")

    def stopped(reason: str, *, everybody: bool = False) -> Stopped:
        return Stopped(reason, user, loaded.updated_at, everybody)

    if user.unreadable:
        return stopped(BROKEN)
    if user.paused:
        return stopped("paused")
    if loaded.paused_all is not None:
        return stopped("paused", everybody=True)
    if engine.policy.disabled is not None:
        return stopped("disabled", everybody=True)
    domains = tuple(f"@{domain}" for domain in engine.allowed_domains)
    if domains and not user.email.lower().endswith(domains):
        return stopped("domain_not_allowed", everybody=True)
    looks_again = trigger == "schedule" and user.connection in (*schedule.CURED_OUTSIDE, BROKEN)
    if user.connection != "connected" and not looks_again:
        return stopped(user.connection)
    if user.sugar_user_id is None:
        return stopped("sugar_user_missing")
    if CONTACTS_SCOPE not in loaded.tokens.google_scopes:
        return stopped("permission_missing")
    box = TokenBox(engine, user_id, loaded.tokens, loaded.tokens_updated_at)
    if loaded.tokens_outdated:
        box.keep(lambda tokens: tokens)
    return Ready(user, loaded.updated_at, engine.policy.apply(user.settings), box)
