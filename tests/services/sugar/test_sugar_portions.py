"""How much one reading call asks for: it follows Sugar's speed, and no call runs into its limit again and again."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from contact_sync.errors import TransientForUser
from contact_sync.services.sugar.portions import Portion, Portions

LIMIT = 50.0


@pytest.fixture
def many(desk: Any) -> list[str]:
    ids = desk.add(120)
    desk.warm_up()
    return ids


def seconds(desk: Any, call: Any) -> float:
    began = desk.clock()
    call()
    return float((desk.clock() - began).total_seconds())


def test_a_read_that_takes_too_long_is_made_smaller_and_goes_on(desk: Any, many: list[str]) -> None:
    desk.sugar.item_latency = 0.6
    fetched = desk.contacts.fetch(many)
    assert (list(fetched.records), fetched.failed) == (many, {})
    assert desk.contacts.portions.sizes["reads"] * 0.6 < LIMIT


def test_the_next_read_begins_with_what_was_found_out(desk: Any, many: list[str]) -> None:
    desk.sugar.item_latency = 0.6
    desk.contacts.fetch(many)
    assert seconds(desk, lambda: desk.contacts.fetch(many)) == pytest.approx(120 * 0.6)


def test_a_sugar_that_is_quick_again_is_asked_for_more(desk: Any, many: list[str]) -> None:
    desk.sugar.item_latency = 4.0
    desk.contacts.fetch(many[:20])
    assert desk.contacts.portions.sizes["reads"] < 10
    desk.sugar.item_latency = 0.0
    for _ in range(4):
        desk.contacts.fetch(many)
    assert desk.contacts.portions.sizes["reads"] == 150


def test_one_record_that_never_answers_fails_alone(desk: Any, many: list[str]) -> None:
    def stuck(_verb: str, path: str) -> None:
        if path.endswith("/c0003"):
            desk.clock.sleep(60)
            raise TimeoutError

    desk.sugar.before_item = stuck
    fetched = desk.contacts.fetch(many)
    assert list(fetched.failed) == ["c0003"]
    assert fetched.failed["c0003"].code == "sugar_timeout"
    assert set(fetched.records) == set(many) - {"c0003"}


def test_a_look_up_that_takes_too_long_is_asked_in_halves(desk: Any) -> None:
    ids = desk.add(2, email="a7@ex.org")
    desk.warm_up()

    def slow(request: requests.PreparedRequest) -> None:
        if str(request.body).count("@ex.org") > 10:
            raise requests.ReadTimeout

    desk.wire.before = slow
    fetched = desk.contacts.fetch([], [f"a{number}@ex.org" for number in range(100)])
    assert sorted(record["id"] for record in fetched.candidates) == ids


def test_a_look_up_for_one_value_that_takes_too_long_is_not_taken_for_no_candidates(desk: Any) -> None:
    desk.warm_up()
    desk.sugar.item_latency = 60
    with pytest.raises(TransientForUser) as caught:
        desk.contacts.fetch([], ["a@ex.org"])
    assert caught.value.code == "sugar_timeout"


def test_what_the_administrator_is_asked_about_is_made_smaller(desk: Any, many: list[str]) -> None:
    desk.server.check()
    desk.sugar.item_latency = 0.6
    portions = Portions.fresh(desk.clock)
    assert desk.server.still_there([*many, "none"], portions) == set(many)
    assert portions.sizes["reads"] * 0.6 < LIMIT


def test_a_confirming_read_begins_only_while_there_is_time(desk: Any, many: list[str]) -> None:
    desk.server.check()
    desk.sugar.item_latency = 0.6
    end = desk.clock().timestamp() + 60

    def ensure_time() -> None:
        if desk.clock().timestamp() > end:
            raise TransientForUser("out_of_time", "over")

    with pytest.raises(TransientForUser) as caught:
        desk.server.still_there(many, None, ensure_time)
    assert caught.value.code == "out_of_time"
    assert desk.clock().timestamp() < end + LIMIT


@pytest.mark.parametrize("row_seconds", [0.5, 1.0, 3.0])
def test_pages_of_the_feed_are_made_smaller(desk: Any, many: list[str], row_seconds: float) -> None:
    desk.sugar.row_latency = row_seconds
    look = desk.contacts.look(desk.mine, desk.clock().replace(year=2000), None, None)
    found, page = [record["id"] for record in look.changes.records], look.changes
    while not page.end:
        page = desk.contacts.changes(desk.mine, None, page.position)
        found += [record["id"] for record in page.records]
    assert found == many
    assert desk.contacts.portions.sizes["rows"] * row_seconds < LIMIT


def test_the_listing_and_the_deletion_poll_are_made_smaller(desk: Any, many: list[str]) -> None:
    for record_id in many[:60]:
        desk.sugar.delete_contact(record_id)
    desk.sugar.row_latency = 1.2
    listed, after = desk.contacts.all_ids(desk.mine, None)
    while after is not None:
        some, after = desk.contacts.all_ids(desk.mine, after)
        listed += some
    assert listed == many[60:]
    gone, offset = [], 0
    while offset is not None:
        page = desk.contacts.deletions(desk.mine, desk.clock().replace(year=2000), offset)
        gone, offset = gone + page.ids, page.next_offset
    assert sorted(gone) == many[:60]
    assert desk.contacts.portions.sizes["ids"] * 1.2 < LIMIT


def test_a_query_that_is_slow_by_itself_is_not_asked_row_by_row(desk: Any, many: list[str]) -> None:
    """The time is the query's, whatever it answers: smaller pages would only be more of them."""
    desk.sugar.latency = 30.0
    for _ in range(10):
        desk.contacts.changes(desk.mine, desk.clock().replace(year=2000), None)
        desk.contacts.all_ids(desk.mine, None)
    assert desk.contacts.portions.sizes["rows"] >= 50
    assert desk.contacts.portions.sizes["ids"] >= 125


def test_few_rows_say_nothing_about_how_many_would_be_quick(desk: Any) -> None:
    desk.add(2)
    portions = desk.contacts.portions
    portions.limit({"rows": 30})
    desk.contacts.changes(desk.mine, desk.clock().replace(year=2000), None)
    assert portions.sizes["rows"] == 30


def test_after_a_timeout_what_earlier_runs_found_out_is_asked_for(desk: Any) -> None:
    portion, asked = Portion(200, desk.clock), []
    portion.recall = lambda: setattr(portion, "size", 8)

    def call(count: int) -> list[int]:
        asked.append(count)
        if count > 10:
            raise TransientForUser("sugar_timeout", "too long")
        return [0] * count

    portion.ask(call, len)
    assert asked == [200, 8]


def test_what_fails_otherwise_is_not_asked_again(desk: Any) -> None:
    portion, asked = Portion(200, desk.clock), []

    def call(count: int) -> list[int]:
        asked.append(count)
        raise TransientForUser("sugar_error", "no")

    with pytest.raises(TransientForUser):
        portion.ask(call, len)
    assert (asked, portion.size) == ([200], 200)
