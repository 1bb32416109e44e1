"""What was done, and the labels that new contacts may carry."""

from __future__ import annotations

import pytest
from tests.web.browser import Browser, Place


def test_history_tells_each_action_newest_first_and_by_contact_or_run(place: Place, ada: Browser) -> None:
    sugar_id = place.world.add_sugar(first_name="Ana", last_name="Ruiz", assigned_user_id="user-ada")
    place.world.add_sugar(first_name="Ben", last_name="Sato", assigned_user_id="user-ada")
    first = ada.post("/api/sync").get_json()["run"]
    place.work()
    place.world.clock.advance(minutes=1)
    place.world.sugar.edit_contact(sugar_id, last_name="Rojas")
    second = ada.post("/api/sync").get_json()["run"]
    place.work()
    items = ada.json("/api/history")["items"]
    assert [item["action"] for item in items] == ["update", "create", "create"]
    newest = items[0]
    assert (newest["side"], newest["sugar_id"], newest["run"], newest["trigger"]) == (
        "google",
        sugar_id,
        second,
        "manual",
    )
    assert newest["changes"] == [{"field": "last_name", "before": "Ruiz", "after": "Rojas"}]
    assert newest["before"]["last_name"] == "Ruiz"
    assert newest["at"].endswith("Z")
    for key in (sugar_id, newest["google_id"], f"people/{newest['google_id']}"):
        assert [item["action"] for item in ada.json(f"/api/history?contact={key}")["items"]] == [
            "update",
            "create",
        ]
    assert len(ada.json(f"/api/history?run={first}")["items"]) == 2
    assert len(ada.json(f"/api/history?run={first}&contact={sugar_id}")["items"]) == 1
    assert ada.json("/api/history?contact=none") == {"items": [], "next": None}


def test_history_comes_in_pages(place: Place, ada: Browser) -> None:
    for number in range(55):
        place.world.add_sugar(last_name=f"Ruiz {number}", assigned_user_id="user-ada")
    ada.post("/api/sync")
    place.work()
    first = ada.json("/api/history")
    rest = ada.json(f"/api/history?cursor={first['next']}")
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (50, 5, None)
    assert len({item["id"] for item in first["items"] + rest["items"]}) == 55


def test_labels_are_those_the_user_made(place: Place, ada: Browser) -> None:
    group = place.world.google.add_group(ada.sub, "Customers")
    assert ada.json("/api/labels") == {
        "items": [{"id": group, "name": "Customers", "contacts": 0}],
        "next": None,
    }


def test_a_label_that_exists_in_another_case_is_used(place: Place, ada: Browser) -> None:
    group = place.world.google.add_group(ada.sub, "Customers")
    answer = ada.post("/api/labels", {"name": " cusTOMers "})
    assert (answer.status_code, answer.get_json()["id"]) == (201, group)
    created = ada.post("/api/labels", {"name": "Partners"}).get_json()
    assert created["name"] == "Partners"
    assert [label["name"] for label in ada.json("/api/labels")["items"]] == ["Customers", "Partners"]
    settings = ada.json("/api/settings") | {"google_label": created["id"]}
    assert ada.send("PUT", "/api/settings", settings, If_Match='"1"').status_code == 200


@pytest.mark.parametrize("name", ["", "   ", 7, None, "x" * 300])
def test_a_label_needs_a_name(ada: Browser, name: object) -> None:
    assert ada.post("/api/labels", {"name": name}).status_code == 400


def test_labels_need_a_connection_and_say_so(place: Place, ada: Browser) -> None:
    place.world.google.revoke_grant(ada.sub)
    place.world.google.expire_access_tokens()
    answer = ada.get("/api/labels")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "reconnect")
    assert "/grant" in answer.get_json()["error"]["message"]


def test_labels_before_the_grant_say_how_to_go_on(place: Place) -> None:
    place.person("eve")
    eve = place.browser()
    eve.sign_in("eve")
    answer = eve.get("/api/labels")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "reconnect")
    assert "/grant" in answer.get_json()["error"]["message"]


def test_an_access_token_renewed_for_a_page_is_kept(place: Place, ada: Browser) -> None:
    place.world.clock.advance(hours=2)
    assert ada.get("/api/labels").status_code == 200
    place.world.google_transport.calls.clear()
    assert ada.get("/api/labels").status_code == 200
    assert [path for _, path in place.world.google_transport.calls] == ["/v1/contactGroups"]
