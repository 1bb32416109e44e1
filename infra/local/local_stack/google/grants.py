"""What users have granted: authorisation codes, refresh and access tokens, and whom they stand for."""

from __future__ import annotations

import base64
import functools
import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import crypt, jwt

from .account import Account
from .errors import Json, OAuthError
from .knobs import Knobs

CONTACTS = "https://www.googleapis.com/auth/contacts"
EMAIL = "https://www.googleapis.com/auth/userinfo.email"
PROFILE = "https://www.googleapis.com/auth/userinfo.profile"
SIGN_IN = frozenset({"openid", EMAIL, PROFILE})
ISSUER = "https://accounts.google.com"
_ALIASES = {"email": EMAIL, "profile": PROFILE}
_LIVE_REFRESH_TOKENS = 100
_CODE_LIFE = timedelta(minutes=10)
_KEY_ID = "local-key-1"


@dataclass(frozen=True)
class Authorization:
    """What a user agreed to on the consent page, until the code is exchanged."""

    sub: str
    scopes: tuple[str, ...]
    redirect_uri: str
    nonce: str
    challenge: str
    offline: bool
    at: datetime


@dataclass
class RefreshToken:
    """A refresh token and what it stands for."""

    sub: str
    scopes: tuple[str, ...]
    at: datetime


@dataclass
class AccessToken:
    """An access token and what it stands for."""

    sub: str
    scopes: tuple[str, ...]
    expires: datetime


def split_scopes(text: str) -> tuple[str, ...]:
    """Scopes in the order of the request, by their full names."""
    return tuple(dict.fromkeys(_ALIASES.get(scope, scope) for scope in text.split()))


class Grants:
    """All grants of all users to the one client."""

    def __init__(
        self,
        client_id: str,
        accounts: dict[str, Account],
        random_source: random.Random,
        now: Callable[[], datetime],
        knobs: Knobs,
    ) -> None:
        self.client_id = client_id
        self._accounts = accounts
        self._random = random_source
        self._now = now
        self._knobs = knobs
        self._codes: dict[str, Authorization] = {}
        self._refresh: dict[str, RefreshToken] = {}
        self._access: dict[str, AccessToken] = {}
        self._granted: dict[str, set[str]] = {}

    def granted(self, sub: str) -> frozenset[str]:
        """Every scope the user has granted."""
        return frozenset(self._granted.get(sub, ()))

    def authorize(self, authorization: Authorization) -> str:
        """Keep what the user agreed to and return the code for it."""
        code = f"4/0A{self._token(24)}"
        self._codes[code] = authorization
        self._granted.setdefault(authorization.sub, set()).update(authorization.scopes)
        return code

    def redeem(self, code: str, redirect_uri: str, verifier: str) -> Json:
        """The tokens for a code; it serves once, for ten minutes, and only with its verifier and address."""
        authorization = self._codes.pop(code, None)
        if authorization is None:
            raise OAuthError(400, "invalid_grant", "Malformed auth code.")
        if authorization.redirect_uri != redirect_uri:
            raise OAuthError(400, "redirect_uri_mismatch", "Bad Request")
        if self._now() - authorization.at > _CODE_LIFE or not _proves(verifier, authorization.challenge):
            raise OAuthError(400, "invalid_grant", "Bad Request")
        answer = self._tokens(authorization.sub, authorization.scopes, authorization.nonce)
        if authorization.offline:
            answer["refresh_token"] = self.issue_refresh_token(authorization.sub, authorization.scopes)
            if self._knobs.refresh_token_lifetime:
                answer["refresh_token_expires_in"] = int(self._knobs.refresh_token_lifetime.total_seconds())
        return answer

    def issue_refresh_token(self, sub: str, scopes: tuple[str, ...]) -> str:
        """A new refresh token; beyond 100 of one user the oldest dies silently."""
        token = f"1//0{self._token(48)}"
        self._granted.setdefault(sub, set()).update(scopes)
        self._refresh[token] = RefreshToken(sub, scopes, self._now())
        mine = [name for name, entry in self._refresh.items() if entry.sub == sub]
        for name in mine[:-_LIVE_REFRESH_TOKENS]:
            del self._refresh[name]
        return token

    def refresh(self, token: str, scope: str) -> Json:
        """New tokens for a refresh token, for all of its scopes or those asked for."""
        entry = self._refresh.get(token)
        life = self._knobs.refresh_token_lifetime
        if entry is None or (life and self._now() - entry.at > life):
            raise OAuthError(400, "invalid_grant", "Token has been expired or revoked.")
        wanted = split_scopes(scope) or entry.scopes
        if not set(wanted) <= set(entry.scopes):
            raise OAuthError(400, "invalid_scope", "Bad Request")
        return self._tokens(entry.sub, wanted, "")

    def check(self, token: str) -> AccessToken | None:
        """What an access token stands for, expired or not; None if it is unknown or revoked."""
        return self._access.get(token)

    def revoke(self, token: str) -> None:
        """End the whole grant that a refresh or access token belongs to."""
        entry = self._refresh.get(token) or self._access.get(token)
        if entry is None:
            raise OAuthError(400, "invalid_token", "Token expired or revoked")
        self.revoke_user(entry.sub)

    def revoke_user(self, sub: str) -> None:
        """End everything a user granted."""
        self._granted.pop(sub, None)
        for token in [name for name, entry in self._refresh.items() if entry.sub == sub]:
            del self._refresh[token]
        for token in [name for name, access in self._access.items() if access.sub == sub]:
            del self._access[token]

    def expire_access_tokens(self) -> None:
        """Let every access token be expired from now on."""
        for entry in self._access.values():
            entry.expires = min(entry.expires, self._now())

    def certificates(self) -> dict[str, str]:
        """The certificates that identity tokens are signed by, by key id."""
        return {_KEY_ID: _key_pair()[1]}

    def _tokens(self, sub: str, scopes: tuple[str, ...], nonce: str) -> Json:
        seconds = self._knobs.access_token_lifetime
        token = f"ya29.{self._token(48)}"
        self._access[token] = AccessToken(sub, scopes, self._now() + timedelta(seconds=seconds))
        answer: Json = {
            "access_token": token,
            "expires_in": seconds,
            "scope": " ".join(scopes),
            "token_type": "Bearer",
        }
        if "openid" in scopes:
            answer["id_token"] = self._identity(self._accounts[sub], scopes, nonce, token)
        return answer

    def _identity(self, account: Account, scopes: tuple[str, ...], nonce: str, access_token: str) -> str:
        now = int(self._now().timestamp())
        digest = hashlib.sha256(access_token.encode()).digest()[:16]
        claims: Json = {
            "iss": ISSUER,
            "azp": self.client_id,
            "aud": self.client_id,
            "sub": account.sub,
            "at_hash": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "iat": now,
            "exp": now + 3600,
        }
        if EMAIL in scopes:
            claims |= {"email": account.email, "email_verified": account.email_verified}
        if account.hd:
            claims["hd"] = account.hd
        if nonce:
            claims["nonce"] = nonce
        signed: bytes = jwt.encode(_key_pair()[0], claims)  # type: ignore[no-untyped-call]
        return signed.decode()

    def _token(self, size: int) -> str:
        return base64.urlsafe_b64encode(self._random.randbytes(size)).decode().rstrip("=")


def _proves(verifier: str, challenge: str) -> bool:
    if not challenge:
        return True
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=") == challenge


@functools.cache
def _key_pair() -> tuple[crypt.RSASigner, str]:
    """The key that signs identity tokens, and its certificate; one per process, as making keys takes time."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "local google")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2060, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    signer = crypt.RSASigner.from_string(private, _KEY_ID)  # type: ignore[no-untyped-call]
    return signer, certificate.public_bytes(serialization.Encoding.PEM).decode()
