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
from ..store.write import Conflict, Write
from .engine import Engine

EARLY = timedelta(seconds=60)
"""A token with less time left than this is renewed before use."""
_TRIES = 3


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
            for _ in range(_TRIES):
                if not stale(self.tokens):
                    return self.tokens
                try:
                    fresh = fetch(self.tokens)
                except UserMustAct:
                    if not self._reload():
                        raise
                    continue
                if not self._store(fresh):
                    self._reload()
            return self.tokens

    def keep(self, change: Callable[[Tokens], Tokens], *beside: Write) -> None:
        """Store a change of the tokens, whatever another instance stored meanwhile; `beside` goes with it.

        Where somebody took the tokens away, as a disconnect does, they stay away: the change is this run's alone.
        """
        with self._lock:
            for _ in range(_TRIES):
                if self._store(change(self.tokens), *beside):
                    return
                if not self._reload() or self._updated_at is None:
                    break
            self.tokens = change(self.tokens)

    def reload(self) -> None:
        """See what another instance may have stored."""
        with self._lock:
            self._reload()

    def _store(self, fresh: Tokens, *beside: Write) -> bool:
        write = token_store.put(
            self.engine.cipher, self.user_id, fresh, self._updated_at, create=self._updated_at is None
        )
        try:
            self._updated_at = self.engine.db.commit([write, *beside])[write.path]
        except Conflict:
            return False
        self.tokens = fresh
        return True

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
    """The token with which the service administrator acts as one Sugar user (`services.sugar.UserToken`).

    Sugar issues it for a user name. A name may be another person's by now, so a token counts as the user's only once
    Sugar has said so, by the id; the name is a cache of what that id is called. Only such a token is stored, with the
    id, and one that was stored for another id, or for none, is never used.
    """

    def __init__(self, box: TokenBox, sugar_user_id: str, user_name: str | None) -> None:
        self.box = box
        self.sugar_user_id = sugar_user_id
        self._stored_name = self._name = user_name
        self._new: tuple[str, datetime] | None = None
        """A token of which it is not known yet whose it is, and when it ends."""
        self._rejected: set[str] = set()

    def current(self) -> str:
        """A token with at least a minute left."""
        tokens, new = self.box.tokens, self._new
        if tokens.sugar_user_id == self.sugar_user_id and self._good(
            tokens.sugar_access, tokens.sugar_expires_at
        ):
            return tokens.sugar_access or ""
        if new is None or not self._good(*new):
            new = self._new = self._sudo()
        return new[0]

    def renew(self, rejected: str) -> str:
        """A token other than the one Sugar just rejected."""
        self._rejected.add(rejected)
        self.box.reload()
        return self.current()

    def proven(self, token: str) -> bool:
        """Whether Sugar has said that the token is this user's."""
        tokens = self.box.tokens
        return (token, self.sugar_user_id) == (tokens.sugar_access, tokens.sugar_user_id)

    def prove(self, token: str, user_id: str, user_name: str) -> bool:
        """Sugar says whose the token is. The user's own is kept, and the name, where it has changed."""
        new, self._new = self._new, None
        if user_id != self.sugar_user_id:
            self._name = None
            return False
        if new is None or new[0] != token:
            # Another instance's took its place meanwhile.
            return False
        access, expires_at = new
        renamed = []
        if user_name and user_name != self._stored_name:
            renamed.append(users.update(self.box.user_id, sugar_user_name=user_name))
        self.box.keep(
            lambda tokens: replace(
                tokens, sugar_access=access, sugar_expires_at=expires_at, sugar_user_id=user_id
            ),
            *renamed,
        )
        self._name = self._stored_name = user_name or self._stored_name
        return True

    def _good(self, token: str | None, expires_at: datetime | None) -> bool:
        return token not in self._rejected and _fresh(self.box, token, expires_at)

    def _sudo(self) -> tuple[str, datetime]:
        """A token for the name we know; where that is not the user's any more, for the one the user has now."""
        server, known = self.box.engine.sugar, self._name
        if known is not None:
            try:
                return server.sudo(known)
            except UserMustAct:
                self._name = server.user_name(self.sugar_user_id)
                if self._name == known:
                    raise
        else:
            self._name = server.user_name(self.sugar_user_id)
        return server.sudo(self._name)


def _fresh(box: TokenBox, token: str | None, expires_at: datetime | None) -> bool:
    return bool(token) and expires_at is not None and expires_at - box.engine.now() > EARLY
