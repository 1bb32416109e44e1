"""No answer of the web function costs more for a user with a longer past. Milliseconds: see tests/benchmark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from tests.benchmarks import big_user, pages
from tests.benchmarks.reading import Cost, cost
from tests.browser.system import System

SHORT, LONG = 600, 1_500
Costs = dict[str, Cost]


@pytest.fixture(scope="module")
def costs() -> Iterator[tuple[Costs, Costs]]:
    """The cost of every answer with a short and with a long history."""
    system = System()
    visitor = requests.Session()
    visitor.cookies.update(system.cookies())
    db, user, now = system.engine.db, system.user().id, system.clock.now()

    def every() -> Costs:
        return {
            path: cost(system.world.firestore, lambda path=path: visitor.get(system.url + path, timeout=60))
            for path in pages.ALL
        }

    big_user.fill(db, user, now, contacts=120, waiting=60)
    big_user.add_history(db, user, now, 0, SHORT)
    short = every()
    big_user.add_history(db, user, now, SHORT, LONG)
    yield short, every()
    system.close()


@pytest.mark.parametrize("path", pages.ALL)
def test_a_longer_history_makes_no_answer_dearer(costs: tuple[Costs, Costs], path: str) -> None:
    short, long = costs
    assert long[path] == short[path]


def test_a_page_of_the_history_is_all_that_is_read_of_it(costs: tuple[Costs, Costs]) -> None:
    _, long = costs
    assert long["/api/history"].read < 60
