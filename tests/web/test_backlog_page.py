"""The backlog page as a browser without a script uses it, and the parts that htmx replaces."""

from __future__ import annotations

import re

import pytest
from tests.web.browser import Browser, Place, words_of
from tests.web.questions import ask, follow, mass_deletion, post, shown
from tests.world import BOTH_WAYS, WITH_DELETES, Person

from contact_sync.contacts.mapping import Mapping, State
from contact_sync.contacts.settings import Direction, SyncSettings
from contact_sync.contacts.side import Side
from contact_sync.store import backlog, google_index, mappings
from contact_sync.store.records import BacklogEntry


def actions(browser: Browser, path: str) -> list[str]:
    """Where the forms of a page lead."""
    return [
        action for action in re.findall(r'action="([^"]+)"', browser.get(path).text) if "backlog" in action
    ]


def test_an_empty_backlog_says_so_and_what_would_appear(ada: Browser) -> None:
    said = shown(ada, "/backlog")
    assert "Nothing needs you." in said
    assert "several contacts that could be the same person" in said


def test_causes_are_headings_with_their_counts_and_filters(place: Place, ada: Browser) -> None:
    for key in ("1", "2"):
        ask(place, ada, key, "refused")
    ask(place, ada, "3", "loop", field="phone_work")
    said = shown(ada, "/backlog")
    assert "It was refused 2" in said
    assert "Something keeps changing it back 1" in said
    assert "Field: Work phone" in said
    only = shown(ada, "/backlog?cause=loop")
    assert "Contact 3" in only
    assert "Contact 1" not in only


def test_an_entry_shows_the_reason_both_records_and_links(place: Place, ada: Browser) -> None:
    records = {
        "sugar": {"last_name": "Ruiz", "phone_work": "+34 600", "title": "CTO"},
        "google": {"last_name": "Ruiz", "phone_work": "+34 699"},
    }
    ask(
        place,
        ada,
        "7",
        "refused",
        message="Phone is too long.",
        field="phone_work",
        records=records,
        attempts=3,
    )
    page = ada.get("/backlog").text
    said = shown(ada, "/backlog")
    assert "Phone is too long." in said
    assert "3 attempts" in said
    assert "Work phone differs the field in question +34 600 +34 699" in said
    assert "Title CTO" in said
    assert said.count("differs") == 1
    assert "/#Contacts/7" in page
    assert "https://contacts.google.com/person/g7" in page


def test_a_name_of_code_is_shown_as_text(place: Place, ada: Browser) -> None:
    evil = "<script>alert(1)</script>"
    entry = ask(place, ada, "1", "refused", name=evil, message=evil)
    for answer in (ada.get("/backlog"), post(ada, f"/backlog/{entry}/release", htmx=True, said="Try again")):
        assert "<script>alert" not in answer.text
        assert "&lt;script&gt;alert(1)" in answer.text


@pytest.mark.parametrize(
    ("cause", "missing", "settings", "buttons"),
    [
        ("refused", None, SyncSettings(), ["Try again", "Keep both as they are"]),
        (
            "deleted_and_edited",
            Side.SUGAR,
            WITH_DELETES,
            ["Delete it in Google too", "Make it a contact of its own"],
        ),
        (
            "deleted_and_edited",
            Side.GOOGLE,
            WITH_DELETES,
            ["Delete it in Sugar too", "Make it a contact of its own"],
        ),
        (
            "deleted_and_edited",
            Side.GOOGLE,
            SyncSettings(),
            ["Stop syncing it", "Make it a contact of its own"],
        ),
        ("deleted_and_edited", Side.SUGAR, SyncSettings(), ["Keep it in Google"]),
        ("merged_in_google", Side.GOOGLE, WITH_DELETES, ["Delete it in Sugar too", "Keep both as they are"]),
        ("merged_in_google", Side.GOOGLE, SyncSettings(), ["Keep both as they are"]),
        ("ambiguous", None, SyncSettings(), ["Try again", "Make it a contact of its own"]),
        (
            "ambiguous",
            None,
            SyncSettings(from_sugar=Direction(enabled=False, create=True)),
            ["Try again", "Leave it for now"],
        ),
    ],
)
def test_buttons_say_what_they_will_do_under_these_settings(
    place: Place,
    ada: Browser,
    cause: str,
    missing: Side | None,
    settings: SyncSettings,
    buttons: list[str],
) -> None:
    place.change(ada.sub, settings=settings)
    ask(place, ada, "1", cause, missing=missing)
    text = ada.get("/backlog").text
    named = [
        name for name in re.findall(r"<button[^>]*>([^<]+)<span", text) if name != "This is the same person"
    ]
    assert named == buttons


def test_a_button_that_would_do_something_else_by_now_does_nothing(place: Place, ada: Browser) -> None:
    entry = ask(place, ada, "1", "deleted_and_edited", missing=Side.GOOGLE)
    assert "Stop syncing it" in shown(ada, f"/backlog/{entry}")
    place.change(ada.sub, settings=WITH_DELETES)
    said = follow(ada, post(ada, f"/backlog/{entry}/release", said="Stop syncing it"))
    assert "This has changed in the meantime." in said
    assert "Delete it in Sugar too" in said
    assert place.payloads() == []


def test_without_a_script_a_decision_leads_back_with_what_happens_next(place: Place, ada: Browser) -> None:
    entry = ask(place, ada, "1", "refused")
    ask(place, ada, "2", "refused")
    assert f"/backlog/{entry}/release?cause=refused" in actions(ada, "/backlog?cause=refused")
    said = follow(ada, post(ada, f"/backlog/{entry}/release?cause=refused", said="Try again"))
    assert "A sync begins by itself in a moment" in said
    assert "Contact 1" not in said
    assert "Contact 2" in said
    assert place.payloads() == [{"user": ada.sub, "trigger": "manual"}]
    assert "A sync begins" not in shown(ada, "/backlog")


def test_with_a_script_the_decision_takes_the_place_of_the_contact(place: Place, ada: Browser) -> None:
    entry = ask(place, ada, "1", "refused")
    for key in ("2", "3"):
        ask(place, ada, key, "refused")
    answer = post(ada, f"/backlog/{entry}/keep", htmx=True, said="Keep both as they are")
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "Contact 1 It is remembered." in words_of(answer)
    assert "Leave all 2 alone" in words_of(answer)
    assert re.search(r'<span id="count-refused" hx-swap-oob="true">2<', answer.text)
    assert mappings.get(place.engine.db, ada.sub, ["1"])["1"].state is State.UNLINKED


def test_where_no_sync_is_possible_it_is_said(place: Place, ada: Browser) -> None:
    entry = ask(place, ada, "1", "refused")
    place.change(ada.sub, connection="reconnect", connection_message="Google wants you to connect again.")
    said = follow(ada, post(ada, f"/backlog/{entry}/release", said="Try again"))
    assert "The next sync sees to it. Google wants you to connect again." in said


def test_what_was_decided_already_is_said_in_place(place: Place, ada: Browser) -> None:
    entry = ask(place, ada, "1", "refused")
    post(ada, f"/backlog/{entry}/release", said="Try again")
    answer = post(ada, f"/backlog/{entry}/release", htmx=True, said="Try again")
    assert answer.status_code == 404
    assert answer.headers["HX-Retarget"] == "next .refused"
    assert "perhaps it was decided already" in answer.text
    assert "perhaps it was decided already" in follow(
        ada, post(ada, f"/backlog/{entry}/release", said="Try again")
    )


def test_all_of_a_cause_are_decided_if_they_are_as_many_as_was_said(place: Place, ada: Browser) -> None:
    for key in ("1", "2", "3"):
        ask(place, ada, key, "refused")
    ask(place, ada, "4", "loop")
    assert "Try all 3 again" in shown(ada, "/backlog")
    said = follow(ada, post(ada, "/backlog/release", cause="refused", said="Try all 2 again"))
    assert "This has changed in the meantime." in said
    assert place.payloads() == []
    said = follow(ada, post(ada, "/backlog/release", cause="refused", said="Try all 3 again"))
    assert "Decided about 3 contacts" in said
    assert [entry.id for entry in backlog.every_entry(place.engine.db, ada.sub)] == ["loop-4"]


def test_a_mass_deletion_is_one_question_with_its_names_and_two_buttons(place: Place, ada: Browser) -> None:
    place.change(ada.sub, settings=WITH_DELETES)
    group = mass_deletion(place, ada, 60)
    said = shown(ada, "/backlog")
    assert "60 contacts deleted in Sugar" in said
    assert "They are still in Google" in said
    assert "Delete these 60 in Google" in said
    assert "Keep them all" in said
    names = ada.get(f"/backlog?group={group}").text
    following = re.search(r'href="(/backlog\?[^"]*cursor=[^"]*)"', names)
    assert following is not None
    rest = ada.get(following[1].replace("&amp;", "&")).text
    both = re.findall(r"Contact r1-\d+", names) + re.findall(r"Contact r1-\d+", rest)
    assert sorted(both) == [f"Contact r1-{number:03}" for number in range(60)]


def test_a_mass_deletion_is_kept_or_carried_out_as_a_whole(place: Place, ada: Browser) -> None:
    place.change(ada.sub, settings=WITH_DELETES)
    kept, deleted = mass_deletion(place, ada, 2), mass_deletion(place, ada, 3, run="r2")
    assert "Decided about 2 contacts" in follow(
        ada, post(ada, "/backlog/keep", group=kept, said="Keep them all")
    )
    assert "Decided about 3 contacts" in follow(
        ada, post(ada, "/backlog/release", group=deleted, said="Delete these 3 in Google")
    )
    held = mappings.get(place.engine.db, ada.sub, ["r1-000", "r2-000"])
    assert held["r1-000"].state is State.UNLINKED
    assert held["r2-000"].directive is not None
    assert held["r2-000"].directive.kind == "delete"


def test_with_deleting_switched_off_a_mass_deletion_can_only_be_kept(place: Place, ada: Browser) -> None:
    mass_deletion(place, ada, 3)
    assert "Keep them all" in shown(ada, "/backlog")
    assert "/backlog/release" not in actions(ada, "/backlog")


def test_several_mass_deletions_can_be_decided_together(place: Place, ada: Browser) -> None:
    place.change(ada.sub, settings=WITH_DELETES)
    mass_deletion(place, ada, 2)
    mass_deletion(place, ada, 3, run="r2")
    assert "Delete all 5 in Google" in shown(ada, "/backlog")
    said = follow(ada, post(ada, "/backlog/keep", cause="mass_delete", said="Keep all 5"))
    assert "Decided about 5 contacts" in said
    assert "Nothing needs you." in said


def ambiguous(place: Place, ada: Browser) -> tuple[str, str, list[str]]:
    """A Sugar contact that could be either of two Google contacts: its id, its entry, their ids."""
    candidates = [
        place.world.google.add_contact(
            ada.sub,
            {"names": [{"givenName": given, "familyName": "Ruiz"}], "emailAddresses": [{"value": address}]},
        ).removeprefix("people/")
        for given, address in (("Ana", "ana@x.test"), ("Anna", "anna@x.test"))
    ]
    both = [{"email_address": address, "primary_address": False} for address in ("ana@x.test", "anna@x.test")]
    sugar_id = place.world.add_sugar(
        first_name="Ana", last_name="Ruiz", email=both, assigned_user_id="user-ada"
    )
    ada.post("/api/sync")
    place.work()
    (entry,) = [item for item in ada.json("/api/backlog")["items"] if item["sugar_id"]]
    return sugar_id, entry["id"], candidates


def test_a_choice_that_left_nobody_says_so_and_offers_nobody(place: Place, ada: Browser) -> None:
    gone = "The contact in Google that you chose is not there any more."
    entry = ask(place, ada, "1", "ambiguous", message=gone)
    said = shown(ada, f"/backlog/{entry}")
    assert gone in said
    assert "is the same person?" not in said and "Make it a contact of its own" in said


def test_an_ambiguous_contact_is_linked_with_the_chosen_candidate(place: Place, ada: Browser) -> None:
    sugar_id, entry, candidates = ambiguous(place, ada)
    said = shown(ada, "/backlog")
    assert "Which contact in Google is the same person?" in said
    assert "Anna Ruiz" in said
    refused = follow(ada, post(ada, f"/backlog/{entry}/choose"))
    assert "Choose first which contact it is." in refused
    said = follow(ada, post(ada, f"/backlog/{entry}/choose", partner=candidates[1]))
    assert "The two will be linked." in said
    assert "Nothing needs you." in said
    place.work()
    assert mappings.get(place.engine.db, ada.sub, [sugar_id])[sugar_id].google_id == candidates[1]


def test_candidates_in_sugar_are_linked_to_sugar(place: Place, ada: Browser) -> None:
    for key in ("s1", "s2"):
        place.engine.db.commit([mappings.put(ada.sub, Mapping(key, name=f"Ruiz {key}"))])
    entry = BacklogEntry(
        "ambiguous-c1", None, "c1", "", "ambiguous", "Several.", place.engine.now(), partners=("s1", "s2")
    )
    index = google_index.IndexEntry("c1", backlog=entry.id)
    place.engine.db.commit([backlog.put(ada.sub, entry), google_index.put(ada.sub, index)])
    page = ada.get("/backlog").text
    assert "Which contact in Sugar is the same person?" in page
    assert "/#Contacts/s2" in page
    assert "Ruiz s2" in page


def test_one_entry_has_a_page_of_its_own(place: Place, ada: Browser) -> None:
    entry = ask(place, ada, "1", "refused")
    said = shown(ada, f"/backlog/{entry}")
    assert "It was refused" in said
    assert "Contact 1" in said
    assert ada.get("/backlog/none", headers={"Accept": "text/html"}).status_code == 404


def test_nobody_sees_or_decides_what_is_another_s(place: Place, ada: Browser) -> None:
    entry = ask(place, ada, "1", "refused", message="A secret of Ada's.")
    place.person("bob")
    bob = place.signed_in("bob")
    assert "A secret" not in bob.get("/backlog").text
    assert bob.get(f"/backlog/{entry}").status_code == 404
    for verb in ("release", "keep", "choose"):
        post(bob, f"/backlog/{entry}/{verb}", partner="c1", said="Try again")
    post(bob, "/backlog/release", cause="refused", said="Try all 1 again")
    assert [held.id for held in backlog.every_entry(place.engine.db, ada.sub)] == [entry]


def test_twins_on_one_side_are_told_by_name_and_link_there(place: Place, ada: Browser) -> None:
    """The one that comes second looks like a contact that is only being created: both are in Sugar."""
    ids = [
        place.world.add_sugar(
            first_name="Dora", last_name="Double", email="dora@x.test", assigned_user_id="user-ada"
        )
        for _ in range(2)
    ]
    ada.post("/api/sync")
    place.work()
    (entry,) = ada.json("/api/backlog")["items"]
    (twin,) = set(ids) - {entry["sugar_id"]}
    assert entry["partners"] == [{"id": twin, "name": "Dora Double", "side": "sugar"}]
    page = ada.get("/backlog")
    assert f'/#Contacts/{twin}"' in page.text
    assert "new:" not in page.text
    assert "It looks like Dora Double in Sugar" in words_of(page)


def test_a_contact_that_is_only_in_google_is_shown_with_what_it_holds_there(
    place: Place, ada: Browser
) -> None:
    place.change(ada.sub, settings=BOTH_WAYS, settings_version=2, intake_version=2)
    phone = [{"value": "+44 7700 900002", "type": "mobile"}]
    key = place.world.add_google(person=Person(ada.sub, "user-ada"), phoneNumbers=phone)
    ada.post("/api/sync")
    place.work()
    (entry,) = ada.json("/api/backlog")["items"]
    assert (entry["cause"], entry["google_id"], entry["name"]) == ("no_name", key, "+44 7700 900002")
    assert entry["records"]["google"]["phone_mobile"] == "+44 7700 900002"
    assert "The record, as last seen" in words_of(ada.get("/backlog"))


def test_a_contact_is_shown_beside_the_one_in_google_that_it_looks_like(place: Place, ada: Browser) -> None:
    person = Person(ada.sub, "user-ada")
    for title in ("Cook", "Chef"):
        place.world.add_sugar(person, first_name="Dora", last_name="Double", email="dora@x.test", title=title)
        ada.post("/api/sync")
        place.work()
    (entry,) = ada.json("/api/backlog")["items"]
    assert (entry["cause"], [partner["side"] for partner in entry["partners"]]) == ("duplicate", ["google"])
    titles = {side: record["title"] for side, record in entry["records"].items() if record}
    assert titles == {"sugar": "Chef", "google": "Cook"}
    assert "Both records, as last seen" in words_of(ada.get("/backlog"))
