"""Ping, metadata, dropdowns, links: the small endpoints."""

import pytest

from local_stack.sugar import Field


def test_the_servers_time_comes_in_the_callers_zone(sugar, sign_in, clock):
    sugar.add_user("kim", "x", timezone="America/New_York")
    sugar.advance(3600)
    assert sign_in("kim", "x").get("/ping/whattimeisit") == "2026-03-01T05:00:00-05:00"
    assert sign_in().get("/ping/whattimeisit") == "2026-03-01T10:00:00+00:00"


def test_metadata_gives_types_and_lengths_as_texts(admin):
    answer = admin.get("/metadata?type_filter=modules&module_filter=Contacts")
    assert answer.keys() == {"modules", "_hash"}
    assert answer["modules"].keys() == {"Contacts"}
    fields = answer["modules"]["Contacts"]["fields"]
    assert (fields["last_name"]["type"], fields["last_name"]["len"], fields["last_name"]["required"]) == (
        "varchar",
        "100",
        True,
    )
    assert (fields["primary_address_street"]["type"], fields["primary_address_street"]["len"]) == (
        "text",
        "150",
    )
    assert (fields["salutation"]["type"], fields["salutation"]["options"]) == ("enum", "salutation_dom")
    assert fields["account_name"]["source"] == "non-db"


def test_metadata_parts(admin, stranger):
    info = admin.get("/metadata?type_filter=server_info,full_module_list")
    assert info["server_info"].keys() >= {"flavor", "version", "build"}
    assert "Contacts" in info["full_module_list"]
    assert admin.get("/metadata?only_hash=true") == {"_hash": admin.get("/metadata/_hash")}
    assert stranger.send("GET", "/metadata/public").status_code == 200


def test_studio_changes_lengths_types_and_dropdowns(sugar, admin):
    before = admin.get("/metadata/_hash")
    sugar.customize_field("Contacts", Field("title", "varchar", 5))
    sugar.customize_field(
        "Contacts", Field("rank_c", "enum", 100, options="rank_list"), {"": "", "g": "Gold"}
    )
    sugar.add_contact(id="a", last_name="Ruiz")
    assert admin.put("/Contacts/a", {"title": "President", "rank_c": "g"})["title"] == "Presi"
    assert admin.get("/Contacts/enum/rank_c") == {"": "", "g": "Gold"}
    assert admin.ids({"rank_c": "g"}) == ["a"]
    assert admin.get("/metadata/_hash") != before


def test_dropdowns(admin):
    assert "Mr." in admin.get("/Contacts/enum/salutation")
    for field, message in (("last_name", "options not found"), ("shoe_size", "field not found")):
        answer = admin.send("GET", f"/Contacts/enum/{field}")
        assert (answer.status_code, answer.json()["error_message"]) == (404, message)


@pytest.fixture
def linked(sugar):
    sugar.add_account("Acme", id="acme")
    sugar.add_contact(id="a", last_name="Ruiz", email="ana@ex.org", account_id="acme")
    sugar.add_contact(id="b", last_name="Ng")
    return sugar


def test_accounts_are_linked_and_unlinked(linked, admin):
    answer = admin.post("/Contacts/b/link/accounts/acme")
    assert (answer["record"]["account_id"], answer["related_record"]["name"]) == ("acme", "Acme")
    assert [row["id"] for row in admin.get("/Accounts/acme/link/contacts")["records"]] == ["a", "b"]
    assert admin.delete("/Contacts/b/link/accounts/acme")["record"]["account_id"] == ""
    many = admin.post("/Contacts/b/link", {"link_name": "accounts", "ids": [{"id": "acme"}]})
    assert many["related_records"][0]["id"] == "acme"
    assert linked.writes[-1] == ("admin", "POST", "b", ("accounts",))


def test_the_flag_is_a_link_to_users(linked, admin, jane):
    admin.post("/Contacts/a/link/user_sync/jane-id")
    assert jane.get("/Contacts/a")["sync_contact"] is True
    assert [user["id"] for user in admin.get("/Contacts/a/link/user_sync")["records"]] == ["jane-id"]
    admin.delete("/Contacts/a/link/user_sync/jane-id")
    assert jane.get("/Contacts/a")["sync_contact"] is False


def test_links_can_be_listed(linked, admin):
    assert admin.get("/Contacts/a/link/accounts?fields=name")["records"][0]["name"] == "Acme"
    assert admin.get("/Contacts/a/link/email_addresses")["records"][0]["email_address"] == "ana@ex.org"
    assert admin.get("/Contacts/a/link/opportunities") == {"next_offset": -1, "records": []}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/Contacts/a/link/friends", None, 404),
        ("POST", "/Contacts/a/link/accounts/filter", {}, 404),
        ("POST", "/Contacts/a/link", {"link_name": "accounts"}, 422),
        ("POST", "/Contacts/a/link", {"ids": ["acme"]}, 422),
        ("POST", "/Contacts/none/link/accounts/acme", {}, 404),
    ],
)
def test_links_that_fail(linked, admin, method, path, body, status):
    assert admin.send(method, path, body).status_code == status


def test_unknown_link_is_named(linked, admin):
    answer = admin.get("/Contacts/a/link/friends")
    assert answer["error_message"] == "Could not find a relationship named: friends"
