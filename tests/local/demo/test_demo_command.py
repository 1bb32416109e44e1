"""The command itself, as a user starts it: from the first process to the last."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[3] / "infra" / "local" / "demo"
PATIENCE = 90.0
PROCESSES = Path("/proc")
sees_processes = pytest.mark.skipif(not PROCESSES.is_dir(), reason="finds the demo's processes in /proc")


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(DEMO), "--no-venv", *arguments]


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    return subprocess.run(
        command(*arguments), env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def mine(tmp_path: Path) -> list[str]:
    """The command lines of all processes that run with our temporary folder."""
    found = []
    for folder in PROCESSES.iterdir():
        try:
            if f"TMPDIR={tmp_path}\0".encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except (OSError, ValueError):
            continue
    return [line for line in found if line]


class Running:
    """A demo that was started, and what it has printed so far."""

    def __init__(self, tmp_path: Path, *arguments: str) -> None:
        self._printed = tmp_path / "printed"
        self.tmp_path = tmp_path
        with self._printed.open("wb") as output:
            self.popen = subprocess.Popen(
                command(*arguments),
                env={**os.environ, "TMPDIR": str(tmp_path)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def printed(self) -> str:
        return self._printed.read_text()

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while text not in self.printed:
            assert self.popen.poll() is None, self.printed
            assert time.monotonic() < deadline, self.printed
            time.sleep(0.05)

    def wait_for_processes(self, count: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while len(mine(self.tmp_path)) < count:
            assert time.monotonic() < deadline, self.printed
            time.sleep(0.02)

    def end(self, number: int) -> int:
        self.popen.send_signal(number)
        return self.popen.wait(20)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path, "--contacts", "0", "--tick", "1")
    yield running
    if running.popen.poll() is None:
        running.popen.kill()
        running.popen.wait()


def test_once_syncs_everything_checks_it_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = run(tmp_path, "--once", "--contacts", "60")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "every awkward contact ended as it must" in done.stdout
    assert "a second sync changed nothing" in done.stdout
    assert "\x1b" not in done.stdout
    assert list(tmp_path.iterdir()) == []
    assert not PROCESSES.is_dir() or mine(tmp_path) == []


def test_address_books_from_csv_files_are_synced_and_bad_rows_left_out(tmp_path: Path) -> None:
    sugar, google, temporary = tmp_path / "sugar.csv", tmp_path / "google.csv", tmp_path / "temporary"
    temporary.mkdir()
    sugar.write_text(
        "first_name,last_name,email,account_name,title,phone_work\n"
        "Ana,Ruiz,ana@x.example,Acme,,+34 941 200 001\nBad,Mail,none,,,\nBen,Okafor,ben@x.example,,,\n"
    )
    google.write_text(
        "First Name,Last Name,Organization Title,Labels,E-mail 1 - Label,E-mail 1 - Value\n"
        "Ana,Ruiz,CTO,* myContacts ::: Friends,* Work,ana@x.example\nEva,Alone,,,,\n"
    )
    done = run(temporary, "--once", "--sugar-csv", str(sugar), "--google-csv", str(google))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sugar.csv, row 3: email 'none' is no e-mail address." in done.stdout
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["contacts", "before", "2", "2"] in lines
    assert ["contacts", "after", "3", "3"] in lines
    assert "1 of them, from a contact on either side" in done.stdout


def test_a_missing_file_is_said_before_anything_starts(tmp_path: Path) -> None:
    done = run(tmp_path, "--once", "--sugar-csv", "nowhere.csv")
    assert done.returncode == 2
    assert done.stderr == "nowhere.csv: there is no such file.\n"
    assert done.stdout == ""


@pytest.mark.parametrize(
    "arguments", [["--contacts", "-1"], ["--contacts", "many"], ["--tick", "0"], ["--twice"]]
)
def test_wrong_options_are_refused(tmp_path: Path, arguments: list[str]) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == 2
    assert "infra/local/demo: error: " in done.stderr


@sees_processes
def test_ctrl_c_after_the_sync_ends_every_process(demo: Running) -> None:
    demo.wait_for("edit in Google")
    assert len(mine(demo.tmp_path)) >= 8
    assert demo.end(signal.SIGINT) == 0
    assert mine(demo.tmp_path) == []
    assert demo.printed.endswith("\n  Stopped.\n")
    assert [path.name for path in demo.tmp_path.iterdir()] == ["printed"]


@sees_processes
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_during_the_start_ends_every_process(demo: Running, number: int) -> None:
    demo.wait_for_processes(5)
    assert demo.end(number) == 128 + number
    assert mine(demo.tmp_path) == []


@sees_processes
def test_killing_the_demo_itself_leaves_no_orphans(demo: Running) -> None:
    demo.wait_for("address books")
    demo.end(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while mine(demo.tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert mine(demo.tmp_path) == []
