"""Google's own Firestore emulator, for the tests that hold our stand-in and our store against it.

It needs Java and the emulator of the Google Cloud SDK (`gcloud components install cloud-firestore-emulator`).
Where either is missing, the tests that want it are left out.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

JAR = Path("platform") / "cloud-firestore-emulator" / "cloud-firestore-emulator.jar"
MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
START_SECONDS = 30.0
MISSING = (
    "they need Google's Firestore emulator: Java and the Google Cloud SDK with the component "
    "cloud-firestore-emulator (or FIRESTORE_EMULATOR_JAR)"
)


def find_emulator() -> list[str] | None:
    """The command that starts the emulator, without its port; None where Java or the emulator is missing."""
    java = shutil.which("java")
    jar = next((jar for jar in _places() if jar.is_file()), None)
    if java is None or jar is None:
        return None
    quick_start = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    return [java, *quick_start, "-cp", str(jar), MAIN_CLASS, "start", "--host=127.0.0.1"]


def start_emulator(command: list[str], port: int) -> subprocess.Popen[bytes]:
    """Start the emulator on a port of this machine and wait until it answers."""
    process = subprocess.Popen(
        [*command, f"--port={port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError(f"The Firestore emulator did not start: {' '.join(command)}")
        time.sleep(0.1)
    return process


@pytest.fixture(scope="session")
def firestore_emulator() -> str:
    """Host and port of a running emulator. It is shared: use a fresh project id in every test."""
    command = find_emulator()
    if command is None:
        pytest.skip(MISSING)
    return _running(tuple(command))


@cache
def _running(command: tuple[str, ...]) -> str:
    """One emulator for the whole process, however many folders of tests import the fixture."""
    port = _free_port()
    process = start_emulator(list(command), port)
    atexit.register(process.terminate)
    return f"127.0.0.1:{port}"


def _places() -> Iterator[Path]:
    if named := os.environ.get("FIRESTORE_EMULATOR_JAR"):
        yield Path(named)
    if gcloud := shutil.which("gcloud"):
        yield Path(gcloud).resolve().parent.parent / JAR
    for folder in ("/usr/lib", "/usr/share", "/opt", "~"):
        yield Path(folder).expanduser() / "google-cloud-sdk" / JAR


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1) as response:
            return bool(response.read().strip() == b"Ok")
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
