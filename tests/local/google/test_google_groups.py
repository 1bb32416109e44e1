from __future__ import annotations

import pytest
from tests.local.google.google_caller import ada


@pytest.fixture
def group(api) -> dict:
    return api.ok("POST", "contactGroups", {"contactGroup": {"name": "CRM"}})


def memberships(person: dict) -> list[str]:
    return [m["contactGroupMembership"]["contactGroupResourceName"] for m in person["memberships"]]


def modify(api, group: dict, add: list[str] = (), remove: list[str] = ()) -> dict:  # type: ignore[assignment]
    body = {"resourceNamesToAdd": list(add), "resourceNamesToRemove": list(remove)}
    return api.ok("POST", f"{group['resourceName']}/members:modify", body)


def test_system_groups_are_listed_without_etag_and_own_ones_with(api, google, sub, group):
    google.add_contact(sub, ada(), groups=[group["resourceName"]])
    page = api.ok("GET", "contactGroups", pageSize=1000)
    groups = {entry["resourceName"]: entry for entry in page["contactGroups"]}
    assert groups["contactGroups/myContacts"] == {
        "resourceName": "contactGroups/myContacts",
        "groupType": "SYSTEM_CONTACT_GROUP",
        "name": "myContacts",
        "formattedName": "My Contacts",
        "memberCount": 1,
    }
    assert "memberCount" not in groups["contactGroups/starred"]
    assert groups[group["resourceName"]] == {
        "resourceName": group["resourceName"],
        "etag": group["etag"],
        "metadata": {"updateTime": "2026-07-27T12:00:00.000000Z"},
        "groupType": "USER_CONTACT_GROUP",
        "name": "CRM",
        "formattedName": "CRM",
        "memberCount": 1,
    }
    assert page["totalItems"] == len(groups) == 9
    assert page["nextSyncToken"]


def test_groups_are_paged_and_masked(api, group):
    first = api.ok("GET", "contactGroups", pageSize=5, groupFields="name")
    rest = api.ok("GET", "contactGroups", pageSize=5, groupFields="name", pageToken=first["nextPageToken"])
    assert len(first["contactGroups"]) + len(rest["contactGroups"]) == 9
    assert "groupType" not in first["contactGroups"][0] and "nextSyncToken" not in first
    assert api.error("GET", "contactGroups", groupFields="members")["status"] == "INVALID_ARGUMENT"


def test_a_sync_token_brings_changed_and_deleted_groups(api, google, clock, group):
    token = api.ok("GET", "contactGroups")["nextSyncToken"]
    assert list(api.ok("GET", "contactGroups", syncToken=token)) == ["nextSyncToken"]
    other = api.ok("POST", "contactGroups", {"contactGroup": {"name": "Other"}})
    api.ok("DELETE", group["resourceName"])
    changed = api.ok("GET", "contactGroups", syncToken=token)["contactGroups"]
    assert {g["resourceName"]: g["metadata"].get("deleted", False) for g in changed} == {
        other["resourceName"]: False,
        group["resourceName"]: True,
    }
    clock.forward(days=8)
    api.sign_in()
    error = api.error("GET", "contactGroups", syncToken=token)
    assert error["details"][0]["reason"] == "EXPIRED_SYNC_TOKEN"


def test_a_name_is_taken_once(api, google, sub, group):
    error = api.error("POST", "contactGroups", {"contactGroup": {"name": "CRM"}})
    assert (error["code"], error["status"]) == (409, "ALREADY_EXISTS")
    assert api.error("POST", "contactGroups", {"contactGroup": {"name": "starred"}})["code"] == 409
    assert api.error("POST", "contactGroups", {"contactGroup": {}})["code"] == 400
    api.ok("DELETE", group["resourceName"])
    api.ok("POST", "contactGroups", {"contactGroup": {"name": "CRM"}})


def test_an_update_needs_the_present_etag(api, group):
    path = group["resourceName"]
    body = {
        "contactGroup": {
            "etag": group["etag"],
            "name": "Customers",
            "clientData": [{"key": "k", "value": "v"}],
        },
        "updateGroupFields": "name,clientData",
        "readGroupFields": "name,clientData",
    }
    changed = api.ok("PUT", path, body)
    assert (changed["name"], changed["clientData"]) == ("Customers", [{"key": "k", "value": "v"}])
    error = api.error("PUT", path, body)
    assert (error["code"], error["message"]) == (409, "Contact group etag is outdated")


def test_members_are_added_and_removed_with_new_etags(api, google, sub, group):
    name = google.add_contact(sub, ada())
    before = api.get(name)
    assert modify(api, group, add=[name, "people/c1"]) == {"notFoundResourceNames": ["people/c1"]}
    after = api.get(name)
    assert memberships(after) == ["contactGroups/myContacts", group["resourceName"]]
    assert after["etag"] != before["etag"]
    assert google.writes[-1].fields == ("memberships",)
    shown = api.ok("GET", group["resourceName"], maxMembers=10)
    assert (shown["memberCount"], shown["memberResourceNames"]) == (1, [name])
    assert modify(api, group, remove=[name]) == {}
    assert memberships(api.get(name)) == ["contactGroups/myContacts"]


def test_the_last_group_of_a_contact_cannot_be_taken_away(api, google, sub):
    name = google.add_contact(sub, ada())
    mine = {"resourceName": "contactGroups/myContacts"}
    assert modify(api, mine, remove=[name]) == {"canNotRemoveLastContactGroupResourceNames": [name]}
    assert memberships(api.get(name)) == ["contactGroups/myContacts"]


def test_only_some_system_groups_take_members(api, google, sub):
    name = google.add_contact(sub, ada())
    assert modify(api, {"resourceName": "contactGroups/starred"}, add=[name]) == {}
    body = {"resourceNamesToAdd": [name]}
    assert api.error("POST", "contactGroups/blocked/members:modify", body)["code"] == 400
    assert api.error("POST", "contactGroups/none/members:modify", body)["code"] == 404
    assert api.error("DELETE", "contactGroups/starred")["code"] == 400
    too_many = {"resourceNamesToAdd": ["people/c1"] * 1001}
    assert api.error("POST", "contactGroups/starred/members:modify", too_many)["code"] == 400


@pytest.mark.parametrize("with_contacts", [False, True])
def test_deleting_a_group_frees_its_members_or_deletes_them(api, google, sub, group, with_contacts):
    name = google.add_contact(sub, ada(), groups=[group["resourceName"]])
    api.ok("DELETE", group["resourceName"], deleteContacts=str(with_contacts).lower())
    assert api.error("GET", group["resourceName"])["code"] == 404
    if with_contacts:
        assert google.contacts(sub) == []
    else:
        assert memberships(api.get(name)) == ["contactGroups/myContacts"]


def test_a_contact_whose_only_group_is_deleted_falls_back_to_my_contacts(api, google, sub, group):
    named = [{"contactGroupMembership": {"contactGroupResourceName": group["resourceName"]}}]
    name = google.add_contact(sub, ada(memberships=named))
    api.ok("DELETE", group["resourceName"])
    assert memberships(api.get(name)) == ["contactGroups/myContacts"]


def test_groups_are_read_in_batches(api, group):
    names = [group["resourceName"], "contactGroups/none"]
    found, missing = api.ok("GET", "contactGroups:batchGet", resourceNames=names)["responses"]
    assert found["contactGroup"]["name"] == "CRM"
    assert missing["status"]["code"] == 5 and "contactGroup" not in missing
