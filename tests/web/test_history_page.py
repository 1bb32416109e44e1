"""The pages of the history, made of real runs. As a browser without script sees them."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from tests.web.browser import WEB_URL, Browser, Place, words_of
from tests.world import Person
from werkzeug.test import TestResponse

from contact_sync.contacts.side import Side
from contact_sync.store import history
from contact_sync.store.records import Change, HistoryEntry


def sync(place: Place, browser: Browser) -> str:
    run = browser.post("/api/sync").get_json()["run"]
    place.work()
    place.world.clock.advance(minutes=1)
    return str(run)


@pytest.fixture
def renamed(place: Place, ada: Browser) -> str:
    """The Sugar id of a contact that was created in Google and renamed there by a second run. Another one is there."""
    sugar_id = place.world.add_sugar(first_name="Ana", last_name="Ruiz", assigned_user_id="user-ada")
    place.world.add_sugar(first_name="Ben", last_name="Sato", assigned_user_id="user-ada")
    sync(place, ada)
    place.world.sugar.edit_contact(sugar_id, last_name="Rojas")
    sync(place, ada)
    return sugar_id


def entry(place: Place, browser: Browser, **fields: object) -> str:
    """The address of an entry that was written without a run."""
    now = place.engine.now()
    values: dict[str, object] = {
        "id": "r-1.update.s-1",
        "at": now - timedelta(minutes=5),
        "run": "r-1",
        "trigger": "schedule",
        "sugar_id": "s-1",
        "google_id": "g-1",
        "name": "Ana Ruiz",
        "action": "update",
        "side": Side.GOOGLE,
        "state": "done",
        "before": {"last_name": "Ruiz"},
    }
    told = HistoryEntry(**values | fields)  # type: ignore[arg-type]
    place.engine.db.commit([history.put(browser.sub, told)])
    return f"/history/{told.id}"


def names(page: TestResponse) -> list[str]:
    return [unescape(name) for name in re.findall(r"<h2><bdi>(.*?)</bdi>", page.text)]


def test_it_tells_newest_first_what_was_done_and_by_what(place: Place, ada: Browser, renamed: str) -> None:
    page = ada.get("/history")
    assert names(page)[0] == "Ana Ruiz" and sorted(names(page)[1:]) == ["Ana Ruiz", "Ben Sato"]
    newest = words_of(page).partition("Ana Ruiz")[2].split("Only this contact")[0]
    assert "Updated in Google" in newest
    assert "Last name before: Ruiz → after: Rojas" in newest
    assert "by Sync Now" in newest
    assert f"#Contacts/{renamed}" in page.text and "https://contacts.google.com/person/" in page.text


def test_it_is_limited_to_a_contact_and_to_a_run(place: Place, ada: Browser, renamed: str) -> None:
    links = re.findall(r'href="(/history\?contact=[^"]*)"', ada.get("/history").text)
    assert links[0] == f"/history?contact={renamed}"
    page = ada.get(links[0])
    assert names(page) == ["Ana Ruiz", "Ana Ruiz"]
    assert "Only Ana Ruiz show all" in words_of(page)
    assert f'href="/api/history.csv?contact={renamed}"' in page.text
    runs = re.findall(r'href="(/history\?run=[^"]*)"', ada.get("/history").text)
    page = ada.get(runs[-1])
    assert sorted(names(page)) == ["Ana Ruiz", "Ben Sato"]
    assert "Only one sync (Sync Now)" in words_of(page)
    assert ada.get(f"/history?contact={renamed}&{runs[0].partition('?')[2]}").text.count("<h2>") == 1
    assert "Nothing was done here" in words_of(ada.get("/history?contact=none"))


def test_it_comes_in_pages_of_fifty(place: Place, ada: Browser) -> None:
    for number in range(55):
        entry(place, ada, id=f"r-1.update.{number:02}", name=f"No {number:02}")
    first = ada.get("/history")
    older = re.findall(r'href="(/history\?cursor=[^"]*)"', first.text)[0]
    rest = ada.get(older)
    assert (len(names(first)), len(names(rest))) == (50, 5)
    assert not set(names(first)) & set(names(rest))
    assert "Older ones" not in rest.text and "The newest" in rest.text


def test_before_anything_was_done_it_says_so(ada: Browser) -> None:
    page = ada.get("/history")
    assert "Nothing was done yet" in words_of(page)
    assert "history.csv" not in page.text


def test_the_value_that_lost_a_conflict_is_named(place: Place, ada: Browser) -> None:
    entry(place, ada, changes=(Change("title", "Chief", "Boss", lost="Chief"),))
    assert "Google’s value “ Chief ” was not used" in words_of(ada.get("/history"))


def test_a_long_text_is_shortened_and_can_be_opened(place: Place, ada: Browser) -> None:
    note = "A long story. " * 30
    entry(place, ada, changes=(Change("description", "", note.strip()),))
    page = ada.get("/history")
    assert "<summary>" in page.text and note.strip() in unescape(page.text)


def test_an_entry_shows_the_whole_record_before(place: Place, ada: Browser, renamed: str) -> None:
    address = re.findall(r'href="(/history/[^"?]+)"', ada.get("/history").text)[0]
    said = words_of(ada.get(address))
    assert "The record before, in Google First name Ana Last name Ruiz" in said
    assert "What changed in Google Last name before: Ruiz → after: Rojas" in said


@pytest.mark.parametrize(
    ("side", "record"),
    [
        (Side.SUGAR, {"id": "s-1", "first_name": "Ana", "last_name": "Ruiz", "title": "Chief"}),
        (
            Side.GOOGLE,
            {
                "resourceName": "people/g-1",
                "names": [{"givenName": "Ana", "familyName": "Ruiz"}],
                "organizations": [{"title": "Chief"}],
            },
        ),
    ],
)
def test_a_deleted_record_is_readable(
    place: Place, ada: Browser, side: Side, record: dict[str, object]
) -> None:
    said = words_of(ada.get(entry(place, ada, action="delete", side=side, before=record)))
    assert "First name Ana Last name Ruiz Title Chief" in said


def test_undo_leads_to_the_preview_of_the_undo(place: Place, ada: Browser, renamed: str) -> None:
    undo = re.findall(r'action="(/history/[^"]+/undo)"', ada.get("/history").text)[0]
    ordered = ada.form(undo)
    assert (ordered.status_code, ordered.location.split("/")[1]) == (303, "preview")
    place.work()
    page = ada.get(ordered.location)
    assert "What undoing would do" in words_of(page)
    applied = ada.form(
        f"{ordered.location}/apply", ticked=re.findall(r'name="ticked" value="([^"]+)"', page.text)
    )
    assert applied.status_code == 303
    place.work()
    assert "Ana Ruiz" in place.world.google_names(Person(ada.sub, "user-ada"))
    assert "by undo" in words_of(ada.get("/history")).lower()


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "unlinked", "side": None, "before": None},
        {"action": "link", "side": None, "before": None},
        {"action": "update", "before": None},
    ],
)
def test_what_cannot_be_undone_has_no_button_and_says_why_if_asked(
    place: Place, ada: Browser, fields: dict[str, object]
) -> None:
    address = entry(place, ada, **fields)
    assert "/undo" not in ada.get("/history").text
    refused = ada.form(f"{address}/undo")
    assert refused.status_code == 409
    assert "This cannot be undone." in words_of(refused)


def test_an_undo_needs_a_connection_and_offers_it(place: Place, ada: Browser) -> None:
    address = entry(place, ada)
    place.change(ada.sub, connection="reconnect")
    refused = ada.form(f"{address}/undo")
    assert refused.status_code == 409
    assert 'href="/grant"' in refused.text


def test_hostile_texts_are_shown_as_text(place: Place, ada: Browser) -> None:
    evil = '<script>alert("x")</script>'
    change = Change("description", evil, f"{evil}2", lost=evil)
    address = entry(place, ada, name=evil, changes=(change,), before={"description": evil})
    for page in (ada.get("/history"), ada.get(address), ada.get("/history?contact=s-1")):
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert evil in unescape(page.text)


def test_another_persons_history_is_not_there(place: Place, ada: Browser) -> None:
    address = entry(place, ada)
    place.person("eve")
    eve = place.signed_in("eve")
    assert eve.get(address).status_code == eve.form(f"{address}/undo").status_code == 404
    for path in ("/history", "/history?contact=s-1", "/history?run=r-1"):
        assert "Ruiz" not in eve.get(path).text


def test_the_oldest_cursor_and_a_made_up_one_are_no_failure(ada: Browser) -> None:
    answer = ada.client.get("/history?cursor=x", base_url=WEB_URL, headers={"Accept": "text/html"})
    assert answer.status_code == 400
    assert "cursor" in answer.text
