"""Google's sign-in and grants: the authorization page, tokens, and who an ID token speaks for.

The token endpoint is called with plain `requests`; only the check of ID tokens is left to google-auth.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import requests
from google.oauth2 import id_token

from ..errors import OperatorMustAct, RateLimited, SyncError, TransientForUser, UserMustAct
from .exchange import Exchanged, Lost, asked_to_wait, exchange, lifetime, parsed
from .google_keys import SigningKeys

SECONDS = 20.0
"""No call lasts longer."""

_ISSUERS = ("accounts.google.com", "https://accounts.google.com")
_CLOCK_SKEW = 10
_RETRY_WAIT = 1.0
_GRANT_GONE = frozenset({"invalid_grant", "unauthorized_client"})
_GOOGLE_MAIL = frozenset({"gmail.com", "googlemail.com"})


class SignInRefused(UserMustAct):
    """Nobody is signed in. codes: `invalid_token`, `email_not_verified`, `domain_not_allowed`."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user's consent gave. `scopes` is what was granted, which may be less than what was asked for."""

    access: str
    expires_at: datetime
    refresh: str | None
    """Google gives one on the first consent, later only if prompt=consent asked for it."""
    scopes: tuple[str, ...]
    id_token: str | None


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A new access token. `refresh`, if given, replaces the old refresh token."""

    access: str
    expires_at: datetime
    refresh: str | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed in. `sub` is the account for good, addresses change hands; `hd`: the Workspace domain."""

    sub: str
    email: str
    email_verified: bool
    hd: str | None


class GoogleOAuth:
    """One OAuth web client of Google's."""

    def __init__(
        self,
        http: requests.Session,
        client_id: str,
        client_secret: str,
        auth_uri: str,
        token_uri: str,
        certs_uri: str,
        revoke_uri: str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = http
        self._client_id = client_id
        self._client_secret = client_secret
        self._auth_uri = auth_uri
        self._token_uri = token_uri
        self._certs_uri = certs_uri
        self._revoke_uri = revoke_uri
        self._now = now
        self._sleep = sleep
        self._keys = SigningKeys(http, now)

    def authorization_url(
        self,
        redirect_uri: str,
        scopes: Collection[str],
        state: str,
        nonce: str | None = None,
        code_challenge: str | None = None,
        login_hint: str | None = None,
        prompt: str | None = None,
    ) -> str:
        """Where to send the browser. `code_challenge` is the PKCE challenge of method S256."""
        query = {
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": " ".join(scopes),
            "state": state,
            "access_type": "offline",
            "include_granted_scopes": "true",
            "nonce": nonce,
            "code_challenge": code_challenge,
            "code_challenge_method": "S256" if code_challenge else None,
            "login_hint": login_hint,
            "prompt": prompt,
        }
        return f"{self._auth_uri}?{urlencode({name: value for name, value in query.items() if value})}"

    def exchange(self, code: str, redirect_uri: str, code_verifier: str | None = None) -> Grant:
        """Trade the code of the callback for tokens. Never repeated: a code works once.

        Raises UserMustAct("reconnect") for a used, expired or foreign code: the user signs in again.
        """
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        answer = self._token(form | ({"code_verifier": code_verifier} if code_verifier else {}))
        return Grant(
            access=answer.access,
            expires_at=answer.expires_at,
            refresh=answer.refresh,
            scopes=tuple(str(answer.body.get("scope", "")).split()),
            id_token=_text(answer.body, "id_token"),
        )

    def refresh(self, refresh_token: str) -> Refreshed:
        """A new access token. Raises UserMustAct("reconnect") where the grant was revoked or has expired."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        try:
            answer = self._token(form)
        except RateLimited:
            raise
        except TransientForUser:
            self._sleep(_RETRY_WAIT)
            answer = self._token(form)
        return Refreshed(answer.access, answer.expires_at, answer.refresh)

    def revoke(self, token: str) -> None:
        """Give the grant back, with all its tokens. A token Google no longer knows is fine."""
        answer = self._post(self._revoke_uri, {"token": token})
        if answer.status >= 400 and _json(answer).get("error") != "invalid_token":
            raise _token_error(answer)

    def verify_id_token(
        self, token: str, audience: str, nonce: str | None = None, allowed_domains: Collection[str] = ()
    ) -> Identity:
        """Who the token speaks for, if it is Google's, meant for `audience`, live, and of an allowed domain.

        An address counts only where Google itself vouches for it: a Workspace account, or one of Gmail's.
        Raises SignInRefused, or TransientForUser where Google's keys cannot be read.
        """
        claims = self._claims(token, audience)
        if claims.get("iss") not in _ISSUERS:
            raise SignInRefused("invalid_token", "the token was not issued by Google")
        if nonce is not None and not hmac.compare_digest(
            str(claims.get("nonce", "")).encode(), nonce.encode()
        ):
            raise SignInRefused("invalid_token", "the token belongs to another sign-in")
        email = str(claims.get("email", ""))
        identity = Identity(str(claims["sub"]), email, claims.get("email_verified") is True, claims.get("hd"))
        if not email or not identity.email_verified:
            raise SignInRefused("email_not_verified", "the e-mail address of this account is not verified")
        domain = email.rpartition("@")[2].lower()
        vouched = identity.hd is not None or domain in _GOOGLE_MAIL
        if not vouched or domain not in {allowed.lower() for allowed in allowed_domains}:
            raise SignInRefused("domain_not_allowed", "accounts of this domain may not sign in")
        return identity

    def _claims(self, token: str, audience: str) -> Mapping[str, Any]:
        # google-auth reads the JSON of a token before it checks the signature: anybody's, nested however deep.
        try:
            return self._verified(token, audience)
        except (ValueError, RecursionError) as error:
            # Google may have begun to sign with a key that is newer than the ones kept here.
            if "key id" not in str(error) or not self._keys.forget():
                raise _not_genuine() from None
        try:
            return self._verified(token, audience)
        except (ValueError, RecursionError):
            raise _not_genuine() from None

    def _verified(self, token: str, audience: str) -> Mapping[str, Any]:
        claims: Mapping[str, Any] = id_token.verify_token(
            token, self._keys, audience, self._certs_uri, clock_skew_in_seconds=_CLOCK_SKEW
        )
        return claims

    def _token(self, form: dict[str, str]) -> _Tokens:
        secret = {"client_id": self._client_id, "client_secret": self._client_secret}
        answer = self._post(self._token_uri, form | secret)
        if answer.status != 200:
            raise _token_error(answer)
        body = _json(answer)
        access = _text(body, "access_token")
        try:
            lives = lifetime(body.get("expires_in") or 0)
        except ValueError:
            access = None
        if not access:
            raise TransientForUser("google_malformed", "Google sent no access token")
        return _Tokens(access, self._now() + lives, _text(body, "refresh_token"), body)

    def _post(self, uri: str, form: dict[str, str]) -> Exchanged:
        try:
            return exchange(self._http, "POST", uri, seconds=SECONDS, data=form)
        except Lost:
            raise _unavailable() from None


@dataclass(frozen=True, slots=True)
class _Tokens:
    """What the token endpoint gave: text that goes into a header as it is."""

    access: str
    expires_at: datetime
    refresh: str | None
    body: Mapping[str, Any]


def _not_genuine() -> SignInRefused:
    return SignInRefused("invalid_token", "the sign-in could not be verified")


def _unavailable() -> TransientForUser:
    return TransientForUser("google_unavailable", "Google's sign-in service did not answer")


def _json(answer: Exchanged) -> dict[str, Any]:
    try:
        body = parsed(answer.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _text(body: Mapping[str, Any], name: str) -> str | None:
    """A token of an answer; None where there is none that a header can carry."""
    text = body.get(name)
    return text if isinstance(text, str) and text.isascii() and text.isprintable() and text else None


def _token_error(answer: Exchanged) -> SyncError:
    error = str(_json(answer).get("error", ""))
    if answer.status == 429:
        wait = asked_to_wait(answer.headers.get("Retry-After")) or 0.0
        return RateLimited("google_rate_limited", "Google's sign-in service asks to wait", max(5.0, wait))
    if answer.status >= 500 or not error:
        return _unavailable()
    if error in _GRANT_GONE:
        return UserMustAct("reconnect", "Google no longer accepts the connection")
    return OperatorMustAct("oauth_client_refused", f"Google refused the OAuth client: {error[:80]}")
