"""Sends tasks as they fall due, within each queue's rate and concurrency, on threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from .queue import Queue
from .queues import Queues
from .task import Task

MAX_THREADS = 64
LONGEST_WAIT_SECONDS = 0.5
LIMITED_WAIT_SECONDS = 0.02


class Dispatcher:
    """One thread starts attempts, a pool carries them out. `send` makes an attempt and settles it."""

    def __init__(self, queues: Queues, send: Callable[[Queue, Task], None]) -> None:
        self._queues = queues
        self._send = send
        self._pool = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="cloud-tasks")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._stopping = False

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Start no further attempt and wait for those under way."""
        with self._queues.changed:
            self._stopping = True
            self._queues.changed.notify_all()
        self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self) -> None:
        with self._queues.changed:
            while not self._stopping:
                limited = False
                for queue in self._queues.all():
                    now = self._queues.now()
                    due = queue.due(now)
                    allowed = queue.within_limits(due, now)
                    limited = limited or len(allowed) < len(due)
                    for task in allowed:
                        self._queues.start(queue, task)
                        self._pool.submit(self._send, queue, task)
                self._queues.changed.wait(LIMITED_WAIT_SECONDS if limited else self._until_next())

    def _until_next(self) -> float:
        """Seconds to sleep; short, because the clock may be a simulated one."""
        times = [time for queue in self._queues.all() if (time := queue.next_due()) is not None]
        if not times:
            return LONGEST_WAIT_SECONDS
        return max(0.001, min(LONGEST_WAIT_SECONDS, min(times) - self._queues.now()))
