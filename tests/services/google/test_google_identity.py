"""Whom an ID token lets in."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import crypt, jwt
from tests.services.google.people_account import Answers

from contact_sync.errors import TransientForUser
from contact_sync.services.google_oauth import GoogleOAuth, SignInRefused
from local_stack.wsgi_transport import WSGITransport

CERTS = "https://www.googleapis.com/oauth2/v1/certs"


class Signer:
    """A key, and the certificate Google would publish for it."""

    def __init__(self, key_id: str) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "federated-signon")])
        start = datetime.now(UTC) - timedelta(days=1)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(days=30))
        ).sign(key, hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        self.published = {key_id: certificate.public_bytes(serialization.Encoding.PEM).decode()}
        self._signer = crypt.RSASigner.from_string(private, key_id)  # type: ignore[no-untyped-call]

    def token(self, **claims: Any) -> str:
        now = int(time.time())
        usual = {
            "iss": "https://accounts.google.com",
            "aud": "client",
            "sub": "1234",
            "iat": now,
            "exp": now + 600,
            "email": "ada@corp.test",
            "email_verified": True,
            "hd": "corp.test",
            "nonce": "n",
        }
        kept = {name: value for name, value in (usual | claims).items() if value is not None}
        return str(jwt.encode(self._signer, kept).decode())  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer("key-1")


@pytest.fixture(scope="module")
def stranger() -> Signer:
    return Signer("key-2")


class Clock:
    def __init__(self) -> None:
        self.time = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.time


class Door:
    """An adapter on prepared answers of the address where Google publishes its keys."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.app = Answers(*answers)
        self.clock = Clock()
        session = requests.Session()
        session.mount("https://", WSGITransport(self.app))
        nowhere = "https://nowhere.test"
        self.oauth = GoogleOAuth(session, "client", "s", nowhere, nowhere, CERTS, nowhere, now=self.clock)

    def enter(self, token: str, nonce: str | None = "n", domains: tuple[str, ...] = ("corp.test",)) -> str:
        return self.oauth.verify_id_token(token, "client", nonce, domains).sub

    @property
    def fetches(self) -> int:
        return len(self.app.bodies)


@pytest.fixture
def door(signer: Signer) -> Door:
    return Door((200, signer.published))


def test_a_genuine_token_of_an_allowed_domain_lets_in(door: Door, signer: Signer) -> None:
    assert door.enter(signer.token()) == "1234"
    assert door.enter(signer.token(iss="accounts.google.com"), nonce=None) == "1234"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"aud": "another client"}, "invalid_token"),
        ({"iss": "https://accounts.example.com"}, "invalid_token"),
        ({"iss": None}, "invalid_token"),
        ({"nonce": "another"}, "invalid_token"),
        ({"nonce": None}, "invalid_token"),
        ({"exp": int(time.time()) - 60, "iat": int(time.time()) - 600}, "invalid_token"),
        ({"email_verified": False}, "email_not_verified"),
        ({"email_verified": "true"}, "email_not_verified"),
        ({"email": None}, "email_not_verified"),
        ({"email": "ada@else.test"}, "domain_not_allowed"),
        ({"email": "ada@corp.test@else.test"}, "domain_not_allowed"),
        ({"email": "ada@sub.corp.test"}, "domain_not_allowed"),
        ({"hd": None}, "domain_not_allowed"),
    ],
)
def test_who_is_not_let_in(door: Door, signer: Signer, claims: dict[str, Any], code: str) -> None:
    with pytest.raises(SignInRefused) as raised:
        door.enter(signer.token(**claims))
    assert raised.value.code == code


def test_domains_are_compared_without_regard_to_case(door: Door, signer: Signer) -> None:
    assert door.enter(signer.token(email="Ada@CORP.test"), domains=("Corp.Test",)) == "1234"


def test_gmail_addresses_are_let_in_where_gmail_is_allowed(door: Door, signer: Signer) -> None:
    token = signer.token(email="ada@gmail.com", hd=None)
    assert door.enter(token, domains=("gmail.com",)) == "1234"
    with pytest.raises(SignInRefused):
        door.enter(token)


@pytest.mark.parametrize("token", ["", "a.b.c", "no token", "e30.e30."])
def test_what_is_no_token_is_refused(door: Door, token: str) -> None:
    with pytest.raises(SignInRefused) as raised:
        door.enter(token)
    assert raised.value.code == "invalid_token"


def test_another_key_under_the_same_name_is_refused(door: Door) -> None:
    with pytest.raises(SignInRefused):
        door.enter(Signer("key-1").token())


def test_keys_are_fetched_once_an_hour(door: Door, signer: Signer) -> None:
    for _ in range(3):
        door.enter(signer.token())
    assert door.fetches == 1
    door.clock.time += timedelta(hours=1, seconds=1)
    door.enter(signer.token())
    assert door.fetches == 2


def test_a_new_key_of_googles_is_fetched_when_it_is_first_met(signer: Signer, stranger: Signer) -> None:
    door = Door((200, signer.published), (200, stranger.published))
    door.enter(signer.token())
    door.clock.time += timedelta(minutes=2)
    assert door.enter(stranger.token()) == "1234"


def test_made_up_keys_do_not_cause_a_fetch_each(door: Door, signer: Signer, stranger: Signer) -> None:
    door.enter(signer.token())
    for _ in range(3):
        with pytest.raises(SignInRefused):
            door.enter(stranger.token())
    assert door.fetches == 1


@pytest.mark.parametrize("answer", [(503, b"<html>"), (200, b"<html>")])
def test_unreadable_keys_refuse_nobody_for_good(signer: Signer, answer: tuple[int, Any]) -> None:
    door = Door(answer, (200, signer.published))
    with pytest.raises(TransientForUser):
        door.enter(signer.token())
