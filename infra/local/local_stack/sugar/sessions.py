"""Tokens: the OAuth2 endpoint, one session per user and platform, impersonation, logout."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .addresses import truth
from .database import Database, User
from .errors import SugarError, invalid_parameter, not_authorized

BUILT_IN_PLATFORMS = ("base", "mobile", "portal")


@dataclass
class Session:
    """An access token. Times are seconds since the epoch; `ended_at` is set when another login took
    the slot.
    """

    token: str
    user_id: str
    platform: str
    client_id: str
    expires_at: float
    refresh_token: str | None = None
    refresh_until: float = 0.0
    sudo: bool = False
    even_inactive: bool = False
    ended_at: float | None = None
    network: str | None = None
    """Where its first call came from."""


class Sessions:
    """All sessions of an instance. Lifetimes are seconds; `session_lifetime` caps refresh tokens from the
    login on.

    A slot that is taken over dies after `eviction_delay` seconds.
    """

    def __init__(self, db: Database, platforms: Iterable[str], new_token: Callable[[], str]) -> None:
        self._db = db
        self._new_token = new_token
        self.platforms = {*BUILT_IN_PLATFORMS, *platforms}
        self.disable_unknown_platforms = True
        self.clients = {"sugar": ""}
        self.access_lifetime = 3600
        self.refresh_lifetime = 1_209_600
        self.session_lifetime: int | None = None
        self.eviction_delay = 0.0
        self.validate_ip = False
        """Whether a session belongs to the network (/24) of its first call: one from elsewhere ends it."""
        self.strangers: set[str] = set()
        """Ids of users whom the identity service in front of Sugar does not know, or refuses."""
        self._by_token: dict[str, Session] = {}
        self._by_refresh: dict[str, Session] = {}
        self._slots: dict[tuple[str, str], str] = {}

    def token(self, args: dict[str, Any]) -> dict[str, Any]:
        """POST /oauth2/token."""
        grant = args.get("grant_type")
        if grant not in ("password", "refresh_token"):
            raise SugarError(400, "invalid_request", "Invalid grant_type parameter or parameter missing")
        client = self._client(args)
        if grant == "refresh_token":
            return self._refresh(str(args.get("refresh_token") or ""))
        platform = self._platform(args)
        if not args.get("username") or not args.get("password"):
            raise SugarError(400, "invalid_request", 'Missing parameters. "username" and "password" required')
        user = self._db.user_named(str(args["username"]))
        if (
            user is None
            or user.password is None
            or user.password != args["password"]
            or not self._db.active(user)
        ):
            raise SugarError(401, "need_login", "You must specify a valid username and password.")
        return self._answer(self._open(user, platform, client))

    def sudo(self, caller: Session, user_name: str, args: dict[str, Any]) -> dict[str, Any]:
        """POST /oauth2/sudo/{user_name}: a token of that user, normally without a refresh token."""
        if caller.sudo or not self._db.users[caller.user_id].admin:
            raise not_authorized()
        client, platform = self._client({"client_id": "sugar", **args}), self._platform(args)
        user = self._db.user_named(user_name)
        if user is None or not (self._db.active(user) or truth(args.get("allowInactive"))):
            raise SugarError(404, "not_found", f"Could not find record: {user_name} in module: Users")
        if user.id in self.strangers:
            raise SugarError(401, "need_login", "You must specify a valid username and password.")
        if platform == caller.platform:
            self._end((caller.user_id, caller.platform))
        session = self._open(user, platform, client, sudo=True, refresh=truth(args.get("needRefresh")))
        session.even_inactive = truth(args.get("allowInactive"))
        return self._answer(session)

    def find(self, token: str, address: str = "127.0.0.1") -> Session:
        """The session of an access token, called from this address; raises 401."""
        session = self._by_token.get(token)
        now = self._db.clock.seconds()
        if session is None or (session.ended_at is not None and session.ended_at <= now):
            raise SugarError(401, "invalid_grant", "The access token provided is invalid.")
        if session.expires_at <= now:
            raise SugarError(401, "invalid_grant", "The access token provided has expired.")
        if not session.even_inactive and not self._db.active(self._db.users[session.user_id]):
            raise SugarError(401, "invalid_grant", "The access token provided is invalid.")
        network = address.rpartition(".")[0] or address
        session.network = session.network or network
        if self.validate_ip and session.network != network:
            self.logout(session)
            raise SugarError(401, "invalid_grant", "The access token provided is invalid.")
        return session

    def logout(self, session: Session) -> None:
        """End a session and its refresh token."""
        self._by_token.pop(session.token, None)
        self._by_refresh.pop(session.refresh_token or "", None)

    def expire_access(self) -> None:
        """Let every access token run out; refresh tokens stay good."""
        for session in self._by_token.values():
            session.expires_at = min(session.expires_at, self._db.clock.seconds())

    def revoke_all(self) -> None:
        """Forget every token, as a restart with lost sessions does: only a password helps then."""
        self._by_token.clear()
        self._by_refresh.clear()
        self._slots.clear()

    def _client(self, args: dict[str, Any]) -> str:
        client = str(args.get("client_id") or "")
        if self.clients.get(client) != str(args.get("client_secret") or ""):
            raise SugarError(400, "invalid_client", "The client credentials are invalid")
        return client

    def _platform(self, args: dict[str, Any]) -> str:
        platform = str(args.get("platform") or "base")
        if self.disable_unknown_platforms and platform not in self.platforms:
            raise invalid_parameter("EXCEPTION_INVALID_PLATFORM")
        return platform

    def _refresh(self, token: str) -> dict[str, Any]:
        old = self._by_refresh.pop(token, None)
        if old is None:
            raise SugarError(400, "invalid_grant", "Invalid refresh token")
        if old.refresh_until <= self._db.clock.seconds():
            raise SugarError(400, "invalid_grant", "Refresh token has expired")
        user = self._db.users[old.user_id]
        if not self._db.active(user):
            raise SugarError(401, "need_login", "You must specify a valid username and password.")
        until = old.refresh_until if self.session_lifetime is not None else None
        return self._answer(self._open(user, old.platform, old.client_id, refresh_until=until))

    def _open(
        self,
        user: User,
        platform: str,
        client: str,
        *,
        sudo: bool = False,
        refresh: bool = True,
        refresh_until: float | None = None,
    ) -> Session:
        self._end((user.id, platform))
        now = self._db.clock.seconds()
        session = Session(self._new_token(), user.id, platform, client, now + self.access_lifetime, sudo=sudo)
        if refresh:
            lifetime = self.session_lifetime if self.session_lifetime is not None else self.refresh_lifetime
            session.refresh_token = self._new_token()
            session.refresh_until = refresh_until if refresh_until is not None else now + lifetime
            self._by_refresh[session.refresh_token] = session
        self._by_token[session.token] = session
        self._slots[user.id, platform] = session.token
        return session

    def _end(self, slot: tuple[str, str]) -> None:
        session = self._by_token.get(self._slots.pop(slot, ""))
        if session is not None:
            session.ended_at = self._db.clock.seconds() + self.eviction_delay
            self._by_refresh.pop(session.refresh_token or "", None)

    def _answer(self, session: Session) -> dict[str, Any]:
        now = self._db.clock.seconds()
        answer: dict[str, Any] = {
            "access_token": session.token,
            "expires_in": round(session.expires_at - now),
            "token_type": "bearer",
            "scope": None,
        }
        if session.refresh_token:
            answer["refresh_token"] = session.refresh_token
            answer["refresh_expires_in"] = round(session.refresh_until - now)
        if not session.sudo:
            answer["download_token"] = self._new_token()
        return answer
