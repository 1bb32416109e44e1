from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import requests

from contact_sync.errors import OperatorMustAct, TransientForUser, UserMustAct
from local_stack.sugar import Field


def test_a_user_token_is_good_for_an_hour_and_for_that_user(desk: Any) -> None:
    token, expires_at = desk.server.sudo("jane")
    assert expires_at == desk.clock() + timedelta(hours=1)
    http = requests.Session()
    http.mount("https://", desk.wire)
    me = http.get("https://sugar.test/rest/v11_12/me", headers={"OAuth-Token": token}).json()
    assert me["current_user"]["id"] == desk.jane
    desk.server.check()


@pytest.mark.parametrize("user_name", ["nobody", "../oauth2/token"])
def test_a_user_that_sugar_does_not_know_must_act(desk: Any, user_name: str) -> None:
    with pytest.raises(UserMustAct) as caught:
        desk.server.sudo(user_name)
    assert caught.value.code == "sugar_user_missing"


def test_an_inactive_user_must_act(desk: Any) -> None:
    desk.sugar.edit_user(desk.jane, status="Inactive")
    with pytest.raises(UserMustAct) as caught:
        desk.server.sudo("jane")
    assert caught.value.code == "sugar_user_missing"


def answer_424(request: requests.PreparedRequest, answer: requests.Response) -> None:
    if "/oauth2/sudo/" in str(request.url):
        answer.status_code = 424
        answer._content = b'{"error":"request_failure"}'


def test_a_token_that_sugar_fails_to_issue_is_tried_later_for_an_active_user(desk: Any) -> None:
    desk.wire.after = answer_424
    with pytest.raises(TransientForUser):
        desk.server.sudo("jane")


def test_a_token_that_sugar_fails_to_issue_to_an_inactive_user_is_the_users(desk: Any) -> None:
    desk.sugar.edit_user(desk.jane, status="Inactive")
    desk.wire.after = answer_424
    with pytest.raises(UserMustAct):
        desk.server.sudo("jane")


def test_a_service_user_without_administrators_rights_is_the_operators(desk: Any) -> None:
    desk.sugar.add_user("clerk", "secret")
    with pytest.raises(OperatorMustAct) as caught:
        desk.instance(username="clerk").sudo("jane")
    assert caught.value.code == "sugar_service_rights"


def test_an_unregistered_platform_for_user_tokens_is_the_operators(desk: Any) -> None:
    with pytest.raises(OperatorMustAct) as caught:
        desk.instance(sudo_platform="unheard-of").sudo("jane")
    assert caught.value.code == "sugar_platform"


def test_a_user_is_found_by_primary_address_in_any_case(desk: Any) -> None:
    assert desk.server.find_users("Jane@Corp.test") == [
        {"id": desk.jane, "user_name": "jane", "status": "Active", "full_name": "jane"}
    ]


def test_secondary_addresses_and_inactive_users_are_not_found(desk: Any) -> None:
    desk.sugar.add_user("bob", email="bob@corp.test")
    second = [{"email_address": "bob@corp.test", "primary_address": True}, {"email_address": "b2@corp.test"}]
    desk.sugar.edit_user(
        next(u.id for u in desk.sugar.db.users.values() if u.user_name == "bob"), email=second
    )
    desk.sugar.add_user("old", email="old@corp.test", status="Inactive")
    assert desk.server.find_users("b2@corp.test") == []
    assert desk.server.find_users("old@corp.test") == []
    assert len(desk.server.find_users("bob@corp.test")) == 1


def test_every_active_user_of_an_address_is_found(desk: Any) -> None:
    desk.sugar.add_user("jane2", email="jane@corp.test")
    assert {user["user_name"] for user in desk.server.find_users("jane@corp.test")} == {"jane", "jane2"}


def test_people_are_no_administrators_groups_or_portal_users_and_never_the_service_user(desk: Any) -> None:
    kinds = {"admin": {"is_admin": True}, "group": {"is_group": "1"}, "portal": {"portal_only": True}}
    for name, fields in kinds.items():
        desk.sugar.edit_user(desk.sugar.add_user(name, email="jane@corp.test"), **fields)
    assert len(desk.server.find_users("jane@corp.test")) == 4
    assert [user["user_name"] for user in desk.server.find_people("jane@corp.test")] == ["jane"]
    service = next(user.id for user in desk.sugar.db.users.values() if user.user_name == "svc")
    desk.sugar.edit_user(service, email="svc@corp.test", is_admin=False, user_name="SVC")
    assert desk.server.find_people("svc@corp.test") == []


def test_the_name_of_an_id_is_the_one_of_today(desk: Any) -> None:
    desk.sugar.edit_user(desk.jane, user_name="jane.new")
    assert desk.server.user_name(desk.jane) == "jane.new"


@pytest.mark.parametrize("status", ["Inactive", None])
def test_an_id_that_is_nobodys_any_more_is_the_users_to_cure(desk: Any, status: str | None) -> None:
    if status:
        desk.sugar.edit_user(desk.jane, status=status)
    with pytest.raises(UserMustAct) as caught:
        desk.server.user_name(desk.jane if status else "no such id")
    assert caught.value.code == "sugar_user_missing"


def test_a_user_whom_the_identity_service_refuses_is_no_reason_to_renew_our_session(desk: Any) -> None:
    desk.server.check()
    desk.sugar.sessions.strangers.add(desk.jane)
    grants = desk.watch_grants()
    with pytest.raises(UserMustAct) as caught:
        desk.server.sudo("jane")
    assert (caught.value.code, grants) == ("sugar_user_missing", [])


def test_what_the_administrator_reads_is_there_whatever_the_user_sees(desk: Any) -> None:
    hidden, deleted, kept = desk.add(3)
    desk.sugar.hide_contact(hidden, desk.jane)
    desk.sugar.delete_contact(deleted)
    desk.server.check()
    desk.sugar.forget_calls()
    assert desk.server.still_there([hidden, deleted, kept, "never"]) == {hidden, kept}
    assert desk.sugar.calls == [("POST", "/bulk")]
    assert desk.server.still_there([]) == set()


def test_a_confirming_read_that_fails_confirms_nothing(desk: Any) -> None:
    desk.add(2)
    desk.sugar.faults.add("500 db_error", "/Contacts/c0001")
    with pytest.raises(TransientForUser):
        desk.server.still_there(["c0000", "c0001"])


def test_a_wrong_route_is_not_an_absent_record(desk: Any) -> None:
    def misroute(request: requests.PreparedRequest) -> None:
        request.body = str(request.body or "").replace("/Contacts/", "/no/such/route/")

    desk.server.check()
    desk.wire.before = misroute
    with pytest.raises(OperatorMustAct):
        desk.server.still_there(["c0000"])


def test_the_schema_has_lengths_as_numbers_and_salutations_without_the_empty_one(desk: Any) -> None:
    desk.sugar.customize_field("Contacts", Field("title", "varchar", 37))
    lengths, salutations = desk.server.schema(enums=True)
    assert lengths["title"] == 37
    assert lengths["primary_address_postalcode"] == 20
    assert "birthdate" not in lengths
    assert salutations == ("Mr.", "Ms.", "Mrs.", "Miss", "Dr.", "Prof.")
    assert desk.server.schema(enums=False)[1] is None


def test_an_instance_without_a_list_of_salutations_has_none(desk: Any) -> None:
    desk.sugar.customize_field("Contacts", Field("salutation", "varchar", 25))
    assert desk.server.schema(enums=True)[1] is None


def test_an_empty_list_in_phps_spelling_is_no_list(desk: Any) -> None:
    desk.server.check()

    def as_php(request: requests.PreparedRequest, answer: requests.Response) -> None:
        if "/enum/" in str(request.url):
            answer._content = b"[]"

    desk.wire.after = as_php
    assert desk.server.schema(enums=True)[1] is None


def test_the_servers_time_is_in_utc(desk: Any) -> None:
    desk.sugar.edit_user(next(u.id for u in desk.sugar.db.users.values() if u.admin), timezone="Asia/Tokyo")
    assert desk.server.server_time().isoformat() == "2026-07-27T12:00:00+00:00"


def test_a_roles_write_denials_are_read_once(desk: Any) -> None:
    fields = {"title": {"write": "no", "create": "no"}, "phone_mobile": {"create": "no"}}
    desk.sugar.edit_user(desk.jane, acl={"Contacts": {"fields": fields}})
    desk.warm_up()
    assert desk.contacts.me_denied() == {"title"}
    assert desk.contacts.me_denied() == {"title"}
    assert desk.sugar.calls == [("GET", "/me")]


def test_without_denials_every_field_may_be_written(desk: Any) -> None:
    assert desk.contacts.me_denied() == frozenset()


def test_a_role_that_forbids_editing_denies_every_field(desk: Any) -> None:
    desk.sugar.edit_user(desk.jane, acl={"Contacts": {"edit": "no"}})
    assert desk.contacts.me_denied() == set(
        ["first_name", "last_name", "title", "email", "phone_mobile", "account_id", "assigned_user_id"]
    )


def test_empty_denials_in_phps_spelling_are_none(desk: Any) -> None:
    desk.warm_up()

    def as_php(_request: requests.PreparedRequest, answer: requests.Response) -> None:
        user = {"current_user": {"acl": {"Contacts": {"fields": []}, "Accounts": []}}}
        answer._content = json.dumps(user).encode()

    desk.wire.after = as_php
    assert desk.contacts.me_denied() == frozenset()


def test_a_user_without_contacts_must_act(desk: Any) -> None:
    desk.sugar.edit_user(desk.jane, acl={"Contacts": {"access": "no"}})
    with pytest.raises(UserMustAct) as caught:
        desk.contacts.me_denied()
    assert caught.value.code == "sugar_access_denied"
