"""No answer of the web function costs more for a user with a longer past. Milliseconds: see tests/benchmark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
import requests
from tests.benchmarks import big_user, pages
from tests.benchmarks.reading import Cost, cost
from tests.browser.system import System

SHORT, LONG = 600, 1_500

Compare = Callable[[str], tuple[Cost, Cost]]


@pytest.fixture(scope="module")
def compare() -> Iterator[Compare]:
    """Gives the cost of an answer with a short and with a long history."""
    system = System()
    visitor = requests.Session()
    visitor.trust_env = False
    visitor.cookies.update(system.cookies())
    db, user, now = system.engine.db, system.user().id, system.clock.now()
    firestore = system.world.firestore
    big_user.fill(db, user, now, contacts=120, waiting=60)
    big_user.add_history(db, user, now, 0, SHORT)
    short = firestore.snapshot()
    big_user.add_history(db, user, now, SHORT, LONG)
    long = firestore.snapshot()

    def costs(path: str) -> tuple[Cost, Cost]:
        found = []
        for past in (short, long):
            firestore.restore(past)
            found.append(cost(firestore, partial(visitor.get, system.url + path, timeout=60)))
        return found[0], found[1]

    yield costs
    system.close()


@pytest.mark.parametrize("path", pages.ALL)
def test_a_longer_history_makes_no_answer_dearer(compare: Compare, path: str) -> None:
    short, long = compare(path)
    assert long == short


def test_a_page_of_the_history_is_all_that_is_read_of_it(compare: Compare) -> None:
    _, long = compare("/api/history")
    assert long.read < 60
