"""What the demo prints, on a terminal and elsewhere."""

from __future__ import annotations

import io

import pytest

from local_stack.demo.progress import Screen


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO) -> str:
    screen = Screen(stream)
    with screen.step("started", "starting") as said:
        said.append("ready")
    for done in range(3):
        screen.progress("syncing", done, 2)
    screen.fact("checked", screen.good("all is well"))
    return stream.getvalue()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_a_file_gets_plain_lines() -> None:
    text = shown(io.StringIO())
    assert "\x1b" not in text
    assert "\r" not in text
    assert [line.split()[0] for line in text.splitlines()] == ["started", "checked"]


def test_a_terminal_gets_colours_and_a_line_that_is_rewritten() -> None:
    text = shown(Terminal())
    assert "\x1b[32mall is well\x1b[0m" in text
    assert text.count("\n") == 2
    assert "2 of 2" in text


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = shown(Terminal())
    assert "\x1b[32m" not in text
    assert "\x1b[2m" not in text
    assert "2 of 2" in text


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in shown(Terminal())


def test_long_work_gets_a_line_now_and_then_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    time = [0.0]
    monkeypatch.setattr("local_stack.demo.progress.time.monotonic", lambda: time[0])
    stream = io.StringIO()
    screen = Screen(stream)
    for second in range(12):
        time[0] = float(second)
        screen.progress("syncing", second, 12)
    assert len(stream.getvalue().splitlines()) == 1
