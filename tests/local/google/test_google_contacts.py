from __future__ import annotations

import base64

import pytest
from tests.local.google.google_caller import Caller, ada

STALE = (
    "Request person.etag is different than the current person.etag. "
    "Clear local cache and get the latest person."
)
STALE_SOURCE = (
    "Request person.metadata.sources.etag is different than the current person.metadata.sources.etag. "
    "Clear local cache and get the latest person."
)


def source(person: dict) -> dict:
    return person["metadata"]["sources"][0]


def test_an_empty_person_and_doubles_are_accepted(api):
    assert api.create({})["resourceName"] != api.create({})["resourceName"]
    assert api.create(ada())["resourceName"] != api.create(ada())["resourceName"]


def test_without_a_mask_a_mutation_answers_with_every_field(api):
    person = api.ok("POST", "people:createContact", ada())
    assert {"names", "emailAddresses", "memberships", "metadata"} <= set(person)


def test_a_whole_person_can_be_sent_back_as_it_was_read(api):
    before = api.create(ada(phoneNumbers=[{"value": "+31 20 123 4567", "type": "work"}]))
    body = {key: value for key, value in before.items() if key != "resourceName"}
    after = api.update(body | {"resourceName": before["resourceName"]}, "names,phoneNumbers", **body)
    assert after["names"] == before["names"]
    assert after["phoneNumbers"] == before["phoneNumbers"]
    assert source(after)["etag"] != source(before)["etag"]


def test_an_update_replaces_masked_fields_and_leaves_the_others(api, google):
    before = api.create(ada(phoneNumbers=[{"value": "+31 20 123 4567"}]))
    after = api.update(before, "phoneNumbers,names", names=[{"givenName": "King"}], emailAddresses=[])
    assert after["names"][0]["displayName"] == "King"
    assert "phoneNumbers" not in after
    assert after["emailAddresses"] == before["emailAddresses"]
    assert google.writes[-1] == (api.sub, "updateContact", before["resourceName"], ("names", "phoneNumbers"))


def test_the_person_etag_embeds_the_source_etag_and_depends_on_the_mask(api):
    person = api.create(ada())
    name = person["resourceName"]
    one, other = (api.get(name, fields)["etag"] for fields in ("names,metadata", "emailAddresses,metadata"))
    assert one != other
    embedded = source(api.get(name, "metadata"))["etag"].removeprefix("#")
    assert len(embedded) == 12
    for etag in (one, other):
        assert etag.startswith("%")
        assert base64.b64decode(etag[1:]).endswith(b"\x22\x0c" + embedded.encode())
    api.update({"resourceName": name, "etag": other}, "names", names=[{"givenName": "Augusta"}])


def test_the_etag_anatomy_is_that_of_a_real_one(api, google, sub):
    etag = api.get(google.add_contact(sub, ada()), "names,phoneNumbers")["etag"]
    assert base64.b64decode(etag[1:])[0] == 0x12
    assert b"\x1a\x04\x01\x02\x05\x07\x22\x0c" in base64.b64decode(etag[1:])


@pytest.mark.parametrize("given", ["etag", "source", "both"])
def test_either_etag_names_the_version(api, given):
    person = api.create(ada())
    body: dict = {"names": [{"givenName": "Augusta"}]}
    if given != "source":
        body["etag"] = person["etag"]
    if given != "etag":
        body["metadata"] = {"sources": [{"type": "CONTACT", "id": "1", "etag": source(person)["etag"]}]}
    path = f"{person['resourceName']}:updateContact"
    assert api.call("PATCH", path, body, updatePersonFields="names").status_code == 200
    error = api.error("PATCH", path, body, updatePersonFields="names")
    assert error == {
        "code": 400,
        "message": STALE_SOURCE if given == "source" else STALE,
        "status": "FAILED_PRECONDITION",
    }


def test_an_update_without_any_etag_is_refused(api):
    person = api.create(ada())
    error = api.error("PATCH", f"{person['resourceName']}:updateContact", {}, updatePersonFields="names")
    assert error["message"] == (
        "Request must set person.etag or person.metadata.sources.etag for the source that is being updated."
    )
    assert error["status"] == "INVALID_ARGUMENT"


def test_etags_from_a_listing_are_accepted_unless_told_otherwise(api, google, sub):
    google.add_contact(sub, ada())
    (listed,) = api.list()["connections"]
    listed = api.update(listed, "names", names=[{"givenName": "Augusta"}])
    google.knobs.reject_list_etags = True
    (listed,) = api.list()["connections"]
    body = {"etag": listed["etag"], "names": []}
    path = f"{listed['resourceName']}:updateContact"
    assert api.error("PATCH", path, body, updatePersonFields="names")["message"] == STALE
    api.update(api.get(listed["resourceName"]), "names", names=[])


def test_a_garbled_etag_is_a_stale_one(api):
    person = api.create(ada())
    path = f"{person['resourceName']}:updateContact"
    for etag in ("%%%", "abc", "%AAAA"):
        body = {"etag": etag, "names": []}
        assert api.error("PATCH", path, body, updatePersonFields="names")["message"] == STALE


def test_the_edit_of_somebody_else_makes_an_update_stale(api, google, sub):
    person = api.create(ada())
    google.edit_contact(sub, person["resourceName"], biographies=[{"value": "note"}])
    body = {"etag": person["etag"], "names": []}
    path = f"{person['resourceName']}:updateContact"
    assert api.error("PATCH", path, body, updatePersonFields="names")["message"] == STALE
    assert google.contact(sub, person["resourceName"])["names"] == person["names"]


def test_what_is_not_json_is_refused(api):
    answer = api.session.post("https://people.googleapis.com/v1/people:createContact", data="{names")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("Invalid JSON payload received.")


def test_unknown_groups_are_not_found_and_the_last_membership_stays(api, google, sub):
    unknown = [{"contactGroupMembership": {"contactGroupResourceName": "contactGroups/none"}}]
    assert api.error("POST", "people:createContact", {"memberships": unknown})["code"] == 404
    group = google.add_group(sub, "CRM")
    named = [{"contactGroupMembership": {"contactGroupResourceName": group}}]
    person = api.create({"memberships": named})
    assert [m["contactGroupMembership"]["contactGroupResourceName"] for m in person["memberships"]] == [group]
    path = f"{person['resourceName']}:updateContact"
    error = api.error("PATCH", path, {"etag": person["etag"]}, updatePersonFields="memberships")
    assert error["status"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("fields", ["photos", "metadata", "skills", "ageRanges", "coverPhotos", "etag"])
def test_read_only_fields_cannot_be_in_an_update_mask(api, fields):
    person = api.create(ada())
    body = {"etag": person["etag"]}
    error = api.error("PATCH", f"{person['resourceName']}:updateContact", body, updatePersonFields=fields)
    assert error["message"].startswith(f'Invalid updatePersonFields mask path: "{fields}".')


def test_an_update_needs_a_mask(api):
    person = api.create(ada())
    error = api.error("PATCH", f"{person['resourceName']}:updateContact", {"etag": person["etag"]})
    assert error["message"].startswith("updatePersonFields mask is required.")


def test_deleting_needs_no_version_and_works_once(api, google, sub):
    name = api.create(ada())["resourceName"]
    google.touch_contact(sub, name)
    assert api.ok("DELETE", f"{name}:deleteContact") == {}
    gone = {"code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND"}
    assert api.error("DELETE", f"{name}:deleteContact") == gone
    assert api.error("GET", name, personFields="names") == gone
    path = f"{name}:updateContact"
    assert api.error("PATCH", path, {"etag": "%x", "names": []}, updatePersonFields="names") == gone
    assert google.contact(sub, name) is None
    assert [write.method for write in google.writes] == ["createContact", "deleteContact"]


def test_a_full_account_takes_no_more_and_the_trash_counts(api, google, sub):
    google.knobs.contact_cap = 2
    first = google.load(sub, [ada(1), ada(2)])[0]
    google.delete_contact(sub, first)
    error = api.error("POST", "people:createContact", ada(3))
    assert "MY_CONTACTS_OVERFLOW_COUNT" in error["message"]
    batch = {"contacts": [{"contactPerson": ada(3)}]}
    error = api.error("POST", "people:batchCreateContacts", batch)
    assert "MY_CONTACTS_OVERFLOW_COUNT" in error["message"]
    assert len(google.contacts(sub)) == 1


def test_a_photo_replaces_the_placeholder_and_bumps_the_etag(api, google, sub):
    person = api.create(ada())
    name = person["resourceName"]
    assert api.get(name, "photos")["photos"][0]["default"] is True
    body = {"photoBytes": base64.b64encode(b"png").decode(), "personFields": "photos,metadata"}
    changed = api.ok("PATCH", f"{name}:updateContactPhoto", body)["person"]
    assert "default" not in changed["photos"][0]
    assert source(changed)["etag"] != source(person)["etag"]
    assert api.ok("DELETE", f"{name}:deleteContactPhoto") == {}
    assert api.get(name, "photos")["photos"][0]["default"] is True


def test_edits_by_hand_leave_no_trace_in_the_record_of_writes(google, sub):
    name = google.add_contact(sub, ada(), groups=[google.add_group(sub, "Friends of the house")])
    google.edit_contact(sub, name, names=[{"givenName": "Augusta"}])
    assert google.contact(sub, name)["names"][0]["displayName"] == "Augusta"
    assert len(google.contact(sub, name)["memberships"]) == 2
    assert google.writes == []
    with pytest.raises(ValueError, match="nickname"):
        google.edit_contact(sub, name, nickname=[])


def test_identifiers_follow_from_the_seed(google, sub):
    again = type(google)(propagation_delay=0)
    assert again.add_account("owner@corp.test") == sub
    assert again.add_contact(sub, ada()) == google.add_contact(sub, ada())
    other = type(google)(propagation_delay=0, seed=1)
    assert other.add_account("owner@corp.test") != sub


def test_other_contacts_need_their_own_scope_and_narrow_masks(api, google):
    assert api.error("GET", "otherContacts", readMask="names")["code"] == 403
    scope = "https://www.googleapis.com/auth/contacts.other.readonly"
    reader = Caller(google, api.sub)
    reader.sign_in(google.grant(api.sub, [scope]))
    assert list(reader.ok("GET", "otherContacts", readMask="names", requestSyncToken="true")) == [
        "nextSyncToken"
    ]
    error = reader.error("GET", "otherContacts", readMask="clientData")
    assert error["message"] == "Request field 'clientData' not allowed for other contacts read requests"
