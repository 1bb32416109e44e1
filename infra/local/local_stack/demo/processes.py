"""The processes of the demo: started together, watched, and stopped together whatever happens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from .signals import Signals

_STOPS = ((signal.SIGTERM, 1.0), (signal.SIGKILL, 5.0))
"""How the processes are ended, with the seconds they get. Nothing they hold is worth waiting long for."""

_WATCH = Path(__file__).with_name("watch.py")


class ProcessFailed(Exception):
    """A process did not start, or ended by itself. The message names it and quotes the end of its log."""


@dataclass(frozen=True)
class Process:
    """A running process, the port it listens on, and the file that holds what it printed."""

    name: str
    popen: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        """Its address as host:port."""
        return f"127.0.0.1:{self.port}"

    def failure(self, what: str) -> ProcessFailed:
        """An error about this process, with the last lines it printed."""
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        return ProcessFailed("\n    ".join([f"{self.name} {what} (status {self.popen.poll()}).", *lines]))


class Processes:
    """All processes of one demo, each in a process group of its own.

    Leaving the `with` block stops them. Should the demo itself be killed, a small watcher does.
    """

    def __init__(self, folder: Path, signals: Signals) -> None:
        self.folder = folder
        """Takes a log per process, and whatever else they leave."""
        self._signals = signals
        self._running: list[Process] = []
        command = [sys.executable, "-S", "-E", str(_WATCH)]
        self._watcher = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        self._orders = cast(IO[bytes], self._watcher.stdin)

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self._signals.ignore()
        self.stop()

    def start(
        self, name: str, command: Sequence[str], port: int, environ: Mapping[str, str], cwd: Path
    ) -> Process:
        """Start a program that will listen on `port`."""
        log = self.folder / f"{name.replace(' ', '-').lower()}.log"
        with self._signals.held(), log.open("wb") as output:
            popen = subprocess.Popen(
                command,
                env=dict(environ),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            process = Process(name, popen, port, log)
            self._running.append(process)
            self._tell(f"{popen.pid}\n")
        return process

    def wait(self, processes: Sequence[Process], seconds: float = 60.0) -> None:
        """Wait until every one of them accepts connections. Raises ProcessFailed."""
        deadline = time.monotonic() + seconds
        for process in processes:
            while not _listening(process.port):
                self.check()
                if time.monotonic() > deadline:
                    raise process.failure("does not answer")
                time.sleep(0.03)

    def check(self) -> None:
        """Raises ProcessFailed if one of the processes has ended."""
        for process in self._running:
            if process.popen.poll() is not None:
                raise process.failure("has stopped by itself")

    def stop(self) -> None:
        """End all processes and wait until they are gone."""
        for number, seconds in _STOPS:
            for process in self._running:
                # A group outlives its first process as long as one of its children runs.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.popen.pid, number)
            deadline = time.monotonic() + seconds
            self._running = [process for process in self._running if not _gone(process.popen, deadline)]
        self._tell("-\n")
        self._orders.close()
        self._watcher.wait()

    def _tell(self, line: str) -> None:
        if not self._orders.closed:
            self._orders.write(line.encode())
            self._orders.flush()


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _gone(popen: subprocess.Popen[bytes], deadline: float) -> bool:
    """Whether the process and all of its group ended before the deadline."""
    while time.monotonic() < deadline:
        popen.poll()
        try:
            os.killpg(popen.pid, 0)
        except (ProcessLookupError, PermissionError):
            return True
        time.sleep(0.02)
    return False
