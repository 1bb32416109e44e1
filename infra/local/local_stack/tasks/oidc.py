"""OIDC tokens like those that Cloud Tasks attaches, signed with a key of this process."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

LIFETIME_SECONDS = 3600
ISSUER = "https://accounts.google.com"


class TokenSigner:
    """Signs with RS256 and a key that this process makes at first use. `clock` gives Unix seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    def __call__(self, service_account: str, audience: str) -> str:
        """A token that names the service account, for the audience."""
        now = int(self._clock())
        header = {"alg": "RS256", "typ": "JWT", "kid": "local"}
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "azp": service_account,
            "sub": service_account,
            "email": service_account,
            "email_verified": True,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
        }
        signed = f"{_encoded(header)}.{_encoded(claims)}"
        signature = _key().sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_base64url(signature)}"

    @property
    def public_key(self) -> bytes:
        """The PEM of the key that verifies the tokens."""
        return (
            _key()
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _encoded(part: dict[str, Any]) -> str:
    return _base64url(json.dumps(part).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
