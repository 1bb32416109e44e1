"""Sync Now and the page of a run, without a script and as htmx asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.web.browser import WEB_URL, Browser, Place, words_of
from werkzeug.test import TestResponse

from contact_sync.contacts.settings import SyncSettings
from contact_sync.errors import TransientForAll
from contact_sync.store import runs
from contact_sync.store.records import Lease, RunRecord

HTMX = {"HX-Request": "true"}
REFRESH = '<noscript><meta http-equiv="refresh"'


def sync(browser: Browser) -> str:
    """Press Sync Now; the address it leads to."""
    answer = browser.form("/sync")
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def part(browser: Browser, address: str) -> TestResponse:
    return browser.get(address, headers=HTMX)


def in_sugar(place: Place, count: int = 1) -> None:
    for number in range(count):
        place.world.add_sugar(last_name=f"No {number:03}", assigned_user_id="user-ada")


def record(place: Place, browser: Browser, **fields: Any) -> str:
    """A stored run; the address of its page."""
    now = place.engine.now()
    values: dict[str, Any] = {"id": "r1", "trigger": "manual", "started": now} | fields
    place.engine.db.commit([runs.put(browser.sub, RunRecord(**values))])
    return f"/runs/{values['id']}"


def test_sync_now_leads_to_the_run_which_is_followed_to_its_end(place: Place, ada: Browser) -> None:
    in_sugar(place, 2)
    address = sync(ada)
    waiting = ada.get(address)
    assert "Waiting for its turn" in words_of(waiting)
    assert REFRESH in waiting.text
    place.work()
    done = ada.get(address)
    assert "2 created in Google" in words_of(done)
    assert REFRESH not in done.text
    run = address.removeprefix("/runs/")
    assert f'href="/history?run={run}"' in done.text


def test_a_sync_with_nothing_to_do_says_so(place: Place, ada: Browser) -> None:
    address = sync(ada)
    place.work()
    assert "Nothing had to be changed." in words_of(ada.get(address))


def test_the_page_of_a_run_under_way_shows_how_far_it_is(place: Place, ada: Browser) -> None:
    page = ada.get(record(place, ada, phase="writing", done=40, total=100))
    assert "Carrying out changes" in words_of(page)
    assert "40 of 100" in words_of(page)
    assert 'value="40" max="100"' in page.text


def test_htmx_asks_again_more_and_more_seldom_and_stops_at_the_end(place: Place, ada: Browser) -> None:
    address = record(place, ada, phase="reading")
    for polls, delay in ((0, 1), (14, 1), (15, 2), (60, 5), (10**9, 5), (-5, 1)):
        answer = part(ada, f"{address}?polls={polls}")
        assert f'hx-trigger="load delay:{delay}s' in answer.text
        assert "<html" not in answer.text
    record(place, ada, phase="done", finished=place.engine.now())
    assert "hx-get" not in part(ada, address).text


def test_a_screen_reader_is_told_of_a_new_phase_once(place: Place, ada: Browser) -> None:
    address = record(place, ada, phase="reading")
    assert 'id="run-said"' in part(ada, f"{address}?phase=queued").text
    assert 'id="run-said"' not in part(ada, f"{address}?phase=reading").text


def test_a_poll_that_fails_leaves_what_is_shown(
    place: Place, ada: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = record(place, ada, phase="reading")

    def down(*_args: object) -> None:
        raise TransientForAll("firestore_unavailable")

    monkeypatch.setattr(runs, "get", down)
    assert part(ada, address).status_code == 204
    assert ada.get(address).status_code == 503


def test_more_than_100_wait_and_a_button_syncs_the_rest(place: Place, ada: Browser) -> None:
    in_sugar(place, 102)
    address = sync(ada)
    place.work()
    page = ada.get(address)
    assert "2 contacts wait for the next sync." in words_of(page)
    assert "Sync the rest now" in words_of(page)
    rest = sync(ada)
    place.work()
    assert "2 created in Google" in words_of(ada.get(rest))


def test_where_the_rest_follows_by_itself_the_page_says_so_and_watches_it(place: Place, ada: Browser) -> None:
    place.change(ada.sub, settings=SyncSettings(overflow="continue"))
    in_sugar(place, 102)
    address = sync(ada)
    place.work()
    page = ada.get(address)
    assert "2 contacts wait for the next sync, which follows by itself." in words_of(page)
    assert "Sync the rest now" not in words_of(page)
    beside = part(ada, f"{address}?beside=1")
    assert "hx-get" in beside.text
    place.world.clock.advance(seconds=1)
    place.work()
    followed = part(ada, f"{address}?beside=1")
    assert "2 created in Google" in words_of(followed)
    assert "hx-get" not in followed.text


def test_a_sync_under_way_is_joined_and_the_page_says_so(place: Place, ada: Browser) -> None:
    record(place, ada, id="r9", phase="reading")
    lease = Lease("l1", "r9", place.engine.now() + timedelta(minutes=5))
    place.change(ada.sub, lease=lease)
    assert sync(ada) == "/runs/r9?joined=1"
    assert "A sync was under way already." in words_of(ada.get("/runs/r9?joined=1"))
    joined = place.user(ada.sub).lease
    assert joined is not None
    assert joined.again
    answer = ada.client.post("/sync", base_url=WEB_URL, data={"csrf_token": ada.csrf}, headers=HTMX)
    assert "A sync was under way already." in words_of(answer)


def test_the_settings_show_the_run_under_way_again(place: Place, ada: Browser) -> None:
    address = sync(ada)
    page = ada.get("/")
    assert "Waiting for its turn" in words_of(page)
    assert f'hx-get="{address}?' in page.text
    place.work()
    assert "Nothing had to be changed." in words_of(ada.get("/"))


def test_the_settings_show_the_last_sync_not_the_last_preview(place: Place, ada: Browser) -> None:
    in_sugar(place)
    sync(ada)
    place.work()
    place.world.clock.advance(minutes=1)
    ada.post("/api/preview")
    place.work()
    assert "1 created in Google" in words_of(ada.get("/"))


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        ("manual", "Sync Now"),
        ("schedule", "Regular sync"),
        ("apply", "Applying a preview"),
        ("clean", "Removing contacts that left the scope"),
        ("disconnect", "Disconnecting"),
        ("inventory", "Counting contacts"),
        ("something_new", "Sync"),
    ],
)
def test_every_kind_of_run_has_its_name(place: Place, ada: Browser, trigger: str, words: str) -> None:
    page = ada.get(record(place, ada, trigger=trigger, phase="writing"))
    assert f"<h1>{words}</h1>" in page.text


def test_a_run_of_a_preview_leads_to_it(place: Place, ada: Browser) -> None:
    done = {"finished": place.engine.now(), "phase": "done"}
    assert 'href="/preview/p1"' in ada.get(record(place, ada, id="p1", trigger="preview", **done)).text
    assert 'href="/preview/p1"' in ada.get(record(place, ada, id="p1-apply", trigger="apply", **done)).text


@pytest.mark.parametrize(
    ("error", "words", "way"),
    [
        ("reconnect", "Google does not accept the connection any more.", 'href="/grant"'),
        ("too_many", "There are too many Sugar contacts in the scope.", "Choose fewer contacts"),
        ("sugar_down", "Sugar does not answer.", "Sync again"),
        ("never_heard_of", "The sync did not finish (never heard of).", "Sync again"),
    ],
)
def test_an_error_is_told_in_words_with_the_way_on(
    place: Place, ada: Browser, error: str, words: str, way: str
) -> None:
    page = ada.get(record(place, ada, phase="done", finished=place.engine.now(), error=error))
    assert words in words_of(page)
    assert way in page.text


def test_a_run_that_tries_again_tells_why_it_waits(place: Place, ada: Browser) -> None:
    page = ada.get(record(place, ada, trigger="disconnect", phase="queued", error="google_unavailable"))
    assert "Google did not answer." in words_of(page)
    assert "It goes on by itself." in words_of(page)
    assert REFRESH in page.text


def test_a_run_that_was_cut_off_is_over(place: Place, ada: Browser) -> None:
    address = record(place, ada, phase="writing", started=place.engine.now() - timedelta(minutes=11))
    page = ada.get(address)
    assert "It was interrupted." in words_of(page)
    assert REFRESH not in page.text


def test_sync_now_without_a_connection_says_what_to_do(place: Place, ada: Browser) -> None:
    place.change(ada.sub, connection="reconnect", connection_message="")
    answer = ada.client.post(
        "/sync", base_url=WEB_URL, data={"csrf_token": ada.csrf}, headers={"Accept": "text/html"}
    )
    assert answer.status_code == 409
    assert 'href="/grant"' in answer.text
    assert "/grant" not in words_of(answer)


def test_there_is_no_page_of_a_run_that_is_not_ones_own(place: Place, ada: Browser) -> None:
    place.person("bob")
    bob = place.signed_in("bob")
    address = record(place, ada)
    assert bob.get(address).status_code == 404
    assert ada.get("/runs/none").status_code == 404
