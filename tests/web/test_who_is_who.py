"""Who somebody who signed in is in Sugar: found by the address, said by themselves, held by one account alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from tests.web.browser import Browser, Place, words_of
from tests.web.forms import Form, send

from contact_sync.store import audit, tokens, users
from contact_sync.store.database import Query
from contact_sync.store.records import Tokens
from contact_sync.sync.load import CONTACTS_SCOPE

ASK = "/api/connection"
ANSWER = "/api/connection/sugar-user"


@pytest.fixture
def ada(place: Place) -> Browser:
    """Signed in, and asked."""
    place.person("ada")
    place.world.sugar.edit_user("user-ada", first_name="Ada", last_name="Lovelace")
    browser = place.browser()
    assert browser.sign_in("ada").status_code == 302
    return browser


def me(browser: Browser, sugar_user_id: str = "user-ada") -> Any:
    return browser.post(ANSWER, {"sugar_user_id": sugar_user_id})


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["code"]


def entries(place: Place) -> list[dict[str, Any]]:
    return [found.data for found in place.engine.db.query(Query(audit.COLLECTION))]


def again(place: Place, name: str) -> Browser:
    """A new Google account of the same address: the old one was deleted and made anew for somebody else."""
    google = place.world.google
    old = next(account["sub"] for account in google.accounts() if account["email"] == f"{name}@corp.test")
    google.delete_account(old)
    google.add_account(f"{name}@corp.test", hd="corp.test")
    browser = place.browser()
    browser.sign_in(name)
    return browser


class TestTheQuestion:
    """Before anything is granted."""

    def test_it_shows_the_full_name_and_nothing_is_linked(self, place: Place, ada: Browser) -> None:
        page = ada.get("/")
        assert "who are you in Sugar?" in words_of(page)
        assert "Ada Lovelace" in words_of(page)
        assert 'href="/grant"' not in page.text and 'id="settings"' not in page.text
        assert ada.json(ASK)["question"] == {
            "sugar_user_id": "user-ada",
            "user_name": "ada",
            "full_name": "Ada Lovelace",
        }
        assert ada.json(ASK)["sugar_user"] is None
        assert (place.user(ada.sub).sugar_user_id, entries(place)) == (None, [])

    def test_nothing_can_be_granted_before_it_is_answered(self, place: Place, ada: Browser) -> None:
        assert code_of(ada.get("/grant")) == (409, "sugar_user_asked")
        assert code_of(ada.post("/api/sync")) == (409, "sugar_user_asked")
        page = ada.get("/grant", headers={"Accept": "text/html"})
        assert (page.status_code, "To the question" in words_of(page)) == (409, True)

    def test_a_grant_that_comes_back_when_nobody_is_linked_is_not_kept(
        self, place: Place, ada: Browser
    ) -> None:
        me(ada)
        coming_back = ada.consent(ada.to_google("/grant"), "ada")
        place.change(ada.sub, sugar_user_id=None, connection="sugar_user_missing")
        assert code_of(ada.back(coming_back)) == (409, "sugar_user_missing")
        assert users.load(place.engine.db, place.engine.cipher, ada.sub).tokens == Tokens()

    def test_that_is_me_links_for_good(self, place: Place, ada: Browser) -> None:
        answer = me(ada)
        assert answer.status_code == 200
        assert (answer.get_json()["state"], answer.get_json()["sugar_user"]) == ("permission_missing", "ada")
        user = place.user(ada.sub)
        assert (user.sugar_user_id, user.sugar_user_name, user.sugar_user_asked) == ("user-ada", "ada", None)
        assert ada.json(ASK)["question"] is None
        assert ada.grant("ada").status_code == 302
        assert place.user(ada.sub).connection == "connected"

    def test_the_page_asks_and_is_answered_without_a_script(self, place: Place, ada: Browser) -> None:
        answer = send(ada, Form(ada.get("/"), action="/that-is-me"))
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
        page = ada.get("/")
        assert "One step is left" in words_of(page) and 'href="/grant"' in page.text
        assert place.user(ada.sub).sugar_user_id == "user-ada"

    @pytest.mark.parametrize(
        "fields", [{"csrf_token": "wrong"}, {"sugar_user_id": ""}, {"sugar_user_id": "x" * 300}]
    )
    def test_a_forged_or_broken_answer_links_nobody(
        self, place: Place, ada: Browser, fields: dict[str, str]
    ) -> None:
        assert ada.form("/that-is-me", **fields).status_code in (400, 403)
        assert place.user(ada.sub).sugar_user_id is None

    def test_each_link_is_audited_with_who_what_and_when(self, place: Place, ada: Browser) -> None:
        me(ada)
        me(ada)
        [entry] = entries(place)
        now = place.engine.now()
        assert (entry["who"], entry["user"], entry["at"]) == ("ada@corp.test", ada.sub, now)
        assert "Sugar user ada (Ada Lovelace, id user-ada)" in entry["what"]
        assert (entry["expire_at"] - now).days == 365

    def test_links_that_exist_are_not_asked_again(self, place: Place, ada: Browser) -> None:
        place.change(
            ada.sub, sugar_user_id="user-ada", sugar_user_name="ada", connection="permission_missing"
        )
        ada.sign_in("ada")
        assert ada.json(ASK)["question"] is None
        assert place.user(ada.sub).connection == "permission_missing"
        assert entries(place) == []

    def test_a_grant_kept_from_before_connects_with_the_answer(self, place: Place, ada: Browser) -> None:
        held = Tokens(google_refresh="1//kept", google_scopes=(CONTACTS_SCOPE,))
        place.engine.db.commit([tokens.put(place.engine.cipher, ada.sub, held)])
        me(ada)
        assert place.user(ada.sub).connection == "connected"


class TestWhoIsFound:
    """An active person of that primary address, whom no other account has."""

    @pytest.mark.parametrize("flag", ["is_admin", "is_group", "portal_only"])
    @pytest.mark.parametrize("value", [True, "1"])
    def test_administrators_groups_and_portal_users_are_nobody_who_signs_in(
        self, place: Place, ada: Browser, flag: str, value: Any
    ) -> None:
        place.world.sugar.edit_user("user-ada", **{flag: value})
        ada.sign_in("ada")
        assert ada.json(ASK)["state"] == "sugar_user_missing"
        assert "No active Sugar user has" in ada.json(ASK)["message"]
        assert code_of(me(ada)) == (409, "not_this_sugar_user")
        assert place.user(ada.sub).sugar_user_id is None

    def test_the_service_administrator_is_nobody_who_signs_in(self, place: Place) -> None:
        place.world.sugar.edit_user("svc", email="boss@corp.test", is_admin=False)
        boss = place.browser()
        place.person("boss", in_sugar=False)
        boss.sign_in("boss")
        assert boss.json(ASK)["state"] == "sugar_user_missing"
        assert code_of(me(boss, "svc")) == (409, "not_this_sugar_user")

    def test_an_administrators_second_user_for_daily_work_is_found(self, place: Place, ada: Browser) -> None:
        place.world.sugar.add_user("ada.admin", id="admin-ada", admin=True, email="ada@corp.test")
        ada.sign_in("ada")
        assert ada.json(ASK)["question"]["sugar_user_id"] == "user-ada"

    @pytest.mark.parametrize("status", ["Active", "Inactive"])
    def test_of_several_active_ones_none_is_guessed(self, place: Place, ada: Browser, status: str) -> None:
        place.world.sugar.add_user("ada2", id="user-ada2", email="ada@corp.test", status=status)
        ada.sign_in("ada")
        several = status == "Active"
        assert ada.json(ASK)["state"] == ("sugar_user_missing" if several else "sugar_user_asked")
        assert ("Several active Sugar users" in ada.json(ASK)["message"]) is several
        assert me(ada).status_code == (409 if several else 200)

    def test_without_one_the_page_says_so_until_there_is_one_and_then_asks(self, place: Place) -> None:
        place.person("eve", in_sugar=False)
        eve = place.signed_in("eve")
        assert eve.json(ASK)["state"] == "sugar_user_missing"
        place.world.sugar.add_user("eve", id="user-eve", email="eve@corp.test")
        for look in (lambda: eve.form("/look-again"), lambda: eve.sign_in("eve")):
            place.change(eve.sub, connection="sugar_user_missing", sugar_user_asked=None)
            look()
            assert eve.json(ASK)["question"]["sugar_user_id"] == "user-eve"
            assert place.user(eve.sub).sugar_user_id is None

    def test_whoever_is_found_meanwhile_is_asked_about_instead(self, place: Place, ada: Browser) -> None:
        place.world.sugar.edit_user("user-ada", email="other@corp.test")
        place.world.sugar.add_user("new", id="user-new", email="ada@corp.test")
        answer = send(ada, Form(ada.get("/"), action="/that-is-me"))
        assert answer.status_code == 303
        page = ada.get("/")
        assert "That is not the Sugar user who belongs to your address any more." in words_of(page)
        assert ada.json(ASK)["question"]["sugar_user_id"] == "user-new"
        assert place.user(ada.sub).sugar_user_id is None

    def test_the_link_stays_whatever_addresses_and_names_become(self, place: Place, ada: Browser) -> None:
        me(ada)
        place.world.sugar.edit_user("user-ada", email="other@corp.test", user_name="lovelace")
        place.world.sugar.add_user("ada", id="user-new", email="ada@corp.test")
        ada.sign_in("ada")
        assert place.user(ada.sub).sugar_user_id == "user-ada"
        assert code_of(me(ada, "user-new")) == (409, "linked_already")

    def test_a_sign_in_while_sugar_is_down_works_and_is_completed_later(self, place: Place) -> None:
        sub = place.person("ada")

        def down(_request: Any) -> None:
            raise requests.ConnectionError

        place.world.sugar_transport.before = down
        browser = place.browser()
        assert browser.sign_in("ada").status_code == 302
        assert "could not be asked" in browser.json(ASK)["message"]
        place.world.sugar_transport.before = None
        browser.form("/look-again")
        place.world.sugar_transport.before = down
        assert me(browser).status_code == 503
        assert browser.json(ASK)["question"] is not None
        place.world.sugar_transport.before = None
        assert me(browser).status_code == 200
        assert place.user(sub).sugar_user_id == "user-ada"


class TestOneAccountEach:
    """A Sugar user belongs to one Google account."""

    def test_a_second_account_of_the_same_address_gets_nothing(self, place: Place, ada: Browser) -> None:
        me(ada)
        eve = again(place, "ada")
        assert eve.sub != ada.sub
        assert eve.json(ASK)["state"] == "sugar_user_missing"
        assert "is linked with another Google account" in words_of(eve.get("/"))
        assert code_of(me(eve)) == (409, "not_this_sugar_user")
        assert users.by_sugar_user(place.engine.db, "user-ada") == [ada.sub]

    def test_a_link_from_before_counts_as_well(self, place: Place, ada: Browser) -> None:
        place.change(ada.sub, sugar_user_id="user-ada")
        eve = again(place, "ada")
        assert code_of(me(eve)) == (409, "not_this_sugar_user")

    def test_of_two_accounts_that_answer_at_once_one_wins(self, place: Place, ada: Browser) -> None:
        eve = again(place, "ada")
        sides: list[Callable[[], Any]] = [lambda: me(eve)]
        commit = place.engine.db.commit
        answers: list[Any] = []

        def between(writes: Any) -> Any:
            if sides:
                answers.append(sides.pop()())
            return commit(writes)

        place.engine.db.commit = between  # type: ignore[method-assign]
        answers.append(me(ada))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert users.by_sugar_user(place.engine.db, "user-ada") == [eve.sub]
        assert len(entries(place)) == 1
        assert "linked with another" in ada.json(ASK)["message"]

    def test_after_the_first_was_erased_the_second_may_have_it(self, place: Place, ada: Browser) -> None:
        from contact_sync.store import personal

        me(ada)
        eve = again(place, "ada")
        list(personal.remove(place.engine.db, ada.sub))
        eve.form("/look-again")
        assert me(eve).status_code == 200
        assert place.user(eve.sub).sugar_user_id == "user-ada"
