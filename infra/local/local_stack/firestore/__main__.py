"""Runs the stand-in on a port of this machine until it is interrupted."""

from __future__ import annotations

import argparse
from pathlib import Path

from .standin import FirestoreStandIn


def main() -> None:
    """Serve, and say where."""
    parser = argparse.ArgumentParser(prog="python -m local_stack.firestore", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--file", type=Path, help="SQLite file that keeps the data; without it memory")
    arguments = parser.parse_args()
    standin = FirestoreStandIn(arguments.file)
    port = standin.serve(arguments.port)
    print(f"FIRESTORE_EMULATOR_HOST=127.0.0.1:{port}", flush=True)
    try:
        standin.wait()
    except KeyboardInterrupt:
        standin.stop()


if __name__ == "__main__":
    main()
