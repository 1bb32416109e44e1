"""The end of a session: when it comes, and what a person is told who meets it in the middle of something."""

from __future__ import annotations

from datetime import timedelta

from tests.web.browser import Browser, Place, words_of
from tests.web.questions import HTMX, post

from contact_sync.web.caller import SESSION_LIFE


def test_a_session_ends_after_its_time_however_often_the_browser_came_back(
    place: Place, ada: Browser
) -> None:
    began = place.engine.now()
    for _ in range(3):
        place.world.clock.advance(hours=5)
        # Asking for a preview is remembered in the session, whose cookie is signed afresh.
        answer, known = ada.form("/preview"), ada.get("/api/session")
        over = place.engine.now() - began > SESSION_LIFE
        assert (answer.headers["Location"] == "/", known.status_code) == (over, 401 if over else 200)
    assert over


def test_a_program_is_told_that_the_session_is_over_and_a_person_sees_the_sign_in_button(
    place: Place, ada: Browser
) -> None:
    place.world.clock.time += SESSION_LIFE + timedelta(seconds=1)
    assert "Sign in with Google" in words_of(ada.get("/"))
    assert ada.get("/api/settings").status_code == 401


def test_a_form_that_meets_the_end_of_its_session_says_that_nothing_was_done(
    place: Place, ada: Browser
) -> None:
    place.world.clock.time += SESSION_LIFE + timedelta(seconds=1)
    answer = post(ada, "/settings", htmx=True, version="0")
    assert answer.headers["HX-Redirect"] == "/"
    said = words_of(ada.get("/"))
    assert "so that was not done. Sign in, and do it again." in said
    assert "was not done" not in words_of(ada.get("/"))


def test_a_poll_that_meets_the_end_of_its_session_says_that_the_work_goes_on(
    place: Place, ada: Browser
) -> None:
    place.world.clock.time += SESSION_LIFE + timedelta(seconds=1)
    for _ in range(2):
        assert ada.get("/runs/some", headers=HTMX).headers["HX-Redirect"] == "/"
    assert words_of(ada.get("/")).count("goes on without you") == 1


def test_a_page_from_an_earlier_session_says_so_in_plain_words(ada: Browser) -> None:
    ada.csrf = "the token of an earlier session"
    answer = post(ada, "/settings", htmx=True, version="0")
    said = words_of(answer)
    assert answer.status_code == 403
    assert "This page is from before you signed in, so nothing was done." in said
    assert "X-CSRF-Token" not in said
    assert "X-CSRF-Token" in ada.post("/api/sync").get_json()["error"]["message"]
