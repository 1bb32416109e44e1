"""POST /bulk: items in order, each with its own answer; what may go wrong around and between them."""

import json

import pytest
import requests


@pytest.fixture
def pair(sugar):
    sugar.add_contact(id="a", last_name="Ruiz")
    sugar.add_contact(id="b", last_name="Ng")
    return sugar


def test_every_item_has_its_own_answer(pair, admin):
    created, conflict, missing, counted = admin.bulk(
        ("POST", "/Contacts", {"id": "n", "last_name": "New"}),
        ("PUT", "/Contacts/a", {"title": "CTO"}, {"X-Timestamp": "2020-01-01T00:00:00+00:00"}),
        ("GET", "/Contacts/none?fields=id"),
        ("GET", "/Contacts/count"),
    )
    assert created["contents"]["id"] == "n"
    assert (created["headers"], created["status"], created["status_text"]) == ([], 200, "OK")
    assert (conflict["status"], conflict["status_text"]) == (409, "Conflict")
    assert conflict["contents"]["record"]["id"] == "a"
    assert missing["headers"] == {"Content-Type": "application/json", "Cache-Control": "no-store"}
    assert (missing["status"], missing["contents"]["error"]) == (404, "not_found")
    assert counted["contents"] == {"record_count": 3}
    assert pair.calls[-1] == ("POST", "/bulk")
    assert pair.item_calls[0] == ("POST", "/Contacts")


def test_data_may_be_text_or_object_and_urls_need_no_leading_slash(pair, admin):
    answers = admin.post(
        "/bulk",
        {
            "requests": [
                {"url": "/v10/Contacts/a", "method": "put", "data": json.dumps({"title": "text"})},
                {"url": "v10/Contacts/b", "method": "PUT", "data": {"title": "object"}},
                {"url": "v10/Contacts/b?fields=title"},
            ]
        },
    )
    assert [answer["contents"]["title"] for answer in answers] == ["text", "object", "object"]


def test_keyed_requests_give_keyed_answers(pair, admin):
    items = {"x": {"url": "/v10/ping"}, "y": {"url": "/v10/me"}}
    answers = admin.post("/bulk", {"requests": items})
    assert answers["x"]["contents"] == "pong"
    assert answers["y"]["contents"]["current_user"]["user_name"] == "admin"


@pytest.mark.parametrize(
    ("body", "label"),
    [
        ({}, "missing_parameter"),
        ({"requests": []}, "missing_parameter"),
        (
            {"requests": [{"url": "/v10/Contacts/a", "method": "DELETE"}, {"method": "GET"}]},
            "invalid_parameter",
        ),
    ],
)
def test_a_malformed_bulk_runs_nothing(pair, admin, body, label):
    answer = admin.send("POST", "/bulk", body)
    assert (answer.status_code, answer.json()["error"]) == (422, label)
    assert pair.contact("a") is not None


def test_a_bulk_needs_a_token_once_and_items_cannot_bring_their_own(pair, admin, stranger):
    assert stranger.send("POST", "/bulk", {"requests": [{"url": "/v10/ping"}]}).status_code == 401
    answer = admin.bulk(("GET", "/me", None, {"OAuth-Token": "junk"}))[0]
    assert answer["contents"]["current_user"]["user_name"] == "admin"


def test_items_that_cannot_be_read_or_routed_fail_alone(pair, admin):
    answers = admin.post(
        "/bulk",
        {
            "requests": [
                {"url": "/v10/Contacts", "method": "POST", "data": "{broken"},
                {"url": "/Contacts"},
                {"url": "/v10/bulk", "method": "POST", "data": '{"requests":[{"url":"/v10/ping"}]}'},
                {"url": "/v10/ping"},
            ]
        },
    )
    assert [answer["status"] for answer in answers] == [422, 404, 404, 200]


def test_items_run_in_order_and_nothing_is_rolled_back(pair, admin):
    pair.faults.add("500 db_error", path="/Contacts/b")
    statuses = [
        answer["status"]
        for answer in admin.bulk(
            ("PUT", "/Contacts/a", {"title": "1"}),
            ("PUT", "/Contacts/b", {"title": "2"}),
            ("PUT", "/Contacts/a", {"title": "3"}),
        )
    ]
    assert statuses == [200, 500, 200]
    assert (pair.contact("a")["title"], pair.contact("b")["title"]) == ("3", "")


@pytest.mark.parametrize(("kind", "done"), [("drop_before", ["1", ""]), ("drop_after", ["1", "2"])])
def test_a_connection_lost_within_a_bulk_leaves_the_earlier_items_done(pair, admin, kind, done):
    pair.faults.add(kind, path="/Contacts/b", method="PUT")
    items = [("PUT", f"/Contacts/{i}", {"title": t}) for i, t in (("a", "1"), ("b", "2"), ("a", "3"))]
    with pytest.raises(requests.ConnectionError):
        admin.bulk(*items)
    assert [pair.contact("a")["title"], pair.contact("b")["title"]] == done


def test_the_world_can_change_between_items(pair, admin):
    def edit(method, path):
        if path == "/Contacts/b":
            pair.before_item = None
            pair.edit_contact("b", title="theirs")

    pair.before_item = edit
    answers = admin.bulk(("GET", "/Contacts/a"), ("GET", "/Contacts/b"))
    assert answers[1]["contents"]["title"] == "theirs"


def test_a_caller_who_hangs_up_does_not_stop_the_bulk(pair, admin, clock):
    pair.item_latency = 10
    body = {"requests": [{"url": f"/v10/Contacts/{i}", "method": "PUT", "data": {"title": i}} for i in "ab"]}
    with pytest.raises(requests.Timeout):
        admin.send("POST", "/bulk", body, timeout=15)
    assert [pair.contact(i)["title"] for i in "ab"] == ["a", "b"]
    assert sum(clock.slept) == 15


def test_what_was_abandoned_can_be_held_back(pair, admin):
    pair.item_latency, pair.hold_abandoned = 10, True
    body = {"requests": [{"url": f"/v10/Contacts/{i}", "method": "PUT", "data": {"title": i}} for i in "ab"]}
    with pytest.raises(requests.Timeout):
        admin.send("POST", "/bulk", body, timeout=15)
    assert [pair.contact(i)["title"] for i in "ab"] == ["a", ""]
    assert pair.finish_abandoned() == 1
    assert pair.contact("b")["title"] == "b"
    assert pair.finish_abandoned() == 0


def test_the_path_of_an_item_is_taken_as_it_stands(admin, sugar):
    sugar.add_contact(id="a b", last_name="Ruiz")
    sugar.add_contact(id="100%25", last_name="Percent")
    items = [
        {"url": f"/v11_12/Contacts/{written}?fields=id"} for written in ("a b", "a%20b", "100%25", "100%2525")
    ]
    answers = admin.post("/bulk", {"requests": items})
    assert [answer["status"] for answer in answers] == [200, 404, 200, 404]
    assert admin.get("/Contacts/a%20b")["last_name"] == "Ruiz"


@pytest.mark.parametrize(("kind", "status"), [("500", 500), ("403", 403), ("404", 404)])
def test_a_write_can_take_effect_and_be_refused(pair, admin, sugar, kind, status):
    sugar.faults.add(f"{kind} afterwards", "^/Contacts$", "POST")
    items = [{"url": "/v11_12/Contacts", "method": "POST", "data": {"id": "new", "last_name": "Ng"}}]
    assert [answer["status"] for answer in admin.post("/bulk", {"requests": items})] == [status]
    assert sugar.contact("new")["last_name"] == "Ng"


def test_a_workflow_may_take_a_record_out_of_its_writers_sight(sugar, sign_in):
    sugar.add_user("kim", "x", id="kim-id")
    sugar.on_saved = lambda saved: sugar.hide_contact(saved, "kim-id")
    answer = sign_in("kim", "x").send("POST", "/Contacts", {"id": "new", "last_name": "Ng"})
    assert (answer.status_code, answer.json()["error"]) == (403, "not_authorized")
    assert sugar.contact("new")["last_name"] == "Ng"
