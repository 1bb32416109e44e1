"""What a program orders: a preview and its application, an undo, a count, a clean-up, the end of the connection."""

from __future__ import annotations

from typing import Any

import pytest
from tests.web.browser import Browser, Place
from tests.web.planned import create, merge, planned
from tests.world import Person

from contact_sync.contacts.mapping import State
from contact_sync.store import mappings

ORDERS = [
    ("/api/preview", None),
    ("/api/preview/p-1/apply", {}),
    ("/api/history/h1/undo", None),
    ("/api/scope/clean", {"count": 0}),
    ("/api/inventory", None),
]


def contact(place: Place, key: str = "s1", **fields: Any) -> None:
    known = {"first_name": "Ana", "last_name": "Nowak", "assigned_user_id": "user-ada"} | fields
    place.world.add_sugar(id=key, **known)


def in_google(place: Place, browser: Browser) -> int:
    return len(place.world.google_contacts(Person(browser.sub, "user-ada")))


def worked(place: Place) -> None:
    """Have the worker go on until nothing is left to do."""
    while place.world.tasks:
        place.work()


def test_a_preview_is_ordered_read_and_applied_but_for_what_is_left_out(place: Place, ada: Browser) -> None:
    contact(place, "s1", email="ana@x.test")
    contact(place, "s2", first_name="Bo", email="bo@x.test")
    answer = ada.post("/api/preview")
    assert answer.status_code == 202
    address = f"/api/preview/{answer.get_json()['preview']}"
    assert ada.json(address)["state"] == "planning"
    assert place.urgent == [True]
    worked(place)
    preview = ada.json(address)
    assert (preview["state"], preview["counts"], preview["total"]) == ("ready", {"google_created": 2}, 2)
    assert [item["id"] for item in preview["items"]] == ["s1", "s2"]
    assert preview["items"][0]["after"]["google"]["emails"] == ["ana@x.test"]
    assert ada.json(f"{address}/actions/s2")["name"] == "Bo Nowak"
    assert in_google(place, ada) == 0
    applied = ada.post(f"{address}/apply", {"except": ["s2"]})
    assert applied.status_code == 202
    assert ada.post(f"{address}/apply", {"except": ["s2"]}).get_json() == applied.get_json()
    assert ada.post(f"{address}/apply", {}).status_code == 409
    worked(place)
    assert in_google(place, ada) == 1
    assert ada.json(address)["applied"]["run"] == applied.get_json()["run"]


def test_the_actions_of_one_kind_are_asked_for_by_themselves(place: Place, ada: Browser) -> None:
    planned(place, ada, create("s1", "Ana"), merge("s2", "Bo"), create("s3", "Cy"))
    assert [item["id"] for item in ada.json("/api/preview/p-1?kind=google_created")["items"]] == ["s1", "s3"]
    assert [item["id"] for item in ada.json("/api/preview/p-1?kind=sugar_updated")["items"]] == ["s2"]
    assert ada.json("/api/preview/p-1?kind=nothing")["items"] == []


def test_a_long_preview_comes_in_pages(place: Place, ada: Browser) -> None:
    planned(place, ada, *(create(f"s{number:03}", "Ana") for number in range(60)))
    first = ada.json("/api/preview/p-1")
    second = ada.json(f"/api/preview/p-1?cursor={first['next']}")
    assert [len(first["items"]), len(second["items"]), second["next"]] == [50, 10, None]


def test_a_private_value_that_the_company_would_see_is_marked(place: Place, ada: Browser) -> None:
    planned(place, ada, merge("s2", "Bo"))
    (change,) = ada.json("/api/preview/p-1/actions/s2")["changes"]
    assert change == {
        "side": "sugar",
        "field": "birthday",
        "before": "",
        "after": "1980-02-03",
        "exposed": True,
    }


def test_a_preview_is_kept_for_an_hour(place: Place, ada: Browser) -> None:
    planned(place, ada, create("s1", "Ana"))
    place.world.clock.advance(hours=1)
    for path in ("/api/preview/p-1", "/api/preview/p-1/actions/s1"):
        assert ada.get(path).status_code == 404
    assert ada.post("/api/preview/p-1/apply", {}).status_code == 404


def test_an_undo_is_a_preview(place: Place, ada: Browser) -> None:
    contact(place)
    ada.post("/api/sync")
    worked(place)
    (entry,) = ada.json("/api/history")["items"]
    assert ada.json(f"/api/history/{entry['id']}") == entry
    answer = ada.post(f"/api/history/{entry['id']}/undo")
    assert answer.status_code == 202
    worked(place)
    preview = ada.json(f"/api/preview/{answer.get_json()['preview']}")
    assert (preview["state"], preview["undo"]) == ("ready", entry["id"])
    assert (preview["counts"], preview["sides"]) == ({"google_deleted": 1}, "written")
    both = ada.post(f"/api/history/{entry['id']}/undo", {"sides": "both"}).get_json()["preview"]
    worked(place)
    preview = ada.json(f"/api/preview/{both}")
    assert (preview["sides"], preview["items"][0]["after"]) == ("both", {})
    assert preview["counts"] == {"google_deleted": 1, "sugar_deleted": 1}
    assert ada.post(f"/api/history/{entry['id']}/undo", {"sides": "neither"}).status_code == 400
    assert ada.post("/api/history/none/undo").status_code == 404


def test_an_inventory_counts_and_changes_nothing(place: Place, ada: Browser) -> None:
    contact(place)
    person = Person(ada.sub, "user-ada")
    for name in ("Bo", "Cy"):
        place.world.add_google(name, person=person)
    never = ada.json("/api/inventory")
    assert (never["counted_at"], never["google_contacts"], never["unlinked_in_google"]) == (None, None, None)
    run = ada.post("/api/inventory").get_json()["run"]
    assert ada.json("/api/inventory")["running"] == run
    worked(place)
    counted = ada.json("/api/inventory")
    assert counted["counted_at"] is not None
    assert (counted["google_contacts"], counted["unlinked_in_google"]) == (2, 2)
    assert (counted["labelled"], counted["running"]) == (None, None)
    assert in_google(place, ada) == 2 and len(place.world.sugar_contacts()) == 1


def test_with_a_label_google_is_asked_how_many_contacts_carry_it(place: Place, ada: Browser) -> None:
    label = ada.post("/api/labels", {"name": "Work"}).get_json()["id"]
    settings = ada.json("/api/settings")
    assert ada.send("PUT", "/api/settings", settings | {"google_label": label}).status_code == 200
    assert ada.json("/api/inventory")["labelled"] == 0
    place.world.google.faults.add("503", "/v1/contactGroups", times=9)
    assert ada.json("/api/inventory")["labelled"] is None


def test_contacts_that_left_the_scope_are_deleted_in_google_once_their_number_is_confirmed(
    place: Place, ada: Browser
) -> None:
    contact(place)
    ada.post("/api/sync")
    worked(place)
    place.engine.db.commit([mappings.patch(ada.sub, "s1", state=State.OUT_OF_SCOPE)])
    assert ada.json("/api/scope") == {"out_of_scope": 1, "in_google": 1}
    assert ada.post("/api/scope/clean", {"count": 2}).status_code == 409
    answer = ada.post("/api/scope/clean", {"count": 1})
    assert answer.status_code == 202
    assert ada.json(f"/api/runs/{answer.get_json()['run']}")["trigger"] == "clean"


def test_ending_the_connection_deletes_what_was_confirmed_and_forgets_the_grant(
    place: Place, ada: Browser
) -> None:
    contact(place)
    ada.post("/api/sync")
    worked(place)
    assert ada.json("/api/connection")["counts"]["created_in_google"] == 1
    assert ada.send("DELETE", "/api/connection", {"delete": "created", "count": 2}).status_code == 409
    answer = ada.send("DELETE", "/api/connection", {"delete": "created", "count": 1})
    assert answer.status_code == 202
    worked(place)
    assert ada.json(f"/api/runs/{answer.get_json()['run']}")["phase"] == "done"
    assert ada.json("/api/connection")["state"] == "disconnected"
    assert in_google(place, ada) == 0


def test_why_tells_of_a_contact_and_says_what_it_means_that_none_is_known(place: Place, ada: Browser) -> None:
    contact(place, email="ana@x.test")
    ada.post("/api/sync")
    worked(place)
    answer = ada.json("/api/why?q=ANA%2Bnews@x.test")
    (found,) = answer["items"]
    assert (found["sugar_id"], found["state"], answer["message"]) == ("s1", "linked", None)
    assert found["sentences"] and found["last"][0]["action"] == "create"
    nothing = ada.json("/api/why?q=nobody@x.test")
    assert nothing["items"] == [] and nothing["message"]
    assert ada.get("/api/why?q=+").status_code == 400


@pytest.mark.parametrize(("path", "body"), ORDERS)
def test_nothing_is_ordered_without_a_connection(place: Place, ada: Browser, path: str, body: Any) -> None:
    place.change(ada.sub, connection="reconnect", connection_message="Connect again.")
    answer = ada.post(path, body)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "reconnect")
    assert place.payloads() == []


def test_a_whole_number_may_be_written_with_a_point_and_other_values_may_not(ada: Browser) -> None:
    assert ada.post("/api/scope/clean", {"count": 5.0}).status_code == 409
    for count in (5.5, "5", True, -1, None):
        assert ada.post("/api/scope/clean", {"count": count}).status_code == 400


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"count": NaN}', b'{"count": "\\ud800"}', b"[" * 50_000, b"\xff"]
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/api/scope/clean"), ("PUT", "/api/settings")])
def test_a_body_that_is_no_json_is_refused(ada: Browser, method: str, path: str, body: bytes) -> None:
    answer = ada.client.open(
        path, method=method, base_url="https://sync.corp.test", data=body, headers={"X-CSRF-Token": ada.csrf}
    )
    assert (answer.status_code, set(answer.get_json()["error"])) == (400, {"code", "message"})


@pytest.mark.parametrize(
    ("path", "key", "trigger"),
    [
        ("/api/sync", "run", "manual"),
        ("/api/preview", "preview", "preview"),
        ("/api/inventory", "run", "inventory"),
    ],
)
def test_an_order_given_again_joins_the_one_that_waits_for_its_turn(
    place: Place, ada: Browser, path: str, key: str, trigger: str
) -> None:
    first = ada.post(path).get_json()[key]
    assert [ada.post(path).get_json()[key] for _ in range(5)] == [first] * 5
    assert [payload["trigger"] for payload in place.payloads()] == [trigger]
    place.work()
    assert ada.post(path).get_json()[key] != first


def test_an_order_whose_task_was_lost_gets_another_when_it_is_given_again(place: Place, ada: Browser) -> None:
    run = ada.post("/api/sync").get_json()["run"]
    place.world.tasks.clear()
    place.world.clock.advance(minutes=3)
    assert [ada.post("/api/sync").get_json()["run"] for _ in range(3)] == [run] * 3
    assert [payload["run"] for payload in place.payloads()] == [run]
    worked(place)
    assert ada.json(f"/api/runs/{run}")["phase"] == "done"


def test_an_order_that_waits_for_an_hour_is_given_up(place: Place, ada: Browser) -> None:
    first = ada.post("/api/sync").get_json()["run"]
    place.world.clock.advance(hours=1, minutes=1)
    assert ada.json(f"/api/runs/{first}")["phase"] == "interrupted"
    assert ada.post("/api/sync").get_json()["run"] != first


def test_orders_of_one_kind_are_joined_whatever_was_ordered_in_between(place: Place, ada: Browser) -> None:
    kinds = (("/api/sync", "run"), ("/api/preview", "preview"), ("/api/inventory", "run"))
    rounds = [[ada.post(path).get_json()[key] for path, key in kinds] for _ in range(4)]
    assert rounds == [rounds[0]] * 4
    assert len(place.payloads()) == 3


def test_with_several_orders_waiting_another_is_refused_in_words(place: Place, ada: Browser) -> None:
    contact(place)
    ada.post("/api/sync")
    worked(place)
    (entry,) = ada.json("/api/history")["items"]
    answers = [ada.post(f"/api/history/{entry['id']}/undo") for _ in range(8)]
    assert [answer.status_code for answer in answers] == [202] * 3 + [429] * 5
    refused = answers[-1]
    assert "Wait until one of them is done" in refused.get_json()["error"]["message"]
    assert int(refused.headers["Retry-After"]) > 0
    assert len(place.payloads()) == 3
    for path in ("/api/sync", "/api/inventory", "/api/preview"):
        assert ada.post(path).status_code == 429
    page = ada.form("/sync")
    assert page.status_code == 429 and "Wait until one of them is done" in page.text
    place.person("bob")
    assert place.signed_in("bob").post("/api/sync").status_code == 202
    worked(place)
    assert ada.post("/api/sync").status_code == 202


def test_a_second_delivery_of_an_order_that_is_done_begins_nothing(place: Place, ada: Browser) -> None:
    run = ada.post("/api/sync").get_json()["run"]
    twice = list(place.world.tasks)
    place.work()
    told = ada.json(f"/api/runs/{run}")
    place.world.clock.advance(minutes=1)
    place.world.forget_calls()
    place.world.tasks.extend(twice)
    place.work()
    assert (place.world.calls(), ada.json(f"/api/runs/{run}")) == ((0, 0), told)
