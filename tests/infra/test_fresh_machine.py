"""tests/run on a machine with Python alone: it makes ready what it needs, and says what it had to leave out.

The machine is a folder of programs that is the whole PATH. Its Python, apt-get and sudo are stand-ins that note calls.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.infra.terraform_files import ROOT

SYSTEM = ("bash", "cat", "cut", "dirname", "getconf", "mkdir", "realpath", "rm", "sh", "sha256sum", "touch")
FOLDERS = ("tests/browser", "tests/commands/sugar", "tests/contacts", "tests/sync")

PYTHON = """
case "$*" in
    *version_info*) exit ${OLD:-0} ;;
    *ensurepip*) [ -e "$MACHINE/python-venv" ] ;;
    "-m venv "*) mkdir -p "$3/bin"; cat "$0" > "$3/bin/python"; chmod 755 "$3/bin/python" ;;
    "-m pytest"*) exit ${TESTS:-0} ;;
esac
"""
APT = """
case "$*" in
    update* | --version) exit 0 ;;
    *) eval package=\\${$#} ;;
esac
case " ${IN_STORE:-} " in *" $package "*) ;; *) echo "E: Unable to locate package $package" >&2; exit 100 ;; esac
case $package in
    chromium) touch "$MACHINE/chromium"; chmod 755 "$MACHINE/chromium" ;;
    php-cli) touch "$MACHINE/php"; chmod 755 "$MACHINE/php" ;;
    python*-venv) touch "$MACHINE/python-venv" ;;
esac
"""
SUDO = """
[ "$1" = -n ] || { echo "[sudo] password:"; read -r answer; }
[ "${MAY_SUDO:-no}" = yes ] || { echo "sudo: a password is required" >&2; exit 1; }
shift
exec "$@"
"""


class Machine:
    """A checkout, and a PATH of which everything is known."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self._programs, self._calls = (
            folder / "checkout",
            folder / "programs",
            folder / "calls",
        )
        for made in (self._programs, *(self.checkout / part for part in FOLDERS)):
            made.mkdir(parents=True)
        for file in ("requirements.txt", "tests/requirements.txt", "tests/run"):
            shutil.copy(ROOT / file, self.checkout / file)
        for name in (*SYSTEM, "chmod"):
            (self._programs / name).symlink_to(str(shutil.which(name)))
        self._calls.touch()
        self.has("python3", PYTHON)
        self.has("python-venv")
        self.user(0)

    def has(self, name: str, script: str = "") -> None:
        """Put a program there."""
        program = self._programs / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> "$CALLS"\n{script}')
        program.chmod(0o755)

    def lacks(self, name: str) -> None:
        """Take a program away."""
        (self._programs / name).unlink()

    def user(self, number: int) -> None:
        """Who runs it: 0 is root."""
        self.has("id", f"echo {number}")

    def run(self, *tests: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`tests/run`, without the checks. Whoever asks for a password waits for ever."""
        self._calls.write_text("")
        return subprocess.run(
            [str(self._programs / "bash"), str(self.checkout / "tests/run"), *tests],
            env={
                "PATH": str(self._programs),
                "CALLS": str(self._calls),
                "MACHINE": str(self._programs),
                "CHECKS": "no",
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )

    def calls(self, beginning: str) -> list[str]:
        """The calls of a stand-in in the last run."""
        return [line for line in self._calls.read_text().splitlines() if line.startswith(beginning)]

    def installed(self) -> list[str]:
        """The packages that apt was asked for in the last run."""
        return [call.split()[-1] for call in self.calls("apt-get") if " install " in call]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_root_gets_what_is_missing_and_is_told(machine: Machine) -> None:
    machine.has("apt-get", APT)
    done = machine.run(IN_STORE="chromium php-cli")
    assert done.returncode == 0, done.stdout
    assert machine.installed() == ["chromium", "php-cli"]
    assert "apt-get install chromium" in done.stdout
    assert "apt-get install php-cli" in done.stdout
    assert len(machine.calls("python3 -m pytest")) == 1
    machine.run(IN_STORE="chromium php-cli")
    assert machine.installed() == []


def test_somebody_else_gets_it_by_sudo_where_that_asks_nothing(machine: Machine) -> None:
    machine.has("apt-get", APT)
    machine.has("sudo", SUDO)
    machine.user(1000)
    done = machine.run(IN_STORE="chromium php-cli", MAY_SUDO="yes")
    assert done.returncode == 0, done.stdout
    assert machine.installed() == ["chromium", "php-cli"]
    assert all(call.startswith("sudo -n ") for call in machine.calls("sudo"))


@pytest.mark.parametrize("sudo", [None, SUDO], ids=["no sudo", "a sudo that wants a password"])
def test_nobody_is_asked_for_a_password(machine: Machine, sudo: str | None) -> None:
    machine.has("apt-get", APT)
    if sudo:
        machine.has("sudo", sudo)
    machine.user(1000)
    done = machine.run(IN_STORE="chromium php-cli")
    assert done.returncode == 0, done.stdout
    assert machine.installed() == []
    assert "password" not in done.stdout
    assert "Chromium is missing and cannot be installed from here" in done.stdout
    assert "PHP is missing and cannot be installed from here" in done.stdout


@pytest.mark.parametrize("store", [None, "", "php-cli"], ids=["no apt", "neither", "one of them"])
def test_what_cannot_be_had_stops_nothing_else(machine: Machine, store: str | None) -> None:
    if store is not None:
        machine.has("apt-get", APT)
    done = machine.run(IN_STORE=store or "")
    assert done.returncode == 0, done.stdout
    assert "Chromium is missing" in done.stdout
    assert ("PHP is missing" in done.stdout) == (store != "php-cli")
    assert machine.calls("python3 -m pytest")


@pytest.mark.parametrize(
    ("tests", "wanted"),
    [
        (["tests/contacts"], []),
        (["tests/contacts", "-k", "browser"], []),
        (["tests/sync/test_x.py::test_y"], ["chromium", "php-cli"]),  # no such file: pytest says so
        (["tests/browser"], ["chromium"]),
        (["./tests/browser/"], ["chromium"]),
        (["tests/contacts", "tests/commands"], ["php-cli"]),
        (["tests"], ["chromium", "php-cli"]),
        (["-x"], ["chromium", "php-cli"]),
    ],
)
def test_only_what_the_tests_asked_for_need_is_installed(
    machine: Machine, tests: list[str], wanted: list[str]
) -> None:
    machine.has("apt-get", APT)
    machine.run(*tests, IN_STORE="chromium php-cli")
    assert machine.installed() == wanted


def test_what_is_to_be_left_out_is_not_installed(machine: Machine) -> None:
    machine.has("apt-get", APT)
    machine.run(IN_STORE="chromium php-cli", BROWSER="no", PHP="no")
    assert machine.installed() == []


def test_the_status_is_that_of_the_tests(machine: Machine) -> None:
    assert machine.run("tests/contacts", TESTS="1").returncode == 1


def test_a_python_without_venv_gets_it(machine: Machine) -> None:
    machine.has("apt-get", APT)
    machine.lacks("python-venv")
    done = machine.run("tests/contacts", IN_STORE="python3-venv")
    assert done.returncode == 0, done.stdout
    assert machine.installed() == ["python3-venv"]
    assert "apt-get install python3-venv" in done.stdout


@pytest.mark.parametrize("apt", [True, False])
def test_a_python_without_venv_that_cannot_get_it_says_what_to_do(machine: Machine, apt: bool) -> None:
    if apt:
        machine.has("apt-get", APT)
    machine.lacks("python-venv")
    done = machine.run("tests/contacts")
    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stdout.splitlines()[-1]
    assert not machine.calls("python3 -m pytest")


def test_a_newer_python_beside_an_old_one_is_taken(machine: Machine) -> None:
    machine.has("python3", PYTHON.replace("${OLD:-0}", "1"))
    machine.has("python3.12", PYTHON)
    done = machine.run("tests/contacts")
    assert done.returncode == 0, done.stdout
    assert machine.calls("python3.12 -m venv")


@pytest.mark.parametrize("there", [True, False])
def test_without_a_python_that_is_new_enough_it_says_so(machine: Machine, there: bool) -> None:
    if not there:
        machine.lacks("python3")
    done = machine.run("tests/contacts", OLD="1")
    assert done.returncode == 1
    assert "Python 3.11 or later" in done.stdout


def test_an_environment_whose_python_is_gone_is_made_anew(machine: Machine) -> None:
    machine.run("tests/contacts")
    assert machine.calls("python3 -m venv")
    machine.run("tests/contacts")
    assert not machine.calls("python3 -m venv")
    (machine.checkout / "tests/.venv/bin/python").unlink()
    assert machine.run("tests/contacts").returncode == 0
    assert machine.calls("python3 -m venv")


def pytest_says(tests: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What pytest says on a machine whose PATH is empty."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "1", *tests.split()],
        cwd=ROOT,
        env={**os.environ, "EVERYTHING": "", "PATH": "", "HOME": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


WITHOUT = {
    "tests/browser/test_harness.py": "they need Chromium: apt-get install chromium",
    "tests/commands/sugar/test_package.py": "they need PHP: apt-get install php-cli",
}


@pytest.mark.slow
def test_the_last_lines_say_what_was_left_out_and_how_to_get_it() -> None:
    done = pytest_says(" ".join(WITHOUT))
    assert done.returncode == 0, done.stdout
    last = done.stdout.splitlines()[-6:]
    for why in WITHOUT.values():
        assert [line for line in last if line.endswith(f"left out: {why}")], done.stdout


@pytest.mark.slow
def test_where_everything_is_wanted_what_was_left_out_is_a_failure() -> None:
    done = pytest_says("tests/commands/sugar/test_package.py -k manifest", EVERYTHING="yes", PHP="no")
    assert done.returncode == 1
    assert "left out: PHP=no" in done.stdout


def test_every_submission_is_to_run_everything() -> None:
    commands = (ROOT / ".ci/run").read_text()
    assert "EVERYTHING=yes tests/run\n" in commands
    assert "=no" not in commands
