"""Reading and writing one contact: formats, nulls, truncation, ids, the optimistic lock, accounts."""

import pytest
import requests


def test_a_record_has_every_field_and_empty_ones_are_empty_texts(sugar, admin):
    sugar.add_account("Acme & Co", id="acme")
    sugar.add_contact(
        id="a", first_name="Ana", last_name="Ruiz", account_id="acme", assigned_user_id="jane-id"
    )
    record = admin.get("/Contacts/a")
    assert record["full_name"] == record["name"] == "Ana Ruiz"
    assert (record["title"], record["birthdate"], record["do_not_call"], record["email"]) == (
        "",
        "",
        False,
        [],
    )
    assert (record["account_id"], record["account_name"]) == ("acme", "Acme & Co")
    assert record["accounts"]["name"] == "Acme & Co"
    assert record["accounts"]["_acl"]["fields"] == []
    assert (record["assigned_user_name"], record["assigned_user_link"]["id"]) == ("Jane Doe", "jane-id")
    assert (record["deleted"], record["my_favorite"], record["_module"]) == (False, False, "Contacts")
    assert record["team_name"][0]["name"] == "Global"


def test_json_is_escaped_as_php_does(sugar, admin):
    sugar.add_contact(id="a", last_name="O'Né/\"<&>\\")
    raw = admin.send("GET", "/Contacts/a?fields=last_name")
    assert b'"last_name":"O\\u0027N\\u00e9\\/\\u0022\\u003C\\u0026\\u003E\\\\"' in raw.content
    assert raw.json()["last_name"] == "O'Né/\"<&>\\"


def test_dates_come_in_the_callers_zone(sugar, sign_in):
    sugar.add_user("kim", "x", timezone="America/New_York")
    sugar.add_contact(id="a", last_name="Ruiz", birthdate="1980-05-17")
    record = sign_in("kim", "x").get("/Contacts/a")
    assert (record["date_modified"], record["birthdate"]) == ("2026-03-01T04:00:00-05:00", "1980-05-17")


def test_create_returns_the_record_and_takes_no_offence(admin, sugar, clock):
    answer = admin.send("POST", "/Contacts", {"first_name": "Solo", "salutation": "Sir", "shoe_size": 44})
    assert answer.status_code == 200
    stored = sugar.contact(answer.json()["id"])
    assert (stored["first_name"], stored["last_name"], stored["salutation"]) == ("Solo", "", "Sir")
    assert stored["date_entered"] == stored["date_modified"] == clock.moment.isoformat()
    assert (stored["created_by"], stored["modified_user_id"]) == ("admin-id", "admin-id")
    assert "shoe_size" not in answer.json()


def test_a_chosen_id_is_kept_and_refused_the_second_time(admin, sugar):
    body = {"id": "5f0b2a1c-0000-4000-8000-000000000001", "last_name": "Ruiz"}
    assert admin.post("/Contacts", body)["id"] == body["id"]
    again = admin.send("POST", "/Contacts", body | {"last_name": "Other"})
    assert (again.status_code, again.json()["error"]) == (422, "invalid_parameter")
    assert again.json()["error_message"] == f"Record already exists: {body['id']} in module: Contacts"
    assert sugar.contact(body["id"])["last_name"] == "Ruiz"


def test_an_id_that_does_not_fit_is_refused(admin):
    assert admin.send("POST", "/Contacts", {"id": "x" * 37}).status_code == 422


def test_the_id_of_a_deleted_record_cannot_be_used(admin, sugar):
    sugar.add_contact(id="a", last_name="Ruiz")
    sugar.delete_contact("a")
    assert admin.send("POST", "/Contacts", {"id": "a"}).json()["error"] == "db_error"


def test_put_changes_only_what_is_given(admin, sugar, clock):
    sugar.add_contact(id="a", last_name="Ruiz", title="CEO", phone_work="1", birthdate="1980-05-17")
    clock.advance(10)
    answer = admin.put(
        "/Contacts/a?fields=title,phone_work",
        {
            "title": None,
            "phone_work": "",
            "birthdate": "",
            "department": " Sales ",
            "deleted": True,
            "created_by": "x",
            "date_modified": "2020-01-01T00:00:00Z",
            "full_name": "Somebody Else",
        },
    )
    assert answer == {
        "id": "a",
        "title": "CEO",
        "phone_work": "",
        "date_modified": clock.moment.isoformat(),
        "locked_fields": [],
        "_acl": {"fields": {}},
        "_module": "Contacts",
    }
    stored = sugar.contact("a")
    assert (stored["department"], stored["birthdate"], stored["last_name"]) == ("Sales", "", "Ruiz")
    assert stored["created_by"] == "1"
    assert sugar.writes == [("admin", "PUT", "a", ("birthdate", "department", "full_name", "phone_work"))]


def test_date_entered_can_be_written(admin, sugar):
    sugar.add_contact(id="a", last_name="Ruiz")
    answer = admin.put("/Contacts/a", {"date_entered": "2020-01-01T12:00:00+02:00"})
    assert answer["date_entered"] == "2020-01-01T10:00:00+00:00"


def test_a_touch_moves_the_date_only(admin, sugar, clock):
    sugar.add_contact(id="a", last_name="Ruiz")
    before = sugar.contact("a")
    clock.advance(10)
    sugar.touch_contact("a")
    changed = {name for name, value in sugar.contact("a").items() if value != before[name]}
    assert changed == {"date_modified"}


def test_every_put_moves_date_modified(admin, sugar, clock):
    sugar.add_contact(id="a", last_name="Ruiz")
    clock.advance(10)
    assert admin.put("/Contacts/a", {"last_name": "Ruiz"})["date_modified"] == clock.moment.isoformat()


def test_texts_are_trimmed_and_cut_to_their_length(admin, sugar):
    sugar.add_contact(id="a", last_name="Ruiz")
    answer = admin.put(
        "/Contacts/a",
        {
            "first_name": "  " + "x" * 120,
            "primary_address_postalcode": "9" * 30,
            "primary_address_street": "y" * 200,
            "description": " z" * 500,
        },
    )
    lengths = [
        len(answer[name]) for name in ("first_name", "primary_address_postalcode", "primary_address_street")
    ]
    assert lengths == [100, 20, 150]
    assert answer["description"] == " z" * 500


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"birthdate": "17.5.1980"}, "Did not recognize birthdate as a date/time, it looked like 17.5.1980"),
        ({"description": "é" * 40_000}, "ERR_FIELD_TOO_LARGE: description"),
        ({"id": "other"}, None),
        ({"date_entered": "lately"}, None),
        ({"accounts": "acme"}, None),
    ],
)
def test_values_that_are_refused_change_nothing(admin, sugar, body, message):
    sugar.add_contact(id="a", last_name="Ruiz")
    answer = admin.send("PUT", "/Contacts/a", {"title": "CTO", **body})
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_parameter")
    assert message in (None, answer.json()["error_message"])
    assert sugar.contact("a")["title"] == ""
    assert sugar.writes == []


def test_query_arguments_win_over_the_body(admin, sugar):
    sugar.add_contact(id="a", last_name="Ruiz")
    admin.put("/Contacts/a?title=from+query", {"title": "from body", "record": "b"})
    assert sugar.contact("a")["title"] == "from query"


def test_malformed_and_too_deep_json_is_refused(admin):
    broken = admin.send(
        "POST", "/Contacts", data=b'{"last_name":', headers={"Content-Type": "application/json"}
    )
    deep = admin.send("POST", "/Contacts", data=b'{"a":' * 33 + b"1" + b"}" * 33)
    assert (broken.status_code, deep.status_code) == (422, 422)
    assert broken.json()["error"] == "invalid_parameter"


def test_the_account_is_linked_by_id_only(admin, sugar):
    sugar.add_account("Acme", id="acme")
    sugar.add_contact(id="a", last_name="Ruiz")
    assert admin.put("/Contacts/a", {"account_name": "Acme"})["account_id"] == ""
    assert admin.put("/Contacts/a", {"account_id": "acme"})["account_name"] == "Acme"
    assert admin.put("/Contacts/a", {"account_id": "nowhere"})["account_id"] == "acme"
    sugar.rename_account("acme", "Acme Ltd")
    assert admin.get("/Contacts/a")["account_name"] == "Acme Ltd"
    assert admin.put("/Contacts/a", {"account_id": ""})["account_name"] == ""
    assert admin.put("/Contacts/a", {"accounts": {"add": ["acme"]}})["account_id"] == "acme"
    sugar.delete_account("acme")
    gone = admin.get("/Contacts/a")
    assert (gone["account_id"], gone["account_name"]) == ("acme", "")
    assert admin.put("/Contacts/a", {"accounts": {"delete": ["acme"]}})["account_id"] == ""


def test_the_outlook_flag_belongs_to_the_caller(admin, jane, sugar):
    sugar.add_contact(id="a", last_name="Ruiz")
    assert jane.put("/Contacts/a", {"sync_contact": True})["sync_contact"] is True
    assert admin.get("/Contacts/a")["sync_contact"] is False
    assert sugar.contact("a")["sync_contact_users"] == ["jane-id"]
    created = jane.post("/Contacts", {"last_name": "Ng", "sync_contact": "1"})
    assert created["sync_contact"] is True
    assert jane.put("/Contacts/a", {"my_favorite": True})["my_favorite"] is True
    assert admin.get("/Contacts/a")["my_favorite"] is False
    assert jane.put("/Contacts/a", {"sync_contact": 0})["sync_contact"] is False


def test_flags_set_by_people_do_not_move_date_modified(jane, sugar, clock):
    sugar.add_contact(id="a", last_name="Ruiz")
    before = jane.get("/Contacts/a")["date_modified"]
    clock.advance(5)
    sugar.set_flag("jane-id", "a", True)
    record = jane.get("/Contacts/a")
    assert (record["sync_contact"], record["date_modified"]) == (True, before)


def test_a_stale_timestamp_is_a_conflict_that_shows_the_record(admin, sugar, clock):
    sugar.add_contact(id="a", last_name="Ruiz")
    seen = admin.get("/Contacts/a")["date_modified"]
    clock.advance(1)
    sugar.edit_contact("a", last_name="Ruiz-Gil")
    answer = admin.send("PUT", "/Contacts/a", {"title": "x"}, headers={"X-TIMESTAMP": seen})
    assert (answer.status_code, answer.json()["error"]) == (409, "edit_conflict")
    assert answer.json()["record"]["last_name"] == "Ruiz-Gil"
    current = answer.json()["record"]["date_modified"]
    assert sugar.contact("a")["title"] == ""
    assert (
        admin.send("PUT", "/Contacts/a", {"title": "x"}, headers={"X-Timestamp": current}).status_code == 200
    )


def test_timestamps_are_equal_across_zones_and_within_a_second(admin, sugar, clock):
    sugar.add_contact(id="a", last_name="Ruiz")
    clock.advance(0.4)
    sugar.edit_contact("a", title="unseen edit")
    header = {"X-TIMESTAMP": "2026-03-01T10:00:00+01:00"}
    assert admin.send("PUT", "/Contacts/a", {"title": "x"}, headers=header).status_code == 200
    bad = admin.send("PUT", "/Contacts/a", {"title": "x"}, headers={"X-TIMESTAMP": "yesterday"})
    assert (bad.status_code, bad.json()["error_message"]) == (422, "Bad timestamp yesterday")


def test_an_etag_answers_304(admin, sugar):
    sugar.add_contact(id="a", last_name="Ruiz")
    first = admin.send("GET", "/Contacts/a")
    assert first.headers["Cache-Control"] == "max-age=0, private"
    same = admin.send("GET", "/Contacts/a", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    sugar.edit_contact("a", title="CEO")
    assert (
        admin.send("GET", "/Contacts/a", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
    )


@pytest.mark.parametrize(
    ("method", "path", "label"),
    [
        ("GET", "/Contacts/none", "not_found"),
        ("PUT", "/Contacts/none", "not_found"),
        ("DELETE", "/Contacts/none", "not_found"),
        ("GET", "/Nothings/x", "not_found"),
        ("PATCH", "/Contacts/x", "no_method"),
        ("GET", "/no/such/route/at/all", "no_method"),
    ],
)
def test_what_is_not_there(admin, method, path, label):
    answer = admin.send(method, path, {})
    assert (answer.status_code, answer.json()["error"]) == (404, label)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/rest/v10/ping", "/crm/rest/v11_4/ping/", "/rest/v11_5//ping", "/rest/v11_26/ping"]
)
def test_versions_prefixes_and_extra_slashes(admin, path):
    assert admin.get(f"http://sugar.test{path}") == "pong"


def test_a_version_may_come_in_the_accept_header(admin):
    accept = {"Accept": "application/vnd.sugarcrm.core+json; version=11.4"}
    assert admin.get("http://sugar.test/rest/ping", headers=accept) == "pong"
    assert admin.send("GET", "http://sugar.test/rest/ping").status_code == 404
    assert admin.send("GET", "http://sugar.test/ping").json()["error"] == "no_method"


@pytest.mark.parametrize("version", ["v9", "v11_99", "v12"])
def test_versions_out_of_range(admin, sugar, version):
    answer = admin.send("GET", f"http://sugar.test/rest/{version}/ping")
    assert (answer.status_code, answer.json()["error"]) == (301, "incorrect_version")
    sugar.any_version = True
    assert admin.send("GET", f"http://sugar.test/rest/{version}/ping").status_code == 200


def test_favourites_audit_and_erased_fields(admin, sugar):
    sugar.add_contact(id="a", last_name="Ruiz", title="CEO")
    assert admin.put("/Contacts/a/favorite")["my_favorite"] is True
    assert admin.put("/Contacts/a/unfavorite")["my_favorite"] is False
    admin.put("/Contacts/a", {"title": "CTO"})
    entry = admin.get("/Contacts/a/audit")["records"][0]
    assert (entry["field_name"], entry["before"], entry["after"]) == ("title", "CEO", "CTO")
    sugar.erase_fields("a", "title")
    assert admin.list(erased_fields=True)["records"][0]["_erased_fields"] == ["title"]
    assert admin.get("/Contacts/a?erased_fields=true")["_erased_fields"] == ["title"]
    assert "_erased_fields" not in admin.get("/Contacts/a")


def test_tags_are_replaced_as_a_list(admin, sugar):
    sugar.add_contact(id="a", last_name="Ruiz")
    admin.put("/Contacts/a", {"tag": [{"name": "VIP"}]})
    assert admin.put("/Contacts/a", {"tag": [{"name": "Old"}]})["tag"][0]["tags__name_lower"] == "old"


def test_duplicate_check_looks_at_names_and_account_only(admin, sugar):
    sugar.add_contact(id="a", first_name="Ana", last_name="Ruiz", email="ana@ex.org")
    sugar.add_contact(id="b", first_name="Bea", last_name="Ruiz")
    found = admin.post(
        "/Contacts/duplicateCheck", {"first_name": "An", "last_name": "Ru", "email1": "x@y.org"}
    )
    assert [record["id"] for record in found["records"]] == ["a"]
    assert found["records"][0]["duplicate_check_rank"] == 1
    assert admin.post("/Contacts/duplicateCheck", {"email1": "ana@ex.org"})["records"] == []


def test_a_write_that_hides_the_record_from_its_writer_still_happens(sugar, sign_in):
    sugar.add_user("kim", "x", id="kim-id", own_only=True)
    sugar.add_contact(id="a", last_name="Ruiz", assigned_user_id="kim-id")
    answer = sign_in("kim", "x").send("PUT", "/Contacts/a", {"assigned_user_id": "jane-id"})
    assert answer.status_code == 200
    assert answer.json().keys() == {"id", "date_modified", "_acl"}
    assert sugar.contact("a")["assigned_user_id"] == "jane-id"


def test_people_cannot_use_fields_that_do_not_exist(sugar):
    with pytest.raises(ValueError, match="shoe_size"):
        sugar.add_contact(last_name="Ruiz", shoe_size=44)
    sugar.add_contact(id="a", last_name="Ruiz")
    for add in (lambda: sugar.add_contact(id="a"), lambda: sugar.load([{"id": "a"}])):
        with pytest.raises(ValueError, match="already"):
            add()
    with pytest.raises(ValueError, match="no contact"):
        sugar.edit_contact("nobody", title="x")


def test_a_lost_connection_reaches_the_caller_as_one(admin, sugar):
    sugar.faults.add("drop_before", path="/ping")
    with pytest.raises(requests.ConnectionError):
        admin.get("/ping")
    assert admin.get("/ping") == "pong"
