"""The clients that Google publishes, over a real socket, against the simulator."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import google.auth.exceptions
import google.auth.transport.requests
import google_auth_httplib2
import httplib2
import pytest
import requests
from google.oauth2 import id_token
from google.oauth2.credentials import Credentials
from google_auth_oauthlib.flow import Flow
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from tests.local.google.google_caller import ada

import local_stack
from local_stack.google import CONTACTS, EMAIL, GoogleSimulator
from local_stack.loopback_server import LoopbackServer


@pytest.fixture
def live() -> GoogleSimulator:
    """A simulator on the real clock, as the libraries look at it too."""
    return GoogleSimulator(propagation_delay=0)


@pytest.fixture
def owner(live: GoogleSimulator) -> str:
    return live.add_account("owner@corp.test", hd="corp.test")


@pytest.fixture
def server(live: GoogleSimulator) -> Iterator[LoopbackServer]:
    with LoopbackServer(live) as running:
        yield running


def credentials(live: GoogleSimulator, owner: str, server: LoopbackServer) -> Credentials:
    return Credentials(
        token=None,
        refresh_token=live.grant(owner),
        token_uri=f"{server.url}/token",
        client_id="local-client",
        client_secret="local-secret",
    )


@pytest.fixture
def service(live, owner, server):
    options = {"api_endpoint": server.url}
    return build("people", "v1", credentials=credentials(live, owner, server), client_options=options)


def test_the_people_client_reads_and_writes(live, owner, service):
    people, groups = service.people(), service.contactGroups()
    group = groups.create(body={"contactGroup": {"name": "CRM"}}).execute()
    created = people.createContact(body=ada(), personFields="names,metadata").execute()
    name = created["resourceName"]
    listing = {"resourceName": "people/me", "personFields": "names,metadata", "requestSyncToken": True}
    first = people.connections().list(**listing).execute()
    assert [p["resourceName"] for p in first["connections"]] == [name]
    changed = (
        people.updateContact(
            resourceName=name,
            updatePersonFields="names",
            personFields="names,metadata",
            body={"etag": created["etag"], "names": [{"givenName": "Augusta"}]},
        )
    ).execute()
    assert changed["names"][0]["displayName"] == "Augusta"
    groups.members().modify(resourceName=group["resourceName"], body={"resourceNamesToAdd": [name]}).execute()
    delta = people.connections().list(syncToken=first["nextSyncToken"], **listing).execute()
    assert delta["totalItems"] == 1
    with pytest.raises(HttpError) as stale:
        people.updateContact(
            resourceName=name, updatePersonFields="names", body={"etag": changed["etag"], "names": []}
        ).execute()
    assert stale.value.status_code == 400 and "etag is different" in stale.value.reason
    assert people.deleteContact(resourceName=name).execute() == {}
    assert live.contacts(owner) == []


def test_the_people_client_works_in_batches_and_long_reads_travel_as_post(live, owner, service):
    people = service.people()
    body = {"contacts": [{"contactPerson": ada(i)} for i in range(150)], "readMask": "names,metadata"}
    created = [c["person"] for c in people.batchCreateContacts(body=body).execute()["createdPeople"]]
    names = [person["resourceName"] for person in created]
    read = people.getBatchGet(resourceNames=names, personFields="names,metadata").execute()["responses"]
    assert [r["person"]["etag"] for r in read] == [person["etag"] for person in created]
    update = {p["resourceName"]: {"etag": p["etag"], "names": [{"givenName": "X"}]} for p in created}
    result = people.batchUpdateContacts(
        body={"contacts": update, "updateMask": "names", "readMask": "names"}
    ).execute()
    assert len(result["updateResult"]) == 150
    assert people.batchDeleteContacts(body={"resourceNames": names}).execute() == {}
    request = people.connections().list(resourceName="people/me", personFields="names", pageSize=1000)
    assert request.execute() == {}
    assert live.contacts(owner) == []


def test_pages_follow_by_the_client_s_own_paging(live, owner, service):
    live.load(owner, [ada(i) for i in range(250)])
    connections = service.people().connections()
    request = connections.list(resourceName="people/me", personFields="names", pageSize=100)
    sizes = []
    while request is not None:
        page = request.execute()
        sizes.append(len(page["connections"]))
        request = connections.list_next(request, page)
    assert sizes == [100, 100, 50]


def test_an_expired_access_token_is_refreshed_and_a_revoked_grant_is_an_error(live, owner, service):
    service.contactGroups().list().execute()
    live.expire_access_tokens()
    service.contactGroups().list().execute()
    assert live.calls.count(("POST", "/token")) == 2
    live.revoke_grant(owner)
    with pytest.raises(google.auth.exceptions.RefreshError) as refused:
        service.contactGroups().list().execute()
    assert refused.value.args[1] == {
        "error": "invalid_grant",
        "error_description": "Token has been expired or revoked.",
    }


def test_a_lost_answer_makes_httplib2_send_a_create_twice(live, owner, server, service):
    live.faults.add("drop_after", "createContact")
    service.people().createContact(body=ada()).execute()
    assert len(live.contacts(owner)) == 2


def test_a_slow_answer_is_a_timeout(live, owner, server):
    authorized = google_auth_httplib2.AuthorizedHttp(
        credentials(live, owner, server), http=httplib2.Http(timeout=0.3)
    )
    service = build("people", "v1", http=authorized, client_options={"api_endpoint": server.url})
    service.contactGroups().list().execute()
    live.faults.add("slow", "contactGroups", seconds=1)
    with pytest.raises(TimeoutError):
        service.contactGroups().list().execute()


def test_signing_in_through_the_flow_of_the_oauth_library(live, owner, server, monkeypatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("OAUTHLIB_RELAX_TOKEN_SCOPE", "1")
    live.auto_approve("owner@corp.test")
    back = "http://127.0.0.1:9/oauth/callback"
    flow = Flow.from_client_config(
        {
            "web": {
                "client_id": "local-client",
                "client_secret": "local-secret",
                "auth_uri": f"{server.url}/o/oauth2/v2/auth",
                "token_uri": f"{server.url}/token",
                "redirect_uris": [back],
            }
        },
        scopes=["openid", EMAIL, CONTACTS],
        redirect_uri=back,
    )
    address, _ = flow.authorization_url(
        access_type="offline", prompt="consent", include_granted_scopes="true", nonce="n1"
    )
    location = requests.get(address, allow_redirects=False, timeout=5).headers["Location"]
    flow.fetch_token(authorization_response=location)
    granted = flow.credentials
    assert granted.refresh_token and set(granted.granted_scopes) >= {"openid", EMAIL, CONTACTS}

    transport = google.auth.transport.requests.Request()
    claims = id_token.verify_token(
        granted.id_token, transport, audience="local-client", certs_url=f"{server.url}/certs"
    )
    assert (claims["sub"], claims["email"], claims["email_verified"]) == (owner, "owner@corp.test", True)
    assert (claims["iss"], claims["hd"], claims["nonce"]) == (
        "https://accounts.google.com",
        "corp.test",
        "n1",
    )
    with pytest.raises(google.auth.exceptions.InvalidValue):
        id_token.verify_token(
            granted.id_token, transport, audience="another", certs_url=f"{server.url}/oauth2/v1/certs"
        )
    first, payload, signature = granted.id_token.split(".")
    forged = f"{first}.{payload[:-4]}AAAA.{signature}"
    with pytest.raises((google.auth.exceptions.InvalidValue, ValueError)):
        id_token.verify_token(forged, transport, audience="local-client", certs_url=f"{server.url}/certs")


def test_a_connection_is_kept_and_answers_do_not_wait(live, owner, server):
    live.load(owner, [ada(i) for i in range(100)])
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.connect()
    port = connection.sock.getsockname()[1]
    token = credentials(live, owner, server)
    token.refresh(google.auth.transport.requests.Request())
    headers = {"Authorization": f"Bearer {token.token}"}
    durations = []
    for _ in range(20):
        started = time.perf_counter()
        connection.request("GET", "/v1/people/me/connections?personFields=names", headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200 and len(answer.read()) > 10_000
        assert connection.sock.getsockname()[1] == port
        durations.append(time.perf_counter() - started)
    # A delayed acknowledgement, which every call but the first few would wait for, takes 40 ms.
    assert sorted(durations)[len(durations) // 4] < 0.03
    connection.close()


def test_it_runs_as_a_process_of_its_own():
    root = str(Path(local_stack.__file__).parent.parent)
    with LoopbackServer(lambda *_: [b""]) as free:
        port = free.port
    process = subprocess.Popen(
        [sys.executable, "-m", "local_stack.google", "--port", str(port), "--region", "NL"],
        env=os.environ | {"PYTHONPATH": root},
    )
    try:
        sub = _until_up(f"http://127.0.0.1:{port}/_control/add_account", {"email": "owner@corp.test"})
        assert sub.isdigit()
    finally:
        process.terminate()
        process.wait(timeout=10)


def _until_up(url: str, arguments: dict) -> str:
    deadline = time.monotonic() + 20
    while True:
        try:
            return requests.post(url, json=arguments, timeout=5).json()["result"]
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
