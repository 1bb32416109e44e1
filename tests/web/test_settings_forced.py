"""Whatever the administrator forces, by the setting or by the group: it holds, it shows, and everything else works."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.web.browser import Browser, Place, words_of
from tests.web.forms import Form, change_settings, saved

from contact_sync.config_formats import Policy
from contact_sync.contacts.settings import SyncSettings, leaves, nested, to_plain
from contact_sync.web.settings import LOCKED

DEFAULTS = dict(leaves(to_plain(SyncSettings())))
VALUES: dict[str, st.SearchStrategy[Any]] = {path: st.booleans() for path in DEFAULTS} | {
    "auto.interval_minutes": st.integers(1, 1440),
    "sugar_scope": st.sampled_from(["mine", "flagged", "all"]),
    "google_label": st.sampled_from([None, "contactGroups/starred"]),
    "private_fields": st.sampled_from(["share", "keep"]),
    "conflict": st.sampled_from(["newest", "sugar", "google"]),
    "overflow": st.sampled_from(["next_period", "continue"]),
}
FREE = {"conflict": ("sugar", "google"), "overflow": ("continue", "next_period")}


@st.composite
def forced(draw: st.DrawFn) -> dict[str, Any]:
    """Some settings, in groups or each by its path."""
    paths = draw(st.sets(st.sampled_from(sorted(VALUES)), min_size=1))
    single = {path: draw(VALUES[path]) for path in sorted(paths)}
    grouped = draw(st.sets(st.sampled_from(["from_sugar", "from_google", "auto"])))
    whole = {path: value for path, value in single.items() if path.partition(".")[0] in grouped}
    return {path: value for path, value in single.items() if path not in whole} | nested(whole)


def everything_works(wanted: dict[str, Any]) -> None:
    place = Place(policy=Policy(wanted))
    place.person("ada")
    ada = place.signed_in("ada")
    single = dict(leaves(wanted))
    shown = ada.json("/api/settings")
    assert shown["locked"] == dict.fromkeys(single, LOCKED)
    in_force = saved(ada)
    assert single.items() <= in_force.items()
    sent = {key: value for key, value in shown.items() if key != "locked"}
    assert ada.send("PUT", "/api/settings", sent).status_code == 200
    assert ada.post("/api/settings/reset").status_code == 200
    assert saved(ada) == in_force
    by_page(ada, single)
    previewed(place, ada)


def by_page(ada: Browser, single: dict[str, Any]) -> None:
    page = ada.get("/")
    assert page.status_code == 200
    form = Form(page, id="settings")
    assert form.locked == single.keys() - {"google_label"}
    assert words_of(page).count(LOCKED) == len(single)
    for path, values in FREE.items():
        before = saved(ada)
        value = next(value for value in values if value != before[path])
        if path not in single:
            assert change_settings(ada, **{path: value}).status_code == 303
            assert saved(ada) == before | {path: value}


def previewed(place: Place, ada: Browser) -> None:
    place.world.add_sugar(first_name="Ida", last_name="Berg", assigned_user_id="user-ada")
    planned = ada.post("/api/preview").get_json()["preview"]
    place.work()
    assert ada.json(f"/api/preview/{planned}")["state"] == "ready"
    ada.post("/api/sync")
    assert all(answer.get("error") is None for answer in place.work())


@given(forced())
@settings(max_examples=5)
def test_forced_settings_hold_show_and_disturb_nothing(wanted: dict[str, Any]) -> None:
    everything_works(wanted)


def test_all_settings_may_be_forced_by_their_groups() -> None:
    everything_works(to_plain(SyncSettings()))


def test_a_locked_setting_in_a_group_is_refused_by_its_own_name() -> None:
    place = Place(policy=Policy({"from_google": {"enabled": False, "delete": False}}))
    place.person("ada")
    ada = place.signed_in("ada")
    wanted = ada.json("/api/settings")
    wanted["from_google"]["delete"] = True
    answer = ada.send("PUT", "/api/settings", wanted)
    assert (answer.status_code, answer.get_json()["keys"]) == (403, ["from_google.delete"])


def test_no_label_is_created_where_the_label_is_forced() -> None:
    place = Place(policy=Policy({"google_label": None}))
    place.person("ada")
    ada = place.signed_in("ada")
    answer = ada.form("/settings/labels", name="Work", version="1")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "locked")
    assert [group["name"] for group in ada.json("/api/labels")["items"] if group["name"] == "Work"] == []
