"""Logs as Cloud Logging reads them, without anything private in them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextvars import Context
from typing import Any

import pytest

from contact_sync import logs
from contact_sync.errors import RateLimited

TRACE = "105445aa7843bc8bf206b12000100000"


class Log:
    """What was written so far, line by line."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    @property
    def last(self) -> dict[str, Any]:
        return self.lines[-1]


@pytest.fixture
def log() -> Iterator[Log]:
    root, ours = logging.getLogger(), logging.getLogger(logs.OURS)
    before = root.handlers[:], root.level, ours.level
    written = Log()
    logs.set_up("my-project", written.stream)
    yield written
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


OURS = logging.getLogger("contact_sync.sync.engine")
FOREIGN = logging.getLogger("urllib3.connectionpool")


def test_a_run_is_bound_to_the_context_around_it_and_to_nothing_without_one(log: Log) -> None:
    def without() -> None:
        logs.bind(run="r0")
        OURS.info("nowhere")

    Context().run(without)
    with logs.context(user="u1"):
        logs.bind(run="r1")
        OURS.info("inside")
    OURS.info("after")
    assert [line.get("run") for line in log.lines] == [None, "r1", None]


def test_a_line_is_one_json_object_with_a_severity(log: Log) -> None:
    OURS.info("run finished\nwith a line break", extra={"counts": {"update": 2}, "milliseconds": 41})
    assert log.lines == [
        {
            "severity": "INFO",
            "message": "run finished\nwith a line break",
            "logger": "contact_sync.sync.engine",
            "counts": {"update": 2},
            "milliseconds": 41,
        }
    ]


def test_lines_carry_the_trace_run_and_user_they_belong_to(log: Log) -> None:
    with logs.context(trace=f"{TRACE}/123;o=1", user="u1"):
        with logs.context(run="r1"):
            OURS.warning("inside")
        OURS.warning("between")
    OURS.warning("outside")
    trace = {"logging.googleapis.com/trace": f"projects/my-project/traces/{TRACE}"}
    common = {"severity": "WARNING", "logger": OURS.name}
    assert log.lines == [
        common | {"message": "inside", "run": "r1", "user": "u1"} | trace,
        common | {"message": "between", "user": "u1"} | trace,
        common | {"message": "outside"},
    ]


@pytest.mark.parametrize("header", [None, "", "x/1", TRACE[:-1], f"{TRACE}00/1", 'a"b'])
def test_a_trace_header_that_is_none_is_left_out(log: Log, header: str | None) -> None:
    with logs.context(trace=header):
        OURS.info("hello")
    assert set(log.last) == {"severity", "message", "logger"}


def test_only_known_fields_are_written(log: Log) -> None:
    OURS.info("merged", extra={"email": "ada@corp.test", "person": {"name": "Ada"}, "count": 1})
    assert set(log.last) == {"severity", "message", "logger", "count"}


def test_messages_of_other_programs_lose_their_arguments(log: Log) -> None:
    FOREIGN.warning("Retrying %s after %s", "/hooks/sugar/secret-token", "ada@corp.test")
    assert log.last["message"] == "Retrying %s after %s"


@pytest.mark.parametrize("logger", [FOREIGN, OURS])
def test_the_token_of_a_hook_is_left_out_of_every_message(log: Log, logger: logging.Logger) -> None:
    logger.error("Exception on /hooks/sugar/secret-token [POST]")
    assert log.last["message"] == "Exception on /hooks/sugar/... [POST]"


def test_other_programs_are_heard_from_warnings_on(log: Log) -> None:
    FOREIGN.info("GET /?access_token=secret")
    logging.getLogger("contact_synchrony").info("not ours")
    OURS.debug("details")
    assert log.lines == []


def test_an_exception_shows_where_it_happened_but_not_what_it_says(log: Log) -> None:
    try:
        try:
            dict[str, str]()["ada@corp.test"]
        except KeyError as error:
            raise ValueError("cannot read ada@corp.test") from error
    except ValueError:
        OURS.exception("run failed")
    assert log.last["severity"] == "ERROR"
    assert log.last["error"] == "ValueError"
    first, second = log.last["stack_trace"].split("Traceback (most recent call last):\n")[1:]
    assert first.rstrip().endswith("KeyError")
    assert second.rstrip().endswith("ValueError")
    assert "test_logs.py" in second
    assert "cannot read ada@corp.test\n" not in log.last["stack_trace"]


def test_our_own_errors_say_what_they_are(log: Log) -> None:
    try:
        raise RateLimited("google_rate_limited", "Google's quota is used up for now", 5.0)
    except RateLimited:
        OURS.warning("user waits", exc_info=True)
    assert log.last["error"] == "google_rate_limited: Google's quota is used up for now"


def test_a_suppressed_cause_is_not_shown(log: Log) -> None:
    try:
        try:
            int("ada")
        except ValueError:
            raise RuntimeError from None
    except RuntimeError:
        OURS.exception("failed")
    assert log.last["stack_trace"].count("Traceback") == 1


def test_setting_up_twice_writes_each_line_once(log: Log) -> None:
    logs.set_up("my-project", log.stream)
    OURS.info("once")
    assert len(log.lines) == 1
