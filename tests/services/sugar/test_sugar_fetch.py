from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from contact_sync.errors import ContactAtFault, TransientForUser


def test_records_candidates_and_accounts_are_one_call(desk: Any) -> None:
    desk.add(2, email="shared@ex.org")
    account = desk.sugar.add_account("Acme")
    desk.warm_up()
    fetched = desk.contacts.fetch(
        ["c0000", "none"], ["Shared@ex.org", "nobody@ex.org"], companies=["ACME ", "Nobody Ltd"]
    )
    assert desk.sugar.calls == [("POST", "/bulk")]
    assert fetched.records["c0000"]["last_name"] == "Ruiz c0000"
    assert fetched.records["none"] is None
    assert [record["id"] for record in fetched.candidates] == ["c0000", "c0001"]
    assert fetched.accounts == {"ACME ": [account], "Nobody Ltd": []}
    assert fetched.failed == {}
    assert fetched.read_at == desk.clock()


def test_only_the_asked_fields_are_read(desk: Any) -> None:
    desk.add(1, description="long")
    record = desk.contacts.fetch(["c0000"]).records["c0000"]
    assert "description" not in record
    assert record["email"] == []
    assert record["date_modified"] == "2026-07-27T08:00:00-04:00"


def test_nothing_to_fetch_is_no_call(desk: Any) -> None:
    desk.warm_up()
    assert desk.contacts.fetch([]).records == {}
    assert desk.sugar.calls == []


def test_a_record_the_user_does_not_see_is_absent(desk: Any) -> None:
    desk.add(2)
    desk.sugar.hide_contact("c0000", desk.jane)
    desk.sugar.delete_contact("c0001")
    assert desk.contacts.fetch(["c0000", "c0001"]).records == {"c0000": None, "c0001": None}


def test_a_record_that_fails_spoils_no_other(desk: Any) -> None:
    desk.add(3)
    desk.sugar.refuse_contact("c0001", desk.jane)
    desk.sugar.faults.add("500 db_error", "/Contacts/c0002")
    fetched = desk.contacts.fetch(["c0000", "c0001", "c0002"])
    assert set(fetched.records) == {"c0000"}
    assert isinstance(fetched.failed["c0001"], ContactAtFault)
    assert isinstance(fetched.failed["c0002"], TransientForUser)


def test_people_without_an_address_are_found_by_name(desk: Any) -> None:
    desk.add(1, first_name="Ana", last_name="Ruiz")
    desk.sugar.add_contact(id="alone", last_name="Prince")
    desk.sugar.add_contact(id="other", first_name="Ana", last_name="Prince")
    fetched = desk.contacts.fetch([], people=[("ana", "RUIZ"), ("", "Prince")])
    assert sorted(record["id"] for record in fetched.candidates) == ["alone", "c0000"]


def test_a_candidate_found_in_two_ways_is_there_once(desk: Any) -> None:
    desk.add(1, first_name="Ana", last_name="Ruiz", email=["a@ex.org", "b@ex.org"])
    fetched = desk.contacts.fetch([], ["a@ex.org", "b@ex.org"], [("Ana", "Ruiz")])
    assert len(fetched.candidates) == 1


def test_candidates_are_followed_over_pages(desk: Any) -> None:
    desk.add(5, email="shared@ex.org")
    desk.sugar.max_list_limit = 2
    desk.warm_up()
    fetched = desk.contacts.fetch([], ["shared@ex.org"])
    assert len(fetched.candidates) == 5
    assert len(desk.sugar.calls) == 3


def test_many_addresses_are_asked_for_a_hundred_at_a_time(desk: Any) -> None:
    desk.add(1, email="a249@ex.org")
    desk.warm_up()
    fetched = desk.contacts.fetch([], [f"a{number}@ex.org" for number in range(250)])
    assert [record["id"] for record in fetched.candidates] == ["c0000"]
    assert desk.sugar.item_calls == [("POST", "/Contacts/filter")] * 3


def test_every_account_of_a_name_is_listed(desk: Any) -> None:
    twins = {desk.sugar.add_account("Acme"), desk.sugar.add_account("acme")}
    desk.sugar.add_account("Acme Holding")
    assert set(desk.contacts.fetch([], companies=["Acme"]).accounts["Acme"]) == twins


def test_a_user_without_access_to_accounts_sees_none(desk: Any) -> None:
    desk.sugar.add_account("Acme")
    desk.sugar.edit_user(desk.jane, acl={"Accounts": {"list": "no", "access": "no"}})
    assert desk.contacts.fetch([], companies=["Acme"]).accounts == {"Acme": []}


def test_a_look_up_that_fails_is_not_taken_for_no_candidates(desk: Any) -> None:
    desk.sugar.faults.add("500 db_error", "/Contacts/filter")
    with pytest.raises(TransientForUser):
        desk.contacts.fetch([], ["a@ex.org"])


def test_more_than_a_bulk_holds_is_read_in_several(desk: Any) -> None:
    expected = desk.add(160)
    desk.warm_up()
    assert list(desk.contacts.fetch(expected).records) == expected
    assert len(desk.sugar.calls) == 2


def test_candidates_that_do_not_advance_are_given_up(desk: Any) -> None:
    desk.add(5, email="shared@ex.org")
    desk.sugar.max_list_limit = 2
    desk.warm_up()

    def stand_still(_request: requests.PreparedRequest, answer: requests.Response) -> None:
        items = answer.json()
        items[0]["contents"]["next_offset"] = 2
        answer._content = json.dumps(items).encode()

    desk.wire.after = stand_still
    with pytest.raises(TransientForUser) as caught:
        desk.contacts.fetch([], ["shared@ex.org"])
    assert caught.value.code == "sugar_paging"
