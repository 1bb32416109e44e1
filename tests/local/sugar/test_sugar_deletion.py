"""Deleted contacts: soft deletion, stubs in lists, restore, the monthly prune."""

import pytest


@pytest.fixture
def three(sugar):
    for name in "abc":
        sugar.add_contact(id=name, last_name=name, email=f"{name}@ex.org", assigned_user_id="jane-id")
    return sugar


def test_a_deleted_record_is_gone_for_every_verb(three, admin):
    assert admin.delete("/Contacts/a") == {"id": "a"}
    for method in ("GET", "PUT", "DELETE"):
        assert admin.send(method, "/Contacts/a", {}).status_code == 404
    assert admin.ids() == ["b", "c"]
    assert admin.ids({"email_addresses.email_address": "a@ex.org"}) == []
    assert three.contact("a") is None
    assert three.deleted_ids() == {"a"}
    assert three.writes == [("admin", "DELETE", "a", ())]


def test_deleted_rows_are_stubs_without_a_date_and_live_ones_say_so(three, jane, clock):
    clock.advance(5)
    three.delete_contact("b")
    records = jane.list(deleted=True, fields="id,deleted,assigned_user_id", order_by="id")["records"]
    assert records[1] == {"id": "b", "deleted": True, "_module": "Contacts"}
    assert records[0]["deleted"] is False
    assert records[0]["assigned_user_id"] == "jane-id"


def test_an_admin_who_asks_sees_the_owner_of_a_stub(three, admin):
    three.delete_contact("b")
    poll = [{"deleted": {"$equals": "1"}}]
    asked = admin.list(*poll, deleted=True, fields="id,deleted,assigned_user_id")["records"]
    assert asked == [{"id": "b", "deleted": True, "_module": "Contacts", "assigned_user_id": "jane-id"}]
    assert admin.list(*poll, deleted=True, fields="id,deleted")["records"] == [
        {"id": "b", "deleted": True, "_module": "Contacts"}
    ]


def test_the_deletion_poll_goes_by_the_date_of_deletion(three, admin, clock):
    clock.advance(60)
    three.delete_contact("b")
    clock.advance(60)
    admin.delete("/Contacts/c")

    def poll(since, **more):
        conditions = [{"deleted": {"$equals": "1"}}, {"date_modified": {"$gte": since}}]
        return admin.list(*conditions, deleted=True, fields="id", order_by="date_modified:asc", **more)

    assert [record["id"] for record in poll("2026-03-01T09:00:00Z")["records"]] == ["b", "c"]
    assert [record["id"] for record in poll("2026-03-01T09:01:01Z")["records"]] == ["c"]
    first = poll("2026-03-01T09:00:00Z", max_num=1)
    assert first["next_offset"] == 1


def test_without_the_deleted_argument_a_deleted_row_is_never_listed(three, admin):
    three.delete_contact("b")
    assert admin.list({"deleted": "1"})["records"] == []


def test_team_visibility_holds_for_deleted_rows(three, jane):
    three.hide_contact("b", "jane-id")
    three.delete_contact("b")
    assert jane.ids({"deleted": "1"}, deleted=True) == []


def test_owner_of_deleted_rows_can_be_filtered(three, admin):
    three.edit_contact("c", assigned_user_id="admin-id")
    three.delete_contact("b")
    three.delete_contact("c")
    assert admin.ids({"deleted": "1"}, {"assigned_user_id": "jane-id"}, deleted=True) == ["b"]


def test_a_restored_record_is_back_with_its_content_and_a_new_date(three, admin, clock):
    three.delete_contact("b")
    clock.advance(60)
    three.restore_contact("b")
    record = admin.get("/Contacts/b")
    assert (record["last_name"], record["email1"]) == ("b", "b@ex.org")
    assert record["date_modified"] == clock.moment.isoformat()
    with pytest.raises(ValueError, match="not deleted"):
        three.restore_contact("b")


def test_pruned_records_leave_no_trace(three, admin):
    three.set_flag("jane-id", "b", True)
    three.delete_contact("b")
    assert three.prune() == ["b"]
    assert admin.ids(deleted=True) == ["a", "c"]
    assert three.deleted_ids() == set()
    assert admin.send("POST", "/Contacts", {"id": "b"}).status_code == 200
    assert three.contact("b")["sync_contact_users"] == []
