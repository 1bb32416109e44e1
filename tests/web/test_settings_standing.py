"""What the settings page says about how things stand, with the way on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.web.browser import Browser, Place, words_of
from tests.web.forms import Form, change_settings, swap

from contact_sync.store import mappings


class TestStanding:
    """What the page says about how things stand."""

    def test_until_access_is_granted_there_is_only_that_step(self, place: Place) -> None:
        place.person("bob")
        bob = place.browser()
        bob.sign_in("bob")
        bob.that_is_me()
        page = bob.get("/")
        assert "One step is left" in words_of(page)
        assert 'href="/grant"' in page.text
        assert 'id="settings"' not in page.text
        bob.grant("bob")
        assert 'id="settings"' in bob.get("/").text

    @pytest.mark.parametrize(
        ("connection", "words", "way"),
        [
            ("reconnect", "Google does not accept the connection any more.", 'href="/grant"'),
            ("sugar_access_denied", "Sugar does not let you reach contacts.", 'action="/look-again"'),
            ("sugar_user_missing", "Your Sugar user was not found.", 'action="/look-again"'),
            ("too_many", "There are too many Sugar contacts to sync.", 'href="#which"'),
        ],
    )
    def test_what_stops_the_sync_is_said_with_one_click_on(
        self, place: Place, ada: Browser, connection: str, words: str, way: str
    ) -> None:
        place.change(ada.sub, connection=connection)
        page = ada.get("/")
        assert words in words_of(page)
        assert way in page.text
        assert 'id="settings"' in page.text

    @pytest.mark.parametrize("connection", ["sugar_access_denied", "sugar_user_missing"])
    def test_what_an_administrator_can_cure_is_looked_at_daily_and_the_page_says_when(
        self, place: Place, ada: Browser, connection: str
    ) -> None:
        assert "looks again by itself" not in words_of(ada.get("/"))
        place.change(ada.sub, connection=connection)
        assert "looks again by itself" not in words_of(ada.get("/"))
        swap(ada, Form(ada.get("/"), id="settings"), auto__enabled="on")
        due = place.engine.now() + timedelta(hours=20)
        place.change(ada.sub, next_sync_at=due)
        answer = swap(ada, Form(ada.get("/"), id="settings"), from_sugar__delete="on")
        assert place.user(ada.sub).next_sync_at == due
        for page in (answer, ada.get("/")):
            assert "looks again by itself once a day" in words_of(page)
        swap(ada, Form(ada.get("/"), id="settings"), auto__enabled=None)
        assert place.user(ada.sub).next_sync_at is None

    def test_a_smaller_scope_cures_too_many_and_the_page_says_so_at_once(
        self, place: Place, ada: Browser
    ) -> None:
        place.change(ada.sub, connection="too_many", connection_message="20,001 Sugar contacts are in scope.")
        assert "20,001 Sugar contacts" in words_of(ada.get("/"))
        answer = swap(ada, Form(ada.get("/"), id="settings"), sugar_scope="flagged")
        assert "Connected" in words_of(answer)

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"paused": True}, "Syncing is paused."),
            ({"creates_paused": "google_full"}, "Your Google account is full."),
        ],
    )
    def test_what_holds_the_sync_up_is_said(
        self, place: Place, ada: Browser, fields: dict[str, Any], words: str
    ) -> None:
        place.change(ada.sub, **fields)
        assert words in words_of(ada.get("/"))

    def test_what_waits_and_what_needs_a_decision_is_counted(self, place: Place, ada: Browser) -> None:
        for number in range(103):
            place.world.add_sugar(last_name=f"No {number:03}", assigned_user_id="user-ada")
        ada.post("/api/sync")
        place.work()
        assert "3 contacts wait for the next sync." in words_of(ada.get("/"))

    def test_contacts_that_are_not_synced_any_more_are_counted_and_linked(
        self, place: Place, ada: Browser
    ) -> None:
        assert "not synced any more" not in words_of(ada.get("/"))
        sugar_id = place.world.add_sugar(last_name="Ruiz", assigned_user_id="user-ada")
        ada.post("/api/sync")
        place.work()
        assert mappings.get(place.engine.db, ada.sub, [sugar_id])
        ada.post(f"/api/mappings/{sugar_id}/unlink")
        page = ada.get("/")
        assert "1 not linked any more" in words_of(page)
        assert 'href="/contacts?state=unlinked"' in page.text

    def test_the_next_sync_is_told(self, ada: Browser) -> None:
        assert "Automatic sync is off" in words_of(ada.get("/"))
        change_settings(ada, auto__enabled="on")
        assert "The next sync starts within a minute" in words_of(ada.get("/"))
