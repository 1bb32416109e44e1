from __future__ import annotations

import time

import pytest
from tests.local.google.google_caller import Caller, Clock, ada

from local_stack.google import GoogleSimulator


def names(page: dict) -> list[str]:
    return [person["names"][0]["familyName"] for person in page.get("connections", [])]


def test_pages_follow_one_another_and_only_the_last_carries_a_sync_token(api, google, sub):
    google.load(sub, [ada(i) for i in range(1, 6)])
    first = api.list(pageSize=2)
    second = api.list(pageSize=2, pageToken=first["nextPageToken"])
    last = api.list(pageSize=2, pageToken=second["nextPageToken"])
    shown = names(first) + names(second) + names(last)
    assert shown == [f"Lovelace{i}" for i in range(1, 6)]
    assert "nextSyncToken" not in first and "nextSyncToken" not in second
    assert "nextPageToken" not in last
    assert len(last["nextSyncToken"]) >= 200
    assert first["totalItems"] == first["totalPeople"] == 5


def test_a_page_token_refuses_other_parameters_with_the_plain_400(api, google, sub):
    google.load(sub, [ada(i) for i in range(3)])
    token = api.list(pageSize=2)["nextPageToken"]
    query = api.listing() | {"pageSize": 2, "pageToken": token, "personFields": "names"}
    error = api.error("GET", "people/me/connections", **query)
    assert error == {
        "code": 400,
        "message": "Request contains an invalid argument.",
        "status": "INVALID_ARGUMENT",
    }


def test_an_empty_book_is_answered_without_empty_members(api):
    assert list(api.list()) == ["nextSyncToken"]
    assert api.ok("GET", "people/me/connections", personFields="names") == {}


def test_pages_hold_100_by_default_and_never_more_than_1000(api, google, sub):
    google.load(sub, [ada(i) for i in range(1100)])
    query = {"personFields": "names"}
    assert len(api.ok("GET", "people/me/connections", **query)["connections"]) == 100
    assert len(api.ok("GET", "people/me/connections", pageSize=2000, **query)["connections"]) == 1000
    assert api.error("GET", "people/me/connections", pageSize=-1, **query)["status"] == "INVALID_ARGUMENT"


def test_only_masked_fields_are_shown_and_metadata_only_if_asked(api, google, sub):
    google.add_contact(sub, ada(phoneNumbers=[{"value": "+31 20 123 4567"}]))
    (person,) = api.list(personFields="names")["connections"]
    assert set(person) == {"resourceName", "etag", "names"}
    (person,) = api.list(personFields="phoneNumbers,metadata")["connections"]
    assert set(person) == {"resourceName", "etag", "phoneNumbers", "metadata"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("", "personFields mask is required. Please specify one or more valid paths."),
        ("names,foo", 'Invalid personFields mask path: "foo".'),
        ("etag", 'Invalid personFields mask path: "etag".'),
        ("resourceName", 'Invalid personFields mask path: "resourceName".'),
    ],
)
def test_a_bad_mask_is_refused(api, fields, message):
    error = api.error("GET", "people/me/connections", personFields=fields)
    assert error["status"] == "INVALID_ARGUMENT"
    assert error["message"].startswith(message)
    assert "https://developers.google.com/people/api/rest/v1/people/get" in error["message"]


def test_a_malformed_mask_names_the_violated_field(api):
    error = api.error("GET", "people/me/connections", personFields="na mes")
    assert error["details"][0]["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    assert error["details"][0]["fieldViolations"][0]["field"] == "personFields"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            {"foo": "1"},
            'Unknown name "foo": Cannot bind query parameter. '
            "Field 'foo' could not be found in request message.",
        ),
        ({"pageSize": "many"}, "Invalid value at 'page_size' (TYPE_INT32), \"many\""),
        ({"sources": "ELSEWHERE"}, "Invalid value at 'sources' (TYPE_ENUM), \"ELSEWHERE\""),
        ({"requestSyncToken": "maybe"}, "Invalid value at 'request_sync_token' (TYPE_BOOL), \"maybe\""),
    ],
)
def test_unknown_and_ill_typed_parameters_are_refused(api, query, message):
    error = api.error("GET", "people/me/connections", **({"personFields": "names"} | query))
    assert error["status"] == "INVALID_ARGUMENT"
    assert message in error["message"]


def test_parameters_common_to_all_google_apis_are_ignored(api):
    common = {
        "alt": "json",
        "prettyPrint": "false",
        "fields": "*",
        "key": "k",
        "quotaUser": "q",
        "$.xgafv": "2",
    }
    assert api.call("GET", "people/me/connections", personFields="names", **common).status_code == 200


def test_only_the_own_connections_can_be_listed(api):
    assert api.error("GET", "people/c1/connections", personFields="names")["code"] == 400


def test_orders_by_change_and_by_name(api, google, sub, clock):
    for given, family in [("Cy", "Ada"), ("Bo", "Cee"), ("Al", "Bee")]:
        google.add_contact(sub, {"names": [{"givenName": given, "familyName": family}]})

    def listed(order: str) -> list[str]:
        query = {"personFields": "names", "sortOrder": order, "pageSize": 2}
        first = api.ok("GET", "people/me/connections", **query)
        return names(first) + names(
            api.ok("GET", "people/me/connections", pageToken=first["nextPageToken"], **query)
        )

    assert listed("LAST_MODIFIED_ASCENDING") == ["Ada", "Cee", "Bee"]
    assert listed("LAST_MODIFIED_DESCENDING") == ["Bee", "Cee", "Ada"]
    assert listed("FIRST_NAME_ASCENDING") == ["Bee", "Cee", "Ada"]
    assert listed("LAST_NAME_ASCENDING") == ["Ada", "Bee", "Cee"]
    refused = api.listing() | {"sortOrder": "LAST_MODIFIED_DESCENDING"}
    assert api.error("GET", "people/me/connections", **refused)["code"] == 400


def test_lists_cut_addresses_and_numbers_to_100_and_get_shows_all(api, google, sub):
    many = [{"value": f"a{i}@example.test"} for i in range(130)]
    phones = [{"value": f"+3120123{i:04}"} for i in range(130)]
    name = google.add_contact(sub, ada(emailAddresses=many, phoneNumbers=phones))
    (listed,) = api.list()["connections"]
    assert len(listed["emailAddresses"]) == len(listed["phoneNumbers"]) == 100
    assert len(api.get(name)["emailAddresses"]) == len(api.get(name)["phoneNumbers"]) == 130


def test_a_change_shows_in_listings_only_after_a_while_but_at_once_in_direct_reads(
    api: Caller, google: GoogleSimulator, sub: str, clock: Clock
):
    google.knobs.propagation_delay = 10
    (name,) = google.load(sub, [ada(1)])
    token = api.list()["nextSyncToken"]
    google.edit_contact(sub, name, names=[{"givenName": "Ada", "familyName": "King"}])
    created = api.create(ada(2))["resourceName"]
    clock.forward(seconds=9)
    assert names(api.list()) == ["Lovelace1"]
    assert "connections" not in api.list(syncToken=token)
    assert api.get(name)["names"][0]["familyName"] == "King"
    read = api.ok("GET", "people:batchGet", resourceNames=[created], personFields="names")
    assert read["responses"][0]["httpStatusCode"] == 200
    clock.forward(seconds=1)
    assert names(api.list()) == ["King", "Lovelace2"]
    assert names(api.list(syncToken=token)) == ["King", "Lovelace2"]
    google.delete_contact(sub, name)
    assert names(api.list()) == ["King", "Lovelace2"]
    google.settle(sub)
    assert names(api.list()) == ["Lovelace2"]


def test_what_a_listing_has_shown_does_not_vanish_when_the_delay_grows(api, google, sub, clock):
    name = google.add_contact(sub, ada(1))
    assert names(api.list()) == ["Lovelace1"]
    google.knobs.propagation_delay = 3600
    google.edit_contact(sub, name, names=[{"givenName": "Ada"}])
    assert names(api.list()) == ["Lovelace1"]


def test_other_sources_than_contacts_have_nothing(api, google, sub):
    google.add_contact(sub, ada())
    page = api.ok("GET", "people/me/connections", personFields="names", sources="READ_SOURCE_TYPE_PROFILE")
    assert page == {}


def test_accounts_see_only_their_own_contacts(api, google, sub):
    name = google.add_contact(sub, ada())
    other = Caller(google, google.add_account("other@corp.test"))
    assert other.ok("GET", "people/me/connections", personFields="names") == {}
    assert other.error("GET", name, personFields="names")["code"] == 404


def test_a_get_too_long_for_a_url_may_travel_as_post(api, google, sub):
    stored = google.load(sub, [ada(i) for i in range(60)])
    answer = api.session.post(
        "https://people.googleapis.com/v1/people:batchGet",
        data=[("personFields", "names"), *(("resourceNames", name) for name in stored)],
        headers={"X-HTTP-Method-Override": "GET"},
    )
    assert [r["requestedResourceName"] for r in answer.json()["responses"]] == stored
    assert google.calls[-1] == ("GET", "/v1/people:batchGet")


def test_batch_get_answers_in_order_and_marks_what_is_missing(api, google, sub):
    first, second = google.load(sub, [ada(1), ada(2)])
    google.delete_contact(sub, first)
    read = api.ok("GET", "people:batchGet", resourceNames=[second, first], personFields="names")["responses"]
    assert read[0]["person"]["resourceName"] == second and read[0]["status"] == {}
    assert read[1] == {
        "httpStatusCode": 404,
        "requestedResourceName": first,
        "status": {"code": 5, "message": "Requested entity was not found."},
    }
    too_many = ["people/c1"] * 201
    assert api.error("GET", "people:batchGet", resourceNames=too_many, personFields="names")["code"] == 400
    assert api.error("GET", "people:batchGet", personFields="names")["code"] == 400


def test_search_finds_words_by_their_beginning_once_the_index_knows(api, google, sub, clock):
    google.knobs.propagation_delay = 10
    google.add_contact(sub, ada(organizations=[{"name": "Analytical Engines"}]))
    query = {"query": "engi", "readMask": "names"}
    assert api.ok("GET", "people:searchContacts", **query) == {}
    clock.forward(seconds=10)
    (found,) = api.ok("GET", "people:searchContacts", **query)["results"]
    assert found["person"]["names"][0]["displayName"] == "Ada Lovelace"
    assert api.ok("GET", "people:searchContacts", query="", readMask="names") == {}
    assert api.error("GET", "people:searchContacts", query="x")["message"].startswith("readMask mask is req")


def test_the_own_profile_names_the_account(api, sub):
    me = api.get("people/me", "emailAddresses,metadata")
    assert me["resourceName"] == f"people/{sub}"
    assert me["emailAddresses"][0]["value"] == "owner@corp.test"


def test_a_page_of_1000_and_an_idle_delta_are_quick(api, google, sub):
    google.load(sub, [ada(i, phoneNumbers=[{"value": f"+3120{1000000 + i}"}]) for i in range(1000)])
    started = time.process_time()
    token = api.list()["nextSyncToken"]
    page = time.process_time() - started
    api.list(syncToken=token)
    idle = time.process_time() - started - page
    assert page < 0.5
    assert idle < 0.1
