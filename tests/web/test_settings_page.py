"""The settings page, without a script: everything by links and forms."""

from __future__ import annotations

from typing import Any

import pytest
from tests.web.browser import WEB_URL, Browser, Place, allow_only, words_of
from tests.web.forms import Form
from werkzeug.test import TestResponse

from contact_sync.contacts.settings import Auto, Direction, SyncSettings
from contact_sync.store import mappings
from contact_sync.web.settings import leaves, nested

HTMX = {"HX-Request": "true"}


def change(browser: Browser, **changes: str | None) -> TestResponse:
    """Open the settings, change something, press Save."""
    return send(browser, Form(browser.get("/"), id="settings"), **changes)


def send(browser: Browser, form: Form, **changes: str | None) -> TestResponse:
    return browser.client.post(form.action, base_url=WEB_URL, data=form.sending(**changes))


def swap(browser: Browser, form: Form, **changes: str | None) -> TestResponse:
    """The same as htmx sends it."""
    return browser.client.post(form.action, base_url=WEB_URL, data=form.sending(**changes), headers=HTMX)


def saved(place: Place, browser: Browser) -> dict[str, Any]:
    plain = browser.json("/api/settings")
    return {path: value for path, value in leaves(plain) if not path.startswith(("version", "locked"))}


SETTINGS = {
    "from_sugar.enabled": ("on", True),
    "from_sugar.update": ("on", True),
    "from_sugar.create": ("on", True),
    "from_sugar.delete": ("on", True),
    "from_google.enabled": ("on", True),
    "from_google.update": ("on", True),
    "from_google.create": ("on", True),
    "from_google.delete": ("on", True),
    "sugar_scope": ("all", "all"),
    "private_fields": ("keep", "keep"),
    "auto.enabled": ("on", True),
    "conflict": ("google", "google"),
    "overflow": ("continue", "continue"),
}


@pytest.mark.parametrize("path", SETTINGS)
def test_every_setting_is_shown_as_it_is_and_can_be_changed_alone(
    place: Place, ada: Browser, path: str
) -> None:
    before = saved(place, ada)
    sent, stored = SETTINGS[path]
    changed = None if before[path] is True else sent
    answer = change(ada, **{path: changed})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?said=saved")
    assert saved(place, ada) == before | {path: False if changed is None else stored}
    assert "Your settings are saved." in words_of(ada.get("/?said=saved"))
    again = Form(ada.get("/"), id="settings")
    assert again.fields.get(path) == changed


def test_saving_a_page_that_was_not_touched_changes_nothing(place: Place, ada: Browser) -> None:
    before = place.user(ada.sub)
    change(ada)
    assert place.user(ada.sub) == before


def test_every_setting_says_in_a_line_what_it_does(ada: Browser) -> None:
    page = ada.get("/").text
    for control in ("from_sugar-enabled", "from_google-create", "auto-enabled", "auto-interval_minutes"):
        assert f'id="{control}"' in page
        assert f'id="{control}-hint"' in page
    assert page.count('class="hint"') >= len(SETTINGS) + 8


@pytest.mark.parametrize("text", ["0", "1441", "-3", "1.5", "five", "", "9" * 30, "٣"])
def test_an_interval_that_is_none_is_told_at_its_field_and_saves_nothing(
    place: Place, ada: Browser, text: str
) -> None:
    place.change(ada.sub, settings=SyncSettings(auto=Auto(enabled=True)))
    before = place.user(ada.sub)
    form = Form(ada.get("/"), id="settings")
    answer = send(ada, form, auto__interval_minutes=text, conflict="google")
    assert answer.status_code == 400
    assert "Write a whole number of minutes from 1 to 1440." in words_of(answer)
    assert place.user(ada.sub) == before
    shown = Form(answer, id="settings")
    assert (shown.fields["auto.interval_minutes"], shown.fields["conflict"]) == (text, "google")
    part = swap(ada, form, auto__interval_minutes=text)
    assert part.status_code == 400
    assert "Not saved" in words_of(part)
    assert "<html" not in part.text


def test_an_interval_that_nobody_sees_keeps_nothing_from_being_saved(place: Place, ada: Browser) -> None:
    change(ada, auto__interval_minutes="", conflict="sugar")
    assert (saved(place, ada)["conflict"], saved(place, ada)["auto.interval_minutes"]) == ("sugar", 5)


def test_a_change_from_another_window_is_neither_overwritten_nor_hidden(place: Place, ada: Browser) -> None:
    old = Form(ada.get("/"), id="settings")
    send(ada, Form(ada.get("/"), id="settings"), conflict="sugar", auto__enabled="on")
    answer = send(ada, old, sugar_scope="all")
    assert answer.status_code == 412
    told = words_of(answer)
    assert "Which Sugar contacts: you had “All I may see”, it is “Assigned to me” now." in told
    assert (
        "When both sides changed the same field: you had “The newest change wins”, it is “Sugar wins” now."
        in told
    )
    assert "Sync regularly: you had “off”, it is “on” now." in told
    newer = Form(answer, id="settings")
    assert (newer.fields["conflict"], newer.fields["sugar_scope"]) == ("sugar", "mine")
    assert saved(place, ada)["sugar_scope"] == "mine"
    assert send(ada, newer, sugar_scope="all").status_code == 303
    assert (saved(place, ada)["conflict"], saved(place, ada)["sugar_scope"]) == ("sugar", "all")


def test_htmx_gets_the_newer_form_in_place_of_the_stale_one(ada: Browser) -> None:
    old = Form(ada.get("/"), id="settings")
    change(ada, conflict="sugar")
    answer = swap(ada, old, sugar_scope="all")
    assert answer.status_code == 412
    assert 'hx-swap-oob="true"' in answer.text
    assert Form(answer, id="settings").fields["conflict"] == "sugar"


def test_htmx_gets_the_version_for_the_next_change_and_none_of_the_controls(ada: Browser) -> None:
    form = Form(ada.get("/"), id="settings")
    first = swap(ada, form, conflict="sugar")
    assert first.status_code == 200
    assert "Saved" in words_of(first)
    assert 'type="checkbox"' not in first.text
    version = first.text.partition('name="version" value="')[2].partition('"')[0]
    assert swap(ada, form, conflict="google", version=version).status_code == 200
    assert ada.json("/api/settings")["conflict"] == "google"


def test_a_form_without_a_version_saves_nothing(place: Place, ada: Browser) -> None:
    before = place.user(ada.sub)
    assert change(ada, version="", conflict="sugar").status_code == 400
    assert place.user(ada.sub) == before


def test_what_the_administrator_locked_is_shown_with_the_reason_and_stays() -> None:
    place = Place(
        policy=allow_only(
            from_google__delete=True, sugar_scope="all", auto__interval_minutes=30, google_label=None
        )
    )
    place.person("ada")
    ada = place.signed_in("ada")
    page = ada.get("/")
    form = Form(page, id="settings")
    assert form.locked == {"from_google.delete", "sugar_scope", "auto.interval_minutes"}
    assert words_of(page).count("Your administrator decided this for everyone.") == 4
    assert send(ada, form, conflict="sugar").status_code == 303
    after = saved(place, ada)
    assert (after["conflict"], after["from_google.delete"], after["sugar_scope"]) == ("sugar", True, "all")
    assert "Choose or create a label" not in words_of(page)


def test_deleting_is_warned_of(ada: Browser) -> None:
    page = words_of(ada.get("/"))
    assert "Deletes contacts in your Google account." in page
    assert "Deletes records in Sugar that your whole company uses." in page


def test_restoring_the_defaults_asks_first_and_restores_all(place: Place, ada: Browser) -> None:
    place.change(
        ada.sub,
        settings=SyncSettings(
            from_google=Direction(enabled=True, create=True, delete=True),
            conflict="sugar",
            google_label="g/1",
        ),
    )
    page = ada.get("/")
    assert "Restore all defaults" in page.text.partition("<details")[2]
    answer = send(ada, Form(page, action="/settings/reset"))
    assert answer.headers["Location"] == "/?said=reset"
    assert place.user(ada.sub).settings == SyncSettings()


def test_an_address_cannot_make_the_page_say_something(ada: Browser) -> None:
    assert "attack" not in ada.get("/?said=attack").text


class TestLabel:
    """The label that new contacts get."""

    def test_the_first_page_does_not_wait_for_google(self, place: Place, ada: Browser) -> None:
        place.change(ada.sub, settings=SyncSettings(google_label="contactGroups/1"))
        place.world.forget_calls()
        page = ada.get("/")
        assert page.status_code == 200
        assert place.world.calls() == (0, 0)
        assert Form(page, id="settings").fields["google_label"] == "contactGroups/1"

    def test_one_is_chosen_on_a_page_of_its_own(self, place: Place, ada: Browser) -> None:
        chosen = ada.post("/api/labels", json={"name": "Customers <i>"}).get_json()["id"]
        page = ada.get("/settings/label")
        assert "Customers &lt;i&gt;" in page.text
        form = Form(page, action="/settings/label")
        answer = ada.client.post(form.action, base_url=WEB_URL, data=form.sending(google_label=chosen))
        assert answer.headers["Location"] == "/?said=saved"
        assert saved(place, ada)["google_label"] == chosen
        assert Form(ada.get("/settings/label"), action="/settings/label").fields["google_label"] == chosen

    def test_a_new_one_is_created_and_used(self, place: Place, ada: Browser) -> None:
        form = Form(ada.get("/settings/label"), id="new-label")
        assert send(ada, form, name=" Customers ").status_code == 303
        assert saved(place, ada)["google_label"] == ada.json("/api/labels")["items"][0]["id"]
        first = saved(place, ada)["google_label"]
        send(ada, Form(ada.get("/settings/label"), id="new-label"), name="CUSTOMERS")
        assert saved(place, ada)["google_label"] == first
        assert len(ada.json("/api/labels")["items"]) == 1

    @pytest.mark.parametrize(
        ("name", "status", "words"),
        [
            ("", 400, "Write the name of the label."),
            ("  ", 400, "Write the name of the label."),
            ("n" * 201, 400, "A name has at most 200 characters."),
            # Google keeps the names of its own groups to itself.
            ("Friends", 422, "Google does not take this name"),
        ],
    )
    def test_a_name_that_is_none_is_told_at_its_field(
        self, place: Place, ada: Browser, name: str, status: int, words: str
    ) -> None:
        form = Form(ada.get("/settings/label"), id="new-label")
        for answer in (send(ada, form, name=name), swap(ada, form, name=name)):
            assert (answer.status_code, words in words_of(answer)) == (status, True)
        assert saved(place, ada)["google_label"] is None

    def test_one_created_from_a_stale_page_overwrites_no_setting(self, place: Place, ada: Browser) -> None:
        form = Form(ada.get("/settings/label"), id="new-label")
        change(ada, conflict="sugar")
        assert send(ada, form, name="Customers").status_code == 412
        assert saved(place, ada)["google_label"] is None
        assert saved(place, ada)["conflict"] == "sugar"

    def test_the_part_for_htmx_has_the_labels_and_saves_with_the_other_settings(self, ada: Browser) -> None:
        ada.post("/api/labels", json={"name": "Customers"})
        part = ada.get("/settings/label", headers=HTMX)
        assert "<html" not in part.text
        assert "Customers" in part.text
        assert 'hx-post="/settings"' in part.text
        # On a page of its own the select must not send a form that lacks everything else.
        assert 'hx-post="/settings"' not in ada.get("/settings/label").text

    def test_one_that_was_deleted_in_google_is_told(self, place: Place, ada: Browser) -> None:
        place.change(ada.sub, settings=SyncSettings(google_label="contactGroups/none"))
        assert "A label that was deleted in Google" in words_of(ada.get("/settings/label"))
        place.change(ada.sub, creates_paused="label_missing")
        assert "The Google label you chose does not exist any more." in words_of(ada.get("/"))

    def test_googles_silence_leaves_the_settings_usable(self, place: Place, ada: Browser) -> None:
        place.world.google.faults.add("503", "/v1/contactGroups", times=20)
        part = ada.get("/settings/label", headers=HTMX)
        assert part.status_code == 200
        assert "Your labels could not be read" in words_of(part)


class TestExposed:
    """How many Google contacts the company will see with "Create Sugar records" on."""

    def test_before_anything_was_counted_a_button_counts(self, place: Place, ada: Browser) -> None:
        place.world.google.add_contact(ada.sub, {"names": [{"givenName": "Ana"}]})
        page = ada.get("/")
        assert "They are not counted yet." in words_of(page)
        answer = send(ada, Form(page, id="count"))
        run = place.payloads()[0]["run"]
        assert answer.headers["Location"] == f"/runs/{run}"
        assert "Your contacts are being counted." in words_of(ada.get("/"))
        place.work()
        assert "Your contacts are counted. Nothing was changed." in words_of(ada.get(f"/runs/{run}"))
        assert "Your company will see 1 more contact, private ones too" in words_of(ada.get("/"))
        assert place.world.writes() == 0

    def test_with_a_label_the_number_is_googles_and_read_afterwards(self, place: Place, ada: Browser) -> None:
        label = ada.post("/api/labels", json={"name": "Customers"}).get_json()["id"]
        place.world.google.add_contact(ada.sub, {"names": [{"givenName": "Ana"}]}, groups=[label])
        place.change(ada.sub, settings=SyncSettings(google_label=label))
        assert "How many are these?" in words_of(ada.get("/"))
        for part in (ada.get("/settings/exposed"), ada.get("/settings/exposed", headers=HTMX)):
            assert "Your company will see 1 Google contact" in words_of(part)

    def test_htmx_counts_in_place(self, place: Place, ada: Browser) -> None:
        form = Form(ada.get("/"), id="count")
        part = swap(ada, form)
        assert "being counted" in words_of(part)
        assert "<html" not in part.text
        place.work()
        assert "0 more contacts" in words_of(ada.get("/settings/exposed", headers=HTMX))

    def test_a_saved_change_of_the_label_tells_it_anew(self, ada: Browser) -> None:
        form = Form(ada.get("/"), id="settings")
        assert 'id="exposed"' in swap(ada, form, google_label="contactGroups/1").text
        assert 'id="exposed"' not in swap(ada, Form(ada.get("/"), id="settings"), conflict="sugar").text


class TestStanding:
    """What the page says about how things stand."""

    def test_until_access_is_granted_there_is_only_that_step(self, place: Place) -> None:
        place.person("bob")
        bob = place.browser()
        bob.sign_in("bob")
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
        change(ada, auto__enabled="on")
        assert "The next sync starts within a minute" in words_of(ada.get("/"))


def test_paths_and_objects_of_the_settings_are_each_others_inverse(ada: Browser) -> None:
    plain = ada.json("/api/settings")
    del plain["version"], plain["locked"]
    assert nested(dict(leaves(plain))) == plain
