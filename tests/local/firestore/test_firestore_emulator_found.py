"""Where the tests look for Google's emulator, and what they do without it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.firestore_emulator import find_emulator


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty PATH; the folder may receive programs."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def program(folder: Path, name: str) -> None:
    (folder / name).touch(mode=0o755)


def test_without_java_there_is_no_emulator(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bare_machine / "emulator.jar").touch()
    monkeypatch.setenv("FIRESTORE_EMULATOR_JAR", str(bare_machine / "emulator.jar"))
    assert find_emulator() is None


def test_a_named_jar_is_taken_first(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(bare_machine, "java")
    (bare_machine / "emulator.jar").touch()
    monkeypatch.setenv("FIRESTORE_EMULATOR_JAR", str(bare_machine / "emulator.jar"))
    command = find_emulator()
    assert command is not None
    assert command[0] == str(bare_machine / "java")
    assert str(bare_machine / "emulator.jar") in command


def test_the_jar_is_found_beside_gcloud(bare_machine: Path) -> None:
    program(bare_machine, "java")
    sdk = bare_machine / "somewhere" / "google-cloud-sdk"
    jar = sdk / "platform" / "cloud-firestore-emulator" / "cloud-firestore-emulator.jar"
    for folder in (sdk / "bin", jar.parent):
        folder.mkdir(parents=True)
    jar.touch()
    program(sdk / "bin", "gcloud")
    (bare_machine / "gcloud").symlink_to(sdk / "bin" / "gcloud")
    command = find_emulator()
    assert command is not None
    assert str(jar) in command
