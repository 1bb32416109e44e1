"""`infra/local/demo --hooks`: hooks made by the administrator's command bring changes to Google in time."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from local_stack.demo.hooks import MOST_SECONDS, Change, show
from local_stack.demo.progress import Screen

DEMO = Path(__file__).parents[3] / "infra/local/demo"


@pytest.mark.slow
def test_the_demo_shows_each_step_and_ends_well_if_ours_is_short(tmp_path: Path) -> None:
    command = [sys.executable, str(DEMO), "--no-venv", "--once", "--hooks", "--contacts", "0"]
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 created in Sugar by infra/sugar/register" in done.stdout
    rows = re.findall(r"\+ +\d+\.\d s +\+ \d+\.\d s +\+ \d+\.\d s +(\d+\.\d) s", done.stdout)
    assert len(rows) == 5 and all(float(ours) < MOST_SECONDS for ours in rows)
    assert "only hooks started syncs" in done.stdout
    assert list(tmp_path.iterdir()) == []


def shown(changes: list[Change], *starters: str) -> tuple[bool, str]:
    stream = io.StringIO()
    return show(Screen(stream), changes, starters), stream.getvalue()


def change(sent: float = 103.0, written: float = 106.0) -> Change:
    return Change("a", "b", "Ana Ruiz", "Director", 100.0, sent, sent and sent + 0.5, written)


def test_what_sugar_takes_is_told_apart_from_what_is_ours() -> None:
    good, text = shown([change(sent=160.0, written=164.0)], "hook", "continue")
    assert good
    assert re.search(r"Ana Ruiz +\+ 60\.0 s +\+ 0\.5 s +\+ 3\.5 s +4\.0 s", text)


@pytest.mark.parametrize(
    ("late", "said"),
    [
        (change(written=103.0 + MOST_SECONDS), "1 of 2 changes were not in Google within 10.0 s"),
        (change(written=0.0), "not in Google"),
        (change(sent=0.0), "Sugar has not called"),
    ],
)
def test_a_change_that_is_late_or_lost_is_a_failure(late: Change, said: str) -> None:
    good, text = shown([change(), late], "hook")
    assert not good and said in text


def test_a_sync_that_no_hook_has_started_proves_nothing() -> None:
    good, text = shown([change()], "hook", "schedule")
    assert not good and "not only hooks have started syncs: schedule" in text


def test_without_a_change_nothing_is_shown_to_work() -> None:
    assert not shown([])[0]
