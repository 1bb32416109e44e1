"""Processes that do not start, or die: the demo says which, and what they printed last."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.demo.processes import Processes, ProcessFailed, free_ports
from local_stack.demo.signals import Signals, Stopped

SERVE = (
    "import http.server, sys; http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), None).serve_forever()"
)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    started = Processes(tmp_path, Signals())
    yield started
    started.stop()


def test_a_process_that_ends_is_named_with_its_last_words(processes: Processes, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    command = [sys.executable, "-c", "print('SUGAR_URL is not set'); raise SystemExit(3)"]
    process = processes.start("Worker", command, port, os.environ, tmp_path)
    with pytest.raises(ProcessFailed) as failed:
        processes.wait([process])
    assert str(failed.value) == "Worker has stopped by itself (status 3).\n    SUGAR_URL is not set"


def test_a_process_that_never_listens_is_given_up(processes: Processes, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    process = processes.start(
        "Web", [sys.executable, "-c", "input = __import__('time').sleep(60)"], port, {}, tmp_path
    )
    with pytest.raises(ProcessFailed, match="Web does not answer"):
        processes.wait([process], seconds=0.2)


def test_a_process_that_listens_is_ready_and_stops(processes: Processes, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    process = processes.start("Web", [sys.executable, "-c", SERVE, str(port)], port, {}, tmp_path)
    processes.wait([process])
    processes.check()
    processes.stop()
    assert process.popen.poll() is not None


def test_a_process_that_ignores_the_request_to_end_is_killed(processes: Processes, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SERVE}"
    process = processes.start("Deaf", [sys.executable, "-c", deaf, str(port)], port, {}, tmp_path)
    processes.wait([process])
    processes.stop()
    assert process.popen.poll() == -9


def test_a_signal_waits_until_a_started_process_is_known() -> None:
    import signal

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        signals, reached = Signals(), []
        with pytest.raises(Stopped, match="SIGTERM"), signals.held():
            os.kill(os.getpid(), signal.SIGTERM)
            reached.append("the end of the block")
        assert reached
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
