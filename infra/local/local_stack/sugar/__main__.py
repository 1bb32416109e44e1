"""`python -m local_stack.sugar --port N`: the simulator as a process on loopback."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path
from types import FrameType

from ..loopback_server import LoopbackServer
from .simulator import SugarSimulator
from .state import load_state, save_state


def main() -> None:
    """Serve until interrupted; with --state, take up and keep the data in that file."""
    parser = argparse.ArgumentParser(prog="python -m local_stack.sugar", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--state", type=Path, help="JSON file that keeps the data between runs")
    parser.add_argument(
        "--platform", action="append", default=[], help="API platform to register; repeatable"
    )
    parser.add_argument(
        "--cron", type=float, default=0.0, help="seconds between deliveries of web logic hooks; 0: never"
    )
    parser.add_argument(
        "--validate-ip", action="store_true", help="bind each session to the network of its first call"
    )
    options = parser.parse_args()

    simulator = SugarSimulator(platforms=options.platform)
    simulator.validate_ip = options.validate_ip
    if options.state and options.state.exists():
        load_state(simulator, options.state)
    stopping = threading.Event()
    if options.cron > 0:
        threading.Thread(target=_cron, args=(simulator, options.cron, stopping), daemon=True).start()
    server = LoopbackServer(simulator.app, options.port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"SugarCRM simulator on http://127.0.0.1:{server.server_port}", flush=True)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    stopping.wait()
    server.shutdown()
    if options.state:
        save_state(simulator, options.state)


def _cron(simulator: SugarSimulator, seconds: float, stopping: threading.Event) -> None:
    while not stopping.wait(seconds):
        simulator.flush_hooks()


if __name__ == "__main__":
    main()
