"""requirements.txt and tests/requirements.txt name every package that is installed, at one version, by its hashes."""

from __future__ import annotations

import os
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from tests.infra import locks
from tests.infra.terraform_files import ROOT

TEXTS = {name: (ROOT / name).read_text() for name in ("requirements.txt", "tests/requirements.txt")}
DEPLOYED = locks.lock(TEXTS["requirements.txt"])
TESTED = locks.lock(TEXTS["tests/requirements.txt"])
HASH = f"--hash=sha256:{'0' * 64}"


def test_what_is_deployed_is_locked_with_everything_it_needs() -> None:
    assert locks.problems(locks.asked_for(ROOT / "infra/requirements.in"), DEPLOYED) == []


def test_what_tests_need_is_locked_with_everything_it_needs() -> None:
    assert locks.problems(locks.asked_for(ROOT / "tests/requirements.in"), DEPLOYED | TESTED) == []


def test_what_both_have_is_the_same_for_they_are_installed_together() -> None:
    both = DEPLOYED.keys() & TESTED.keys()
    assert both
    assert [name for name in sorted(both) if DEPLOYED[name] != TESTED[name]] == []


def test_the_tests_run_with_what_is_locked() -> None:
    here = {name: entry.version for name, entry in (DEPLOYED | TESTED).items() if entry.needed_here}
    here.pop("uv", None)  # which infra/lock calls, and no test
    assert {name: version(name) for name in here} == here


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_lock_says_what_is_installed_and_not_from_where(name: str) -> None:
    assert "://" not in TEXTS[name]
    options = set(re.findall(r"(?<!\S)--?\w[\w-]*", re.sub(r"#.*", "", TEXTS[name])))
    assert options == {"--hash"}


@pytest.mark.parametrize(
    "asked, locked, problem",
    [
        ("requests", f"requests==2.34.2 {HASH}", "is not locked"),  # its own needs are not
        ("requests>=3", f"requests==2.34.2 {HASH}", "requests>=3 is wanted, 2.34.2 is locked"),
        ("idna", f"idna>=3 {HASH}", "idna is not pinned"),
        ("idna", f"idna==3.* {HASH}", "idna is not pinned"),
        ("idna", f"idna {HASH}", "idna is not pinned"),
        ("idna", "idna==3.20", "idna has no hash"),
        ("idna", f"idna==3.20 {HASH}\nsix==1.17.0", "six has no hash"),
        ("surely-there-is-none", f"idna==3.20 {HASH}", "surely-there-is-none is not locked"),
    ],
)
def test_a_lock_that_does_not_fit_is_found(asked: str, locked: str, problem: str) -> None:
    found = locks.problems([Requirement(asked)], locks.lock(locked))
    assert [line for line in found if problem in line], found


def test_one_command_makes_both_of_the_files_that_ask(tmp_path: Path) -> None:
    """A stand-in for uv notes how it is called."""
    uv = tmp_path / "uv"
    uv.write_text('#!/bin/sh\necho "$*" >> "$(dirname "$0")/calls"\n')
    uv.chmod(0o755)
    subprocess.run(
        [str(ROOT / "infra/lock"), "--upgrade-package", "idna"],
        env={**os.environ, "UV": str(uv)},
        check=True,
        timeout=60,
    )
    deployed, tested = (tmp_path / "calls").read_text().splitlines()
    for call in (deployed, tested):
        assert call.startswith("pip compile ")
        assert call.endswith(" --upgrade-package idna")
        for option in ("--universal", "--python-version 3.11", "--generate-hashes", "--no-emit-index-url"):
            assert f" {option} " in call
    assert " infra/requirements.in --output-file requirements.txt " in deployed
    assert " tests/requirements.in --output-file tests/requirements.txt " in tested
    assert " --constraints requirements.txt " in tested


def test_without_its_tool_it_says_where_to_get_it() -> None:
    done = subprocess.run(
        [str(ROOT / "infra/lock")],
        env={**os.environ, "UV": "no-such-uv"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "There is no no-such-uv" in done.stderr
