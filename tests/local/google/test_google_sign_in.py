from __future__ import annotations

import base64
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from tests.local.google.google_caller import Caller

from local_stack.google import CONTACTS, EMAIL, GoogleSimulator
from local_stack.wsgi_transport import WSGITransport

AUTH = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN = "https://oauth2.googleapis.com/token"
BACK = "https://sync.corp.test/oauth/callback"
ALL = f"openid {EMAIL} {CONTACTS}"
CLIENT = {"client_id": "local-client", "client_secret": "local-secret"}


@pytest.fixture
def browser(google: GoogleSimulator) -> requests.Session:
    session = requests.Session()
    session.mount("https://", WSGITransport(google))
    return session


def ask(browser: requests.Session, **query: str) -> requests.Response:
    asked = {
        "client_id": "local-client",
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": ALL,
        "state": "s1",
        "access_type": "offline",
    }
    return browser.get(AUTH, params=asked | query, allow_redirects=False)


def answer(response: requests.Response) -> dict[str, str]:
    assert response.status_code == 302, response.text
    split = urlsplit(response.headers["Location"])
    assert f"{split.scheme}://{split.netloc}{split.path}" == BACK
    return {name: values[0] for name, values in parse_qs(split.query).items()}


def redeem(browser: requests.Session, code: str, **form: str) -> requests.Response:
    body = CLIENT | {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK} | form
    return browser.post(TOKEN, data=body)


def sign_in(browser: requests.Session, **query: str) -> dict:
    response = redeem(browser, answer(ask(browser, **query))["code"])
    assert response.status_code == 200, response.text
    return response.json()


def test_the_page_lets_a_person_choose_account_and_scopes(google, sub, browser):
    google.add_account("second@corp.test")
    page = ask(browser, login_hint="second@corp.test")
    assert page.status_code == 200
    assert re.search(r'value="second@corp.test" checked', page.text)
    assert "permanently delete your contacts" in page.text
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    form = fields | {"account": "owner@corp.test", "granted": CONTACTS, "decision": "allow"}
    back = answer(browser.post(AUTH, data=form, allow_redirects=False))
    assert back["state"] == "s1" and back["hd"] == "corp.test"
    tokens = redeem(browser, back["code"]).json()
    assert set(tokens["scope"].split()) == set(ALL.split())
    assert tokens["token_type"] == "Bearer" and tokens["expires_in"] == 3599
    caller = Caller(google, sub)
    caller.sign_in(tokens["refresh_token"])
    assert caller.call("GET", "contactGroups").status_code == 200


def test_contacts_may_be_unticked_and_the_whole_refused(google, sub, browser):
    page = ask(browser)
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    form = fields | {"account": "owner@corp.test", "decision": "allow"}
    back = answer(browser.post(AUTH, data=form, allow_redirects=False))
    assert CONTACTS not in back["scope"].split()
    tokens = redeem(browser, back["code"]).json()
    caller = Caller(google, sub)
    caller.sign_in(tokens["refresh_token"])
    assert caller.error("GET", "contactGroups")["code"] == 403
    refusal = browser.post(AUTH, data=form | {"decision": "deny"}, allow_redirects=False)
    assert answer(refusal) == {"state": "s1", "error": "access_denied"}


def test_hostile_parameters_stay_text_on_the_page(google, sub, browser):
    page = ask(browser, state='"><script>alert(1)</script>')
    assert "<script>" not in page.text


def test_the_page_can_be_answered_unseen(google, sub, browser):
    google.auto_approve("owner@corp.test", untick_contacts=True)
    assert CONTACTS not in sign_in(browser)["scope"]
    google.auto_approve("owner@corp.test", deny=True)
    assert answer(ask(browser))["error"] == "access_denied"
    google.auto_approve()
    assert CONTACTS in sign_in(browser)["scope"]
    google.auto_approve(enabled=False)
    assert ask(browser).status_code == 200


@pytest.mark.parametrize(
    ("query", "code", "error"),
    [
        ({"client_id": "other"}, 401, "invalid_client"),
        ({"redirect_uri": "https://evil.test/"}, 400, "redirect_uri_mismatch"),
        ({"response_type": "token"}, 400, "invalid_request"),
        ({"scope": ""}, 400, "invalid_request"),
        ({"code_challenge": "x", "code_challenge_method": "plain"}, 400, "invalid_request"),
    ],
)
def test_a_bad_request_is_shown_and_not_sent_back(google, sub, browser, query, code, error):
    google.knobs.redirect_uris = [BACK]
    google.auto_approve()
    page = ask(browser, **query)
    assert page.status_code == code and error in page.text


def test_a_refresh_token_comes_with_the_first_consent_or_a_forced_one(google, sub, browser):
    google.auto_approve()
    assert "refresh_token" not in sign_in(browser, access_type="online")
    google.revoke_grant(sub)
    assert "refresh_token" in sign_in(browser)
    assert "refresh_token" not in sign_in(browser)
    assert "refresh_token" in sign_in(browser, prompt="consent")


def test_signing_in_first_and_granting_contacts_later(google, sub, browser):
    google.auto_approve()
    first = sign_in(browser, scope=f"openid {EMAIL}")
    assert CONTACTS not in first["scope"]
    later = sign_in(browser, scope=CONTACTS, include_granted_scopes="true")
    assert set(later["scope"].split()) == set(ALL.split())
    assert "refresh_token" in later
    assert sign_in(browser, scope="email")["scope"] == EMAIL


def test_prompt_none_asks_nobody(google, sub, browser):
    hint = {"prompt": "none", "login_hint": "owner@corp.test"}
    assert answer(ask(browser, **hint))["error"] == "interaction_required"
    google.grant(sub)
    assert "code" in answer(ask(browser, **hint))


def test_a_code_serves_once_for_ten_minutes_and_for_its_address(google, sub, browser, clock):
    google.auto_approve()
    code = answer(ask(browser))["code"]
    assert redeem(browser, code).status_code == 200
    again = redeem(browser, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    code = answer(ask(browser))["code"]
    assert redeem(browser, code, redirect_uri="https://evil.test/").json()["error"] == "redirect_uri_mismatch"
    code = answer(ask(browser))["code"]
    clock.forward(minutes=11)
    assert redeem(browser, code).json()["error"] == "invalid_grant"


def test_the_proof_key_must_fit(google, sub, browser):
    google.auto_approve()
    # The pair of appendix B of RFC 7636.
    proof = {
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert redeem(browser, answer(ask(browser, **proof))["code"]).json()["error"] == "invalid_grant"
    wrong = redeem(browser, answer(ask(browser, **proof))["code"], code_verifier=verifier[::-1])
    assert wrong.json()["error"] == "invalid_grant"
    assert redeem(browser, answer(ask(browser, **proof))["code"], code_verifier=verifier).status_code == 200


@pytest.mark.parametrize(
    ("client", "description"),
    [
        ({"client_id": "other", "client_secret": "local-secret"}, "The OAuth client was not found."),
        ({"client_id": "local-client", "client_secret": "wrong"}, "Unauthorized"),
    ],
)
def test_a_wrong_client_is_refused(google, sub, browser, client, description):
    refresh = {"grant_type": "refresh_token", "refresh_token": google.grant(sub)}
    response = browser.post(TOKEN, data=refresh | client)
    assert response.status_code == 401
    assert response.json() == {"error": "invalid_client", "error_description": description}


def test_the_client_may_show_itself_by_basic(google, sub, browser):
    credentials = base64.b64encode(b"local-client:local-secret").decode()
    response = browser.post(
        TOKEN,
        data={"grant_type": "refresh_token", "refresh_token": google.grant(sub)},
        headers={"Authorization": f"Basic {credentials}"},
    )
    assert response.status_code == 200 and "refresh_token" not in response.json()


def test_a_refresh_may_narrow_scopes_but_not_widen_them(google, sub, browser):
    form = CLIENT | {"grant_type": "refresh_token", "refresh_token": google.grant(sub, [EMAIL])}
    assert browser.post(TOKEN, data=form | {"scope": EMAIL}).json()["scope"] == EMAIL
    widened = browser.post(TOKEN, data=form | {"scope": CONTACTS})
    assert (widened.status_code, widened.json()["error"]) == (400, "invalid_scope")
    unknown = browser.post(TOKEN, data=CLIENT | {"grant_type": "password"})
    assert unknown.json()["error"] == "unsupported_grant_type"


def revoked(browser: requests.Session, token: str) -> bool:
    form = CLIENT | {"grant_type": "refresh_token", "refresh_token": token}
    response = browser.post(TOKEN, data=form)
    if response.status_code == 200:
        return False
    assert response.status_code == 400
    assert response.json() == {
        "error": "invalid_grant",
        "error_description": "Token has been expired or revoked.",
    }
    return True


def test_the_101st_refresh_token_of_a_user_kills_the_first(google, sub, browser):
    tokens = [google.grant(sub) for _ in range(100)]
    other = google.grant(google.add_account("second@corp.test"))
    assert not revoked(browser, tokens[0])
    newest = google.grant(sub)
    assert revoked(browser, tokens[0])
    assert not revoked(browser, tokens[1]) and not revoked(browser, newest) and not revoked(browser, other)


def test_an_app_in_testing_loses_its_refresh_tokens_after_a_week(google, sub, browser, clock):
    google.knobs.refresh_token_lifetime = timedelta(days=7)
    google.auto_approve()
    tokens = sign_in(browser)
    assert tokens["refresh_token_expires_in"] == 604800
    clock.forward(days=7, seconds=1)
    assert revoked(browser, tokens["refresh_token"])


@pytest.mark.parametrize("which", ["refresh_token", "access_token"])
def test_revoking_any_token_ends_the_whole_grant(google, sub, browser, which):
    google.auto_approve()
    tokens = sign_in(browser)
    other = google.grant(sub)
    response = browser.post("https://oauth2.googleapis.com/revoke", data={"token": tokens[which]})
    assert (response.status_code, response.json()) == (200, {})
    assert revoked(browser, other) and revoked(browser, tokens["refresh_token"])
    again = browser.post("https://oauth2.googleapis.com/revoke", data={"token": tokens[which]})
    assert (again.status_code, again.json()["error"]) == (400, "invalid_token")
    assert "refresh_token" in sign_in(browser)


def test_token_and_user_information(google, sub, browser, clock):
    google.auto_approve()
    token = sign_in(browser)["access_token"]
    info = browser.get("https://oauth2.googleapis.com/tokeninfo", params={"access_token": token}).json()
    assert (info["sub"], info["aud"], info["email"]) == (sub, "local-client", "owner@corp.test")
    url = "https://openidconnect.googleapis.com/v1/userinfo"
    person = browser.get(url, headers={"Authorization": f"Bearer {token}"}).json()
    assert person == {"sub": sub, "email": "owner@corp.test", "email_verified": True, "hd": "corp.test"}
    clock.forward(hours=2)
    assert browser.get(url, headers={"Authorization": f"Bearer {token}"}).status_code == 401
    late = browser.get("https://oauth2.googleapis.com/tokeninfo", params={"access_token": token})
    assert (late.status_code, late.json()["error"]) == (400, "invalid_token")


def test_a_fault_may_end_a_refresh(google, sub, browser):
    token = google.grant(sub)
    google.faults.add("invalid_grant", "/token")
    assert revoked(browser, token)
    assert not revoked(browser, token)
