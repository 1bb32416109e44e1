"""What the settings ask of Google, after the page or on pages of their own: labels, and how many contacts."""

from __future__ import annotations

import pytest
from tests.web.browser import WEB_URL, Browser, Place, words_of
from tests.web.forms import HTMX, Form, change_settings, saved, send, swap

from contact_sync.contacts.settings import SyncSettings


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
        assert saved(ada)["google_label"] == chosen
        assert Form(ada.get("/settings/label"), action="/settings/label").fields["google_label"] == chosen

    def test_a_new_one_is_created_and_used(self, place: Place, ada: Browser) -> None:
        form = Form(ada.get("/settings/label"), id="new-label")
        assert send(ada, form, name=" Customers ").status_code == 303
        assert saved(ada)["google_label"] == ada.json("/api/labels")["items"][0]["id"]
        first = saved(ada)["google_label"]
        send(ada, Form(ada.get("/settings/label"), id="new-label"), name="CUSTOMERS")
        assert saved(ada)["google_label"] == first
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
        assert saved(ada)["google_label"] is None

    def test_one_created_from_a_stale_page_overwrites_no_setting(self, place: Place, ada: Browser) -> None:
        form = Form(ada.get("/settings/label"), id="new-label")
        change_settings(ada, conflict="sugar")
        assert send(ada, form, name="Customers").status_code == 412
        assert saved(ada)["google_label"] is None
        assert saved(ada)["conflict"] == "sugar"

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
        counted = words_of(ada.get("/settings/exposed", headers=HTMX))
        assert "Of those that you have now none would be created there (counted" in counted
        place.world.google.add_contact(ada.sub, {"names": [{"givenName": "Ana"}]})
        swap(ada, Form(ada.get("/"), id="count"))
        place.work()
        counted = words_of(ada.get("/settings/exposed", headers=HTMX))
        assert "Your company will see 1 more contact, private ones too" in counted

    def test_a_saved_change_of_the_label_tells_it_anew(self, ada: Browser) -> None:
        form = Form(ada.get("/"), id="settings")
        assert 'id="exposed"' in swap(ada, form, google_label="contactGroups/1").text
        assert 'id="exposed"' not in swap(ada, Form(ada.get("/"), id="settings"), conflict="sugar").text
