"""The user's labels."""

from __future__ import annotations

from typing import Any

import pytest
from tests.services.google.people_account import Account, named

from contact_sync.errors import ContactAtFault, TransientForUser
from contact_sync.services.google_people import Label


def test_only_labels_of_the_user_are_listed_with_their_counts(account: Account) -> None:
    crm = account.google.add_group(account.sub, "SugarCRM")
    friends = account.google.add_group(account.sub, "Customers")
    account.google.add_contact(account.sub, named("Ada"), groups=[crm])
    assert sorted(account.people.labels(), key=lambda label: label.name) == [
        Label(friends, "Customers", 0),
        Label(crm, "SugarCRM", 1),
    ]


def test_a_label_is_created_once_whatever_its_case(account: Account) -> None:
    label = account.people.create_label("SugarCRM")
    assert account.people.create_label(" sugarcrm ") == label
    assert account.people.labels() == [label]


def test_a_label_made_meanwhile_is_the_one(account: Account) -> None:
    made: list[str] = []

    def make(request: Any) -> None:
        if request.method == "POST" and not made:
            made.append(account.google.add_group(account.sub, "SugarCRM"))

    account.transport.before = make
    assert account.people.create_label("SugarCRM").resource_name == made[0]


def test_a_lost_answer_is_settled_by_a_read(account: Account) -> None:
    account.google.faults.add("drop_after", "contactGroups", "POST")
    label = account.people.create_label("SugarCRM")
    assert account.people.labels() == [label]


def test_a_label_that_was_not_created_may_be_tried_later(account: Account) -> None:
    account.google.faults.add("503", "contactGroups", "POST")
    with pytest.raises(TransientForUser):
        account.people.create_label("SugarCRM")


def test_a_name_google_does_not_take_is_refused(account: Account) -> None:
    account.google.faults.add("400", "contactGroups", "POST")
    with pytest.raises(ContactAtFault) as raised:
        account.people.create_label("x")
    assert (raised.value.code, raised.value.field) == ("label_refused", "name")
