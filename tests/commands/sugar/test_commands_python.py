"""`infra/python`: the commands' own virtual environment, made once and anew only when what it holds must change."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[3] / "infra/python"


class Project:
    """A project in a temporary folder that needs no packages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in ("infra/commands/greeting", "functions"):
            (folder / part).mkdir(parents=True)
        shutil.copy(PROGRAM, folder / "infra/python")
        self.requirements = folder / "requirements.txt"
        self.requirements.write_text("# nothing\n")
        (folder / "infra/commands/greeting/hello.py").write_text(
            "import sys\nprint('hello', *sys.argv[1:])\n"
        )

    def __call__(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        # PIP_NO_INDEX: no test of ours may reach for the network.
        known = {name: value for name, value in os.environ.items() if name not in ("PYTHON", "PYTHONPATH")}
        return subprocess.run(
            [str(self.folder / "infra/python"), *(arguments or ("-m", "greeting.hello", "you"))],
            cwd=self.folder,
            env={**known, "PIP_NO_INDEX": "1", **environ},
            capture_output=True,
            text=True,
        )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "a project")


@pytest.mark.slow
def test_it_is_made_at_the_first_start_and_anew_when_the_requirements_change(project: Project) -> None:
    first, second = project(), project()
    assert (first.stdout, second.stdout) == ("hello you\n", "hello you\n")
    assert "Installing the packages of requirements.txt" in first.stderr
    assert second.stderr == ""
    project.requirements.write_text("surely-there-is-no-such-package==1.0\n")
    third = project()
    assert third.returncode == 1 and third.stdout == ""
    assert "The packages could not be installed; above is what pip says." in third.stderr
    # Without its stamp it is made again at the next start.
    assert not (project.folder / "infra/.venv/made-for").exists()


def test_another_python_is_used_as_it_is(project: Project) -> None:
    done = project(PYTHON=sys.executable)
    assert (done.stdout, done.stderr) == ("hello you\n", "")
    assert not (project.folder / "infra/.venv").exists()


def test_a_file_where_it_is_called_does_not_stand_in_for_a_module(project: Project) -> None:
    (project.folder / "json.py").write_text("raise SystemExit('wrong file')\n")
    assert project("-c", "import json; print(json.dumps(1))", PYTHON=sys.executable).stdout == "1\n"


def test_without_a_python_that_is_new_enough_it_says_so(project: Project, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "dirname", "env"):
        (programs / name).symlink_to(str(shutil.which(name)))
    done = project(PATH=str(programs))
    assert done.returncode == 1
    assert "This needs Python 3.11 or later" in done.stderr


def test_the_commands_explain_themselves() -> None:
    register = PROGRAM.parent / "sugar/register"
    done = subprocess.run(
        [str(register), "--help"],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for word in ("check", "create", "list", "remove", "SUGAR_PASSWORD", "ends the session of the functions"):
        assert word in done.stdout
