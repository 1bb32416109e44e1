from __future__ import annotations

from datetime import timedelta

import pytest
from tests.local.google.google_caller import Caller, ada

MESSAGE = "Sync token is expired. Clear local cache and retry call without the sync token."


@pytest.fixture
def token(api, google, sub):
    google.load(sub, [ada(i) for i in range(1, 4)])
    return api.list()["nextSyncToken"]


def names(page: dict) -> list[str]:
    return [person["resourceName"] for person in page.get("connections", [])]


def test_a_quiet_feed_has_nothing_but_a_new_token(api, token):
    assert list(api.list(syncToken=token)) == ["nextSyncToken"]


def test_own_writes_and_edits_by_hand_both_appear_once_in_their_latest_form(api, google, sub, token):
    mine = api.create(ada(9))
    api.update(api.get(mine["resourceName"]), "names", names=[{"givenName": "Byron"}])
    theirs = google.contacts(sub)[0]["resourceName"]
    google.edit_contact(sub, theirs, emailAddresses=[])
    delta = api.list(syncToken=token)
    assert names(delta) == [mine["resourceName"], theirs]
    assert delta["connections"][0]["names"][0]["displayName"] == "Byron"
    assert "emailAddresses" not in delta["connections"][1]
    assert delta["totalItems"] == delta["totalPeople"] == 2


def test_a_token_may_be_used_again_and_then_shows_later_changes_too(api, google, sub, token):
    first = google.add_contact(sub, ada(7))
    assert names(api.list(syncToken=token)) == [first]
    second = google.add_contact(sub, ada(8))
    assert names(api.list(syncToken=token)) == [first, second]


def test_a_new_token_starts_where_the_last_answer_ended(api, google, sub, token):
    google.add_contact(sub, ada(7))
    following = api.list(syncToken=token)["nextSyncToken"]
    assert names(api.list(syncToken=following)) == []


def test_a_delta_is_paged_and_a_change_between_its_pages_is_not_lost(api, google, sub, token):
    changed = [google.add_contact(sub, ada(i)) for i in range(10, 15)]
    first = api.list(syncToken=google_token(api, pageSize=2), pageSize=2)
    assert names(first) == []
    small = google_token(api, pageSize=2)
    for name in changed:
        google.touch_contact(sub, name)
    page = api.list(syncToken=small, pageSize=2)
    assert names(page) == changed[:2] and page["totalItems"] == 5
    google.touch_contact(sub, changed[0])
    seen = names(page)
    while "nextPageToken" in page:
        page = api.list(syncToken=small, pageSize=2, pageToken=page["nextPageToken"])
        seen += names(page)
    seen += names(api.list(syncToken=page["nextSyncToken"], pageSize=2))
    assert seen[:5] == changed
    assert seen.count(changed[0]) >= 2


def google_token(api: Caller, **query: int) -> str:
    page = api.list(**query)
    while "nextPageToken" in page:
        page = api.list(pageToken=page["nextPageToken"], **query)
    token: str = page["nextSyncToken"]
    return token


def test_a_deleted_contact_is_a_tombstone_without_content(api, google, sub, token):
    contact = google.contacts(sub)[0]
    name, source = contact["resourceName"], contact["metadata"]["sources"][0]
    google.delete_contact(sub, name)
    (tombstone,) = api.list(syncToken=token)["connections"]
    assert tombstone == {
        "resourceName": name,
        "etag": tombstone["etag"],
        "metadata": {
            "deleted": True,
            "objectType": "PERSON",
            "sources": [
                {
                    "type": "CONTACT",
                    "id": source["id"],
                    "etag": tombstone["metadata"]["sources"][0]["etag"],
                    "updateTime": "1970-01-01T00:00:00Z",
                }
            ],
        },
    }
    assert tombstone["metadata"]["sources"][0]["etag"] != source["etag"]
    assert name not in names(api.list())


def test_a_tombstone_shows_a_placeholder_photo_if_photos_are_asked_for(api, google, sub):
    name = google.add_contact(sub, ada())
    token = api.list(personFields="photos,metadata")["nextSyncToken"]
    google.delete_contact(sub, name)
    (tombstone,) = api.list(personFields="photos,metadata", syncToken=token)["connections"]
    assert tombstone["photos"][0]["default"] is True
    assert tombstone["photos"][0]["url"].endswith("=s100")


def test_created_and_deleted_between_two_syncs_is_a_tombstone(api, google, sub, token):
    name = google.add_contact(sub, ada(8))
    google.delete_contact(sub, name)
    (tombstone,) = api.list(syncToken=token)["connections"]
    assert tombstone["resourceName"] == name and tombstone["metadata"]["deleted"] is True


def test_a_contact_restored_from_the_trash_is_a_changed_one_under_its_old_name(api, google, sub, token):
    name = google.contacts(sub)[0]["resourceName"]
    google.delete_contact(sub, name)
    token = api.list(syncToken=token)["nextSyncToken"]
    google.restore_contact(sub, name)
    (back,) = api.list(syncToken=token)["connections"]
    assert back["resourceName"] == name
    assert "deleted" not in back["metadata"]
    assert back["names"][0]["familyName"] == "Lovelace1"


def test_the_trash_is_emptied_after_thirty_days(google, sub, clock):
    name = google.add_contact(sub, ada())
    google.delete_contact(sub, name)
    clock.forward(days=31)
    with pytest.raises(LookupError):
        google.restore_contact(sub, name)


@pytest.mark.parametrize("status", ["FAILED_PRECONDITION", "INVALID_ARGUMENT"])
def test_a_chain_of_tokens_expires_seven_days_after_its_full_sync(api, google, clock, token, status):
    google.knobs.expired_status = status
    for _ in range(6):
        clock.forward(days=1)
        api.sign_in()
        token = api.list(syncToken=token)["nextSyncToken"]
    clock.forward(days=1, seconds=1)
    api.sign_in()
    error = api.error("GET", "people/me/connections", **(api.listing() | {"syncToken": token}))
    assert error == {
        "code": 400,
        "message": MESSAGE,
        "status": status,
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "EXPIRED_SYNC_TOKEN",
                "domain": "people.googleapis.com",
            }
        ],
    }


def test_the_life_of_a_token_can_be_set(api, google, clock, token):
    google.knobs.sync_token_lifetime = timedelta(hours=1)
    clock.forward(hours=2)
    api.sign_in()
    error = api.error("GET", "people/me/connections", **(api.listing() | {"syncToken": token}))
    assert error["message"] == MESSAGE


def test_garbage_other_parameters_and_other_users_are_the_plain_400(api, google, token):
    plain = {"code": 400, "message": "Request contains an invalid argument.", "status": "INVALID_ARGUMENT"}
    listing = api.listing()
    for query in (
        listing | {"syncToken": "garbage"},
        listing | {"syncToken": "Z2FyYmFnZQ"},
        listing | {"syncToken": token, "personFields": "names,metadata"},
        listing | {"syncToken": token, "pageSize": 500},
        listing | {"syncToken": token, "sources": "READ_SOURCE_TYPE_PROFILE"},
    ):
        assert api.error("GET", "people/me/connections", **query) == plain
    other = Caller(google, google.add_account("other@corp.test"))
    assert other.error("GET", "people/me/connections", **(listing | {"syncToken": token})) == plain


def test_the_order_of_paths_in_the_mask_does_not_matter(api, token):
    fields = ",".join(reversed(api.listing()["personFields"].split(",")))
    assert list(api.list(syncToken=token, personFields=fields)) == ["nextSyncToken"]


def test_a_touched_contact_appears_with_a_new_etag_and_the_same_content(api, google, sub, token):
    before = google.contacts(sub)[1]
    google.touch_contact(sub, before["resourceName"])
    (touched,) = api.list(syncToken=token)["connections"]
    assert touched["metadata"]["sources"][0]["etag"] != before["metadata"]["sources"][0]["etag"]
    assert touched["names"] == before["names"]
    google.touch_contact(sub)
    assert len(names(api.list(syncToken=token))) == 3


def test_a_renamed_contact_names_its_former_names_only_with_a_sync_token(api, google, sub, token):
    contact = google.contacts(sub)[0]
    old = contact["resourceName"]
    new = google.rename_contact(sub, old)
    assert new != old
    (changed,) = api.list(syncToken=token)["connections"]
    assert changed["resourceName"] == new
    assert changed["metadata"]["previousResourceNames"] == [old]
    assert changed["metadata"]["sources"][0]["id"] == contact["metadata"]["sources"][0]["id"]
    assert all("previousResourceNames" not in p["metadata"] for p in api.list()["connections"])
    read = api.ok("GET", "people:batchGet", resourceNames=[old], personFields="names")["responses"][0]
    assert read["requestedResourceName"] == old
    assert read["person"]["resourceName"] == new


def test_a_merge_leaves_one_contact_with_everything_and_tombstones(api, google, sub):
    mark = [{"key": "crm-id", "value": "1"}]
    kept = google.add_contact(sub, ada(1, clientData=mark))
    gone = google.add_contact(sub, ada(2, clientData=[{"key": "crm-id", "value": "2"}]))
    token = api.list()["nextSyncToken"]
    google.merge_contacts(sub, kept, [gone])
    survivor, tombstone = api.list(syncToken=token)["connections"]
    assert survivor["resourceName"] == kept
    assert survivor["names"][0]["familyName"] == "Lovelace1"
    assert [item["value"] for item in survivor["emailAddresses"]] == [
        "ada1@example.test",
        "ada2@example.test",
    ]
    assert [item["value"] for item in survivor["clientData"]] == ["1", "2"]
    assert tombstone["resourceName"] == gone and tombstone["metadata"]["deleted"] is True


def test_without_asking_for_one_a_delta_brings_no_new_token(api, google, sub, token):
    google.add_contact(sub, ada(9))
    assert "nextSyncToken" not in api.list(syncToken=token, requestSyncToken="false")
