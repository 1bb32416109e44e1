"""A user's access tokens for both sides, renewed under compare-and-set of users/{id}/private/tokens.

Whoever loses the race reads the winner's tokens and uses those: one refresh, no instance evicts another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from ..errors import OperatorMustAct, UserMustAct
from ..store import tokens as token_store
from ..store import users
from ..store.records import Tokens
from ..store.write import Conflict
from .engine import Engine

EARLY = timedelta(seconds=60)
"""A token with less time left than this is renewed before use."""


class TokenBox:
    """The tokens of one user as this run knows them. Safe for the two threads of a run."""

    def __init__(self, engine: Engine, user_id: str, tokens: Tokens, updated_at: datetime | None) -> None:
        self.engine = engine
        self.user_id = user_id
        self.tokens = tokens
        self._updated_at = updated_at
        self._lock = threading.Lock()

    def renew(self, stale: Callable[[Tokens], bool], fetch: Callable[[Tokens], Tokens]) -> Tokens:
        """Replace the tokens by `fetch` of them, unless another instance has done so already."""
        with self._lock:
            for _ in range(3):
                if not stale(self.tokens):
                    return self.tokens
                try:
                    fresh = fetch(self.tokens)
                except UserMustAct:
                    if not self._reload():
                        raise
                    continue
                write = token_store.put(
                    self.engine.cipher, self.user_id, fresh, self._updated_at, create=self._updated_at is None
                )
                try:
                    self._updated_at = self.engine.db.commit([write])[write.path]
                    self.tokens = fresh
                except Conflict:
                    self._reload()
            return self.tokens

    def _reload(self) -> bool:
        """Read the stored tokens again; False: they are the ones we have, or nobody can read them."""
        try:
            loaded = users.load(self.engine.db, self.engine.cipher, self.user_id)
        except OperatorMustAct:
            return False
        known = self._updated_at
        self.tokens, self._updated_at = loaded.tokens, loaded.tokens_updated_at
        return self._updated_at != known


class GoogleToken:
    """Google's access token of one user (`services.google_people.AccessToken`)."""

    def __init__(self, box: TokenBox) -> None:
        self.box = box

    def current(self) -> str:
        """A token with at least a minute left. Raises UserMustAct("reconnect") if the grant is gone."""
        return self._ensure(
            lambda tokens: not _fresh(self.box, tokens.google_access, tokens.google_expires_at)
        )

    def renew(self, rejected: str) -> str:
        """A token other than the one Google just rejected."""
        return self._ensure(lambda tokens: tokens.google_access in (None, rejected))

    def _ensure(self, stale: Callable[[Tokens], bool]) -> str:
        return self.box.renew(stale, self._refresh).google_access or ""

    def _refresh(self, tokens: Tokens) -> Tokens:
        if not tokens.google_refresh:
            raise UserMustAct("reconnect", "Google access was never granted or has been withdrawn.")
        fresh = self.box.engine.oauth.refresh(tokens.google_refresh)
        return replace(
            tokens,
            google_access=fresh.access,
            google_expires_at=fresh.expires_at,
            google_refresh=fresh.refresh or tokens.google_refresh,
        )


class SugarToken:
    """The token with which the service administrator acts as one Sugar user (`services.sugar.UserToken`)."""

    def __init__(self, box: TokenBox, user_name: str) -> None:
        self.box = box
        self.user_name = user_name

    def current(self) -> str:
        """A token with at least a minute left."""
        return self._ensure(lambda tokens: not _fresh(self.box, tokens.sugar_access, tokens.sugar_expires_at))

    def renew(self, rejected: str) -> str:
        """A token other than the one Sugar just rejected."""
        return self._ensure(lambda tokens: tokens.sugar_access in (None, rejected))

    def _ensure(self, stale: Callable[[Tokens], bool]) -> str:
        return self.box.renew(stale, self._sudo).sugar_access or ""

    def _sudo(self, tokens: Tokens) -> Tokens:
        access, expires_at = self.box.engine.sugar.sudo(self.user_name)
        return replace(tokens, sugar_access=access, sugar_expires_at=expires_at)


def _fresh(box: TokenBox, token: str | None, expires_at: datetime | None) -> bool:
    return bool(token) and expires_at is not None and expires_at - box.engine.now() > EARLY
