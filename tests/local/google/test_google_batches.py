from __future__ import annotations

import pytest
from tests.local.google.google_caller import ada

STALE = (
    "Request person.etag is different than the current person.etag. "
    "Clear local cache and get the latest person."
)
DETAILS = "type.googleapis.com/google.people.v1.Batch{}ContactsErrorDetails"


@pytest.fixture
def pair(api) -> list[dict]:
    return [api.create(ada(1)), api.create(ada(2))]


def update_body(people: list[dict], mask: str = "names", **fields: list) -> dict:
    contacts = {p["resourceName"]: {"etag": p["etag"], **fields} for p in people}
    return {"contacts": contacts, "updateMask": mask, "readMask": "names,emailAddresses,metadata"}


def test_creates_answer_in_the_order_of_the_request(api, google):
    body = {
        "contacts": [{"contactPerson": ada(i)} for i in range(1, 4)],
        "readMask": "names,clientData,metadata",
        "sources": ["READ_SOURCE_TYPE_CONTACT"],
    }
    created = api.ok("POST", "people:batchCreateContacts", body)["createdPeople"]
    assert [c["person"]["names"][0]["familyName"] for c in created] == ["Lovelace1", "Lovelace2", "Lovelace3"]
    assert [c["requestedResourceName"] for c in created] == [c["person"]["resourceName"] for c in created]
    assert all(c["httpStatusCode"] == 200 and c["status"] == {} for c in created)
    assert [w.method for w in google.writes] == ["batchCreateContacts"] * 3


def test_without_a_read_mask_nothing_is_answered(api, google, sub, pair):
    assert api.ok("POST", "people:batchCreateContacts", {"contacts": [{"contactPerson": ada(3)}]}) == {}
    body = update_body(pair)
    del body["readMask"]
    assert api.ok("POST", "people:batchUpdateContacts", body) == {}
    assert len(google.contacts(sub)) == 3


def test_one_bad_create_fails_the_batch_and_is_named_by_its_index(api, google, sub):
    bad = {"names": [{"givenName": "A"}, {"givenName": "B"}]}
    body = {"contacts": [{"contactPerson": ada()}, {"contactPerson": bad}], "readMask": "names"}
    error = api.error("POST", "people:batchCreateContacts", body)
    message = "Cannot have more than one person.names per source."
    assert error == {
        "code": 400,
        "message": message,
        "status": "INVALID_ARGUMENT",
        "details": [
            {"@type": DETAILS.format("Create"), "contactErrors": {"1": {"code": 3, "message": message}}}
        ],
    }
    assert google.contacts(sub) == [] and google.writes == []


def test_updates_replace_or_clear_every_masked_field_of_every_person(api, google, pair):
    first, second = pair
    body = update_body(pair, "names,emailAddresses")
    body["contacts"][first["resourceName"]]["names"] = [{"givenName": "King"}]
    body["contacts"][second["resourceName"]]["emailAddresses"] = [{"value": "new@example.test"}]
    result = api.ok("POST", "people:batchUpdateContacts", body)["updateResult"]
    one, two = result[first["resourceName"]]["person"], result[second["resourceName"]]["person"]
    assert one["names"][0]["displayName"] == "King" and "emailAddresses" not in one
    assert two["emailAddresses"][0]["value"] == "new@example.test" and "names" not in two
    assert result[first["resourceName"]]["requestedResourceName"] == first["resourceName"]
    assert [(w.resource_name, w.fields) for w in google.writes[-2:]] == [
        (person["resourceName"], ("emailAddresses", "names")) for person in pair
    ]


def test_stale_and_missing_persons_fail_the_batch_and_are_named(api, google, sub, pair):
    first, second = pair
    google.touch_contact(sub, second["resourceName"])
    body = update_body(pair, names=[{"givenName": "King"}])
    body["contacts"]["people/c1"] = {"etag": "%x"}
    error = api.error("POST", "people:batchUpdateContacts", body)
    assert (error["code"], error["message"], error["status"]) == (400, STALE, "FAILED_PRECONDITION")
    assert error["details"] == [
        {
            "@type": DETAILS.format("Update"),
            "contactErrors": {
                second["resourceName"]: {"code": 9, "message": STALE},
                "people/c1": {"code": 5, "message": "Requested entity was not found."},
            },
        }
    ]
    assert google.contact(sub, first["resourceName"])["names"] == first["names"]


def test_the_details_may_be_missing(api, google, sub, pair):
    google.touch_contact(sub, pair[0]["resourceName"])
    google.faults.add("batch without details", "batchUpdateContacts")
    assert "details" not in api.error("POST", "people:batchUpdateContacts", update_body(pair))
    assert "details" in api.error("POST", "people:batchUpdateContacts", update_body(pair))


def test_deletes_are_all_or_nothing(api, google, sub, pair):
    names = [person["resourceName"] for person in pair]
    error = api.error("POST", "people:batchDeleteContacts", {"resourceNames": [*names, "people/c1"]})
    assert (error["code"], error["status"]) == (404, "NOT_FOUND")
    assert len(google.contacts(sub)) == 2
    assert api.ok("POST", "people:batchDeleteContacts", {"resourceNames": names}) == {}
    assert google.contacts(sub) == []
    assert api.error("POST", "people:batchDeleteContacts", {"resourceNames": names})["code"] == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("people:batchCreateContacts", {"contacts": [{"contactPerson": {}}] * 201}),
        (
            "people:batchUpdateContacts",
            {"contacts": {f"people/c{i}": {} for i in range(201)}, "updateMask": "names"},
        ),
        ("people:batchDeleteContacts", {"resourceNames": ["people/c1"] * 501}),
        ("people:batchCreateContacts", {"contacts": []}),
        ("people:batchCreateContacts", {"contacts": {"contactPerson": {}}}),
        ("people:batchUpdateContacts", {"contacts": {"people/c1": {"etag": "%x"}}}),
        ("people:batchUpdateContacts", {"contacts": {"people/c1": {"nmes": []}}, "updateMask": "names"}),
        ("people:batchUpdateContacts", {"contacts": {"people/c1": {"etag": "x"}}, "updateMask": "photos"}),
    ],
)
def test_batches_that_are_too_large_empty_or_ill_formed_are_refused(api, google, path, body):
    error = api.error("POST", path, body)
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert google.writes == []


def test_unknown_names_are_reported_with_their_place(api):
    body = {"contacts": [{"contactPerson": {"foo": 1}}], "readMask": "names"}
    message = api.error("POST", "people:batchCreateContacts", body)["message"]
    assert message.endswith("Unknown name \"foo\" at 'contacts[0].contact_person': Cannot find field.")
    message = api.error("POST", "people:batchCreateContacts", {"foo": 1})["message"]
    assert message.endswith('Unknown name "foo": Cannot find field.')
