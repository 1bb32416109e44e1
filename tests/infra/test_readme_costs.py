"""The costs in infra/README.md: the sums are right, and reckoned from what runs really cost."""

from __future__ import annotations

import re
from operator import add, mul, truediv

import pytest
from tests.infra.readme import TEXT, section
from tests.world import Auto, World

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


def test_what_the_costs_are_reckoned_from_is_what_runs_cost() -> None:
    world = World()
    world.set(auto=Auto(enabled=True))
    ids = [world.add_sugar(first_name="Ada", last_name=f"No {n}", email=f"{n}@x.test") for n in range(3)]
    world.settle()
    operations(world, 15)
    rows = re.findall(r"^\| (.+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", section("Costs"), re.MULTILINE)
    told = {words: tuple(map(int, numbers)) for words, *numbers in rows}
    idle, tokens = told["a run that finds nothing"], told["renewing tokens, per user and hour"]
    assert operations(world, 15) == idle
    assert operations(world, 60) == tuple(map(sum, zip(idle, tokens, strict=True)))
    world.sugar.edit_contact(ids[0], title="Chief")
    assert operations(world, 5) == told["one changed contact, found by itself"]
