"""Lists: order, pages, caps, projection, stubs, counts, and feeds that lag."""

from datetime import timedelta

import pytest


@pytest.fixture
def seven(sugar):
    """Contacts p0..p6; p0 is the oldest, p3 and p4 share a second."""
    for number in range(7):
        if number != 4:
            sugar.advance(1)
        sugar.add_contact(id=f"p{number}", last_name=f"Name {9 - number}", email=f"p{number}@ex.org")
    return sugar


def test_default_order_is_newest_first_with_ids_as_tie_break(seven, admin):
    records = admin.list()["records"]
    assert [record["id"] for record in records] == ["p6", "p5", "p4", "p3", "p2", "p1", "p0"]


@pytest.mark.parametrize(
    ("order", "first", "last"),
    [
        ("date_modified:asc", "p0", "p6"),
        ("date_modified:ASC,id:asc", "p0", "p6"),
        ("date_modified:desc,id:asc", "p6", "p0"),
        ("last_name", "p6", "p0"),
        ("last_name:desc", "p0", "p6"),
        ("assigned_user_name,last_name:desc", "p0", "p6"),
        ("full_name:desc", "p0", "p6"),
    ],
)
def test_order_by(seven, admin, order, first, last):
    records = admin.list(order_by=order)["records"]
    assert (records[0]["id"], records[-1]["id"]) == (first, last)


def test_ties_follow_the_direction_of_the_last_column(seven, admin):
    def tied(order):
        return [
            record["id"] for record in admin.list(order_by=order)["records"] if record["id"] in ("p3", "p4")
        ]

    assert tied("date_modified:asc") == ["p3", "p4"]
    assert tied("date_modified:desc") == ["p4", "p3"]
    assert tied("date_modified:desc,id:asc") == ["p3", "p4"]


def test_an_unknown_order_field_is_refused(admin):
    answer = admin.send("POST", "/Contacts/filter", {"order_by": "shoe_size:asc"})
    assert answer.status_code == 422
    assert answer.json()["error_message"] == "Non existing field: shoe_size in module: Contacts"


def test_next_offset_is_minus_one_exactly_when_nothing_follows(seven, admin):
    offsets = [admin.list(max_num=3, offset=offset)["next_offset"] for offset in (0, 3, 6, 4, 99)]
    assert offsets == [3, 6, -1, -1, -1]
    assert admin.list(max_num=7)["next_offset"] == -1
    assert admin.list(offset="end") == {"next_offset": -1, "records": []}


def test_page_sizes(seven, admin):
    seven.load({"last_name": "More"} for _ in range(20))
    assert len(admin.list()["records"]) == 20
    assert len(admin.list(max_num=0)["records"]) == 20
    assert len(admin.list(max_num=-1)["records"]) == 27
    assert admin.send("POST", "/Contacts/filter", {"max_num": "many"}).status_code == 422


def test_a_configured_maximum_replaces_sizes_without_a_word(seven, admin):
    seven.max_list_limit = 4
    for size in (-1, 0, 5, 500):
        page = admin.list(max_num=size)
        assert (len(page["records"]), page["next_offset"]) == (4, 4)
    assert len(admin.list(max_num=2)["records"]) == 2


def test_fields_are_projected_and_some_always_come(seven, admin):
    always = {"id", "date_modified", "locked_fields", "_acl", "_module"}
    for fields in ("last_name,email,shoe_size", ["last_name", {"name": "email"}]):
        record = admin.list(fields=fields)["records"][0]
        assert record.keys() == always | {"last_name", "email"}
    assert record["_acl"] == {"fields": {}}
    assert len(admin.list()["records"][0]) > 60
    assert "assigned_user_name" in admin.list(view="list", fields="birthdate")["records"][0]
    assert admin.list(fields="id")["records"][0].keys() == always


def test_counts(seven, admin):
    wanted = "filter[0][last_name][$in][0]=Name 9&filter[0][last_name][$in][1]=Name 8"
    assert admin.get(f"/Contacts/count?fields=id&{wanted}") == {"record_count": 2}
    assert admin.get("/Contacts/filter/count") == {"record_count": 7}
    assert admin.post("/Contacts/filter/count", {"filter": [{"id": "p1"}]}) == {"record_count": 1}


def test_full_text_search_does_not_mix_with_filters(seven, admin):
    assert [record["id"] for record in admin.get("/Contacts?q=p3@")["records"]] == ["p3"]
    assert admin.send("POST", "/Contacts/filter", {"q": "x", "deleted": True}).status_code == 422


def test_hidden_records_are_absent_for_that_user_only(seven, admin, jane):
    seven.hide_contact("p2", "jane-id")
    assert "p2" not in jane.ids()
    assert "p2" in admin.ids()
    assert jane.send("GET", "/Contacts/p2").status_code == 404
    seven.show_contact("p2", "jane-id")
    assert "p2" in jane.ids()


def test_refused_records_come_as_stubs(seven, jane):
    seven.refuse_contact("p2", "jane-id")
    record = jane.list({"id": "p2"})["records"][0]
    assert record == {"id": "p2", "date_modified": "2026-03-01T09:00:03+00:00", "_module": "Contacts"}
    assert jane.send("GET", "/Contacts/p2").status_code == 403
    assert jane.send("PUT", "/Contacts/p2", {"title": "x"}).status_code == 403


def test_a_lagging_list_shows_the_past_while_a_read_shows_the_present(seven, admin, clock):
    clock.advance(100)
    seven.feed_lag = 20
    before = admin.get("/Contacts/p0")["date_modified"]
    admin.put("/Contacts/p0", {"title": "new"})
    admin.delete("/Contacts/p1")
    created = admin.post("/Contacts", {"last_name": "Fresh"})["id"]
    assert admin.get("/Contacts/p0")["title"] == "new"
    listed = {record["id"]: record for record in admin.list(fields="title,date_modified")["records"]}
    assert (listed["p0"]["title"], listed["p0"]["date_modified"]) == ("", before)
    assert "p1" in listed
    assert created not in listed
    assert admin.ids({"date_modified": {"$gt": before}, "id": "p0"}) == []
    clock.advance(20)
    assert created in admin.ids()
    assert admin.ids({"title": "new"}) == ["p0"]
    assert "p1" not in admin.ids()


def test_a_slow_transaction_shows_up_later_with_its_old_date(seven, admin, clock):
    seven.edit_contact("p0", title="imported", commit_delay=300)
    late = seven.add_contact(last_name="Late", commit_delay=300)
    stamp = seven.clock.now()
    clock.advance(200)
    assert admin.get("/Contacts/p0")["title"] == ""
    assert admin.send("GET", f"/Contacts/{late}").status_code == 404
    assert admin.ids({"date_modified": {"$gt": (stamp - timedelta(seconds=1)).isoformat()}, "id": late}) == []
    clock.advance(100)
    record = admin.list({"id": "p0"}, fields="title")["records"][0]
    assert (record["title"], record["date_modified"]) == ("imported", stamp.isoformat())
    assert late in admin.ids()


def test_a_later_write_does_not_overtake_an_uncommitted_one(seven, admin):
    seven.edit_contact("p0", title="imported", commit_delay=300)
    seven.edit_contact("p0", department="Sales")
    assert admin.get("/Contacts/p0?fields=title,department")["title"] == "imported"


def test_an_edit_can_be_dated(seven, admin):
    seven.edit_contact("p0", _at=seven.clock.now() - timedelta(minutes=5), title="x")
    assert admin.get("/Contacts/p0")["date_modified"] == "2026-03-01T08:55:06+00:00"
