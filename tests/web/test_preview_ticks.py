"""What of a preview is ticked is kept with it, by whoever ticks it, and is what applying it carries out."""

from __future__ import annotations

from typing import Any

import pytest
from tests.web.browser import Browser, Place, words_of
from tests.web.planned import ID, create, merge, planned, quarantine
from tests.web.test_preview_page import ticks

from contact_sync.contacts.settings import Auto, SyncSettings
from contact_sync.store import previews
from contact_sync.store.records import Applied, PlannedAction
from contact_sync.store.write import Kind, Write

API = f"/api/preview/{ID}"


@pytest.fixture
def three(place: Place, ada: Browser) -> str:
    """Two creates and a merge."""
    return planned(place, ada, create("a", "Ruiz"), create("b", "Sato"), merge("c", "Tanaka"))


def ticked(browser: Browser) -> set[str]:
    """The ids that the API shows ticked."""
    return {item["id"] for item in browser.json(API)["items"] if item["ticked"]}


def left_out(place: Place, browser: Browser) -> tuple[str, ...]:
    """What is left out by the order to apply the preview."""
    found = previews.get(place.engine.db, browser.sub, ID, place.engine.now())
    assert found is not None and found.applied is not None
    return found.applied.leave_out


@pytest.mark.usefixtures("three")
def test_everything_is_ticked_until_somebody_unticks_it(ada: Browser) -> None:
    shown = ada.json(API)
    assert (shown["ticked"], shown["total"], ticked(ada)) == (3, 3, {"a", "b", "c"})


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ([{"untick": ["a"]}], {"b", "c"}),
        ([{"untick": ["a", "c", "a"]}], {"b"}),
        ([{"untick": "google_created"}], {"c"}),
        ([{"untick": "sugar_updated"}], {"a", "b"}),
        ([{"untick": "sugar_deleted"}], {"a", "b", "c"}),
        ([{"untick": []}], {"a", "b", "c"}),
        ([{"untick": "google_created"}, {"tick": ["b"]}], {"b", "c"}),
        ([{"untick": ["a", "b", "c"]}, {"tick": "merged"}], {"c"}),
        ([{"tick": ["b"], "untick": "google_created"}], {"c"}),
        ([{"untick": ["a"]}, {"untick": ["a"]}], {"b", "c"}),
    ],
)
def test_actions_are_ticked_and_unticked_by_their_ids_or_all_of_a_kind(
    ada: Browser, changes: list[Any], left: set[str]
) -> None:
    for change in changes:
        answer = ada.send("PATCH", API, change)
        assert answer.status_code == 200
        assert answer.get_json() == ada.json(API)
    assert ticked(ada) == left
    assert ada.json(API)["ticked"] == len(left)


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 400),
        ({"untick": None}, 400),
        ({"untick": 3}, 400),
        ({"untick": [3]}, 400),
        ({"choose": ["a"]}, 400),
        ({"untick": ["a", "nobody"]}, 409),
        ({"tick": ["nobody"]}, 409),
    ],
)
def test_what_cannot_be_ticked_is_refused_and_nothing_of_it_is_kept(
    ada: Browser, change: Any, status: int
) -> None:
    assert ada.send("PATCH", API, change).status_code == status
    assert ticked(ada) == {"a", "b", "c"}


def test_only_a_preview_that_is_ready_and_not_applied_can_be_chosen_from(place: Place, ada: Browser) -> None:
    assert ada.send("PATCH", API, {"untick": ["a"]}).status_code == 404
    applied = Applied("r-1", (), place.engine.now())
    for fields in ({"state": "planning"}, {"state": "failed"}, {"applied": applied}):
        planned(place, ada, create("a", "Ruiz"), **fields)
        assert ada.send("PATCH", API, {"untick": ["a"]}).status_code == 409
        assert ticked(ada) == {"a"}


@pytest.mark.usefixtures("three")
def test_applying_leaves_out_what_is_not_ticked_and_what_is_named(place: Place, ada: Browser) -> None:
    ada.send("PATCH", API, {"untick": ["a"]})
    first = ada.post(f"{API}/apply", {"except": ["b"]})
    assert first.status_code == 202
    assert left_out(place, ada) == ("a", "b")
    assert ada.json(API)["applied"]["left_out"] == ["a", "b"]
    # The same order again is the same; one with other choices is none.
    assert ada.post(f"{API}/apply", {"except": ["b", "a"]}).get_json() == first.get_json()
    assert ada.post(f"{API}/apply", {}).status_code == 409


@pytest.mark.usefixtures("three")
def test_where_nothing_is_ticked_nothing_is_ordered(place: Place, ada: Browser) -> None:
    ada.send("PATCH", API, {"untick": ["a", "b"]})
    assert ada.post(f"{API}/apply", {"except": ["c"]}).status_code == 409
    assert place.payloads() == []


def test_ticks_change_under_the_hands_of_whoever_applies(place: Place, ada: Browser, three: str) -> None:
    """An order that another window's tick overtakes is made of the ticks as they are then."""
    meanwhile = [{"untick": ["b"]}]

    def another_window(_writes: Any) -> None:
        if meanwhile:
            assert ada.send("PATCH", API, meanwhile.pop()).status_code == 200

    place.world.firestore.before_commit = another_window
    assert ada.post(f"{API}/apply", {"except": ["a"]}).status_code == 202
    assert left_out(place, ada) == ("a", "b")


def test_a_preview_of_an_earlier_version_is_ticked(place: Place, ada: Browser, three: str) -> None:
    path = f"users/{ada.sub}/previews/{ID}"
    documents = place.engine.db.get([path, *(f"{path}/actions/{key}" for key in "abc")])
    place.engine.db.commit(
        [
            Write(
                where,
                Kind.SET,
                {key: value for key, value in found.data.items() if key not in ("ticked", "unticked")},
            )
            for where, found in documents.items()
        ]
    )
    assert (ticked(ada), ada.json(API)["ticked"]) == ({"a", "b", "c"}, 3)
    assert ada.send("PATCH", API, {"untick": "merged"}).get_json()["ticked"] == 2


# The page


def test_a_reload_shows_the_ticks_as_they_were_left(ada: Browser, three: str) -> None:
    ada.send("PATCH", API, {"untick": ["b"]})
    assert ticks(ada.get(three)) == {"a": True, "b": False, "c": True}
    ada.form(f"{three}/choose", ticked=["a", "b"], untick="google_created")
    assert ticks(ada.get(three)) == {"a": False, "b": False, "c": False}
    assert ticked(ada) == set()


def test_the_page_applies_what_its_boxes_say(place: Place, ada: Browser, three: str) -> None:
    ada.send("PATCH", API, {"untick": "google_created"})
    assert ada.form(f"{three}/apply", ticked=["b"]).status_code == 303
    assert left_out(place, ada) == ("a", "c")
    # A second click is the same order.
    assert ada.form(f"{three}/apply", ticked=["b"]).status_code == 303


@pytest.mark.parametrize(
    ("auto", "said"),
    [
        (False, "As you do not sync regularly, they stay as they are until you sync again."),
        (True, "The next regular sync does it, unless you change the settings or unlink them before."),
    ],
)
def test_what_was_left_out_is_told_with_what_becomes_of_it(
    place: Place, ada: Browser, auto: bool, said: str
) -> None:
    place.change(ada.sub, settings=SyncSettings(auto=Auto(enabled=auto), overflow="continue"))
    for name in ("Ruiz", "Sato", "Tanaka"):
        place.world.add_sugar(last_name=name, assigned_user_id="user-ada")
    address = ada.form("/preview").location
    place.work()
    first = next(iter(ticks(ada.get(address))))
    run = ada.form(f"{address}/apply", ticked=first).location
    place.work()
    assert place.payloads() == []
    for page in (ada.get(run), ada.get(address)):
        words = words_of(page)
        assert f"You left out 2 contacts: nothing was done about them. {said}" in words
        assert "follows by itself" not in words and "wait for the next sync" not in words
    assert ada.get(address).text.count('<span class="badge">left out</span>') == 2
    assert ada.json(f"/api{run}")["waiting"] == 0


def test_an_undo_says_nothing_of_a_rest_that_follows(place: Place, ada: Browser) -> None:
    place.change(ada.sub, settings=SyncSettings(overflow="continue"))
    place.world.add_sugar(last_name="Ruiz", assigned_user_id="user-ada")
    ada.post("/api/sync")
    place.work()
    place.world.add_sugar(last_name="Sato", assigned_user_id="user-ada")
    (entry,) = ada.json("/api/history")["items"]
    address = ada.form(f"/history/{entry['id']}/undo").location
    place.work()
    run = ada.form(f"{address}/apply", ticked=list(shown_of(ada, address))).location
    place.work()
    assert place.payloads() == []
    said = words_of(ada.get(run))
    assert "follows by itself" not in said and "You left out" not in said


def shown_of(browser: Browser, address: str) -> list[str]:
    return [item["id"] for item in browser.json(f"/api{address}")["items"]]


# The words


@pytest.mark.parametrize(
    ("action", "word", "side"),
    [
        (create("a", "Ruiz"), "create", "google"),
        (merge("a", "Ruiz"), "merge", "sugar"),
        (quarantine("a", "Ruiz", "Why"), "quarantined", None),
    ],
)
def test_an_item_names_action_and_side_as_the_history_does(
    place: Place, ada: Browser, action: PlannedAction, word: str, side: str | None
) -> None:
    planned(place, ada, action)
    (item,) = ada.json(API)["items"]
    assert (item["action"], item["side"]) == (word, side)
    assert ada.json(f"{API}/actions/a") == item


@pytest.mark.parametrize(
    ("kinds", "word", "side"),
    [
        (("sugar_created",), "create", "sugar"),
        (("google_updated",), "update", "google"),
        (("sugar_updated", "google_updated"), "update", None),
        (("google_deleted",), "delete", "google"),
        (("merged",), "link", None),
        (("merged", "sugar_updated", "google_updated"), "merge", None),
        (("unlinked",), "unlinked", None),
        (("out_of_scope",), "out_of_scope", None),
        (("renewed",), "renewed", None),
    ],
)
def test_every_kind_has_the_word_of_the_history(
    place: Place, ada: Browser, kinds: tuple[str, ...], word: str, side: str | None
) -> None:
    planned(place, ada, PlannedAction(id="a", action=kinds[0], kinds=kinds, name="Ruiz", fingerprint="a"))
    (item,) = ada.json(API)["items"]
    assert (item["action"], item["side"]) == (word, side)


def test_what_a_preview_names_is_what_the_history_names_afterwards(place: Place, ada: Browser) -> None:
    place.world.add_sugar(last_name="Ruiz", assigned_user_id="user-ada")
    preview = ada.post("/api/preview").get_json()["preview"]
    place.work()
    (item,) = ada.json(f"/api/preview/{preview}")["items"]
    ada.post(f"/api/preview/{preview}/apply", {})
    place.work()
    (entry,) = ada.json("/api/history")["items"]
    assert [item[key] for key in ("action", "side", "name", "sugar_id")] == [
        entry[key] for key in ("action", "side", "name", "sugar_id")
    ]


def test_contacts_of_all_states_are_listed_by_name(place: Place, ada: Browser) -> None:
    for name in ("Sato", "Ruiz"):
        place.world.add_sugar(id=name, last_name=name, assigned_user_id="user-ada")
    ada.post("/api/sync")
    place.work()
    assert ada.post("/api/mappings/Sato/unlink").status_code == 200
    listed = [(item["name"], item["state"]) for item in ada.json("/api/mappings")["items"]]
    assert listed == [("Ruiz", "linked"), ("Sato", "unlinked")]
    assert [item["name"] for item in ada.json("/api/mappings?state=unlinked")["items"]] == ["Sato"]
    assert ada.get("/api/mappings?state=null").status_code == 400
