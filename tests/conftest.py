"""What all tests share: Hypothesis on a busy machine, a path for processes that tests start, and what was left out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from contact_sync import logs

ROOT = Path(__file__).parents[1]
# Processes of the local stack find the packages as the tests themselves do.
os.environ["PYTHONPATH"] = os.pathsep.join(str(ROOT / part) for part in ("functions", "infra/local"))
# How long an example takes says something about the machine, not about the code.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


@pytest.fixture(autouse=True)
def own_log_context() -> Iterator[None]:
    """What a run adds to its lines in the log ends with the test, as it ends with the request."""
    with logs.context():
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the last lines which tests did not run, and how to get what they need."""
    if reasons := _left_out(terminalreporter):
        terminalreporter.section("left out")
    for reason, tests in reasons.most_common():
        terminalreporter.line(f"{tests} test{'s'[: tests != 1]} left out: {reason}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With EVERYTHING=yes a test that did not run is one that failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    passed = session.exitstatus == pytest.ExitCode.OK
    if passed and os.environ.get("EVERYTHING") == "yes" and reporter and _left_out(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _left_out(reporter: pytest.TerminalReporter) -> Counter[str]:
    """How many tests were left out, by reason."""
    skipped = [report.longrepr for report in reporter.stats.get("skipped", ())]
    return Counter(str(where[2]).removeprefix("Skipped: ") for where in skipped)
