"""The costs in infra/README.md: the sums are right, and reckoned from what runs really cost."""

from __future__ import annotations

import re
from operator import add, mul, truediv

import pytest
from tests.infra.readme import TEXT, section
from tests.world import Auto, Direction, World

SUMS = re.findall(r"((?:[\d.,]+ [×/+] )+[\d.,]+) = ([\d,.]+\d)", TEXT)


def number(text: str) -> float:
    return float(text.replace(",", ""))


DOES = {"×": mul, "/": truediv, "+": add}


def test_there_are_sums() -> None:
    assert len(SUMS) > 30


@pytest.mark.parametrize("given, result", sorted(set(SUMS)))
def test_a_sum_is_right(given: str, result: str) -> None:
    first, *rest = re.split(r" (?=[×/+])", given)
    value = number(first)
    for operation, operand in (part.split(" ") for part in rest):
        value = DOES[operation](value, number(operand))
    decimals = len(result.partition(".")[2])
    assert number(result) == pytest.approx(value, abs=0.51 * 10**-decimals)


def operations(world: World, minutes: float) -> tuple[int, ...]:
    """What the next scheduled run costs: documents read (an empty query as one) and written, calls to each side."""
    world.clock.advance(minutes=minutes)
    world.firestore.counters.reset()
    world.forget_calls()
    world.sync("schedule")
    queries, total = world.firestore.counters["RunQuery"], world.firestore.counters.total()
    return total.read + max(0, queries.calls - queries.read), total.written, *world.calls()


ROWS = {
    words: tuple(int(number.replace(",", "")) for number in numbers if number != "–")
    for words, *numbers in re.findall(
        r"^\| (.+) \| ([\d,]+|–) \| ([\d,]+|–) \| ([\d,]+|–) \| ([\d,]+|–) \|$",
        section("Costs"),
        re.MULTILINE,
    )
}
"""The table of what was measured: reads, writes, calls to each side."""


def test_what_the_costs_are_reckoned_from_is_what_runs_cost() -> None:
    world = World()
    world.set(auto=Auto(enabled=True))
    ids = [world.add_sugar(first_name="Ada", last_name=f"No {n}", email=f"{n}@x.test") for n in range(3)]
    world.settle()
    operations(world, 15)
    idle, tokens = ROWS["a run that finds nothing"], ROWS["renewing tokens, per user and hour"]
    assert operations(world, 15) == idle
    assert operations(world, 60) == tuple(map(sum, zip(idle, tokens, strict=True)))
    world.sugar.edit_contact(ids[0], title="Chief")
    assert operations(world, 5) == ROWS["one changed contact, found by itself"]
    after = [operations(world, 5), operations(world, 16)]
    more = tuple(sum(found) - 2 * once for *found, once in zip(*after, idle, strict=True))
    assert more == ROWS["the runs after it, which see it once more"]


def test_each_further_contact_in_the_same_run_costs_about_what_is_said() -> None:
    world = World()
    world.set(auto=Auto(enabled=True))
    fill(world, 20)
    first_sync(world)
    ids = list(world.all_mappings())
    cost = []
    for number in (1, 19):
        operations(world, 60)
        operations(world, 15)
        for record in ids[:number]:
            world.sugar.edit_contact(record, title=f"Chief {number}")
        cost.append(
            [sum(column) for column in zip(*(operations(world, m) for m in (5, 5, 16)), strict=True)][:2]
        )
    (one_read, one_write), (all_read, all_write) = cost
    told = ROWS["each further one in the same run, about"]
    assert ((all_read - one_read) / 18, (all_write - one_write) / 18) == pytest.approx(told, abs=0.75)


def fill(world: World, sugar: int, google: int = 0, flagged: bool = False) -> None:
    """People who are on one side only."""
    user = world.first.sugar_user
    ids = world.sugar.load(
        {
            "first_name": "Ada",
            "last_name": f"Sugar {number:04}",
            "email": f"s{number}@x.test",
            "phone_work": f"+49 30 {1000000 + number}",
            "title": "Clerk",
            "assigned_user_id": user,
            "date_modified": "2026-01-05T10:00:00+00:00",
        }
        for number in range(sugar)
    )
    for record in ids if flagged else ():
        world.sugar.set_flag(user, record, True)
    world.google.load(
        world.first.sub,
        (
            {
                "names": [{"givenName": "Bob", "familyName": f"Google {number:04}"}],
                "emailAddresses": [{"value": f"g{number}@y.test"}],
            }
            for number in range(google)
        ),
    )


def first_sync(world: World) -> tuple[int, ...]:
    """What it costs, run after run, until nothing is left."""
    world.firestore.counters.reset()
    world.forget_calls()
    world.sync("manual")
    while (due := world.user().pending) is not None:
        world.clock.time = max(world.clock.now(), due)
        world.sync("continue")
    queries, total = world.firestore.counters["RunQuery"], world.firestore.counters.total()
    return total.read + max(0, queries.calls - queries.read), total.written, *world.calls()


def test_a_first_sync_into_google_and_what_comes_daily_and_weekly_cost_what_is_said() -> None:
    world = World()
    world.set(auto=Auto(enabled=True), from_google=Direction(enabled=False, create=False))
    fill(world, 1000)
    assert first_sync(world) == pytest.approx(ROWS["the first sync of 1,000 contacts into Google"], rel=0.03)
    assert len(world.google_names()) == 1000
    operations(world, 15)
    daily = operations(world, 24 * 60)
    assert daily == pytest.approx(ROWS["the daily listing of 1,000 contacts"], rel=0.03)
    weekly = ROWS["the full comparison of 1,000 contacts, every 5 to 6 days"]
    assert operations(world, 6 * 24 * 60) == pytest.approx(weekly, rel=0.03)


def test_a_first_sync_in_both_directions_costs_what_is_said() -> None:
    world = World()
    world.set(auto=Auto(enabled=True))
    fill(world, 500, 500)
    told = ROWS["the first sync in both directions, 500 contacts each way"]
    assert first_sync(world) == pytest.approx(told, rel=0.03)
    assert (len(world.google_names()), len(world.sugar_names())) == (1000, 1000)


def test_the_scope_flagged_lists_every_hour_and_reads_what_it_holds() -> None:
    world = World()
    world.set(auto=Auto(enabled=True), sugar_scope="flagged")
    fill(world, 100, flagged=True)
    first_sync(world)
    operations(world, 15)
    reads, *others = operations(world, 61)
    thousand, *same = ROWS["scope *flagged*: the same listing, but hourly"]
    assert thousand - reads == 1000 - 100
    assert others == pytest.approx(same, abs=1)
    assert (thousand, *same) == ROWS["the daily listing of 1,000 contacts"]
    assert f"a listing reads {reads}." in section("Costs")
