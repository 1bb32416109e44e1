"""The filter language: operators, logic, macros, links, dates, and what is refused or silently dropped."""

import pytest

from local_stack.sugar import Field


@pytest.fixture
def people(sugar):
    """Three contacts a minute apart, oldest first: a, b, c."""
    account = sugar.add_account("Acme", id="acme")
    sugar.add_contact(
        id="a", first_name="Ana", last_name="Ruiz", title="CEO", email=["ana@ex.org", "a2@ex.org"],
        assigned_user_id="jane-id", account_id=account, birthdate="1980-05-17",
    )  # fmt: skip
    sugar.advance(60)
    sugar.add_contact(
        id="b", first_name="Bo", last_name="Rubin", title="", email="bo@ex.org", birthdate="1990-12-24",
        sync_contact_users={"jane-id"}, do_not_call=True,
    )  # fmt: skip
    sugar.advance(60)
    sugar.add_contact(id="c", last_name="Ng_50%", email="shared@ex.org", assigned_user_id="jane-id")
    return sugar


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"last_name": "ruiz"}, "a"),
        ({"last_name": {"$equals": "RUIZ"}}, "a"),
        ({"last_name": {"$not_equals": "Ruiz"}}, "bc"),
        ({"last_name": {"$starts": "ru"}}, "ab"),
        ({"last_name": {"$ends": "iz"}}, "a"),
        ({"last_name": {"$contains": "UB"}}, "b"),
        ({"last_name": {"$contains": "g_5"}}, "c"),
        ({"last_name": {"$starts": "R%n"}}, "b"),
        ({"last_name": {"$starts": "_u"}}, "ab"),
        ({"first_name": {"$not_contains": "n"}}, "bc"),
        ({"first_name": {"$in": ["ana", "Bo"]}}, "ab"),
        ({"first_name": {"$in": []}}, ""),
        ({"first_name": {"$not_in": ["Ana"]}}, "bc"),
        ({"first_name": {"$is_null": None}}, "c"),
        ({"first_name": {"$not_null": ""}}, "ab"),
        ({"title": {"$is_null": ""}}, "c"),
        ({"title": {"$empty": ""}}, "bc"),
        ({"title": {"$not_empty": ""}}, "a"),
        ({"last_name": {"$gt": "Ng", "$lt": "Ruc"}}, "bc"),
        ({"last_name": {"$between": ["Ru", "Rz"]}}, "ab"),
        ({"id": {"$gt": "a", "$lte": "B"}}, "b"),
        ({"id": {"$in": ["a", "c", "x"]}}, "ac"),
        ({"do_not_call": True}, "b"),
        ({"do_not_call": "0"}, "ac"),
        ({"birthdate": "1980-05-17"}, "a"),
        ({"birthdate": {"$gte": "1985-01-01"}}, "b"),
        ({"birthdate": {"$in": ["1980-05-17", "2000-01-01"]}}, "a"),
        ({"birthdate": {"$not_in": ["1980-05-17"]}}, "bc"),
        ({"birthdate": {"$not_equals": "1980-05-17"}}, "b"),
        ({"birthdate": {"$dateBetween": ["1980-05-17", "1990-12-23"]}}, "a"),
        ({"assigned_user_id": "jane-id"}, "ac"),
        ({"assigned_user_id": {"$in": ["jane-id"]}}, "ac"),
        ({"last_name": {"$starts": "R"}, "first_name": "Bo"}, "b"),
        ({"$or": [{"first_name": "Ana"}, {"$and": [{"id": "c"}, {"last_name": {"$starts": "N"}}]}]}, "ac"),
        ({"$or": [{"first_name": "Ana", "last_name": "Nobody"}, {"id": "b"}]}, "b"),
        ({"email": "ANA@ex.org"}, "a"),
        ({"email1": "a2@ex.org"}, ""),
        ({"email_addresses.email_address": {"$equals": "A2@ex.org"}}, "a"),
        ({"email_addresses.email_address": {"$in": ["a2@ex.org", "bo@ex.org", "no@ex.org"]}}, "ab"),
        ({"email_addresses.email_address_caps": "BO@EX.ORG"}, "b"),
        ({"email_addresses.opt_out": True}, ""),
        ({"accounts.name": {"$starts": "ac"}}, "a"),
        ({"account_name": "Acme"}, "a"),
        ({"account_id": "acme"}, "a"),
        ({"accounts.name": {"$is_null": ""}}, "bc"),
        ({"assigned_user_link.user_name": "jane"}, "ac"),
        ({"assigned_user_name": "Jane Doe"}, "ac"),
        ({"user_sync.id": "jane-id"}, "b"),
        ({"$or": []}, "abc"),
        ({"$following": ""}, ""),
        ({"$tracker": "-7 DAY"}, ""),
        ({"deleted": "0"}, "abc"),
        ({"deleted": {"$equals": "1"}}, ""),
    ],
)
def test_conditions(people, admin, condition, found):
    assert "".join(admin.ids(condition)) == found


def test_conditions_about_the_caller(people, jane, admin):
    assert jane.ids({"$owner": ""}) == ["a", "c"]
    assert jane.ids({"$owner": "_this"}, {"first_name": {"$not_empty": ""}}) == ["a"]
    assert jane.ids({"sync_contact": True}) == ["b"]
    assert jane.ids({"sync_contact": {"$equals": "0"}}) == ["a", "c"]
    assert admin.ids({"sync_contact": True}) == []
    jane.put("/Contacts/c/favorite")
    assert jane.ids({"$favorite": ""}) == ["c"]
    assert jane.ids(favorites=True) == ["c"]
    assert jane.ids(my_items="1") == ["a", "c"]
    assert jane.ids({"$creator": ""}) == []


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"$gte": "2026-03-01T09:01:00+00:00"}, "bc"),
        ({"$gt": "2026-03-01T09:01:00Z"}, "c"),
        ({"$gt": "2026-03-01T09:00:59.9Z"}, "bc"),
        ({"$equals": "2026-03-01T10:01:00+01:00"}, "b"),
        ({"$lt": "2026-03-01T09:01:00Z"}, "a"),
        ({"$lte": "2026-03-01T09:01:00Z"}, "ab"),
        ({"$between": ["2026-03-01T09:00:30Z", "2026-03-01T09:01:30Z"]}, "b"),
        ({"$gte": "2026-03-01"}, "abc"),
        ({"$gt": "2026-03-01"}, ""),
        ({"$lte": "2026-03-01"}, "abc"),
        ({"$equals": "2026-02-28"}, ""),
        ({"$dateRange": "today"}, "abc"),
        ({"$dateRange": "last_month"}, ""),
        ({"$dateRange": "this_year"}, "abc"),
        ({"$last_x_days": 2}, "abc"),
        ({"$more_x_days_ago": 1}, ""),
    ],
)
def test_datetimes_compare_in_whole_seconds(people, admin, condition, found):
    assert "".join(admin.ids({"date_modified": condition})) == found


def test_days_are_the_callers_days(people, sign_in):
    people.add_user("kim", "x", timezone="Pacific/Kiritimati")
    early = people.add_contact(last_name="Late", _at=people.clock.now().replace(hour=10, minute=30))
    kim = sign_in("kim", "x")
    assert kim.ids({"date_modified": {"$equals": "2026-03-02"}}) == [early]


def test_keyset_filter_goes_on_after_the_last_row(people, admin):
    people.load({"id": f"k{i}", "last_name": "K", "date_modified": "2026-03-01T09:01:00Z"} for i in range(5))
    moment, seen, page = "2026-03-01T09:00:00+00:00", [], None
    last = {"date_modified": moment, "id": ""}
    while page is None or page["next_offset"] != -1:
        same = {"$and": [{"date_modified": {"$equals": last["date_modified"]}}, {"id": {"$gt": last["id"]}}]}
        page = admin.list(
            {"$or": [{"date_modified": {"$gt": last["date_modified"]}}, same]},
            order_by="date_modified:asc,id:asc",
            max_num=2,
            fields="id",
        )
        last = page["records"][-1]
        seen += [record["id"] for record in page["records"]]
    assert seen == ["a", "b", "k0", "k1", "k2", "k3", "k4", "c"]


@pytest.mark.parametrize("name", ["name", "full_name", "invalid_email", "tag"])
def test_computed_fields_are_silently_ignored(people, admin, name):
    assert admin.ids({name: "Nobody"}) == ["a", "b", "c"]
    assert admin.ids({name: "Nobody"}, {"id": "a"}) == ["a"]


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ([{"shoe_size": 1}], "Unknown field shoe_size"),
        ([{"last_name": {"$like": "x"}}], "Did not recognize the operand: $like"),
        ("last_name", "Unexpected filter type string."),
        (["last_name"], "Did not recognize the definition: last_name"),
        ([{"last_name": {"$in": "x"}}], None),
        ([{"last_name": {"$not_in": "x"}}], None),
        ([{"date_modified": {"$between": ["2026-01-01"]}}], None),
        ([{"$everything": ""}], "Unknown field $everything"),
        ([{"birthdate": {"$starts": "19"}}], None),
        ([{"do_not_call": {"$contains": "1"}}], None),
        ([{"nowhere.name": "x"}], "Invalid link nowhere"),
        ([{"accounts.shoe_size": "x"}], "Unknown field shoe_size"),
        ([{"date_modified": {"$gt": "2026-03-01T09:01:00 00:00"}}], None),
        ([{"birthdate": "someday"}], None),
    ],
)
def test_definitions_that_sugar_refuses(people, admin, definition, message):
    answer = admin.send("POST", "/Contacts/filter", {"filter": definition})
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_parameter")
    if message:
        assert answer.json()["error_message"] == message


@pytest.mark.parametrize("nothing", ["", None, []])
def test_an_empty_filter_is_no_filter(people, admin, nothing):
    answer = admin.post(
        "/Contacts/filter", {"filter": nothing, "max_num": None, "offset": None, "order_by": None}
    )
    assert len(answer["records"]) == 3


def test_bracket_filters_in_a_query_string(people, admin):
    def found(query):
        return sorted(record["id"] for record in admin.get(f"/Contacts?{query}")["records"])

    assert found("filter[0][last_name][$starts]=Ru") == ["a", "b"]
    assert found("filter[0][$or][0][id][$in][0]=a&filter[0][$or][1][id]=c") == ["a", "c"]
    assert found("filter[][first_name]=Bo&fields=id") == ["b"]
    assert found('filter=[{"id":"c"}]') == ["c"]
    assert found("filter[0][date_modified][$gt]=2026-03-01T09:01:00%2B00:00") == ["c"]
    unescaped = admin.send("GET", "/Contacts?filter[0][date_modified][$gt]=2026-03-01T09:01:00+00:00")
    assert unescaped.status_code == 422


def test_users_are_found_by_address_and_accounts_by_name(people, jane):
    people.add_account("Zeta")
    people.add_account("Acme")
    users = jane.post("/Users/filter", {"filter": [{"email_addresses.email_address": "JANE@corp.com"}]})
    assert [user["user_name"] for user in users["records"]] == ["jane"]
    assert (
        jane.post("/Users/filter", {"filter": [{"email1": "jane@corp.com"}, {"status": "Inactive"}]})[
            "records"
        ]
        == []
    )
    accounts = jane.post(
        "/Accounts/filter", {"filter": [{"name": {"$in": ["acme", "nope"]}}], "fields": "name"}
    )
    assert [account["name"] for account in accounts["records"]] == ["Acme", "Acme"]


def test_numbers_are_numbers(people, admin):
    people.customize_field("Contacts", Field("score_c", "int"))
    for contact_id, score in (("a", "9"), ("b", " 10 points"), ("c", "many")):
        assert admin.send("PUT", f"/Contacts/{contact_id}", {"score_c": score}).status_code == 200
    assert admin.ids({"score_c": {"$gt": 8}}) == ["a", "b"]
    assert admin.ids({"score_c": {"$in": ["0"]}}) == ["c"]
    assert admin.send("POST", "/Contacts/filter", {"filter": [{"score_c": {"$lt": "x"}}]}).status_code == 422


def test_saved_filters_are_looked_for(people, admin):
    assert admin.send("POST", "/Contacts/filter", {"filter_id": "mine"}).status_code == 404
