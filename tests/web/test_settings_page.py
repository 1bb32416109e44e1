"""The settings page, without a script: everything by links and forms."""

from __future__ import annotations

import msgspec
import pytest
from tests.web.browser import Browser, Place, allow_only, words_of
from tests.web.forms import Form, change_settings, saved, send, swap

from contact_sync.contacts.settings import Auto, Direction, SyncSettings, leaves, nested
from contact_sync.store import users

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
    "private_fields": ("share", "share"),
    "auto.enabled": ("on", True),
    "conflict": ("google", "google"),
    "overflow": ("continue", "continue"),
}


@pytest.mark.parametrize("path", SETTINGS)
def test_every_setting_is_shown_as_it_is_and_can_be_changed_alone(
    place: Place, ada: Browser, path: str
) -> None:
    before = saved(ada)
    sent, stored = SETTINGS[path]
    changed = None if before[path] is True else sent
    answer = change_settings(ada, **{path: changed})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?said=saved")
    assert saved(ada) == before | {path: False if changed is None else stored}
    assert "Your settings are saved." in words_of(ada.get("/?said=saved"))
    again = Form(ada.get("/"), id="settings")
    assert again.fields.get(path) == changed


def test_saving_a_page_that_was_not_touched_changes_nothing(place: Place, ada: Browser) -> None:
    before = place.user(ada.sub)
    change_settings(ada)
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
    change_settings(ada, auto__interval_minutes="", conflict="sugar")
    assert (saved(ada)["conflict"], saved(ada)["auto.interval_minutes"]) == ("sugar", 5)


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
    assert saved(ada)["sugar_scope"] == "mine"
    assert send(ada, newer, sugar_scope="all").status_code == 303
    assert (saved(ada)["conflict"], saved(ada)["sugar_scope"]) == ("sugar", "all")


def test_htmx_gets_the_newer_form_in_place_of_the_stale_one(ada: Browser) -> None:
    old = Form(ada.get("/"), id="settings")
    change_settings(ada, conflict="sugar")
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
    assert change_settings(ada, version="", conflict="sugar").status_code == 400
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
    after = saved(ada)
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
    assert "attack" not in words_of(ada.get("/?said=attack"))


def test_paths_and_objects_of_the_settings_are_each_others_inverse(ada: Browser) -> None:
    plain = ada.json("/api/settings")
    del plain["version"], plain["locked"]
    assert nested(dict(leaves(plain))) == plain


# Private fields that were shared before anybody was asked


def shares_unasked(place: Place, ada: Browser) -> None:
    """As the document of somebody who was here when `share` was what every user had."""
    shared = msgspec.structs.replace(place.user(ada.sub).settings, private_fields="share")
    place.engine.db.commit([users.update(ada.sub, settings=shared, sharing_chosen=None)])


NOTE = "Your private details go to Sugar."


def test_a_new_user_keeps_private_fields_and_is_told_nothing(place: Place, ada: Browser) -> None:
    assert place.user(ada.sub).settings.private_fields == "keep"
    assert NOTE not in words_of(ada.get("/"))
    change_settings(ada, private_fields="share")
    assert NOTE not in words_of(ada.get("/"))


@pytest.mark.parametrize("answer", ["keep", "share"])
def test_who_shares_without_having_been_asked_is_asked_until_it_is_answered(
    place: Place, ada: Browser, answer: str
) -> None:
    shares_unasked(place, ada)
    before = place.user(ada.sub)
    for _ in range(2):
        assert NOTE in words_of(ada.get("/"))
    reply = send(ada, Form(ada.get("/"), action="/settings/sharing"), private_fields=answer)
    assert (reply.status_code, reply.headers["Location"]) == (303, "/?said=saved")
    after = place.user(ada.sub)
    assert after.settings.private_fields == answer
    assert (after.intake_version > before.intake_version) == (answer == "keep")
    assert NOTE not in words_of(ada.get("/"))


def test_choosing_in_the_form_is_an_answer_too(place: Place, ada: Browser) -> None:
    shares_unasked(place, ada)
    change_settings(ada, private_fields="keep")
    change_settings(ada, private_fields="share")
    assert NOTE not in words_of(ada.get("/"))
