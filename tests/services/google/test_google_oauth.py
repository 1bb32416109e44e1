"""Signing in with Google, against the simulator's consent page and token endpoint."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from tests.services.google.people_account import Answers

from contact_sync.errors import OperatorMustAct, RateLimited, TransientForUser, UserMustAct
from contact_sync.services.google_oauth import GoogleOAuth, Grant
from local_stack.google import CONTACTS, EMAIL, GoogleSimulator
from local_stack.wsgi_transport import WSGITransport

BACK = "https://sync.corp.test/oauth/callback"
SCOPES = ("openid", EMAIL, CONTACTS)
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
ADDRESSES = (
    "https://accounts.google.com/o/oauth2/v2/auth",
    "https://oauth2.googleapis.com/token",
    "https://www.googleapis.com/oauth2/v1/certs",
    "https://oauth2.googleapis.com/revoke",
)


class SignIn:
    """The adapter, the browser and the simulated Google of one sign-in."""

    def __init__(self) -> None:
        self.google = GoogleSimulator()
        self.sub = self.google.add_account("ada@corp.test", hd="corp.test")
        self.google.auto_approve()
        self.session = requests.Session()
        self.transport = WSGITransport(self.google)
        self.session.mount("https://", self.transport)
        self.slept: list[float] = []
        self.oauth = self.client("local-client")

    def client(self, client_id: str) -> GoogleOAuth:
        return GoogleOAuth(self.session, client_id, "local-secret", *ADDRESSES, sleep=self.slept.append)

    def callback(self, **more: str) -> dict[str, str]:
        """What the browser brings back from the consent page."""
        url = self.oauth.authorization_url(
            BACK, SCOPES, "state-1", nonce="nonce-1", code_challenge=CHALLENGE, **more
        )
        answer = self.session.get(url, allow_redirects=False)
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        return {name: values[0] for name, values in query.items()}

    def grant(self, **more: str) -> Grant:
        return self.oauth.exchange(self.callback(**more)["code"], BACK, VERIFIER)

    def refresh_token(self) -> str:
        return self.grant().refresh or ""


@pytest.fixture
def sign_in() -> SignIn:
    return SignIn()


def test_a_sign_in_gives_tokens_scopes_and_who_it_was(sign_in: SignIn) -> None:
    before = datetime.now(UTC)
    back = sign_in.callback(login_hint="ada@corp.test")
    assert back["state"] == "state-1"
    grant = sign_in.oauth.exchange(back["code"], BACK, VERIFIER)
    assert set(grant.scopes) == set(SCOPES)
    assert grant.refresh
    assert timedelta(minutes=55) < grant.expires_at - before < timedelta(minutes=61)
    identity = sign_in.oauth.verify_id_token(str(grant.id_token), "local-client", "nonce-1", ["corp.test"])
    assert (identity.sub, identity.email, identity.hd) == (sign_in.sub, "ada@corp.test", "corp.test")


def test_an_unticked_permission_shows_in_the_scopes(sign_in: SignIn) -> None:
    sign_in.google.auto_approve(untick_contacts=True)
    assert CONTACTS not in sign_in.grant().scopes


def test_a_second_sign_in_brings_a_refresh_token_only_where_consent_is_asked_for_again(
    sign_in: SignIn,
) -> None:
    assert sign_in.grant().refresh
    assert sign_in.grant().refresh is None
    assert sign_in.grant(prompt="consent").refresh


def test_a_code_works_once_and_only_with_its_verifier(sign_in: SignIn) -> None:
    code = sign_in.callback()["code"]
    for verifier in ("w" * 64, VERIFIER):
        with pytest.raises(UserMustAct) as raised:
            sign_in.oauth.exchange(code, BACK, verifier)
        assert raised.value.code == "reconnect"


def test_a_code_is_not_sent_again_when_the_answer_is_lost(sign_in: SignIn) -> None:
    code = sign_in.callback()["code"]
    sign_in.google.faults.add("drop_after", "/token")
    with pytest.raises(TransientForUser):
        sign_in.oauth.exchange(code, BACK, VERIFIER)
    assert [path for _, path in sign_in.transport.calls].count("/token") == 1


def test_a_refresh_gives_a_token_that_works(sign_in: SignIn) -> None:
    refreshed = sign_in.oauth.refresh(sign_in.refresh_token())
    assert refreshed.refresh is None
    headers = {"Authorization": f"Bearer {refreshed.access}"}
    answer = sign_in.session.get(
        "https://people.googleapis.com/v1/people/me/connections?personFields=names", headers=headers
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("fault", ["503", "502 html", "drop_before", "drop_after"])
def test_a_refresh_is_repeated_once(sign_in: SignIn, fault: str) -> None:
    token = sign_in.refresh_token()
    sign_in.google.faults.add(fault, "/token")
    assert sign_in.oauth.refresh(token).access
    assert sign_in.slept == [1.0]
    sign_in.google.faults.add(fault, "/token", times=2)
    with pytest.raises(TransientForUser):
        sign_in.oauth.refresh(token)


def test_a_revoked_grant_means_reconnect(sign_in: SignIn) -> None:
    token = sign_in.refresh_token()
    sign_in.oauth.revoke(token)
    with pytest.raises(UserMustAct) as raised:
        sign_in.oauth.refresh(token)
    assert raised.value.code == "reconnect"


def test_revoking_a_token_that_is_gone_is_fine(sign_in: SignIn) -> None:
    token = sign_in.refresh_token()
    sign_in.oauth.revoke(token)
    sign_in.oauth.revoke(token)


@pytest.mark.parametrize("fault", ["503", "drop_before"])
def test_a_revocation_that_did_not_get_through_says_so(sign_in: SignIn, fault: str) -> None:
    token = sign_in.refresh_token()
    sign_in.google.faults.add(fault, "/revoke")
    with pytest.raises(TransientForUser):
        sign_in.oauth.revoke(token)


def test_a_wrong_client_is_the_operators_to_repair(sign_in: SignIn) -> None:
    with pytest.raises(OperatorMustAct) as raised:
        sign_in.client("another-client").refresh("1//token")
    assert raised.value.code == "oauth_client_refused"
    assert "1//token" not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "unauthorized_client"}, UserMustAct),
        (400, {"error": "invalid_scope"}, OperatorMustAct),
        (429, b"<html>", RateLimited),
        (400, b"<html>", TransientForUser),
        (200, b"<html>", TransientForUser),
        (200, {"token_type": "Bearer"}, TransientForUser),
    ],
)
def test_answers_of_the_token_endpoint(status: int, body: Any, error: Any) -> None:
    session = requests.Session()
    session.mount("https://", WSGITransport(Answers((status, body))))
    oauth = GoogleOAuth(session, "c", "s", *ADDRESSES, sleep=lambda seconds: None)
    with pytest.raises(error):
        oauth.refresh("token")


def test_the_page_is_asked_for_offline_access_with_all_scopes_and_proof(sign_in: SignIn) -> None:
    url = sign_in.oauth.authorization_url(BACK, SCOPES, "s", "n", CHALLENGE, "ada@corp.test", "consent")
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert query == {
        "client_id": "local-client",
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "state": "s",
        "access_type": "offline",
        "include_granted_scopes": "true",
        "nonce": "n",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "login_hint": "ada@corp.test",
        "prompt": "consent",
    }
