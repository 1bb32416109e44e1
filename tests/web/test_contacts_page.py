"""The lists of contacts: link again, unlink, and the removal of what left the scope."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from tests.web.browser import Browser, Place, words_of
from tests.web.questions import follow, post, shown

from contact_sync.contacts.mapping import Mapping, Missing, State
from contact_sync.contacts.settings import Direction, SyncSettings
from contact_sync.contacts.side import Side
from contact_sync.store import mappings

BOTH = SyncSettings(from_google=Direction(enabled=True, create=True))


def keep(place: Place, browser: Browser, key: str, state: State, **fields: Any) -> None:
    """A stored contact in a state."""
    missing = fields.pop("missing", None)
    held = {"google_id": f"g{key}", "name": f"Contact {key}"} | fields
    noted = Missing(missing, place.engine.now() - timedelta(days=3), False) if missing else None
    place.engine.db.commit([mappings.put(browser.sub, Mapping(key, state=state, missing=noted, **held))])


def state_of(place: Place, browser: Browser, key: str) -> Mapping:
    return mappings.get(place.engine.db, browser.sub, [key])[key]


def test_each_list_shows_its_contacts_by_name_with_links(place: Place, ada: Browser) -> None:
    keep(place, ada, "2", State.LINKED)
    keep(place, ada, "1", State.LINKED)
    keep(place, ada, "3", State.UNLINKED)
    said = shown(ada, "/contacts")
    assert said.index("Contact 1") < said.index("Contact 2")
    assert "Contact 3" not in said
    assert "Linked 2 No longer linked 1 Left the scope 0" in said
    page = ada.get("/contacts").text
    assert "/#Contacts/1" in page
    assert "https://contacts.google.com/person/g1" in page
    assert "There are none." in shown(ada, "/contacts?state=out_of_scope")


def test_a_long_list_has_pages(place: Place, ada: Browser) -> None:
    for number in range(51):
        keep(place, ada, f"{number:02}", State.UNLINKED)
    first = ada.get("/contacts?state=unlinked").text
    following = re.search(r'href="(/contacts\?[^"]*cursor=[^"]*)"', first)
    assert following is not None
    rest = shown(ada, following[1].replace("&amp;", "&"))
    assert "Contact 50" in rest
    assert "Contact 49" not in rest


@pytest.mark.parametrize(
    ("fields", "settings", "does"),
    [
        ({}, SyncSettings(), "You ended the link"),
        ({}, SyncSettings(), "Both sides are kept the same again."),
        (
            {"missing": Side.GOOGLE},
            SyncSettings(),
            "It was deleted in Google; it is created there as a new contact.",
        ),
        ({"missing": Side.SUGAR}, BOTH, "It was deleted in Sugar; it is created there as a new record."),
        (
            {"missing": Side.SUGAR},
            SyncSettings(from_google=Direction(enabled=True, create=True), google_label="contactGroups/1"),
            "as a new record if it carries your label.",
        ),
        ({"missing": Side.SUGAR}, SyncSettings(), "creating there is switched off in your settings"),
        ({"google_id": None}, SyncSettings(), "It is not in Google; it is created there as a new contact."),
        ({"google_id": None}, SyncSettings(), "Only in Sugar"),
    ],
)
def test_link_again_says_what_it_will_do(
    place: Place, ada: Browser, fields: dict[str, Any], settings: SyncSettings, does: str
) -> None:
    place.change(ada.sub, settings=settings)
    keep(place, ada, "1", State.UNLINKED, **fields)
    assert does in shown(ada, "/contacts?state=unlinked")


def test_a_contact_is_unlinked_and_linked_again_without_a_script(place: Place, ada: Browser) -> None:
    keep(place, ada, "1", State.LINKED)
    said = follow(ada, post(ada, "/contacts/1/unlink?state=linked"))
    assert "It is no longer synced. Both sides keep it" in said
    assert "There are none." in said
    assert state_of(place, ada, "1").state is State.UNLINKED
    assert place.payloads() == []
    said = follow(ada, post(ada, "/contacts/1/link?state=unlinked"))
    assert "It will be linked again. A sync begins by itself" in said
    assert state_of(place, ada, "1").directive is not None
    assert place.payloads() == [{"user": ada.sub, "trigger": "manual"}]


def test_with_a_script_the_answer_takes_the_contact_s_place(place: Place, ada: Browser) -> None:
    keep(place, ada, "1", State.LINKED)
    answer = post(ada, "/contacts/1/unlink", htmx=True)
    assert "<html" not in answer.text
    assert words_of(answer) == "Contact 1 It is no longer synced. Both sides keep it as it is."


@pytest.mark.parametrize(("verb", "state", "status"), [("link", "gone", 404), ("unlink", "creating", 409)])
def test_what_is_not_possible_is_said_in_place(
    place: Place, ada: Browser, verb: str, state: str, status: int
) -> None:
    keep(place, ada, "1", State(state))
    answer = post(ada, f"/contacts/1/{verb}", htmx=True)
    assert answer.status_code == status
    assert answer.headers["HX-Retarget"] == "next .refused"
    message = words_of(answer)
    assert message in follow(ada, post(ada, f"/contacts/1/{verb}"))


def test_removing_what_left_the_scope_is_confirmed_with_count_and_names(place: Place, ada: Browser) -> None:
    keep(place, ada, "1", State.OUT_OF_SCOPE)
    keep(place, ada, "2", State.OUT_OF_SCOPE)
    keep(place, ada, "3", State.OUT_OF_SCOPE, google_id=None)
    said = shown(ada, "/contacts?state=out_of_scope")
    assert "Remove these 2 contacts from Google" in said
    assert "Still in Google" in said
    assert "Not in Google any more" in said
    said = shown(ada, "/contacts/clean")
    assert "Delete 2 contacts in Google" in said
    assert "Contact 2" in said
    assert "Contact 3" not in said


def test_the_confirmed_removal_leads_to_its_run(place: Place, ada: Browser) -> None:
    keep(place, ada, "1", State.OUT_OF_SCOPE)
    answer = post(ada, "/contacts/clean", count="1")
    assert answer.status_code == 303
    run = ada.json("/api/runs")["items"][0]
    assert answer.headers["Location"].endswith(f"/runs/{run['run']}")
    assert run["trigger"] == "clean"


@pytest.mark.parametrize("count", ["5", "", "-1", "x"])
def test_a_count_that_no_longer_holds_is_asked_about_again(place: Place, ada: Browser, count: str) -> None:
    keep(place, ada, "1", State.OUT_OF_SCOPE)
    answer = post(ada, "/contacts/clean", count=count)
    assert answer.status_code == 409
    assert "Delete 1 contact in Google" in words_of(answer)
    assert place.payloads() == []


def test_nothing_to_remove_is_said(ada: Browser) -> None:
    assert "There is nothing to remove." in shown(ada, "/contacts/clean")


def test_nobody_lists_or_changes_what_is_another_s(place: Place, ada: Browser) -> None:
    keep(place, ada, "1", State.LINKED)
    keep(place, ada, "2", State.OUT_OF_SCOPE)
    place.person("bob")
    bob = place.signed_in("bob")
    assert "Contact 1" not in bob.get("/contacts").text
    assert post(bob, "/contacts/1/unlink", htmx=True).status_code == 404
    assert post(bob, "/contacts/clean", count="1").status_code == 409
    assert state_of(place, ada, "1").state is State.LINKED
