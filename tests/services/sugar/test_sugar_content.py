from __future__ import annotations

from typing import Any

import pytest

from contact_sync.services.sugar.content import shows

RECORD: dict[str, Any] = {
    "id": "a1",
    "title": "CTO",
    "description": "one\ntwo",
    "do_not_call": True,
    "sync_contact": "1",
    "phone_mobile": "",
    "account_id": "acc",
    "email": [
        {"email_address": "Ana@ex.org", "primary_address": "1", "email_address_id": "e1"},
        {"email_address": "b@ex.org", "primary_address": "0"},
    ],
}
ANA = {"email_address": "ana@ex.org", "primary_address": True}
BOB = {"email_address": "b@ex.org"}


@pytest.mark.parametrize(
    "sent",
    [
        {"title": "CTO"},
        {"title": " CTO "},
        {"title": "CTO", "phone_mobile": None},
        {"description": "one\r\ntwo"},
        {"do_not_call": True, "sync_contact": True},
        {"phone_mobile": ""},
        {"email": [BOB, ANA]},
        {"email": [{"email_address": "ana@ex.org"}, BOB]},
        {"accounts": {"add": ["acc"]}},
        {"title": "CTO", "field_that_was_not_returned": "x"},
    ],
)
def test_a_record_shows_what_was_sent(sent: dict[str, Any]) -> None:
    assert shows(RECORD, sent)


@pytest.mark.parametrize(
    "sent",
    [
        {"title": "CEO"},
        {"title": "CTO", "phone_mobile": "555"},
        {"do_not_call": False},
        {"email": [ANA]},
        {"email": []},
        {"email": [{**BOB, "primary_address": True}, {"email_address": "ana@ex.org"}]},
        {"accounts": {"add": ["other"]}},
        {"account_id": ""},
        {"field_that_was_not_returned": "x"},
        {},
    ],
)
def test_a_record_does_not_show_what_was_sent(sent: dict[str, Any]) -> None:
    assert not shows(RECORD, sent)


def test_an_erased_list_of_addresses_in_phps_spelling_is_empty() -> None:
    assert shows({"email": {}}, {"email": []})
