from __future__ import annotations

import json

import pytest
import requests
from tests.local.google.google_caller import Caller, ada


@pytest.mark.parametrize(
    ("kind", "code", "status", "reason"),
    [
        (500, 500, "INTERNAL", None),
        (503, 503, "UNAVAILABLE", None),
        ("429 rate", 429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"),
        ("429 fbs", 429, "RESOURCE_EXHAUSTED", None),
        ("401", 401, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED"),
        ("403 scope", 403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
        ("403 disabled", 403, "PERMISSION_DENIED", "SERVICE_DISABLED"),
        ("404", 404, "NOT_FOUND", None),
        ("409", 409, "ABORTED", None),
        ("expired sync token", 400, "FAILED_PRECONDITION", "EXPIRED_SYNC_TOKEN"),
    ],
)
def test_an_ordered_error_strikes_as_often_as_ordered(api, google, kind, code, status, reason):
    google.faults.add(kind, "connections", "GET", times=2)
    assert api.call("GET", "contactGroups").status_code == 200
    for _ in range(2):
        error = api.error("GET", "people/me/connections", personFields="names")
        assert (error["code"], error["status"]) == (code, status)
        assert error.get("details", [{}])[0].get("reason") == reason
    assert api.call("GET", "people/me/connections", personFields="names").status_code == 200


def test_a_bad_gateway_answers_in_html(api, google):
    google.faults.add("502 html")
    answer = api.call("GET", "contactGroups")
    assert answer.status_code == 502
    assert answer.headers["Content-Type"].startswith("text/html")


def test_an_order_may_let_calls_pass_last_forever_and_be_cleared(api, google):
    google.faults.add(503, times=None, after=1)
    codes = [api.call("GET", "contactGroups").status_code for _ in range(4)]
    assert codes == [200, 503, 503, 503]
    google.faults.clear()
    assert api.call("GET", "contactGroups").status_code == 200


def test_an_unknown_kind_is_refused(google):
    with pytest.raises(ValueError, match="unknown kind of fault 'hiccup'"):
        google.faults.add("hiccup")


def test_a_connection_dropped_before_has_no_effect_and_one_dropped_after_has(api, google, sub):
    google.faults.add("drop_before", "createContact")
    with pytest.raises(requests.ConnectionError):
        api.call("POST", "people:createContact", ada())
    assert google.contacts(sub) == []
    google.faults.add("drop_after", "createContact")
    with pytest.raises(requests.ConnectionError):
        api.call("POST", "people:createContact", ada())
    assert len(google.contacts(sub)) == 1


def test_a_slow_answer_is_a_timeout_for_the_impatient_though_its_effect_happened(api, google, sub, clock):
    google.faults.add("slow", "createContact", seconds=30, times=2)
    started = clock()
    url = "https://people.googleapis.com/v1/people:createContact"
    with pytest.raises(requests.Timeout):
        api.session.post(url, json=ada(), timeout=(5, 20))
    assert (clock() - started).total_seconds() == 20
    assert len(google.contacts(sub)) == 1
    assert api.session.post(url, json=ada(), timeout=40).status_code == 200
    assert (clock() - started).total_seconds() == 50


def test_latency_passes_time_on_every_call(api, google, clock):
    google.knobs.latency = 0.25
    started = clock()
    api.call("GET", "contactGroups")
    api.call("GET", "nothing/here")
    assert (clock() - started).total_seconds() == 0.5


def test_an_etag_just_read_may_be_called_stale(api, google, sub):
    person = api.create(ada())
    google.faults.add("stale etag", "updateContact")
    path = f"{person['resourceName']}:updateContact"
    body = {"etag": person["etag"], "names": []}
    assert api.error("PATCH", path, body, updatePersonFields="names")["status"] == "FAILED_PRECONDITION"
    assert api.call("PATCH", path, body, updatePersonFields="names").status_code == 200


def test_unknown_paths_and_methods_answer_in_html(api):
    for http, path in (("GET", "people"), ("POST", "people/c1"), ("GET", "nothing/here")):
        answer = api.call(http, path)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"].startswith("text/html")


def test_without_a_token_with_a_wrong_one_and_without_the_scope_nothing_is_served(api, google, sub):
    api.session.headers["Authorization"] = "Bearer wrong"
    error = api.error("GET", "people/me/connections", personFields="names")
    assert error["code"] == 401
    assert error["details"][0]["metadata"]["method"] == "google.people.v1.PeopleService.ListConnections"
    del api.session.headers["Authorization"]
    assert api.error("GET", "contactGroups")["details"][0]["reason"] == "CREDENTIALS_MISSING"
    api.sign_in(google.grant(sub, ["https://www.googleapis.com/auth/contacts.readonly"]))
    assert api.call("GET", "contactGroups").status_code == 200
    error = api.error("POST", "contactGroups", {"contactGroup": {"name": "x"}})
    assert error["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    assert error["details"][0]["metadata"]["method"].endswith(".CreateContactGroup")


def test_access_tokens_end_by_time_by_order_and_with_the_grant(api, google, sub, clock):
    clock.forward(seconds=3600)
    assert api.call("GET", "contactGroups").status_code == 401
    api.sign_in()
    google.expire_access_tokens()
    assert api.call("GET", "contactGroups").status_code == 401
    api.sign_in()
    google.revoke_grant(sub)
    assert api.call("GET", "contactGroups").status_code == 401


def test_quotas_count_per_minute_and_user_with_the_costs_of_each_method(api, google, sub, clock):
    google.knobs.quotas = {"critical_write": 7, "critical_read": 90}
    batch = {"contacts": [{"contactPerson": ada()}]}
    assert api.call("POST", "people:batchCreateContacts", batch).status_code == 200
    assert api.call("POST", "people:createContact", ada()).status_code == 200
    error = api.error("POST", "people:createContact", ada())
    assert error["message"] == (
        "Quota exceeded for quota metric 'Critical write requests' and limit 'Critical write requests per "
        "minute per user' of service 'people.googleapis.com' for consumer 'project_number:123'."
    )
    assert error["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"
    assert error["details"][0]["metadata"]["quota_limit"] == "CriticalWritesPerMinutePerProjectPerUser"
    assert len(google.contacts(sub)) == 2
    other = Caller(google, google.add_account("other@corp.test"))
    assert other.call("POST", "people:createContact", ada()).status_code == 200
    assert api.call("GET", "people/me/connections", personFields="names").status_code == 200
    clock.forward(seconds=60)
    assert api.call("POST", "people:createContact", ada()).status_code == 200


def test_every_batch_costs_200_of_the_daily_writes(api, google, clock):
    google.knobs.quotas = {"daily_contact_write": 400}
    batch = {"contacts": [{"contactPerson": ada()}]}
    codes = [api.call("POST", "people:batchCreateContacts", batch).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    clock.forward(days=1)
    api.sign_in()
    assert api.call("POST", "people:batchCreateContacts", batch).status_code == 200


def test_full_syncs_have_a_quota_of_their_own(api, google):
    google.knobs.full_sync_quota = 1
    token = api.list()["nextSyncToken"]
    error = api.error("GET", "people/me/connections", **api.listing())
    assert error["message"] == "Resource has been exhausted (e.g. check quota)."
    assert error["details"][0]["violations"][0]["description"] == "FBS quota limit exceeded"
    api.list(syncToken=token)
    assert api.call("GET", "people/me/connections", personFields="names").status_code == 200


def test_calls_are_recorded_by_method_and_path(api, google):
    google.calls.clear()
    api.call("GET", "contactGroups", pageSize=3)
    api.call("POST", "people:createContact", {})
    assert google.calls == [("GET", "/v1/contactGroups"), ("POST", "/v1/people:createContact")]


class Control:
    """The simulator's own interface, as another process uses it."""

    def __init__(self, api: Caller) -> None:
        self._session = api.session

    def __call__(self, method: str, **arguments: object) -> requests.Response:
        return self._session.post(
            f"https://people.googleapis.com/_control/{method}", data=json.dumps(arguments)
        )

    def result(self, method: str, **arguments: object) -> object:
        answer = self(method, **arguments)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]


def test_another_process_drives_the_simulator_over_http(api, google):
    control = Control(api)
    sub = control.result("add_account", email="new@corp.test")
    assert {"sub": sub, "email": "new@corp.test"} in control.result("accounts")
    group = control.result("add_group", sub=sub, name="CRM")
    name = control.result("add_contact", sub=sub, person=ada(), groups=[group])
    control.result("edit_contact", sub=sub, resource_name=name, names=[{"givenName": "King"}])
    assert control.result("contact", sub=sub, resource_name=name)["names"][0]["displayName"] == "King"
    assert len(control.result("contacts", sub=sub)) == 1
    control.result("set_knobs", propagation_delay=3, sync_token_lifetime=60)
    assert google.knobs.propagation_delay == 3
    assert google.knobs.sync_token_lifetime.total_seconds() == 60
    control.result("add_fault", kind="503", path="contactGroups")
    assert api.call("GET", "contactGroups").status_code == 503
    api.create(ada())
    assert [entry[1] for entry in control.result("writes", clear=True)] == ["createContact"]
    assert control.result("writes") == []
    assert ["POST", "/v1/people:createContact"] in control.result("calls")


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("__init__", {}),
        ("nothing", {}),
        ("add_account", {"mail": "x"}),
        ("set_knobs", {"wings": 2}),
        ("contact", {"sub": "0", "resource_name": "people/c1"}),
        ("add_fault", {"kind": "hiccup"}),
    ],
)
def test_what_the_control_does_not_know_is_a_400(api, method, arguments):
    assert Control(api)(method, **arguments).status_code == 400
