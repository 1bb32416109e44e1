"""Signing in with Google and granting access to the contacts, through the simulated consent page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.web.browser import Browser, Place, query_of

from contact_sync.contacts.settings import Auto, SyncSettings
from contact_sync.contacts.side import Side
from contact_sync.store import tokens, users
from contact_sync.store.cipher import Cipher
from contact_sync.store.records import Tokens
from contact_sync.sync.load import CONTACTS_SCOPE
from local_stack.google import EMAIL


def error_of(answer: Any) -> tuple[int, str]:
    error = answer.get_json()["error"]
    assert error["message"].endswith(".")
    return answer.status_code, error["code"]


def test_a_first_sign_in_makes_a_user_who_is_asked_who_they_are_in_sugar(place: Place) -> None:
    sub = place.person("ada")
    answer = place.browser().sign_in("ada")
    assert answer.headers["Location"] == "https://sync.corp.test/"
    user = place.user(sub)
    assert (user.email, user.sugar_user_id, user.sugar_user_name) == ("ada@corp.test", None, None)
    assert (user.connection, user.next_sync_at) == ("sugar_user_asked", None)
    assert user.created_at == place.engine.now()


def test_a_sign_in_asks_only_who_it_is_with_state_nonce_and_proof_key(place: Place) -> None:
    query = query_of(place.browser().to_google("/sign-in"))
    assert query["scope"] == "openid email"
    assert query["redirect_uri"] == "https://sync.corp.test/oauth/callback"
    assert query["code_challenge_method"] == "S256"
    assert len({query["state"], query["nonce"], query["code_challenge"]}) == 3
    assert all(len(query[name]) >= 43 for name in ("state", "nonce", "code_challenge"))


def test_a_grant_asks_for_the_contacts_offline_and_for_consent(place: Place) -> None:
    sub = place.person("ada")
    browser = place.browser()
    browser.sign_in("ada")
    browser.that_is_me()
    query = query_of(browser.to_google("/grant"))
    assert query["scope"].split() == ["openid", "email", CONTACTS_SCOPE]
    assert (query["access_type"], query["prompt"], query["login_hint"]) == ("offline", "consent", sub)


def test_a_grant_connects_the_user_and_keeps_the_tokens_encrypted(place: Place) -> None:
    sub = place.person("ada")
    place.signed_in("ada")
    user = place.user(sub)
    assert (user.connection, user.connection_message, user.next_sync_at) == ("connected", "", None)
    held = users.load(place.engine.db, place.engine.cipher, sub).tokens
    assert held.google_refresh and held.google_access
    assert {CONTACTS_SCOPE, "openid", EMAIL} == set(held.google_scopes)
    stored = place.engine.db.get([f"users/{sub}/private/tokens"])[f"users/{sub}/private/tokens"].data
    assert held.google_refresh not in str(stored)


def test_the_session_cookie_is_for_this_site_alone_and_out_of_reach_of_scripts(place: Place) -> None:
    place.person("ada")
    cookie = place.browser().sign_in("ada").headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/;"):
        assert attribute in f"{cookie};"


def test_an_unticked_box_is_named_and_connects_nothing(place: Place) -> None:
    sub = place.person("ada")
    browser = place.browser()
    browser.sign_in("ada")
    answer = browser.grant("ada", untick_contacts=True)
    assert error_of(answer) == (403, "permission_missing")
    assert "ticked" in answer.get_json()["error"]["message"]
    assert place.user(sub).connection == "permission_missing"
    assert users.load(place.engine.db, place.engine.cipher, sub).tokens.google_refresh is None


def test_an_unticked_box_later_does_not_break_a_connection_that_works(place: Place, ada: Browser) -> None:
    assert error_of(ada.grant("ada", untick_contacts=True)) == (403, "permission_missing")
    assert place.user(ada.sub).connection == "connected"


@pytest.mark.parametrize(
    ("path", "code"), [("/sign-in", "sign_in_cancelled"), ("/grant", "permission_missing")]
)
def test_a_denied_consent_says_how_to_go_on(ada: Browser, path: str, code: str) -> None:
    answer = ada.back(ada.consent(ada.to_google(path), "ada", deny=True))
    assert error_of(answer) == (403, code)
    assert path in answer.get_json()["error"]["message"]


def test_a_grant_for_another_account_changes_nothing_for_either(place: Place, ada: Browser) -> None:
    bob = place.person("bob")
    place.signed_in("bob")
    before = users.load(place.engine.db, place.engine.cipher, bob).tokens
    answer = ada.grant("bob")
    assert error_of(answer) == (403, "wrong_account")
    assert users.load(place.engine.db, place.engine.cipher, bob).tokens == before
    # Nothing was revoked: the other account's own connection goes on working.
    assert place.engine.oauth.refresh(before.google_refresh or "").access


def test_a_grant_for_a_private_account_is_the_wrong_account_too(place: Place, ada: Browser) -> None:
    place.world.google.add_account("ada@gmail.com")
    assert error_of(ada.grant("ada@gmail.com")) == (403, "wrong_account")


def test_granting_needs_a_signed_in_user(place: Place) -> None:
    assert error_of(place.browser().get("/grant")) == (401, "not_signed_in")


@pytest.mark.parametrize(
    ("account", "code"),
    [
        ({"email": "eve@else.test", "hd": "else.test"}, "domain_not_allowed"),
        ({"email": "eve@corp.test"}, "domain_not_allowed"),
        ({"email": "eve@corp.test", "hd": "corp.test", "email_verified": False}, "email_not_verified"),
    ],
)
def test_only_verified_accounts_of_allowed_domains_sign_in(
    place: Place, account: dict[str, Any], code: str
) -> None:
    sub = place.world.google.add_account(**account)
    browser = place.browser()
    assert error_of(browser.sign_in(account["email"])) == (403, code)
    assert users.read(place.engine.db, sub) is None
    assert browser.get("/api/status").status_code == 401


def _drop_session(browser: Browser, address: str) -> str:
    browser.client.delete_cookie("__Host-session", domain="sync.corp.test")
    return address


def _forge_state(_browser: Browser, address: str) -> str:
    return address.replace("state=", "state=x")


def _forge_code(_browser: Browser, address: str) -> str:
    return address.replace("code=", "code=x")


def _no_code(_browser: Browser, address: str) -> str:
    return address.replace("code=", "other=")


def _too_late(browser: Browser, address: str) -> str:
    browser.place.world.clock.advance(minutes=16)
    return address


@pytest.mark.parametrize("spoil", [_drop_session, _forge_state, _forge_code, _no_code, _too_late])
def test_an_answer_that_does_not_belong_here_signs_nobody_in(
    place: Place, spoil: Callable[[Browser, str], str]
) -> None:
    place.person("ada")
    browser = place.browser()
    address = spoil(browser, browser.consent(browser.to_google("/sign-in"), "ada"))
    answer = browser.back(address)
    assert error_of(answer) == (400, "start_again")
    assert browser.get("/api/status").status_code == 401


def test_an_answer_of_google_is_good_once(place: Place) -> None:
    place.person("ada")
    browser = place.browser()
    address = browser.consent(browser.to_google("/sign-in"), "ada")
    assert browser.back(address).status_code == 302
    assert error_of(browser.back(address)) == (400, "start_again")


def test_a_code_stolen_from_another_sign_in_is_worth_nothing(place: Place) -> None:
    place.person("ada")
    thief, victim = place.browser(), place.browser()
    stolen = query_of(victim.consent(victim.to_google("/sign-in"), "ada"))["code"]
    own = query_of(thief.consent(thief.to_google("/sign-in"), "ada"))["state"]
    answer = thief.get(f"/oauth/callback?state={own}&code={stolen}")
    assert error_of(answer) == (400, "start_again")


def test_googles_silence_is_told_and_signs_nobody_in(place: Place) -> None:
    place.person("ada")
    place.world.google.faults.add("503", "/token")
    assert error_of(place.browser().sign_in("ada")) == (503, "google_unavailable")


def test_a_reconnect_goes_on_with_regular_runs_but_not_with_old_deletions(place: Place, ada: Browser) -> None:
    place.change(
        ada.sub,
        settings=SyncSettings(auto=Auto(enabled=True)),
        connection="reconnect",
        connection_message="Google no longer accepts the connection",
        creates_paused="google_full",
        cursors__deletes_on={Side.GOOGLE: True},
        cursors__settings_version=1,
    )
    assert ada.grant("ada").status_code == 302
    user = place.user(ada.sub)
    assert (user.connection, user.connection_message, user.creates_paused) == ("connected", "", None)
    assert user.next_sync_at == place.engine.now()
    assert user.cursors.deletes_on == {}
    # What was passed over while creates paused is found by a full intake.
    assert user.intake_version > user.cursors.settings_version


def test_signing_out_ends_the_session(ada: Browser) -> None:
    assert ada.get("/sign-out").status_code == 405
    ada_csrf, ada.csrf = ada.csrf, "wrong"
    assert error_of(ada.post("/sign-out")) == (403, "csrf")
    ada.csrf = ada_csrf
    assert ada.post("/sign-out").status_code == 204
    assert error_of(ada.get("/api/status")) == (401, "not_signed_in")
    assert ada.post("/sign-out").status_code == 204


def test_tokens_whose_key_was_dropped_are_replaced_by_a_new_grant(place: Place, ada: Browser) -> None:
    lost = Cipher([("k9", b"9" * 32)])
    place.engine.db.commit([tokens.put(lost, ada.sub, Tokens(google_refresh="1//lost"))])
    assert ada.sign_in("ada").status_code == 302
    assert ada.get("/api/labels").get_json()["error"]["code"] == "reconnect"
    assert ada.grant("ada").status_code == 302
    assert ada.get("/api/labels").status_code == 200


def test_access_is_not_granted_while_it_is_being_given_back(place: Place, ada: Browser) -> None:
    coming_back = ada.consent(ada.to_google("/grant"), "ada")
    assert ada.send("DELETE", "/api/connection", json={"delete": "none"}).status_code == 202
    for answer in (ada.get("/grant"), ada.back(coming_back)):
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "disconnecting")
    place.work()
    assert place.user(ada.sub).connection == "disconnected"
    assert ada.grant("ada").status_code == 302
    assert place.user(ada.sub).connection == "connected"
