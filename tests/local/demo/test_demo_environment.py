"""The demo's virtual environment: made once, and again only when what it must hold has changed."""

from __future__ import annotations

import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

DEMO = Path(__file__).parents[3] / "infra" / "local" / "demo"


@pytest.fixture
def program(tmp_path: Path) -> Any:
    """The program, for a project in a temporary folder that needs no packages."""
    loader = SourceFileLoader("demo_program", str(DEMO))
    spec = spec_from_loader("demo_program", loader)
    assert spec
    module: Any = module_from_spec(spec)
    loader.exec_module(module)
    module.REQUIREMENTS, module.VENV = tmp_path / "requirements.txt", tmp_path / ".venv"
    module.STAMP, module.PYTHON = module.VENV / "made-for", module.VENV / "bin" / "python"
    module.REQUIREMENTS.write_text("# nothing\n")
    return module


def test_it_is_made_at_the_first_start_and_anew_when_the_requirements_change(
    program: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    python = program.virtual_environment()
    assert subprocess.run([python, "-c", "import pip"], check=False).returncode == 0
    assert "First start: installing the packages" in capfd.readouterr().out

    made = program.PYTHON.lstat().st_mtime_ns
    assert program.virtual_environment() == python
    assert capfd.readouterr().out == ""
    assert program.PYTHON.lstat().st_mtime_ns == made

    commands: list[list[str]] = []

    def note(command: list[str], _complaint: str) -> None:
        program.VENV.mkdir(exist_ok=True)
        commands.append(command)

    program.run = note
    program.REQUIREMENTS.write_text("# something else\n")
    assert program.virtual_environment() == python
    assert "has changed: installing the packages" in capfd.readouterr().out
    assert [command[1:3] for command in commands] == [["-m", "venv"], ["-m", "pip"]]
    assert not program.PYTHON.exists()


def test_an_installation_that_fails_is_said_and_tried_again_at_the_next_start(
    program: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    program.REQUIREMENTS = program.REQUIREMENTS.with_name("empty")
    program.REQUIREMENTS.write_text("")
    program.sys = SimpleNamespace(executable="false", version="3", exit=sys.exit)
    for _ in range(2):
        with pytest.raises(SystemExit, match="The virtual environment could not be made"):
            program.virtual_environment()
        assert "First start" in capfd.readouterr().out


def test_help_needs_no_packages(tmp_path: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-S", str(DEMO), "--help"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert shown.returncode == 0
    for option in ("--once", "--contacts N", "--sugar-csv FILE", "--google-csv FILE", "--firestore-emulator"):
        assert option in shown.stdout
