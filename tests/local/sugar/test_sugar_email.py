"""E-mail lists: replacing, primary, shared address rows, bad syntax."""

import pytest


@pytest.fixture
def ana(sugar):
    return sugar.add_contact(id="a", last_name="Ruiz", email=["ana@ex.org", "Second@Ex.org"])


def addresses(record):
    return [(item["email_address"], item["primary_address"]) for item in record["email"]]


def test_the_list_is_shown_with_real_booleans_and_the_primary_first(ana, admin):
    record = admin.get("/Contacts/a")
    assert record["email"][0].keys() == {
        "email_address",
        "primary_address",
        "invalid_email",
        "opt_out",
        "email_address_id",
        "reply_to_address",
    }
    assert addresses(record) == [("ana@ex.org", True), ("Second@Ex.org", False)]
    assert (record["email1"], record["email2"]) == ("ana@ex.org", "Second@Ex.org")


def test_a_write_replaces_the_whole_list(ana, admin):
    record = admin.put("/Contacts/a", {"email": [{"email_address": " new@ex.org "}, {"note": "no address"}]})
    assert addresses(record) == [("new@ex.org", True)]
    assert admin.put("/Contacts/a", {"email": "x@y.org"})["email"] == record["email"]
    assert admin.put("/Contacts/a", {"email": []})["email"] == []


@pytest.mark.parametrize(
    ("flags", "primary"),
    [((False, False), "one"), ((False, True), "two"), ((True, True), "one"), (("0", "1"), "two")],
)
def test_exactly_one_address_is_primary(ana, admin, flags, primary):
    items = [
        {"email_address": f"{name}@ex.org", "primary_address": flag}
        for name, flag in zip(("one", "two"), flags, strict=True)
    ]
    record = admin.put("/Contacts/a", {"email": items})
    assert [address for address, chosen in addresses(record) if chosen] == [f"{primary}@ex.org"]
    assert len(record["email"]) == 2


def test_the_first_spelling_stays_and_repeats_are_dropped(ana, admin):
    items = [{"email_address": "SECOND@EX.ORG"}, {"email_address": "second@ex.org", "primary_address": True}]
    assert addresses(admin.put("/Contacts/a", {"email": items})) == [("Second@Ex.org", True)]


def test_flags_belong_to_the_shared_address(ana, admin, sugar):
    sugar.add_contact(id="b", last_name="Twin", email="ANA@EX.ORG")
    before = admin.get("/Contacts/b")
    assert before["email"][0]["email_address_id"] == admin.get("/Contacts/a")["email"][0]["email_address_id"]
    admin.put("/Contacts/a", {"email": [{"email_address": "ana@ex.org", "opt_out": True}]})
    after = admin.get("/Contacts/b")
    assert (after["email"][0]["opt_out"], after["date_modified"]) == (True, before["date_modified"])
    assert after["email_opt_out"] is True
    admin.put("/Contacts/a", {"email": [{"email_address": "ana@ex.org", "invalid_email": "1"}]})
    assert admin.get("/Contacts/b")["invalid_email"] is True
    kept = admin.put("/Contacts/b", {"email": [{"email_address": "ana@ex.org"}]})
    assert kept["email"][0]["opt_out"] is True


@pytest.mark.parametrize(
    "address", ["nonsense", "a@b", "a b@ex.org", "ana@ex..org", "ana.@ex.org", "é@ex.org"]
)
def test_bad_syntax_is_refused_and_nothing_is_saved(ana, admin, sugar, address):
    body = {"title": "CTO", "email": [{"email_address": "ok@ex.org"}, {"email_address": address}]}
    answer = admin.send("PUT", "/Contacts/a", body)
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_parameter")
    assert answer.json()["error_message"] == f"{address} is an invalid email address"
    assert sugar.contact("a")["title"] == ""
    assert addresses(sugar.contact("a")) == [("ana@ex.org", True), ("Second@Ex.org", False)]


def test_email1_takes_the_place_of_the_primary_address(ana, admin):
    assert addresses(admin.put("/Contacts/a", {"email1": "new@ex.org"})) == [
        ("new@ex.org", True),
        ("Second@Ex.org", False),
    ]
    assert addresses(admin.put("/Contacts/a", {"email1": "second@ex.org"})) == [("Second@Ex.org", True)]


def test_two_contacts_may_share_an_address_and_a_search_finds_both_once(ana, admin, sugar):
    sugar.add_contact(id="b", last_name="Twin", email=["ana@ex.org", "second@ex.org"])
    both = {"email_addresses.email_address": {"$in": ["ana@ex.org", "second@ex.org"]}}
    assert admin.ids(both) == ["a", "b"]
    admin.put("/Contacts/b", {"email": []})
    assert admin.ids(both) == ["a"]
