"""The pages of a preview: what they show, and that exactly what is ticked is ordered. As a browser without script."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from tests.web.browser import Browser, Place, words_of
from tests.web.planned import ID, create, merge, planned, quarantine
from tests.world import Person
from werkzeug.test import TestResponse

from contact_sync.contacts.side import Side
from contact_sync.store import previews
from contact_sync.store.records import Applied, Moved, PlannedChange


def ticks(answer: TestResponse) -> dict[str, bool]:
    """The checkboxes of the page: whether each is ticked."""
    boxes = re.findall(r'<input type="checkbox"[^>]*>', answer.text)
    return {re.findall(r'value="([^"]*)"', box)[0]: " checked" in box for box in boxes}


def test_the_start_says_what_a_preview_is_and_asks_for_one(place: Place, ada: Browser) -> None:
    page = ada.get("/preview")
    assert "Nothing is changed by looking" in words_of(page)
    ordered = ada.form("/preview")
    assert ordered.status_code == 303
    assert re.fullmatch(r"/preview/[\w-]+", ordered.location)
    assert [payload["trigger"] for payload in place.payloads()] == ["preview"]
    waiting = ada.get(ordered.location)
    assert "Looking what a sync would do" in words_of(waiting)
    assert '<noscript><meta http-equiv="refresh"' in waiting.text
    assert f'href="{ordered.location}"' in ada.get("/preview").text
    place.world.clock.advance(minutes=61)
    assert f'href="{ordered.location}"' not in ada.get("/preview").text


def test_a_whole_preview_is_made_chosen_from_and_applied(place: Place, ada: Browser) -> None:
    for name in ("Ruiz", "Sato", "Tanaka"):
        place.world.add_sugar(last_name=name, assigned_user_id="user-ada")
    address = ada.form("/preview").location
    place.work()
    page = ada.get(address)
    assert "3 Created in Google" in words_of(page)
    tanaka = next(key for key in ticks(page) if f'value="{key}" aria-label="Do this: Tanaka"' in page.text)
    kept = [key for key in ticks(page) if key != tanaka]
    ordered = ada.form(f"{address}/apply", ticked=kept)
    assert (ordered.status_code, ordered.location) == (303, f"/runs/{address.rpartition('/')[2]}-apply")
    assert "is being done now" in words_of(ada.get(address))
    place.work()
    assert sorted(place.world.google_names(Person(ada.sub, "user-ada"))) == ["Ruiz", "Sato"]
    done = ada.get(address)
    assert "What you ticked was done" in words_of(done)
    assert not ticks(done)


def test_seven_counts_lead_to_their_lists_and_those_that_are_zero_are_said(
    place: Place, ada: Browser
) -> None:
    page = ada.get(planned(place, ada, create("a", "Ruiz"), merge("b", "Sato"), waiting=40))
    said = words_of(page)
    for counted in (
        "1 Created in Google",
        "0 Updated in Google",
        "0 Deleted in Google",
        "1 Linked and merged",
    ):
        assert counted in said
    for counted in ("0 Created in Sugar", "1 Updated in Sugar", "0 Deleted in Sugar"):
        assert counted in said
    for kind in ("google_created", "merged", "sugar_updated"):
        assert f'href="#{kind}"' in page.text and f'id="{kind}"' in page.text
    assert "40 more contacts wait: the rest follows" in said
    assert ticks(page) == {"a": True, "b": True}


def test_a_contact_of_two_counts_has_one_checkbox_and_a_label_for_it(place: Place, ada: Browser) -> None:
    page = ada.get(planned(place, ada, merge("b", "Sato")))
    assert page.text.count('id="tick-1"') == 1
    assert page.text.count('for="tick-1"') == 1


def test_private_values_that_the_company_would_see_are_marked(place: Place, ada: Browser) -> None:
    page = ada.get(planned(place, ada, create("a", "Ruiz"), merge("b", "Sato")))
    assert "The company will see private values of one contact." in words_of(page)
    assert "The company will see" not in words_of(ada.get(planned(place, ada, create("a", "Ruiz"), id="p-2")))
    contact = words_of(ada.get(f"/preview/{ID}/contacts/b"))
    assert "Birthday after: 1980-02-03 the company will see this 1980-02-03" in contact


def test_a_contact_shows_both_records_before_and_after(place: Place, ada: Browser) -> None:
    planned(place, ada, create("a", "Ruiz"))
    page = ada.get(f"/preview/{ID}/contacts/a")
    assert "Field Sugar Google (new)" in words_of(page)
    assert "E-mail addresses a@example.test after: a@example.test" in words_of(page)
    assert "Fax" not in words_of(page)


def test_a_text_that_would_fill_the_page_opens_on_demand(place: Place, ada: Browser) -> None:
    action = create("a", "Ruiz")
    story = "A long story. " * 200
    held = dict(action.after[Side.GOOGLE]) | {"description": story}
    change = PlannedChange(Side.GOOGLE, "description", "", story)
    planned(place, ada, replace(action, after={Side.GOOGLE: held}, changes=(*action.changes, change)))
    page = ada.get(f"/preview/{ID}/contacts/a").text
    shut = re.sub(r"</summary>.*?</details>", "", page, flags=re.DOTALL)
    assert page.count("A long story.") > 200
    assert 0 < shut.count("A long story.") < 20


def test_what_needs_a_decision_is_listed_with_its_reason(place: Place, ada: Browser) -> None:
    page = ada.get(planned(place, ada, quarantine("q", "Ruiz", "Two contacts could be this one.")))
    assert "1 Need a decision" in words_of(page)
    assert "Two contacts could be this one." in words_of(page)


def test_a_group_is_unticked_and_ticked_without_a_script(place: Place, ada: Browser) -> None:
    address = planned(place, ada, create("a", "Ruiz"), create("b", "Sato"), merge("c", "Tanaka"))
    page = ada.form(f"{address}/choose", ticked=["a", "b", "c"], untick="google_created")
    assert ticks(page) == {"a": False, "b": False, "c": True}
    page = ada.form(f"{address}/choose", ticked=["b"], tick="sugar_updated")
    assert ticks(page) == {"a": False, "b": True, "c": True}


def test_nothing_ticked_is_nothing_to_apply(place: Place, ada: Browser) -> None:
    address = planned(place, ada, create("a", "Ruiz"))
    assert ada.form(f"{address}/apply").status_code == 409
    assert place.payloads() == []


def test_nothing_to_do_is_said(place: Place, ada: Browser) -> None:
    assert "Nothing to do" in words_of(ada.get(planned(place, ada)))


def test_more_than_a_page_of_contacts_is_one_list(place: Place, ada: Browser) -> None:
    many = [create(f"c{number:03}", f"No {number}") for number in range(100)]
    assert len(ticks(ada.get(planned(place, ada, *many)))) == 100


def test_a_preview_that_is_over_leads_to_a_new_one(place: Place, ada: Browser) -> None:
    address = planned(place, ada, create("a", "Ruiz"))
    place.world.clock.advance(minutes=61)
    for answer in (
        ada.get(address),
        ada.get(f"{address}/contacts/a"),
        ada.form(f"{address}/apply", ticked="a"),
        ada.form(f"{address}/choose", tick="merged"),
        ada.get("/preview/never"),
    ):
        assert answer.status_code == 404
        assert "A preview is kept for an hour" in words_of(answer)
        assert 'action="/preview"' in answer.text


def test_what_moved_meanwhile_is_listed(place: Place, ada: Browser) -> None:
    applied = Applied("r-1", (), place.engine.now() - timedelta(minutes=1))
    moved = (Moved("b", "Sato", "It was changed in the meantime."),)
    page = ada.get(
        planned(place, ada, create("a", "Ruiz"), create("b", "Sato"), applied=applied, moved=moved)
    )
    assert "Sato : It was changed in the meantime." in words_of(page)
    assert 'href="/runs/r-1"' in page.text
    assert not ticks(page)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"state": "failed", "error": "sugar_down"}, "Sugar does not answer"),
        ({"state": "failed", "error": "reconnect"}, "Connect again"),
        ({"state": "failed", "message": "It took too long."}, "It took too long."),
        (
            {"state": "refused", "undo": "h-1", "message": "Last name was edited since."},
            "Last name was edited",
        ),
    ],
)
def test_a_preview_that_did_not_come_about_says_why(
    place: Place, ada: Browser, fields: dict[str, str], said: str
) -> None:
    page = ada.get(planned(place, ada, **fields))
    assert said in words_of(page)
    assert not ticks(page)


def test_an_undo_is_looked_at_and_then_done_or_left(place: Place, ada: Browser) -> None:
    page = ada.get(planned(place, ada, merge("b", "Sato"), undo="h-1", message="It stays in Google only."))
    said = words_of(page)
    assert "What undoing would do" in said and "It stays in Google only." in said
    assert "Undo it in Sugar only On both sides" in said
    assert 'type="hidden" name="ticked" value="b"' in page.text
    assert 'href="/history/h-1"' in page.text


def test_a_hostile_name_is_shown_as_text(place: Place, ada: Browser) -> None:
    evil = '<script>alert("x")</script>'
    page = ada.get(planned(place, ada, create("a", evil)))
    assert evil not in page.text
    assert evil in unescape(page.text)
    assert evil not in ada.get(f"/preview/{ID}/contacts/a").text


def test_another_persons_preview_is_not_there(place: Place, ada: Browser) -> None:
    address = planned(place, ada, create("a", "Ruiz"))
    place.person("eve")
    eve = place.signed_in("eve")
    for answer in (
        eve.get(address),
        eve.get(f"{address}/contacts/a"),
        eve.form(f"{address}/apply", ticked="a"),
    ):
        assert answer.status_code == 404
        assert "Ruiz" not in answer.text
    found = previews.get(place.engine.db, ada.sub, ID, place.engine.now())
    assert found is not None and found.applied is None


def test_a_preview_that_ends_while_it_is_watched_takes_the_place_of_the_page(
    place: Place, ada: Browser
) -> None:
    address = planned(place, ada, state="planning")
    page = ada.get(address)
    assert 'hx-trigger="every' in page.text
    place.world.clock.advance(minutes=61)
    over = ada.get(address, headers={"HX-Request": "true"})
    assert (over.status_code, over.headers["HX-Retarget"]) == (404, "#main")
