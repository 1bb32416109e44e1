"""The sync in numbers, its latest runs, and the question "why"."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.web.browser import Browser, Place
from tests.web.questions import ask, shown

from contact_sync.contacts.mapping import Mapping, State
from contact_sync.store import mappings, runs
from contact_sync.store.records import RunRecord
from contact_sync.sync.orders import order_reconcile


def run_of(place: Place, ada: Browser, key: str, minutes_ago: int, **fields: Any) -> None:
    """A run that took five seconds."""
    started = place.engine.now() - timedelta(minutes=minutes_ago)
    values = {"trigger": "manual", "phase": "done", "finished": started + timedelta(seconds=5)} | fields
    place.engine.db.commit([runs.put(ada.sub, RunRecord(key, started=started, **values))])


def test_numbers_of_both_sides_and_of_each_state(place: Place, ada: Browser) -> None:
    for number, state in enumerate([State.LINKED, State.LINKED, State.UNLINKED, State.OUT_OF_SCOPE]):
        place.engine.db.commit([mappings.put(ada.sub, Mapping(f"m{number}", name="M", state=state))])
    ask(place, ada, "1", "refused")
    said = shown(ada, "/statistics")
    assert "Sugar contacts in your scope not counted yet" in said
    assert "Linked 3" in said
    assert "Need a decision 1" in said
    assert "No longer linked 1" in said
    assert "Left the scope 1" in said
    assert "Connection Connected" in said
    assert "when you press Sync Now: Auto sync is off" in said
    assert "Nothing ran yet." in said


def test_after_a_sync_the_page_tells_what_it_did(place: Place, ada: Browser) -> None:
    for number in range(3):
        place.world.add_sugar(last_name=f"Ruiz {number}", assigned_user_id="user-ada")
    ada.post("/api/sync")
    place.work()
    said = shown(ada, "/statistics")
    assert "Sugar contacts in your scope 3" in said
    assert "Google contacts 3" in said
    assert "Sync Now" in said
    assert "3 created in Google" in said
    run = ada.json("/api/runs")["items"][0]["run"]
    page = ada.get("/statistics").text
    assert f'href="/runs/{run}"' in page
    assert f'href="/history?run={run}"' in page


def test_the_latest_runs_are_listed_newest_first_with_their_totals(place: Place, ada: Browser) -> None:
    for number in range(25):
        run_of(place, ada, f"r{number}", number, counts={"google_created": 2})
    run_of(place, ada, "p", 0, trigger="preview", counts={"google_created": 100})
    said = shown(ada, "/statistics")
    assert "The last 20 runs together: 38 created in Google" in said
    assert "Nothing: it only looked." in said
    page = ada.get("/statistics").text
    assert page.index('href="/runs/r0"') < page.index('href="/runs/r18"')
    assert 'href="/runs/r19"' not in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"error": "sugar_down"}, "problem Sugar does not answer."),
        ({"finished": None, "phase": "writing"}, "Carrying out changes"),
        ({"trigger": "schedule"}, "regular sync 5 s"),
        ({"counts": {}}, "Nothing had to be changed."),
    ],
)
def test_a_run_tells_why_how_long_and_how_it_ended(
    place: Place, ada: Browser, fields: dict[str, Any], said: str
) -> None:
    run_of(place, ada, "r", 1, **fields)
    assert said in shown(ada, "/statistics")


def test_a_broken_connection_and_paused_creates_are_said(place: Place, ada: Browser) -> None:
    place.change(
        ada.sub, connection="reconnect", connection_message="Connect again.", creates_paused="google_full"
    )
    said = shown(ada, "/statistics")
    assert "Connection lost: Connect again." in said
    assert "its address book is full" in said


def test_the_cost_of_the_page_does_not_grow_with_the_past(place: Place, ada: Browser) -> None:
    for number in range(60):
        run_of(place, ada, f"r{number:02}", number)
    assert ada.get("/statistics").text.count("<tr>") == 21


def test_why_tells_about_a_linked_contact_with_its_history(place: Place, ada: Browser) -> None:
    sugar_id = place.world.add_sugar(
        first_name="Ana", last_name="Ruiz", email="ana@x.test", assigned_user_id="user-ada"
    )
    ada.post("/api/sync")
    place.work()
    for question in ("ana%40x.test", "Ana+Ruiz", sugar_id):
        said = shown(ada, f"/statistics?q={question}")
        assert "Ana Ruiz linked" in said, question
        assert "Created in Google" in said
        assert f'href="/history?contact={sugar_id}"' in ada.get(f"/statistics?q={question}").text


def test_why_leads_to_the_decision_that_is_needed(place: Place, ada: Browser) -> None:
    entry = ask(place, ada, "1", "refused")
    page = ada.get("/statistics?q=Contact+1").text
    assert f'href="/backlog/{entry}"' in page


def test_moments_in_an_answer_are_shown_in_the_reader_s_own_time(place: Place, ada: Browser) -> None:
    """The script does that to every <time>; names stay text, whatever they look like."""
    place.world.add_sugar(
        first_name="<b>Ana</b>", last_name="Ruiz", email="ana@x.test", assigned_user_id="user-ada"
    )
    ada.post("/api/sync")
    place.work()
    answer = ada.get("/statistics?q=ana%40x.test").text.partition("What was done with it")[0]
    told = f"{place.engine.now():%Y-%m-%d}"
    assert f'The sync last wrote it on <time datetime="{told}T' in answer
    assert "<b>Ana" not in answer


def test_nothing_found_is_said_and_the_question_stays_in_the_box(ada: Browser) -> None:
    evil = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
    page = ada.get(f"/statistics?q={evil}").text
    assert 'value="&#34;&gt;&lt;script&gt;' in page
    assert "<script>alert" not in page
    assert 'class="notice info"' in page


def test_a_blank_question_asks_nothing(ada: Browser) -> None:
    assert 'class="answer"' not in ada.get("/statistics?q=%20").text


def test_why_tells_nobody_about_another_s_contact(place: Place, ada: Browser) -> None:
    ask(place, ada, "1", "refused")
    place.person("bob")
    bob = place.signed_in("bob")
    assert "Said the server" not in bob.get("/statistics?q=Contact+1").text
    assert 'class="notice info"' in bob.get("/statistics?q=gone1").text


def test_the_last_full_check_is_told_in_a_sentence_with_its_time(place: Place, ada: Browser) -> None:
    assert "Last full check" not in shown(ada, "/statistics")
    place.world.add_sugar(last_name="Ruiz", assigned_user_id="user-ada")
    ada.post("/api/sync")
    place.work()
    assert "Last full check" not in shown(ada, "/statistics")
    place.world.clock.advance(minutes=20)
    order_reconcile(place.engine, ada.sub)
    place.work()
    said = shown(ada, "/statistics")
    assert ": 1 pair equal, 0 repaired, 0 orphaned Next run" in said[said.index("Last full check") :]
