"""The rooms of the package: imports point downward only, and each outside system has one door."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "functions/contact_sync"


def test_imports_keep_to_the_contracts() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    found = subprocess.run(
        [str(linter), "--no-logo", "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "functions"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr


def imported(module: Path) -> set[str]:
    """The full names of the modules that a file imports from outside the package."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


def test_only_the_store_talks_to_firestore() -> None:
    for module in PACKAGE.rglob("*.py"):
        if module.parent.name != "store":
            assert not [name for name in imported(module) if name.startswith("google.cloud.firestore")], (
                module
            )


def test_the_core_needs_no_clock_no_chance_and_no_environment() -> None:
    forbidden = (
        "os",
        "random",
        "uuid",
        "time",
        "secrets",
        "socket",
        "requests",
        "google",
        "flask",
        "logging",
    )
    for module in (PACKAGE / "contacts").glob("*.py"):
        assert not [name for name in imported(module) if name.split(".")[0] in forbidden], module
        assert ".now(" not in module.read_text(), module


def test_the_top_level_holds_only_what_belongs_there() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    ).stdout.split()
    allowed = {"README.md", "functions", "infra", "tests", "requirements.txt", "cloudbuild.yaml"}
    top = {path.split("/")[0] for path in tracked}
    assert {name for name in top if not name.startswith(".")} <= allowed
