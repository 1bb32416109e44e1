from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import requests

from contact_sync.errors import OperatorMustAct, TransientForUser, UserMustAct
from contact_sync.services.sugar import FeedPosition, Scope


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [record["id"] for record in records]


def drain(desk: Any, scope: Scope, position: FeedPosition | None = None) -> list[list[str]]:
    """All pages of the change feed from the beginning."""
    since = desk.clock() - timedelta(hours=1)
    pages = []
    while True:
        page = desk.contacts.changes(scope, since, position)
        pages.append(ids(page.records))
        if page.end:
            return pages
        assert page.position != position
        position = page.position


def ignore_key_filter(request: requests.PreparedRequest) -> None:
    """A server that does not understand the combined condition and drops it."""
    if not request.body:
        return
    body = json.loads(request.body)
    strip(body)
    for item in body.get("requests", ()):
        if "data" in item:
            data = json.loads(item["data"])
            strip(data)
            item["data"] = json.dumps(data)
    request.body = json.dumps(body).encode()


def strip(query: dict[str, Any]) -> None:
    if "filter" in query:
        query["filter"] = [condition for condition in query["filter"] if "$or" not in condition]


def test_a_look_is_one_call_with_time_changes_and_deletions(desk: Any) -> None:
    kept, deleted = desk.add(2)
    desk.sugar.delete_contact(deleted)
    desk.warm_up()
    before = desk.clock() - timedelta(minutes=10)
    look = desk.contacts.look(desk.mine, before, None, before)
    assert desk.sugar.calls == [("POST", "/bulk")]
    assert look.server_time == desk.clock()
    assert look.server_time.utcoffset() == timedelta(0)
    assert ids(look.changes.records) == [kept]
    assert look.changes.records[0]["last_name"] == "Ruiz c0000"
    assert look.changes.end
    assert look.changes.position == FeedPosition(desk.clock(), kept)
    assert look.deletions.ids == [deleted]
    assert look.deletions.next_offset is None


def test_a_look_without_a_feed_yet_only_tells_the_time(desk: Any) -> None:
    desk.add(2)
    desk.warm_up()
    look = desk.contacts.look(desk.mine, None, None, None)
    assert desk.sugar.item_calls == [("GET", "/ping/whattimeisit")]
    assert (look.changes.records, look.changes.end, look.deletions.ids) == ([], True, [])


def test_a_look_resumes_an_unfinished_pass_after_its_position(desk: Any) -> None:
    first, second = desk.add(2)
    look = desk.contacts.look(
        desk.mine, desk.clock() - timedelta(hours=1), FeedPosition(desk.clock(), first), None
    )
    assert ids(look.changes.records) == [second]


def test_a_look_reads_nothing_older_than_its_watermark(desk: Any) -> None:
    desk.add(1)
    desk.clock.sleep(60)
    look = desk.contacts.look(desk.mine, desk.clock(), None, desk.clock())
    assert look.changes.records == []
    assert look.changes.position is None


def test_rows_of_one_second_are_all_read_over_several_pages(desk: Any) -> None:
    expected = desk.add(7)
    desk.sugar.max_list_limit = 3
    assert drain(desk, desk.mine) == [expected[:3], expected[3:6], expected[6:]]


def test_a_row_changed_between_two_pages_hides_no_other(desk: Any) -> None:
    expected = desk.add(6)
    desk.sugar.max_list_limit = 3
    first = desk.contacts.changes(desk.mine, desk.clock() - timedelta(hours=1), None)
    desk.clock.sleep(5)
    desk.sugar.edit_contact(expected[0], title="CTO")
    assert drain(desk, desk.mine, first.position) == [expected[3:], expected[:1]]


def test_a_server_that_ignores_the_key_filter_is_read_by_offset_without_repeats_in_a_page(desk: Any) -> None:
    same_second = desk.add(7)
    desk.clock.sleep(1)
    later = [
        desk.sugar.add_contact(id=f"later{i}", last_name="L", assigned_user_id=desk.jane) for i in range(4)
    ]
    desk.sugar.max_list_limit = 3
    desk.wire.before = ignore_key_filter
    pages = drain(desk, desk.mine)
    assert {id for page in pages for id in page} == {*same_second, *later}
    assert all(len(page) == len(set(page)) for page in pages)


def test_a_look_that_does_not_advance_is_completed_by_offset(desk: Any) -> None:
    expected = desk.add(5)
    desk.sugar.max_list_limit = 2
    desk.wire.before = ignore_key_filter
    look = desk.contacts.look(desk.mine, None, FeedPosition(desk.clock(), expected[1]), None)
    assert set(ids(look.changes.records)) >= set(expected[2:])
    assert look.changes.end


def test_a_server_that_refuses_the_key_filter_is_read_by_offset(desk: Any) -> None:
    expected = desk.add(3)

    def refuse(request: requests.PreparedRequest) -> None:
        request.body = str(request.body or "").replace("$or", "$neither")

    desk.wire.before = refuse
    page = desk.contacts.changes(desk.mine, None, FeedPosition(desk.clock(), expected[0]))
    assert set(ids(page.records)) >= set(expected[1:])


def test_mine_sees_only_the_users_records_and_their_deletions(desk: Any) -> None:
    own = desk.add(1)
    other = desk.sugar.add_contact(last_name="Other")
    gone = [desk.sugar.add_contact(last_name="Gone", assigned_user_id=owner) for owner in (desk.jane, "1")]
    for id in gone:
        desk.sugar.delete_contact(id)
    hour = desk.clock() - timedelta(hours=1)
    look = desk.contacts.look(desk.mine, hour, None, hour)
    assert (ids(look.changes.records), look.deletions.ids) == (own, gone[:1])
    look = desk.contacts.look(Scope("all", desk.jane), hour, None, hour)
    assert set(ids(look.changes.records)) == {*own, other}
    assert set(look.deletions.ids) == set(gone)


def test_flagged_sees_the_records_with_the_users_own_flag_and_every_deletion(desk: Any) -> None:
    bob = desk.sugar.add_user("bob")
    flagged = desk.sugar.add_contact(last_name="F", sync_contact_users=[desk.jane])
    desk.sugar.add_contact(last_name="B", sync_contact_users=[bob])
    deleted = desk.sugar.add_contact(last_name="D", sync_contact_users=[desk.jane])
    desk.sugar.delete_contact(deleted)
    hour = desk.clock() - timedelta(hours=1)
    scope = Scope("flagged", desk.jane)
    look = desk.contacts.look(scope, hour, None, hour)
    assert ids(look.changes.records) == [flagged]
    assert look.deletions.ids == [deleted]
    assert desk.contacts.count(scope) == 1
    assert desk.contacts.all_ids(scope, None) == ([flagged], None)


def test_deletions_are_paged_by_offset(desk: Any) -> None:
    expected = desk.add(5)
    for id in expected:
        desk.sugar.delete_contact(id)
    desk.sugar.max_list_limit = 2
    hour = desk.clock() - timedelta(hours=1)
    look = desk.contacts.look(desk.mine, hour, None, hour)
    found, offset = look.deletions.ids, look.deletions.next_offset
    while offset is not None:
        page = desk.contacts.deletions(desk.mine, hour, offset)
        found, offset = found + page.ids, page.next_offset
    assert sorted(found) == expected


def test_live_rows_in_a_deletion_poll_are_not_deletions(desk: Any) -> None:
    live, deleted = desk.add(2)
    desk.sugar.delete_contact(deleted)

    def ignore_deleted_condition(request: requests.PreparedRequest) -> None:
        body = json.loads(request.body or "{}")
        body["filter"] = [condition for condition in body.get("filter", ()) if "deleted" not in condition]
        request.body = json.dumps(body)

    desk.warm_up()
    desk.wire.before = ignore_deleted_condition
    page = desk.contacts.deletions(desk.mine, desk.clock() - timedelta(hours=1), 0)
    assert page.ids == [deleted]


def test_the_whole_scope_is_listed_in_the_order_of_ids(desk: Any) -> None:
    expected = desk.add(5)
    desk.sugar.add_contact(last_name="Other")
    desk.sugar.max_list_limit = 2
    found: list[str] = []
    after: str | None = None
    while True:
        some, after = desk.contacts.all_ids(desk.mine, after)
        found += some
        if after is None:
            break
    assert found == expected
    assert desk.contacts.count(desk.mine) == 5


def test_a_listing_that_does_not_advance_is_given_up(desk: Any) -> None:
    expected = desk.add(2)

    def ignore_filter(request: requests.PreparedRequest) -> None:
        request.body = json.dumps(json.loads(request.body or "{}") | {"filter": []})

    desk.warm_up()
    desk.wire.before = ignore_filter
    with pytest.raises(TransientForUser) as caught:
        desk.contacts.all_ids(desk.mine, expected[0])
    assert caught.value.code == "sugar_paging"


def test_a_user_without_access_to_contacts_must_act(desk: Any) -> None:
    desk.sugar.edit_user(desk.jane, acl={"Contacts": {"access": "no", "list": "no"}})
    hour = desk.clock() - timedelta(hours=1)
    with pytest.raises(UserMustAct) as in_bulk:
        desk.contacts.look(desk.mine, hour, None, hour)
    with pytest.raises(UserMustAct) as alone:
        desk.contacts.count(desk.mine)
    assert in_bulk.value.code == alone.value.code == "sugar_access_denied"


def test_an_item_that_fails_in_a_look_makes_only_this_user_wait(desk: Any) -> None:
    desk.sugar.faults.add("500 db_error", "/Contacts/filter")
    hour = desk.clock() - timedelta(hours=1)
    with pytest.raises(TransientForUser) as caught:
        desk.contacts.look(desk.mine, hour, None, hour)
    assert caught.value.code == "sugar_error"


def test_a_field_that_sugar_does_not_know_as_a_filter_is_the_operators(desk: Any) -> None:
    def break_filter(request: requests.PreparedRequest) -> None:
        request.body = json.dumps({"filter": [{"no_such_field": "x"}]})

    desk.warm_up()
    desk.wire.before = break_filter
    with pytest.raises(OperatorMustAct) as caught:
        desk.contacts.changes(desk.mine, desk.clock(), None)
    assert "422" in caught.value.message


def test_the_feed_of_a_new_user_begins_with_the_oldest_record(desk: Any) -> None:
    expected = desk.add(3)
    assert ids(desk.contacts.changes(desk.mine, None, None).records) == expected


def test_everything_the_user_sees_is_counted(desk: Any) -> None:
    desk.add(2)
    desk.sugar.add_contact(last_name="Other")
    desk.sugar.hide_contact(desk.sugar.add_contact(last_name="Hidden"), desk.jane)
    assert desk.contacts.count(Scope("all", desk.jane)) == 3
