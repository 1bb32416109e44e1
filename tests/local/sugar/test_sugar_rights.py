"""Rights: hidden and read-only fields, denied module actions, record rules, and what /me tells about them."""

import pytest

ACL = {
    "Contacts": {
        "fields": {
            "phone_mobile": {"write": "no"},
            "title": {"read": "no", "write": "no", "create": "no"},
            "do_not_call": {"write": "no", "create": "no"},
        },
        "delete": "no",
    }
}


@pytest.fixture
def limited(sugar, sign_in):
    sugar.add_user("lim", "x", id="lim-id", acl=ACL)
    sugar.add_contact(id="a", last_name="Ruiz", title="CEO", phone_mobile="1")
    return sign_in("lim", "x")


def test_hidden_fields_are_left_out(limited, admin):
    record = limited.get("/Contacts/a?fields=title,phone_mobile,last_name")
    assert "title" not in record
    assert (record["phone_mobile"], record["last_name"]) == ("1", "Ruiz")
    assert "title" not in limited.list()["records"][0]
    assert admin.get("/Contacts/a")["title"] == "CEO"


def test_a_filter_on_a_hidden_field_is_refused(limited):
    answer = limited.send("POST", "/Contacts/filter", {"filter": [{"title": "CEO"}]})
    assert (answer.status_code, answer.json()["error_message"]) == (
        403,
        "Access for field title is not allowed",
    )


@pytest.mark.parametrize("field", ["phone_mobile", "title"])
@pytest.mark.parametrize(("method", "path"), [("PUT", "/Contacts/a"), ("POST", "/Contacts")])
def test_one_closed_field_refuses_the_whole_write(limited, sugar, field, method, path):
    answer = limited.send(method, path, {"last_name": "New", field: "x"})
    assert (answer.status_code, answer.json()["error"]) == (403, "not_authorized")
    assert answer.json()["error_message"] == f"Not allowed to edit field {field} in module: Contacts"
    assert sugar.contact("a")["last_name"] == "Ruiz"
    assert sugar.writes == []


def test_a_closed_field_may_be_sent_with_its_default(limited):
    assert limited.send("PUT", "/Contacts/a", {"do_not_call": False}).status_code == 200
    assert limited.send("PUT", "/Contacts/a", {"do_not_call": True}).status_code == 403


def test_denied_actions(sugar, sign_in, limited):
    assert limited.send("DELETE", "/Contacts/a").status_code == 403
    sugar.edit_user("lim-id", acl={"Contacts": {"list": "no", "create": "no", "edit": "no", "view": "no"}})
    answer = limited.send("POST", "/Contacts/filter", {})
    assert (answer.status_code, answer.json()["error_message"]) == (
        403,
        "No access to view records for module: Contacts",
    )
    assert limited.send("POST", "/Contacts", {"last_name": "x"}).status_code == 403
    assert limited.send("PUT", "/Contacts/a", {"last_name": "x"}).status_code == 403
    assert limited.send("GET", "/Contacts/a").status_code == 403
    sugar.edit_user("lim-id", acl={"Contacts": {"access": "no"}})
    assert limited.send("GET", "/Contacts/a").status_code == 403


def test_rules_of_one_record_show_in_its_acl_and_bind(sugar, jane):
    sugar.add_contact(id="a", last_name="Ruiz")
    sugar.add_contact(id="b", last_name="Ruiz")
    sugar.restrict_contact("a", "jane-id", {"phone_mobile": {"write": "no", "create": "no"}})
    assert jane.get("/Contacts/a")["_acl"] == {"fields": {"phone_mobile": {"write": "no", "create": "no"}}}
    assert jane.send("PUT", "/Contacts/a", {"phone_mobile": "2"}).status_code == 403
    assert jane.get("/Contacts/b")["_acl"] == {"fields": {}}
    assert jane.send("PUT", "/Contacts/b", {"phone_mobile": "2"}).status_code == 200


def test_me_lists_denials_only(limited, admin):
    me = limited.get("/me")["current_user"]
    assert (me["type"], me["id"], me["user_name"], me["timezone"]) == ("user", "lim-id", "lim", "UTC")
    contacts = me["acl"]["Contacts"]
    assert contacts["fields"]["phone_mobile"] == {"write": "no"}
    assert (contacts["delete"], contacts["admin"], contacts["developer"]) == ("no", "no", "no")
    assert "edit" not in contacts
    assert me["acl"]["Accounts"]["fields"] == []
    assert "WebLogicHooks" not in me["module_list"]
    boss = admin.get("/me")["current_user"]
    assert boss["type"] == "admin"
    assert boss["acl"]["Contacts"].keys() == {"fields", "_hash"}


def test_users_can_be_read_but_some_fields_are_for_admins(jane, admin):
    body = {"filter": [{"user_name": "admin"}], "fields": "user_name,full_name,status,is_group"}
    assert "is_group" not in jane.post("/Users/filter", body)["records"][0]
    assert admin.post("/Users/filter", body)["records"][0]["is_group"] is False
    assert jane.get("/Users/jane-id")["email1"] == "jane@corp.com"
    assert jane.send("PUT", "/Users/jane-id", {"title": "x"}).status_code == 403


def test_a_record_tells_the_denials_of_its_module_for_the_fields_asked(limited, admin):
    asked = limited.get("/Contacts/a?fields=phone_mobile,last_name")["_acl"]
    assert asked == {"fields": {"phone_mobile": {"write": "no"}}}
    assert limited.get("/Contacts/a?fields=last_name")["_acl"] == {"fields": {}}
    assert limited.get("/Contacts/a")["_acl"]["fields"].keys() == ACL["Contacts"]["fields"].keys()
    assert admin.get("/Contacts/a")["_acl"] == {"fields": {}}
