"""Tokens: grants, rotation, one session per user and platform, impersonation, and which 401 is which."""

import json

import pytest

PASSWORD = {
    "grant_type": "password",
    "client_id": "sugar",
    "client_secret": "",
    "username": "jane",
    "password": "pass",
    "platform": "sync",
}


def refresh(token, **more):
    return {
        "grant_type": "refresh_token",
        "client_id": "sugar",
        "client_secret": "",
        "refresh_token": token,
        **more,
    }


def test_password_login_answers_the_whole_token_set(stranger):
    answer = stranger.send("POST", "/oauth2/token", PASSWORD)
    assert answer.status_code == 200
    assert answer.json().keys() == {
        "access_token",
        "expires_in",
        "token_type",
        "scope",
        "refresh_token",
        "refresh_expires_in",
        "download_token",
    }
    assert (answer.json()["expires_in"], answer.json()["refresh_expires_in"]) == (3600, 1209600)
    assert answer.headers["Set-Cookie"].startswith("download_token_sync=")


def test_token_endpoint_takes_json_without_content_type_and_forms_and_ignores_a_token_header(stranger):
    bare = stranger.send("POST", "/oauth2/token", data=json.dumps(PASSWORD))
    form = stranger.send("POST", "/oauth2/token/", data=PASSWORD, headers={"OAuth-Token": "junk"})
    assert (bare.status_code, form.status_code) == (200, 200)


@pytest.mark.parametrize(
    ("change", "status", "label"),
    [
        ({"password": "wrong"}, 401, "need_login"),
        ({"username": "nobody"}, 401, "need_login"),
        ({"username": None}, 400, "invalid_request"),
        ({"grant_type": "authorization_code"}, 400, "invalid_request"),
        ({"client_id": "other"}, 400, "invalid_client"),
        ({"client_secret": "guess"}, 400, "invalid_client"),
        ({"platform": "unheard_of"}, 422, "invalid_parameter"),
    ],
)
def test_refused_logins(stranger, change, status, label):
    answer = stranger.send("POST", "/oauth2/token", PASSWORD | change)
    assert (answer.status_code, answer.json()["error"]) == (status, label)


def test_unknown_platforms_pass_where_the_check_is_off(sugar, stranger):
    sugar.disable_unknown_platforms = False
    assert stranger.send("POST", "/oauth2/token", PASSWORD | {"platform": "unheard_of"}).status_code == 200


def test_inactive_and_passwordless_users_cannot_log_in(sugar, stranger):
    sugar.add_user("sso", email="sso@corp.com")
    sugar.edit_user("jane-id", status="Inactive")
    for name, password in (("sso", ""), ("sso", "x"), ("jane", "pass")):
        answer = stranger.send(
            "POST", "/oauth2/token", PASSWORD | {"username": name, "password": password or "x"}
        )
        assert (answer.status_code, answer.json()["error"]) == (401, "need_login")


def test_refresh_rotates_and_the_old_pair_is_dead(stranger):
    first = stranger.post("/oauth2/token", PASSWORD)
    second = stranger.post("/oauth2/token", refresh(first["refresh_token"], platform="sync"))
    assert second["refresh_token"] != first["refresh_token"]
    again = stranger.send("POST", "/oauth2/token", refresh(first["refresh_token"]))
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    stranger.token = second["access_token"]
    assert stranger.get("/ping") == "pong"
    stranger.token = first["access_token"]
    assert stranger.get("/ping")["error"] == "invalid_grant"


def test_refresh_tokens_run_out(clock, stranger):
    first = stranger.post("/oauth2/token", PASSWORD)
    clock.advance(1209600)
    assert stranger.post("/oauth2/token", refresh(first["refresh_token"])) == {
        "error": "invalid_grant",
        "error_message": "Refresh token has expired",
    }


def test_a_session_limit_counts_from_the_first_login(sugar, clock, stranger):
    sugar.sessions.session_lifetime = 7200
    first = stranger.post("/oauth2/token", PASSWORD)
    clock.advance(7000)
    second = stranger.post("/oauth2/token", refresh(first["refresh_token"]))
    assert second["refresh_expires_in"] == 200
    clock.advance(200)
    assert stranger.send("POST", "/oauth2/token", refresh(second["refresh_token"])).status_code == 400


def test_a_second_login_on_the_same_platform_evicts_the_first(sign_in, sugar, stranger):
    sugar.platforms.add("other")
    first, elsewhere = stranger.post("/oauth2/token", PASSWORD), sign_in("jane", "pass", "other")
    colleague = sign_in()
    sign_in("jane", "pass")
    stranger.token = first["access_token"]
    assert stranger.send("GET", "/ping").status_code == 401
    assert stranger.send("POST", "/oauth2/token", refresh(first["refresh_token"])).status_code == 400
    assert (elsewhere.get("/ping"), colleague.get("/ping")) == ("pong", "pong")


def test_an_eviction_may_take_effect_late(sign_in, sugar, clock):
    sugar.sessions.eviction_delay = 30
    first = sign_in("jane", "pass")
    sign_in("jane", "pass")
    assert first.get("/ping") == "pong"
    clock.advance(31)
    assert first.send("GET", "/ping").status_code == 401


def test_which_401_an_ordinary_call_gets(sugar, clock, stranger, jane, admin):
    assert stranger.get("/ping") == {
        "error": "need_login",
        "error_message": "No valid authentication for user.",
    }
    stranger.token = "made-up"
    assert stranger.get("/ping")["error_message"] == "The access token provided is invalid."
    clock.advance(3600)
    assert jane.get("/ping") == {
        "error": "invalid_grant",
        "error_message": "The access token provided has expired.",
    }


def test_a_user_made_inactive_loses_the_running_session(sugar, jane):
    sugar.edit_user("jane-id", status="Inactive")
    assert jane.get("/ping")["error"] == "invalid_grant"


def test_a_user_made_inactive_cannot_refresh(sugar, stranger):
    tokens = stranger.post("/oauth2/token", PASSWORD)
    sugar.edit_user("jane-id", status="Inactive")
    answer = stranger.send("POST", "/oauth2/token", refresh(tokens["refresh_token"]))
    assert (answer.status_code, answer.json()["error"]) == (401, "need_login")


def test_bearer_works_and_oauth_token_wins(stranger, jane):
    bearer = {"Authorization": f"Bearer {jane.token}"}
    assert stranger.send("GET", "/ping", headers=bearer).json() == "pong"
    assert stranger.send("GET", "/ping", headers={**bearer, "OAuth-Token": "junk"}).status_code == 401
    assert stranger.send("GET", f"/ping?oauth_token={jane.token}").status_code == 401


def test_sudo_gives_an_admin_the_users_token_without_refresh(admin, stranger, sugar):
    answer = admin.post("/oauth2/sudo/jane", {"client_id": "sugar", "platform": "sync_user"})
    assert answer.keys() == {"access_token", "expires_in", "token_type", "scope"}
    renewable = admin.post("/oauth2/sudo/jane", {"platform": "mobile", "needRefresh": True})
    assert renewable["refresh_expires_in"] == 1209600
    stranger.token = answer["access_token"]
    assert stranger.get("/me")["current_user"]["user_name"] == "jane"
    created = stranger.post("/Contacts", {"last_name": "Ng"})
    assert sugar.contact(created["id"])["modified_user_id"] == "jane-id"
    assert admin.get("/ping") == "pong"


def test_sudo_is_refused_to_users_and_to_sudo_tokens_and_for_unknown_users(admin, jane, stranger, sugar):
    body = {"client_id": "sugar", "platform": "sync_user"}
    assert jane.send("POST", "/oauth2/sudo/admin", body).status_code == 403
    sugar.add_user("boss", "x", id="boss-id", admin=True)
    stranger.token = admin.post("/oauth2/sudo/boss", body)["access_token"]
    assert stranger.send("POST", "/oauth2/sudo/jane", body).status_code == 403
    assert admin.send("POST", "/oauth2/sudo/nobody", body).status_code == 404
    sugar.edit_user("jane-id", status="Inactive")
    assert admin.send("POST", "/oauth2/sudo/jane", body).status_code == 404


def test_sudo_takes_the_users_slot_and_on_the_callers_own_platform_the_callers_too(admin, jane, sign_in):
    admin.post("/oauth2/sudo/jane", {"platform": "sync_user"})
    assert jane.get("/ping") == "pong"
    admin.post("/oauth2/sudo/jane", {"platform": "sync"})
    assert jane.send("GET", "/ping").status_code == 401
    assert admin.send("GET", "/ping").status_code == 401


def test_logout_ends_both_tokens(stranger):
    tokens = stranger.post("/oauth2/token", PASSWORD)
    stranger.token = tokens["access_token"]
    assert stranger.post("/oauth2/logout") == {"success": True}
    assert stranger.send("GET", "/ping").status_code == 401
    assert stranger.send("POST", "/oauth2/token", refresh(tokens["refresh_token"])).status_code == 400


def test_tests_can_expire_or_revoke_everything(sugar, stranger):
    tokens = stranger.post("/oauth2/token", PASSWORD)
    stranger.token = tokens["access_token"]
    sugar.expire_tokens()
    assert stranger.get("/ping")["error_message"].endswith("has expired.")
    fresh = stranger.post("/oauth2/token", refresh(tokens["refresh_token"]))
    sugar.revoke_tokens()
    assert stranger.send("POST", "/oauth2/token", refresh(fresh["refresh_token"])).status_code == 400


def test_a_session_bound_to_an_address_is_ended_by_a_call_from_another_network(sugar, jane):
    sugar.validate_ip = True
    wire = jane.session.get_adapter("http://sugar.test")
    assert jane.send("GET", "/me").status_code == 200
    wire.address = "203.0.113.200"
    assert jane.send("GET", "/me").status_code == 200
    wire.address = "198.51.100.7"
    refused = jane.send("GET", "/me")
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_grant")
    wire.address = "203.0.113.1"
    assert jane.send("GET", "/me").status_code == 401


def test_without_that_setting_a_session_goes_from_anywhere(jane):
    wire = jane.session.get_adapter("http://sugar.test")
    for address in ("203.0.113.1", "198.51.100.7"):
        wire.address = address
        assert jane.send("GET", "/me").status_code == 200


def test_an_administrator_reads_the_setting_since_11_12(sugar, admin, jane):
    path = "/Administration/settings/validateIPAddress"
    assert admin.get(path) == {"validateIPAddress": False}
    sugar.validate_ip = True
    assert admin.get(path) == {"validateIPAddress": True}
    assert jane.send("GET", path).status_code == 403
    assert admin.send("GET", f"http://sugar.test/rest/v11_11{path}").status_code == 404


def test_an_older_release_answers_no_newer_version(sugar, admin):
    sugar.newest_version = (11, 11)
    refused = admin.send("GET", "/ping")
    assert (refused.status_code, refused.json()["error"]) == (301, "incorrect_version")
    assert "11.11" in refused.json()["error_message"]
