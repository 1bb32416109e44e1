"""Reading secrets through Google's client library, over its REST transport."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.secretmanager_v1.services.secret_manager_service import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceRestTransport,
)
from tests.services.google.people_account import Answers

from contact_sync.errors import OperatorMustAct, TransientForAll
from contact_sync.services import secrets
from local_stack.wsgi_transport import WSGITransport


def secret(data: bytes) -> dict[str, Any]:
    return {
        "name": "projects/p/secrets/S/versions/1",
        "payload": {"data": base64.b64encode(data).decode()},
    }


def refusal(code: int, status: str) -> tuple[int, dict[str, Any]]:
    return code, {"error": {"code": code, "message": "No.", "status": status}}


def read(*answers: tuple[int, Any]) -> tuple[str, list[tuple[str, str]]]:
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
    transport = SecretManagerServiceRestTransport(host="http://secrets.local", credentials=nobody)
    calls = WSGITransport(Answers(*answers))
    transport._session.mount("http://", calls)
    value = secrets.read("S", "p", lambda: SecretManagerServiceClient(transport=transport), timeout=2.0)
    return value, calls.calls


def test_the_latest_version_is_read_without_the_line_end_of_an_editor() -> None:
    value, calls = read((200, secret("påss\n".encode())))
    assert value == "påss"
    assert calls == [("GET", "/v1/projects/p/secrets/S/versions/latest:access")]


def test_a_short_outage_is_waited_out() -> None:
    value, calls = read(refusal(503, "UNAVAILABLE"), (200, secret(b"x")))
    assert (value, len(calls)) == ("x", 2)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refusal(404, "NOT_FOUND"), "secret_missing"),
        (refusal(403, "PERMISSION_DENIED"), "secret_forbidden"),
        (refusal(400, "FAILED_PRECONDITION"), "secret_disabled"),
        ((200, secret(b"\xff\xfe")), "secret_malformed"),
    ],
)
def test_a_secret_that_cannot_be_read_is_named(answer: tuple[int, Any], code: str) -> None:
    with pytest.raises(OperatorMustAct) as raised:
        read(answer)
    assert raised.value.code == code
    assert "secret S" in raised.value.message


def test_a_fault_of_secret_manager_is_for_all() -> None:
    with pytest.raises(TransientForAll):
        read(refusal(500, "INTERNAL"))
