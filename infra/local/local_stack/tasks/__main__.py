"""Runs the stand-in on a port of this machine, sending tasks over HTTP, until it is interrupted."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

from .standin import TasksStandIn


def main() -> None:
    """Serve, and say where."""
    parser = argparse.ArgumentParser(prog="python -m local_stack.tasks", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument(
        "--file", type=Path, help="SQLite file that keeps queues and tasks; without it memory"
    )
    parser.add_argument(
        "--queue", action="append", default=[], metavar="NAME", help="full name; created unless there"
    )
    arguments = parser.parse_args()
    standin = TasksStandIn(path=arguments.file)
    for name in arguments.queue:
        standin.create_queue(name)
    print(f"http://127.0.0.1:{standin.serve(arguments.port)}", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        standin.stop()


if __name__ == "__main__":
    main()
