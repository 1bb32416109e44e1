"""Run the simulator: `python -m local_stack.google --port 8085`."""

from __future__ import annotations

import argparse

from ..loopback_server import LoopbackServer
from .simulator import GoogleSimulator


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        description="Simulator of the Google People API and of Google's sign-in."
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--client-id", default="local-client")
    parser.add_argument("--client-secret", default="local-secret")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds every request takes")
    parser.add_argument(
        "--propagation-delay",
        type=float,
        default=10.0,
        help="seconds until listings and the sync feed show a change",
    )
    parser.add_argument("--region", default="US", help="country of phone numbers written without one")
    options = parser.parse_args()
    simulator = GoogleSimulator(
        latency=options.latency,
        propagation_delay=options.propagation_delay,
        client_id=options.client_id,
        client_secret=options.client_secret,
        region=options.region,
    )
    LoopbackServer(simulator, options.port).serve_forever()


if __name__ == "__main__":
    main()
