from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from contact_sync.errors import RateLimited, TransientForAll
from contact_sync.services.outcome import Outcome, Status
from contact_sync.services.sugar import NOT_SENT, SugarWrite, WriteResult


def plenty() -> float:
    return 240.0


def create(id: str, **fields: Any) -> SugarWrite:
    return SugarWrite("create", id, {"last_name": f"Ng {id}", **fields})


def update(id: str, expected: str | None = None, **fields: Any) -> SugarWrite:
    return SugarWrite("update", id, fields, expected)


def delete(id: str) -> SugarWrite:
    return SugarWrite("delete", id, {})


def write(desk: Any, *writes: SugarWrite, chunk: int = 25) -> dict[str, Outcome]:
    result: WriteResult = desk.contacts.write(writes, chunk, plenty)
    assert len(result.outcomes) == len(writes)
    return {outcome.key: outcome for outcome in result.outcomes}


def seen(desk: Any, id: str) -> str:
    """The record's date as the user last read it."""
    return str(desk.contacts.fetch([id]).records[id]["date_modified"])


def test_deletes_go_first_then_updates_then_creates(desk: Any) -> None:
    desk.add(2)
    desk.warm_up()
    outcomes = write(desk, create("n1"), update("c0000", title="CTO"), delete("c0001"))
    assert [call[0] for call in desk.sugar.item_calls] == ["DELETE", "PUT", "POST"]
    assert len(desk.sugar.calls) == 1
    assert {id: outcome.status for id, outcome in outcomes.items()} == dict.fromkeys(outcomes, Status.DONE)
    assert outcomes["c0001"].record is None
    assert outcomes["c0000"].record is not None
    assert outcomes["c0000"].record["title"] == "CTO"
    assert "description" not in outcomes["c0000"].record
    assert outcomes["n1"].record is not None
    assert outcomes["n1"].record["id"] == "n1"
    assert desk.sugar.contact("n1")["modified_user_id"] == desk.jane


def test_only_the_given_fields_are_sent(desk: Any) -> None:
    desk.add(1)
    desk.warm_up()
    write(desk, update("c0000", title="CTO"))
    assert [record.keys for record in desk.sugar.writes] == [("title",)]


def test_an_update_of_an_unchanged_record_is_done(desk: Any) -> None:
    desk.add(1)
    assert write(desk, update("c0000", seen(desk, "c0000"), title="CTO"))["c0000"].status == Status.DONE


def test_a_record_that_moved_on_is_a_conflict_and_not_written(desk: Any) -> None:
    desk.add(1)
    date = seen(desk, "c0000")
    desk.clock.sleep(3)
    desk.sugar.edit_contact("c0000", title="CEO")
    outcome = write(desk, update("c0000", date, title="CTO"))["c0000"]
    assert outcome.status == Status.CONFLICT
    assert outcome.record is not None
    assert outcome.record["title"] == "CEO"
    assert desk.sugar.contact("c0000")["title"] == "CEO"


def test_a_conflict_with_a_record_that_already_shows_the_content_is_done(desk: Any) -> None:
    desk.add(1)
    date = seen(desk, "c0000")
    desk.clock.sleep(3)
    desk.sugar.edit_contact("c0000", title="CTO", email="Ana@ex.org")
    email = [{"email_address": "ana@ex.org", "primary_address": True}]
    outcome = write(desk, update("c0000", date, title="CTO", email=email))["c0000"]
    assert outcome.status == Status.DONE
    assert outcome.record is not None
    assert outcome.record["title"] == "CTO"
    assert desk.sugar.writes == []


def test_a_record_that_is_not_there_is_gone_and_its_delete_done(desk: Any) -> None:
    outcomes = write(desk, update("none", title="x"), delete("never"))
    assert (outcomes["none"].status, outcomes["never"].status) == (Status.GONE, Status.DONE)


def test_a_create_repeated_with_its_id_is_done(desk: Any) -> None:
    write(desk, create("n1", assigned_user_id=desk.jane, email=[{"email_address": "n@ex.org"}]))
    desk.warm_up()
    again = create("n1", assigned_user_id=desk.jane, email=[{"email_address": "N@ex.org"}])
    outcome = write(desk, again)["n1"]
    assert outcome.status == Status.DONE
    assert outcome.record is not None
    assert outcome.record["last_name"] == "Ng n1"
    assert desk.sugar.writes == []
    assert len(desk.sugar.calls) == 2


def test_a_create_whose_id_holds_something_else_is_a_conflict(desk: Any) -> None:
    desk.add(1, last_name="Somebody")
    outcome = write(desk, create("c0000"))["c0000"]
    assert outcome.status == Status.CONFLICT
    assert outcome.record is not None
    assert outcome.record["last_name"] == "Somebody"


def test_a_create_that_sugar_finds_invalid_is_refused_with_its_reason(desk: Any) -> None:
    bad = [{"email_address": "not an address"}]
    outcomes = write(desk, create("n1", email=bad), create("n2"))
    assert outcomes["n1"].status == Status.REFUSED
    assert outcomes["n1"].field == "email"
    assert outcomes["n1"].reason == "… is an invalid email address"
    assert outcomes["n2"].status == Status.DONE


def test_a_field_the_user_may_not_write_is_left_out_and_the_others_go(desk: Any) -> None:
    desk.add(2)
    for field in ("phone_mobile", "department"):
        desk.sugar.restrict_contact(
            "c0000", desk.jane, {"phone_mobile": {"write": "no"}, field: {"write": "no"}}
        )
    sent = update("c0000", phone_mobile="555", title="CTO", department="A"), update("c0001", title="CFO")
    outcomes = write(desk, *sent)
    assert {outcome.status for outcome in outcomes.values()} == {Status.DONE}
    held = outcomes["c0000"].record
    assert held is not None
    assert (held["title"], held["phone_mobile"]) == ("CTO", "")


def test_of_an_update_whose_only_field_may_not_be_written_there_is_no_outcome(desk: Any) -> None:
    desk.add(2)
    desk.sugar.restrict_contact("c0000", desk.jane, {"phone_mobile": {"write": "no"}})
    sent = [update("c0000", phone_mobile="555"), update("c0001", title="CFO")]
    result = desk.contacts.write(sent, 25, lambda: 50.0)
    assert ([outcome.key for outcome in result.outcomes], result.unwritten) == (["c0001"], {"c0000"})


def test_a_create_without_the_right_to_its_last_name_is_refused(desk: Any) -> None:
    desk.sugar.edit_user(desk.jane, acl={"Contacts": {"fields": {"last_name": {"write": "no"}}}})
    outcome = write(desk, create("n1", title="CTO"))["n1"]
    assert (outcome.status, outcome.field) == (Status.REFUSED, "last_name")


def test_a_role_without_delete_refuses(desk: Any) -> None:
    desk.add(1)
    desk.sugar.edit_user(desk.jane, acl={"Contacts": {"delete": "no"}})
    assert write(desk, delete("c0000"))["c0000"].status == Status.REFUSED


def test_an_item_that_fails_in_the_database_may_be_tried_again(desk: Any) -> None:
    desk.add(2)
    desk.sugar.faults.add("500 db_error", "/Contacts/c0000")
    outcomes = write(desk, update("c0000", title="A"), update("c0001", title="B"))
    assert (outcomes["c0000"].status, outcomes["c0001"].status) == (Status.TRANSIENT, Status.DONE)
    assert outcomes["c0000"].reason != NOT_SENT


def test_a_created_record_the_user_cannot_see_is_of_unknown_outcome(desk: Any) -> None:
    desk.warm_up()

    def out_of_sight(_request: requests.PreparedRequest, answer: requests.Response) -> None:
        item = {"contents": {"error": "not_found"}, "headers": [], "status": 404, "status_text": "Not Found"}
        answer._content = json.dumps([item]).encode()

    desk.wire.after = out_of_sight
    assert write(desk, create("n1"))["n1"].status == Status.UNKNOWN


@pytest.mark.parametrize("kind", ["create", "update", "delete"])
def test_after_a_lost_answer_what_took_effect_is_done_and_the_rest_unknown(desk: Any, kind: str) -> None:
    ids = ["c0000", "c0001", "c0002"]
    if kind != "create":
        desk.add(3)
    build: Any = {"create": create, "update": lambda id: update(id, title="CTO"), "delete": delete}[kind]
    path = "/Contacts$" if kind == "create" else "/Contacts/c0001"
    method = {"create": "POST", "update": "PUT", "delete": "DELETE"}[kind]
    desk.sugar.faults.add("drop_after", path, method, skip=1 if kind == "create" else 0)
    desk.warm_up()
    outcomes = write(desk, *(build(id) for id in ids))
    assert [outcomes[id].status for id in ids] == [Status.DONE, Status.DONE, Status.UNKNOWN]
    assert len(desk.sugar.writes) == 2
    assert len(desk.sugar.calls) == 2
    assert (outcomes["c0000"].record is None) == (kind == "delete")


def test_after_a_lost_answer_the_following_chunks_are_still_written_in_smaller_ones(desk: Any) -> None:
    ids = desk.add(8)
    desk.sugar.faults.add("drop_after", "/Contacts/c0003", "PUT")
    result = desk.contacts.write([update(id, title="CTO") for id in ids], 4, plenty)
    assert [outcome.status for outcome in result.outcomes] == [Status.DONE] * 8
    assert len(desk.sugar.writes) == 8
    assert result.error is None


def test_a_write_that_outlasts_its_time_is_read_back_and_not_repeated(desk: Any) -> None:
    ids = desk.add(3)
    desk.warm_up()
    desk.sugar.faults.add("slow", "/Contacts/c0002", "PUT", seconds=60)
    result = desk.contacts.write([update(id, title="CTO") for id in ids], 25, plenty)
    assert {outcome.status for outcome in result.outcomes} == {Status.DONE}
    assert [verb for verb, _ in desk.sugar.item_calls] == ["PUT"] * 3 + ["GET"] * 3
    assert result.chunk == 1


def test_what_can_neither_be_written_nor_read_back_is_unknown_and_ends_the_call(desk: Any) -> None:
    ids = desk.add(3)
    desk.warm_up()
    desk.sugar.item_latency = 60
    result = desk.contacts.write([update(id, title="CTO") for id in ids], 2, plenty)
    statuses = [outcome.status for outcome in result.outcomes]
    assert statuses == [Status.UNKNOWN, Status.UNKNOWN, Status.TRANSIENT]
    assert result.error is not None
    assert result.error.code == "sugar_timeout"


def test_a_gateways_error_page_leaves_the_outcome_to_a_read(desk: Any) -> None:
    ids = desk.add(2)
    desk.warm_up()

    def gateway_timeout(request: requests.PreparedRequest, answer: requests.Response) -> None:
        if "PUT" in str(request.body):
            answer.status_code = 504
            answer._content = b"<html>Gateway Timeout</html>"

    desk.wire.after = gateway_timeout
    outcomes = write(desk, *(update(id, title="CTO") for id in ids))
    assert {outcome.status for outcome in outcomes.values()} == {Status.DONE}
    assert len(desk.sugar.writes) == 2


def test_an_answer_with_items_missing_is_read_back(desk: Any) -> None:
    ids = desk.add(2)
    desk.warm_up()

    def cut(request: requests.PreparedRequest, answer: requests.Response) -> None:
        if "PUT" in str(request.body):
            answer._content = json.dumps(answer.json()[:1]).encode()

    desk.wire.after = cut
    assert {o.status for o in write(desk, *(update(id, title="CTO") for id in ids)).values()} == {Status.DONE}


def test_in_maintenance_nothing_is_sent_and_the_error_is_told(desk: Any) -> None:
    ids = desk.add(3)
    desk.warm_up()
    desk.sugar.faults.add("503 maintenance", "/bulk", skip=1, times=None)
    result = desk.contacts.write([update(id, title="CTO") for id in ids], 1, plenty)
    assert [outcome.status for outcome in result.outcomes] == [
        Status.DONE,
        Status.TRANSIENT,
        Status.TRANSIENT,
    ]
    assert result.outcomes[1].reason == NOT_SENT
    assert isinstance(result.error, TransientForAll)
    assert len(desk.sugar.calls) == 2


def test_a_server_that_asks_to_wait_is_left_alone(desk: Any) -> None:
    ids = desk.add(2)
    desk.warm_up()
    desk.sugar.faults.add("429", "/bulk", retry_after=30)
    result = desk.contacts.write([update(id, title="CTO") for id in ids], 1, plenty)
    assert isinstance(result.error, RateLimited)
    assert {outcome.retry_after for outcome in result.outcomes} == {30.0}
    assert len(desk.sugar.calls) == 1


def test_a_dead_token_is_renewed_before_anything_ran(desk: Any) -> None:
    desk.warm_up()
    desk.server.sudo("jane")
    desk.sugar.forget_calls()
    assert write(desk, create("n1"))["n1"].status == Status.DONE
    assert len(desk.sugar.writes) == 1
    assert [path for _, path in desk.sugar.calls] == ["/bulk", "/oauth2/sudo/jane", "/bulk"]


def test_a_token_that_cannot_be_renewed_writes_nothing(desk: Any) -> None:
    desk.warm_up()
    desk.sugar.edit_user(desk.jane, status="Inactive")
    result = desk.contacts.write([create("n1")], 25, plenty)
    assert result.error is not None
    assert result.error.code == "sugar_user_missing"
    assert [outcome.reason for outcome in result.outcomes] == [NOT_SENT]


def test_a_chunk_that_is_too_large_is_halved_until_it_passes(desk: Any) -> None:
    ids = desk.add(8)
    desk.warm_up()
    refuse_more_than(desk, 2)
    result = desk.contacts.write([update(id, title="CTO") for id in ids], 8, plenty)
    assert {outcome.status for outcome in result.outcomes} == {Status.DONE}
    assert len(desk.sugar.writes) == 8


def test_a_single_write_that_is_too_large_is_refused(desk: Any) -> None:
    desk.add(1)
    desk.warm_up()
    refuse_more_than(desk, 0)
    assert write(desk, update("c0000", title="CTO"))["c0000"].status == Status.REFUSED


def refuse_more_than(desk: Any, items: int) -> None:
    """A proxy that answers 413 to a larger /bulk before Sugar sees it."""
    app = desk.wire.app

    def proxy(environ: Any, start_response: Any) -> Any:
        body = environ["wsgi.input"].read()
        environ["wsgi.input"].seek(0)
        if len(json.loads(body)["requests"]) > items:
            start_response("413 Request Entity Too Large", [("Content-Type", "text/html")])
            return [b"<html>too large</html>"]
        return app(environ, start_response)

    desk.wire.app = proxy


def test_quick_full_chunks_grow_to_two_hundred(desk: Any) -> None:
    result = desk.contacts.write([create(f"n{number}") for number in range(400)], 25, plenty)
    assert {outcome.status for outcome in result.outcomes} == {Status.DONE}
    assert result.chunk == 200
    assert desk.contacts.write([create("last")], 25, plenty).chunk == 25


@pytest.mark.parametrize(("item_seconds", "chunk"), [(1.0, 20), (1.4, 10)])
def test_slow_chunks_shrink(desk: Any, item_seconds: float, chunk: int) -> None:
    desk.warm_up()
    desk.sugar.item_latency = item_seconds
    result = desk.contacts.write([create(f"n{number}") for number in range(20)], 20, plenty)
    assert result.chunk == chunk


def test_what_does_not_fit_before_the_deadline_is_not_sent(desk: Any) -> None:
    desk.warm_up()
    desk.sugar.item_latency = 2
    end = desk.clock().timestamp() + 20
    writes = [create(f"n{number}") for number in range(12)]
    result = desk.contacts.write(writes, 4, lambda: end - desk.clock().timestamp())
    assert [outcome.status for outcome in result.outcomes] == [Status.DONE] * 8 + [Status.TRANSIENT] * 4
    assert {outcome.reason for outcome in result.outcomes[8:]} == {NOT_SENT}
    assert result.error is None
    assert len(desk.sugar.writes) == 8


def test_a_write_that_never_left_is_not_in_doubt(desk: Any) -> None:
    desk.warm_up()

    def unreachable(_request: requests.PreparedRequest) -> None:
        raise requests.ConnectTimeout

    desk.wire.before = unreachable
    result = desk.contacts.write([create("n1")], 25, plenty)
    assert [outcome.reason for outcome in result.outcomes] == [NOT_SENT]
    assert isinstance(result.error, TransientForAll)
    assert len(desk.wire.calls) == 3  # the two tokens of the warm-up, and one attempt


def test_no_write_begins_without_time_to_finish_it(desk: Any) -> None:
    desk.warm_up()
    result = desk.contacts.write([create("n1")], 25, lambda: 4.9)
    assert [outcome.reason for outcome in result.outcomes] == [NOT_SENT]
    assert desk.sugar.calls == []


def test_a_refused_create_that_cannot_be_read_back_is_of_unknown_outcome(desk: Any) -> None:
    desk.add(1)
    desk.sugar.faults.add("500 db_error", "/Contacts/c0000", "GET")
    assert write(desk, create("c0000"))["c0000"].status == Status.UNKNOWN
