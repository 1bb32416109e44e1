"""How long the web function takes to answer, and what its answers cost in Firestore as a user's past grows.

    tests/benchmark           histories of 1,000 and 10,000 entries
    tests/benchmark --long    and of 100,000

The web function runs under functions-framework as a process of its own, and reaches Firestore, Sugar and Google over
sockets. Ends with status 1 if the first page takes more than its time, or if an answer reads the more documents the
longer the history is.
"""

from __future__ import annotations

import argparse
import base64
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import requests
from tests.benchmarks import big_user, pages
from tests.benchmarks.reading import Cost, cost
from tests.browser.system import System

from local_stack.demo.processes import Process, Processes, ProcessFailed, free_ports
from local_stack.demo.signals import Signals
from local_stack.loopback_server import LoopbackServer

SHORT, USUAL, LONG = 1_000, 10_000, 100_000
FIRST_PAGE_MILLISECONDS = 300
REQUESTS, WARMING = 30, 5
FUNCTIONS = Path(__file__).parents[2] / "functions"


def main() -> int:
    """Measure, print the tables, judge."""
    parser = argparse.ArgumentParser(prog="tests/benchmark", description=__doc__.partition("\n")[0])
    parser.add_argument("--long", action="store_true", help="also with a history of 100,000 entries")
    lengths = [SHORT, USUAL, *([LONG] if parser.parse_args().long else [])]
    system = System()
    try:
        return _measured(system, lengths)
    except ProcessFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    finally:
        system.close()


def _measured(system: System, lengths: list[int]) -> int:
    cookies = system.cookies()
    user, now = system.user().id, system.clock.now()
    started = time.monotonic()
    big_user.fill(system.engine.db, user, now)
    print(f"{big_user.MAPPINGS:,} mappings, {big_user.BACKLOG} backlog entries, {big_user.RUNS} runs", end="")
    print(f" written in {time.monotonic() - started:.0f} s", flush=True)
    costs: dict[int, dict[str, Cost]] = {}
    times: dict[int, dict[str, list[float]]] = {}
    written = 0
    with _web_function(system) as url:
        visitor = requests.Session()
        visitor.trust_env = False
        visitor.cookies.update(cookies)
        for length in lengths:
            big_user.add_history(system.engine.db, user, now, written, length)
            written = length
            costs[length] = {
                path: cost(system.world.firestore, partial(visitor.get, url + path, timeout=60))
                for path in pages.ALL
            }
            times[length] = {path: _times(visitor, url + path) for path in pages.ALL}
    return _judge(lengths, times, costs)


def _times(visitor: requests.Session, address: str) -> list[float]:
    """Milliseconds of requests to a warm function, each until the whole answer is there; sorted."""
    taken = []
    for number in range(WARMING + REQUESTS):
        started = time.perf_counter()
        visitor.get(address, timeout=60).raise_for_status()
        if number >= WARMING:
            taken.append((time.perf_counter() - started) * 1000)
    return sorted(taken)


def _judge(
    lengths: list[int], times: dict[int, dict[str, list[float]]], costs: dict[int, dict[str, Cost]]
) -> int:
    problems = []
    head = "".join(f"{length:18,} entries" for length in lengths)
    columns = f"{'median':>8}{'p95':>8}{'reads':>10}" * len(lengths)
    print(f"\n{'':60}{head}\n{'':60}{columns}")
    for path in pages.ALL:
        cells = "".join(
            f"{statistics.median(times[length][path]):6.0f}ms{_p95(times[length][path]):6.0f}ms"
            f"{costs[length][path].read:10}"
            for length in lengths
        )
        print(f"{path:60}{cells}")
        reads = [costs[length][path].read for length in lengths]
        if reads[-1] > reads[0]:
            problems.append(
                f"{path} reads {reads[0]} documents of a short history and {reads[-1]} of a long one"
            )
    slowest = max(statistics.median(times[length][pages.FIRST]) for length in lengths)
    if slowest > FIRST_PAGE_MILLISECONDS:
        problems.append(f"the first page takes {slowest:.0f} ms, more than {FIRST_PAGE_MILLISECONDS}")
    print(
        "\n".join(
            ["", *(problems or ["The first page is fast, and no answer's cost grows with the history."])]
        )
    )
    return 1 if problems else 0


def _p95(taken: list[float]) -> float:
    return taken[round(0.95 * (len(taken) - 1))]


@contextmanager
def _web_function(system: System) -> Iterator[str]:
    """The web function as its own process, on the data of `system`; gives its address."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LoopbackServer(system.world.sugar) as sugar,
        Processes(Path(folder), Signals()) as processes,
    ):
        port = free_ports(1)[0]
        command = [sys.executable, "-m", "functions_framework", "--target", "web", "--host", "127.0.0.1"]
        command += ["--source", str(FUNCTIONS / "main.py"), "--port", str(port)]
        environ = _environment(system, port, sugar.url) | {"XDG_RUNTIME_DIR": folder}
        process: Process = processes.start("Web", command, port, environ, FUNCTIONS)
        processes.wait([process])
        yield process.url


def _environment(system: System, port: int, sugar: str) -> dict[str, str]:
    """The configuration of the process: that of `system`, whose sessions and keys it shares."""
    config, google = system.config, system.google_url
    queue = "projects/p/locations/local/queues/sync"
    return {
        "GOOGLE_CLOUD_PROJECT": "p",
        "FIRESTORE_EMULATOR_HOST": f"127.0.0.1:{system.world.firestore.serve()}",
        "SUGAR_URL": sugar,
        "SUGAR_PLATFORM": "gsync",
        "SUGAR_SUDO_PLATFORM": "gsync_user",
        "SUGAR_USERNAME": "svc",
        "SUGAR_PASSWORD": "secret",
        "OAUTH_CLIENT_ID": config.oauth_client_id,
        "OAUTH_CLIENT_SECRET": config.oauth_client_secret,
        "GOOGLE_AUTH_URI": f"{google}/o/oauth2/v2/auth",
        "GOOGLE_TOKEN_URI": f"{google}/token",
        "GOOGLE_CERTS_URI": f"{google}/certs",
        "GOOGLE_REVOKE_URI": f"{google}/revoke",
        "PEOPLE_API_ENDPOINT": google,
        "ALLOWED_DOMAINS": ",".join(config.allowed_domains),
        "WEB_URL": f"http://127.0.0.1:{port}",
        "WORKER_URL": "http://127.0.0.1:1",
        "TASKS_QUEUE": queue,
        "TASKS_URGENT_QUEUE": queue,
        "TASKS_EMULATOR_HOST": "127.0.0.1:1",
        "TOKEN_KEYS": f"k1:{base64.b64encode(b'k' * 32).decode()}",
        "INDEX_KEY": base64.b64encode(b"i" * 32).decode(),
        "SESSION_KEY": config.session_key,
        "HOOK_TOKENS": ",".join(config.hook_tokens),
    }


if __name__ == "__main__":
    sys.exit(main())
