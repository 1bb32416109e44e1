"""Values that one side cannot hold, show or take, end to end: cut, hidden, locked, no such account."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sync.situations import causes, everything_on, google_title, linked, sugar_title
from tests.world import World, link

from contact_sync.contacts.mapping import State
from local_stack.sugar.fields import Field

LONG = "Senior Vice President of " + "Very " * 20 + "Long Titles"
HIDDEN = {"Contacts": {"fields": {"title": {"read": "no", "write": "no", "create": "no"}}}}
LOCKED = {"Contacts": {"fields": {"title": {"write": "no", "create": "no"}}}}


def quiet(world: World) -> None:
    """Nothing more is written, also when everything is taken in again."""
    writes = world.writes()
    world.sync("reconcile")
    world.settle()
    assert world.writes() == writes


def jobs(google_id: str, world: World) -> dict[str, Any]:
    job = world.google_contact(google_id).get("organizations", [{}])[0]
    return {key: job.get(key, "") for key in ("name", "title", "department")}


# Longer than Sugar's column


def test_a_long_value_is_cut_for_sugar_and_stays_whole_in_google() -> None:
    world, sugar_id, google_id = linked()
    world.edit_google(google_id, organizations=[{"title": LONG}])
    world.settle()
    assert sugar_title(world, sugar_id) == LONG[:100].rstrip()
    assert google_title(world, google_id) == LONG
    quiet(world)
    assert google_title(world, google_id) == LONG


def test_another_edit_in_sugar_does_not_cut_googles_long_value() -> None:
    world, sugar_id, google_id = linked()
    world.edit_google(google_id, organizations=[{"title": LONG}])
    world.settle()
    world.sugar.edit_contact(sugar_id, department="Sales")
    world.settle()
    assert jobs(google_id, world) == {"name": "", "title": LONG, "department": "Sales"}


def test_a_new_value_in_sugar_replaces_googles_long_one() -> None:
    world, sugar_id, google_id = linked()
    world.edit_google(google_id, organizations=[{"title": LONG}])
    world.settle()
    world.sugar.edit_contact(sugar_id, title="CEO")
    world.settle()
    assert google_title(world, google_id) == "CEO"


def test_the_same_person_is_linked_over_a_cut_value_without_a_write() -> None:
    world = everything_on()
    sugar_id = world.add_sugar(last_name="Ruiz", email="ana@x.test", title=LONG[:100].rstrip())
    world.add_google("", "Ruiz", "ana@x.test", organizations=[{"title": LONG}])
    writes = world.writes()
    world.settle()
    assert world.mapping(sugar_id).state is State.LINKED
    assert world.writes() == writes


def test_a_column_that_is_widened_is_filled_and_does_not_cut_google() -> None:
    world, sugar_id, google_id = linked()
    world.edit_google(google_id, organizations=[{"title": LONG}])
    world.settle()
    world.sugar.customize_field("Contacts", Field("title", length=255))
    world.clock.advance(days=7)
    world.settle()
    assert google_title(world, google_id) == LONG
    world.edit_google(google_id, organizations=[{"title": LONG, "department": "Sales"}])
    world.settle()
    assert sugar_title(world, sugar_id) == google_title(world, google_id) == LONG


def test_a_deletion_in_sugar_takes_a_contact_with_a_cut_value_along() -> None:
    world, sugar_id, google_id = linked()
    world.edit_google(google_id, organizations=[{"title": LONG}])
    world.settle()
    world.delete_google(google_id)
    world.settle()
    assert world.sugar.contact(sugar_id) is None and not causes(world)


# Not to be read, not to be written


def test_a_field_that_sugar_hides_is_never_wiped_in_google() -> None:
    world, sugar_id, google_id = linked(title="CTO")
    world.sugar.edit_user(world.first.sugar_user, acl=HIDDEN)
    world.sugar.edit_contact(sugar_id, department="Sales")
    world.clock.advance(days=7)
    world.settle()
    assert jobs(google_id, world) == {"name": "", "title": "CTO", "department": "Sales"}
    world.edit_google(google_id, organizations=[{"title": "CEO", "department": "IT"}])
    world.settle()
    assert (sugar_title(world, sugar_id), world.sugar.contact(sugar_id)["department"]) == ("CTO", "IT")
    assert not causes(world)


def test_a_field_that_is_shown_again_is_merged_over_its_old_base() -> None:
    world, sugar_id, google_id = linked(title="CTO")
    world.sugar.edit_user(world.first.sugar_user, acl=HIDDEN)
    world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.clock.advance(days=7)
    world.settle()
    assert sugar_title(world, sugar_id) == "CTO"
    world.sugar.edit_user(world.first.sugar_user, acl={})
    world.clock.advance(days=7)
    world.settle()
    assert sugar_title(world, sugar_id) == "CEO"


def test_a_record_whose_title_is_hidden_is_created_in_google_and_filled_there_later() -> None:
    world = everything_on()
    world.sugar.edit_user(world.first.sugar_user, acl=HIDDEN)
    sugar_id = world.add_sugar(last_name="Ruiz", email="ana@x.test", title="CTO")
    world.settle()
    google_id = world.mapping(sugar_id).google_id
    assert google_title(world, google_id) == ""
    world.sugar.edit_user(world.first.sugar_user, acl={})
    world.clock.advance(days=7)
    world.settle()
    assert google_title(world, google_id) == "CTO"


def test_an_erased_field_is_unknown_and_not_cleared_in_google() -> None:
    world, sugar_id, google_id = linked(title="CTO")
    world.sugar.erase_fields(sugar_id, "title")
    world.settle()
    assert google_title(world, google_id) == "CTO"
    world.sugar.edit_contact(sugar_id, department="Sales")
    world.settle()
    assert jobs(google_id, world) == {"name": "", "title": "CTO", "department": "Sales"}


def test_a_field_that_sugar_does_not_let_be_written_waits_and_holds_no_other_back() -> None:
    world = everything_on()
    world.sugar.edit_user(world.first.sugar_user, acl=LOCKED)
    world, sugar_id, google_id = linked(world, title="CTO")
    world.sync("reconcile")
    world.edit_google(google_id, organizations=[{"title": "CEO", "department": "IT"}])
    world.settle()
    record = world.sugar.contact(sugar_id)
    assert (record["title"], record["department"]) == ("CTO", "IT")
    assert not causes(world)
    world.sugar.edit_contact(sugar_id, phone_work="+34 1")
    world.settle()
    assert google_title(world, google_id) == "CEO"
    world.sugar.edit_user(world.first.sugar_user, acl={})
    world.clock.advance(days=7)
    world.settle()
    assert sugar_title(world, sugar_id) == "CEO"


def test_a_contact_is_created_without_the_field_that_may_not_be_written() -> None:
    world = everything_on()
    world.sugar.edit_user(world.first.sugar_user, acl=LOCKED)
    world.sync("reconcile")
    world.add_google("", "Ruiz", "ana@x.test", organizations=[{"title": "CEO", "department": "IT"}])
    world.settle()
    record = world.sugar_contacts()[0]
    assert (record["title"], record["department"]) == ("", "IT")
    assert not causes(world)


def test_a_field_that_only_this_record_locks_waits_alone() -> None:
    world, sugar_id, google_id = linked(title="CTO")
    world.sugar.restrict_contact(sugar_id, world.first.sugar_user, {"title": {"write": "no"}})
    world.edit_google(google_id, organizations=[{"title": "CEO", "department": "IT"}])
    world.settle()
    record = world.sugar.contact(sugar_id)
    assert (record["title"], record["department"]) == ("CTO", "IT")


# Companies


@pytest.mark.parametrize(("accounts", "company"), [((), ""), (("Acme",), "Acme"), (("Acme", "ACME"), "")])
def test_a_company_reaches_sugar_where_exactly_one_account_has_its_name(
    accounts: tuple[str, ...], company: str
) -> None:
    world = everything_on()
    for name in accounts:
        world.sugar.add_account(name)
    google_id = world.add_google("", "Ruiz", "ana@x.test", organizations=[{"name": "acme"}])
    world.settle()
    assert world.sugar_contacts()[0]["account_name"] == company
    assert jobs(google_id, world)["name"] == "acme"
    quiet(world)
    assert len(world.sugar.db.tables["Accounts"].rows) == len(accounts)


def test_an_unknown_company_does_not_take_away_the_account_that_sugar_has() -> None:
    world = everything_on()
    account = world.sugar.add_account("Acme")
    world, sugar_id, google_id = linked(world, account_id=account)
    assert jobs(google_id, world)["name"] == "Acme"
    world.edit_google(google_id, organizations=[{"name": "Nobody's", "title": "CEO"}])
    world.settle()
    record = world.sugar.contact(sugar_id)
    assert (record["account_name"], record["title"]) == ("Acme", "CEO")
    assert jobs(google_id, world)["name"] == "Nobody's"
    quiet(world)


def test_a_company_cleared_in_google_takes_the_contact_off_its_account() -> None:
    world = everything_on()
    account = world.sugar.add_account("Acme")
    world, sugar_id, google_id = linked(world, account_id=account)
    world.edit_google(google_id, organizations=[{"title": "CEO"}])
    world.settle()
    assert world.sugar.contact(sugar_id)["account_name"] == ""


def test_an_account_of_that_name_that_appears_later_does_not_erase_the_company_in_google() -> None:
    world = everything_on()
    google_id = world.add_google("", "Ruiz", "ana@x.test", organizations=[{"name": "Acme"}])
    world.settle()
    world.sugar.add_account("Acme")
    world.clock.advance(days=7)
    world.settle()
    assert jobs(google_id, world)["name"] == "Acme"
    world.edit_google(google_id, organizations=[{"name": "Acme", "title": "CEO"}])
    world.settle()
    assert jobs(google_id, world)["name"] == "Acme"
    assert world.sugar_contacts()[0]["account_name"] == "Acme"


def test_a_renamed_account_reaches_google_with_the_next_edit() -> None:
    world = everything_on()
    account = world.sugar.add_account("Acme")
    world, sugar_id, google_id = linked(world, account_id=account)
    world.sugar.rename_account(account, "Acme Inc")
    world.sugar.edit_contact(sugar_id, title="CEO")
    world.settle()
    assert jobs(google_id, world) == {"name": "Acme Inc", "title": "CEO", "department": ""}


# Birthdays, addresses, salutations


def test_a_birthday_without_its_year_stays_in_google() -> None:
    world, sugar_id, google_id = linked()
    world.edit_google(google_id, birthdays=[{"date": {"month": 2, "day": 29}}])
    world.settle()
    assert world.sugar.contact(sugar_id)["birthdate"] == ""
    quiet(world)
    world.edit_google(google_id, birthdays=[{"date": {"year": 1980, "month": 2, "day": 29}}])
    world.settle()
    assert world.sugar.contact(sugar_id)["birthdate"] == "1980-02-29"


def test_an_address_that_sugar_refuses_stays_in_google_only() -> None:
    world, sugar_id, google_id = linked()
    world.edit_google(google_id, emailAddresses=[{"value": "ana@x.test"}, {"value": "ana at home"}])
    world.settle()
    assert [item["email_address"] for item in world.sugar.contact(sugar_id)["email"]] == ["ana@x.test"]
    world.sugar.edit_contact(sugar_id, email=["ana@x.test", "second@x.test"])
    world.settle()
    shown = {item["value"] for item in world.google_contact(google_id)["emailAddresses"]}
    assert shown == {"ana@x.test", "ana at home", "second@x.test"}
    quiet(world)


def test_the_primary_address_belongs_to_sugar_and_a_change_of_it_alone_writes_nothing() -> None:
    world = everything_on()
    sugar_id, google_id = link(world)
    world.sugar.edit_contact(sugar_id, email=["ana@x.test", "second@x.test"])
    world.settle()
    writes = world.writes()
    turned = [
        {"email_address": "ana@x.test", "primary_address": False},
        {"email_address": "second@x.test", "primary_address": True},
    ]
    world.sugar.edit_contact(sugar_id, email=turned)
    world.settle()
    assert world.writes() == writes
    world.sugar.edit_contact(sugar_id, email=[*turned, "third@x.test"])
    world.settle()
    assert world.google_contact(google_id)["emailAddresses"][0]["value"] == "second@x.test"


def test_a_salutation_that_is_no_choice_in_sugar_stays_in_google() -> None:
    world, sugar_id, google_id = linked()
    world.edit_google(
        google_id, names=[{"honorificPrefix": "Herr", "givenName": "Ana", "familyName": "Ruiz"}]
    )
    world.settle()
    assert world.sugar.contact(sugar_id)["salutation"] == ""
    world.edit_google(google_id, names=[{"honorificPrefix": "Dr", "givenName": "Ana", "familyName": "Ruiz"}])
    world.settle()
    assert world.sugar.contact(sugar_id)["salutation"] == "Dr."
    assert world.google_contact(google_id)["names"][0]["honorificPrefix"] == "Dr"
