"""Faults on demand: refusals, proxies' HTML, slow answers, lost connections, latency."""

import pytest
import requests


@pytest.fixture
def one(sugar):
    sugar.add_contact(id="a", last_name="Ruiz")
    return sugar


@pytest.mark.parametrize(
    ("kind", "status", "label"),
    [
        ("500 db_error", 500, "db_error"),
        ("503 maintenance", 503, "maintenance"),
        ("401", 401, "invalid_grant"),
    ],
)
def test_refusals_have_no_effect_and_pass(one, admin, kind, status, label):
    one.faults.add(kind, path="/Contacts/a", method="PUT", times=2)
    for _ in range(2):
        answer = admin.send("PUT", "/Contacts/a", {"title": "x"})
        assert (answer.status_code, answer.json()["error"]) == (status, label)
    assert one.contact("a")["title"] == ""
    assert admin.send("PUT", "/Contacts/a", {"title": "x"}).status_code == 200


@pytest.mark.parametrize(("kind", "status"), [("502 html", 502), ("429", 429)])
def test_a_proxy_answers_in_html(one, admin, kind, status):
    one.faults.add(kind, path="/ping", retry_after=7)
    answer = admin.send("GET", "/ping")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html")
    assert answer.headers["Retry-After"] == "7"
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_a_response_lost_after_the_effect(one, admin):
    one.faults.add("drop_after", method="POST", path="^/Contacts$")
    with pytest.raises(requests.ConnectionError):
        admin.post("/Contacts", {"id": "n", "last_name": "New"})
    assert one.contact("n")["last_name"] == "New"
    assert one.faults.struck == [("drop_after", "POST", "/Contacts")]


def test_a_slow_answer_times_out_for_an_impatient_caller_only(one, admin, clock):
    one.faults.add("slow", path="/Contacts/a", seconds=30, times=None)
    with pytest.raises(requests.Timeout):
        admin.send("PUT", "/Contacts/a", {"title": "x"}, timeout=(3, 20))
    assert one.contact("a")["title"] == "x"
    assert admin.send("GET", "/Contacts/a", timeout=60).status_code == 200
    assert admin.send("GET", "/Contacts/a").status_code == 200
    assert clock.slept == [20, 30, 30]


def test_faults_can_wait_for_their_turn_and_be_cleared(one, admin):
    one.faults.add("500 db_error", path="/ping", skip=1)
    assert [admin.send("GET", "/ping").status_code for _ in range(3)] == [200, 500, 200]
    one.faults.add("500 db_error", times=None)
    assert admin.send("GET", "/ping").status_code == 500
    one.faults.clear()
    assert admin.send("GET", "/ping").status_code == 200
    with pytest.raises(ValueError, match="unknown fault"):
        one.faults.add("earthquake")


def test_latency_passes_on_every_call(one, admin, clock):
    one.latency, one.item_latency = 2.0, 0.5
    admin.get("/ping")
    admin.bulk(("GET", "/ping"), ("GET", "/ping"))
    assert clock.slept == [2.0, 0.5, 0.5, 2.0]


def test_calls_are_counted_with_token_calls(sugar, sign_in):
    caller = sign_in()
    caller.bulk(("GET", "/Contacts/x?fields=id"))
    caller.get("/Contacts/count?fields=id")
    assert sugar.calls == [("POST", "/oauth2/token"), ("POST", "/bulk"), ("GET", "/Contacts/count")]
    assert sugar.item_calls == [("GET", "/Contacts/x")]
    sugar.forget_calls()
    assert (sugar.calls, sugar.item_calls, sugar.writes) == ([], [], [])
