"""A long search for histories that break a law. Every find is shrunk and printed as the steps that lead to it.

Each round has a seed of its own; the same seed and number of steps repeat it.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
import traceback

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.sync.law_machine import AddressBooks


def main() -> int:
    """Search until the time is over; 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to search (default 10)")
    parser.add_argument("--seed", type=int, default=None, help="the first seed (default: by the clock)")
    parser.add_argument("--examples", type=int, default=60, help="histories of one round (default 60)")
    parser.add_argument("--steps", type=int, default=30, help="steps of one history (default 30)")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    first = int(time.time()) if options.seed is None else options.seed
    until = time.monotonic() + options.minutes * 60
    profile = settings(
        max_examples=options.examples,
        stateful_step_count=options.steps,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    rounds = found = 0
    while time.monotonic() < until:
        number = first + rounds
        rounds += 1
        machine = seed(number)(type("AddressBooks", (AddressBooks,), {}))
        try:
            run_state_machine_as_test(machine, settings=profile)
        except Exception:
            found += 1
            print(f"\n=== seed {number}, {options.steps} steps ===", flush=True)
            traceback.print_exc(limit=-3, file=sys.stdout)
            sys.stdout.flush()
    print(f"{rounds} rounds of {options.examples} histories from seed {first}: {found} broke a law")
    return min(found, 1)


if __name__ == "__main__":
    raise SystemExit(main())
