"""The laws of the sync under random histories; `tests/search` looks for longer and deeper."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.sync.law_machine import AddressBooks

SHORT = settings(
    max_examples=25,
    stateful_step_count=12,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_the_laws_hold_in_random_histories() -> None:
    run_state_machine_as_test(AddressBooks, settings=SHORT)
